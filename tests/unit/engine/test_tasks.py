"""Tasks: who does what, with which variables."""

from __future__ import annotations

import pytest

from bpm import engine
from bpm.errors import Conflict, Incident, InvalidRequest
from tests.unit.engine.play import NOW, Play, chain, guard


def around(task: str, *, id: str = "t") -> str:
    return f'<startEvent id="s"/>{task}<endEvent id="e"/>{chain("s", id, "e")}'


def test_a_user_task_waits_for_a_person_and_then_the_case_ends():
    play = Play(around('<userTask id="t" name="Prüfen"/>')).start({"a": 1})
    assert play.state == "active"
    assert [(item.element, item.name) for item in play.out.work_items] == [("t", "Prüfen")]
    assert play.out.tokens == {"t": 1}
    play.do("t", b=2)
    assert (play.state, play.variables, play.ends) == ("completed", {"a": 1, "b": 2}, ["e"])
    assert play.out.tokens == {}


def test_the_history_tells_what_happened_in_order():
    play = Play(around('<userTask id="t"/>')).start().do("t")
    assert [(event.kind, event.element) for event in play.history] == [
        ("started", "p"),
        ("entered", "s"),
        ("left", "s"),
        ("entered", "t"),
        ("left", "t"),
        ("entered", "e"),
        ("left", "e"),
        ("ended", "p"),
    ]


@pytest.mark.parametrize("kind", ["userTask", "manualTask", "task"])
def test_work_of_people_is_a_work_item(kind):
    assert Play(around(f'<{kind} id="t"/>')).start().open == ["t"]


def test_an_abstract_task_is_said_to_be_read_as_a_manual_one():
    play = Play(around('<task id="t"/>'))
    assert ("t", "an abstract task waits for a person, like a manual task") in engine.assess(play.model).rewrites


def test_a_completed_item_cannot_be_completed_again():
    play = Play(
        around('<userTask id="t"/><userTask id="u"/>')
        .replace('"t" targetRef="e"', '"t" targetRef="u"')
        .replace("</sequenceFlow>", "")
        + chain("u", "e")
    ).start()
    first = play.item("t")
    play.do("t")
    with pytest.raises(Conflict, match="not open"):
        engine.complete(play.executable, play.snapshot, first, {}, NOW)


def test_nothing_can_be_done_in_an_instance_that_has_ended():
    play = Play(around('<userTask id="t"/>')).start().do("t")
    with pytest.raises(Conflict, match="ended"):
        engine.complete(play.executable, play.snapshot, 1, {}, NOW)


def test_a_service_task_is_a_job_with_its_topic_and_the_variables_it_sees():
    play = Play(around('<serviceTask id="t" camunda:type="external" camunda:topic="melderegister"/>')).start({"x": 1})
    assert [(job.element, job.topic, job.variables) for job in play.out.jobs] == [("t", "melderegister", {"x": 1})]
    assert play.do("t", y=[1, {"z": None}]).variables == {"x": 1, "y": [1, {"z": None}]}


def test_a_service_task_without_topic_is_a_job_named_like_itself():
    assert Play(around('<serviceTask id="t"/>')).start().out.jobs[0].topic == "t"


def test_a_topic_can_be_an_expression():
    play = Play(around('<serviceTask id="t" camunda:type="external" camunda:topic="${amt}"/>')).start({"amt": "kvr"})
    assert play.out.jobs[0].topic == "kvr"


def test_a_send_task_with_a_message_throws_it_and_goes_on():
    play = Play(around('<sendTask id="t" messageRef="mA"/>')).start({"n": 7})
    assert play.state == "completed"
    assert [(found.kind, found.name, found.element, found.variables) for found in play.thrown] == [
        ("message", "A", "t", {"n": 7})
    ]


def test_a_send_task_without_a_message_is_a_job():
    assert Play(around('<sendTask id="t"/>')).start().out.jobs[0].element == "t"


