"""The kernel plays the token game: gateways, sub-processes, boundary events, ends; and says what it cannot play."""

from __future__ import annotations

from typing import Any

import pytest

from bpm.errors import ScenarioError
from bpm.eventlog import EventLog
from bpm.model.process import Activity, Loop, UserTask
from bpm.simulator import simulate
from tests.unit.simulator.drawn import draw, event, expon, fix, law, scenario, sub


def play(procedure: Any, tasks: dict[str, Any], cases: int = 1, **given: Any) -> tuple[list[tuple[str, float]], Any]:
    """What was completed when, and the result."""
    logs: list[EventLog] = []
    given.setdefault("arrivals", fix(1000))
    given.setdefault("people", {"r": 9})
    figures = scenario(tasks, **given)
    result = simulate(procedure, figures, cases=cases, replications=1, sink=lambda number, log: logs.append(log))
    log = logs[0]
    done = [(log.nodes[log.node[i]], float(log.completed[i])) for i in range(len(log)) if not log.withdrawn[i]]
    return done, result


def test_a_parallel_join_waits_for_the_slowest_branch() -> None:
    done, result = play(
        draw("f1: s -> a1\nf2: a1 -> t1\nf3: a1 -> t2\nf4: t1 -> a2\nf5: t2 -> a2\nf6: a2 -> t3\nf7: t3 -> e"),
        {"t1": fix(10), "t2": fix(30), "t3": fix(5)},
    )
    assert done == [("s", 0), ("t1", 10), ("t2", 30), ("t3", 35), ("e", 35)]
    assert result.kpis["cycle_time_s"].mean == 35


def test_an_inclusive_join_waits_only_for_what_can_still_come() -> None:
    text = """
    f1: s -> o1
    f2: o1 -> t1 [klein]
    f3: o1 -> t2 [gross]
    *f4: o1 -> t3
    f5: t1 -> o2
    f6: t2 -> o2
    f7: t3 -> o2
    f8: o2 -> e
    """
    attributes = [
        {"name": "klein", "type": "discrete", "values": [{"key": True, "value": 1}]},
        {"name": "gross", "type": "discrete", "values": [{"key": True, "value": 1}]},
    ]
    tasks = {"t1": fix(10), "t2": fix(30), "t3": fix(99)}
    done, _ = play(draw(text), tasks, case_attributes=attributes)
    assert done == [("s", 0), ("t1", 10), ("t2", 30), ("e", 30)]
    attributes[1]["values"] = [{"key": False, "value": 1}]
    done, _ = play(draw(text), tasks, case_attributes=attributes)
    assert done == [("s", 0), ("t1", 10), ("e", 10)]
    attributes[0]["values"] = [{"key": False, "value": 1}]
    done, _ = play(draw(text), tasks, case_attributes=attributes)
    assert done == [("s", 0), ("t3", 99), ("e", 99)]


def test_terminate_ends_the_case_and_frees_people_at_once() -> None:
    stop = event("e1", "endEvent", "terminate")
    text = "f1: s -> a1\nf2: a1 -> t1\nf3: a1 -> t2\nf4: t1 -> e1\nf5: t2 -> e2"
    done, result = play(
        draw(text, e1=stop), {"t1": ("r", fix(10)), "t2": ("r", fix(90))}, cases=2, people={"r": 2}, arrivals=fix(20),
        cost=3600.0,
    )  # fmt: skip
    assert done == [("s", 0), ("t1", 10), ("e1", 10), ("s", 20), ("t1", 30), ("e1", 30)]
    assert result.kpis["cost_eur"].mean == pytest.approx(20.0)  # 10 s finished and 10 s cut short, one euro a second
    assert result.outcomes == {"e1": 1.0, "e2": 0.0}


def test_a_sub_process_is_done_when_its_last_token_is_gone() -> None:
    text = "f1: s -> u\nf2: u -> t9\nf3: t9 -> e\ng1: u.s -> u.a\ng2: u.a -> u.t1\ng3: u.a -> u.t2\ng4: u.t1 -> u.e"
    done, result = play(draw(text, u=sub("u")), {"u.t1": fix(10), "u.t2": fix(25), "t9": fix(1)})
    assert done[-3:] == [("u", 25), ("t9", 26), ("e", 26)]
    assert result.activities == 3


