"""What a file records about a step - our vocabulary, vendor attributes, the name - while an edit changes it."""

from __future__ import annotations

from collections.abc import Mapping

from bpm.model.edit.canvas import number
from bpm.model.edit.markup import attributes
from bpm.model.edit.steps import QueryRegister
from bpm.model.edit.wiring import BPMN, Wiring, refuse
from bpm.model.process import FlowNode
from bpm.model.source import Part

LI = "urn:lichtung:bpmn:1"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
OPERATON = "http://operaton.org/schema/1.0/bpmn"

_ADDED = ("minutes", "citizenMinutes", "businessMinutes", "low", "high")
_FIGURES = (*_ADDED, "known", "by", "on", "source", "wageGroup")
_KNOWLEDGE = ("measured", "table", "estimated", "assumed")
_OF_PEOPLE = ("formKey", "formRef", "formRefBinding", "formRefVersion", "assignee", "candidateUsers", "candidateGroups")
_OF_TASKS = ("dueDate", "followUpDate", "priority")
_PLAIN = frozenset({"documentation", "extensionElements", "incoming", "outgoing"})


def record(wiring: Wiring, node: FlowNode, values: Mapping[str, str | None]) -> None:
    """Write attributes of the step's `li:step`, which is added where it is missing."""
    step = _step(wiring, node.id)
    if step is not None:
        for name, value in values.items():
            if step.get(name) != value:
                wiring.document.set(step, name, value)
        return
    near = _element(wiring, node.id)
    tag, declared = wiring.document.name(LI, "step", near, "li")
    _extend(wiring, near, f"<{tag}{declared}{attributes(values)}/>")


def merge(wiring: Wiring, first: FlowNode, second: FlowNode, name: str) -> None:
    """Put what is recorded about `second` to `first`. Raises `edit-impossible` where something would be lost."""
    one, other = _element(wiring, first.id), _element(wiring, second.id)
    strange = {child.name for child in other.children} - _PLAIN
    extended = next(other.each("extensionElements"), None)
    strange |= {child.name for child in (extended.children if extended else ()) if child.namespace != LI}
    if strange:
        raise refuse(f"merging would lose {', '.join(sorted(strange))}", second.id)
    wiring.document.set(one, "name", name)
    for documentation in other.each("documentation"):
        anchor = [*one.each("documentation")]
        said = wiring.document.said(documentation)
        tag, declared = wiring.document.name(BPMN, "documentation", one, "bpmn")
        markup = f"<{tag}{declared}>{said}</{tag}>"
        if anchor:
            wiring.document.after(anchor[-1], markup)
        else:
            wiring.document.first(one, markup)
    mine, theirs = _step(wiring, first.id), _step(wiring, second.id)
    if mine is not None or theirs is not None:
        record(wiring, first, _together(mine, theirs))
    written = {use.item for use in first.facts.writes}
    own = next(one.each("extensionElements"), None)
    known = {(child.name, tuple(sorted(child.attributes.items()))) for child in (own.children if own else ())}
    for child in extended.children if extended else ():
        values = dict(child.attributes)
        inner = child.name == "reads" and values.get("item") in written
        if child.name == "step" or inner or (child.name, tuple(sorted(values.items()))) in known:
            continue
        tag, declared = wiring.document.name(LI, child.name, one, "li")
        _extend(wiring, one, f"<{tag}{declared}{attributes(values)}/>")


def _together(mine: Part | None, theirs: Part | None) -> dict[str, str | None]:
    """The attributes of both steps in one. Times are added where both are recorded; a time of one alone is not the
    time of both, and goes."""
    a = dict(mine.attributes) if mine is not None else {}
    b = dict(theirs.attributes) if theirs is not None else {}
    found: dict[str, str | None] = {**b, **a}
    for name in _ADDED:
        if name in a and name in b:
            found[name] = number(float(a[name]) + float(b[name]))
        elif name in found and name in ("minutes", "low", "high"):
            found[name] = None
    if "principles" in found:
        found["principles"] = " ".join(
            dict.fromkeys([*a.get("principles", "").split(), *b.get("principles", "").split()])
        )
    if "known" in a and "known" in b:
        found["known"] = max((a["known"], b["known"]), key=lambda it: _KNOWLEDGE.index(it) if it in _KNOWLEDGE else 9)
    if a.get("source") and b.get("source") and a["source"] != b["source"]:
        found["source"] = f"{a['source']}; {b['source']}"
    return found


