"""Dates outside the years 1 to 9999, which FEEL knows and Python does not.

The calendar repeats every 400 years, weekdays included. So a far date is a Python date of the years 2000 to 2399 and
a number of such eras; everything that Python can do with the one, it does for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

YEARS = 400
DAYS = 146_097
_FIRST = 2000
_FARTHEST = 999_999_999


@dataclass(frozen=True, slots=True)
class Far:
    """`base` moved by `eras` times 400 years."""

    base: date
    eras: int

    @property
    def year(self) -> int:
        return self.base.year + YEARS * self.eras

    @property
    def month(self) -> int:
        return self.base.month

    @property
    def day(self) -> int:
        return self.base.day

    def isoweekday(self) -> int:
        return self.base.isoweekday()


@dataclass(frozen=True, slots=True)
class FarDate(Far):
    """A date."""


@dataclass(frozen=True, slots=True)
class FarMoment(Far):
    """A date and time."""

    base: datetime

    @property
    def hour(self) -> int:
        return self.base.hour

    @property
    def minute(self) -> int:
        return self.base.minute

    @property
    def second(self) -> int:
        return self.base.second

    @property
    def microsecond(self) -> int:
        return self.base.microsecond

    @property
    def tzinfo(self) -> tzinfo | None:
        return self.base.tzinfo

    def utcoffset(self) -> timedelta | None:
        return self.base.utcoffset()


Day = date | FarDate | FarMoment
"""Any date or date and time."""


def make(year: int, month: int, day: int, clock: time | None = None) -> Day:
    """A date, or with `clock` a date and time. Raises ValueError where there is none, or beyond nine-digit years."""
    if abs(year) > _FARTHEST:
        raise ValueError("beyond the calendar")
    eras, rest = divmod(year - _FIRST, YEARS)
    base = date(_FIRST + rest, month, day)
    return _placed(base if clock is None else datetime.combine(base, clock), eras)


def split(value: Day) -> tuple[date, int]:
    """The Python date of the years 2000 to 2399, and the eras."""
    if isinstance(value, Far):
        return value.base, value.eras
    eras, rest = divmod(value.year - _FIRST, YEARS)
    return value.replace(year=_FIRST + rest), eras


def later(value: Day, days: int, rest: timedelta) -> Day:
    """`days` and `rest` (less than a day) later. Raises ValueError beyond nine-digit years."""
    base, eras = split(value)
    more, left = divmod(days, DAYS)
    moved = base + timedelta(days=left) + rest
    if moved.year >= _FIRST + YEARS:
        moved, more = moved.replace(year=moved.year - YEARS), more + 1
    return _placed(moved, eras + more)


def _placed(base: date, eras: int) -> Day:
    year = base.year + YEARS * eras
    if abs(year) > _FARTHEST:
        raise ValueError("beyond the calendar")
    if 1 <= year <= 9999:
        return base.replace(year=year)
    return FarMoment(base, eras) if isinstance(base, datetime) else FarDate(base, eras)


def date_of(value: Day) -> date | FarDate:
    """The date alone."""
    if isinstance(value, FarMoment):
        return FarDate(value.base.date(), value.eras)
    return value.date() if isinstance(value, datetime) else value


def combine(day: Day, clock: time) -> Day:
    """The date of `day` at `clock`."""
    if isinstance(day, Far):
        return FarMoment(datetime.combine(day.base, clock), day.eras)
    return datetime.combine(day, clock)
