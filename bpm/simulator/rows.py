"""Log rows as CSV bytes, written by compiled code: a log of a million activities takes no Python per row.

The bytes are those of `bpm.eventlog.write_csv` with the rows of `activity_rows`; a test holds them together.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bpm.eventlog import EventLog
from bpm.feel.compiling import njit

BLOCK = 32_768
"""Rows written at a time."""
_MOMENT = 29  # 2025-01-06T08:00:00.000+01:00
_COMMA, _LINE, _DASH, _ZERO, _T, _COLON, _DOT, _PLUS = 44, 10, 45, 48, 84, 58, 46, 43


@njit(cache=True, nogil=True)
def put_number(out, at, number, digits):  # type: ignore[no-untyped-def]
    """`number` with at least `digits` digits; the place after it."""
    length = digits
    while number >= 10**length:
        length += 1
    for k in range(length - 1, -1, -1):
        out[at + k] = _ZERO + number % 10
        number //= 10
    return at + length


@njit(cache=True, nogil=True)
def put_text(out, at, texts, first, last):  # type: ignore[no-untyped-def]
    for k in range(first, last):
        out[at] = texts[k]
        at += 1
    return at


@njit(cache=True, nogil=True)
def put_moment(out, at, seconds, jumps, epoch, minutes):  # type: ignore[no-untyped-def]
    """A moment as ISO 8601 with milliseconds and offset; civil dates after Hinnant's days algorithm."""
    ahead = 0.0
    for k in range(jumps.shape[0]):
        if jumps[k, 0] > seconds:
            break
        ahead = jumps[k, 1]
    total = epoch + int(np.rint(seconds * 1000.0)) + int(ahead * 1000.0)
    day, rest = total // 86_400_000, total % 86_400_000
    z = day + 719_468
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1_460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    at = put_number(out, at, yoe + era * 400 + (1 if month <= 2 else 0), 4)
    out[at] = _DASH
    at = put_number(out, at + 1, month, 2)
    out[at] = _DASH
    at = put_number(out, at + 1, doy - (153 * mp + 2) // 5 + 1, 2)
    out[at] = _T
    at = put_number(out, at + 1, rest // 3_600_000, 2)
    out[at] = _COLON
    at = put_number(out, at + 1, rest // 60_000 % 60, 2)
    out[at] = _COLON
    at = put_number(out, at + 1, rest // 1_000 % 60, 2)
    out[at] = _DOT
    at = put_number(out, at + 1, rest % 1_000, 3)
    offset = minutes + int(ahead / 60.0)
    out[at] = _PLUS if offset >= 0 else _DASH
    offset = abs(offset)
    at = put_number(out, at + 1, offset // 60, 2)
    out[at] = _COLON
    return put_number(out, at + 1, offset % 60, 2)


@njit(cache=True, nogil=True)
def put_rows(out, columns, who, times, prefix, labels, ends, people, people_ends, jumps, epoch, minutes):  # type: ignore[no-untyped-def]
    """Rows of `columns` (case, node) and `times` (enabled, started, completed) into `out`; the number of bytes."""
    at = 0
    for row in range(columns.shape[1]):
        node, person = columns[1, row], who[row]
        at = put_text(out, at, prefix, 0, len(prefix))
        at = put_number(out, at, columns[0, row], 1)
        at = put_text(out, at, labels, ends[node], ends[node + 1])
        for k in range(3):
            out[at] = _COMMA
            at += 1
            if not math.isnan(times[k, row]):
                at = put_moment(out, at, times[k, row], jumps, epoch, minutes)
        out[at] = _COMMA
        at = put_text(out, at + 1, people, people_ends[person], people_ends[person + 1])
        out[at] = _LINE
        at += 1
    return at


def csv_blocks(
    log: EventLog, names: dict[str, str], tasks: frozenset[str], zone: str, prefix: str = ""
) -> Iterator[bytes]:
    """Completed activities as CSV bytes without a header, block by block."""
    labels, ends = _joined([f",{_field(names.get(node) or node)},{_field(node)}" for node in log.nodes])
    people, people_ends = _joined([*map(_field, log.resources), ""])
    is_task = np.array([node in tasks for node in log.nodes], np.bool_)
    shown = np.flatnonzero(is_task[log.node] & ~log.withdrawn) if len(log) else np.zeros(0, np.int64)
    jumps = np.array(log.jumps or ((0.0, 0.0),), np.float64)
    epoch = int((log.epoch - datetime(1970, 1, 1)).total_seconds() * 1000)
    first = log.epoch.replace(tzinfo=ZoneInfo(zone)) if not log.jumps else log.begin.replace(tzinfo=ZoneInfo(zone))
    offset = first.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60.0)
    width = int(np.diff(ends).max(initial=0) + np.diff(people_ends).max(initial=0)) + len(prefix) + 3 * _MOMENT + 32
    start = np.frombuffer(prefix.encode(), np.uint8)
    out: Any = np.empty(min(len(shown), BLOCK) * width, np.uint8)
    for begin in range(0, len(shown), BLOCK):
        rows = shown[begin : begin + BLOCK]
        columns = np.stack([log.case[rows].astype(np.int64), log.node[rows].astype(np.int64)])
        who = log.resource[rows].astype(np.int64)
        who[who < 0] = len(log.resources)
        times = np.stack([log.enabled[rows], log.started[rows], log.completed[rows]])
        size = put_rows(out, columns, who, times, start, labels, ends, people, people_ends, jumps, epoch, minutes)
        yield out[:size].tobytes()


def _field(text: str) -> str:
    """A text as a CSV field."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow([text, ""])
    return stream.getvalue()[:-2]


def _joined(texts: Sequence[str]) -> tuple[Any, Any]:
    """Bytes of all texts, and where each begins."""
    pieces = [text.encode() for text in texts]
    ends = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int64)
    return np.frombuffer(b"".join(pieces) or b" ", np.uint8), ends
