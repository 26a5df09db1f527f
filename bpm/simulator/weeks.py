"""Arithmetic on weekly calendars: where work goes on, and when it is done.

A calendar is its open periods of one week with the open seconds before each (prefix sums), so every question costs
a binary search whatever the distance in time. Days that are closed once (public holidays) are spans of their own, in
seconds since time 0, with the weekly open seconds that the spans before them took away.
"""

from __future__ import annotations

import math

from bpm.feel.compiling import njit

WEEK = 604_800.0


@njit(cache=True, nogil=True)
def period_at(calendar, periods, moment):  # type: ignore[no-untyped-def]
    """Index of the last period that begins at or before `moment` of the week; first - 1 if none."""
    low, high = calendar.first, calendar.first + calendar.length
    while low < high:
        middle = (low + high) // 2
        if periods[middle].begin <= moment:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True, nogil=True)
def weekly_until(calendar, periods, time):  # type: ignore[no-untyped-def]
    """`open_until` without closed spans."""
    if calendar.always == 1:
        return time
    week = math.floor(time / WEEK)
    moment = time - week * WEEK
    k = period_at(calendar, periods, moment)
    done = week * calendar.total
    if k >= calendar.first:
        period = periods[k]
        done += period.before + min(moment, period.end) - period.begin
    return done


@njit(cache=True, nogil=True)
def weekly_next(calendar, periods, time):  # type: ignore[no-untyped-def]
    """`next_open` without closed spans."""
    if calendar.always == 1:
        return time
    week = math.floor(time / WEEK)
    moment = time - week * WEEK
    k = period_at(calendar, periods, moment)
    if k >= calendar.first and moment < periods[k].end:
        return time
    if k + 1 < calendar.first + calendar.length:
        return week * WEEK + periods[k + 1].begin
    return (week + 1.0) * WEEK + periods[calendar.first].begin


@njit(cache=True, nogil=True)
def weekly_finish(calendar, periods, time, work):  # type: ignore[no-untyped-def]
    """`finish` without closed spans."""
    if calendar.always == 1 or work <= 0.0:
        return time + work
    week = math.floor(time / WEEK)
    moment = time - week * WEEK
    k = period_at(calendar, periods, moment)
    if k >= calendar.first and moment + work <= periods[k].end:
        return time + work  # the common case, and exact: no detour over sums
    done = 0.0
    if k >= calendar.first:
        done = periods[k].before + min(moment, periods[k].end) - periods[k].begin
    goal = done + work
    weeks = math.ceil(goal / calendar.total) - 1.0
    goal -= weeks * calendar.total
    low, high = calendar.first, calendar.first + calendar.length
    while low < high:
        middle = (low + high) // 2
        if periods[middle].before < goal:
            low = middle + 1
        else:
            high = middle
    period = periods[low - 1]
    return (week + weeks) * WEEK + period.begin + goal - period.before


@njit(cache=True, nogil=True)
def closed_at(calendar, periods, time):  # type: ignore[no-untyped-def]
    """Index of the last closed span that begins at or before `time`; first_closed - 1 if none."""
    low, high = calendar.first_closed, calendar.first_closed + calendar.closed
    while low < high:
        middle = (low + high) // 2
        if periods[middle].begin <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True, nogil=True)
def taken_until(calendar, periods, time):  # type: ignore[no-untyped-def]
    """Weekly open seconds between 0 and `time` that closed spans take away."""
    k = closed_at(calendar, periods, time)
    if k < calendar.first_closed:
        return 0.0
    begin = weekly_until(calendar, periods, periods[k].begin)
    return periods[k].before + weekly_until(calendar, periods, min(time, periods[k].end)) - begin


@njit(cache=True, nogil=True)
def open_until(calendar, periods, time):  # type: ignore[no-untyped-def]
    """Open seconds between 0 and `time`."""
    if calendar.closed == 0:
        return weekly_until(calendar, periods, time)
    return weekly_until(calendar, periods, time) - taken_until(calendar, periods, time)


@njit(cache=True, nogil=True)
def next_open(calendar, periods, time):  # type: ignore[no-untyped-def]
    """The first moment at or after `time` that is open."""
    moment = weekly_next(calendar, periods, time)
    if calendar.closed == 0:
        return moment
    k = closed_at(calendar, periods, moment)
    while k >= calendar.first_closed and moment < periods[k].end:
        moment = weekly_next(calendar, periods, periods[k].end)
        k = closed_at(calendar, periods, moment)
    return moment


@njit(cache=True, nogil=True)
def finish(calendar, periods, time, work):  # type: ignore[no-untyped-def]
    """When `work` open seconds have passed since `time` (the earliest such moment)."""
    moment = weekly_finish(calendar, periods, time, work)
    if calendar.closed == 0 or work <= 0.0:
        return moment
    before = taken_until(calendar, periods, time)
    while True:
        k = closed_at(calendar, periods, moment)
        until = moment
        if k >= calendar.first_closed and periods[k].begin < moment < periods[k].end:
            until = periods[k].end  # not done when the span begins, so all of it is lost
        later = weekly_finish(calendar, periods, time, work + taken_until(calendar, periods, until) - before)
        if later <= moment:
            return moment
        moment = later