def test_an_interrupting_timer_stops_the_work_and_takes_its_own_way() -> None:
    late = event("b", "boundaryEvent", "timer", "PT1M", attached_to="t1")
    text = "f1: s -> t1\nf2: t1 -> e1\nf3: b -> t2\nf4: t2 -> e2"
    tasks = {"t1": ("r", fix(600)), "t2": ("r", fix(5))}
    done, result = play(draw(text, b=late), tasks, people={"r": 1})
    assert done == [("s", 0), ("b", 60), ("t2", 65), ("e2", 65)]
    assert result.outcomes == {"e1": 0.0, "e2": 1.0}
    done, _ = play(draw(text, b=late), tasks | {"t1": ("r", fix(59))}, people={"r": 1})
    assert done == [("s", 0), ("t1", 59), ("e1", 59)]


def test_a_timer_that_does_not_interrupt_adds_a_token() -> None:
    late = event("b", "boundaryEvent", "timer", "PT1M", attached_to="u", interrupting=False)
    text = "f1: s -> u\nf2: u -> e1\nf3: b -> t2\nf4: t2 -> e2\ng1: u.s -> u.t1\ng2: u.t1 -> u.e"
    done, result = play(draw(text, b=late, u=sub("u")), {"u.t1": fix(600), "t2": fix(900)})
    assert done[-3:] == [("e1", 600), ("t2", 960), ("e2", 960)]
    assert result.kpis["cycle_time_s"].mean == 960


def test_a_timer_on_a_sub_process_empties_it() -> None:
    late = event("b", "boundaryEvent", "timer", "PT1M", attached_to="u")
    text = "f1: s -> u\nf2: u -> e1\nf3: b -> e2\ng1: u.s -> u.a\ng2: u.a -> u.t1\ng3: u.a -> u.t2"
    done, result = play(
        draw(text, b=late, u=sub("u")), {"u.t1": ("r", fix(600)), "u.t2": fix(30)}, people={"r": 1}, cases=2
    )
    assert [row for row in done if row[0] in ("b", "e2", "u")] == [("b", 60), ("e2", 60), ("b", 1060), ("e2", 1060)]
    assert result.resources["r"]["utilisation"].mean == pytest.approx(120 / 1060)


def test_an_error_end_goes_to_the_boundary_that_catches_it() -> None:
    caught = event("b", "boundaryEvent", "error", "falsch", attached_to="u")
    thrown = event("u.e", "endEvent", "error", "falsch", parent="u")
    text = "f1: s -> u\nf2: u -> e1\nf3: b -> e2\ng1: u.s -> u.t1\ng2: u.t1 -> u.e"
    done, _ = play(draw(text, b=caught, u=sub("u"), **{"u.e": thrown}), {"u.t1": fix(7)})
    assert [name for name, _ in done] == ["s", "u.s", "u.t1", "u.e", "b", "e2"]


def test_of_several_awaited_events_the_first_one_wins() -> None:
    waits = {
        "c1": event("c1", "intermediateCatchEvent", "message", "Antwort"),
        "c2": event("c2", "intermediateCatchEvent", "timer", "P14D"),
    }
    text = "f1: s -> v1\nf2: v1 -> c1\nf3: v1 -> c2\nf4: c1 -> e1\nf5: c2 -> e2"
    events = [{"event_id": "c1", "probability": 0.5, **fix(3600)}]
    _, result = play(draw(text, **waits), {}, cases=4000, event_distribution=events)
    assert result.outcomes["e1"] == pytest.approx(0.5, abs=0.03)
    assert result.outcomes["e1"] + result.outcomes["e2"] == 1.0
    assert result.kpis["cycle_time_s"].p95 == 14 * 86400


def test_handovers_count_the_other_pools_that_had_the_case_directly_before() -> None:
    text = (
        "f1: s -> t1\nf2: t1 -> a1\nf3: a1 -> t2\nf4: a1 -> t3\nf5: t2 -> a2\nf6: t3 -> a2\nf7: a2 -> m1\n"
        "f8: m1 -> t4\nf9: t4 -> e"
    )
    staff = {"t1": "x", "t2": "x", "t3": "y", "t4": "z"}
    _, result = play(draw(text), {task: (who, fix(5)) for task, who in staff.items()}, people={"x": 1, "y": 1, "z": 1})
    assert result.kpis["handovers"].mean == 3  # x to y, and x and y to z; the automatic step in between changes nothing


