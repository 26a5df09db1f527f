"""One flow node element to one dataclass: events, gateways, activities, with what vendors add to them.

Camunda's vocabulary (and that of its relatives) and Zeebe's are read into the same fields; what has no field stays in
`attributes` and `extensions`. Class names, scripts and delegates are kept to be shown; nothing here runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree

from bpm.model import process as model
from bpm.model.procedure import FileError
from bpm.model.process import NO_ATTRIBUTES, Expression, ValueMapping
from bpm.model.reader import names
from bpm.model.reader.facts import read_extensions, read_facts
from bpm.model.reader.names import (
    CAMUNDA,
    ZEEBE,
    child,
    line_of,
    reference,
    text_of,
    truth,
    vendor,
    whole,
    whole_text,
)

_READ: frozenset[str] = frozenset(
    [
        *("id", "name", "default", "attachedToRef", "cancelActivity", "isInterrupting", "parallelMultiple"),
        *("gatewayDirection", "instantiate", "eventGatewayType", "isForCompensation", "triggeredByEvent"),
        *("ordering", "cancelRemainingInstances", "calledElement", "scriptFormat", "messageRef", "isExecutable"),
        *("sourceRef", "targetRef"),
    ]
)
"""Attributes that have a field of their own; all others are kept under `attributes`."""


@dataclass(slots=True)
class Reading:
    """What is known of the file while it is read, what was wrong in it, and what was guessed."""

    path: str
    by_id: dict[str, etree._Element] = field(default_factory=dict)
    language: str | None = None
    problems: list[FileError] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)

    def report(self, code: str, message: str, line: int | None, element: str | None = None) -> None:
        """Note something that is written but means nothing; the file stays readable."""
        self.problems.append(FileError(code, message, self.path, line, element))

    def note(self, element: str, field: str, found: str, used: str, why: str) -> None:
        """Say what was taken for what: nothing is replaced silently."""
        self.notes.append({"element": element, "field": field, "found": found, "used": used, "why": why})

    def expression(self, element: etree._Element | None) -> Expression | None:
        """The expression of a formal expression element; None if nothing is written there."""
        if element is None:
            return None
        text = whole_text(element)
        if not text and (resource := vendor(element, "resource")):
            return Expression("", f"resource:{resource}", line_of(element))
        if not text:
            return None
        return names.expression(text, element.get("language"), self.language, line_of(element))

    def value(self, text: str | None, line: int | None) -> Expression | None:
        """An expression written as an attribute."""
        return names.expression(text, None, None, line) if text and text.strip() else None

    def target(self, ref: str | None, *kinds: str) -> etree._Element | None:
        """The element a reference names, if it is of one of these kinds."""
        element = self.by_id.get(ref or "")
        return element if element is not None and names.local_name(element) in kinds else None

    def common(self, element: etree._Element, id: str) -> dict[str, Any]:
        """Fields that every documented element has."""
        holder = child(element, "extensionElements")

        def report(code: str, message: str, line: int | None) -> None:
            self.report(code, message, line, id)

        return {
            "name": element.get("name", ""),
            "line": line_of(element),
            "facts": read_facts(holder, id, report),
            "attributes": attributes_of(element),
            "extensions": read_extensions(holder),
        }


def attributes_of(element: etree._Element) -> Mapping[str, str]:
    """Attributes without a field of their own, by Clark name."""
    kept = {str(name): str(value) for name, value in element.attrib.items() if name not in _READ}
    return MappingProxyType(kept) if kept else NO_ATTRIBUTES


def documentation(element: etree._Element) -> str:
    """All documentation texts of an element."""
    texts = (whole_text(found) for found in element.iterchildren(names.bpmn("documentation")))
    return "\n".join(text for text in texts if text)


def read_node(element: etree._Element, id: str, parent: str, reading: Reading) -> model.FlowNode:
    """The dataclass of a flow node element; `lane` is set later."""
    local = names.local_name(element)
    fields: dict[str, Any] = {
        "id": id,
        "type": local,
        "parent": parent,
        "default": reference(element.get("default")),
        "documentation": documentation(element),
        **reading.common(element, id),
    }
    if local in names.EVENTS:
        return _event(element, local, fields, reading)
    if local in names.GATEWAYS:
        return model.Gateway(
            **fields,
            direction=element.get("gatewayDirection"),
            activation=reading.expression(child(element, "activationCondition")),
            instantiate=truth(element.get("instantiate")),
            event_gateway_type=element.get("eventGatewayType"),
        )
    fields |= {
        "loop": _loop(element, reading),
        "for_compensation": truth(element.get("isForCompensation")),
        "inputs": tuple(_inputs(element, reading)),
        "outputs": tuple(_outputs(element, reading)),
    }
    if local in names.SUB_PROCESSES:
        return model.SubProcess(
            **fields,
            triggered_by_event=truth(element.get("triggeredByEvent")),
            ordering=element.get("ordering"),
            completion_condition=reading.expression(child(element, "completionCondition")),
            cancel_remaining=truth(element.get("cancelRemainingInstances"), True),
        )
    if local in names.CALLS:
        zeebe = _zeebe(element, "calledElement")
        called = element.get("calledElement") or (zeebe.get("processId") if zeebe is not None else None)
        binding = vendor(element, "calledElementBinding")
        return model.CallActivity(**fields, called=_called(called), binding=binding)
    return _task(element, local, fields, reading)


def _called(text: str | None) -> str | None:
    """An id, or an expression as written (`${..}`, `=..`), which may hold colons."""
    if text is None or text.lstrip()[:1] in ("=", "$", "#"):
        return text
    return reference(text)


# --- events --------------------------------------------------------------------------------------------------


def _event(element: etree._Element, local: str, fields: dict[str, Any], reading: Reading) -> model.Event:
    attached = reference(element.get("attachedToRef"))
    interrupting = element.get("cancelActivity" if local == "boundaryEvent" else "isInterrupting")
    return model.Event(
        **fields,
        definitions=tuple(_definitions(element, fields["id"], reading)),
        attached_to=attached,
        interrupting=truth(interrupting, True),
        parallel_multiple=truth(element.get("parallelMultiple")),
    )


def _definitions(element: etree._Element, id: str, reading: Reading) -> Iterator[model.EventDefinition]:
    for found in element:
        local = names.local_name(found)
        if local == "eventDefinitionRef":
            target = reading.by_id.get(reference(text_of(found)) or "")
            if target is None:
                reading.report(
                    "unresolved-reference", f"no event definition {text_of(found)[:80]!r}", line_of(found), id
                )
            else:
                yield _definition(target, names.local_name(target), id, reading)
        elif local.endswith("EventDefinition"):
            yield _definition(found, local, id, reading)


_REFERENCED = {
    "message": ("messageRef", "name"),
    "signal": ("signalRef", "name"),
    "error": ("errorRef", "errorCode"),
    "escalation": ("escalationRef", "escalationCode"),
}
_TIMERS = (("timeDate", "date"), ("timeDuration", "duration"), ("timeCycle", "cycle"))


def _definition(element: etree._Element, local: str, id: str, reading: Reading) -> model.EventDefinition:
    kind = local.removesuffix("EventDefinition")
    fields: dict[str, Any] = {"kind": kind, "line": line_of(element)}
    if kind in _REFERENCED:
        attribute, code = _REFERENCED[kind]
        fields["ref"] = reference(element.get(attribute))
        target = reading.target(fields["ref"], kind)
        if target is not None:
            fields["name"] = target.get(code) or target.get("name")
        elif fields["ref"] and kind in ("error", "escalation"):
            # Activiti and its heirs take a reference to nothing for the code itself, and many files rely on it
            fields["name"] = fields["ref"]
            why = f"no {kind} with this id; the reference is taken for its code"
            reading.note(id, attribute, fields["ref"], fields["ref"], why)
        elif fields["ref"]:
            reading.report("unresolved-reference", f"no {kind} {fields['ref'][:80]!r}", line_of(element), id)
    elif kind == "timer":
        for tag, timer in _TIMERS:
            if (found := child(element, tag)) is not None:
                fields |= {"timer": timer, "expression": reading.expression(found)}
    elif kind == "conditional":
        fields["expression"] = reading.expression(child(element, "condition"))
    elif kind == "link":
        fields["name"] = element.get("name")
    elif kind == "compensate":
        fields["activity_ref"] = reference(element.get("activityRef"))
    return model.EventDefinition(**fields)


# --- activities ----------------------------------------------------------------------------------------------


def _loop(element: etree._Element, reading: Reading) -> model.Loop | None:
    standard = child(element, "standardLoopCharacteristics")
    if standard is not None:
        return model.Loop(
            "standard",
            condition=reading.expression(child(standard, "loopCondition")),
            maximum=whole(standard.get("loopMaximum")),
            test_before=truth(standard.get("testBefore")),
            line=line_of(standard),
        )
    multi = child(element, "multiInstanceLoopCharacteristics")
    if multi is None:
        return None
    line = line_of(multi)
    zeebe = _zeebe(multi, "loopCharacteristics")
    collection = reading.value(vendor(multi, "collection"), line)
    variable = vendor(multi, "elementVariable")
    output = reference(text_of(child(multi, "loopDataOutputRef")))
    output_element = None
    if zeebe is not None:
        collection = reading.value(zeebe.get("inputCollection"), line)
        variable = zeebe.get("inputElement")
        output = zeebe.get("outputCollection")
        output_element = reading.value(zeebe.get("outputElement"), line)
    data = child(multi, "loopDataInputRef")
    if collection is None and data is not None:
        collection = reading.value(_data_name(reference(text_of(data)), reading), line_of(data))
    item = child(multi, "inputDataItem")
    if variable is None and item is not None:
        variable = item.get("name") or item.get("id")
    return model.Loop(
        "sequential" if truth(multi.get("isSequential")) else "parallel",
        cardinality=reading.expression(child(multi, "loopCardinality")),
        collection=collection,
        element_variable=variable,
        output_collection=output,
        output_element=output_element,
        completion_condition=reading.expression(child(multi, "completionCondition")),
        line=line,
    )


def _data_name(id: str | None, reading: Reading) -> str | None:
    """The name of a data element, or the reference itself, which in practice is a variable's name."""
    element = reading.by_id.get(id or "")
    return (element.get("name") if element is not None else None) or id


