"""The event log: what happened to which case, at which node, by whom, when. One form for simulated and real cases.

A log is a table of equally long numpy columns, one row per node that a case passed (activities, sub-processes and
events; gateways leave no row). Times are seconds since `epoch` (local wall-clock time of the scenario or office),
durations seconds. Rows stand in the order in which things were completed; sums over them are made in this order, so a
stream that counts while it runs gets bit for bit the same figures.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class EventLog:
    """Columns of length n: `case` and `node`, `resource` (indices into the names; resource -1 is nobody), `enabled`,
    `started` (nan: never), `completed`, `worked` (time on duty), `handovers` (pools other than the own among those
    that had the case directly before), `withdrawn` (ended before it was complete).

    Per case: `case_start`, `case_end` (nan: unfinished).
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

    def __len__(self) -> int:
        return len(self.case)


COLUMNS = ("case_id", "activity", "element", "enable_time", "start_time", "end_time", "resource")


def activity_rows(
    log: EventLog, names: dict[str, str], tasks: frozenset[str], zone: str, prefix: str = ""
) -> Iterator[tuple[str, ...]]:
    """Completed activities as text in the column order of `COLUMNS`, in order of completion."""
    times = _Times(log.epoch, zone)
    columns = (log.case, log.node, log.resource, log.enabled, log.started, log.completed, log.withdrawn)
    for case, node, resource, enabled, started, completed, withdrawn in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        element = log.nodes[node]
        if element in tasks and not withdrawn:
            who = log.resources[resource] if resource >= 0 else ""
            yield (f"{prefix}{case}", names.get(element) or element, element,
                   times.text(enabled), times.text(started), times.text(completed), who)  # fmt: skip


class _Times:
    """Seconds to ISO 8601 with offset. The offset of each day is looked up once."""

    def __init__(self, epoch: datetime, zone: str) -> None:
        self._epoch, self._zone = epoch, ZoneInfo(zone)
        self._offsets: dict[int, str] = {}

    def text(self, seconds: float) -> str:
        moment = self._epoch + timedelta(seconds=round(seconds, 3))
        hour = int(seconds // 3600)
        if hour not in self._offsets:
            self._offsets[hour] = moment.replace(tzinfo=self._zone).strftime("%z")
        offset = self._offsets[hour]
        return f"{moment.isoformat(timespec='milliseconds')}{offset[:3]}:{offset[3:]}"


def write_csv(stream: TextIO, rows: Iterable[tuple[str, ...]], *, header: bool = True) -> None:
    """Write activity rows; the first six columns are those of Prosimos' logs, plus `element`."""
    writer = csv.writer(stream, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    writer.writerows(rows)
