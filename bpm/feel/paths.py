"""`value.name`: entries of contexts, mapped over lists, and properties of calendar values and ranges (table 65)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

from bpm.feel import temporal
from bpm.feel.budget import Budget
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration
from bpm.feel.values import Fault, RangeValue, Value, kind


def member(value: Value, name: str, budget: Budget) -> Value:
    """The member called `name`. Raises Fault where there is none."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        raise Fault(f"the context has no entry {name!r}")
    if isinstance(value, list):
        budget.spend(len(value))
        return [item.get(name) if isinstance(item, dict) else member(item, name, budget) for item in value]
    if value is None:
        raise Fault(f"null has no {name!r}")
    found = _PROPERTIES.get(kind(value), {}).get(name)
    if found is None:
        raise Fault(f"a {kind(value)} has no {name!r}")
    return found(value)


_DATE: dict[str, Callable[[date], Value]] = {
    "year": lambda value: Decimal(value.year),
    "month": lambda value: Decimal(value.month),
    "day": lambda value: Decimal(value.day),
    "weekday": lambda value: Decimal(value.isoweekday()),
}


def _second(value: time | datetime) -> Decimal:
    return Decimal(value.second) + Decimal(value.microsecond) / 1_000_000


_TIME: dict[str, Callable[[time], Value]] = {
    "hour": lambda value: Decimal(value.hour),
    "minute": lambda value: Decimal(value.minute),
    "second": _second,
    "time offset": temporal.offset_of,
    "timezone": temporal.zone_name,
}
_DAYS: dict[str, Callable[[DaysTimeDuration], Value]] = {
    "days": lambda value: Decimal(value.parts()[0]),
    "hours": lambda value: Decimal(value.parts()[1]),
    "minutes": lambda value: Decimal(value.parts()[2]),
    "seconds": lambda value: Decimal(value.parts()[3]),
}
_MONTHS: dict[str, Callable[[YearsMonthsDuration], Value]] = {
    "years": lambda value: Decimal(_signed(value.months, 12)[0]),
    "months": lambda value: Decimal(_signed(value.months, 12)[1]),
}
_RANGE: dict[str, Callable[[RangeValue], Value]] = {
    "start": lambda value: value.low,
    "end": lambda value: value.high,
    "start included": lambda value: value.low_included,
    "end included": lambda value: value.high_included,
}


def _signed(number: int, by: int) -> tuple[int, int]:
    """Quotient and rest that both carry the sign."""
    sign = -1 if number < 0 else 1
    whole, rest = divmod(abs(number), by)
    return sign * whole, sign * rest


_PROPERTIES: dict[str, dict[str, Callable[..., Value]]] = {
    "date": dict(_DATE),
    "time": dict(_TIME),
    "date and time": {**_DATE, **_TIME},
    "days and time duration": dict(_DAYS),
    "years and months duration": dict(_MONTHS),
    "range": dict(_RANGE),
}
