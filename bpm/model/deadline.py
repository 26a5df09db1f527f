"""When a legal deadline ends: German civil-law counting (BGB §§ 187-193), which administrative law refers to.

A legal deadline is an object of its own and no engine timer: it starts with an event ("file complete"), runs in
calendar units (P3M stays three months and never becomes 90 days), may be suspended or extended, and does not end on a
Saturday, a Sunday or a holiday at the place. This module counts; who is bound by the deadline and what follows from
missing it stands in `bpm.model.process.Deadline`.

Sources: BGB § 187 (start), § 188 (end), § 189 (half month), § 190 (extension), § 193 (Saturday, Sunday, holiday),
§ 209 (suspended time does not count). Whether a law refers to these rules as they stand, or has its own, is a matter
of the procedure and is not decided here.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from bpm.errors import InvalidRequest

SATURDAY: Final = 5
DAY: Final = timedelta(days=1)
_LENGTH = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?\Z")


@dataclass(frozen=True, slots=True)
class Length:
    """A length in calendar units. `months` includes years (a year is twelve months), `days` includes weeks."""

    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """A counted deadline. The event day is not part of it: it runs from the begin of `first_day` to the end of `end`.

    `nominal_end` is the end before suspension, extension and § 193; `suspended_days` were added; `shifted` says
    whether § 193 moved the end to a working day.
    """

    first_day: date
    nominal_end: date
    end: date
    suspended_days: int = 0
    shifted: bool = False


def parse_length(text: str) -> Length:
    """An ISO 8601 calendar duration in years, months, weeks, days. Raises InvalidRequest `deadline-length`."""
    match = _LENGTH.match(text.strip())
    if match is None or not any(match.groups()):
        raise InvalidRequest("deadline-length", f"{text[:40]!r} is no calendar duration such as P3M, P2W or P14D")
    years, months, weeks, days = (int(group or 0) for group in match.groups())
    return Length(12 * years + months, 7 * weeks + days)


def count(
    event: date,
    length: str | Length,
    holidays: Container[date] = frozenset(),
    *,
    from_start_of_day: bool = False,
    suspensions: Iterable[tuple[date, date]] = (),
    extensions: Iterable[str | Length] = (),
    to_working_day: bool = True,
) -> Counted:
    """Count a deadline of `length` from `event`.

    Args:
        event: the day of the event that starts it (arrival of the complete file, notification, ...). It is not
            counted itself (§ 187 (1)), unless `from_start_of_day` (§ 187 (2): entry into force, age).
        holidays: public holidays at the place, see `public_holidays`.
        suspensions: (first day, last day) of each time in which it does not run; both days are suspended.
        extensions: each counted from the end of the deadline before it (§ 190).
        to_working_day: § 193 applies. It does not where the law binds the authority itself to a calendar day.

    Raises:
        InvalidRequest: `deadline-length`, `deadline-suspension` (ends before it starts), `deadline-range`.
    """
    asked = parse_length(length) if isinstance(length, str) else length
    try:
        first = event if from_start_of_day else event + DAY
        nominal = _end(event, asked, from_start_of_day)
        end, suspended = _suspended(first, nominal, suspensions)
        end, shifted = _working_day(end, holidays) if to_working_day else (end, False)
        for extension in extensions:
            # § 190: from the end of the deadline before; that one ends, like any other, on a working day
            added = parse_length(extension) if isinstance(extension, str) else extension
            end = _end(end, added, from_start_of_day=False)
            end, shifted = _working_day(end, holidays) if to_working_day else (end, False)
    except (OverflowError, ValueError):
        raise InvalidRequest("deadline-range", "the deadline leaves the calendar") from None
    return Counted(first, nominal, end, suspended, shifted)


def _end(start: date, length: Length, from_start_of_day: bool) -> date:
    """§ 188: months end on the day of the same number, or the last of a shorter month (3); then days are counted."""
    if not length.months:
        return start + timedelta(days=length.days - (1 if from_start_of_day else 0))
    month = start.year * 12 + start.month - 1 + length.months
    year, index = divmod(month, 12)
    last = calendar.monthrange(year, index + 1)[1]
    wanted = start.day - 1 if from_start_of_day else start.day
    end = date(year, index + 1, 1) - DAY if wanted == 0 else date(year, index + 1, min(wanted, last))
    return end + timedelta(days=length.days)


def _suspended(first: date, end: date, suspensions: Iterable[tuple[date, date]]) -> tuple[date, int]:
    """§ 209: suspended days are not counted in; each moves the end by one, which may reach the next suspension."""
    total = 0
    counted_to = first - DAY
    for start, stop in sorted(suspensions):
        if stop < start:
            raise InvalidRequest("deadline-suspension", f"a suspension ends ({stop}) before it starts ({start})")
        begin = max(start, counted_to + DAY)
        if begin > end or stop < begin:
            continue
        days = (stop - begin).days + 1
        end += timedelta(days=days)
        total += days
        counted_to = stop
    return end, total


def _working_day(day: date, holidays: Container[date]) -> tuple[date, bool]:
    """§ 193: a Saturday, Sunday or holiday gives way to the next working day."""
    moved = day
    while moved.weekday() >= SATURDAY or moved in holidays:
        moved += DAY
    return moved, moved != day


@cache
def public_holidays(state: str = "BY", category: str | None = "catholic") -> Container[date]:
    """Public holidays of a German state (`BY`, `NW`, ..., `Augsburg`), any year.

    `category` adds those that hold in a part of the state: in Bavaria `catholic` adds Assumption Day (15 August), which
    is a holiday in municipalities with a Catholic majority, Munich among them; None leaves them out.

    Raises:
        InvalidRequest: `holidays-state`, `holidays-category`.
    """
    from holidays.countries.germany import Germany  # slow to import, needed by few

    if state not in Germany.subdivisions:
        raise InvalidRequest("holidays-state", f"no German state {state[:40]!r}")
    if category is not None and category not in Germany.supported_categories:
        raise InvalidRequest("holidays-category", f"no category of holidays {category[:40]!r}")
    days: Container[date] = Germany(subdiv=state, categories=("public", category) if category else ("public",))
    return days
