"""The only place that asks what time it is.

Everything below `bpm.service` takes `now` as a value; the doors (service, worker, CLI) hold a `Clock`.
Times are aware and in UTC; `BPM_TIMEZONE` matters only where people and calendars read them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that tests move by hand."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on (or back, if `by` is negative)."""
        self._now += by
