"""A second city takes procedures over by layers: they run, and the findings are its own."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bpm import engine
from bpm.analyser.finding import Finding
from bpm.analyser.run import analyse
from bpm.model.form import Form
from bpm.model.procedure import Procedure
from bpm.model.process import UserTask
from bpm.model.reader import read
from bpm.service.inspect import inspect
from bpm.service.simulate import simulate_procedure
from tests.procedures.test_findings import matches, shown
from tests.procedures.walk import walk

CITY = Path(__file__).parents[2] / "processes" / "musterstadt"
KEYS = tuple(sorted(path.parent.name for path in CITY.glob("*/layer.toml")))
CASES = [(path.parent.parent.name, path.stem) for path in sorted(CITY.glob("*/cases/*.json"))]


@cache
def procedure(key: str) -> Procedure:
    return read(CITY / key)[0]


@cache
def findings(key: str) -> tuple[Finding, ...]:
    return tuple(reported.finding for reported in analyse(procedure(key)).findings)


def expected(key: str) -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = json.loads((CITY / key / "expected-findings.json").read_text("utf-8"))
    return loaded


def test_the_city_has_two_procedures_and_no_copy_of_a_model() -> None:
    assert KEYS == ("bewohnerparkausweis", "hundesteuer")
    assert [path for path in CITY.rglob("*") if path.suffix in (".bpmn", ".dmn", ".form")] == []
    assert not list(CITY.glob("*/forms"))


@pytest.mark.parametrize("key", KEYS)
def test_every_change_finds_its_place_in_the_base_as_it_is_today(key: str) -> None:
    found = procedure(key)
    assert found.errors == (), "look through what changed in the base, then write down its digest"
    assert found.layer is not None
    assert len(found.layer.done) == len(found.layer.changes)


@pytest.mark.parametrize(("key", "name"), CASES)
def test_a_case_of_the_city_runs_to_its_expected_end(key: str, name: str) -> None:
    found = procedure(key)
    assert found.process is not None
    case = json.loads(json.dumps(found.cases[name]))
    walked = walk(engine.build(found.process, found.decisions), case)
    assert walked.outcome.state == "completed"
    assert case["expected_end"] in walked.ends
    got = {name: walked.outcome.variables.get(name) for name in case["expected_variables"]}
    assert json.loads(json.dumps(got, default=float)) == case["expected_variables"]


@pytest.mark.parametrize("key", KEYS)
def test_the_answers_of_its_cases_pass_its_forms(key: str) -> None:
    found = procedure(key)
    assert found.process is not None
    forms = {node.id: node.form or "" for node in found.process.main.nodes if isinstance(node, UserTask)}
    for name, case in found.cases.items():
        for element, answers in case["tasks"].items():
            schema = found.form(forms[element])
            assert schema is not None
            for answer in answers if isinstance(answers, list) else [answers]:
                assert Form.parse(schema, element).check(answer) == {}, (name, element)


@pytest.mark.parametrize("key", KEYS)
def test_its_findings_are_those_it_expects_and_no_others(key: str) -> None:
    wanted = expected(key)["expected"] + expected(key)["accepted"]
    assert [entry for entry in wanted if not any(matches(entry, finding) for finding in findings(key))] == []
    assert [shown(it) for it in findings(key) if not any(matches(entry, it) for entry in wanted)] == []
    assert len(findings(key)) == len(wanted)
    for entry in expected(key)["must_not"]:
        assert not any(matches(entry, finding) for finding in findings(key)), entry


def test_what_the_city_decided_otherwise_changes_what_is_asked() -> None:
    theirs = {
        key: {reported.finding.code for reported in analyse(read(CITY.parent / "muenchen" / key)[0]).findings}
        for key in KEYS
    }
    ours = {key: {finding.code for finding in findings(key)} for key in KEYS}
    assert theirs["bewohnerparkausweis"] - ours["bewohnerparkausweis"] == {"RC10"}, "its fees know both terms"
    assert ours["hundesteuer"] - theirs["hundesteuer"] == {"NO01"}, "one person cannot be four eyes"


@pytest.mark.parametrize("key", KEYS)
def test_it_simulates_with_the_figures_of_the_city(key: str) -> None:
    result = simulate_procedure(procedure(key), cases=200, replications=1, seed=1)
    scenario = procedure(key).scenario
    assert scenario is not None
    assert scenario["cases_per_year"]["value"] in (400, 1500)
    assert all(resource["utilisation"]["mean"] < 0.98 for resource in result["resources"].values())


def test_what_the_layer_changed_stands_in_the_inspection() -> None:
    (found,) = [one for one in inspect(CITY / "bewohnerparkausweis") if one.processes]
    layer = found.as_json()["layer"]
    assert layer["base"] == "../../muenchen/bewohnerparkausweis"
    assert {
        "do": "set-name",
        "target": "lane_kvr",
        "was": "KVR Bewohnerparken",
        "now": "Ordnungsamt Parken",
    }.items() <= (layer["changes"][0].items())
    (reference,) = [one for one in inspect(CITY.parent / "muenchen" / "hundesteuer") if one.processes]
    assert reference.as_json()["layer"] is None


def test_the_example_city_is_said_to_be_invented() -> None:
    for key in KEYS:
        assert "erfunden" in (CITY / key / "sources.md").read_text(encoding="utf-8")
        assert 'source = "erfunden"' in (CITY / key / "layer.toml").read_text(encoding="utf-8")
