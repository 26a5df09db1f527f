"""One case a person can picture for a set of values: the plainest value inside it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from math import floor
from typing import Any

from bpm.analyser.boxes import Column
from bpm.feel.ranges import Interval
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration, text_of

_DAY = 86_400
_MICROSECOND = Decimal("0.000001")

PLAIN = {
    "number": 0,
    "integer": 0,
    "string": "Text",
    "date": "2025-01-01",
    "time": "12:00:00",
    "date and time": "2025-01-01T12:00:00",
    "days and time duration": "P1D",
    "years and months duration": "P1M",
}
"""What stands for a column where any value will do."""


def example_of(entry: Column, mask: int) -> Any:
    """A value of some atoms as JSON; null where the column has no bounds and no type."""
    region = entry.region(mask)
    if not region.intervals:
        return None
    if entry.kind == "string" and mask & entry.others:
        word = "andere Angabe"
        while word in entry.bounds:
            word += "*"
        return word
    if entry.kind == "boolean":
        return next(value for value in (True, False) if mask >> (3 if value else 1) & 1)
    interval = region.intervals[0]
    if interval.low is None and interval.high is None:
        return _anything(entry, mask)
    return as_json(_inside(interval))


def as_json(value: Any) -> Any:
    """A constant as JSON: whole numbers as int, dates and durations as their ISO text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal | int):
        return int(value) if value == int(value) else float(value)
    return text_of(value)


def _anything(entry: Column, mask: int) -> Any:
    """The column may hold anything: a bound of it if it has one, else a plain value of its type."""
    for index, bound in enumerate(entry.bounds):
        if mask >> (2 * index + 1) & 1:
            return as_json(bound)
    return PLAIN.get(entry.kind)


def _inside(interval: Interval) -> Any:
    if interval.low_included:
        return interval.low
    if interval.high_included:
        return interval.high
    end = interval.low if interval.low is not None else interval.high
    if isinstance(end, str):
        # nothing is below the empty text; between two texts lies the lower one with a low character behind it
        return "" if interval.low is None else f"{interval.low} "
    to_number, from_number, step = _scale(end)
    low = None if interval.low is None else to_number(interval.low)
    high = None if interval.high is None else to_number(interval.high)
    return from_number(_number_inside(low, high, step))


def _scale(end: Any) -> tuple[Callable[[Any], Decimal], Callable[[Decimal], Any], Decimal]:
    """How a kind of value is counted, in what, and the step people think in."""
    match end:
        case datetime.datetime():
            return (
                lambda it: Decimal((it - end) // datetime.timedelta(microseconds=1)) * _MICROSECOND,
                lambda it: end + datetime.timedelta(microseconds=int(it / _MICROSECOND)),
                Decimal(_DAY),
            )
        case datetime.date():
            return lambda it: Decimal(it.toordinal()), lambda it: datetime.date.fromordinal(int(it)), Decimal(1)
        case datetime.time():
            return (
                lambda it: Decimal((it.hour * 60 + it.minute) * 60 + it.second) + it.microsecond * _MICROSECOND,
                lambda it: (
                    datetime.datetime.combine(datetime.date.min, datetime.time(tzinfo=end.tzinfo))
                    + datetime.timedelta(microseconds=int(it / _MICROSECOND))
                ).timetz(),
                Decimal(60),
            )
        case DaysTimeDuration():
            return lambda it: it.seconds, DaysTimeDuration, Decimal(_DAY)
        case YearsMonthsDuration():
            return lambda it: Decimal(it.months), lambda it: YearsMonthsDuration(int(it)), Decimal(1)
        case _:
            return lambda it: it, lambda it: it, Decimal(1)


def _number_inside(low: Decimal | None, high: Decimal | None, step: Decimal) -> Decimal:
    """The next whole step inside, else the middle."""
    if low is None:
        return (high or Decimal(0)) - step
    following = (Decimal(floor(low / step)) + 1) * step
    return following if high is None or following < high else (low + high) / 2