def test_a_loop_that_never_ends_is_named() -> None:
    text = "f1: s -> x1\nf2: x1 -> t1\nf3: t1 -> x2\nf4: x2 -> x1\nf5: x2 -> e"
    ways = [{"gateway_id": "x2", "probabilities": [{"path_id": "f4", "value": 1}, {"path_id": "f5", "value": 0}]}]
    with pytest.raises(ScenarioError, match="never opens") as caught:
        play(draw(text), {"t1": fix(1)}, gateway_branching_probabilities=ways)
    assert caught.value.code == "simulation-endless"
    assert caught.value.element in ("x1", "x2", "t1")


def test_a_deadlock_is_reported_and_not_counted_as_finished() -> None:
    text = "f1: s -> x1\nf2: x1 -> t1\nf3: x1 -> t2\nf4: t1 -> a2\nf5: t2 -> a2\nf6: a2 -> e"
    ways = [{"gateway_id": "x1", "probabilities": [{"path_id": "f2", "value": 0.5}, {"path_id": "f3", "value": 0.5}]}]
    _, result = play(draw(text), {"t1": fix(1), "t2": fix(1)}, cases=10, gateway_branching_probabilities=ways)
    notes = {note.field: note for note in result.notes}
    assert (notes["cases"].found, notes["cases"].used) == (10, 0)
    assert result.kpis["cycle_time_s"].mean is None


def test_what_cannot_be_played_is_refused_by_id() -> None:
    task = UserTask(id="t1", type="userTask", parent="p", loop=Loop("parallel"), line=12)
    assert isinstance(task, Activity)
    with pytest.raises(ScenarioError, match="t1: a parallel loop") as caught:
        play(draw("f1: s -> t1\nf2: t1 -> e", t1=task), {"t1": fix(1)})
    assert (caught.value.code, caught.value.element, caught.value.line) == ("simulation-unsupported", "t1", 12)


def test_a_task_without_duration_is_an_error_that_says_what_to_add() -> None:
    with pytest.raises(ScenarioError, match="t2: no duration; add it to task_resource_distribution"):
        play(draw("f1: s -> t1\nf2: t1 -> t2\nf3: t2 -> e"), {"t1": fix(1)})


def test_figures_for_elements_that_do_not_exist_are_noted() -> None:
    _, result = play(draw("f1: s -> t1\nf2: t1 -> e"), {"t1": fix(1), "weg": ("r", fix(1))})
    assert [(n.element, n.field) for n in result.notes if n.element] == [("weg", "task_resource_distribution")]


@pytest.mark.parametrize(
    ("given", "mean", "spread"),
    [
        (law("uniform", 10, 20), 15.0, 10 / 12**0.5),
        (law("norm", 100, 10, 0, 1000), 100.0, 10.0),
        (law("norm", 0, 10, 0, 1000), 7.979, 6.028),
        (law("lognorm", 100, 2500, 0, 1e9), 100.0, 50.0),
        (law("gamma", 100, 2500, 0, 1e9), 100.0, 50.0),
        (law("gamma", 100, 40000, 0, 1e9), 100.0, 200.0),
        (law("triang", 0, 30, 60), 30.0, 12.247),
        (law("expon", 50, 20, 1e9), 50.0, 30.0),
        (law("expon", 100, 0, 100), 41.802, 28.127),
    ],
    ids=["uniform", "normal", "normal cut at 0", "lognormal", "gamma", "gamma below 1", "triangular", "exponential",
         "exponential cut"],
)  # fmt: skip
def test_a_distribution_has_its_mean_and_spread(given: dict[str, Any], mean: float, spread: float) -> None:
    n = 40_000
    _, result = play(draw("f1: s -> t1\nf2: t1 -> e"), {"t1": given}, cases=n, arrivals=expon(1))
    cycle = result.counted[0].cases[:, 0]
    assert cycle.mean() == pytest.approx(mean, abs=4 * spread / n**0.5)
    assert cycle.std() == pytest.approx(spread, rel=0.05)
