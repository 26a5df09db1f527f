"""How far two event logs are apart: the measures by which simulation models are validated.

Chapela-Campa, Benchekroun, Baron, Dumas, Krass, Senderovich: "Can I Trust My Simulation Model?", BPM 2023; with the
settings that reproduce published values: n-grams of 3, bins of one hour, starts and ends, hours of the week. Lower is
better; the unit is hours except for n-grams (0 equal, 1 nothing in common):

* `ngd` control flow: absolute difference of the counts of n-grams, padded at both ends, over their sum;
* `aed` events on the time line, `ced` on the clock of each weekday (mean of seven, 23 where only one log has any),
  `red` counted from the start of their case; `ctd` cycle times: Wasserstein-1 distances of the binned values.

Where a log does not record starts, only ends are compared, in both logs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

HOUR = 3600.0
MEASURES = ("ngd", "aed", "ced", "red", "ctd")


@dataclass(frozen=True, slots=True)
class Events:
    """Completed activities of a log, columns of one length: `case` (any number), `activity` (comparable names),
    `started` (None: not recorded) and `completed` in seconds since a Monday 00:00 that both logs share."""

    case: Any
    activity: tuple[str, ...]
    started: Any | None
    completed: Any

    @property
    def first(self) -> Any:
        return self.completed if self.started is None else self.started


def distances(one: Events, other: Events) -> dict[str, float]:
    """All measures of `MEASURES` between two logs that hold at least one event each."""
    if one.started is None or other.started is None:
        one, other = (Events(log.case, log.activity, None, log.completed) for log in (one, other))
    return {
        "ngd": ngram_distance(one, other),
        "aed": absolute_distance(one, other),
        "ced": circadian_distance(one, other),
        "red": relative_distance(one, other),
        "ctd": cycle_time_distance(one, other),
    }


def wasserstein(one: Any, other: Any) -> float:
    """Wasserstein-1 distance of two samples of numbers: the area between their distribution functions."""
    one, other = np.sort(np.asarray(one, float)), np.sort(np.asarray(other, float))
    values = np.sort(np.concatenate([one, other]))
    share = np.searchsorted(one, values[:-1], "right") / len(one)
    against = np.searchsorted(other, values[:-1], "right") / len(other)
    return float(np.sum(np.abs(share - against) * np.diff(values)))


def ngram_distance(one: Events, other: Events, n: int = 3) -> float:
    """Difference of the counts of n-grams, 0 to 1."""
    mine, theirs = _ngrams(one, n), _ngrams(other, n)
    apart = sum(abs(mine[gram] - theirs[gram]) for gram in mine.keys() | theirs.keys())
    return apart / (mine.total() + theirs.total())


def _ngrams(log: Events, n: int) -> Counter[tuple[str, ...]]:
    order = np.lexsort((log.completed, log.first, log.case))
    traces: dict[int, list[str]] = {}
    for row in order.tolist():
        traces.setdefault(int(log.case[row]), []).append(log.activity[row])
    found: Counter[tuple[str, ...]] = Counter()
    edge = [""] * (n - 1)
    for trace in traces.values():
        padded = [*edge, *trace, *edge]
        found.update(tuple(padded[k : k + n]) for k in range(len(padded) - n + 1))
    return found


def absolute_distance(one: Events, other: Events) -> float:
    """Hours that events would have to be moved on the time line."""
    zero = np.floor(min(one.first.min(), other.first.min()) / HOUR) * HOUR
    return wasserstein(*(_bins(_moments(log) - zero) for log in (one, other)))


def circadian_distance(one: Events, other: Events) -> float:
    """Hours that events would have to be moved within their weekday."""
    clocks = [np.floor(_moments(log) / HOUR).astype(np.int64) % 168 for log in (one, other)]
    apart = []
    for day in range(7):
        mine, theirs = ((hours[hours // 24 == day] % 24) for hours in clocks)
        if len(mine) and len(theirs):
            apart.append(wasserstein(mine, theirs))
        else:
            apart.append(23.0 if len(mine) or len(theirs) else 0.0)
    return sum(apart) / 7.0


def relative_distance(one: Events, other: Events) -> float:
    """Hours that events would have to be moved, counted from the first of their case."""
    return wasserstein(*(_bins(_since_start(log)) for log in (one, other)))


def cycle_time_distance(one: Events, other: Events) -> float:
    """Hours between the distributions of cycle times (first event to last)."""
    times = [cycle_times(log) for log in (one, other)]
    shortest = min(value.min() for value in times)
    return wasserstein(*(_bins(value - shortest) for value in times))


def cycle_times(log: Events) -> Any:
    """Seconds from the first event of each case to its last, in order of the cases' numbers."""
    _, case = np.unique(log.case, return_inverse=True)
    begin = np.full(int(case.max()) + 1, np.inf)
    end = np.full(len(begin), -np.inf)
    np.minimum.at(begin, case, log.first)
    np.maximum.at(end, case, log.completed)
    return end - begin


def _moments(log: Events) -> Any:
    return log.completed if log.started is None else np.concatenate([log.started, log.completed])


def _since_start(log: Events) -> Any:
    _, case = np.unique(log.case, return_inverse=True)
    begin = np.full(int(case.max()) + 1, np.inf)
    np.minimum.at(begin, case, log.first)
    parts: Sequence[Any] = (log.completed,) if log.started is None else (log.started, log.completed)
    return np.concatenate([part - begin[case] for part in parts])


def _bins(seconds: Any) -> Any:
    return np.floor(seconds / HOUR)
