"""The clock of a simulation beside the clock on the wall: what daylight saving does to it.

A simulation counts seconds that pass. A calendar says what the wall clock shows, and twice a year that one is put
forward or back. `Clock` holds those moments: `shift` is what the wall clock is ahead of elapsed time, 0 at the start.
A wall time that does not exist (02:30 in the spring night) is the moment an hour after the one that would have shown
it; one that exists twice is the first of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bpm.errors import ScenarioError

YEARS = 40
"""So far ahead the zone's changes are looked up; later ones are as the last."""
_STRIDE = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Clock:
    """`moments` (elapsed seconds, sorted) at which the wall clock jumps, `shifts` from then on; both begin at 0."""

    moments: tuple[float, ...] = (0.0,)
    shifts: tuple[float, ...] = (0.0,)

    def wall(self, elapsed: Any) -> Any:
        """What the wall clock shows (seconds since the same epoch) at elapsed moments."""
        at = np.searchsorted(self.moments, elapsed, side="right") - 1
        return elapsed + np.asarray(self.shifts)[np.maximum(at, 0)]

    def elapsed(self, wall: Any) -> Any:
        """When the wall clock shows `wall`, for the first time or, where it never does, right after its jump."""
        moments, shifts = np.asarray(self.moments), np.asarray(self.shifts)
        before = np.concatenate([[0.0], shifts[:-1]])
        jumps = moments + before  # what the wall clock shows when it jumps
        at = np.maximum(np.searchsorted(jumps, wall, side="right") - 1, 0)
        skipped = wall < moments[at] + shifts[at]  # put forward over it, or put back: it was there before
        return np.where(skipped & (shifts[at] > before[at]), moments[at] + wall - jumps[at], wall - shifts[at])


@lru_cache(maxsize=64)
def clock_of(zone: str, start: datetime, offset: float) -> Clock:
    """The clock of a run that starts at local `start`, `offset` seconds after the epoch that times count from.

    Raises:
        ScenarioError: `scenario-time-zone`.
    """
    try:
        place = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ScenarioError("scenario-time-zone", f"no time zone {zone!r}") from None
    utc = ZoneInfo("UTC")
    begin = start.replace(tzinfo=place).astimezone(utc)

    def ahead(moment: datetime) -> timedelta:
        return moment.astimezone(place).utcoffset() or timedelta(0)

    first = ahead(begin)
    moments, shifts = [0.0], [0.0]
    low, known = begin, first
    for _ in range(YEARS * 13):
        high = low + _STRIDE
        if ahead(high) != known:
            early, late = low, high
            while late - early > timedelta(seconds=1):
                middle = early + (late - early) // 2
                middle -= timedelta(microseconds=middle.microsecond)
                if ahead(middle) == known:
                    early = middle
                else:
                    late = middle
            known = ahead(high)
            moments.append((late - begin).total_seconds() + offset)
            shifts.append((known - first).total_seconds())
        low = high
    return Clock(tuple(moments), tuple(shifts))
