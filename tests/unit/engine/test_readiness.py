"""What blocks a model, by id, line and reason; and what is read in a way of ours."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bpm import engine
from bpm.engine.reasons import REASONS, explain, reason
from bpm.errors import NotExecutable
from tests.unit.engine.play import Play, chain, guard, model_of


def around(node: str, id: str = "t") -> str:
    return f'<startEvent id="s"/>\n{node}\n<endEvent id="e"/>{chain("s", id, "e")}'


def catch(definition: str) -> str:
    return around(f'<intermediateCatchEvent id="t">{definition}</intermediateCatchEvent>')


def timer(text: str, kind: str = "Duration") -> str:
    return catch(f"<timerEventDefinition><time{kind}>{text}</time{kind}></timerEventDefinition>")


TASK = around('<task id="t"/>')
EXTENSION = '<userTask id="t"><extensionElements>{}</extensionElements></userTask>'
LOOP = "<multiInstanceLoopCharacteristics>{}</multiInstanceLoopCharacteristics>"
REFUSED = {
    "a script": (around('<scriptTask id="t"><script>1</script></scriptTask>'), "t", "script"),
    "a class": (around('<serviceTask id="t" camunda:class="a.B"/>'), "t", "code"),
    "a delegate": (around('<sendTask id="t" camunda:delegateExpression="${b}"/>'), "t", "code"),
    "an expression": (around('<businessRuleTask id="t" camunda:expression="${b.c()}"/>'), "t", "code"),
    "mail": (around('<serviceTask id="t" camunda:type="mail"/>'), "t", "code"),
    "a listener": (around(EXTENSION.format('<camunda:taskListener class="x"/>')), "t", "listener"),
    "a connector": (around(EXTENSION.format("<camunda:connector/>")), "t", "connector"),
    "a nested script": (
        around(EXTENSION.format("<camunda:a><camunda:script>1</camunda:script></camunda:a>")),
        "t",
        "script",
    ),
    "a complex gateway that does not say when": (
        around('<complexGateway id="t"/>') + '<task id="x"/>' + chain("s", "x", "t"),
        "t",
        "complex-gateway",
    ),
    "an ad-hoc sub-process": (around('<adHocSubProcess id="t"><task id="x"/></adHocSubProcess>'), "t", "ad-hoc"),
    "compensation": (
        f'{TASK}<boundaryEvent id="b" attachedToRef="t"><compensateEventDefinition/></boundaryEvent>',
        "b",
        "compensation",
    ),
    "a cancelled transaction": (
        around('<transaction id="t"><endEvent id="x"><cancelEventDefinition/></endEvent></transaction>'),
        "x",
        "transaction",
    ),
    "a broken condition": (
        f'<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/>{chain("s", "g")}'
        f"{guard('g', 'a', 'x &gt;', 'f')}",
        "f",
        "expression",
    ),
    "a method call": (
        f'<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/>{chain("s", "g")}'
        f"{guard('g', 'a', '${x.size() &gt; 1}', 'f')}",
        "f",
        "expression",
    ),
    "a missing condition": (
        f'<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/><task id="b"/>{chain("s", "g")}'
        '<sequenceFlow id="f" sourceRef="g" targetRef="a"/><sequenceFlow id="f2" sourceRef="g" targetRef="b"/>',
        "f",
        "condition-missing",
    ),
    "a timer without text": (catch("<timerEventDefinition/>"), "t", "timer"),
    "a broken duration": (timer("PT1X"), "t", "timer"),
    "a misspelt duration": (timer("P1H"), "t", "timer"),
    "a cycle that does not move": (timer("R/PT0S", "Cycle"), "t", "timer"),
    "a cron that is none": (timer("0 0/5 * * * L", "Cycle"), "t", "timer"),
    "a cron out of the clock": (timer("0 60 * * * ?", "Cycle"), "t", "timer"),
    "a cron as a duration": (timer("0 0/5 * * * ?"), "t", "timer"),
    "a date out of the calendar": (timer("2025-02-30T00:00:00Z", "Date"), "t", "timer"),
    "a missing decision": (around('<businessRuleTask id="t" camunda:decisionRef="d"/>'), "t", "decision"),
    "no decision at all": (around('<businessRuleTask id="t"/>'), "t", "decision"),
    "a missing process": (around('<callActivity id="t" calledElement="q"/>'), "t", "call"),
    "no process at all": (around('<callActivity id="t"/>'), "t", "call"),
    "a loop without number": (around(f'<userTask id="t">{LOOP.format("")}</userTask>'), "t", "loop"),
    "a lonely link": (
        around('<intermediateThrowEvent id="t"><linkEventDefinition name="L"/></intermediateThrowEvent>'),
        "t",
        "link",
    ),
    "several triggers": (
        catch('<messageEventDefinition messageRef="mA"/><signalEventDefinition signalRef="sA"/>'),
        "t",
        "multiple-event",
    ),
    "an error that is caught in mid-air": (catch('<errorEventDefinition errorRef="eA"/>'), "t", "event"),
    "a catch without trigger": (catch(""), "t", "event"),
    "a task after an event-based gateway": (
        f'<startEvent id="s"/><eventBasedGateway id="t"/><task id="a"/>{chain("s", "t", "a")}',
        "t",
        "event-gateway",
    ),
    "a boundary event on a gateway": (
        around('<exclusiveGateway id="t"/>')
        + '<boundaryEvent id="b" attachedToRef="t"><messageEventDefinition messageRef="mA"/></boundaryEvent>',
        "b",
        "boundary",
    ),
    "a task to which nothing leads": (around('<task id="t"/><task id="u"/>'), "u", "unreachable"),
    "a sub-process with two starts": (
        around('<subProcess id="t"><startEvent id="a"/><startEvent id="b"/></subProcess>'),
        "t",
        "start",
    ),
    "a circle without start": (f'<task id="a"/><task id="b"/>{chain("a", "b", "a")}', "p", "start"),
    "nothing": ("", "p", "empty"),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_it_is_refused_by_id_line_and_reason(what):
    body, element, code = REFUSED[what]
    with pytest.raises(NotExecutable) as caught:
        engine.build(model_of(body))
    blocker = next(blocker for blocker in caught.value.blockers if blocker.element == element)
    assert blocker.reason.split(":")[0] == code
    assert blocker.line is not None


def test_a_flow_over_the_edge_of_a_sub_process_is_refused():
    body = (
        around('<subProcess id="t"><task id="x"/></subProcess>') + '<sequenceFlow id="f" sourceRef="s" targetRef="x"/>'
    )
    blockers = engine.assess(model_of(body)).blockers
    assert ("f", "dangling-flow") in {(blocker.element, blocker.reason.split(":")[0]) for blocker in blockers}


def test_a_flow_to_nothing_is_refused():
    body = around('<task id="t"/>') + '<sequenceFlow id="f" sourceRef="t" targetRef="nirgends"/>'
    readiness = engine.assess(model_of(body))
    assert not readiness.ready
    assert readiness.blockers[0].line is not None


def test_a_process_marked_as_not_executable_is_refused_one_without_mark_is_not():
    body = around('<task id="t"/>')
    refused = engine.assess(model_of(f'<process id="p" isExecutable="false">{body}</process>', wrapped=True))
    assert [blocker.reason.split(":")[0] for blocker in refused.blockers] == ["not-executable"]
    silent = engine.assess(model_of(f'<process id="p">{body}</process>', wrapped=True))
    assert silent.ready
    assert ("p", "isExecutable is absent: taken as true") in silent.rewrites


def test_a_pool_that_is_not_executable_is_shown_not_run():
    body = (
        f'<process id="p" isExecutable="true">{TASK}</process>'
        '<process id="q" isExecutable="false"><scriptTask id="x"/></process>'
    )
    readiness = engine.assess(model_of(body, wrapped=True))
    assert readiness.ready
    assert ("q", "this pool is not executable: it is shown, not run") in readiness.rewrites


def test_rewrites_name_flows_without_id_and_translated_expressions():
    body = (
        f'<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/>{chain("s", "g")}'
        f"{guard('g', 'a', '${x == 1}', 'f')}"
    )
    rewrites = engine.assess(model_of(body)).rewrites
    assert ("f", "translated to FEEL: ${x == 1}") in rewrites
    assert any(what.startswith("the flow has no id") for _, what in rewrites)


def test_a_blocker_can_be_told_in_german_with_its_detail():
    text = reason("decision", "gebuehr")
    assert text == "decision: the decision is not among the decision files (gebuehr)"
    assert explain(text) == "Die Entscheidung ist nicht in den Entscheidungsdateien enthalten (gebuehr)"
    assert explain(text, "en") == "the decision is not among the decision files (gebuehr)"
    assert explain("etwas anderes") == "etwas anderes"
    assert all(len(texts) == 2 and all(texts) for texts in REASONS.values())


def test_the_same_file_gives_the_same_answer():
    body = REFUSED["several triggers"][0]
    assert engine.assess(model_of(body)) == engine.assess(model_of(body))


def test_assessing_a_model_does_not_load_spiffworkflow():
    code = "import sys, bpm.engine; sys.exit('SpiffWorkflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("juel", "variables", "way"),
    [
        ("${x == 1}", {"x": 1}, "a"),
        ("${x eq 'ja'}", {"x": "ja"}, "a"),
        ("#{!x}", {"x": False}, "a"),
        ("${x.y &gt;= 2 &amp;&amp; x.z != null}", {"x": {"y": 2, "z": 1}}, "a"),
        ("${empty x}", {"x": ""}, "a"),
        ("${empty x || y}", {"x": [1], "y": True}, "a"),
        ("${x ? y : z}", {"x": True, "y": True, "z": False}, "a"),
        ("${(x + 1) * 2 == 8}", {"x": 3}, "a"),
        ("${x lt 5 and not y}", {"x": 4, "y": False}, "a"),
        ("${x == 1}", {"x": 2}, "b"),
    ],
)
def test_juel_conditions_mean_in_feel_what_they_meant(juel, variables, way):
    body = (
        f'<startEvent id="s"/><exclusiveGateway id="g" default="d"/><task id="a"/><task id="b"/>{chain("s", "g")}'
        f'{guard("g", "a", juel)}<sequenceFlow id="d" sourceRef="g" targetRef="b"/>'
    )
    assert Play(body).start(variables).open == [way]
