"""FEEL's calendar types (DMN 1.5, 10.3.2.3.4-10.3.2.3.8), on Python's date, time and datetime.

Two duration types of our own, since FEEL keeps days and months apart: 30 days are not a month. Years outside 1 to
9999 are held by `bpm.feel.eras`. Seconds go to the microsecond; finer digits are cut off. A zone by name
(`@Europe/Berlin`) stays a zone, an offset stays an offset.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from bpm.feel import eras
from bpm.feel.eras import Day, Far, FarDate, FarMoment

_ZONE = r"(?P<zone>Z|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+)*)?"
_DATE = r"(?P<year>-?(?:[1-9]\d{4,8}|\d{4}))-(?P<month>\d\d)-(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?"
_DATE_TEXT = re.compile(_DATE, re.ASCII)
_TIME_TEXT = re.compile(f"T?{_TIME}{_ZONE}", re.ASCII)
_DATETIME_TEXT = re.compile(f"{_DATE}T{_TIME}{_ZONE}", re.ASCII)
_DAYS = re.compile(
    r"(?P<sign>-?)P(?:(?P<days>\d+)D)?(?P<time>T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d*)?|\.\d+)S)?)?",
    re.ASCII,
)
_MONTHS = re.compile(r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?", re.ASCII)
_DAY = 86_400
_LONGEST = 100
"""Characters of a calendar text; longer ones are no dates."""
_MOST = Decimal(10) ** 15
"""Seconds or months that a duration may hold: more than any calendar has."""


@dataclass(frozen=True, slots=True, order=True)
class DaysTimeDuration:
    """A span in exact seconds, signed."""

    seconds: Decimal

    @property
    def timedelta(self) -> timedelta:
        """The same span; raises OverflowError beyond Python's range."""
        return timedelta(microseconds=int(self.seconds * 1_000_000))

    def parts(self) -> tuple[int, int, int, Decimal]:
        """Days, hours, minutes, seconds; each carries the sign."""
        sign = -1 if self.seconds < 0 else 1
        whole = int(abs(self.seconds))
        rest = abs(self.seconds) - whole
        days, left = divmod(whole, _DAY)
        return sign * days, sign * (left // 3600), sign * (left % 3600 // 60), sign * (left % 60 + rest)

    def __str__(self) -> str:
        days, hours, minutes = (abs(part) for part in self.parts()[:3])
        seconds = abs(self.parts()[3])
        clock = "".join(f"{part}{unit}" for part, unit in ((hours, "H"), (minutes, "M")) if part)
        if seconds:
            clock += f"{plain(seconds)}S"
        text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
        return ("-" if self.seconds < 0 else "") + "P" + (text or "T0S")


@dataclass(frozen=True, slots=True, order=True)
class YearsMonthsDuration:
    """A span in calendar months, signed."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (text or "0M")


Temporal = date | time | datetime | Far | DaysTimeDuration | YearsMonthsDuration
POINTS = (date, time, FarDate, FarMoment)


def plain(number: Decimal) -> str:
    """A number without exponent and without trailing zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


# --- reading -------------------------------------------------------------------------------------------------


def parse(text: str) -> Temporal | None:
    """Any calendar literal, or None."""
    if text.lstrip("-").startswith("P"):
        return parse_duration(text)
    if "T" in text[1:]:
        return parse_datetime(text)
    if ":" in text:
        return parse_time(text)
    return parse_date(text)


def parse_date(text: str) -> Day | None:
    found = _DATE_TEXT.fullmatch(text) if len(text) <= _LONGEST else None
    return None if found is None else _date(found)


def _date(found: re.Match[str], clock: time | None = None) -> Day | None:
    try:
        if found["year"] in ("0000", "-0000"):
            return None
        return eras.make(int(found["year"]), int(found["month"]), int(found["day"]), clock)
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    found = _TIME_TEXT.fullmatch(text) if len(text) <= _LONGEST else None
    return None if found is None else _time(found)


def _time(found: re.Match[str]) -> time | None:
    micro = int(((found["fraction"] or "") + "000000")[:6])
    hour = int(found["hour"])
    midnight = hour == 24 and int(found["minute"]) == int(found["second"]) == micro == 0
    try:
        clock = time(0 if midnight else hour, int(found["minute"]), int(found["second"]), micro)
        return clock.replace(tzinfo=zone(found["zone"])) if found["zone"] else clock
    except ValueError:
        return None


def parse_datetime(text: str) -> datetime | FarMoment | None:
    found = _DATETIME_TEXT.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    clock = _time(found)
    moment = None if clock is None else _date(found, clock)
    if not isinstance(moment, (datetime, FarMoment)):
        return None
    if found["hour"] != "24":
        return moment
    try:
        after = eras.later(moment, 1, timedelta())
        return after if isinstance(after, (datetime, FarMoment)) else None
    except (ValueError, OverflowError):
        return None


def parse_duration(text: str) -> DaysTimeDuration | YearsMonthsDuration | None:
    if len(text) > _LONGEST:
        return None
    months = _MONTHS.fullmatch(text)
    if months is not None and (months["years"] or months["months"]):
        count = int(months["years"] or 0) * 12 + int(months["months"] or 0)
        return years_months(-count if months["sign"] else count)
    found = _DAYS.fullmatch(text)
    if found is None or found["time"] == "T" or not (found["days"] or found["time"]):
        return None
    seconds = (
        Decimal(found["days"] or 0) * _DAY
        + Decimal(found["hours"] or 0) * 3600
        + Decimal(found["minutes"] or 0) * 60
        + Decimal(found["seconds"] or 0)
    )
    return days_time(-seconds if found["sign"] else seconds)


def days_time(seconds: Decimal) -> DaysTimeDuration | None:
    """A span, or None beyond what any calendar holds."""
    return DaysTimeDuration(seconds) if seconds.is_finite() and abs(seconds) <= _MOST else None


def years_months(months: int) -> YearsMonthsDuration | None:
    """A span, or None beyond what any calendar holds."""
    return YearsMonthsDuration(months) if abs(months) <= _MOST else None


@lru_cache(maxsize=1024)
def zone(text: str) -> tzinfo:
    """`Z`, `+02:00` or `@Europe/Berlin`. Raises ValueError where there is no such zone; offsets reach 18 hours."""
    if text == "Z":
        return UTC
    if text.startswith("@"):
        try:
            return ZoneInfo(text[1:])
        except (OSError, KeyError) as error:
            raise ValueError(f"no such zone {text!r}") from error
    parts = [int(part) for part in text[1:].split(":")]
    if parts[0] > 18 or any(part > 59 for part in parts[1:]):
        raise ValueError(f"no such offset {text!r}")
    seconds = parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)
    return offset(-seconds if text[0] == "-" else seconds)


