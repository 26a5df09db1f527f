"""Legal deadlines, with ends worked out by hand on a calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bpm.errors import InvalidRequest
from bpm.model.deadline import Length, count, parse_length, public_holidays


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("event", "length", "end", "why"),
    [
        ("2026-03-02", "P14D", "2026-03-16", "Monday and a fortnight: the event day does not count"),
        ("2026-03-04", "P1W", "2026-03-11", "a week ends on the day of the same name"),
        ("2026-01-15", "P1M", "2026-02-16", "15 February is a Sunday"),
        ("2026-01-30", "P1M", "2026-03-02", "no 30 February: 28th, a Saturday, so Monday"),
        ("2024-01-31", "P1M", "2024-02-29", "the leap day is the last of the month"),
        ("2025-11-28", "P3M", "2026-03-02", "28 February 2026 is a Saturday"),
        ("2026-02-28", "P1M", "2026-03-30", "28 March is a Saturday; the last of a month has no privilege"),
        ("2025-10-01", "P3M", "2026-01-02", "1 January is a holiday"),
        ("2026-03-20", "P2W", "2026-04-07", "Good Friday, the weekend and Easter Monday are passed over"),
        ("2025-12-11", "P14D", "2025-12-29", "both days of Christmas, then a weekend"),
        ("2024-02-29", "P1Y", "2025-02-28", "a year from a leap day"),
        ("2026-05-13", "P1M14D", "2026-06-29", "13 June and a fortnight is Saturday 27 June"),
    ],
)
def test_a_deadline_ends_where_the_calendar_says(event: str, length: str, end: str, why: str) -> None:
    counted = count(day(event), length, public_holidays())
    assert counted.end == day(end), why
    assert counted.first_day == day(event) + timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [("2026-03-01", "P1M", "2026-03-31"), ("2026-07-01", "P1Y", "2027-06-30"), ("2026-03-02", "P1W", "2026-03-08")],
)
def test_from_the_start_of_a_day_that_day_counts(start: str, length: str, end: str) -> None:
    counted = count(day(start), length, from_start_of_day=True, to_working_day=False)
    assert (counted.first_day, counted.end) == (day(start), day(end))


def test_three_months_are_not_ninety_days() -> None:
    event = day("2026-06-30")
    assert count(event, "P3M").end == day("2026-09-30")
    assert count(event, "P90D").end == day("2026-09-28")


def test_assumption_day_is_a_holiday_in_munich_and_not_in_every_bavarian_town() -> None:
    # 15 August 2025 is a Friday
    assert count(day("2025-08-01"), "P14D", public_holidays("BY", "catholic")).end == day("2025-08-18")
    assert count(day("2025-08-01"), "P14D", public_holidays("BY", None)).end == day("2025-08-15")


def test_without_the_rule_for_weekends_the_end_stays_on_its_day() -> None:
    counted = count(day("2026-01-15"), "P1M", public_holidays(), to_working_day=False)
    assert (counted.end, counted.shifted) == (day("2026-02-15"), False)


def test_suspended_days_are_added_and_may_reach_the_next_suspension() -> None:
    # P14D from Monday 2 March: to the 16th. Ten days off: to the 26th, which now reaches the second suspension.
    suspensions = [(day("2026-03-25"), day("2026-03-26")), (day("2026-03-05"), day("2026-03-14"))]
    counted = count(day("2026-03-02"), "P14D", suspensions=suspensions, to_working_day=False)
    assert (counted.nominal_end, counted.suspended_days, counted.end) == (day("2026-03-16"), 12, day("2026-03-28"))


def test_time_before_the_deadline_or_suspended_twice_is_not_added_twice() -> None:
    suspensions = [(day("2026-02-01"), day("2026-03-04")), (day("2026-03-03"), day("2026-03-06"))]
    counted = count(day("2026-03-02"), "P14D", suspensions=suspensions, to_working_day=False)
    assert (counted.suspended_days, counted.end) == (4, day("2026-03-20"))


def test_a_suspension_after_the_end_changes_nothing() -> None:
    counted = count(day("2026-03-02"), "P14D", suspensions=[(day("2026-03-17"), day("2026-04-17"))])
    assert (counted.suspended_days, counted.end) == (0, day("2026-03-16"))


def test_an_extension_counts_from_the_end_before_it() -> None:
    # P1M from 15 January ends on Monday 16 February; one month more on Monday 16 March
    assert count(day("2026-01-15"), "P1M", public_holidays(), extensions=["P1M"]).end == day("2026-03-16")


@pytest.mark.parametrize("text", ["", "P", "3 Monate", "PT72H", "P1.5M", "-P1M", "P3MT1H", "P999999D"])
def test_what_is_no_calendar_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_length(text)
    assert refused.value.code == "deadline-length"


def test_years_are_months_and_weeks_are_days() -> None:
    assert parse_length("P1Y6M2W1D") == Length(18, 15)


def test_nonsense_is_refused_with_a_code() -> None:
    with pytest.raises(InvalidRequest) as backwards:
        count(day("2026-03-02"), "P14D", suspensions=[(day("2026-03-09"), day("2026-03-08"))])
    with pytest.raises(InvalidRequest) as beyond:
        count(day("9999-12-01"), "P1Y")
    with pytest.raises(InvalidRequest) as nowhere:
        public_holidays("XX")
    assert [error.value.code for error in (backwards, beyond, nowhere)] == [
        "deadline-suspension",
        "deadline-range",
        "holidays-state",
    ]


def test_a_longer_deadline_never_ends_earlier() -> None:
    holidays = public_holidays()
    start = day("2026-01-01")
    for offset in range(0, 400, 7):
        event = start + timedelta(days=offset)
        ends = [count(event, f"P{days}D", holidays).end for days in range(1, 40)]
        assert ends == sorted(ends)
        assert all(end.weekday() < 5 and end not in holidays for end in ends)
