"""One counting rule: what the kernel counts while it runs is what the log gives; the same input, the same bytes."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from bpm import kpis
from bpm.eventlog import EventLog
from bpm.simulator import layout as L
from bpm.simulator import simulate
from bpm.simulator.program import compile_program
from bpm.simulator.run import rates_of, replicate
from tests.unit.simulator.drawn import WEEKDAYS, draw, event, expon, fix, law, scenario, sub

TEXT = """
f1: s -> t1
f2: t1 -> a1
f3: a1 -> t2
f4: a1 -> u
f5: t2 -> a2
f6: u -> x0
f0: x0 -> a2
f7: a2 -> x1
f8: x1 -> t1
f9: x1 -> e1
g1: u.s -> u.t3
g2: u.t3 -> u.e
h1: b -> x0
"""


def everything() -> tuple[Any, Any]:
    """Queues, a calendar, a loop, a sub-process that a timer stops, costs and citizens' minutes."""
    late = event("b", "boundaryEvent", "timer", "PT5H", attached_to="u")
    figures = scenario(
        {"t1": ("r", expon(900)), "t2": ("q", law("lognorm", 1500, 640_000)), "u.t3": ("r", law("gamma", 2000, 4e6))},
        arrivals=expon(2400),
        people={"r": 2, "q": 1},
        calendar=WEEKDAYS,
        cost=42.2,
        gateway_branching_probabilities=[
            {"gateway_id": "x1", "probabilities": [{"path_id": "f8", "value": 0.2}, {"path_id": "f9", "value": 0.8}]}
        ],
    )
    from dataclasses import replace

    from bpm.model.scenario import ElementFigures

    extra = {"t1": ElementFigures(fixed_cost_eur=0.85, citizen_minutes=12), "e1": ElementFigures(citizen_cost_eur=1.1)}
    return draw(TEXT, u=sub("u"), b=late), replace(figures, figures=extra)


def test_a_run_without_log_counts_exactly_what_the_log_gives() -> None:
    procedure, figures = everything()
    compiled = compile_program(procedure.process.main, (), figures, "p.bpmn")
    stream, nothing = replicate(compiled, 3000, 4, 0, False)
    again, log = replicate(compiled, 3000, 4, 0, True)
    assert nothing is None
    assert log is not None
    counted = kpis.count(log, rates_of(compiled))
    for name in ("cases", "times", "nodes", "resources", "outcomes"):
        np.testing.assert_array_equal(getattr(stream, name), getattr(again, name), err_msg=name)
        np.testing.assert_array_equal(getattr(stream, name), getattr(counted, name), err_msg=name)
    assert stream.horizon == counted.horizon
    assert np.isfinite(stream.cases).all()
    assert (log.withdrawn & ~np.isnan(log.started)).any()  # the control: some work was really cut short
    assert stream.cases[:, L.CITIZEN_S].mean() > 720


def test_littles_law_holds_on_every_run() -> None:
    procedure, figures = everything()
    result = simulate(procedure, figures, cases=2000, replications=3)
    for k, one in enumerate(result.counted):
        window = one.horizon - one.start
        events = np.concatenate([one.times[:, 0], one.times[:, 1]])
        steps = np.concatenate([np.ones(2000), -np.ones(2000)])
        order = np.argsort(events, kind="stable")
        inside = np.cumsum(steps[order])
        mean = float((inside[:-1] * np.diff(events[order])).sum()) / window
        assert mean == pytest.approx(2000 / window * one.cases[:, L.CYCLE].mean(), rel=1e-9), k


def as_bytes(**options: Any) -> bytes:
    procedure, figures = everything()
    return json.dumps(simulate(procedure, figures, cases=300, **options).as_json(), sort_keys=True).encode()


def test_the_same_seed_gives_the_same_bytes_whatever_the_workers_are() -> None:
    one = as_bytes(replications=6, seed=9)
    assert as_bytes(replications=6, seed=9) == one
    assert as_bytes(replications=6, seed=9, workers=3) == one
    with ThreadPoolExecutor(2) as executor:
        assert as_bytes(replications=6, seed=9, executor=executor) == one
    assert as_bytes(replications=6, seed=10) != one


def test_removing_a_step_leaves_the_luck_of_the_others_untouched() -> None:
    figures = scenario({"t1": expon(100), "t2": expon(50)}, arrivals=expon(10))
    full, slim = draw("f1: s -> t1\nf2: t1 -> t2\nf3: t2 -> e"), draw("f1: s -> t2\nf3: t2 -> e")
    logs: list[EventLog] = []
    for procedure in (full, slim):
        simulate(procedure, figures, cases=50, replications=1, sink=lambda number, log: logs.append(log))
    times = []
    for log in logs:
        of = log.node == log.nodes.index("t2")
        order = np.argsort(log.case[of])
        times.append((log.completed[of] - log.started[of])[order])
    np.testing.assert_allclose(times[0], times[1], rtol=1e-9)


def test_one_replication_has_no_interval_and_thirty_have_students() -> None:
    assert kpis.estimate([3.0]).half_width_95 is None
    found = kpis.estimate([1.0, 2.0, 3.0, 4.0])
    assert found.half_width_95 == pytest.approx(3.182446 * math.sqrt(5 / 3) / 2, rel=1e-6)
    assert kpis.estimate([float("nan")]).mean is None


def test_what_nobody_recorded_is_null_and_noted_never_zero() -> None:
    result = simulate(
        draw("f1: s -> t1\nf2: t1 -> e"), scenario({"t1": fix(60)}, arrivals=fix(1)), cases=5, replications=2
    )
    assert result.kpis["business_time_s"].mean is None
    assert {"business_time_s", "citizen_time_s", "calibrated"} <= {note.field for note in result.notes}
    assert result.kpis["cost_eur"].mean == 0.0


def test_the_json_has_the_fields_of_the_contract() -> None:
    procedure, figures = everything()
    found = simulate(procedure, figures, cases=20, replications=2).as_json()
    assert set(found) == {
        "digest", "scenario_digest", "seed", "cases", "replications", "activities", "kpis", "nodes", "flows",
        "resources", "outcomes", "deadlines", "notes",
    }  # fmt: skip
    assert set(found["kpis"]) == {
        "cycle_time_s", "waiting_time_s", "processing_time_s", "cost_eur", "citizen_time_s", "citizen_cost_eur",
        "business_time_s", "business_cost_eur", "handovers", "executed_steps", "flow_efficiency",
    }  # fmt: skip
    assert set(found["kpis"]["cycle_time_s"]) == {"mean", "half_width_95", "n", "p50", "p90", "p95"}
    assert set(found["nodes"]["t1"]) == {"executions", "waiting_time_s", "processing_time_s", "cost_eur"}
    assert set(found["resources"]["r"]) == {"utilisation", "queue_mean"}
    json.dumps(found, allow_nan=False)


def test_citizens_time_does_not_change_the_citys_cost() -> None:
    from dataclasses import replace

    procedure, figures = everything()
    without = replace(figures, figures={"t1": replace(figures.figures["t1"], citizen_minutes=None)})
    costs = [simulate(procedure, one, cases=100, replications=1).kpis["cost_eur"].mean for one in (figures, without)]
    assert costs[0] == costs[1]
