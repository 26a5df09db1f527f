"""What the reader says of each construct of BPMN."""

from __future__ import annotations

from typing import Any

import pytest

from bpm.errors import ModelError
from bpm.model.process import (
    BusinessRuleTask,
    CallActivity,
    Event,
    Gateway,
    Process,
    ProcessModel,
    ScriptTask,
    ServiceTask,
    SubProcess,
    Task,
    UserTask,
)
from bpm.model.reader import read_bpmn
from tests.unit.model.texts import PASS, bpmn


def read(body: str, **more: str) -> Process:
    return read_bpmn(bpmn(body, **more), "t.bpmn").processes[0]


def node(body: str, id: str = "n", **more: str) -> Any:
    return next(found for found in read(body, **more).nodes if found.id == id)


def codes(model: ProcessModel) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.element) for problem in model.extras["problems"]]


@pytest.mark.parametrize(
    ("local", "kind"),
    [
        *((name, Event) for name in ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent")),
        *((f"{name}Gateway", Gateway) for name in ("exclusive", "inclusive", "parallel", "complex", "eventBased")),
        *((name, Task) for name in ("task", "manualTask")),
        *((name, ServiceTask) for name in ("serviceTask", "sendTask", "receiveTask")),
        *((name, SubProcess) for name in ("subProcess", "transaction", "adHocSubProcess")),
        ("userTask", UserTask),
        ("scriptTask", ScriptTask),
        ("businessRuleTask", BusinessRuleTask),
        ("callActivity", CallActivity),
    ],
)
def test_every_flow_node_kind_has_its_class_type_line_and_parent(local: str, kind: type) -> None:
    found = node(f'<{local} id="n" name="Ü*in"/>')
    assert isinstance(found, kind)
    assert (found.type, found.name, found.parent, found.line) == (local, "Ü*in", "p", 7)


@pytest.mark.parametrize(
    "kind",
    "timer message signal error escalation conditional link compensate cancel terminate".split(),  # noqa: SIM905
)
def test_every_event_definition_is_named_by_its_kind(kind: str) -> None:
    found = node(f'<intermediateCatchEvent id="n"><{kind}EventDefinition/></intermediateCatchEvent>')
    assert [definition.kind for definition in found.definitions] == [kind]


def test_names_of_messages_and_codes_of_errors_are_resolved_through_their_references() -> None:
    head = (
        '<message id="m" name="Bescheid"/><error id="er" name="Fehler" errorCode="E1"/><error id="plain" name="N"/>'
        '<escalation id="es" escalationCode="X"/><signal id="si" name="Alarm"/>'
        '<timerEventDefinition id="shared"><timeDuration>P14D</timeDuration></timerEventDefinition>'
    )
    body = (
        '<intermediateThrowEvent id="n"><messageEventDefinition messageRef="t:m"/>'
        '<errorEventDefinition errorRef="er"/><errorEventDefinition errorRef="plain"/>'
        '<escalationEventDefinition escalationRef="es"/><signalEventDefinition signalRef="si"/>'
        "<eventDefinitionRef>shared</eventDefinitionRef></intermediateThrowEvent>"
    )
    found = node(body, head=head)
    assert [definition.name for definition in found.definitions] == ["Bescheid", "E1", "N", "X", "Alarm", None]
    timer = found.definitions[-1]
    assert (timer.timer, timer.expression.text) == ("duration", "P14D")


def test_an_error_reference_to_nothing_is_taken_for_the_code_and_said_so() -> None:
    model = read_bpmn(bpmn('<endEvent id="n"><errorEventDefinition errorRef="boom"/></endEvent>'), "t.bpmn")
    assert model.processes[0].nodes[0].definitions[0].name == "boom"  # type: ignore[attr-defined]
    assert [(note["element"], note["used"]) for note in model.extras["notes"]] == [("n", "boom")]


def test_boundary_events_know_their_host_and_whether_they_interrupt() -> None:
    body = (
        '<task id="t"/><boundaryEvent id="n" attachedToRef="t" cancelActivity="false">'
        "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition></boundaryEvent>"
    )
    found = node(body)
    assert (found.attached_to, found.interrupting, found.definitions[0].timer) == ("t", False, "cycle")


def test_link_and_compensation_definitions_keep_what_they_name() -> None:
    body = (
        '<intermediateThrowEvent id="n"><linkEventDefinition name="A"/><compensateEventDefinition activityRef="t"/>'
        "</intermediateThrowEvent>"
    )
    link, compensation = node(body).definitions
    assert (link.name, compensation.activity_ref) == ("A", "t")


def test_sub_processes_nest_without_losing_order_or_parent() -> None:
    body = "".join(f'<subProcess id="s{i}">' for i in range(40)) + '<task id="t"/>' + "</subProcess>" * 40
    nodes = read(body).nodes
    assert [found.id for found in nodes] == [*(f"s{i}" for i in range(40)), "t"]
    assert [found.parent for found in nodes] == ["p", *(f"s{i}" for i in range(40))]


def test_event_ad_hoc_and_transaction_sub_processes_keep_their_marks() -> None:
    nodes = read(
        '<subProcess id="a" triggeredByEvent="true"/><transaction id="b"/>'
        '<adHocSubProcess id="c" ordering="Sequential" cancelRemainingInstances="false">'
        "<completionCondition>done</completionCondition></adHocSubProcess>"
    ).nodes
    event, transaction, ad_hoc = nodes
    assert isinstance(event, SubProcess)
    assert event.triggered_by_event
    assert transaction.type == "transaction"
    assert isinstance(ad_hoc, SubProcess)
    assert (ad_hoc.ordering, ad_hoc.cancel_remaining) == ("Sequential", False)
    assert ad_hoc.completion_condition is not None
    assert ad_hoc.completion_condition.text == "done"


def test_loops_are_read_from_the_standard_camunda_and_zeebe() -> None:
    body = (
        '<task id="a"><standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>x</loopCondition>'
        "</standardLoopCharacteristics></task>"
        '<task id="b"><multiInstanceLoopCharacteristics isSequential="true" camunda:collection="gutachter"'
        ' camunda:elementVariable="g"><loopCardinality>4</loopCardinality><completionCondition>enough'
        "</completionCondition></multiInstanceLoopCharacteristics></task>"
        '<task id="c"><multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics'
        ' inputCollection="=items" inputElement="item" outputCollection="results" outputElement="=result"/>'
        "</extensionElements></multiInstanceLoopCharacteristics></task>"
    )
    a, b, c = (found.loop for found in read(body).nodes)  # type: ignore[attr-defined]
    assert (a.kind, a.maximum, a.test_before, a.condition.text) == ("standard", 3, True, "x")
    assert (b.kind, b.collection.text, b.element_variable, b.cardinality.text) == ("sequential", "gutachter", "g", "4")
    assert b.completion_condition.text == "enough"
    assert (c.kind, c.collection.text, c.element_variable) == ("parallel", "items", "item")
    assert (c.output_collection, c.output_element.text) == ("results", "result")


@pytest.mark.parametrize("prefix", ["camunda", "operaton"])
def test_assignment_and_form_of_a_user_task(prefix: str) -> None:
    found = node(
        f'<userTask id="n" {prefix}:assignee="a" {prefix}:candidateGroups="Team A, Team B" {prefix}:dueDate="P3D"'
        f' {prefix}:candidateUsers="u1,u2" {prefix}:formKey="forms/antrag.json" {prefix}:priority="5"/>'
    )
    assert found.assignment.candidate_groups == ("Team A", "Team B")
    assert found.assignment.candidate_users == ("u1", "u2")
    assert (found.assignment.assignee, found.assignment.due, found.assignment.priority) == ("a", "P3D", "5")
    assert found.form == "forms/antrag.json"


def test_zeebe_and_plain_bpmn_assignments_are_read_too() -> None:
    zeebe = node(
        '<userTask id="n"><extensionElements><zeebe:assignmentDefinition candidateGroups="a,b"/>'
        '<zeebe:formDefinition formId="f"/></extensionElements></userTask>'
    )
    plain = node(
        '<userTask id="n"><potentialOwner><resourceAssignmentExpression><formalExpression>user(kermit), group(amt)'
        "</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>"
    )
    assert (zeebe.assignment.candidate_groups, zeebe.form) == (("a", "b"), "f")
    assert (plain.assignment.candidate_users, plain.assignment.candidate_groups) == (("kermit",), ("amt",))


def test_work_for_others_decisions_scripts_and_calls_are_kept_and_never_run() -> None:
    nodes = read(
        '<serviceTask id="a" camunda:type="external" camunda:topic="mail"/>'
        '<serviceTask id="b" camunda:class="org.example.Evil"/>'
        '<businessRuleTask id="c" camunda:decisionRef="gebuehr" camunda:resultVariable="g"/>'
        '<scriptTask id="d" scriptFormat="groovy"><script>x = 1</script></scriptTask>'
        '<callActivity id="e" calledElement="other" camunda:calledElementBinding="deployment"/>'
        '<receiveTask id="f" messageRef="m"/>',
        head='<message id="m" name="Antwort"/>',
    ).nodes
    mail, evil, rule, script, call, receive = (found for found in nodes)
    assert (mail.topic, mail.implementation) == ("mail", None)  # type: ignore[attr-defined]
    assert evil.implementation == "class:org.example.Evil"  # type: ignore[attr-defined]
    assert (rule.decision, rule.result_variable) == ("gebuehr", "g")  # type: ignore[attr-defined]
    assert (script.format, script.script) == ("groovy", "x = 1")  # type: ignore[attr-defined]
    assert (call.called, call.binding) == ("other", "deployment")  # type: ignore[attr-defined]
    assert receive.message == "Antwort"  # type: ignore[attr-defined]


def test_mappings_tell_literals_from_expressions() -> None:
    found = node(
        '<serviceTask id="n"><extensionElements><camunda:inputOutput>'
        '<camunda:inputParameter name="a">text</camunda:inputParameter>'
        '<camunda:inputParameter name="b">${x}</camunda:inputParameter>'
        '<camunda:outputParameter name="c"><camunda:script scriptFormat="groovy">y</camunda:script>'
        "</camunda:outputParameter></camunda:inputOutput></extensionElements></serviceTask>"
    )
    assert [(m.target, m.source.text, m.source.language) for m in found.inputs] == [
        ("a", '"text"', "feel"),
        ("b", "${x}", "juel"),
    ]
    assert found.outputs[0].source.language == "camunda:groovy"


def test_the_language_of_a_condition_follows_the_rules_of_the_house() -> None:
    def language(text: str, attribute: str = "", file: str = "") -> tuple[str, str]:
        flow = f'<sequenceFlow id="f" sourceRef="a" targetRef="b"><conditionExpression {attribute}>{text}'
        body = f'<task id="a"/><task id="b"/>{flow}</conditionExpression></sequenceFlow>'
        condition = read(body, attributes=file).flows[0].condition
        assert condition is not None
        return condition.language, condition.text

    feel = 'language="https://www.omg.org/spec/DMN/20191111/FEEL/"'
    xpath = 'expressionLanguage="http://www.w3.org/1999/XPath"'
    assert language("x = 1") == ("feel", "x = 1")
    assert language("x = 1", feel, xpath) == ("feel", "x = 1")
    assert language("=x = 1", "", xpath) == ("feel", "x = 1")
    assert language("${x == 1}", "", xpath) == ("juel", "${x == 1}")
    assert language("x", "", xpath) == ("http://www.w3.org/1999/XPath", "x")
    assert language("x", 'language="groovy"') == ("groovy", "x")


def test_a_flow_without_an_id_gets_one_that_says_where_it_goes() -> None:
    flow = '<sequenceFlow sourceRef="a" targetRef="b"/>'
    flows = read(f'<task id="a"/><task id="b"/>{flow}{flow}').flows
    assert [(found.id, found.has_id) for found in flows] == [("a->b", False), ("a->b#2", False)]


def test_a_node_lies_in_the_innermost_lane_and_in_that_of_its_container() -> None:
    model = read_bpmn(PASS, "pass.bpmn")
    process = model.processes[0]
    assert {found.id: found.lane for found in process.nodes} == {"s": "outer", "u": "inner", "e": "outer"}
    assert [(lane.id, lane.parent, lane.nodes) for lane in process.lanes] == [
        ("outer", None, ("s", "e")),
        ("inner", "outer", ("u",)),
    ]
    nested = read(
        '<laneSet><lane name="L"><flowNodeRef>s</flowNodeRef></lane></laneSet>'
        '<subProcess id="s"><task id="t"/></subProcess><boundaryEvent id="b" attachedToRef="s"/>'
    )
    assert {found.lane for found in nested.nodes} == {"p/lane-1"}


def test_pools_message_flows_and_diagram_are_read() -> None:
    model = read_bpmn(PASS, "pass.bpmn")
    assert [(pool.id, pool.name, pool.process) for pool in model.participants] == [
        ("pool", "Stadt", "p"),
        ("outside", "Bürgerin", None),
    ]
    assert [(flow.source, flow.target) for flow in model.message_flows] == [("outside", "s")]
    (plane,) = model.planes
    assert (plane.shapes[0].element, plane.shapes[0].x, plane.shapes[0].expanded) == ("u", 1.5, False)
    assert plane.edges[0].points == ((1.0, 2.0), (3.0, 4.0))
    assert model.exporter == "By hand 1"


def test_vendor_attributes_and_extension_elements_are_kept_as_data() -> None:
    found = next(n for n in read_bpmn(PASS, "pass.bpmn").processes[0].nodes if n.id == "u")
    assert found.attributes["{urn:vendor}colour"] == "red"
    assert found.documentation == "Bitte genau."
    (note,) = found.extensions
    assert (note.name, note.text, note.attributes["kind"]) == ("{urn:vendor}note", "deep", "x")
    assert note.children[0].attributes["n"] == "1"


def test_data_objects_stores_and_associations_are_listed() -> None:
    process = read(
        '<dataObject id="o"/><dataObjectReference id="r" dataObjectRef="o" name="Akte"/>'
        '<dataStoreReference id="d" name="Register"/><task id="t"><dataInputAssociation><sourceRef>r</sourceRef>'
        "</dataInputAssociation><dataOutputAssociation><targetRef>d</targetRef></dataOutputAssociation></task>"
        '<association id="a" sourceRef="t" targetRef="r" associationDirection="One"/>'
    )
    assert [(data.id, data.type, data.ref) for data in process.data] == [
        ("o", "dataObject", None),
        ("r", "dataObjectReference", "o"),
        ("d", "dataStoreReference", None),
    ]
    assert [(a.element, a.into, a.sources, a.target) for a in process.data_associations] == [
        ("t", True, ("r",), None),
        ("t", False, (), "d"),
    ]
    assert process.associations[0].direction == "One"


def test_our_own_vocabulary_becomes_facts_and_a_wrong_number_stays_unrecorded() -> None:
    body = (
        '<userTask id="n"><extensionElements>'
        '<li:step channel="paper" minutes="12.5" wageGroup="gehoben" citizenMinutes="x" principles="vier-augen schrift"'
        ' protected="hearing" known="estimated" by="Sachgebiet" on="2026-01-02" low="10" high="15"/>'
        '<li:reads item="name"/><li:writes item="zone" from="register:Melderegister"/>'
        '<li:document name="Ausweis" heldBy="Melderegister"/>'
        '<li:legalBasis citation="§ 45 StVO" organ="bund" force="may" delegated="true" demands="signature"/>'
        '<li:deadline starts="Antrag vollständig" length="P3M" consequence="gilt als erteilt"/>'
        "</extensionElements></userTask>"
    )
    model = read_bpmn(bpmn(body), "t.bpmn")
    facts = model.processes[0].nodes[0].facts
    assert facts.step is not None
    assert (facts.step.minutes, facts.step.citizen_minutes, facts.step.business_minutes) == (12.5, None, None)
    assert facts.step.known is not None
    assert (facts.step.known.how, facts.step.known.by, facts.step.known.low) == ("estimated", "Sachgebiet", 10.0)
    assert facts.step.principles == ("vier-augen", "schrift")
    assert (facts.writes[0].origin, facts.documents[0].held_by) == ("register:Melderegister", "Melderegister")
    assert (facts.legal_bases[0].organ, facts.legal_bases[0].delegated) == ("bund", True)
    assert (facts.deadlines[0].length, facts.deadlines[0].element) == ("P3M", "n")
    assert codes(model) == [("li-number", "n")]


def test_a_flow_to_nothing_is_kept_apart_and_located() -> None:
    model = read_bpmn(bpmn('<task id="a"/>\n<sequenceFlow id="f" sourceRef="a" targetRef="gone"/>'), "t.bpmn")
    assert model.processes[0].flows == ()
    assert [flow.id for flow in model.extras["dangling_flows"]] == ["f"]
    (problem,) = model.extras["problems"]
    assert (problem.code, problem.element, problem.line, problem.path) == ("dangling-flow", "f", 8, "t.bpmn")


def test_references_to_nothing_and_unknown_elements_are_problems_not_losses() -> None:
    body = (
        '<boundaryEvent id="b" attachedToRef="gone"/><task id="t" default="gone"/><magicTask id="x"/><task/>'
        '<receiveTask id="r" messageRef="gone"/><laneSet><lane id="l"><flowNodeRef>gone</flowNodeRef></lane></laneSet>'
    )
    model = read_bpmn(bpmn(body), "t.bpmn")
    assert sorted(codes(model), key=str) == [
        ("dangling-reference", "b"),
        ("dangling-reference", "l"),
        ("dangling-reference", "t"),
        ("missing-id", "task@7"),
        ("unknown-element", "x"),
        ("unresolved-reference", "r"),
    ]
    assert [found.id for found in model.processes[0].nodes] == ["b", "t", "task@7", "r"]


def test_the_same_id_twice_refuses_the_file_at_the_second_one() -> None:
    with pytest.raises(ModelError) as refused:
        read_bpmn(bpmn('<task id="a"/>\n<task id="a"/>'), "t.bpmn")
    assert (refused.value.code, refused.value.line, refused.value.element) == ("duplicate-id", 8, "a")


def test_other_xml_is_not_bpmn() -> None:
    with pytest.raises(ModelError) as refused:
        read_bpmn(b"<html/>", "t.bpmn")
    assert refused.value.code == "not-bpmn"


def test_lines_are_still_near_after_the_65535_that_libxml2_counts_exactly() -> None:
    assert node("\n" * 60_000 + '<task id="n"/>').line == 60_007
    assert node("\n" * 70_000 + '<task id="n"/>').line in (70_007, 70_008)


def test_utf_16_and_windows_1252_files_are_read_as_what_they_say() -> None:
    text = bpmn('<task id="n" name="Prüfung"/>').decode()
    for encoding, python in (("UTF-16", "utf-16"), ("windows-1252", "cp1252"), ("ISO-8859-1", "latin-1")):
        data = text.replace('encoding="UTF-8"', f'encoding="{encoding}"').encode(python)
        assert read_bpmn(data, "t.bpmn").processes[0].nodes[0].name == "Prüfung"


def test_a_file_without_a_process_is_read_and_has_an_empty_one() -> None:
    model = read_bpmn(bpmn("").split(b"<process")[0] + b'<message id="m" name="Antrag"/></definitions>', "t.bpmn")
    assert (model.processes, model.main.nodes, model.extras["messages"]) == (
        (),
        (),
        {"m": {"id": "m", "name": "Antrag"}},
    )
