"""The twelve exact cases: what theory or the calendar says, and what the simulator says, as lines.

Accepted is what lies in the 99 % interval of 30 replications while half that interval is below 3 % of the exact value;
calendars have one exact answer and no interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from bpm.eventlog import EventLog, activity_rows
from bpm.exchange.prosimos import read_scenario
from bpm.kpis import half_width
from bpm.simulator import layout as L
from bpm.simulator import simulate
from tests.unit.simulator.drawn import WEEKDAYS, as_prosimos, draw, expon, fix, law, scenario
from tests.unit.simulator.test_queues import reference

ONE = "f1: s -> t1\nf2: t1 -> e"
REPLICATIONS = 30


def measure() -> Iterator[dict[str, Any]]:
    """One line per exact value, `reached` or not."""
    yield from queues()
    yield from networks()
    yield cobham("t1", 842.105, "urgent")
    yield cobham("t2", 4210.526, "others")
    yield little()
    yield from clocks()
    yield from reference_lines()


def judged(name: str, exact: float, values: list[float]) -> dict[str, Any]:
    half = half_width(np.array(values), 0.99)
    assert half is not None
    mean = float(np.mean(values))
    return {
        "benchmark": "exact", "case": name, "exact": exact, "found": round(mean, 5), "half_width_99": round(half, 5),
        "relative": round(half / exact, 5), "reached": abs(mean - exact) <= half and half < 0.03 * exact,
    }  # fmt: skip


def figures(
    text: str, cases: int, seed: int, tasks: dict[str, Any], column: int = L.WAITING, **given: Any
) -> list[float]:
    result = simulate(draw(text), scenario(tasks, **given), cases=cases, replications=REPLICATIONS, seed=seed)
    return [float(np.nanmean(one.cases[:, column])) for one in result.counted]


def queues() -> Iterator[dict[str, Any]]:
    lognormal = law("lognorm", 800, 640_000 * math.expm1(0.36))
    for name, exact, servers, service, cases in (
        ("M/M/1 waiting", 3200.0, 1, expon(800), 60_000),
        ("M/M/5 waiting", 2216.450, 5, expon(4000), 100_000),
        ("M/D/1 waiting", 1600.0, 1, fix(800), 40_000),
        ("M/G/1 lognormal waiting", 3200.0 * (1.0 + math.expm1(0.36)) / 2.0, 1, lognormal, 40_000),
    ):
        found = figures(ONE, cases, 7, {"t1": ("r", service)}, arrivals=expon(1000), people={"r": servers})
        yield judged(name, exact, found)


def networks() -> Iterator[dict[str, Any]]:
    tandem = {"t1": ("a", expon(800)), "t2": ("b", expon(1600))}
    given = scenario(tandem, arrivals=expon(1000), people={"a": 1, "b": 2})
    two = draw("f1: s -> t1\nf2: t1 -> t2\nf3: t2 -> e")
    result = simulate(two, given, cases=60_000, replications=REPLICATIONS, seed=3)
    for node, exact in (("t1", 3200.0), ("t2", 2844.444)):
        yield judged(f"Jackson tandem, {node}", exact, waits_at(result, two, node))
    back = [{"gateway_id": "x2", "probabilities": [{"path_id": "f4", "value": 0.2}, {"path_id": "f5", "value": 0.8}]}]
    found = figures(
        "f1: s -> x1\nf2: x1 -> t1\nf3: t1 -> x2\nf4: x2 -> x1\nf5: x2 -> e", 50_000, 7, {"t1": ("r", expon(640))},
        L.CYCLE, arrivals=expon(1000), gateway_branching_probabilities=back,
    )  # fmt: skip
    yield judged("feedback M/M/1 sojourn", 4000.0, found)


def waits_at(result: Any, procedure: Any, node: str) -> list[float]:
    """Mean waiting per execution of a node, one value per replication."""
    at = [one.id for one in procedure.process.main.nodes].index(node)
    return [float(one.nodes[at, L.N_WAIT] / one.nodes[at, L.N_DONE]) for one in result.counted]


def cobham(node: str, exact: float, name: str) -> dict[str, Any]:
    urgent = [{"attribute": "eilig", "comparison": "=", "value": "ja"}]
    given = as_prosimos(
        {"t1": ("r", expon(800)), "t2": ("r", expon(800))},
        arrivals=expon(1000),
        case_attributes=[{"name": "eilig", "type": "discrete",
                          "values": [{"key": "ja", "value": 0.3}, {"key": "nein", "value": 0.7}]}],
        prioritisation_rules=[{"priority_level": 1, "rules": [urgent]}],
    )  # fmt: skip
    split = draw('f1: s -> x1\nf2: x1 -> t1 [eilig = "ja"]\n*f3: x1 -> t2\nf4: t1 -> e\nf5: t2 -> e')
    result = simulate(split, read_scenario(given), cases=100_000, replications=REPLICATIONS, seed=11)
    return judged(f"Cobham priorities, {name}", exact, waits_at(result, split, node))


def little() -> dict[str, Any]:
    """L = lambda W on the closed window of every run: the queue's area is the sum of the waiting times."""
    given = scenario({"t1": ("r", expon(800))}, arrivals=expon(1000))
    result = simulate(draw(ONE), given, cases=10_000, replications=REPLICATIONS)
    worst = 0.0
    for one in result.counted:
        span = one.horizon - one.start
        inside, left = np.sort(one.times[:, 0]), np.sort(one.times[:, 1])
        moments = np.concatenate([inside, left])
        order = np.argsort(moments, kind="stable")
        number = np.cumsum(np.concatenate([np.ones(len(inside)), -np.ones(len(left))])[order])
        area = float((number[:-1] * np.diff(moments[order])).sum())
        law_of_flow = len(inside) / span * float(np.mean(one.times[:, 1] - one.times[:, 0]))
        worst = max(worst, abs(area / span - law_of_flow) / law_of_flow)
    return {"benchmark": "exact", "case": "Little's law", "exact": 0.0, "found": worst, "reached": worst < 1e-9}


