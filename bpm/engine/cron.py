"""Cycles written as cron texts, as Camunda 7 models have them: `second minute hour day month weekday [year]`.

Fields hold `*`, `?`, numbers, ranges `a-b`, lists and steps `a/n`; months and weekdays also their English short names,
1 is Sunday (Quartz, CronExpression). `L`, `W` and `#` are not read. A time that the clocks skip comes when they have
moved on; one that they repeat comes the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bpm.errors import EngineError

_ITEM = r"(?:\*|\?|\d+|[A-Z]{3})(?:-(?:\d+|[A-Z]{3}))?(?:/\d+)?"
_FIELD = rf"{_ITEM}(?:,{_ITEM})*"
_TEXT = re.compile(rf"{_FIELD}(?:\s+{_FIELD}){{5,6}}")
_PART = re.compile(r"(\*|\?|\d+|[A-Z]{3})(?:-(\d+|[A-Z]{3}))?(?:/(\d+))?")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NUMBERS = {name: number for names in (_MONTHS, _DAYS) for number, name in enumerate(names, 1)}
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2099))
_LONGEST = 100
_FARTHEST = 366 * 8
"""Days that are searched: 29 February may be eight years off."""


@dataclass(frozen=True, slots=True)
class Cron:
    """The values that each field allows, sorted."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    years: tuple[int, ...]


def is_cron(text: str) -> bool:
    """Whether a text has the shape of a cron text."""
    return len(text) <= _LONGEST and _TEXT.fullmatch(text.strip()) is not None


def parse_cron(text: str) -> Cron:
    """The fields of a cron text. Raises EngineError `timer-syntax`."""
    fields = text.split()
    if not is_cron(text):
        raise _unreadable(text)
    if len(fields) == 6:
        fields.append("*")
    return Cron(*(_values(field, *bounds, text) for field, bounds in zip(fields, _BOUNDS, strict=True)))


def next_time(text: str, after: datetime) -> datetime:
    """The first moment later than `after`, on the calendar of its time zone. Raises EngineError `timer-syntax`,
    `timer-range` when there is none in the next eight years."""
    cron = parse_cron(text)
    day = after.date()
    for _ in range(_FARTHEST):
        weekday = day.isoweekday() % 7 + 1
        fits = day.day in cron.days and day.month in cron.months and weekday in cron.weekdays
        if fits and day.year in cron.years:
            first = after.time() if day == after.date() else time()
            for moment in _times(cron, first):
                found = datetime.combine(day, moment, tzinfo=after.tzinfo)
                if after.tzinfo is None:
                    if found > after:
                        return found
                elif found.astimezone(UTC) > after.astimezone(UTC):
                    # by way of UTC, so that a time that the clocks skip is told as the later one it is
                    return found.astimezone(UTC).astimezone(after.tzinfo)
        try:
            day += timedelta(days=1)
        except OverflowError:
            break
    raise EngineError("timer-range", f"the cycle never comes: {text[:60]!r}")


def _times(cron: Cron, first: time) -> Iterator[time]:
    for hour in cron.hours:
        if hour < first.hour:
            continue
        for minute in cron.minutes:
            if (hour, minute) < (first.hour, first.minute):
                continue
            for second in cron.seconds:
                yield time(hour, minute, second)


def _values(field: str, low: int, high: int, text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for item in field.split(","):
        match = _PART.fullmatch(item)
        assert match is not None
        first, last, step = match.groups()
        begin = low if first in "*?" else _number(first, text)
        end = _number(last, text) if last else high if first in "*?" or step else begin
        if not low <= begin <= end <= high or step == "0":
            raise _unreadable(text)
        found.update(range(begin, end + 1, int(step or 1)))
    return tuple(sorted(found))


def _number(text: str, whole: str) -> int:
    if text.isdecimal() and len(text) <= 4:
        return int(text)
    if text not in _NUMBERS:
        raise _unreadable(whole)
    return _NUMBERS[text]


def _unreadable(text: str) -> EngineError:
    return EngineError("timer-syntax", f"not a cycle: {text[:60]!r}")
