"""The event log: what happened to which case, at which node, by whom, when. One form for simulated and real cases.

A log is a table of equally long numpy columns, one row per node that a case passed (activities, sub-processes and
events; gateways leave no row). Times are seconds since `epoch` (local wall-clock time of the scenario or office),
durations seconds. Rows stand in the order in which things were completed; sums over them are made in this order, so a
stream that counts while it runs gets bit for bit the same figures.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import numpy as np


@dataclass(frozen=True, slots=True)
class EventLog:
    """Columns of length n: `case` and `node`, `resource` (indices into the names; resource -1 is nobody), `enabled`,
    `started` (nan: never), `completed`, `worked` (time on duty), `handovers` (pools other than the own among those
    that had the case directly before), `withdrawn` (ended before it was complete).

    Per case: `case_start`, `case_end` (nan: unfinished). With `jumps` the seconds are those that pass, and the wall
    clock, right at the local moment `begin`, is so far ahead of them from each of these moments on (summer time).
    """

    nodes: tuple[str, ...]
    resources: tuple[str, ...]
    case: Any
    node: Any
    resource: Any
    enabled: Any
    started: Any
    completed: Any
    worked: Any
    handovers: Any
    withdrawn: Any
    case_start: Any
    case_end: Any
    epoch: datetime = datetime(2025, 1, 6)
    jumps: tuple[tuple[float, float], ...] = ()
    begin: datetime = datetime(2025, 1, 6)

    def __len__(self) -> int:
        return len(self.case)


@dataclass(frozen=True, slots=True)
class CaseData:
    """One datum of the cases of a real log. `kind` is number, time (seconds), boolean or text; `values` are per case
    (None: absent).

    `known` says per case from which second on the value was there: minus infinity from the start, nan if the log and
    its reader do not say. What is not known to be there before a step is no reason for what that step decided.
    """

    name: str
    kind: str
    values: tuple[float | bool | str | None, ...]
    known: Any


@dataclass(frozen=True, slots=True)
class Recorded:
    """A log of real cases: the rows, and what only real logs have.

    `log.nodes` are the activities as the log names them (`elements`: the ids it gives beside, empty text where none).
    `log.resources` are pseudonyms of persons, in no order that means anything; cases are numbered, their names are
    not kept. `group` is per row an index into `groups` (-1: none); groups of fewer than five persons are one.
    `starts` and `enables` tell whether the log records when work began and when it could have begun: without them
    there are no working and no waiting times, which is not zero. `log.enabled` is nan where it is not recorded.
    """

    log: EventLog
    path: str
    digest: str
    elements: tuple[str, ...]
    groups: tuple[str, ...]
    group: Any
    starts: bool
    enables: bool
    data: Mapping[str, CaseData] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """How a reader of a log tells a refusal of `step` (activity or element id).

    One of `refused_by` follows in the same case before another step that also refuses by it, or the case datum `datum`
    is one of `refused`. Both empty: not told, then nothing is a refusal and no rate is known - a case that just ends
    was not refused.
    """

    step: str
    refused_by: tuple[str, ...] = ()
    datum: str = ""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """What people say about a log so that it can be read: `columns` (role to column), `data` (case data to let in, with
    when they are there), `steps` (activity to element of the model), `results` (of single steps), `outcome` (of the
    whole case; its `step` is empty) and `legal_order` (pairs of activities or elements: the first comes first)."""

    columns: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    results: tuple[Result, ...] = ()
    outcome: Result | None = None
    legal_order: tuple[tuple[str, str], ...] = ()


NO_GUIDE = Guide()


COLUMNS = ("case_id", "activity", "element", "enable_time", "start_time", "end_time", "resource")


def activity_rows(
    log: EventLog, names: dict[str, str], tasks: frozenset[str], zone: str, prefix: str = ""
) -> Iterator[tuple[str, ...]]:
    """Completed activities as text in the column order of `COLUMNS`, in order of completion."""
    is_task = np.array([node in tasks for node in log.nodes])
    shown = np.flatnonzero(is_task[log.node] & ~log.withdrawn) if len(log) else np.zeros(0, np.int64)
    labels = [names.get(node) or node for node in log.nodes]
    people = (*log.resources, "")  # index -1 is nobody
    columns = (log.enabled, log.started, log.completed)
    if log.jumps:
        times = [_elapsed(column[shown], log, zone) for column in columns]
    else:
        times = [_iso(column[shown], log.epoch, zone) for column in columns]
    rows = zip(log.case[shown].tolist(), log.node[shown].tolist(), log.resource[shown].tolist(), *times, strict=True)
    for case, node, resource, enabled, started, completed in rows:
        yield (f"{prefix}{case}", labels[node], log.nodes[node], enabled, started, completed, people[resource])


def _iso(seconds: Any, epoch: datetime, zone: str) -> list[str]:
    """Seconds since a local epoch as ISO 8601 with milliseconds and offset; offsets are looked up once an hour."""
    hours, where = np.unique(np.floor(seconds / 3600.0).astype(np.int64), return_inverse=True)
    offsets = []
    for hour in hours.tolist():
        text = (epoch + timedelta(hours=hour)).replace(tzinfo=ZoneInfo(zone)).strftime("%z")
        offsets.append(f"{text[:3]}:{text[3:]}")
    moments = np.datetime64(epoch, "ms") + np.rint(seconds * 1000.0).astype(np.int64).astype("timedelta64[ms]")
    texts = np.datetime_as_string(moments, unit="ms").tolist()
    return [text + offsets[k] for text, k in zip(texts, where.tolist(), strict=True)]


def _elapsed(seconds: Any, log: EventLog, zone: str) -> list[str]:
    """The same of seconds that pass."""
    moments, shifts = np.array(log.jumps).T
    ahead = shifts[np.searchsorted(moments, seconds, side="right") - 1]
    first = log.begin.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta(0)
    texts = {shift: _offset(first + timedelta(seconds=shift)) for shift in np.unique(ahead).tolist()}
    shown = np.datetime64(log.epoch, "ms") + np.rint(seconds * 1000.0).astype(np.int64).astype("timedelta64[ms]")
    shown = shown + (ahead * 1000.0).astype(np.int64).astype("timedelta64[ms]")
    walls = np.datetime_as_string(shown, unit="ms").tolist()
    return [text + texts[shift] for text, shift in zip(walls, ahead.tolist(), strict=True)]


def _offset(ahead: timedelta) -> str:
    minutes = round(ahead.total_seconds() / 60.0)
    return f"{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def write_csv(stream: TextIO, rows: Iterable[tuple[str, ...]], *, header: bool = True) -> None:
    """Write activity rows; the first six columns are those of Prosimos' logs, plus `element`."""
    writer = csv.writer(stream, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    writer.writerows(rows)