def _task(element: etree._Element, local: str, fields: dict[str, Any], reading: Reading) -> model.Task:
    if local == "userTask":
        return model.UserTask(**fields, assignment=_assignment(element), form=_form(element))
    work = _zeebe(element, "taskDefinition")
    topic = vendor(element, "topic") or (work.get("type") if work is not None else None)
    implementation = _implementation(element)
    if local in ("serviceTask", "sendTask", "receiveTask"):
        ref = reference(element.get("messageRef"))
        message = reading.target(ref, "message")
        if ref and message is None:
            reading.report("unresolved-reference", f"no message {ref[:80]!r}", line_of(element), fields["id"])
        name = message.get("name") if message is not None else None
        return model.ServiceTask(**fields, topic=topic, message=name, implementation=implementation)
    if local == "businessRuleTask":
        zeebe = _zeebe(element, "calledDecision")
        decision, variable = vendor(element, "decisionRef"), vendor(element, "resultVariable")
        if zeebe is not None:
            decision, variable = zeebe.get("decisionId"), zeebe.get("resultVariable")
        return model.BusinessRuleTask(
            **fields, decision=decision, result_variable=variable, topic=topic, implementation=implementation
        )
    if local == "scriptTask":
        script = child(element, "script")
        zeebe = _zeebe(element, "script")
        text = whole_text(script) if script is not None else None
        language = element.get("scriptFormat")
        variable = vendor(element, "resultVariable")
        if zeebe is not None and script is None:
            text, language, variable = zeebe.get("expression"), "feel", zeebe.get("resultVariable")
        return model.ScriptTask(**fields, format=language, script=text, result_variable=variable)
    return model.Task(**fields)


