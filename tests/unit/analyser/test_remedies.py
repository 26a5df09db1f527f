"""When an edit is mechanical, when the board has to decide, and when it is not offered at all."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from bpm.analyser.given import Given
from bpm.analyser.remedies import attempt, offer, proven
from bpm.model.edit.steps import MergeSteps, MoveStep, ParalleliseSteps, RemoveStep, SetChannel, StepEdit
from bpm.model.procedure import Procedure
from bpm.model.reader import read_files

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:li="urn:lichtung:bpmn:1" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:t"><process id="p" isExecutable="true">'
    '<startEvent id="s"/><endEvent id="e"/>'
)


def step(key: str, reads: str = "", writes: str = "", more: str = "", kind: str = "userTask", name: str = "") -> str:
    data = "".join(f'<li:reads item="{item}"/>' for item in reads.split())
    data += "".join(f'<li:writes item="{item}" from="step"/>' for item in writes.split())
    return f'<{kind} id="{key}" name="{name or key}"><extensionElements>{data}{more}</extensionElements></{kind}>'


def rule(key: str, reads: str, result: str) -> str:
    return step(key, reads, "", "", "businessRuleTask").replace(
        "<businessRuleTask ", f'<businessRuleTask camunda:decisionRef="d" camunda:resultVariable="{result}" '
    )


def given(*steps: str, order: str = "a b c") -> Given:
    nodes = ["s", *order.split(), "e"]
    flows = "".join(
        f'<sequenceFlow id="{one}_{other}" sourceRef="{one}" targetRef="{other}"/>'
        for one, other in itertools.pairwise(nodes)
    )
    source = (HEAD + "".join(steps) + flows + "</process></definitions>").encode()
    return Given(read_files({"p.bpmn": source}, "p"))


def word(of: Given, *edits: StepEdit) -> str | None:
    remedy = offer(of, of.graphs[0], *edits)
    return remedy.applicability if remedy is not None else None


AND = (step("a", "x", "y"), step("b", "x", "z"), step("c", "y z", "r"))


def test_two_inner_steps_without_common_data_may_run_side_by_side() -> None:
    assert word(given(*AND), ParalleliseSteps(elements=("a", "b"))) == "mechanical"
    assert word(given(*AND), MoveStep(element="b", before="a")) == "mechanical"


SENT = step("c", "z", kind="sendTask")


def test_a_value_that_the_next_step_needs_keeps_the_order() -> None:
    needs = given(step("a", "x", "y"), step("b", "y", "z"), SENT)
    assert word(needs, ParalleliseSteps(elements=("a", "b"))) == "board"
    writes_both = given(step("a", "x", "z"), step("b", "x", "z"), SENT)
    assert word(writes_both, MoveStep(element="b", before="a")) == "board"


def test_what_is_not_recorded_is_never_taken_as_independent() -> None:
    silent = given(step("a", "x", "y"), step("b"), step("c", "y", "r"))
    assert word(silent, ParalleliseSteps(elements=("a", "b"))) == "board"
    elsewhere = given(*AND[:2], step("c"))
    assert word(elsewhere, ParalleliseSteps(elements=("a", "b"))) == "board"


@pytest.mark.parametrize(
    "more",
    [
        '<li:legalBasis citation="G" force="should"/>',
        '<li:deadline element="a" starts="x" length="P1M"/>',
        '<li:step principles="vier-augen"/>',
        '<li:step citizenMinutes="3"/>',
        '<li:document name="Nachweis"/>',
        '<li:step protected="Recht"/>',
    ],
)
def test_what_rests_on_a_law_a_principle_or_a_person_is_for_the_board(more: str) -> None:
    touched = given(step("a", "x", "y", more), *AND[1:])
    assert word(touched, ParalleliseSteps(elements=("a", "b"))) == "board"


def test_two_messages_or_two_machines_keep_their_order() -> None:
    for kind in ("sendTask", "serviceTask"):
        told = given(step("a", "x", kind=kind), step("b", "x", kind=kind), step("c", "x", "r"))
        assert word(told, ParalleliseSteps(elements=("a", "b"))) == "board"


def test_the_same_decision_about_the_same_values_is_needless_and_about_others_it_is_not() -> None:
    same = given(step("a", "x", "y"), rule("b", "y", "r"), rule("c", "y", "r"), order="a b c")
    assert word(same, RemoveStep(element="c", keeps="b")) == "mechanical"
    changed = given(rule("a", "y", "r"), step("b", "x", "y"), rule("c", "y", "r"))
    assert word(changed, RemoveStep(element="c", keeps="a")) == "board"
    alone = given(step("a", "x", "y"), step("b", "y", "z"), rule("c", "y", "r"))
    assert word(alone, RemoveStep(element="c")) == "board"


def test_the_work_of_a_person_is_never_removed_without_being_asked() -> None:
    unread = given(step("a", "x", "y"), step("b", "x", "note"), step("c", "y", "r"))
    assert word(unread, RemoveStep(element="b")) == "board"


def test_a_protected_step_is_offered_neither_for_removal_nor_for_merging() -> None:
    hearing = given(step("a", "x", "y"), step("b", "x", "z", name="Anhörung durchführen"), step("c", "y", "r"))
    assert word(hearing, RemoveStep(element="b")) is None
    assert word(hearing, MergeSteps(elements=("a", "b"))) is None
    assert word(hearing, SetChannel(element="b", channel="online")) == "board"


def test_a_protected_step_behind_a_boundary_event_protects_its_host() -> None:
    base = given(*AND)
    process = base.procedure.process
    assert process is not None
    text = process.source.decode().replace(
        "</process>",
        '<boundaryEvent id="t" attachedToRef="b"><timerEventDefinition><timeDuration>P1D</timeDuration>'
        '</timerEventDefinition></boundaryEvent><userTask id="h" name="Anhörung"/><endEvent id="e2"/>'
        '<sequenceFlow id="f1" sourceRef="t" targetRef="h"/><sequenceFlow id="f2" sourceRef="h" targetRef="e2"/>'
        "</process>",
    )
    guarded = Given(read_files({"p.bpmn": text.encode()}, "p"))
    assert attempt(guarded, guarded.graphs[0], RemoveStep(element="b")) is not None
    assert word(guarded, RemoveStep(element="b")) is None


def test_an_edit_that_makes_a_sound_process_unsound_is_not_offered() -> None:
    base = given(*AND).procedure.process
    assert base is not None
    text = base.source.decode().replace(
        "</process>",
        '<boundaryEvent id="t" attachedToRef="b"><timerEventDefinition><timeDuration>P1D</timeDuration>'
        '</timerEventDefinition></boundaryEvent><endEvent id="e2"/><sequenceFlow id="f1" sourceRef="t" targetRef="e2"/>'
        "</process>",
    )
    broken = Given(read_files({"p.bpmn": text.encode()}, "p"))
    assert broken.verdicts[0].sound
    assert word(broken, ParalleliseSteps(elements=("a", "b"))) is None


def test_a_step_in_a_loop_is_not_proven() -> None:
    gates = '<exclusiveGateway id="g"/><exclusiveGateway id="h"/><sequenceFlow id="back" sourceRef="h" targetRef="g"/>'
    looped = given(*AND, gates, order="g a b h c")
    graph, edit = looped.graphs[0], ParalleliseSteps(elements=("a", "b"))
    tried = attempt(looped, graph, edit)
    assert tried is not None
    same = proven(looped, graph, [edit], tried)
    assert same.same is None
    assert "wiederkehren" in same.why["de"]
    assert word(looped, edit) == "board"


def test_a_model_without_its_source_is_never_called_mechanical() -> None:
    base = given(*AND)
    process = base.procedure.process
    assert process is not None
    bare: Procedure = replace(base.procedure, process=replace(process, source=b""))
    assert word(Given(bare), ParalleliseSteps(elements=("a", "b"))) == "board"
