"""Two variants of a procedure share their luck, so a small change is seen through large fluctuations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bpm.cli import compare as command
from bpm.errors import ScenarioError
from bpm.exchange.prosimos import read_scenario
from bpm.model.procedure import Procedure
from bpm.simulator import simulate
from bpm.simulator.compare import Comparison, compare, differences
from tests.unit.simulator.drawn import as_prosimos, draw, expon, fix, law, scenario, sub

SIX = ("t1", "t2", "t3", "t4", "t5", "t6")
CASES, REPLICATIONS = 2_000, 30


def row(steps: Sequence[str]) -> Procedure:
    """Stations one after the other; a flow is named after the station it leaves."""
    path = ["s", *steps, "e"]
    return draw("\n".join(f"f_{here}: {here} -> {there}" for here, there in pairwise(path)))


def without(step: str) -> Procedure:
    return row([other for other in SIX if other != step])


def six(laws: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Every station has its own clerk at 36 euro an hour."""
    return as_prosimos(
        {step: (f"r_{step}", laws.get(step, laws["each"])) for step in SIX},
        arrivals=expon(1000), people={f"r_{step}": 1 for step in SIX}, cost=36.0, **more,
    )  # fmt: skip


def drop_third(laws: dict[str, Any], seed: int = 1) -> Comparison:
    given = read_scenario(six(laws), "scenario.json")
    return compare(row(SIX), without("t3"), given, cases=CASES, replications=REPLICATIONS, seed=seed)


STEADY = {"each": law("uniform", 600, 1000)}
LIGHT = {"each": expon(800), "t3": expon(300)}
EQUAL = {"each": expon(800)}


@pytest.mark.parametrize("laws", [STEADY, LIGHT], ids=["steady work", "a light co-signature among busy stations"])
def test_dropping_one_of_six_stations_is_measured_fifty_times_sharper_than_apart(laws: dict[str, Any]) -> None:
    found = drop_third(laws).difference["cycle_time_s"]
    print(f"{found.mean} +- {found.half_width_95}, variance ratio {found.variance_ratio}")
    assert found.mean is not None
    assert found.mean < 0.0
    assert found.by_chance is False
    assert found.variance_ratio is not None
    assert found.variance_ratio >= 50.0


def test_of_six_equal_exponential_stations_the_ratio_is_near_its_limit() -> None:
    """Stations of a Jackson network fluctuate independently: six and five of them against the one that was dropped.

    The limit is (6 + 5) / 1, whatever the method; no pairing takes away what the dropped station itself fluctuates.
    """
    found = drop_third(EQUAL).difference["cycle_time_s"].variance_ratio
    print(found)
    assert found is not None
    assert 11.0 / 3.0 < found < 11.0 * 3.0


def test_with_seeds_of_their_own_nothing_is_gained() -> None:
    given = read_scenario(six(STEADY), "scenario.json")
    options = {"cases": CASES, "replications": REPLICATIONS}
    apart = differences(
        simulate(row(SIX), given, seed=1, **options), simulate(without("t3"), given, seed=2, **options)
    )["cycle_time_s"].variance_ratio
    print(apart)
    assert apart is not None
    assert 1.0 / 3.0 < apart < 3.0


def test_a_variant_compared_with_itself_differs_in_nothing() -> None:
    given = read_scenario(six(EQUAL), "scenario.json")
    found = compare(row(SIX), row(SIX), given, cases=200, replications=5)
    known = {name: one for name, one in found.difference.items() if one.mean is not None}
    assert {"cycle_time_s", "cost_eur", "flow_efficiency"} <= known.keys()
    assert {(one.mean, one.half_width_95, one.variance_ratio) for one in known.values()} == {(0.0, 0.0, None)}


def test_the_same_seed_gives_the_same_bytes_on_one_and_on_two_workers() -> None:
    given = read_scenario(six(LIGHT), "scenario.json")
    written = [
        json.dumps(
            compare(row(SIX), without("t3"), given, cases=100, replications=4, seed=seed, workers=workers).as_json(),
            sort_keys=True,
            allow_nan=False,
        )
        for seed, workers in ((5, 1), (5, 2), (6, 1))
    ]
    assert written[0] == written[1] != written[2]


def test_a_certain_saving_is_exact_and_its_ratio_unknown_rather_than_endless() -> None:
    given = read_scenario(six({"each": fix(100)}), "scenario.json")
    found = compare(row(SIX), without("t3"), given, cases=50, replications=4).difference
    assert found["processing_time_s"].mean == pytest.approx(-100.0)
    assert found["processing_time_s"].variance_ratio is None
    assert found["cost_eur"].mean == pytest.approx(-1.0)
    assert found["executed_steps"].as_json() == {"mean": -1.0, "half_width_95": 0.0, "variance_ratio": None}


