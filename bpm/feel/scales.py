"""FEEL constants as exact numbers, and back: days of a date, microseconds of a moment, seconds or months of a span.

Solvers count; this says what. A date and time with an offset is the moment of UTC; zones by name have no one offset.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from bpm.errors import NotTranslatable
from bpm.feel import eras, ranges
from bpm.feel.eras import Far, FarMoment
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration

MICRO = 1_000_000
DAY = 86_400 * MICRO
LARGEST_CODE = 0x2FFFF
"""The last code point of a text that z3 takes."""
_DIGITS = 300
_START = datetime(1, 1, 1)
_FIRST, _LAST = date(1900, 1, 1).toordinal(), date(2200, 1, 1).toordinal()
NEAR = {
    "date": (_FIRST, _LAST),
    "date and time": ((_FIRST - 1) * DAY, (_LAST - 1) * DAY),
    "date and time with offset": ((_FIRST - 1) * DAY, (_LAST - 1) * DAY),
}
"""Days people speak of, from the first to before the last, for cases that are shown to them."""


def kind_of(value: Any) -> str:
    """`ranges.kind_of`, with dates outside the years 1 to 9999 as what they are."""
    if isinstance(value, FarMoment):
        return "date and time" + (" with offset" if value.base.tzinfo is not None else "")
    return "date" if isinstance(value, Far) else ranges.kind_of(value)


def coded(kind: str, value: Any) -> Fraction:
    """The number that stands for a constant."""
    match kind:
        case "number":
            if value != 0 and not -_DIGITS < Decimal(value).adjusted() < _DIGITS:
                raise NotTranslatable("a number of more than 300 digits")
            return Fraction(value)
        case "date":
            far = isinstance(value, Far)
            return Fraction(value.base.toordinal() + value.eras * eras.DAYS if far else value.toordinal())
        case "time":
            return Fraction((value.hour * 3600 + value.minute * 60 + value.second) * MICRO + value.microsecond)
        case "days and time duration":
            return Fraction(value.seconds)
        case "years and months duration":
            return Fraction(value.months)
        case _:
            return Fraction(_instant(value))


def _instant(value: datetime | FarMoment) -> int:
    moment = value.base if isinstance(value, FarMoment) else value
    if isinstance(moment.tzinfo, ZoneInfo):
        raise NotTranslatable("a date and time in a zone by name")
    shift = moment.utcoffset() or timedelta()
    days = value.eras * eras.DAYS if isinstance(value, FarMoment) else 0
    return (moment.replace(tzinfo=None) - _START - shift) // timedelta(microseconds=1) + days * DAY


def decoded(kind: str, number: Fraction) -> Any:
    """The constant that a number stands for. Raises ValueError or OverflowError where Python has none."""
    match kind:
        case "date":
            return date.fromordinal(int(number))
        case "time":
            return (_START + timedelta(microseconds=int(number))).time()
        case "date and time" | "date and time with offset":
            moment = _START + timedelta(microseconds=int(number))
            return moment.replace(tzinfo=UTC) if kind.endswith("offset") else moment
        case "years and months duration":
            return YearsMonthsDuration(int(number))
    rest, digits = number.denominator, 0
    while rest % 10 == 0 or rest % 2 == 0 or rest % 5 == 0:
        rest //= 10 if rest % 10 == 0 else 2 if rest % 2 == 0 else 5
        digits += 1
    if rest != 1:
        raise ValueError("no decimal")
    value = Decimal(int(number * 10**digits)).scaleb(-digits)
    return DaysTimeDuration(value) if kind == "days and time duration" else value


def unescaped(text: str) -> str:
    """A text as z3 writes it: `\\u{e4}` for what is not plain."""
    parts = text.split("\\u{")
    return parts[0] + "".join(
        chr(int(code, 16)) + rest for code, _, rest in (part.partition("}") for part in parts[1:])
    )