def offset(seconds: int) -> tzinfo:
    """A fixed offset from UTC; raises ValueError from 24 hours on."""
    return UTC if seconds == 0 else timezone(timedelta(seconds=seconds))


# --- printing ------------------------------------------------------------------------------------------------


def text_of(value: Temporal) -> str:
    """The ISO text as FEEL prints it: no needless zeros in fractions, `Z` for UTC, zones by name."""
    if isinstance(value, (date, Far)):
        sign = "-" if value.year < 0 else ""
        day = f"{sign}{abs(value.year):04d}-{value.month:02d}-{value.day:02d}"
        return f"{day}T{_clock(value)}" if isinstance(value, (datetime, FarMoment)) else day
    if isinstance(value, time):
        return _clock(value)
    return str(value)


def _clock(value: time | datetime | FarMoment) -> str:
    text = f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}"
    if value.microsecond:
        text += f".{value.microsecond:06d}".rstrip("0")
    return text + _zone_text(value.tzinfo)


def _zone_text(zone: tzinfo | None) -> str:
    if zone is None:
        return ""
    if isinstance(zone, ZoneInfo):
        return f"@{zone.key}"
    span = zone.utcoffset(None) or timedelta()
    seconds = int(span.total_seconds())
    if seconds == 0:
        return "Z"
    hours, left = divmod(abs(seconds), 3600)
    text = f"{'-' if seconds < 0 else '+'}{hours:02d}:{left // 60:02d}"
    return text + (f":{left % 60:02d}" if left % 60 else "")


def zone_name(value: time | datetime | FarMoment) -> str | None:
    """The `timezone` property: a named zone only."""
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


