"""Laws are fitted, tested, and given up where none fits."""

from __future__ import annotations

import numpy as np
import pytest

from bpm.simulator.calibration.hours import open_seconds, time_periods, weekly_hours
from bpm.simulator.calibration.laws import POINTS, fit

RNG = np.random.default_rng(7)


@pytest.mark.parametrize(
    ("name", "values", "mean"),
    [
        ("expon", RNG.exponential(600.0, 400), 600.0),
        ("lognorm", RNG.lognormal(6.0, 0.5, 400), np.exp(6.125)),
        ("norm", RNG.normal(3600.0, 900.0, 2000), 3600.0),
        ("gamma", RNG.gamma(3.0, 200.0, 2000), 600.0),
        ("uniform", RNG.uniform(100.0, 200.0, 400), 150.0),
    ],
)
def test_the_law_that_made_the_times_is_found(name: str, values: np.ndarray, mean: float) -> None:
    found = fit(values)
    assert found.name == name
    expected = sum(found.parameters[:2]) / 2 if name == "uniform" else found.parameters[0]
    assert expected == pytest.approx(mean, rel=0.1)
    assert found.candidates[0].accepted


def test_times_that_no_law_fits_stand_for_themselves() -> None:
    values = np.concatenate([RNG.normal(60.0, 2.0, 300), RNG.normal(86_400.0, 600.0, 150)])
    found = fit(values)
    assert found.name == "empirical"
    assert not any(one.accepted for one in found.candidates)
    assert len(found.parameters) == POINTS
    assert np.mean(found.parameters) == pytest.approx(values.mean(), rel=1e-9)


def test_equal_times_are_one_number_and_few_times_are_themselves() -> None:
    assert (fit([60.0] * 20).name, fit([60.0] * 20).parameters) == ("fix", (60.0,))
    assert (fit([1.0, 2.0, 4.0]).name, fit([1.0, 2.0, 4.0]).parameters) == ("empirical", (1.0, 2.0, 4.0))


def test_an_outlier_is_told_and_kept() -> None:
    values = [*RNG.lognormal(4.0, 0.2, 200), 9e6]
    told = fit(values).as_json()["outliers"]
    assert (told["n"], told["largest_s"]) == (1, 9e6)
    assert fit(values).mean > 40_000.0
    assert fit(values[:-1]).outliers == 0


def test_office_hours_are_learned_and_a_lunch_hour_does_not_close_the_office() -> None:
    moments = [
        day * 86_400.0 + hour * 3600.0 + 60.0 for day in range(5) for hour in (8, 9, 10, 11, 13, 14) for _ in "xy"
    ]
    hours, inside = weekly_hours(moments)
    assert inside == 1.0
    assert time_periods(hours) == [{"from": "MONDAY", "to": "FRIDAY", "beginTime": "08:00:00", "endTime": "15:00:00"}]
    with_night, share = weekly_hours([*moments * 10, 3 * 3600.0])
    assert with_night == hours
    assert 0.98 < share < 1.0


def test_time_on_duty_leaves_the_night_out() -> None:
    hours, _ = weekly_hours([day * 86_400.0 + hour * 3600.0 for day in range(5) for hour in range(8, 16)])
    tuesday_nine, monday_three = 86_400.0 + 9 * 3600.0, 15 * 3600.0
    begin, end = open_seconds(hours, [monday_three, tuesday_nine])
    assert end - begin == 2 * 3600.0
    assert open_seconds(hours, [604_800.0 + 8 * 3600.0])[0] == 40 * 3600.0
