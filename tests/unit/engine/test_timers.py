"""When timers are due: calendar and clock, both changes of the clocks, leap days, and texts that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bpm.engine.timers import check_literal, first_due, looks_literal, next_due
from bpm.errors import EngineError

BERLIN = ZoneInfo("Europe/Berlin")


def due(text: str, now: str, kind: str = "duration", zone: ZoneInfo = BERLIN) -> str:
    return first_due(text, kind, datetime.fromisoformat(now).replace(tzinfo=zone)).at.isoformat()


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("P1D", "2025-03-29T12:00", "2025-03-30T12:00:00+02:00"),
        ("PT24H", "2025-03-29T12:00", "2025-03-30T13:00:00+02:00"),
        ("P1D", "2025-10-25T12:00", "2025-10-26T12:00:00+01:00"),
        ("PT24H", "2025-10-25T12:00", "2025-10-26T11:00:00+01:00"),
        ("P1M", "2025-01-31T08:00", "2025-02-28T08:00:00+01:00"),
        ("P1M", "2024-01-31T08:00", "2024-02-29T08:00:00+01:00"),
        ("P1Y", "2024-02-29T08:00", "2025-02-28T08:00:00+01:00"),
        ("P1Y2M3DT4H5M6S", "2025-01-01T00:00", "2026-03-04T04:05:06+01:00"),
        ("P2W", "2025-01-01T00:00", "2025-01-15T00:00:00+01:00"),
        ("PT0.5S", "2025-01-01T00:00", "2025-01-01T00:00:00.500000+01:00"),
        ("PT1,5H", "2025-01-01T00:00", "2025-01-01T01:30:00+01:00"),
        ("-P1D", "2025-01-02T00:00", "2025-01-01T00:00:00+01:00"),
        ("2025-07-01T09:00:00", "2025-01-01T00:00", "2025-07-01T09:00:00+02:00"),
        ("2025-07-01", "2025-01-01T00:00", "2025-07-01T00:00:00+02:00"),
        ("2025-07-01T09:00:00Z", "2025-01-01T00:00", "2025-07-01T09:00:00+00:00"),
        ("2025-07-01T09:00:00+02:00[Europe/Berlin]", "2025-01-01T00:00", "2025-07-01T09:00:00+02:00"),
    ],
)
def test_a_timer_is_counted_on_the_calendar_of_its_zone(text, now, expected):
    assert due(text, now) == expected


def test_a_daily_cycle_keeps_its_hour_when_the_clocks_change():
    at = first_due("R/P1D", "cycle", datetime(2025, 3, 28, 9, tzinfo=BERLIN))
    seen = []
    for _ in range(3):
        seen.append(at.at.isoformat())
        again = next_due(datetime.fromisoformat(at.at.isoformat()), at.cycle or "", at.remaining, BERLIN)
        assert again is not None
        at = again
    assert seen == ["2025-03-29T09:00:00+01:00", "2025-03-30T09:00:00+02:00", "2025-03-31T09:00:00+02:00"]


def test_a_cycle_with_a_number_ends():
    found = first_due("R2/PT1H", "cycle", datetime(2025, 1, 1, tzinfo=UTC))
    assert found.remaining == 1
    last = next_due(found.at, found.cycle or "", found.remaining)
    assert last is not None
    assert last.remaining == 0
    assert next_due(last.at, last.cycle or "", last.remaining) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("P", "duration"),
        ("PT", "duration"),
        ("P1DT", "duration"),
        ("P1S", "duration"),
        ("PT1D", "duration"),
        ("P0.5M", "duration"),
        ("1H", "duration"),
        ("P" + "9" * 70 + "D", "duration"),
        ("P99999Y", "duration"),
        ("P999999999999D", "duration"),
        ("2025-13-01", "date"),
        ("2025-02-29", "date"),
        ("2025-01-01T25:00:00", "date"),
        ("morgen", "date"),
        ("R0/PT1H", "cycle"),
        ("R/PT0S", "cycle"),
        ("R/-PT1H", "cycle"),
        ("R3", "cycle"),
        ("R3/PT1H/2025-01-01", "cycle"),
        ("R3/2025-01-01/PT1H/PT2H", "cycle"),
        ("R9999999999/PT1H", "cycle"),
        ("0 0 * * *", "cycle"),
        ("", "duration"),
    ],
)
def test_what_is_no_time_is_refused(text, kind):
    with pytest.raises(EngineError):
        check_literal(text, kind)


@pytest.mark.parametrize("text", ["P1D", "PT1H", "PT1X", "-P1D", "R3/P1D", "R/x", "2025-01-01", "2025-99"])
def test_a_text_that_means_to_be_a_literal_is_not_taken_for_a_variable(text):
    assert looks_literal(text)


@pytest.mark.parametrize("text", ["Prüffrist", "Rest", "frist", 'duration("P1D")', "PTaste", "R"])
def test_a_variable_is_not_taken_for_a_literal(text):
    assert not looks_literal(text)


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("0 0/5 * * * ?", "2025-01-01T08:03:00", "2025-01-01T08:05:00+01:00"),
        ("0 0/5 * * * ?", "2025-01-01T08:05:00", "2025-01-01T08:10:00+01:00"),
        ("0 0 9 ? * MON-FRI", "2025-01-03T10:00:00", "2025-01-06T09:00:00+01:00"),
        ("0 30 2 * * ?", "2025-03-29T12:00:00", "2025-03-30T03:30:00+02:00"),
        ("0 30 2 * * ?", "2025-10-25T12:00:00", "2025-10-26T02:30:00+02:00"),
        ("0 0 0 29 2 ?", "2025-01-01T00:00:00", "2028-02-29T00:00:00+01:00"),
        ("15,45 0 12 1 JAN,JUL ? 2026", "2025-01-01T00:00:00", "2026-01-01T12:00:15+01:00"),
        ("0 0 8-10/2 * * ?", "2025-01-01T08:00:00", "2025-01-01T10:00:00+01:00"),
    ],
)
def test_a_cron_text_comes_next_on_the_calendar_of_its_zone(text, now, expected):
    assert looks_literal(text)
    assert due(text, now, "cycle") == expected


def test_a_cron_goes_on_for_ever_and_never_back():
    at = first_due("0 30 2 * * ?", "cycle", datetime(2025, 10, 25, 9, tzinfo=BERLIN))
    for expected in ("2025-10-27T02:30:00+01:00", "2025-10-28T02:30:00+01:00"):
        again = next_due(at.at, at.cycle or "", at.remaining, BERLIN)
        assert again is not None
        at = again
        assert at.at.isoformat() == expected


@pytest.mark.parametrize("text", ["0 60 * * * ?", "0 0 0 31 2 ?", "0 0 9 ? * MONFRI", "0 0 9-8 * * ?", "0 0/0 * * * ?"])
def test_a_cron_that_never_comes_or_means_nothing_is_refused(text):
    with pytest.raises(EngineError):
        check_literal(text, "cycle")


@pytest.mark.parametrize("text", ["A - B - C - D", "wenn das hier so ist dann", "0 0 9 * *"])
def test_an_expression_is_no_cron(text):
    assert not looks_literal(text)
