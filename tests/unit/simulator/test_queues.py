"""Exact values of queueing theory lie in the intervals, and the intervals are narrow."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from bpm.kpis import Estimate, half_width
from bpm.simulator import layout as L
from bpm.simulator import simulate
from tests.unit.simulator.drawn import as_prosimos, draw, expon, fix, law, scenario

ONE = "f1: s -> t1\nf2: t1 -> e"
REPLICATIONS = 30


def agrees(exact: float, values: list[float]) -> bool:
    """In the 99 % interval of 30 replications, which is narrower than 3 % of the value: too wide fails as well."""
    half = half_width(np.array(values), 0.99)
    assert half is not None
    mean = float(np.mean(values))
    print(f"exact {exact:g}, found {mean:g} +- {half:g} ({half / exact:.2%})")
    return abs(mean - exact) <= half and half < 0.03 * exact


def near(exact: float, found: Estimate) -> bool:
    """`agrees` for an estimate: its 95 % half width, widened to 99 % (Student, 29 degrees of freedom)."""
    assert found.mean is not None
    assert found.half_width_95 is not None
    half = found.half_width_95 * 2.7564 / 2.0452
    print(f"exact {exact:g}, found {found.mean:g} +- {half:g} ({half / exact:.2%})")
    return abs(found.mean - exact) <= half and half < 0.03 * exact


@cache
def single_server() -> tuple[float, ...]:
    """Mean waiting times of M/M/1 with load 0.8."""
    return tuple(waits(ONE, 60_000, tasks={"t1": ("r", expon(800))}, arrivals=expon(1000)))


def waits(text: str, cases: int, seed: int = 7, column: int = L.WAITING, **given: Any) -> list[float]:
    result = simulate(
        draw(text), scenario(given.pop("tasks"), **given), cases=cases, replications=REPLICATIONS, seed=seed
    )
    return [float(np.nanmean(one.cases[:, column])) for one in result.counted]


SINGLE: list[tuple[str, float, int, dict[str, Any], int]] = [
    ("M/M/5", 2216.450, 5, expon(4000), 100_000),
    ("M/D/1", 1600.0, 1, fix(800), 40_000),
    ("M/G/1 lognormal", 3200 * (1 + math.expm1(0.36)) / 2, 1, law("lognorm", 800, 640_000 * math.expm1(0.36)), 40_000),
]  # fmt: skip


@pytest.mark.parametrize(("name", "exact", "servers", "service", "cases"), SINGLE, ids=[row[0] for row in SINGLE])
def test_mean_waiting_time_of_a_queue(
    name: str, exact: float, servers: int, service: dict[str, Any], cases: int
) -> None:
    found = waits(ONE, cases, tasks={"t1": ("r", service)}, arrivals=expon(1000), people={"r": servers})
    assert agrees(exact, found)


def test_mean_waiting_time_of_a_single_server() -> None:
    assert agrees(3200.0, list(single_server()))


def test_a_wrong_value_is_not_in_the_interval() -> None:
    assert not agrees(3200 * 1.05, list(single_server()))


def test_two_queues_in_a_row_wait_as_jackson_says() -> None:
    result = simulate(
        draw("f1: s -> t1\nf2: t1 -> t2\nf3: t2 -> e"),
        scenario({"t1": ("a", expon(800)), "t2": ("b", expon(1600))}, arrivals=expon(1000), people={"a": 1, "b": 2}),
        cases=60_000,
        replications=REPLICATIONS,
        seed=3,
    )
    assert near(3200.0, result.nodes["t1"]["waiting_time_s"])
    assert near(2844.444, result.nodes["t2"]["waiting_time_s"])


def test_a_step_repeated_with_one_in_five_cases_has_the_exact_sojourn_time() -> None:
    found = waits(
        "f1: s -> x1\nf2: x1 -> t1\nf3: t1 -> x2\nf4: x2 -> x1\nf5: x2 -> e",
        50_000,
        column=L.CYCLE,
        tasks={"t1": ("r", expon(640))},
        arrivals=expon(1000),
        gateway_branching_probabilities=[
            {"gateway_id": "x2", "probabilities": [{"path_id": "f4", "value": 0.2}, {"path_id": "f5", "value": "0.8"}]}
        ],
    )
    assert agrees(4000.0, found)


def test_urgent_cases_go_first_but_never_before_they_exist() -> None:
    """Cobham's exact values for two non-preemptive classes."""
    given = as_prosimos(
        {"t1": ("r", expon(800))},
        arrivals=expon(1000),
        case_attributes=[
            {
                "name": "eilig",
                "type": "discrete",
                "values": [{"key": "ja", "value": 0.3}, {"key": "nein", "value": 0.7}],
            }
        ],
        prioritisation_rules=[
            {"priority_level": 1, "rules": [[{"attribute": "eilig", "comparison": "=", "value": "ja"}]]}
        ],
    )
    from bpm.exchange.prosimos import read_scenario

    split = 'f1: s -> x1\nf2: x1 -> t1 [eilig = "ja"]\n*f3: x1 -> t2\nf4: t1 -> e\nf5: t2 -> e'
    given["task_resource_distribution"].append({"task_id": "t2", "resources": [{"resource_id": "r", **expon(800)}]})
    result = simulate(draw(split), read_scenario(given), cases=80_000, replications=REPLICATIONS, seed=11)
    assert near(842.105, result.nodes["t1"]["waiting_time_s"])
    assert near(4210.526, result.nodes["t2"]["waiting_time_s"])


