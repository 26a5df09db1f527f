"""Where cases wait, and for what: the time between "could begin" and "began", by hand-over, split into five parts.

The parts are taken in this order, each from what the former ones left, so that they sum to the whole to the
millisecond (intervals, not shares, are divided):

1. *batching*: the person who did it was free on duty but let cases of this step gather, then did them in a row;
2. *prioritisation*: that person worked, on duty, on what could begin later;
3. *contention*: that person worked, on duty, on what could begin earlier or at once;
4. *unavailability*: nobody of the office was on duty;
5. *unexplained*: all the rest - the log does not say why, so it is no "waste".

Duty is read off the log, by office (lane or group): hours of the week in which somebody worked in at least one week of
twenty, on days on which anybody of it worked at all; where no person is recorded, what the office did counts. Without
the times from which steps could begin nothing is split. Persons are only compared, never counted apart: figures are per
hand-over, of at least `ENOUGH` waits.

Source: the five causes of Lashkevich et al.: Why am I waiting? Data-driven analysis of waiting times in business
processes, CAiSE 2023; there they may overlap, here they sum up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np

from bpm.analyser.observed import Observed, asks_for_papers
from bpm.analyser.rounds import roles_of

PARTS = ("batching", "prioritisation", "contention", "unavailability", "unexplained")
ENOUGH = 30
HOUR = 3_600_000
DAY = 24 * HOUR
LONGEST = 30 * 366 * 24
"""Hours of a log for which duty is read off it; in a longer one nothing counts as off duty."""

ROW_GAP = 5 * 60_000
"""Within so many milliseconds the next case counts as done in a row."""

Interval: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Handover:
    """Waiting between two activities (numbers; None: the case began). `total` and `parts` are milliseconds over `n`
    waits, parts in the order of `PARTS`; `outside` if people outside the office are waited for."""

    before: int | None
    after: int
    n: int
    total: int
    parts: tuple[int, ...]
    outside: bool


@dataclass(frozen=True, slots=True)
class _Row:
    activity: int
    person: int
    enabled: int
    started: int
    completed: int


def handovers(observed: Observed) -> tuple[Handover, ...] | None:
    """The hand-overs with at least `ENOUGH` waits, longest waiting first; None: the times are not recorded."""
    recorded = observed.recorded
    if not recorded.starts or not recorded.enables:
        return None
    log = recorded.log
    known = np.flatnonzero(~np.isnan(log.enabled) & ~np.isnan(log.started) & ~log.withdrawn)
    times = [np.rint(column[known] * 1000).astype(np.int64).tolist() for column in _times(log)]
    rows = {
        row: _Row(int(log.node[row]), int(log.resource[row]), *values)
        for row, *values in zip(known.tolist(), *times, strict=True)
    }
    roles = {row: role for case, held in zip(observed.rows, roles_of(observed), strict=True)
             for row, role in zip(case.tolist(), held, strict=True)}  # fmt: skip
    duties = _duties(log.epoch, rows, roles)
    desks = _desks(rows)
    sums: dict[tuple[int | None, int], list[int]] = defaultdict(lambda: [0] * (2 + len(PARTS)))
    for case in observed.rows:
        before: int | None = None
        for row in case.tolist():
            one = rows.get(row)
            if one is not None:
                parts = _split(one, desks.get(one.person), duties[roles[row]])
                held = sums[before, one.activity]
                for place, value in enumerate((1, max(one.started - one.enabled, 0), *parts)):
                    held[place] += value
            before = int(log.node[row])
    found = [
        Handover(before, after, n, total, tuple(parts), before is not None and _outside(observed, before))
        for (before, after), (n, total, *parts) in sums.items()
        if n >= ENOUGH
    ]
    return tuple(sorted(found, key=lambda it: (-it.total, it.before or -1, it.after)))


def cycle_time(observed: Observed) -> tuple[int, int]:
    """Milliseconds of all cases from start to end, and of the work in them."""
    log = observed.recorded.log
    worked = log.worked[~np.isnan(log.started)]
    return int(np.rint((log.case_end - log.case_start).sum() * 1000)), int(np.rint(worked.sum() * 1000))


def _times(log: Any) -> tuple[Any, Any, Any]:
    return log.enabled, log.started, log.completed


def _outside(observed: Observed, activity: int) -> bool:
    """Whether after an activity the people concerned are waited for: their time is not the office's waiting."""
    element = observed.element[activity]
    label = "" if element is None or observed.graph is None else observed.graph.nodes[element].name
    return asks_for_papers(observed.names[activity]) or asks_for_papers(label)