def clocks() -> Iterator[dict[str, Any]]:
    """One job on a calendar: when it starts and ends on the wall."""
    office: dict[str, Any] = {"calendar": WEEKDAYS, "time_zone": "Europe/Berlin"}
    spring: dict[str, Any] = {"time_zone": "Europe/Madrid", "start": "2025-03-30T01:30:00"}
    for name, hours, given, exact in (
        ("calendar", 10, office, ["2025-01-06T09:00:00.000+01:00", "2025-01-07T11:00:00.000+01:00"]),
        ("calendar across a holiday", 10, office | {"holidays": ["2025-01-07"]},
         ["2025-01-06T09:00:00.000+01:00", "2025-01-08T11:00:00.000+01:00"]),
        ("daylight saving", 2, spring, ["2025-03-30T01:30:00.000+01:00", "2025-03-30T04:30:00.000+02:00"]),
    ):  # fmt: skip
        logs: list[EventLog] = []
        figures = scenario({"t1": ("r", fix(hours * 3600))}, arrivals=fix(1), **given)
        simulate(draw(ONE), figures, cases=1, replications=1, sink=lambda _, log, logs=logs: logs.append(log))
        (row,) = activity_rows(logs[0], {}, frozenset({"t1"}), figures.time_zone)
        found = list(row[4:6])
        yield {"benchmark": "exact", "case": name, "exact": exact, "found": found, "reached": found == exact}


def reference_lines() -> Iterator[dict[str, Any]]:
    procedure, given = reference()
    result = simulate(procedure, given, cases=100_000, replications=REPLICATIONS, seed=5)
    for k, (name, exact) in enumerate({"R0": 0.66544, "R1": 0.52941, "R2": 0.93529}.items()):
        used = [float(one.resources[k, L.R_BUSY]) / (5.0 * (one.horizon - one.start)) for one in result.counted]
        yield judged(f"ref7 utilisation {name}", exact, used)
    yield judged("ref7 cost", 58.603, [float(np.nanmean(one.cases[:, L.COST])) for one in result.counted])
    order = [node.id for node in procedure.process.main.nodes]
    visits = (1.0, 1.17647, 0.70588, 0.47059, 1.17647, 1.0, 0.5)
    steps = [sum(float(one.nodes[order.index(f"t{k}"), L.N_DONE]) for k in range(7)) / 1e5 for one in result.counted]
    yield judged("ref7 visits, all seven", sum(visits), steps)
    cycle = [float(np.nanmean(one.cases[:, L.CYCLE])) / 60.0 for one in result.counted]
    line = judged("ref7 cycle in minutes, 189 +- 2 by four engines", 189.0, cycle)
    near = abs(float(np.mean(cycle)) - 189.0) <= 2.0 + line["half_width_99"]
    yield line | {"reached": near and line["relative"] < 0.03}
