"""Prosimos JSON is read unchanged; older versions are converted aloud or refused with both readings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bpm.errors import ScenarioError
from bpm.exchange.prosimos import read_scenario
from bpm.model.scenario import Distribution, Scenario
from tests.unit.simulator.drawn import as_prosimos, fix


def arrivals(name: str, *values: float, plain: bool = False) -> tuple[Distribution, Scenario]:
    parameters: list[Any] = list(values) if plain else [{"value": value} for value in values]
    content = as_prosimos({}, arrivals={"distribution_name": name, "distribution_params": parameters})
    found = read_scenario(content, "s.json")
    return found.arrivals.interval, found


@pytest.mark.parametrize(
    ("name", "values", "kind", "parameters"),
    [
        ("fix", (480,), "fix", (480,)),
        ("expon", (480, 0, 1e12), "exponential", (480, 0)),
        ("expon", (480, 80, 1e12), "exponential", (400, 80)),
        ("norm", (100, 10, 0, 500), "normal", (100, 10)),
        ("lognorm", (600, 102249.15, 0, 1e12), "lognormal", (600, 102249.15)),
        ("gamma", (600, 90000, 0, 1e12), "gamma", (600, 90000)),
        ("uniform", (10, 20), "uniform", (10, 20)),
    ],
)
def test_version_two_holds_moments(
    name: str, values: tuple[float, ...], kind: str, parameters: tuple[float, ...]
) -> None:
    law, found = arrivals(name, *values)
    assert (law.kind, law.parameters) == (kind, parameters)
    assert not found.notes


@pytest.mark.parametrize(
    ("name", "values", "kind", "parameters"),
    [
        ("expon", (0, 1800, 0, 1e9), "exponential", (1800, 0)),
        ("uniform", (10, 20, 0, 1e9), "uniform", (10, 30)),
        ("gamma", (4, 0, 150, 0, 1e9), "gamma", (600, 90000)),
        ("lognorm", (0.5, 0, 600, 0, 1e9), "lognormal", (679.889, 131290.6)),
        ("triang", (0.5, 0, 60, 0, 1e9), "triangular", (0, 30, 60)),
    ],
)
def test_version_one_is_converted_with_a_note(
    name: str, values: tuple[float, ...], kind: str, parameters: tuple[float, ...]
) -> None:
    law, found = arrivals(name, *values)
    assert law.kind == kind
    assert law.parameters == pytest.approx(parameters, rel=1e-5)
    (note,) = found.notes
    assert (note.field, note.found) == ("distribution_params", list(values))


def test_version_zero_with_bare_scipy_numbers_is_converted_with_a_note() -> None:
    law, found = arrivals("gamma", 4, 0, 150, plain=True)
    assert law.parameters == (600, 90000)
    assert len(found.notes) == 1


def test_an_exponential_that_can_be_read_two_ways_is_refused_and_both_are_named() -> None:
    with pytest.raises(ScenarioError, match=r"mean 0, min 1800, max 90 .*location 0, scale 1800, minimum 90") as caught:
        arrivals("expon", 0, 1800, 90)
    assert (caught.value.path, caught.value.element) == ("s.json", "arrival_time_distribution")


def test_version_zero_dictionaries_are_read_like_lists() -> None:
    content = as_prosimos({"t1": ("r", fix(5))}, arrivals=fix(9))
    new = read_scenario(content)
    old = dict(content)
    old["resource_profiles"] = {
        "pool_r": {"name": "r", "resource_list": {"r": {"name": "r", "amount": 1, "cost_per_hour": 0, "calendar": "c"}}}
    }
    old["resource_calendars"] = {"c": content["resource_calendars"][0]["time_periods"]}
    old["task_resource_distribution"] = {"t1": {"r": {"distribution_name": "fix", "distribution_params": [5]}}}
    found = read_scenario(old)
    assert found.resources == new.resources
    assert found.calendars == new.calendars
    assert found.activities == new.activities


def law(name: str, *values: Any) -> dict[str, Any]:
    return {"distribution_name": name, "distribution_params": [{"value": value} for value in values]}


def span(day: str, begin: str, end: str) -> dict[str, Any]:
    return {"arrival_time_calendar": [{"from": "MONDAY", "to": day, "beginTime": begin, "endTime": end}]}


def gateway(value: float) -> dict[str, Any]:
    ways = [{"path_id": "f", "value": value}]
    return {"gateway_branching_probabilities": [{"gateway_id": "x", "probabilities": ways}]}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"arrival_time_distribution": law("zipfel", 1)}, "no such distribution"),
        ({"arrival_time_distribution": law("pareto", 0.5)}, "no mean"),
        ({"arrival_time_distribution": law("fix", "nan")}, "numbers"),
        ({"resource_profiles": None}, "not a Prosimos scenario"),
        (
            {"task_resource_distribution": [{"task_id": "t", "resources": [{"resource_id": "?", **fix(1)}]}]},
            "no resource",
        ),
        (span("X", "8:00", "9:00"), "week day"),
        (span("MONDAY", "8-9", "9"), "time of day"),
        (span("MONDAY", "22:00", "06:00"), "two periods"),
        ({"multitask": {"type": "local"}}, "multitask cannot be simulated"),
        ({"batch_processing": [{"task_id": "t", "type": "Parallel"}]}, "needs people"),
        (gateway(30), "no probability"),
    ],
)
def test_nonsense_is_a_located_error(change: dict[str, Any], match: str) -> None:
    content = as_prosimos({}, arrivals=fix(1)) | change
    with pytest.raises(ScenarioError, match=match) as caught:
        read_scenario(content, "s.json")
    assert str(caught.value).startswith("s.json:")


def test_a_file_that_is_not_json_names_its_line() -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(b'{\n "a": }', "s.json")
    assert (caught.value.code, caught.value.line) == ("scenario-json", 2)


def test_unknown_keys_are_carried_and_noted() -> None:
    found = read_scenario(as_prosimos({}, arrivals=fix(1)) | {"neu": 1, "process_model": "x.bpmn"})
    assert found.extras["neu"] == 1
    assert {note.field for note in found.notes} == {"neu", "process_model"}


def test_lower_case_days_and_a_day_end_of_23_59_are_repaired_aloud() -> None:
    content = as_prosimos({}, arrivals=fix(1))
    content["arrival_time_calendar"] = [{"from": "friday", "to": "MONDAY", "beginTime": "00:00", "endTime": "23:59:00"}]
    found = read_scenario(content)
    assert found.arrivals.calendar.periods == ((0.0, 86400.0), (4 * 86400.0, 7 * 86400.0))
    assert {note.field for note in found.notes} == {"from/to", "endTime"}


def test_the_digest_does_not_depend_on_white_space_or_order() -> None:
    content = as_prosimos({}, arrivals=fix(1))
    turned = dict(reversed(content.items()))
    assert read_scenario(json.dumps(content, indent=3).encode()).digest == read_scenario(turned).digest
    assert read_scenario(content | {"cases_per_year": 3}).digest != read_scenario(content).digest


def test_our_fields_say_how_a_figure_is_known() -> None:
    known = {"known": "estimated", "by": "KVR", "on": "2025-02-01", "low": 20000, "high": 40000}
    content = as_prosimos({}, arrivals=fix(1)) | {
        "cases_per_year": {"value": 30000, **known},
        "known": {"arrival_time_distribution": known},
    }
    found = read_scenario(content)
    assert found.cases_per_year == 30000
    assert (found.known["arrival_time_distribution"].how, found.known["arrival_time_distribution"].low) == (
        "estimated",
        20000,
    )