def query(wiring: Wiring, step: FlowNode, edit: QueryRegister) -> None:
    """Turn a request into a service task that asks a register."""
    document, element = wiring.document, _element(wiring, step.id)
    document.rename(element, "serviceTask")
    for name in ("messageRef", "operationRef", "instantiate"):
        if element.get(name) is not None:
            document.set(element, name, None)
    for child in element.children:
        if child.name == "rendering":
            document.remove(child)
    if edit.name is not None:
        document.set(element, "name", edit.name)
    _address(wiring, element, edit.topic or f"register.{edit.register}")
    values: dict[str, str | None] = {"channel": "online"}
    recorded = _step(wiring, step.id)
    if recorded is not None:
        values |= dict.fromkeys(_FIGURES)
    record(wiring, step, values)
    extended = next(element.each("extensionElements"), None)
    for child in extended.children if extended is not None else ():
        if child.namespace == LI and child.name == "writes" and child.get("from") in ("citizen", "business", None):
            document.set(child, "from", f"register:{edit.register}")
        elif child.namespace == LI and child.name == "document" and child.get("heldBy") is not None:
            document.remove(child)
    loose = [flow.id for flow in wiring.model.message_flows if step.id in (flow.source, flow.target)]
    for key in loose:
        if (drawn := document.by_id(key)) is not None:
            document.remove(drawn)
    for canvas in wiring.canvases:
        canvas.forget(loose)


def _address(wiring: Wiring, element: Part, topic: str) -> None:
    """How a worker finds the task, in the vocabulary that the file speaks."""
    document = wiring.document
    spaces = set(element.prefixes.values())
    vendor = next((space for space in (CAMUNDA, OPERATON) if space in spaces), None)
    for key in list(element.attributes):
        space, _, local = key.rpartition("}")
        if local in (*_OF_PEOPLE, *_OF_TASKS) and space:
            prefix = element.prefix_of(space[1:])
            document.set(element, f"{prefix}:{local}", None)
    extended = next(element.each("extensionElements"), None)
    for child in extended.children if extended is not None else ():
        if child.name in ("formDefinition", "userTask", "assignmentDefinition", "formData", "taskListener"):
            document.remove(child)
    if vendor is None and ZEEBE in spaces:
        tag, declared = document.name(ZEEBE, "taskDefinition", element, "zeebe")
        _extend(wiring, element, f"<{tag}{declared}{attributes({'type': topic})}/>")
        return
    prefix = element.prefix_of(vendor or CAMUNDA)
    if prefix is None:
        prefix = "camunda"
        document.set(element, "xmlns:camunda", CAMUNDA)
    document.set(element, f"{prefix}:type", "external")
    document.set(element, f"{prefix}:topic", topic)


def _extend(wiring: Wiring, element: Part, markup: str) -> None:
    """Add to the extension elements of a node, which are added where they are missing (behind documentation)."""
    document = wiring.document
    extended = next(element.each("extensionElements"), None)
    if extended is not None:
        document.append(extended, markup)
        return
    pending = wiring.extensions.setdefault(element.get("id") or "", [])
    pending.append(markup)


def _element(wiring: Wiring, key: str) -> Part:
    found = wiring.document.by_id(key)
    assert found is not None
    return found


def _step(wiring: Wiring, key: str) -> Part | None:
    extended = next(_element(wiring, key).each("extensionElements"), None)
    return next(extended.each("step", LI), None) if extended is not None else None
