"""Steps on trial: played without each, with the same luck; what is not known is said, what is protected is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.given import Given
from bpm.cli import main
from bpm.costs.table import table
from bpm.exchange.prosimos import read_scenario
from bpm.model.procedure import Procedure
from bpm.model.reader import read_bpmn
from bpm.question.steps import Played, StepTrial, play
from bpm.service.question import Options, question_procedure
from bpm.service.reading import read
from tests.unit.simulator.drawn import as_prosimos, expon, fix

CITY = Path(__file__).parents[3] / "processes" / "muenchen"
STEPS = {
    "annehmen": ("Antrag annehmen", "<li:writes item='antrag'/>"),
    "kopieren": ("Akte heften", "<li:step wageGroup='mittlerer Dienst'/>"),
    "anhoeren": ("Beteiligte anhören", ""),
    "zeichnen": ("Bescheid mitzeichnen", "<li:reads item='antrag'/><li:writes item='einverstanden'/>"),
    "schicken": ("Bescheid versenden", ""),
}
FLOWS = ["s annehmen", "annehmen kopieren", "kopieren anhoeren", "anhoeren zeichnen", "zeichnen x", "x schicken",
         "x abgelehnt", "schicken e"]  # fmt: skip


def model(**facts: str) -> Procedure:
    def task(id: str, name: str, inside: str) -> str:
        inner = f"<extensionElements>{facts.get(id, inside)}</extensionElements>"
        return f"<userTask id='{id}' name='{name}'>{inner}</userTask>"

    flows = (one.split() for one in FLOWS)
    content = "".join(
        [
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:li='urn:lichtung:bpmn:1'>",
            "<process id='p' isExecutable='true'><startEvent id='s'/><exclusiveGateway id='x' name='Einverstanden?'/>",
            *(task(id, *what) for id, what in STEPS.items()),
            "<endEvent id='e' name='beschieden'/><endEvent id='abgelehnt'/>",
            *(f"<sequenceFlow id='{a}_{b}' sourceRef='{a}' targetRef='{b}'/>" for a, b in flows),
            "</process></definitions>",
        ]
    )
    return Procedure("p", "Prozess", "p.bpmn", read_bpmn(content.encode(), "p.bpmn"))


def figures(refused: float = 0.005, **more: Any) -> Any:
    ways = [{"path_id": "x_schicken", "value": 1 - refused}, {"path_id": "x_abgelehnt", "value": refused}]
    given = as_prosimos(
        {id: ("r", fix(120.0)) for id in STEPS}, arrivals=expon(3_000), people={"r": 3},
        gateway_branching_probabilities=[{"gateway_id": "x", "probabilities": ways}],
        **{"cases_per_year": 30_000} | more,
    )  # fmt: skip
    return read_scenario(given, "scenario.json")


def played(procedure: Procedure | None = None, scenario: Any = None, **options: Any) -> Played:
    options = {"cases": 400, "replications": 5} | options
    return play(Given(procedure or model()), scenario or figures(), table(), **options)


@pytest.fixture(scope="module")
def found() -> Played:
    return played()


def step(found: Played, element: str) -> StepTrial:
    return next(one for one in found.steps if one.node.id == element)


def test_a_step_that_only_takes_time_saves_exactly_that_and_changes_nothing(found: Played) -> None:
    told = step(found, "kopieren").as_json("de")
    assert told["verdict"] == "decides-little-costs-much"
    assert told["outcome_changed_share"] == 0.0
    assert told["interval_95"] == [0.0, pytest.approx(0.00184, abs=1e-4)]  # nothing in 2,000 cases is not nothing
    assert told["saving"]["processing_time_s"]["mean"] == pytest.approx(120)
    assert told["saving"]["processing_time_s"]["half_width_95"] == pytest.approx(0, abs=1e-9)


def test_a_year_of_copying_is_the_worked_example_of_the_method(found: Played) -> None:
    year = step(found, "kopieren").as_json("de")["saving_per_year"]
    assert (year["released_hours"], year["posts"]) == (pytest.approx(1_000), pytest.approx(0.625))
    assert year["cost_eur"] == pytest.approx(25_500)
    assert (year["budget_effective_eur"], year["citizen_hours"]) == (0, None)
    assert year["range"]["cost_eur"]["cautious"] == pytest.approx(20_400)
    assert year["range"]["cost_eur"]["pessimistic"] == pytest.approx(30_600)


def test_without_cases_a_year_there_are_no_yearly_figures() -> None:
    trial = step(played(scenario=figures(cases_per_year=None), cases=50, replications=2), "kopieren")
    assert trial.as_json("de")["saving_per_year"] is None


def test_who_asks_a_co_signature_lets_all_cases_go_the_usual_way_and_says_so(found: Played) -> None:
    trial = step(found, "zeichnen")
    assert trial.measured is not None
    refused = found.baseline.result.outcomes["abgelehnt"]
    assert trial.measured.share == pytest.approx(refused)  # case by case those, and no others
    assert 0 < refused < 0.01
    [assumed] = trial.assumptions
    assert (assumed.element, assumed.flow) == ("x", "x_schicken")
    assert "gehen alle Fälle den Weg" in (assumed.text or {})["de"]


def test_a_co_signature_that_often_refuses_decides() -> None:
    trial = step(played(scenario=figures(refused=0.3)), "zeichnen")
    assert trial.verdict == "decides-costs-little"  # without it more cases get to the steps behind


def test_few_cases_are_no_verdict() -> None:
    assert step(played(cases=20, replications=2), "kopieren").verdict == "too-few-cases"


def test_a_protected_step_is_shown_and_not_tried(found: Played) -> None:
    told = step(found, "anhoeren").as_json("de")
    assert (told["protected"], told["verdict"]) == (True, "protected")
    assert told["saving"] is None
    assert "anhoeren" not in found.joint.steps


def test_what_others_work_with_is_not_guessed(found: Played) -> None:
    told = step(found, "annehmen").as_json("de")
    assert told["verdict"] == "undecided"
    assert told["reason"] == "„Bescheid mitzeichnen“ arbeitet mit „antrag“, das nur dieser Schritt liefert"


def test_what_acts_outside_is_measured_but_not_left_out_together(found: Played) -> None:
    trial = step(found, "schicken")
    assert trial.outward
    assert trial.measured is not None
    assert set(found.joint.steps) == {"kopieren", "zeichnen"}


def test_the_joint_saving_stands_beside_the_sum_of_the_single_ones(found: Played) -> None:
    told = found.joint.as_json("de")
    assert told["saving"]["processing_time_s"]["mean"] == pytest.approx(240, rel=0.02)
    assert told["sum"]["processing_time_s"] == pytest.approx(240, rel=0.02)
    assert told["saving"]["waiting_time_s"]["mean"] != told["sum"]["waiting_time_s"]  # queues do not add up
    assert told["sum_per_year"]["released_hours"] == pytest.approx(2_000, rel=0.02)


def test_each_conclusion_says_up_to_which_minutes_it_holds(found: Played) -> None:
    even = step(found, "kopieren").break_even
    assert even is not None
    others = found.baseline.hours_of_case * 60 - 2
    assert even.at == pytest.approx(others / 4)  # a fifth of the work of all five steps
    assert (even.bounds.cautious, even.bounds.pessimistic) == (pytest.approx(1.6), pytest.approx(2.4))


def test_recorded_bounds_are_taken_instead_of_twenty_per_cent() -> None:
    facts = "<li:step minutes='2' wageGroup='gehoben' known='estimated' low='1' high='9'/>"
    trial = step(played(model(kopieren=facts), cases=50, replications=2), "kopieren")
    assert trial.break_even is not None
    assert (trial.break_even.bounds.cautious, trial.break_even.bounds.pessimistic) == (1.0, 9.0)
    assert not trial.break_even.holds_within


def test_steps_that_cost_much_and_decide_little_come_first_and_workers_change_nothing(found: Played) -> None:
    order = [one.node.id for one in found.steps]
    assert order.index("kopieren") < order.index("annehmen") < order.index("anhoeren")
    again = played(workers=2)
    assert [one.as_json("en") for one in again.steps] == [one.as_json("en") for one in found.steps]


def test_a_rule_is_played_without_and_one_proven_needless_is_not() -> None:
    [procedure] = read(CITY / "dienstreise")
    asked = question_procedure(procedure, options=Options("rules", cases=100, replications=3))
    assert asked.played is not None
    rules = {(owner, rule): one for (_, owner, rule), one in asked.played.rules.items()}
    assert rules["genehmigende", 5].same
    assert rules["genehmigende", 5].as_json("de")["outcome_interval_95"] == [0.0, 0.0]
    assert all(one.same or one.measured or one.refusal for one in rules.values())
    measured = [one.measured for one in rules.values() if one.measured]
    assert any(it.share > 0 or (it.saving and it.saving["cycle_time_s"].mean) for it in measured)


def test_the_command_tells_people_in_words_what_is_not_calibrated_and_by_which_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--only", "steps", "--cases", "150", "--replications", "3"]
    with pytest.raises(SystemExit):
        main(["question", str(CITY / "bewohnerparkausweis"), *options])
    text = capsys.readouterr().out
    assert "entscheidet wenig, kostet viel" in text
    assert "geschützt: kein Vorschlag zum Wegfall" in text
    assert "nicht kalibriert" in text
    assert "Stand 2025-01" in text
    assert "decides-little" not in text
    with pytest.raises(SystemExit):
        main(["question", str(CITY / "bewohnerparkausweis"), *options, "--format", "json", "--lang", "en"])
    told = json.loads(capsys.readouterr().out)
    assert told["played"]["cost_table"]["id"] == "stba-2025-01"
    assert told["played"]["calibrated"] is False
    assert told["rules"] == []
    assert set(told["joint"]) >= {"remark", "saving", "sum", "steps", "excluded"}


def test_without_a_scenario_no_step_is_tried_and_the_reason_is_told() -> None:
    asked = question_procedure(model(), options=Options("steps"))
    assert asked.played is None
    assert [field for field, _ in asked.notes] == ["steps"]


def test_what_only_a_later_step_finds_out_again_is_not_known_before_it() -> None:
    [procedure] = read(CITY / "bewohnerparkausweis")
    asked = question_procedure(procedure, options=Options("steps", cases=60, replications=2))
    assert asked.played is not None
    first = step(asked.played, "meldedaten_abfragen")
    assert first.refusal or [it.item for it in first.assumptions] == ["gemeldet"]
    assert not step(asked.played, "meldung_klaeren").assumptions  # what the register said holds on
