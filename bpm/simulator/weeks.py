"""Arithmetic on weekly calendars: where work goes on, and when it is done.

A calendar is its open periods of one week with the open seconds before each (prefix sums), so every question costs
a binary search whatever the distance in time. What is not the same every week is in spans that tile the time from 0 on:
days that are closed or open otherwise once, and the change between summer and winter time. In a span the week holds as
the wall clock shows it (elapsed time plus the span's shift), or all of it is closed, or open. Each knows the open
seconds before it. A period's rate weighs its seconds: 1 for working hours; cases per second where cases come at a rate.
"""

from __future__ import annotations

import math

from bpm.feel.compiling import njit

WEEK = 604_800.0
CLOSED, WEEKLY, OPEN = range(3)
"""What a span is."""


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
    """`open_until` without spans."""
    if calendar.always == 1:
        return time
    week = math.floor(time / WEEK)
    moment = time - week * WEEK
    k = period_at(calendar, periods, moment)
    done = week * calendar.total
    if k >= calendar.first:
        period = periods[k]
        done += period.before + (min(moment, period.end) - period.begin) * period.rate
    return done


@njit(cache=True, nogil=True)
def weekly_next(calendar, periods, time):  # type: ignore[no-untyped-def]
    """`next_open` without spans."""
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
    """`finish` without spans."""
    if calendar.always == 1 or work <= 0.0:
        return time + work
    week = math.floor(time / WEEK)
    moment = time - week * WEEK
    k = period_at(calendar, periods, moment)
    if k >= calendar.first and moment + work / periods[k].rate <= periods[k].end:
        return time + work / periods[k].rate  # the common case, and exact: no detour over sums
    done = 0.0
    if k >= calendar.first:
        done = periods[k].before + (min(moment, periods[k].end) - periods[k].begin) * periods[k].rate
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
    return (week + weeks) * WEEK + period.begin + (goal - period.before) / period.rate


@njit(cache=True, nogil=True)
def span_at(calendar, periods, time):  # type: ignore[no-untyped-def]
    """Index of the last span that begins at or before `time`; the first one if none."""
    low, high = calendar.first_span + 1, calendar.first_span + calendar.spans
    while low < high:
        middle = (low + high) // 2
        if periods[middle].begin <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True, nogil=True)
def open_in(calendar, periods, span, time):  # type: ignore[no-untyped-def]
    """Open seconds between the begin of a span and `time` in it."""
    if span.kind == CLOSED:
        return 0.0
    if span.kind == OPEN:
        return time - span.begin
    begin = weekly_until(calendar, periods, span.begin + span.shift)
    return weekly_until(calendar, periods, time + span.shift) - begin


@njit(cache=True, nogil=True)
def open_until(calendar, periods, time):  # type: ignore[no-untyped-def]
    """Open seconds between 0 and `time`."""
    if calendar.spans == 0:
        return weekly_until(calendar, periods, time)
    span = periods[span_at(calendar, periods, time)]
    return span.before + open_in(calendar, periods, span, time)


@njit(cache=True, nogil=True)
def next_open(calendar, periods, time):  # type: ignore[no-untyped-def]
    """The first moment at or after `time` that is open."""
    if calendar.spans == 0:
        return weekly_next(calendar, periods, time)
    k = span_at(calendar, periods, time)
    while True:  # the last span is weekly and has no end
        span = periods[k]
        if span.kind == OPEN:
            return time
        if span.kind == WEEKLY:
            wall = time + span.shift
            moment = weekly_next(calendar, periods, wall)
            if moment == wall:
                return time  # exactly: there and back would round
            if moment - span.shift < span.end:
                return moment - span.shift
        time = span.end
        k += 1


@njit(cache=True, nogil=True)
def finish(calendar, periods, time, work):  # type: ignore[no-untyped-def]
    """When `work` open seconds have passed since `time` (the earliest such moment)."""
    if calendar.spans == 0 or work <= 0.0:
        return weekly_finish(calendar, periods, time, work)
    k = span_at(calendar, periods, time)
    span = periods[k]
    if span.kind == WEEKLY:
        moment = weekly_finish(calendar, periods, time + span.shift, work) - span.shift
        if moment <= span.end:
            return moment
    goal = span.before + open_in(calendar, periods, span, time) + work
    low, high = k, calendar.first_span + calendar.spans
    while low < high:
        middle = (low + high) // 2
        if periods[middle].before < goal:
            low = middle + 1
        else:
            high = middle
    span = periods[low - 1]
    if span.kind == OPEN:
        return span.begin + goal - span.before
    return weekly_finish(calendar, periods, span.begin + span.shift, goal - span.before) - span.shift


@njit(cache=True, nogil=True)
def closes(calendar, periods, time):  # type: ignore[no-untyped-def]
    """When the open stretch ends that holds the open moment `time` (a stretch may be followed by another at once)."""
    end = math.inf
    shift = 0.0
    if calendar.spans > 0:
        span = periods[span_at(calendar, periods, time)]
        end, shift = span.end, span.shift
        if span.kind == OPEN:
            return end
    if calendar.always == 1:
        return end
    week = math.floor((time + shift) / WEEK)
    k = period_at(calendar, periods, time + shift - week * WEEK)
    return min(week * WEEK + periods[k].end - shift, end)


@njit(cache=True, nogil=True)
def finish_together(calendars, periods, resources, who, time, work):  # type: ignore[no-untyped-def]
    """When `work` seconds have passed since `time` in which all resources `who` (-1: nobody) are on duty."""
    while True:
        settled = False
        while not settled:  # the next moment at which all are there
            settled = True
            for r in who:
                if r >= 0:
                    moment = next_open(calendars[resources[r].calendar], periods, time)
                    settled = settled and moment == time
                    time = moment
        until = math.inf
        for r in who:
            if r >= 0:
                until = min(until, closes(calendars[resources[r].calendar], periods, time))
        if time + work <= until:
            return time + work
        work -= until - time
        time = until