def test_one_replication_gives_a_difference_without_interval() -> None:
    found = compare(row(SIX), without("t3"), read_scenario(six(EQUAL), "s"), cases=50, replications=1)
    assert found.difference["cycle_time_s"].half_width_95 is None
    assert found.difference["cycle_time_s"].by_chance is None


def test_steps_are_counted_once_each_inside_sub_processes_too() -> None:
    nested = draw("f1: s -> u\nf2: u -> e\nf3: u.s -> u.t1\nf4: u.t1 -> u.t2\nf5: u.t2 -> u.e", u=sub("u"))
    given = scenario({step: ("r", fix(10)) for step in ("u.t1", "u.t2", "t1")}, arrivals=fix(100))
    found = compare(nested, row(["t1"]), given, cases=5, replications=2)
    assert found.as_json()["steps"] == {"as_is": 2, "to_be": 1}


# --- which scenario holds --------------------------------------------------------------------------------------


def whys(found: Comparison) -> dict[str, str]:
    return {note.element or note.field: note.why for note in found.to_be.notes}


def test_what_the_scenario_says_of_a_dropped_step_is_a_note() -> None:
    notes = whys(compare(row(SIX), without("t3"), read_scenario(six(EQUAL), "s"), cases=10, replications=2))
    assert "Angaben des bisherigen" in notes["scenario"]
    assert "fehlt im Modell" in notes["t3"]
    assert "nicht an Messdaten kalibriert" in notes["calibrated"]


def test_a_new_step_without_figures_is_an_error_that_names_it() -> None:
    with pytest.raises(ScenarioError, match="t7") as caught:
        compare(row(SIX), row([*SIX, "t7"]), read_scenario(six(EQUAL), "s"), cases=10, replications=2)
    assert caught.value.element == "t7"


def test_a_scenario_of_the_changed_procedure_is_used_and_said() -> None:
    faster = read_scenario(six({"each": fix(50)}), "s")
    found = compare(row(SIX), row(SIX), read_scenario(six({"each": fix(100)}), "s"), faster, cases=10, replications=2)
    assert found.difference["processing_time_s"].mean == pytest.approx(-300.0)
    assert "eigene Angaben" in whys(found)["scenario"]


WAYS = "f1: s -> x1\nf2: x1 -> t1\nf3: x1 -> t2\nf4: x1 -> t3\nf5: t1 -> e\nf6: t2 -> e\nf7: t3 -> e"
SHARES = [
    {
        "gateway_id": "x1",
        "probabilities": [
            {"path_id": "f2", "value": 0.5}, {"path_id": "f3", "value": 0.25}, {"path_id": "f4", "value": 0.25},
        ],
    }
]  # fmt: skip


def test_the_cases_of_a_dropped_way_go_the_other_ways() -> None:
    steps = {step: ("r", fix(10)) for step in ("t1", "t2", "t3")}
    given = scenario(steps, arrivals=fix(100), gateway_branching_probabilities=SHARES)
    fewer = draw("\n".join(line for line in WAYS.splitlines() if line[:2] not in ("f4", "f7")))
    found = compare(draw(WAYS), fewer, given, cases=3_000, replications=2)
    assert found.to_be.flows["f2"] == pytest.approx(2 / 3, abs=0.03)
    assert "verteilen sich" in whys(found)["f4"]
    assert found.difference["executed_steps"].mean == 0.0


def test_a_way_that_may_replace_a_lost_one_is_asked_for_not_guessed() -> None:
    steps = {step: ("r", fix(10)) for step in ("t1", "t2", "t3")}
    given = scenario(steps, arrivals=fix(100), gateway_branching_probabilities=SHARES)
    with pytest.raises(ScenarioError, match="f4"):
        compare(draw(WAYS), draw(WAYS.replace("f4: x1", "f9: x1")), given, cases=10, replications=2)


def test_without_a_calendar_of_arrivals_the_same_cases_come_though_the_first_step_is_dropped() -> None:
    nine = [{"from": "MONDAY", "to": "FRIDAY", "beginTime": "09:00:00", "endTime": "17:00:00"}]
    content = six({"each": fix(1)}, calendar=nine)
    content["resource_calendars"].append({**content["resource_calendars"][0], "id": "early", "time_periods": [
        {"from": "MONDAY", "to": "FRIDAY", "beginTime": "07:00:00", "endTime": "17:00:00"}]})  # fmt: skip
    content["resource_profiles"][0]["resource_list"][0]["calendar"] = "early"  # of the first step
    del content["arrival_time_calendar"]
    given = read_scenario(content, "s")
    found = compare(row(SIX), without("t1"), given, cases=50, replications=2)
    starts = [one.counted[0].times[:, 0].tolist() for one in (found.as_is, found.to_be)]
    assert starts[0] == starts[1]
    assert starts[0] != simulate(without("t1"), given, cases=50, replications=2).counted[0].times[:, 0].tolist()


