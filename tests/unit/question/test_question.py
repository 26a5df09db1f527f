"""`bpm question`: every rule on trial, as a script and as a person sees it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.given import Given
from bpm.cli import main
from bpm.decisions import decide
from bpm.kpis import exact_share
from bpm.model.decision import DecisionModel
from bpm.model.procedure import Procedure
from bpm.model.reader import read
from bpm.question import question_rules
from bpm.service.simulate import scenario_of
from bpm.simulator.casemix import draw

CITY = Path(__file__).parents[3] / "processes" / "muenchen"
UNION = Path(__file__).parents[2] / "checks" / "rc05" / "invalid-union.dmn"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(one) for one in arguments])
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def procedure(key: str) -> Procedure:
    [found] = read(CITY / key)
    return found


def asked(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    code, out, _ = run(capsys, "question", *arguments, "--format", "json")
    assert code == 0
    return json.loads(out)  # type: ignore[no-any-return]


def without(model: DecisionModel, id: str, number: int) -> DecisionModel:
    decisions = []
    for decision in model.decisions:
        if decision.id == id:
            rules = tuple(rule for n, rule in enumerate(decision.logic.rules, 1) if n != number)  # type: ignore[union-attr]
            decision = replace(decision, logic=replace(decision.logic, rules=rules))  # type: ignore[type-var]
        decisions.append(decision)
    return replace(model, decisions=tuple(decisions))


def test_the_answer_has_the_fields_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, CITY / "dienstreise", "--only", "rules", "--cases", 500)
    assert set(answer) >= {"rules", "irredundant_core", "steps", "joint", "notes"}
    assert answer["irredundant_core"] == {
        "genehmigende": [1, 2, 3, 4],
        "kostengrenze": [1, 2, 3, 4],
        "leitweg": [1, 2, 3, 4],
    }
    for entry in answer["rules"]:
        assert set(entry) >= {"decision", "rule", "verdict", "proof", "witness", "changed_share", "interval_95"}
        assert entry["verdict"] in {"never-decisive", "decisive", "undecided"}
        assert (entry["witness"] is not None) == (entry["verdict"] == "decisive")
    dead = [(entry["decision"], entry["rule"]) for entry in answer["rules"] if entry["verdict"] == "never-decisive"]
    assert dead == [("genehmigende", 5)]


def test_without_a_scenario_there_are_verdicts_but_no_shares(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, UNION)
    assert [entry["verdict"] for entry in answer["rules"]] == ["decisive"] * 4 + ["never-decisive"]
    assert {entry["changed_share"] for entry in answer["rules"]} == {None}
    assert any(note["field"] == "changed_share" for note in answer["notes"])


def test_every_witness_of_the_procedures_is_decided_otherwise_without_its_rule() -> None:
    tried = 0
    for key in ("bewohnerparkausweis", "dienstreise", "hundesteuer", "wohnsitzanmeldung"):
        found = procedure(key)
        for trial in question_rules(found, None).trials:
            [at] = [it for it in Given(found).tables if it.owner == trial.at.owner]
            names = {entry.name for entry in at.model.inputs}
            if trial.witness is None or not set(trial.witness) <= names:
                continue
            alone = replace(at.model, decisions=tuple(it for it in at.model.decisions if it.id == at.owner))
            required = tuple(it for it in alone.decisions[0].requires if it in {e.id for e in at.model.inputs})
            if len(required) < len(alone.decisions[0].requires):
                continue
            case = dict(trial.witness)
            less = without(alone, at.owner, trial.rule)
            assert decide(alone, at.owner, case).result != decide(less, at.owner, case).result, (key, trial)
            tried += 1
    assert tried >= 15


def test_a_share_is_what_deciding_the_drawn_cases_gives() -> None:
    found = procedure("dienstreise")
    scenario = scenario_of(found)
    questioned = question_rules(found, scenario, cases=400, seed=7)
    drawn = draw(scenario, 400, 7)
    cases = [{name: values[n] for name, values in drawn.items()} for n in range(400)]
    [model] = found.decisions
    measured = [trial for trial in questioned.trials if trial.share is not None and trial.at.owner == "kostengrenze"]
    assert len(measured) == 4
    for trial in measured:
        less = without(model, "kostengrenze", trial.rule)
        changed = sum(
            decide(model, "kostengrenze", case).result != decide(less, "kostengrenze", case).result for case in cases
        )
        assert trial.share == changed / 400
        assert trial.interval == exact_share(changed, 400)


def test_a_share_follows_required_decisions_of_the_file() -> None:
    found = procedure("hundesteuer")
    attributes_alone = replace(scenario_of(found), results={})
    shares = {(trial.at.owner, trial.rule): trial.share for trial in question_rules(found, attributes_alone).trials}
    assert shares["steuersatz", 1] is not None
    assert shares["steuersatz", 1] + (shares["steuersatz", 2] or 0) == pytest.approx(1.0)
    assert shares["steueranteil", 1] is None, "its input is no case attribute"


def test_the_same_seed_draws_the_same_cases_however_many() -> None:

    found = procedure("wohnsitzanmeldung")
    scenario = scenario_of(found)
    drawn = draw(scenario, 300, 5)
    assert drawn == draw(scenario, 300, 5)
    assert drawn != draw(scenario, 300, 6)
    assert {name: values[:100] for name, values in drawn.items()} == draw(scenario, 100, 5)


def test_the_drawn_cases_are_those_that_the_simulator_plays() -> None:
    from bpm.simulator import simulate

    found = procedure("wohnsitzanmeldung")
    scenario = scenario_of(found)
    flows = simulate(found, scenario, cases=400, replications=1, seed=5).as_json()["flows"]
    drawn = draw(scenario, 400, 5)
    cases = [{name: values[n] for name, values in drawn.items()} for n in range(400)]
    [model] = found.decisions
    online = sum(decide(model, "meldeweg", case).result == "online" for case in cases)
    assert online / 400 == pytest.approx(flows["f07_gw_weg"], abs=1e-12)


def test_a_table_whose_input_only_the_model_s_types_explain_is_no_error() -> None:
    from bpm.analyser.tables import Geometry, geometry
    from bpm.model.decision import DecisionTable, InputClause, ItemDefinition, OutputClause, Rule
    from tests.unit.ablation.trials import located

    clause = InputClause("i", "x", "Antrag.Alter des Hundes", "number")
    table = DecisionTable("t", "FIRST", None, (clause,), (OutputClause("o", "aus"),), (Rule("r", ("< 3",), ("1",)),))
    item = ItemDefinition("a", "tAntrag", components=(ItemDefinition("b", "Alter des Hundes", "number"),))
    at = located(table)
    model = replace(at.model, items=(item,))
    found = Procedure("k", "k", "t.dmn", None, decisions=(model,))
    assert isinstance(geometry(Given(found).tables[0]), Geometry)
    scenario = scenario_of(procedure("wohnsitzanmeldung"))
    questioned = question_rules(found, scenario, cases=10)
    assert [trial.word for trial in questioned.trials] == ["decisive"]
    assert questioned.trials[0].share is None


def test_equal_input_gives_equal_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    options = [CITY / "wohnsitzanmeldung", "--format", "json", "--cases", 40, "--replications", 2]
    first = run(capsys, "question", *options)
    remedies = json.loads(first[1])["joint"]["findings"]
    assert remedies["applied"], "the remedies of the checks are played together too"
    assert remedies["saving"].keys() >= remedies["sum"].keys()
    assert first == run(capsys, "question", *options, "--workers", 2)
    assert first != run(capsys, "question", *options, "--seed", 2)


def test_a_whole_city_is_questioned_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, CITY, "--cases", 100, "--only", "rules")
    tables = sum(len(Given(found).tables) for found in read(CITY))
    assert len(answer["irredundant_core"]) == tables, "every table of every procedure, and none twice"


def test_text_speaks_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    german = run(capsys, "question", CITY / "dienstreise", "--lang", "de", "--cases", 200, "--only", "rules")[1]
    assert "entscheidet nie" in german
    assert "Es genügen 4 von 5 Zeilen" in german
    assert "lassen sich nicht zusammenzählen" in german
    english = run(capsys, "question", CITY / "dienstreise", "--lang", "en", "--cases", 200, "--only", "rules")[1]
    assert "never decides" in english
    assert "do not add up" in english


def test_what_cannot_be_read_is_an_error_with_its_place(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = tmp_path / "x.dmn"
    broken.write_text("<definitions", encoding="utf-8")
    code, _, err = run(capsys, "question", broken)
    assert code == 2
    assert "x.dmn:" in err
    assert run(capsys, "question", tmp_path / "nothing.dmn")[0] == 2


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0.0, 0.30850), (10, 10, 0.69150, 1.0), (3, 20, 0.03207, 0.37893)]
)
def test_the_interval_is_the_exact_one(hits: int, n: int, low: float, high: float) -> None:
    assert exact_share(hits, n) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5))
    assert exact_share(0, 0) == (0.0, 1.0)
