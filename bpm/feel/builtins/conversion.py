"""From one kind of value to another (DMN 1.5, table 68)."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from bpm.feel import eras, temporal
from bpm.feel.builtins.registry import builtin, day, number, string, whole
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration
from bpm.feel.values import NUMBERS, Fault, Value, kind, text_of

if TYPE_CHECKING:
    from bpm.feel.evaluate import Evaluation

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,5})?", re.ASCII)


@builtin("string", "from")
def to_string(ev: Evaluation, value: Value) -> Value:
    return None if value is None else text_of(value, ev.budget)


@builtin("number", "from, grouping separator, decimal separator", required=1)
def to_number(ev: Evaluation, value: Value, grouping: Value = None, separator: Value = None) -> Value:
    if isinstance(value, Decimal) and grouping is None and separator is None:
        return value
    text = string(value, "from")
    if grouping not in (None, " ", ",", "."):
        raise Fault("grouping separator: a blank, comma or dot expected")
    if separator not in (None, ",", "."):
        raise Fault("decimal separator: a comma or dot expected")
    if grouping is not None and grouping == separator:
        raise Fault("the separators are the same")
    if grouping is not None:
        text = text.replace(grouping, "")
    if separator is not None:
        text = text.replace(separator, ".")
    if len(text) > 10_000 or _NUMBER.fullmatch(text) is None:
        raise Fault("from: not a number")
    result = NUMBERS.create_decimal(text)
    if not result.is_finite():
        raise Fault("from: beyond decimal128")
    return result


@builtin("date", "from", "year, month, day")
def to_date(ev: Evaluation, *parts: Value) -> Value:
    if len(parts) == 1:
        if isinstance(parts[0], (date, eras.Far)):
            return day(parts[0])
        found = temporal.parse_date(string(parts[0], "from"))
        if found is None:
            raise Fault(f"no date: {parts[0][:40]!r}")
        return found
    if len(parts) != 3:
        raise Fault("date: one or three arguments expected")
    try:
        return eras.make(whole(parts[0], "year"), whole(parts[1], "month"), whole(parts[2], "day"))
    except (ValueError, OverflowError):
        raise Fault("no such date") from None


@builtin("time", "from", "hour, minute, second, offset", required=1)
def to_time(ev: Evaluation, *parts: Value) -> Value:
    if len(parts) == 1:
        value = parts[0]
        if isinstance(value, (datetime, eras.FarMoment)):
            moment = value.base if isinstance(value, eras.FarMoment) else value
            return moment.timetz()
        if isinstance(value, time):
            return value
        if isinstance(value, (date, eras.FarDate)):
            return time(tzinfo=temporal.offset(0))
        found = temporal.parse_time(string(value, "from"))
        if found is None:
            raise Fault(f"no time: {value[:40]!r}")
        return found
    if len(parts) < 3:
        raise Fault("time: one, three or four arguments expected")
    return _clock(parts[0], parts[1], parts[2], parts[3] if len(parts) > 3 else None)


def _clock(hour: Value, minute: Value, second: Value, offset: Value) -> time:
    seconds = number(second, "second")
    if not 0 <= seconds < 60:
        raise Fault("second: between 0 and 60 expected")
    micro = int((seconds - int(seconds)) * 1_000_000)
    try:
        clock = time(whole(hour, "hour"), whole(minute, "minute"), int(seconds), micro)
        if offset is None:
            return clock
        if isinstance(offset, str):
            return clock.replace(tzinfo=temporal.zone(f"@{offset}"))
        if not isinstance(offset, DaysTimeDuration):
            raise Fault("offset: a days and time duration expected")
        if abs(offset.seconds) > 18 * 3600:
            raise Fault("offset: at most 18 hours expected")
        return clock.replace(tzinfo=temporal.offset(int(offset.seconds)))
    except (ValueError, OverflowError):
        raise Fault("no such time") from None


_PARTS = "year, month, day, hour, minute, second"


@builtin("date and time", "from", "date, time", _PARTS, f"{_PARTS}, offset", f"{_PARTS}, timezone", required=1)
def to_datetime(ev: Evaluation, *parts: Value) -> Value:
    if len(parts) == 1:
        return _datetime(parts[0])
    if len(parts) == 2:
        clock = parts[1]
        if not isinstance(clock, time):
            raise Fault("time: a time expected")
        return eras.combine(day(parts[0]), clock)
    if len(parts) not in (6, 7):
        raise Fault("date and time: one, two, six or seven arguments expected")
    found = to_date(ev, *parts[:3])
    return eras.combine(found, _clock(parts[3], parts[4], parts[5], parts[6] if len(parts) == 7 else None))


def _datetime(value: Value) -> eras.Day:
    if isinstance(value, (datetime, eras.FarMoment)):
        return value
    if isinstance(value, (date, eras.FarDate)):
        return eras.combine(value, time())
    text = string(value, "from")
    found = temporal.parse_datetime(text)
    if found is None:
        found_day = temporal.parse_date(text)
        if found_day is None:
            raise Fault(f"no date and time: {text[:40]!r}")
        return eras.combine(found_day, time())
    return found


@builtin("duration", "from")
def to_duration(ev: Evaluation, value: Value) -> Value:
    if isinstance(value, (DaysTimeDuration, YearsMonthsDuration)):
        return value
    found = temporal.parse_duration(string(value, "from"))
    if found is None:
        raise Fault(f"no duration: {value[:40]!r}")
    return found


@builtin("years and months duration", "from, to")
def years_and_months(ev: Evaluation, start: Value, end: Value) -> Value:
    for value in (start, end):
        if not isinstance(value, (date, eras.Far)):
            raise Fault(f"a date expected, not {kind(value)}")
    return YearsMonthsDuration(temporal.months_between(day(start), day(end)))