@pytest.mark.parametrize(("more", "mean"), [((), -600.0), (("t2",), None)], ids=["dropped", "replaced"])
def test_the_only_step_that_asks_something_of_citizens_is_saved_unless_an_unknown_one_comes(
    more: tuple[str, ...], mean: float | None
) -> None:
    asks = [{"element_id": "t1", "citizen_minutes": 10}]
    given = as_prosimos({"t1": ("r", fix(10)), "t2": ("r", fix(10)), "t3": ("r", fix(10))}, arrivals=fix(100))
    given["element_figures"] = asks
    found = compare(row(["t1", "t3"]), row([*more, "t3"]), read_scenario(given, "s"), cases=10, replications=2)
    assert found.difference["citizen_time_s"].mean == mean
    assert found.to_be.kpis["citizen_time_s"].mean is None
    assert found.difference["business_time_s"].mean is None


# --- the command ------------------------------------------------------------------------------------------------

BPMN = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:t">
<process id="p" name="Antrag" isExecutable="true"><startEvent id="s"/>{steps}<endEvent id="e"/>{flows}</process>
</definitions>"""


def write(folder: Path, steps: Sequence[str]) -> Path:
    path = ["s", *steps, "e"]
    flows = "".join(f'<sequenceFlow id="f_{a}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(path))
    folder.mkdir()
    tasks = "".join(f'<userTask id="{step}"/>' for step in steps)
    (folder / "p.bpmn").write_text(BPMN.format(steps=tasks, flows=flows), encoding="utf-8")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    first, second = write(tmp_path / "ist", SIX), write(tmp_path / "soll", SIX[:2] + SIX[3:])
    (first / "scenario.json").write_text(json.dumps(six(EQUAL)), encoding="utf-8")
    return first, second


def call(*words: object) -> str:
    app = typer.Typer()
    command.register(app)
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_gives_both_simulations_and_the_difference_as_json(folders: tuple[Path, Path]) -> None:
    found = json.loads(call(*folders, "--cases", 50, "--replications", 3, "--format", "json"))
    assert found.keys() == {"as_is", "to_be", "difference", "steps"}
    assert found["difference"].keys() == found["as_is"]["kpis"].keys() == found["to_be"]["kpis"].keys()
    assert found["difference"]["cost_eur"].keys() == {"mean", "half_width_95", "variance_ratio"}
    assert found["steps"] == {"as_is": 6, "to_be": 5}


def test_people_read_before_after_difference_and_what_chance_may_explain(folders: tuple[Path, Path]) -> None:
    words = (*folders, "--cases", 5, "--replications", 2)
    german = call(*words, "--lang", "de")
    for text in ("bisher", "künftig", "Zufall kann den Unterschied erklären", "jedes Mal genau so viel", "6 → 5",
                 "nicht erfasst", "nie zusammengezählt", "nicht an Messdaten kalibriert"):  # fmt: skip
        assert text in german
    english = call(*words, "--lang", "en")
    assert "chance may explain the difference" in english
    sharp = call(*folders, "--cases", 400, "--replications", 20, "--lang", "en")
    cost = next(line for line in sharp.splitlines() if "The city's cost" in line)
    assert "−€7." in cost or "−€8." in cost
    assert "chance" not in cost


def test_the_command_uses_the_scenario_of_the_second_folder_unless_one_is_given(folders: tuple[Path, Path]) -> None:
    (folders[1] / "scenario.json").write_text(json.dumps(six({"each": fix(1)})), encoding="utf-8")
    words = (*folders, "--cases", 20, "--replications", 2, "--format", "json")
    own = json.loads(call(*words))
    given = json.loads(call(*words, "--scenario", folders[0] / "scenario.json"))
    assert own["to_be"]["scenario_digest"] != own["as_is"]["scenario_digest"]
    assert given["to_be"]["scenario_digest"] == given["as_is"]["scenario_digest"]


def test_the_log_is_two_files(folders: tuple[Path, Path], tmp_path: Path) -> None:
    call(*folders, "--cases", 5, "--replications", 2, "--log", tmp_path / "log.csv")
    rows = [len((tmp_path / f"log-{which}.csv").read_text().splitlines()) for which in ("as-is", "to-be")]
    assert rows == [1 + 5 * 2 * 6, 1 + 5 * 2 * 5]
