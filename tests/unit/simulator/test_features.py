"""Laws of SciPy, several people at once, waits on the way, batches, data that are calculated, several starts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bpm.errors import ScenarioError
from bpm.eventlog import EventLog
from bpm.exchange.prosimos import read_scenario
from bpm.model.scenario import Distribution
from bpm.simulator import simulate
from bpm.simulator.chance import mix, sample
from bpm.simulator.compare import compare
from bpm.simulator.laws import Laws
from tests.unit.simulator.drawn import FULL, WEEKDAYS, as_prosimos, draw, expon, fix, law, scenario

ONE = "f1: s -> t1\nf2: t1 -> e"
HOUR = 3600.0


def play(procedure: Any, figures: Any, **options: Any) -> EventLog:
    logs: list[EventLog] = []
    simulate(procedure, figures, replications=1, sink=lambda number, log: logs.append(log), **options)
    return logs[0]


def rows(log: EventLog, node: str) -> list[tuple[float, float, float]]:
    where = np.flatnonzero(log.node == log.nodes.index(node))
    return [(float(log.enabled[i]), float(log.started[i]), float(log.completed[i])) for i in where]


# --- laws ------------------------------------------------------------------------------------------------------


def drawn(found: Distribution, n: int = 4000) -> Any:
    laws = Laws()
    at = laws.add(found)
    records, values = laws.arrays()
    return np.array([sample(records[at], values, np.uint64(mix(np.uint64(3), np.uint64(k)))) for k in range(n)])


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("weibull_min", [1.5, 0, 300]), ("beta", [2, 5, 60, 600]), ("lognorm", [0.8, 0, 200]), ("poisson", [7]),
     ("erlang", [3, 0, 100]), ("genextreme", [0.1, 500, 40])],
)  # fmt: skip
def test_a_law_of_scipy_has_its_own_order_and_its_own_distribution(name: str, numbers: list[float]) -> None:
    from scipy import stats

    figures = scenario({"t1": ("r", law(f"scipy.{name}", *numbers))}, arrivals=fix(1))
    (work,) = figures.activities["t1"]
    assert work.duration == Distribution(f"scipy:{name}", tuple(numbers))
    values = drawn(work.duration)
    own = getattr(stats, name)(*numbers)
    grid = own.ppf([0.05, 0.25, 0.5, 0.75, 0.95])
    assert np.abs([(values <= x).mean() for x in grid] - own.cdf(grid)).max() < 0.03
    assert values.mean() == pytest.approx(own.mean(), abs=4 * own.std() / np.sqrt(len(values)))
    (note,) = [note for note in figures.notes if note.field == "distribution_name"]
    assert note.element == "t1"
    assert note.used[0] <= values.min() <= values.max() <= note.used[1]


def test_a_truncated_law_stays_within_its_limits() -> None:
    given = law("weibull_min", 1.5, 0, 300) | {"min": 100, "max": 400}
    values = drawn(scenario({"t1": ("r", given)}, arrivals=fix(1)).activities["t1"][0].duration)
    assert 100 <= values.min() <= values.max() <= 400


def test_a_mixture_draws_from_its_parts() -> None:
    parts = [{"weight": 3, **fix(60)}, {"weight": 1, **law("uniform", 100, 300)}]
    given = {"distribution_name": "mixture", "parts": parts}
    values = drawn(scenario({"t1": ("r", given)}, arrivals=fix(1)).activities["t1"][0].duration)
    assert (values == 60).mean() == pytest.approx(0.75, abs=0.02)
    assert values[values != 60].mean() == pytest.approx(200, abs=8)
    assert values[values != 60].min() >= 100


def test_histograms_are_even_within_bins_and_seen_values_are_drawn_as_seen() -> None:
    bins = {"distribution_name": "histogram", "edges": [0, 10, 30], "shares": [0.25, 0.75]}
    values = drawn(scenario({"t1": ("r", bins)}, arrivals=fix(1)).activities["t1"][0].duration)
    assert values.mean() == pytest.approx(0.25 * 5 + 0.75 * 20, abs=0.5)
    middles = {"distribution_name": "histogram_sampling", "histogram_data": {"cdf": [0.5, 1], "bin_midpoints": [5, 9]}}
    values = drawn(scenario({"t1": ("r", middles)}, arrivals=fix(1)).activities["t1"][0].duration)
    assert set(values) == {5.0, 9.0}


def test_a_tail_too_heavy_for_a_table_is_refused_with_a_way_out() -> None:
    with pytest.raises(ScenarioError, match="give it a maximum"):
        scenario({"t1": ("r", law("pareto", 1.05))}, arrivals=fix(1))
    scenario({"t1": ("r", law("pareto", 1.05) | {"max": 500})}, arrivals=fix(1))


# --- people ----------------------------------------------------------------------------------------------------


def test_a_step_that_needs_two_roles_begins_when_both_are_there_and_pauses_with_either() -> None:
    content = as_prosimos({"t1": ("a", fix(10 * HOUR))}, arrivals=fix(1), people={"a": 1, "b": 1}, cost=10.0)
    content["task_resource_distribution"][0]["together"] = [["b"]]
    content["resource_calendars"].append({"id": "day", "name": "day", "time_periods": WEEKDAYS})
    content["resource_profiles"][1]["resource_list"][0]["calendar"] = "day"
    log = play(draw(ONE), read_scenario(content), cases=2)
    assert rows(log, "t1") == [(0.0, 9 * HOUR, 35 * HOUR), (1.0, 35 * HOUR, (48 + 13) * HOUR)]
    result = simulate(draw(ONE), read_scenario(content), cases=2, replications=1)
    assert result.kpis["cost_eur"].mean == pytest.approx(200.0)


def test_who_waits_for_a_colleague_does_other_work_meanwhile() -> None:
    """The chief signs with the clerk; while the clerk is busy, the chief reads."""
    content = as_prosimos(
        {"t1": ("clerk", fix(100)), "t2": ("chief", fix(30)), "t3": ("chief", fix(10))},
        arrivals=fix(1000), people={"clerk": 1, "chief": 1},
    )  # fmt: skip
    content["task_resource_distribution"][1]["together"] = [["clerk"]]
    text = "f1: s -> a1\nf2: a1 -> t1\nf3: a1 -> t2\nf4: a1 -> t3\nf5: t1 -> e1\nf6: t2 -> e2\nf7: t3 -> e3"
    log = play(draw(text), read_scenario(content), cases=1)
    assert rows(log, "t1") == [(0.0, 0.0, 100.0)]
    assert rows(log, "t3") == [(0.0, 0.0, 10.0)]
    assert rows(log, "t2") == [(0.0, 100.0, 130.0)]


# --- waits, batches --------------------------------------------------------------------------------------------


def test_a_wait_on_the_way_takes_time_and_nobody() -> None:
    content = as_prosimos({"t1": ("r", fix(10)), "t2": ("r", fix(5))}, arrivals=fix(1000))
    content["flow_delays"] = [{"flow_id": "f2", **fix(100)}]
    procedure, figures = draw("f1: s -> t1\nf2: t1 -> t2\nf3: t2 -> e"), read_scenario(content)
    assert rows(play(procedure, figures, cases=1), "t2") == [(110.0, 110.0, 115.0)]
    result = simulate(procedure, figures, cases=1, replications=1)
    assert (result.kpis["waiting_time_s"].mean, result.kpis["cycle_time_s"].mean) == (0.0, 115.0)
    assert set(result.flows) == {"f1", "f2", "f3"}
    assert set(result.nodes) == {"s", "t1", "t2", "e"}


BATCH = {"task_id": "t1", "type": "Sequential", "size_distrib": [], "duration_distrib": [{"key": "3", "value": 0.5}]}


def rule(attribute: str, comparison: str, value: Any) -> dict[str, Any]:
    return {"attribute": attribute, "comparison": comparison, "value": value}


def batched(cases: int = 4, **change: Any) -> list[tuple[float, float, float]]:
    content = as_prosimos({"t1": ("r", fix(60))}, arrivals=fix(10))
    content["batch_processing"] = [BATCH | change]
    return rows(play(draw(ONE), read_scenario(content), cases=cases), "t1")


def test_a_batch_begins_when_it_is_large_enough_and_what_is_left_at_the_end_is_done() -> None:
    found = batched(firing_rules=[[rule("size", ">=", 3)]])
    assert found == [(0, 20, 50), (10, 50, 80), (20, 80, 110), (30, 110, 170)]


def test_parallel_batches_end_together_and_their_time_counts_once() -> None:
    found = batched(type="Parallel", firing_rules=[[rule("size", ">=", 3)]], cases=3)
    assert found == [(0, 20, 110), (10, 20, 110), (20, 20, 110)]  # 60 s x 0.5 x 3
    content = as_prosimos({"t1": ("r", fix(60))}, arrivals=fix(10), cost=3600.0)
    content["batch_processing"] = [BATCH | {"type": "Parallel", "firing_rules": [[rule("size", ">=", 3)]]}]
    result = simulate(draw(ONE), read_scenario(content), cases=3, replications=1)
    assert result.kpis["cost_eur"].mean == pytest.approx(30.0)


def test_a_batch_is_due_by_the_clock_or_when_nobody_came_for_a_while() -> None:
    assert [start for _, start, _ in batched(2, firing_rules=[[rule("ready_wt", ">", 3600)]])] == [3610, 3670]
    assert [start for _, start, _ in batched(2, firing_rules=[[rule("large_wt", ">", 3600)]])] == [3600, 3660]
    assert [start for _, start, _ in batched(2, firing_rules=[[rule("daily_hour", "=", 12)]])] == [43200, 43260]
    both = [[rule("week_day", "=", "Wednesday"), rule("daily_hour", ">=", 8)]]
    assert [start for _, start, _ in batched(2, firing_rules=both)] == [2 * 86400 + 28800, 2 * 86400 + 28860]


def test_a_case_that_is_stopped_leaves_its_batch() -> None:
    from tests.unit.simulator.drawn import event

    late = event("b", "boundaryEvent", "timer", "PT25S", attached_to="t1")
    content = as_prosimos({"t1": ("r", fix(60))}, arrivals=fix(10))
    content["batch_processing"] = [BATCH | {"firing_rules": [[rule("size", ">=", 4)]]}]
    procedure = draw("f1: s -> t1\nf2: t1 -> e\nf3: b -> e2", b=late)
    result = simulate(procedure, read_scenario(content), cases=7, replications=1)
    assert result.outcomes == {"e": 0.0, "e2": 1.0}  # each waits 25 s, four never meet
    assert result.resources["r"]["utilisation"].mean == 0.0


# --- data, starts, luck ----------------------------------------------------------------------------------------


def test_steps_calculate_data_in_feel_and_gateways_read_them() -> None:
    text = "f1: s -> t1\nf2: t1 -> x1\nf3: x1 -> t1 [runde < 3]\n*f4: x1 -> e"
    content = as_prosimos({"t1": ("r", fix(1))}, arrivals=fix(10))
    content["case_attributes"] = [{"name": "runde", "type": "discrete", "values": [{"key": 0, "value": 1}]}]
    content["event_attributes"] = [
        {"event_id": "t1", "attributes": [{"name": "runde", "type": "expression", "values": "runde + 1"}]}
    ]
    assert len(rows(play(draw(text), read_scenario(content), cases=1), "t1")) == 3
    content["event_attributes"][0]["attributes"][0]["values"] = "unbekannt + 1"
    with pytest.raises(ScenarioError, match="t1: runde = unbekannt"):
        simulate(draw(text), read_scenario(content), cases=1)


def test_a_global_datum_is_one_for_all_cases() -> None:
    """Every second case is looked at twice."""
    text = "f1: s -> t1\nf2: t1 -> x1\nf3: x1 -> t2 [zaehler / 2 = floor(zaehler / 2)]\n*f4: x1 -> e1\nf5: t2 -> e2"
    content = as_prosimos({"t1": ("r", fix(1)), "t2": ("r", fix(1))}, arrivals=fix(10))
    content["global_attributes"] = [{"name": "zaehler", "type": "discrete", "values": [{"key": 0, "value": 1}]}]
    content["event_attributes"] = [
        {"event_id": "t1", "attributes": [{"name": "zaehler", "type": "expression", "values": "zaehler + 1"}]}
    ]
    assert simulate(draw(text), read_scenario(content), cases=100, replications=2).outcomes == {"e1": 0.5, "e2": 0.5}


def test_each_start_event_has_its_own_arrivals() -> None:
    content = as_prosimos({"t1": ("r", fix(1)), "t2": ("r", fix(1))}, arrivals=fix(100), people={"r": 5})
    content["start_events"] = [{"event_id": "s2", "arrival_time_distribution": fix(300)}]
    procedure = draw("f1: s -> t1\nf2: t1 -> e1\nf3: s2 -> t2\nf4: t2 -> e2")
    log = play(procedure, read_scenario(content), cases=8)
    assert [enabled for enabled, _, _ in rows(log, "t1")] == [0, 100, 200, 300, 400, 500]
    assert [enabled for enabled, _, _ in rows(log, "t2")] == [0, 300]
    content["start_events"][0]["event_id"] = "t1"
    with pytest.raises(ScenarioError, match="t1 is no start event"):
        play(procedure, read_scenario(content), cases=1)


def test_cases_come_at_given_times_and_no_others() -> None:
    content = as_prosimos({"t1": ("r", fix(1))}, arrivals=fix(1))
    content["arrival_times"] = ["2025-01-06T08:00:00", "2025-01-06T08:00:30"]
    log = play(draw(ONE), read_scenario(content), cases=50)
    assert [enabled for enabled, _, _ in rows(log, "t1")] == [8 * HOUR, 8 * HOUR + 30]
    assert simulate(draw(ONE), read_scenario(content), cases=50, replications=1).cases == 2


def test_cases_come_at_the_rate_of_the_hour() -> None:
    def span(begin: str, end: str, rate: float) -> dict[str, Any]:
        return {"from": "MONDAY", "to": "FRIDAY", "beginTime": begin, "endTime": end, "cases_per_hour": rate}

    content = as_prosimos({"t1": fix(1)}, arrivals=fix(1), time_zone="UTC")
    content["arrival_rates"] = [span("08:00:00", "10:00:00", 30), span("10:00:00", "16:00:00", 5)]
    log = play(draw(ONE), read_scenario(content), cases=9000)
    hours = np.array([enabled for enabled, _, _ in rows(log, "t1")]) / HOUR % 24
    assert hours.min() >= 8
    assert hours.max() < 16
    assert (hours < 10).mean() == pytest.approx(60 / 90, abs=0.02)
    assert log.case_start[-1] / 86400 == pytest.approx(9000 / 90 / 5 * 7, rel=0.05)
    content["arrival_rates"][1]["beginTime"] = "09:00:00"
    with pytest.raises(ScenarioError, match="overlap"):
        read_scenario(content)


def test_the_ways_of_an_inclusive_gateway_keep_their_luck_when_one_is_dropped() -> None:
    ways = [{"path_id": f, "value": 0.5} for f in ("f2", "f3", "f4")]
    figures = scenario(
        {"t1": fix(1), "t2": fix(1), "t3": fix(1)}, arrivals=fix(10),
        gateway_branching_probabilities=[{"gateway_id": "o1", "probabilities": ways}],
    )  # fmt: skip
    today = draw("f1: s -> o1\nf2: o1 -> t1\nf3: o1 -> t2\nf4: o1 -> t3\nf5: t1 -> e1\nf6: t2 -> e2\nf7: t3 -> e3")
    without = draw("f1: s -> o1\nf3: o1 -> t2\nf4: o1 -> t3\nf6: t2 -> e2\nf7: t3 -> e3")
    logs: list[list[EventLog]] = [[], []]
    compare(
        today, without, figures, cases=300, replications=1,
        sinks=(lambda number, log: logs[0].append(log), lambda number, log: logs[1].append(log)),
    )  # fmt: skip
    taken = [set(log[0].case[log[0].node == log[0].nodes.index("t3")].tolist()) for log in logs]
    alone = taken[1] - taken[0]  # those that today only took the dropped way must go somewhere
    assert taken[0] <= taken[1]
    assert len(alone) < 80


def test_csv_by_compiled_code_is_the_csv_of_the_log() -> None:
    import io

    from bpm.eventlog import activity_rows, write_csv
    from bpm.simulator.rows import csv_blocks

    figures = scenario(
        {"t1": ("r", expon(4000)), "t2": ("q,1", law("lognorm", 1e5, 1e10))}, arrivals=expon(86400),
        people={"r": 2, "q,1": 1}, calendar=WEEKDAYS, arrival_time_calendar=FULL,
    )  # fmt: skip
    log = play(draw("f1: s -> t1\nf2: t1 -> t2\nf3: t2 -> e"), figures, cases=700)
    names = {"t1": 'Prüfen, "genau"', "t2": "zweite\nZeile"}
    stream = io.StringIO()
    tasks = frozenset({"t1", "t2"})
    write_csv(stream, activity_rows(log, names, tasks, "Europe/Berlin", prefix="0-"), header=False)
    found = b"".join(csv_blocks(log, names, tasks, "Europe/Berlin", prefix="0-"))
    assert found.decode() == stream.getvalue()
    assert "+02:00" in stream.getvalue()
