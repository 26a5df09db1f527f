"""Calendars from a log: the hours of the week in which an office shows up."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpm.model.scenario import DAYS

WEEK_HOURS = 168
COVER = 0.98
"""Share of what happened that the learned hours must hold; the rest is told as outside."""


def weekly_hours(moments: Any, cover: float = COVER) -> tuple[frozenset[int], float]:
    """The fewest hours of the week (0 is Monday 00:00) that hold `cover` of the moments (seconds since a Monday 00:00),
    and the share they do hold. A single closed hour between two open ones is open too: nobody goes home for it."""
    hours = np.floor(np.asarray(moments, float) / 3600.0).astype(np.int64) % WEEK_HOURS
    counts = np.bincount(hours, minlength=WEEK_HOURS)
    order = np.argsort(-counts, kind="stable")
    held = np.cumsum(counts[order])
    needed = int(np.searchsorted(held, cover * held[-1] - 1e-9)) + 1
    chosen = {int(hour) for hour in order[:needed] if counts[hour] > 0}
    gaps = {
        hour for hour in range(WEEK_HOURS)
        if hour not in chosen and hour % 24 not in (0, 23) and {hour - 1, hour + 1} <= chosen
    }  # fmt: skip
    opened = frozenset(chosen | gaps)
    return opened, float(counts[sorted(opened)].sum()) / float(held[-1])


def time_periods(hours: frozenset[int]) -> list[dict[str, str]]:
    """The hours as Prosimos' calendar periods, days in order; equal neighbouring days stand together."""
    days = [tuple(_spans([hour - 24 * day for hour in sorted(hours) if hour // 24 == day])) for day in range(7)]
    found: list[dict[str, str]] = []
    day = 0
    while day < 7:
        last = day
        while last + 1 < 7 and days[last + 1] == days[day]:
            last += 1
        for begin, end in days[day]:
            found.append({
                "from": DAYS[day], "to": DAYS[last], "beginTime": f"{begin:02d}:00:00",
                "endTime": "24:00:00" if end == 24 else f"{end:02d}:00:00",
            })  # fmt: skip
        day = last + 1
    return found


def _spans(hours: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1] = (spans[-1][0], hour + 1)
        else:
            spans.append((hour, hour + 1))
    return spans


def open_seconds(hours: frozenset[int], moments: Any) -> Any:
    """Seconds on which the hours were open from Monday 00:00 up to each moment."""
    moments = np.asarray(moments, float)
    opened = np.zeros(WEEK_HOURS)
    opened[sorted(hours)] = 1.0
    before = np.concatenate([[0.0], np.cumsum(opened)]) * 3600.0
    weeks, rest = np.divmod(moments, WEEK_HOURS * 3600.0)
    hour = np.minimum((rest // 3600.0).astype(np.int64), WEEK_HOURS - 1)
    return weeks * before[-1] + before[hour] + opened[hour] * (rest - hour * 3600.0)
