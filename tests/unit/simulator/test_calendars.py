"""Work goes on where people are on duty, and nowhere else."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bpm.errors import ScenarioError
from bpm.eventlog import EventLog, activity_rows
from bpm.model.scenario import Calendar
from bpm.simulator import simulate
from bpm.simulator.tables import calendars
from bpm.simulator.weeks import closes, finish, next_open, open_until
from bpm.simulator.zone import Clock
from tests.unit.simulator.drawn import WEEKDAYS, as_prosimos, draw, expon, fix, scenario

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
ONE = "f1: s -> t1\nf2: t1 -> e"


def play(procedure: Any, figures: Any, **options: Any) -> EventLog:
    logs: list[EventLog] = []
    simulate(procedure, figures, replications=1, sink=lambda number, log: logs.append(log), **options)
    return logs[0]


def rows(log: EventLog, node: str) -> list[tuple[float, float, float]]:
    k = log.nodes.index(node)
    return [
        (float(log.enabled[i]), float(log.started[i]), float(log.completed[i]))
        for i in range(len(log))
        if log.node[i] == k
    ]


def test_a_ten_hour_job_of_monday_midnight_runs_from_monday_nine_to_tuesday_eleven() -> None:
    log = play(draw(ONE), scenario({"t1": ("r", fix(10 * HOUR))}, arrivals=fix(1), calendar=WEEKDAYS), cases=1)
    assert rows(log, "t1") == [(0.0, 9 * HOUR, DAY + 11 * HOUR)]


def test_the_same_job_across_a_holiday_on_tuesday_ends_on_wednesday_at_eleven() -> None:
    """2025-01-07 is the Tuesday; a holiday before the start has no effect, and a note says so."""
    given = {"arrivals": fix(1), "calendar": WEEKDAYS, "holidays": ["2025-01-07", "2024-12-25"]}
    figures = scenario({"t1": ("r", fix(10 * HOUR))}, **given, cost=30.0)
    assert rows(play(draw(ONE), figures, cases=1), "t1") == [(0.0, 9 * HOUR, 2 * DAY + 11 * HOUR)]
    result = simulate(draw(ONE), figures, cases=1, replications=1)
    assert result.kpis["cost_eur"].mean == pytest.approx(300.0)
    assert result.resources["r"]["utilisation"].mean == pytest.approx(1.0)
    (note,) = [note for note in result.notes if note.field == "holidays"]
    assert note.found == ["2024-12-25"]


def test_on_a_holiday_nobody_starts_and_no_case_comes_but_machines_go_on() -> None:
    content = as_prosimos({"t1": ("r", fix(HOUR))}, arrivals=fix(4 * HOUR), calendar=WEEKDAYS)
    content |= {"arrival_time_calendar": WEEKDAYS, "holidays": ["2025-01-06"]}
    from bpm.exchange.prosimos import read_scenario

    log = play(draw("f1: s -> t1\nf2: t1 -> e"), read_scenario(content), cases=3)
    assert [enabled for enabled, _, _ in rows(log, "t1")] == [DAY + 9 * HOUR, DAY + 13 * HOUR, DAY + 17 * HOUR]
    around = scenario({"t1": ("r", fix(10 * HOUR))}, arrivals=fix(1), holidays=["2025-01-06"])
    assert rows(play(draw(ONE), around, cases=1), "t1") == [(0.0, 0.0, 10 * HOUR)]


def test_a_holiday_that_is_no_date_is_named() -> None:
    with pytest.raises(ScenarioError, match="Neujahr"):
        scenario({"t1": ("r", fix(1))}, arrivals=fix(1), holidays=["Neujahr"])


def test_a_job_that_fills_the_day_ends_with_the_day() -> None:
    log = play(draw(ONE), scenario({"t1": ("r", fix(8 * HOUR))}, arrivals=fix(1), calendar=WEEKDAYS), cases=1)
    assert rows(log, "t1") == [(0.0, 9 * HOUR, 17 * HOUR)]


def test_waiting_cases_start_in_order_of_arrival_when_the_office_opens() -> None:
    log = play(draw(ONE), scenario({"t1": ("r", fix(HOUR))}, arrivals=fix(60), calendar=WEEKDAYS), cases=10)
    assert [start for _, start, _ in rows(log, "t1")] == [
        9 * HOUR + k * HOUR if k < 8 else DAY + 9 * HOUR + (k - 8) * HOUR for k in range(10)
    ]
    assert list(log.case[log.node == log.nodes.index("t1")]) == list(range(10))


def test_the_colleague_on_duty_is_asked_not_the_one_who_slept_for_longest() -> None:
    """A works around the clock, B in office hours; one short job an hour never waits."""
    content = as_prosimos({"t1": ("a", fix(600))}, arrivals=fix(HOUR), people={"a": 1, "b": 1})
    content["task_resource_distribution"][0]["resources"].append({"resource_id": "b", **fix(600)})
    content["resource_calendars"].append({"id": "day", "name": "day", "time_periods": WEEKDAYS})
    content["resource_profiles"][1]["resource_list"][0]["calendar"] = "day"
    from bpm.exchange.prosimos import read_scenario

    log = play(draw(ONE), read_scenario(content), cases=336)
    assert all(start == enabled for enabled, start, _ in rows(log, "t1"))
    assert {log.resources[r] for r in log.resource if r >= 0} == {"a", "b"}


def test_cost_is_paid_for_time_on_duty_only() -> None:
    figures = scenario({"t1": ("r", fix(10 * HOUR))}, arrivals=fix(1), calendar=WEEKDAYS, cost=30.0)
    result = simulate(draw(ONE), figures, cases=1, replications=1)
    assert result.kpis["cost_eur"].mean == pytest.approx(300.0)
    assert result.kpis["processing_time_s"].mean == pytest.approx(10 * HOUR)
    assert result.resources["r"]["utilisation"].mean == pytest.approx(1.0)


def test_a_start_in_the_middle_of_the_week_counts_from_there() -> None:
    content = as_prosimos({"t1": ("r", fix(HOUR))}, arrivals=fix(1), calendar=WEEKDAYS, start="2025-01-10T16:30:00")
    from bpm.exchange.prosimos import read_scenario

    log = play(draw(ONE), read_scenario(content), cases=1)
    ((enabled, start, done),) = rows(log, "t1")
    assert (start - enabled, done - start) == (0.0, 30 * 60 + (7 + 24 + 24 + 9) * HOUR + 30 * 60)


def test_calendar_arithmetic_agrees_with_counting_minute_by_minute() -> None:
    """Weekly hours, closed days, and a wall clock that is put forward and back."""
    rng = random.Random(20250106)
    print("seed 20250106")
    for _ in range(15):
        cuts = sorted(rng.sample(range(0, 10080, 30), 2 * rng.randint(1, 6)))
        spans = [(a * 60.0, b * 60.0) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
        days = sorted(rng.sample(range(28), rng.choice([0, 0, 1, 3])))
        forward, back = sorted(rng.sample(range(60, 38000, 60), 2))
        clock = rng.choice([Clock(), Clock((0.0, forward * 60.0, back * 60.0), (0.0, 3600.0, 0.0))])
        table, calendar = arrays(spans, days, clock)
        open_minute = []
        for m in range(40320):
            wall = m + int(clock.wall(m * 60.0) - m * 60.0) // 60
            week = any(a <= wall % 10080 * 60 < b for a, b in spans)
            open_minute.append(week and wall // 1440 not in days)
        start = rng.randrange(10080)
        work = rng.randrange(1, 9000)
        left, minute = work, start
        while left and minute < len(open_minute):
            left -= open_minute[minute]
            minute += 1
        if left:
            continue
        assert finish(calendar, table, start * 60.0, work * 60.0) == minute * 60.0
        first = next(m for m in range(start, 40000) if open_minute[m])
        assert next_open(calendar, table, start * 60.0) == first * 60.0
        assert open_until(calendar, table, start * 60.0) == 60.0 * sum(open_minute[:start])
        assert closes(calendar, table, first * 60.0) <= 60.0 * next(
            m for m in range(first, 50000) if m >= 40320 or not open_minute[m]
        )


def arrays(spans: list[tuple[float, float]], days: list[int], clock: Clock) -> tuple[Any, Any]:
    """A calendar with closed days, as the kernel reads it."""
    dates = tuple((date(2025, 1, 6) + timedelta(days=day)).isoformat() for day in days)
    figures = scenario({"t1": ("r", fix(1))}, arrivals=fix(1), holidays=list(dates))
    week = Calendar("c", tuple(spans))
    rows, periods, index = calendars(replace(figures, calendars={"c": week}), {"": week}, clock)
    return periods, rows[index["c"]]


def test_a_calendar_that_never_opens_is_refused() -> None:
    content = as_prosimos({"t1": ("r", expon(1))}, arrivals=fix(1))
    content["resource_calendars"][0]["time_periods"] = []
    from bpm.exchange.prosimos import read_scenario

    with pytest.raises(ScenarioError, match="never open"):
        simulate(draw(ONE), read_scenario(content), cases=1)


def test_without_a_calendar_of_arrivals_cases_come_when_the_first_step_is_on_duty() -> None:
    content = as_prosimos({"t1": ("r", fix(60))}, arrivals=fix(HOUR), calendar=WEEKDAYS)
    del content["arrival_time_calendar"]
    from bpm.exchange.prosimos import read_scenario

    figures = read_scenario(content)
    log = play(draw("f1: s -> x1\nf2: x1 -> t1\nf3: t1 -> e"), figures, cases=10)
    assert [enabled for enabled, _, _ in rows(log, "t1")] == [
        9 * HOUR + k * HOUR if k < 9 else DAY + 10 * HOUR for k in range(10)
    ]
    assert [note.field for note in figures.notes] == ["arrival_time_calendar"]


def test_a_two_hour_job_across_the_spring_change_ends_three_hours_later_on_the_wall() -> None:
    """Europe/Madrid, 2025-03-30: 01:30 and two hours is 04:30; no clock was stopped, and the log says both offsets."""
    given = {"arrivals": fix(1), "start": "2025-03-30T01:30:00", "time_zone": "Europe/Madrid"}
    log = play(draw(ONE), scenario({"t1": ("r", fix(2 * HOUR))}, **given), cases=1)
    assert shown(log, "Europe/Madrid") == ["2025-03-30T01:30:00.000+01:00", "2025-03-30T04:30:00.000+02:00"]


def test_a_night_shift_of_the_autumn_change_is_an_hour_longer() -> None:
    night = [{"from": "SATURDAY", "to": "SATURDAY", "beginTime": "22:00:00", "endTime": "24:00:00"},
             {"from": "SUNDAY", "to": "SUNDAY", "beginTime": "00:00:00", "endTime": "06:00:00"}]  # fmt: skip
    given = {"arrivals": fix(1), "start": "2025-10-25T12:00:00", "time_zone": "Europe/Berlin", "calendar": night}
    log = play(draw(ONE), scenario({"t1": ("r", fix(9 * HOUR))}, **given), cases=1)
    assert shown(log, "Europe/Berlin") == ["2025-10-25T22:00:00.000+02:00", "2025-10-26T06:00:00.000+01:00"]
    log = play(draw(ONE), scenario({"t1": ("r", fix(9 * HOUR))}, **given | {"start": "2025-10-18T12:00:00"}), cases=1)
    assert shown(log, "Europe/Berlin")[1] == "2025-10-25T23:00:00.000+02:00"


def test_office_hours_are_those_of_the_wall_clock_in_summer_too() -> None:
    given = {"arrivals": fix(1), "start": "2025-03-28T16:00:00", "calendar": WEEKDAYS}
    log = play(draw(ONE), scenario({"t1": ("r", fix(2 * HOUR))}, **given), cases=1)
    assert shown(log, "Europe/Berlin") == ["2025-03-28T16:00:00.000+01:00", "2025-03-31T10:00:00.000+02:00"]


def shown(log: EventLog, zone: str) -> list[str]:
    """Start and end of the only job, as the log is written."""
    ((_, _, _, _, start, end, _),) = activity_rows(log, {}, frozenset({"t1"}), zone)
    return [start, end]


def test_a_zone_that_does_not_exist_is_named() -> None:
    with pytest.raises(ScenarioError, match="Europe/Atlantis"):
        play(draw(ONE), scenario({"t1": ("r", fix(1))}, arrivals=fix(1), time_zone="Europe/Atlantis"), cases=1)


def test_a_calendar_is_closed_or_open_otherwise_on_single_dates() -> None:
    """Monday is closed, Tuesday is open from 12 to 14 only, so is Saturday for once."""
    short = [{"beginTime": "12:00:00", "endTime": "14:00:00"}]
    content = as_prosimos({"t1": ("r", fix(3 * HOUR))}, arrivals=fix(1), calendar=WEEKDAYS)
    content["calendar_exceptions"] = [
        {"calendar_id": "c", "from": "2025-01-06", "time_periods": []},
        {"calendar_id": "c", "from": "2025-01-07", "time_periods": short},
        {"calendar_id": "c", "from": "2025-01-11", "to": "2025-01-12", "time_periods": short},
    ]
    from bpm.exchange.prosimos import read_scenario

    log = play(draw(ONE), read_scenario(content), cases=1)
    assert rows(log, "t1") == [(0.0, DAY + 12 * HOUR, 2 * DAY + 10 * HOUR)]
    content["start"] = "2025-01-11T00:00:00"
    (only,) = rows(play(draw(ONE), read_scenario(content), cases=1), "t1")
    assert only[1:] == (5 * DAY + 12 * HOUR, 6 * DAY + 13 * HOUR)


def test_people_on_leave_finish_what_they_began_and_start_nothing() -> None:
    content = as_prosimos({"t1": ("r", fix(10 * HOUR))}, arrivals=fix(HOUR), people={"r": 2}, cost=10.0)
    content["absences"] = [{"resource_id": "r", "from": "2025-01-07", "to": "2025-01-08", "amount": 1}]
    from bpm.exchange.prosimos import read_scenario

    log = play(draw(ONE), read_scenario(content), cases=10)
    starts = [start / HOUR for _, start, _ in rows(log, "t1")]
    assert starts == [0, 1, 10, 11, 20, 21, 31, 41, 51, 61]
    result = simulate(draw(ONE), read_scenario(content), cases=10, replications=1)
    assert result.resources["r"]["utilisation"].mean == pytest.approx(100 / (2 * 71 - 47))


def test_public_holidays_come_from_the_state() -> None:
    figures = scenario({"t1": ("r", fix(1))}, arrivals=fix(1), holidays={"state": "BY", "years": 1})
    assert {"2025-01-06", "2025-08-15", "2025-12-25"} <= set(figures.holidays)
    assert (
        "2025-08-15"
        not in scenario({"t1": ("r", fix(1))}, arrivals=fix(1), holidays={"state": "BE", "years": 1}).holidays
    )