def _implementation(element: etree._Element) -> str | None:
    for name in ("class", "delegateExpression", "expression", "type"):
        value = vendor(element, name)
        if value is not None and (name, value) != ("type", "external"):
            return f"{name}:{value}"
    value = element.get("implementation")
    return value if value and value not in ("##unspecified", "##WebService") else None


def _form(element: etree._Element) -> str | None:
    form = _zeebe(element, "formDefinition")
    if form is not None:
        return form.get("formId") or form.get("formKey") or form.get("externalReference")
    return vendor(element, "formKey") or vendor(element, "formRef")


_OWNER = re.compile(r"\s*(user|group)\s*\(\s*([^()]*?)\s*\)\s*\Z")


def _assignment(element: etree._Element) -> model.Assignment:
    assignee = vendor(element, "assignee")
    users = [vendor(element, "candidateUsers")]
    groups = [vendor(element, "candidateGroups")]
    due, follow_up = vendor(element, "dueDate"), vendor(element, "followUpDate")
    priority = vendor(element, "priority")
    for owner in (child(element, "humanPerformer"), child(element, "potentialOwner")):
        if owner is None:
            continue
        text = " ".join(whole_text(owner).split())
        if str(owner.tag).endswith("humanPerformer"):
            assignee = assignee or text or None
            continue
        for part in text.split(","):
            match = _OWNER.match(part)
            (users if match and match[1] == "user" else groups).append(match[2] if match else part)
    if (zeebe := _zeebe(element, "assignmentDefinition")) is not None:
        assignee = zeebe.get("assignee")
        users.append(zeebe.get("candidateUsers"))
        groups.append(zeebe.get("candidateGroups"))
    if (zeebe := _zeebe(element, "taskSchedule")) is not None:
        due, follow_up = zeebe.get("dueDate"), zeebe.get("followUpDate")
    if (zeebe := _zeebe(element, "priorityDefinition")) is not None:
        priority = zeebe.get("priority")
    return model.Assignment(assignee, _list(users), _list(groups), due, follow_up, priority)