REF7 = """
f0: s -> t0
f1: t0 -> x1
f2: x1 -> t1
f3: t1 -> x2
f4: x2 -> t2
f5: x2 -> t3
f6: t2 -> x3
f7: t3 -> x3
f8: x3 -> t4
f9: t4 -> x4
f10: x4 -> x1
f11: x4 -> t5
f12: t5 -> x5
f13: x5 -> t6
f14: x5 -> x6
f15: t6 -> x6
f16: x6 -> e
"""


def reference() -> tuple[Any, Any]:
    """Seven steps, three pools of five, a rework loop: a model whose mean figures follow by hand."""
    ways = {"x2": {"f4": 0.6, "f5": 0.4}, "x4": {"f10": 0.15, "f11": 0.85}, "x5": {"f13": 0.5, "f14": 0.5}}
    lognormal: Callable[[float, float], dict[str, Any]] = lambda mean, cv: law("lognorm", mean, (mean * cv) ** 2)  # noqa: E731
    content = as_prosimos(
        {
            "t0": ("R0", lognormal(600, 0.53294)),
            "t1": ("R0", expon(720)),
            "t2": ("R1", lognormal(1200, 0.65828)),
            "t3": ("R1", expon(900)),
            "t4": ("R2", lognormal(1500, 0.53294)),
            "t5": ("R2", expon(480)),
            "t6": ("R0", lognormal(300, 0.41655)),
        },
        arrivals=expon(480),
        people={"R0": 5, "R1": 5, "R2": 5},
        gateway_branching_probabilities=[
            {"gateway_id": x, "probabilities": [{"path_id": f, "value": p} for f, p in way.items()]}
            for x, way in ways.items()
        ],
    )
    for profile, cost in zip(content["resource_profiles"], (30, 40, 50), strict=True):
        profile["resource_list"][0]["cost_per_hour"] = cost
    from bpm.exchange.prosimos import read_scenario

    return draw(REF7), read_scenario(content)


def test_the_reference_model_has_its_exact_utilisations_activities_and_cost() -> None:
    procedure, figures = reference()
    result = simulate(procedure, figures, cases=50_000, replications=10, seed=5)
    exact = {"R0": 0.66544, "R1": 0.52941, "R2": 0.93529}
    for name, value in exact.items():
        found = result.resources[name]["utilisation"]
        assert found.mean == pytest.approx(value, abs=1.5 * (found.half_width_95 or 0)), name
    assert result.activities / 500_000 == pytest.approx(6.0294, abs=0.01)
    cost = result.kpis["cost_eur"]
    assert cost.mean == pytest.approx(58.603, abs=1.5 * (cost.half_width_95 or 0))
    assert cost.half_width_95 is not None
    assert cost.half_width_95 < 0.3
