"""The rows of a real log in the order of their cases, ready to be counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from bpm.distances import Events
from bpm.eventlog import Recorded


@dataclass(frozen=True, slots=True)
class History:
    """Completed rows by case and time. Columns: `case` (0-based, of this part), `activity`, `person`, `group` (indices
    into the log's, -1: none), `enabled`, `started`, `completed` in seconds since `monday` (nan: not recorded);
    `first` marks the first row of a case, `before` is the completion of the row before it in its case. `numbers` are
    the cases' numbers in the log."""

    recorded: Recorded
    monday: datetime
    numbers: Any
    case: Any
    activity: Any
    person: Any
    group: Any
    enabled: Any
    started: Any
    completed: Any
    first: Any
    before: Any

    @property
    def starts(self) -> bool:
        return self.recorded.starts

    @property
    def arrivals(self) -> Any:
        """First moment of each case."""
        moments = np.full(len(self.numbers), np.inf)
        for column in (self.enabled, self.started, self.completed):
            np.minimum.at(moments, self.case, np.where(np.isnan(column), np.inf, column))
        return moments

    def at(self, moment: float) -> datetime:
        return self.monday + timedelta(seconds=round(moment))

    def traces(self) -> list[list[int]]:
        """Activity numbers per case."""
        found: list[list[int]] = [[] for _ in range(len(self.numbers))]
        for case, activity in zip(self.case.tolist(), self.activity.tolist(), strict=True):
            found[case].append(activity)
        return found

    def events(self, labels: Sequence[str]) -> Events:
        """The rows for the distances, `labels` per activity."""
        started = np.where(np.isnan(self.started), self.completed, self.started) if self.starts else None
        return Events(self.case, tuple(labels[k] for k in self.activity.tolist()), started, self.completed)


def history_of(recorded: Recorded, cases: Any | None = None) -> History:
    """The completed rows of some cases of a log (indices; default all)."""
    log = recorded.log
    monday = log.epoch - timedelta(days=log.epoch.weekday())
    shift = (log.epoch - monday).total_seconds()
    chosen: Any = np.full(len(log.case_start), -1, np.int64)
    numbers = np.arange(len(log.case_start)) if cases is None else np.sort(np.asarray(cases))
    chosen[numbers] = np.arange(len(numbers))
    rows = np.flatnonzero((chosen[log.case] >= 0) & ~log.withdrawn.astype(bool) & ~np.isnan(log.completed))
    rows = rows[np.lexsort((np.arange(len(rows)), log.completed[rows], chosen[log.case[rows]]))]
    case, completed = chosen[log.case[rows]], log.completed[rows] + shift
    first: Any = np.ones(len(rows), bool)
    first[1:] = case[1:] != case[:-1]
    before = np.full(len(rows), np.nan)
    before[1:] = np.where(first[1:], np.nan, completed[:-1])
    return History(
        recorded=recorded, monday=monday, numbers=numbers, case=case, activity=log.node[rows],
        person=log.resource[rows], group=recorded.group[rows], enabled=log.enabled[rows] + shift,
        started=log.started[rows] + shift, completed=completed, first=first, before=before,
    )  # fmt: skip


def split_in_time(recorded: Recorded, share: float = 2.0 / 3.0) -> tuple[Any, Any]:
    """Indices of the earlier cases to learn from and of the later ones held out, by the start of the case."""
    order = np.argsort(recorded.log.case_start, kind="stable")
    cut = int(len(order) * share)
    return np.sort(order[:cut]), np.sort(order[cut:])


def variants_of(traces: Sequence[Sequence[str]]) -> tuple[list[tuple[tuple[str, ...], int]], list[int]]:
    """Different traces with their number of cases, the commonest first, and for each case the place of its variant."""
    counts = Counter(tuple(trace) for trace in traces)
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    place = {trace: number for number, (trace, _) in enumerate(order)}
    return order, [place[tuple(trace)] for trace in traces]