def _list(texts: list[str | None]) -> tuple[str, ...]:
    """Comma separated names; a text that is an expression stays whole."""
    found: list[str] = []
    for text in texts:
        if text and text.lstrip()[:1] in ("=", "$", "#"):
            found.append(text.strip())
        elif text:
            found.extend(part.strip() for part in text.split(",") if part.strip())
    return tuple(dict.fromkeys(found))


# --- mappings ------------------------------------------------------------------------------------------------


def _inputs(element: etree._Element, reading: Reading) -> Iterator[ValueMapping]:
    yield from _parameters(element, "inputParameter", reading)
    yield from _call_mappings(element, "in", reading)
    yield from _zeebe_mappings(element, "input", reading)


def _outputs(element: etree._Element, reading: Reading) -> Iterator[ValueMapping]:
    yield from _parameters(element, "outputParameter", reading)
    yield from _call_mappings(element, "out", reading)
    yield from _zeebe_mappings(element, "output", reading)


def _parameters(element: etree._Element, local: str, reading: Reading) -> Iterator[ValueMapping]:
    for found in _extension_elements(element, "inputOutput"):
        for parameter in found:
            if etree.QName(parameter).localname == local:
                yield ValueMapping(parameter.get("name", ""), _parameter_value(parameter))


def _parameter_value(parameter: etree._Element) -> Expression | None:
    """Camunda takes a text without `${..}` as the text itself: a FEEL string here."""
    line = line_of(parameter)
    for inner in parameter:
        kind = etree.QName(inner).localname
        language = (inner.get("scriptFormat") or "script") if kind == "script" else kind
        return Expression(whole_text(inner), f"camunda:{language}", line)
    text = (parameter.text or "").strip()
    if not text:
        return None
    if "${" in text or "#{" in text:
        return Expression(text, "juel", line)
    return Expression(json.dumps(text, ensure_ascii=False), "feel", line)


def _call_mappings(element: etree._Element, local: str, reading: Reading) -> Iterator[ValueMapping]:
    for found in _extension_elements(element, local):
        line = line_of(found)
        if found.get("variables") == "all":
            yield ValueMapping("", None, all_variables=True)
        elif found.get("businessKey"):
            yield ValueMapping("businessKey", reading.value(found.get("businessKey"), line))
        else:
            source = reading.value(found.get("sourceExpression") or found.get("source"), line)
            yield ValueMapping(found.get("target", ""), source)


def _zeebe_mappings(element: etree._Element, local: str, reading: Reading) -> Iterator[ValueMapping]:
    mapping = _zeebe(element, "ioMapping")
    if mapping is not None:
        for found in mapping.findall(f"{{{ZEEBE}}}{local}"):
            yield ValueMapping(found.get("target", ""), reading.value(found.get("source"), line_of(found)))


def _extension_elements(element: etree._Element, local: str) -> Iterator[etree._Element]:
    holder = child(element, "extensionElements")
    if holder is not None:
        for namespace in CAMUNDA:
            yield from holder.findall(f"{{{namespace}}}{local}")


def _zeebe(element: etree._Element, local: str) -> etree._Element | None:
    holder = child(element, "extensionElements")
    return next(holder.iterchildren(f"{{{ZEEBE}}}{local}"), None) if holder is not None else None