class _Desk:
    """What one person did, in order of start, and for each row until when its group gathered (else its own enable)."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self.rows = sorted(rows, key=lambda it: (it.started, it.completed, it.enabled))
        self.starts = [row.started for row in self.rows]
        self.longest = max(row.completed - row.started for row in self.rows)
        self.gathered: dict[_Row, int] = {}
        group: list[_Row] = []
        for row in self.rows:
            follows = bool(group) and (
                row.activity == group[0].activity
                and row.enabled <= group[0].started
                and row.started - max(one.completed for one in group) <= ROW_GAP
            )
            if not follows:
                self._close(group)
                group = []
            group.append(row)
        self._close(group)

    def _close(self, group: list[_Row]) -> None:
        last = max((row.enabled for row in group), default=0)
        for row in group:
            self.gathered[row] = last if len(group) > 1 else row.enabled

    def busy(self, one: _Row, later: bool) -> list[Interval]:
        """When the person worked on others between enable and start of `one`: on later enabled ones, or the others."""
        low = bisect_left(self.starts, one.enabled - self.longest)
        high = bisect_right(self.starts, one.started)
        return [
            (row.started, row.completed)
            for row in self.rows[low:high]
            if row is not one and (row.enabled > one.enabled) == later and row.completed > one.enabled
        ]


def _desks(rows: dict[int, _Row]) -> dict[int, _Desk]:
    by: dict[int, list[_Row]] = defaultdict(list)
    for row in rows.values():
        if row.person >= 0:
            by[row.person].append(row)
    return {person: _Desk(held) for person, held in by.items()}


def _duties(epoch: datetime, rows: dict[int, _Row], roles: Mapping[int, str | None]) -> Mapping[str | None, _Duty]:
    """When each office works, by what its people did; of an office whose people are not recorded, by all it did."""
    by: dict[str | None, list[_Row]] = defaultdict(list)
    for row, one in rows.items():
        by[roles[row]].append(one)
    return {
        role: _Duty(epoch, [one for one in held if one.person >= 0] or held)
        for role, held in sorted(by.items(), key=lambda entry: entry[0] or "")
    }


class _Duty:
    """Whole hours in which the office works; `epoch` is a local midnight, times count from there."""

    def __init__(self, epoch: datetime, rows: Sequence[_Row]) -> None:
        self.shift = epoch.weekday() * DAY
        hours: set[int] = set()
        for row in rows:
            last = max(row.completed - 1, row.started)
            # an activity over days is no proof of work at night: only its first and last hour count then
            span = range(row.started // HOUR, last // HOUR + 1)
            hours.update(span if len(span) <= 12 else (span[0], span[-1]))
        weeks = (max(hours) - min(hours)) // 168 + 1 if hours else 1
        counts: dict[int, int] = defaultdict(int)
        for hour in hours:
            counts[(hour + self.shift // HOUR) % 168] += 1
        slots = {slot for slot, n in counts.items() if 20 * n >= weeks}
        days = {hour // 24 for hour in hours}
        self.spans: list[Interval] = []
        horizon = range(min(hours, default=0), max(hours, default=-1) + 1)
        for hour in horizon if len(horizon) <= LONGEST else ():
            if hour // 24 in days and (hour + self.shift // HOUR) % 168 in slots:
                continue
            if self.spans and self.spans[-1][1] == hour * HOUR:
                self.spans[-1] = (self.spans[-1][0], (hour + 1) * HOUR)
            else:
                self.spans.append((hour * HOUR, (hour + 1) * HOUR))
        self.ends = [end for _, end in self.spans]

    def off(self, span: Interval) -> list[Interval]:
        """The parts of a span in which nobody is on duty."""
        found: list[Interval] = []
        for start, end in self.spans[bisect_right(self.ends, span[0]) :]:
            if start >= span[1]:
                break
            found.append((max(start, span[0]), min(end, span[1])))
        return found


def _split(one: _Row, desk: _Desk | None, duty: _Duty) -> tuple[int, ...]:
    """Milliseconds of each part; they sum to started minus enabled."""
    if one.started <= one.enabled:
        return (0,) * len(PARTS)
    left: list[Interval] = [(one.enabled, one.started)]
    off = duty.off(left[0])
    # work that spans a night is not done at night
    later = _without(_merged(desk.busy(one, True)), off) if desk else []
    earlier = _without(_merged(desk.busy(one, False)), off) if desk else []
    gathering = [(one.enabled, desk.gathered[one])] if desk and desk.gathered[one] > one.enabled else []
    for taken in (off, later, earlier):
        gathering = _without(gathering, taken)  # who is away or at work lets nothing gather on purpose
    parts = []
    for taken in (gathering, later, earlier, off):
        before = _length(left)
        left = _without(left, taken)
        parts.append(before - _length(left))
    return (*parts, _length(left))


def _length(spans: Sequence[Interval]) -> int:
    return sum(end - start for start, end in spans)


def _merged(spans: Sequence[Interval]) -> list[Interval]:
    """The same time as sorted, disjoint spans."""
    found: list[Interval] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _without(spans: list[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """What is left of sorted, disjoint spans."""
    for start, end in sorted(taken):
        kept: list[Interval] = []
        for low, high in spans:
            if end <= low or start >= high:
                kept.append((low, high))
                continue
            if low < start:
                kept.append((low, start))
            if end < high:
                kept.append((end, high))
        spans = kept
    return spans
