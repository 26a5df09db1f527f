"""Days and clocks (DMN 1.5, tables 74 and 76). `now` and `today` are given, never asked of the machine."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bpm.feel.builtins.registry import builtin, plain_day
from bpm.feel.values import Fault, Value, equal, kind

if TYPE_CHECKING:
    from bpm.feel.evaluate import Evaluation

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@builtin("is", "value1, value2", lists=(0, 1))
def identical(ev: Evaluation, left: Value, right: Value) -> Value:
    if kind(left) != kind(right):
        return False
    if isinstance(left, (time, datetime)):
        return left.replace(tzinfo=None) == right.replace(tzinfo=None) and _same_zone(left, right)
    return equal(left, right, ev.budget) is True


def _same_zone(left: time | datetime, right: time | datetime) -> bool:
    if isinstance(left.tzinfo, ZoneInfo) or isinstance(right.tzinfo, ZoneInfo):
        return left.tzinfo is right.tzinfo
    return left.tzinfo == right.tzinfo


@builtin("day of year", "date")
def day_of_year(ev: Evaluation, value: Value) -> Value:
    return Decimal(plain_day(value).timetuple().tm_yday)


@builtin("day of week", "date")
def day_of_week(ev: Evaluation, value: Value) -> Value:
    return _DAYS[plain_day(value).weekday()]


@builtin("month of year", "date")
def month_of_year(ev: Evaluation, value: Value) -> Value:
    return _MONTHS[plain_day(value).month - 1]


@builtin("week of year", "date")
def week_of_year(ev: Evaluation, value: Value) -> Value:
    return Decimal(plain_day(value).isocalendar().week)


@builtin("now")
def now(ev: Evaluation) -> Value:
    return _given(ev)


@builtin("today")
def today(ev: Evaluation) -> Value:
    found: date = _given(ev).date()
    return found


def _given(ev: Evaluation) -> datetime:
    if ev.now is None:
        raise Fault("the time is not given here")
    return ev.now