def offset_of(value: time | datetime | FarMoment) -> DaysTimeDuration | None:
    """The `time offset` property. A named zone has none without a date, unless it never changes."""
    if value.tzinfo is None:
        return None
    span = value.utcoffset()
    if span is None and value.tzinfo is not None:
        winter, summer = (value.tzinfo.utcoffset(datetime(2000, month, 1)) for month in (1, 7))
        span = winter if winter == summer else None
    return None if span is None else DaysTimeDuration(Decimal(int(span.total_seconds())))


# --- calculating ---------------------------------------------------------------------------------------------


def add_months(day: Day, months: int) -> Day | None:
    """The same day of a later month, or its last day; keeps the clock of a datetime."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(2000 + year % 400, month + 1)[1]
    moment = day.base if isinstance(day, FarMoment) else day
    try:
        clock = moment.timetz() if isinstance(moment, datetime) else None
        return eras.make(year, month + 1, min(day.day, last), clock)
    except ValueError:
        return None


def add(value: Day | time, span: DaysTimeDuration | YearsMonthsDuration) -> Day | time | None:
    """A later date, time or date and time. A date plus hours moves by whole days; a time wraps round midnight."""
    if isinstance(span, YearsMonthsDuration):
        return None if isinstance(value, time) else add_months(value, span.months)
    try:
        if isinstance(value, time):
            return _moved_clock(value, span.seconds)
        if isinstance(value, datetime) and isinstance(value.tzinfo, ZoneInfo):
            # hours are hours, also across a change of the clock
            return (value.astimezone(UTC) + span.timedelta).astimezone(value.tzinfo)
        days, rest = divmod(int(span.seconds * 1_000_000), _DAY * 1_000_000)
        moment = value if isinstance(value, (datetime, FarMoment)) else eras.combine(value, time())
        moved = eras.later(moment, days, timedelta(microseconds=rest))
        return moved if isinstance(value, (datetime, FarMoment)) else eras.date_of(moved)
    except (OverflowError, ValueError):
        return None


def _moved_clock(clock: time, seconds: Decimal) -> time:
    micro = int(seconds * 1_000_000) % (_DAY * 1_000_000)
    moved = datetime.combine(date(2000, 1, 1), clock.replace(tzinfo=None)) + timedelta(microseconds=micro)
    return moved.time().replace(tzinfo=clock.tzinfo)


def seconds_between(early: Day | time, late: Day | time) -> Decimal | None:
    """`late - early` in seconds; None where one has a zone and the other has not, or the kinds differ."""
    if isinstance(early, time) != isinstance(late, time):
        return None
    more = 0
    if isinstance(early, Far) or isinstance(late, Far):
        (early, before), (late, after) = _split(early), _split(late)
        more = (after - before) * eras.DAYS
    start, end = instant(early), instant(late)
    if start is None or end is None:
        return None
    if isinstance(early, datetime) != isinstance(late, datetime):  # a date beside a moment is midnight UTC
        start = start if isinstance(early, datetime) else start.replace(tzinfo=UTC)
        end = end if isinstance(late, datetime) else end.replace(tzinfo=UTC)
    if (start.tzinfo is None) != (end.tzinfo is None):
        return None
    span = end - start
    return Decimal((span.days + more) * _DAY + span.seconds) + Decimal(span.microseconds) / 1_000_000


def _split(value: Day | time) -> tuple[date | time, int]:
    return (value, 0) if isinstance(value, time) else eras.split(value)


def instant(value: date | time) -> datetime | None:
    """A point for comparing: a date is its midnight (UTC beside moments with a zone), a time lies on a fixed day."""
    if isinstance(value, datetime):
        try:
            return value if value.tzinfo is None else value.astimezone(UTC)
        except OverflowError:  # the first and last hours of the calendar, seen from another zone
            return None
    if isinstance(value, time):
        try:
            moment = datetime.combine(date(2000, 1, 3), value)
            return moment if value.tzinfo is None else moment.astimezone(UTC)
        except (OverflowError, ValueError):
            return None
    return datetime.combine(value, time())


def months_between(start: Day, end: Day) -> int:
    """Whole months from `start` to `end`, signed."""
    if (end.year, end.month, end.day) < (start.year, start.month, start.day):
        return -months_between(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - 1 if end.day < start.day else months
