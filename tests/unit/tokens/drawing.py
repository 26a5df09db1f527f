"""A tiny text form for the models of the token tests: one node a line.

``kind[.definition[=name]] id [in CONTAINER] [on HOST] [calm] : target target? target!``

`calm` is a non-interrupting event, `target?` a conditional flow, `target!` the default flow; flows are called
`source>target`; those of a compensation boundary event are associations. An activity may be `loop`, `loop0` (tested
before), `mi` or `seq` (multi-instance; `mi=3`: three times; without: a collection), each with `early` (a completion
condition); an ad-hoc process `seq` is sequential, `early` may cancel. `if=N` on a complex gateway: from N inputs on;
`ref=ACTIVITY` on a compensation event.

Kinds: start end catch throw boundary task receive call adhoc sub esub xor and or event complex.
"""

from __future__ import annotations

from dataclasses import replace

from bpm.model.process import (
    Activity,
    Association,
    CallActivity,
    Event,
    EventDefinition,
    Expression,
    FlowNode,
    Gateway,
    Loop,
    Process,
    SequenceFlow,
    ServiceTask,
    SubProcess,
    UserTask,
)

EVENTS = {
    "start": "startEvent",
    "end": "endEvent",
    "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
    "boundary": "boundaryEvent",
}
GATEWAYS = {
    "xor": "exclusiveGateway",
    "and": "parallelGateway",
    "or": "inclusiveGateway",
    "event": "eventBasedGateway",
    "complex": "complexGateway",
}


def draw(text: str) -> Process:
    """The process that the lines of `text` say; its id is `p`."""
    nodes: list[FlowNode] = []
    flows: list[SequenceFlow] = []
    links: list[Association] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        head, _, tail = line.partition(":")
        words = head.split()
        kind, _, definition = words[0].partition(".")
        name = words[1]
        rest = words[2:]
        parent = rest[rest.index("in") + 1] if "in" in rest else "p"
        default = None
        for target in tail.split():
            if definition == "compensate" and kind == "boundary":
                links.append(Association(f"{name}>{target}", name, target, parent=parent))
                continue
            plain = target.rstrip("?!")
            flow = f"{name}>{plain}"
            default = flow if target.endswith("!") else default
            condition = Expression("wahl") if target.endswith("?") else None
            flows.append(SequenceFlow(flow, name, plain, parent, condition=condition))
        host = rest[rest.index("on") + 1] if "on" in rest else None
        node = _node(kind, definition, name, parent, default, host, "calm" in rest)
        nodes.append(_more(node, [word for word in rest if word not in (parent, host)]))
    return Process("p", "p", True, tuple(nodes), tuple(flows), associations=tuple(links))


def _more(node: FlowNode, words: list[str]) -> FlowNode:
    """The node with what further words say about repetition, conditions and references."""
    for word in words:
        what, _, value = word.partition("=")
        early = Expression("fertig") if "early" in words else None
        if isinstance(node, Gateway) and what == "if":
            node = replace(node, activation=Expression(f"activationCount >= {value}"))
        elif isinstance(node, Event) and what == "ref":
            node = replace(node, definitions=tuple(replace(d, activity_ref=value) for d in node.definitions))
        elif isinstance(node, SubProcess) and node.type == "adHocSubProcess" and what in ("seq", "early"):
            ordering = "Sequential" if "seq" in words else None
            node = replace(node, ordering=ordering, completion_condition=early)
        elif isinstance(node, Activity) and what in ("loop", "loop0"):
            node = replace(node, loop=Loop("standard", test_before=what == "loop0"))
        elif isinstance(node, Activity) and what in ("mi", "seq"):
            number = {"cardinality": Expression(value)} if value else {"collection": Expression("liste")}
            kind = "parallel" if what == "mi" else "sequential"
            node = replace(node, loop=Loop(kind, completion_condition=early, **number))
    return node


def _node(
    kind: str, definition: str, name: str, parent: str, default: str | None, host: str | None, calm: bool
) -> FlowNode:
    if kind in EVENTS:
        what, _, code = definition.partition("=")
        definitions = (EventDefinition(what, name=code or None),) if what else ()
        return Event(
            id=name,
            type=EVENTS[kind],
            parent=parent,
            default=default,
            definitions=definitions,
            attached_to=host,
            interrupting=not calm,
        )
    if kind in GATEWAYS:
        return Gateway(
            id=name, type=GATEWAYS[kind], parent=parent, default=default, instantiate=definition == "instantiate"
        )
    if kind in ("sub", "esub", "adhoc"):
        kinds = {"adhoc": "adHocSubProcess"}
        return SubProcess(
            id=name,
            type="transaction" if definition == "transaction" else kinds.get(kind, "subProcess"),
            parent=parent,
            default=default,
            triggered_by_event=kind == "esub",
        )
    if kind == "call":
        return CallActivity(id=name, type="callActivity", parent=parent, default=default)
    if kind == "receive":
        return ServiceTask(id=name, type="receiveTask", parent=parent, default=default)
    return UserTask(id=name, type="userTask", parent=parent, default=default, for_compensation=definition == "undo")
