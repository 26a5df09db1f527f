"""What makes a procedure trustworthy: dated rules, used forms, marked assumptions, drawings that show everything."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bpm.model.decision import DecisionTable
from bpm.model.form import Form
from bpm.model.process import Activity, Event, FlowNode, Known, UserTask
from bpm.service.simulate import simulate_procedure
from tests.procedures.city import CITY, KEYS, expected, model, procedure, process

WORDS_FOR_OPEN = ("zu prüfen", "Annahme", "erfunden")


@pytest.mark.parametrize("key", KEYS)
def test_every_rule_says_on_what_it_rests_and_of_which_day_that_is(key: str) -> None:
    for file in procedure(key).decisions:
        for decision in file.decisions:
            if not isinstance(decision.logic, DecisionTable):
                continue
            for rule in decision.logic.rules:
                assert rule.legal_bases, rule.id
                for basis in rule.legal_bases:
                    assert basis.known is not None, rule.id
                    assert date.fromisoformat(basis.known.on or "") <= date(2026, 11, 23), rule.id
                    assert basis.organ is not None, rule.id
                assert rule.annotations, rule.id


def known_of(node: FlowNode) -> list[Known | None]:
    facts = node.facts
    return [basis.known for basis in facts.legal_bases] + [deadline.known for deadline in facts.deadlines]


@pytest.mark.parametrize("key", KEYS)
def test_no_assumption_is_shown_as_a_fact(key: str) -> None:
    for node in process(key).nodes:
        for known in known_of(node):
            assert known is not None, node.id
            if known.how == "assumed":
                assert any(word in (known.source or "") for word in WORDS_FOR_OPEN), (node.id, known)
        step = node.facts.step
        if step is not None and (step.minutes, step.citizen_minutes) != (None, None):
            assert step.known is not None, node.id
            assert step.known.source, node.id


@pytest.mark.parametrize("key", KEYS)
def test_the_sources_tell_verified_from_unverified(key: str) -> None:
    text = (CITY / key / "sources.md").read_text(encoding="utf-8")
    assert "Rechtsstand dieses Modells" in text
    assert len(re.findall(r"\| V", text)) >= 3
    assert len(re.findall(r"\| G", text)) >= 3


@pytest.mark.parametrize("key", KEYS)
def test_a_procedure_names_its_procedural_law(key: str) -> None:
    assert process(key).procedural_law in ("BayVwVfG", "SGB X", "AO", "internal")


@pytest.mark.parametrize("key", KEYS)
def test_every_form_is_understood_and_writes_what_its_task_says(key: str) -> None:
    loaded = procedure(key)
    used: set[str] = set()
    for node in process(key).nodes:
        if not isinstance(node, UserTask):
            continue
        schema = loaded.form(node.form or "")
        assert schema is not None, node.id
        used.add(node.form or "")
        form = Form.parse(schema, node.form or "")
        assert form.unknown == ()
        assert {field.key for field in form.fields} == {use.item for use in node.facts.writes}, node.id
    assert used == set(loaded.forms)


@pytest.mark.parametrize("key", KEYS)
def test_the_answers_in_the_cases_pass_the_forms(key: str) -> None:
    loaded = procedure(key)
    forms = {node.id: node.form for node in process(key).nodes if isinstance(node, UserTask)}
    for name, case in loaded.cases.items():
        for element, answers in case["tasks"].items():
            schema = loaded.form(forms[element] or "")
            assert schema is not None
            for answer in answers if isinstance(answers, list) else [answers]:
                assert Form.parse(schema, element).check(answer) == {}, (name, element)


@pytest.mark.parametrize("key", KEYS)
def test_the_drawing_shows_every_node_flow_lane_and_pool_once(key: str) -> None:
    whole = model(key)
    (plane,) = whole.planes
    main = whole.main
    wanted = {node.id for node in main.nodes} | {lane.id for lane in main.lanes}
    wanted |= {participant.id for participant in whole.participants}
    assert sorted(shape.element for shape in plane.shapes) == sorted(wanted)
    assert sorted(edge.element for edge in plane.edges) == sorted(flow.id for flow in main.flows)
    named = {node.id for node in main.nodes if node.name and not isinstance(node, Activity)}
    assert named == {shape.element for shape in plane.shapes if shape.label is not None}


@pytest.mark.parametrize("key", KEYS)
def test_a_step_has_a_role_and_most_steps_say_what_they_read_and_write(key: str) -> None:
    activities = [node for node in process(key).nodes if isinstance(node, Activity)]
    assert all(node.lane for node in activities if node.parent == key)
    recorded = [node for node in activities if node.facts.reads or node.facts.writes]
    assert len(recorded) >= 0.9 * len(activities) - 1
    assert any(node.facts.step is None or node.facts.step.minutes is None for node in activities)


def has_branch_beside(key: str) -> bool:
    return any(
        isinstance(node, Event) and node.type == "boundaryEvent" and not node.interrupting
        for node in process(key).nodes
    )


@pytest.mark.parametrize("key", KEYS)
def test_a_procedure_simulates_to_its_ends_with_its_own_scenario(key: str) -> None:
    result = simulate_procedure(procedure(key), cases=200, replications=1, seed=1)
    outcomes = result["outcomes"]
    ends = sum(outcomes.values())  # a branch beside the main way (a reminder) ends on its own
    assert ends == pytest.approx(1.0) or (ends > 1.0 and has_branch_beside(key))
    assert outcomes[max(outcomes, key=outcomes.__getitem__)] > 0.5
    assert result["kpis"]["cost_eur"]["mean"] > 0
    assert all(resource["utilisation"]["mean"] < 0.98 for resource in result["resources"].values())


@pytest.mark.parametrize("key", KEYS)
def test_the_arrivals_of_a_week_fit_the_cases_of_a_year(key: str) -> None:
    scenario = procedure(key).scenario
    assert scenario is not None
    order = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
    hours = 0.0
    for period in scenario["arrival_time_calendar"]:
        days = order.index(period["to"]) - order.index(period["from"]) + 1
        hours += days * (int(period["endTime"][:2]) - int(period["beginTime"][:2]))
    interval = scenario["arrival_time_distribution"]["distribution_params"][0]["value"]
    assert hours * 3600 / interval * 52 == pytest.approx(scenario["cases_per_year"]["value"], rel=0.05)


def test_nobody_of_flesh_and_blood_is_named() -> None:
    for path in sorted(CITY.rglob("*.*")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\w.]+@[\w-]+\.\w{2,}", text), path


def test_every_plant_of_the_first_twelve_is_somewhere() -> None:
    planted = {entry["code"] for key in KEYS for entry in expected(key)["expected"]}
    assert planted >= {"BU01", "BU03", "RS01", "RS05", "RC01", "RC05", "RC07", "RC10", "FL06"}
