"""When a timer is due: ISO 8601 dates, durations and cycles, counted from the moment the timer is armed (cycles may be
cron texts: `bpm.engine.cron`).

A local date-time (no offset) is one in the time zone of `now`; months and days are counted on its calendar, hours and
less as time that passes, so `P1D` is the same hour tomorrow and `PT24H` is not when the clocks change. Month
arithmetic stops at the last day of a shorter month (ISO 8601-1:2019, section 5.5.2; XML Schema 1.1, appendix E.3.3).
Legal deadlines are another matter and do not pass here.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bpm.engine.cron import is_cron, next_time
from bpm.errors import EngineError

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_DURATION = re.compile(
    rf"(-)?P(?!$)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?!$)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_CYCLE = re.compile(r"R(\d*)/(.+)")
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Span:
    """A duration: calendar months, calendar days, and time that passes."""

    months: int
    days: float
    exact: timedelta


@dataclass(frozen=True, slots=True)
class Due:
    """When a timer fires first; for a cycle its ISO text and how often it repeats afterwards (None: for ever)."""

    at: datetime
    cycle: str | None = None
    remaining: int | None = None


def looks_literal(text: str) -> bool:
    """Whether a text means to be an ISO 8601 literal, right or wrong: it starts like a date, a duration or a cycle, or
    has the shape of a cron text."""
    return re.match(r"-?P(\d|T\d|$)|R\d*/|\d{4}-\d", text.strip()) is not None or is_cron(text)


def parse_span(text: str) -> Span:
    """A duration text. Raises EngineError `timer-syntax`."""
    match = _DURATION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise _unreadable(text)
    years, months, weeks, days, hours, minutes, seconds = (
        float(part.replace(",", ".")) if part else 0.0 for part in match.groups()[1:]
    )
    whole = years * 12 + months
    if whole != int(whole):
        raise _unreadable(text)
    try:
        exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise _unreadable(text) from None
    sign = -1 if match.group(1) else 1
    return Span(sign * int(whole), sign * (weeks * 7 + days), sign * exact)


def parse_moment(text: str, now: datetime) -> datetime:
    """A date or date-time text as a moment; without an offset in the zone of `now`. Raises EngineError."""
    text = text.strip()
    try:
        if len(text) > _LONGEST:
            raise ValueError
        zone = re.fullmatch(r"(.+)\[[A-Za-z/_]+\]", text)
        moment = datetime.fromisoformat(zone.group(1) if zone else text)
    except ValueError:
        raise _unreadable(text) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def add_span(moment: datetime, span: Span) -> datetime:
    """`moment` plus `span`: months, then days, then time. Raises EngineError beyond year 9999."""
    try:
        months = moment.year * 12 + moment.month - 1 + span.months
        year, month = divmod(months, 12)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        local = moment.replace(year=year, month=month + 1, day=day) + timedelta(days=span.days)
        if local.tzinfo is None:
            return local + span.exact
        return (local.astimezone(UTC) + span.exact).astimezone(local.tzinfo)
    except (OverflowError, ValueError, IndexError):
        raise EngineError("timer-range", "a timer is due outside the years 1 to 9999") from None


def check_literal(text: str, kind: str) -> None:
    """Accepts a literal of its kind (date, duration, cycle). Raises EngineError `timer-syntax`."""
    first_due(text, kind, datetime(2000, 1, 1))


def first_due(value: object, kind: str, now: datetime) -> Due:
    """When a timer of `kind` (date, duration, cycle) armed at `now` fires first. Raises EngineError."""
    if isinstance(value, datetime):
        return Due(value if value.tzinfo else value.replace(tzinfo=now.tzinfo))
    if isinstance(value, date):
        return Due(datetime.combine(value, time(), tzinfo=now.tzinfo))
    if not isinstance(value, str):
        raise EngineError("timer-value", f"a timer needs a date, a duration or a cycle, not {value!r:.80}")
    text = value.strip()
    match = _CYCLE.fullmatch(text) if len(text) <= _LONGEST * 3 else None
    if match:
        return _first_of_cycle(match, text, now)
    if kind == "cycle" and is_cron(text):
        return Due(next_time(text, now), text)
    if kind == "cycle":
        return Due(_first_repeat(now, text), f"R/{text}", None)
    if text.startswith(("P", "-P")):
        return Due(add_span(now, parse_span(text)))
    return Due(parse_moment(text, now))


def next_due(due: datetime, cycle: str, remaining: int | None, zone: tzinfo | None = None) -> Due | None:
    """The firing after the one at `due`, counted from `due` so that a late clerk does not shift the cycle, on the
    calendar of `zone`."""
    if remaining is not None and remaining <= 0:
        return None
    local = due.astimezone(zone) if zone is not None else due
    if is_cron(cycle):
        return Due(next_time(cycle, local), cycle, remaining)
    return Due(
        add_span(local, parse_span(cycle.rsplit("/", 1)[1])), cycle, None if remaining is None else remaining - 1
    )


def _first_of_cycle(match: re.Match[str], text: str, now: datetime) -> Due:
    parts = match.group(2).split("/")
    remaining = int(match.group(1)) - 1 if match.group(1) else None
    if len(match.group(1)) > 9 or len(parts) > 2 or remaining == -1:
        raise _unreadable(text)
    if len(parts) == 1:
        return Due(_first_repeat(now, parts[0]), text, remaining)
    if parts[0].startswith("P"):
        raise _unreadable(text)
    _first_repeat(now, parts[1])
    return Due(parse_moment(parts[0], now), text, remaining)


def _first_repeat(moment: datetime, text: str) -> datetime:
    due = add_span(moment, parse_span(text))
    if due <= moment:
        # a cycle that does not move would fire for ever at once
        raise _unreadable(text)
    return due


def _unreadable(text: str) -> EngineError:
    return EngineError("timer-syntax", f"not an ISO 8601 date, duration or cycle: {text[:60]!r}")