def test_a_receive_task_waits_for_its_message():
    play = Play(around('<receiveTask id="t" messageRef="mA"/>')).start()
    assert play.waits == [("t", "A")]
    assert play.send("A", reply=True).variables == {"reply": True}
    assert play.state == "completed"


def test_a_receive_task_without_a_message_waits_for_one_of_its_own_name():
    assert Play(around('<receiveTask id="t" name="Antwort"/>')).start().waits == [("t", "Antwort")]


def test_candidate_groups_come_from_the_attribute():
    play = Play(around('<userTask id="t" camunda:candidateGroups="a, b" camunda:candidateUsers="u"/>')).start()
    assert play.out.work_items[0].candidate_groups == ("a", "b")
    assert play.out.work_items[0].candidate_users == ("u",)


LANES = """<laneSet><lane id="l1" name="Amt"><flowNodeRef>s</flowNodeRef><flowNodeRef>e</flowNodeRef><childLaneSet>
<lane id="l2" name="Sachbearbeitung"><flowNodeRef>t</flowNodeRef></lane></childLaneSet></lane></laneSet>"""


def test_else_the_innermost_lane_names_the_group():
    play = Play(LANES + around('<userTask id="t"/>')).start()
    assert play.out.work_items[0].candidate_groups == ("Sachbearbeitung",)


def test_a_task_inside_a_sub_process_stands_in_the_lane_of_the_sub_process():
    inner = f'<subProcess id="t"><startEvent id="is"/><userTask id="it"/>{chain("is", "it")}</subProcess>'
    assert Play(LANES + around(inner)).start().out.work_items[0].candidate_groups == ("Sachbearbeitung",)


def test_assignee_groups_priority_and_form_may_be_expressions():
    attributes = (
        'camunda:assignee="${wer}" camunda:candidateGroups="${gruppen}" camunda:priority="50" '
        'camunda:formKey="forms/antrag.json"'
    )
    item = (
        Play(around(f'<userTask id="t" {attributes}/>')).start({"wer": "ida", "gruppen": ["x", "y"]}).out.work_items[0]
    )
    assert (item.assignee, item.candidate_groups, item.priority, item.form) == (
        "ida",
        ("x", "y"),
        50,
        "forms/antrag.json",
    )


def test_a_due_date_given_as_a_duration_is_fixed_when_the_item_appears():
    body = (
        '<startEvent id="s"/><parallelGateway id="g"/><userTask id="t" camunda:dueDate="P1D"/><userTask id="u"/>'
        f"{chain('s', 'g', 't')}{chain('g', 'u')}"
    )
    play = Play(body).start()
    due = next(item.due for item in play.out.work_items if item.element == "t")
    assert due == "2025-03-04T08:00:00+00:00"
    play.wait(hours=5).do("u")
    assert play.out.work_items[0].due == due


def test_inputs_are_local_and_outputs_are_kept():
    mapping = """<serviceTask id="t" camunda:type="external" camunda:topic="x"><extensionElements><camunda:inputOutput>
    <camunda:inputParameter name="doppelt">${betrag * 2}</camunda:inputParameter>
    <camunda:outputParameter name="summe">${doppelt + 1}</camunda:outputParameter>
    </camunda:inputOutput></extensionElements></serviceTask>"""
    play = Play(around(mapping)).start({"betrag": 4})
    assert play.out.jobs[0].variables == {"betrag": 4, "doppelt": 8}
    assert play.do("t").variables == {"betrag": 4, "summe": 9}


def test_numbers_come_back_without_decimal_noise():
    gate = (
        '<startEvent id="s"/><callActivity id="c" calledElement="q"><extensionElements>'
        '<camunda:in sourceExpression="${a * 3}" target="b"/><camunda:out source="b" target="b"/>'
        f"</extensionElements></callActivity>{chain('s', 'c')}"
    )
    other = '<process id="q"><userTask id="u"/></process>'
    play = Play(f'<process id="p" isExecutable="true">{gate}</process>{other}', wrapped=True).start({"a": 0.1})
    play.do("u")
    assert play.variables == {"a": 0.1, "b": 0.3}


DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:d">
<inputData id="i" name="zone"/><decision id="gebuehr" name="gebuehr"><variable name="gebuehr"/>
<informationRequirement><requiredInput href="#i"/></informationRequirement>
<decisionTable id="dt" hitPolicy="UNIQUE"><input id="in"><inputExpression typeRef="number"><text>zone</text>
</inputExpression></input>OUTPUTS<rule id="r1"><inputEntry><text>&lt; 3</text></inputEntry>ENTRY1</rule>
<rule id="r2"><inputEntry><text>&gt;= 3</text></inputEntry>ENTRY2</rule></decisionTable></decision></definitions>"""


def table(*outputs: tuple[str, str, str]) -> str:
    heads = "".join(f'<output id="o{i}" name="{name}"/>' for i, (name, _, _) in enumerate(outputs))
    first, second = (
        "".join(f"<outputEntry><text>{output[column]}</text></outputEntry>" for output in outputs) for column in (1, 2)
    )
    return DMN.replace("OUTPUTS", heads).replace("ENTRY1", first).replace("ENTRY2", second)


RULE = '<businessRuleTask id="t" camunda:decisionRef="gebuehr" camunda:resultVariable="ergebnis"/>'


def test_a_decision_with_one_output_gives_a_value_and_the_matched_rules():
    play = Play(around(RULE), dmn=table(("euro", "30", "30.5"))).start({"zone": 5})
    assert play.variables == {"zone": 5, "ergebnis": 30.5}
    decided = next(event for event in play.history if event.kind == "decided")
    assert decided.element == "t"
    assert decided.detail == {"decision": "gebuehr", "result": 30.5, "matched": [2]}


def test_a_decision_with_several_outputs_gives_a_context():
    play = Play(around(RULE), dmn=table(("euro", "30", "40"), ("grund", '"a"', '"b"'))).start({"zone": 1})
    assert play.variables["ergebnis"] == {"euro": 30, "grund": "a"}


def test_without_a_result_variable_outputs_become_variables_of_their_names():
    rule = RULE.replace(' camunda:resultVariable="ergebnis"', "")
    play = Play(around(rule), dmn=table(("euro", "30", "40"), ("grund", '"a"', '"b"'))).start({"zone": 1})
    assert play.variables == {"zone": 1, "euro": 30, "grund": "a"}


def test_a_decision_that_contradicts_itself_is_an_incident_at_the_task():
    dmn = table(("euro", "30", "40")).replace("&gt;= 3", "&gt;= 0")
    with pytest.raises(Incident) as caught:
        Play(around(RULE), dmn=dmn).start({"zone": 1})
    assert caught.value.element == "t"


def test_a_decision_result_steers_the_next_gateway():
    body = (
        f'<startEvent id="s"/>{RULE}<exclusiveGateway id="g" default="f"/><userTask id="u"/><userTask id="v"/>'
        f"{chain('s', 't', 'g')}{guard('g', 'u', 'ergebnis &gt; 35')}"
        '<sequenceFlow id="f" sourceRef="g" targetRef="v"/>'
    )
    dmn = table(("euro", "30", "40"))
    assert Play(body, dmn=dmn).start({"zone": 9}).open == ["u"]
    assert Play(body, dmn=dmn).start({"zone": 1}).open == ["v"]


def test_values_that_are_not_json_are_refused():
    play = Play(around('<userTask id="t"/>')).start()
    with pytest.raises(InvalidRequest):
        play.do("t", x=object())


def test_the_given_snapshot_stays_untouched():
    play = Play(around('<userTask id="t"/>')).start({"a": [1]})
    before = play.snapshot
    given = play.snapshot
    engine.complete(play.executable, given, play.item("t"), {"a": 2}, NOW)
    assert given == before
