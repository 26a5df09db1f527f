"""Code in every place of a process that takes a text: refused at build, or kept as text; nothing comes alive."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from xml.sax.saxutils import escape, quoteattr

import pytest

from bpm import engine
from bpm.errors import Conflict, Incident, LichtungError, ModelError, NotExecutable
from tests.hostile.canary import listening
from tests.hostile.payloads import payloads
from tests.unit.engine.play import NOW, chain, model_of

FEEL = "https://www.omg.org/spec/DMN/20191111/FEEL/"


def _around(node: str, id: str = "t") -> str:
    return f'<startEvent id="s"/>{node}<userTask id="n"/>{chain("s", id, "n")}'


def _timer(kind: str) -> Callable[[str], str]:
    def body(text: str) -> str:
        timer = f"<timerEventDefinition><time{kind}>{escape(text)}</time{kind}></timerEventDefinition>"
        return _around(f'<intermediateCatchEvent id="t">{timer}</intermediateCatchEvent>')

    return body


def _loop(inside: str) -> Callable[[str], str]:
    def body(text: str) -> str:
        loop = inside.replace("{}", escape(text)).replace("[]", quoteattr(text))
        return _around(
            f'<userTask id="t"><multiInstanceLoopCharacteristics {loop}</multiInstanceLoopCharacteristics></userTask>'
        )

    return body


def _attribute(name: str, task: str = "userTask") -> Callable[[str], str]:
    return lambda text: _around(f'<{task} id="t" camunda:{name}={quoteattr(text)}/>')


def _extension(inside: str) -> Callable[[str], str]:
    return lambda text: _around(
        f'<userTask id="t"><extensionElements>{inside.replace("{}", escape(text))}</extensionElements></userTask>'
    )


def _condition(text: str) -> str:
    flow = (
        f'<sequenceFlow id="f" sourceRef="g" targetRef="a"><conditionExpression xsi:type="tFormalExpression">'
        f"{escape(text)}</conditionExpression></sequenceFlow>"
    )
    return (
        '<startEvent id="s"/><exclusiveGateway id="g" default="d"/><userTask id="a"/><userTask id="b"/>'
        f'{chain("s", "g")}{flow}<sequenceFlow id="d" sourceRef="g" targetRef="b"/>'
    )


def _conditional(text: str) -> str:
    definition = f"<conditionalEventDefinition><condition>{escape(text)}</condition></conditionalEventDefinition>"
    return _around(f'<intermediateCatchEvent id="t">{definition}</intermediateCatchEvent>')


def _script(text: str) -> str:
    return _around(f'<scriptTask id="t" scriptFormat="python"><script>{escape(text)}</script></scriptTask>')


def _call(text: str) -> str:
    return _around(f'<callActivity id="t" calledElement={quoteattr(text)}/>')


PLACES: dict[str, Callable[[str], str]] = {
    "flow condition": _condition,
    "flow condition in JUEL": lambda text: _condition("${" + text + "}"),
    "timer date": _timer("Date"),
    "timer duration": _timer("Duration"),
    "timer cycle": _timer("Cycle"),
    "condition of an event": _conditional,
    "loop cardinality": _loop("><loopCardinality>{}</loopCardinality>"),
    "loop collection": _loop("camunda:collection=[]>"),
    "completion condition": _loop("><loopCardinality>1</loopCardinality><completionCondition>{}</completionCondition>"),
    "script": _script,
    "expression of a service task": _attribute("expression", "serviceTask"),
    "class of a service task": _attribute("class", "serviceTask"),
    "delegate of a service task": _attribute("delegateExpression", "serviceTask"),
    "called element": _call,
    "topic": lambda text: _around(f'<serviceTask id="t" camunda:type="external" camunda:topic={quoteattr(text)}/>'),
    "assignee": _attribute("assignee"),
    "assignee in JUEL": lambda text: _attribute("assignee")("${" + text + "}"),
    "candidate groups": _attribute("candidateGroups"),
    "due date": _attribute("dueDate"),
    "form key": _attribute("formKey"),
    "priority": _attribute("priority"),
    "input": _extension(
        '<camunda:inputOutput><camunda:inputParameter name="i">{}</camunda:inputParameter></camunda:inputOutput>'
    ),
    "script in an output": _extension(
        '<camunda:inputOutput><camunda:outputParameter name="i"><camunda:script scriptFormat="python">{}'
        "</camunda:script></camunda:outputParameter></camunda:inputOutput>"
    ),
    "listener": _extension(
        '<camunda:taskListener event="create"><camunda:script>{}</camunda:script></camunda:taskListener>'
    ),
}

NEVER_RUN = {
    "script",
    "expression of a service task",
    "class of a service task",
    "delegate of a service task",
    "called element",
    "script in an output",
    "listener",
}


def play(body: str) -> str:
    """Builds and plays as far as it goes; refused, or the JSON of all that came out."""
    try:
        executable = engine.build(model_of(body))
    except (NotExecutable, ModelError):
        return "refused"
    try:
        outcome = engine.start(executable, {"x": {"y": 1}, "y": [1]}, NOW)
        for item in (*outcome.work_items, *outcome.jobs)[:1]:
            outcome = engine.complete(executable, outcome.snapshot, item.id, {"z": 1}, NOW)
        for row in outcome.timers:
            outcome = engine.fire(executable, outcome.snapshot, row.id, NOW)
    except (Incident, Conflict):
        return "incident"
    return json.dumps([outcome.snapshot, outcome.variables, [str(row) for row in outcome.work_items]])


def test_there_are_more_than_a_hundred_payloads_in_twenty_places():
    assert len(set(payloads())) >= 100
    assert len(PLACES) >= 20


@pytest.mark.parametrize("place", sorted(PLACES))
def test_no_payload_comes_alive(place):
    play(PLACES[place]("y"))  # imports happen before listening
    with listening() as heard:
        for text in payloads():
            if any(ord(letter) < 32 for letter in text):
                continue
            outcome = play(PLACES[place](text))
            if place in NEVER_RUN:
                assert outcome == "refused", text
            assert "<class" not in outcome, text
            assert "<built-in" not in outcome, text
    assert heard == []


@pytest.mark.parametrize("name", ["message", "signal"])
def test_names_of_messages_and_signals_stay_text(name):
    with listening() as heard:
        for text in payloads():
            if any(ord(letter) < 32 for letter in text) or not text.strip():
                continue
            catch = f'<intermediateCatchEvent id="t"><{name}EventDefinition {name}Ref="m"/></intermediateCatchEvent>'
            body = (
                f'<{name} id="m" name={quoteattr(text)}/><process id="p" isExecutable="true">{_around(catch)}</process>'
            )
            executable = engine.build(model_of(body, wrapped=True))
            outcome = engine.start(executable, {}, NOW)
            assert [row.name for row in outcome.subscriptions] == [text]
    assert heard == []


def test_the_script_engine_runs_no_text_whoever_asks():
    from bpm.engine.spiff.script import KeyedExpressions

    scripts = KeyedExpressions({})
    with listening() as heard:
        for text in payloads()[:20]:
            for ask in (
                lambda text=text: scripts.evaluate(None, text),
                lambda text=text: scripts.execute(None, text),
                lambda text=text: scripts.call_service(None, operation=text),
                lambda text=text: scripts.validate(text),
            ):
                with pytest.raises(LichtungError):
                    ask()
    assert heard == []


def test_control_stock_spiffworkflow_would_have_been_heard():
    from SpiffWorkflow.bpmn.script_engine.python_engine import PythonScriptEngine

    text = next(text for text in payloads() if text.startswith("print("))

    with listening() as heard:
        PythonScriptEngine().evaluate(SimpleNamespace(data={}), text)
    assert "compile" in heard
