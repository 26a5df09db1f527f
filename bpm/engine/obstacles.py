"""What one scope of a model holds that is not run, or is run in a way the file leaves open.

One function per kind of element; each yields notes. A note with a code is a blocker, one without is a rewrite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bpm.engine.expression import is_translated, parse
from bpm.engine.juel import is_juel
from bpm.engine.scopes import (
    EVENT_TYPES,
    GATEWAY_TYPES,
    SCOPE_TYPES,
    TASK_TYPES,
    WAITING_KINDS,
    Scope,
    is_deciding,
    is_external,
    is_link,
    undone_by,
)
from bpm.engine.timers import check_literal, looks_literal
from bpm.errors import EngineError, FeelError
from bpm.feel.syntax.tree import Name
from bpm.model.process import (
    Activity,
    Assignment,
    BusinessRuleTask,
    CallActivity,
    Event,
    EventDefinition,
    FlowNode,
    Gateway,
    Process,
    ServiceTask,
    SubProcess,
)


@dataclass(frozen=True, slots=True)
class Note:
    """A finding of readiness; `code` is one of `reasons.REASONS`, or None for a rewrite told in `detail`."""

    element: str
    line: int | None
    code: str | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What lies outside the scope: the processes of the file by id and the decisions that can be evaluated."""

    processes: Mapping[str, Process]
    decisions: frozenset[str]


_CATCH = {*WAITING_KINDS, "link"}
_THROW = {"message", "signal", "escalation", "link", "compensate"}
_END = {"message", "signal", "error", "escalation", "terminate", "compensate", "cancel"}
_BOUNDARY = {*WAITING_KINDS, "error", "escalation", "compensate", "cancel"}
_START = {"message", "signal", "timer", "conditional"}
_EVENT_SUBPROCESS_START = {*WAITING_KINDS, "error", "escalation"}
_NAMED = ("message", "signal")


def of_scope(scope: Scope, context: Context) -> Iterator[Note]:
    """All notes of one level; those of inner levels come with their own scope."""
    yield from _starts(scope)
    yield from _flows(scope)
    for node in scope.nodes.values():
        yield from _shape(scope, node)
        if isinstance(node, Event):
            yield from _event(scope, node)
        elif isinstance(node, Gateway):
            yield from _gateway(scope, node)
        elif isinstance(node, Activity):
            yield from _activity(scope, node, context)
        elif node.type not in (*EVENT_TYPES, *GATEWAY_TYPES, *TASK_TYPES):
            yield Note(node.id, node.line, "unknown-element", node.type)


def _starts(scope: Scope) -> Iterator[Note]:
    if not scope.nodes:
        return
    element, line = (scope.owner.id, scope.owner.line) if scope.owner else (scope.id, scope.process.line)
    starts = scope.starts
    if not scope.entries:
        yield Note(element, line, "start", "every node has an incoming flow")
        return
    if scope.owner is not None and scope.owner.triggered_by_event:
        return
    if not starts:
        for node in scope.entries:
            yield Note(node.id, node.line, None, "no flow leads here: the node starts with its scope")
        return
    if scope.owner is not None:
        if len(starts) > 1:
            yield Note(element, line, "start", "a sub-process with several start events")
        for start in starts:
            if start.definitions:
                yield Note(start.id, start.line, "start", "a sub-process starts without a trigger")
    for node in scope.nodes.values():
        if scope.is_loose(node):
            yield Note(node.id, node.line, "unreachable")


def _flows(scope: Scope) -> Iterator[Note]:
    parents = {node.id: node.parent for node in scope.process.nodes}
    for flow in scope.process.flows:
        home = parents.get(flow.source) or parents.get(flow.target)
        if (home or scope.process.id) != scope.id:
            continue
        if parents.get(flow.source) is None or parents.get(flow.source) != parents.get(flow.target):
            yield Note(flow.id, flow.line, "dangling-flow", f"{flow.source} to {flow.target}")
            continue
        source, target = scope.nodes[flow.source], scope.nodes[flow.target]
        if source.type == "endEvent" or target.type in ("startEvent", "boundaryEvent"):
            yield Note(flow.id, flow.line, "dangling-flow", "out of an end or into a start")
        if flow.condition is not None and source.type in ("parallelGateway", "eventBasedGateway"):
            yield Note(flow.id, flow.line, None, "a condition here has no meaning in BPMN and is not looked at")
        elif flow.condition is not None and source.default == flow.id:
            yield Note(flow.id, flow.line, None, "the condition of the default flow is not looked at")


def _shape(scope: Scope, node: FlowNode) -> Iterator[Note]:
    """Implicit splits and merges, deciding gateways without conditions."""
    outgoing = scope.outgoing.get(node.id, [])
    if is_deciding(node) and len(outgoing) > 1:
        for flow in outgoing:
            if flow.condition is None and flow.id != node.default:
                if node.type == "exclusiveGateway":
                    yield Note(flow.id, flow.line or node.line, "condition-missing", f"of {node.id}")
                else:
                    yield Note(flow.id, flow.line or node.line, None, f"no condition at {node.id}: always taken")
    elif not isinstance(node, Gateway):
        conditional = [flow for flow in outgoing if flow.condition is not None and flow.id != node.default]
        if conditional:
            yield Note(node.id, node.line, None, "conditional flows leave it: taken like those of an inclusive gateway")
        elif len(outgoing) > 1:
            yield Note(node.id, node.line, None, "several flows leave it: all are taken, like a parallel gateway")
        if len(scope.incoming.get(node.id, [])) > 1 and node.type != "endEvent":
            yield Note(node.id, node.line, None, "several flows lead here: each token passes, like an exclusive merge")
    if node.default is not None and node.default not in {flow.id for flow in outgoing}:
        yield Note(node.id, node.line, "dangling-flow", f"default {node.default}")


def _gateway(scope: Scope, node: Gateway) -> Iterator[Note]:
    if node.type == "complexGateway":
        if len(scope.incoming.get(node.id, [])) > 1 and node.activation is None:
            yield Note(node.id, node.line, "complex-gateway")
    elif node.type not in GATEWAY_TYPES:
        yield Note(node.id, node.line, "unknown-element", node.type)
    elif node.type == "eventBasedGateway":
        if node.instantiate:
            yield Note(node.id, node.line, "start", "an event-based gateway that starts the process")
        if not scope.outgoing.get(node.id):
            yield Note(node.id, node.line, "event-gateway", "nothing follows")
        for flow in scope.outgoing.get(node.id, []):
            target = scope.nodes[flow.target]
            catches = isinstance(target, Event) and target.type == "intermediateCatchEvent" and not is_link(target)
            if not catches and target.type != "receiveTask":
                yield Note(node.id, node.line, "event-gateway", target.id)


def _event(scope: Scope, node: Event) -> Iterator[Note]:
    if node.type not in EVENT_TYPES:
        yield Note(node.id, node.line, "unknown-element", node.type)
        return
    if len(node.definitions) > 1:
        yield Note(node.id, node.line, "multiple-event")
        return
    definition = node.definitions[0] if node.definitions else None
    if node.type == "boundaryEvent":
        host = scope.nodes.get(node.attached_to or "")
        if not isinstance(host, Activity) or (isinstance(host, SubProcess) and host.triggered_by_event):
            yield Note(node.id, node.line, "boundary", node.attached_to or "")
        if definition is None:
            yield Note(node.id, node.line, "event", "a boundary event without a trigger")
    if definition is None:
        if node.type == "intermediateCatchEvent":
            yield Note(node.id, node.line, "event", "a catching event without a trigger")
        return
    allowed = _allowed(scope, node)
    if definition.kind in ("compensate", "cancel") and not _may_undo(scope, node, definition):
        yield Note(node.id, node.line, "compensation" if definition.kind == "compensate" else "transaction")
    elif definition.kind not in allowed:
        yield Note(node.id, node.line, "start" if node.type == "startEvent" else "event", definition.kind)
    else:
        yield from _trigger(scope, node, definition)


def _may_undo(scope: Scope, node: Event, definition: EventDefinition) -> bool:
    """Compensation needs a handler or a thing to undo on this level; a cancel end its transaction's boundary."""
    if definition.kind == "compensate":
        if node.type == "boundaryEvent":
            return undone_by(scope, node) is not None and not scope.outgoing.get(node.id)
        level = scope.nodes
        if scope.owner is not None and scope.owner.triggered_by_event:
            level = {other.id: other for other in scope.process.nodes if other.parent == scope.owner.parent}
        known = definition.activity_ref is None or isinstance(level.get(definition.activity_ref), Activity)
        return node.type != "startEvent" and known
    if node.type == "boundaryEvent":
        host = scope.nodes.get(node.attached_to or "")
        return host is not None and host.type == "transaction"
    return (
        node.type == "endEvent"
        and scope.owner is not None
        and scope.owner.type == "transaction"
        and any(
            isinstance(other, Event)
            and other.attached_to == scope.owner.id
            and any(found.kind == "cancel" for found in other.definitions)
            for other in scope.process.nodes
        )
    )


def _allowed(scope: Scope, node: Event) -> set[str]:
    if node.type == "startEvent":
        nested = scope.owner is not None and scope.owner.triggered_by_event
        # a triggered start of a plain sub-process has its own note
        return _EVENT_SUBPROCESS_START if nested or scope.owner is not None else _START
    return {
        "endEvent": _END,
        "intermediateCatchEvent": _CATCH,
        "intermediateThrowEvent": _THROW,
        "boundaryEvent": _BOUNDARY,
    }[node.type]


def _trigger(scope: Scope, node: Event, definition: EventDefinition) -> Iterator[Note]:
    if definition.kind == "timer":
        yield from _timer(node, definition)
    elif definition.kind == "link":
        yield from _link(scope, node, definition)
    elif definition.kind == "conditional" and definition.expression is None:
        yield Note(node.id, node.line, "event", "a conditional event without a condition")
    elif definition.kind in _NAMED and definition.name is None:
        yield Note(node.id, node.line, None, f"names no {definition.kind}: one named like the event is meant")
    if node.type == "startEvent" and scope.owner is None and definition.kind in ("timer", "conditional"):
        yield Note(node.id, node.line, None, "started by a command that names this event")


def _timer(node: Event, definition: EventDefinition) -> Iterator[Note]:
    expression, kind = definition.expression, definition.timer or "duration"
    if expression is None or not expression.text.strip():
        yield Note(node.id, node.line, "timer", "no text")
        return
    line, text = expression.line or node.line, expression.text.strip()
    try:
        if looks_literal(text) and not is_juel(text):
            check_literal(text, kind)
            return
        parsed = parse(expression)
    except (EngineError, FeelError) as error:
        yield Note(node.id, line, "timer", error.message)
        return
    if isinstance(parsed.node, Name) and parsed.node.name[:1] in "PR" and parsed.node.name[1:2].isdigit():
        yield Note(node.id, line, "timer", text[:40])
    elif is_translated(expression):
        yield Note(node.id, line, None, f"translated to FEEL: {text[:80]}")


def _link(scope: Scope, node: Event, definition: EventDefinition) -> Iterator[Note]:
    catches = Counter(
        other.definitions[0].name
        for other in scope.nodes.values()
        if isinstance(other, Event) and other.type == "intermediateCatchEvent" and is_link(other)
    )
    throws = {
        other.definitions[0].name
        for other in scope.nodes.values()
        if isinstance(other, Event) and other.type == "intermediateThrowEvent" and is_link(other)
    }
    if catches[definition.name] != 1 or definition.name not in throws or not definition.name:
        yield Note(node.id, node.line, "link", definition.name or "")


def _activity(scope: Scope, node: Activity, context: Context) -> Iterator[Note]:
    if node.for_compensation and (scope.incoming.get(node.id) or scope.outgoing.get(node.id)):
        yield Note(node.id, node.line, "compensation", "a handler has no flows")
    if node.type == "scriptTask":
        yield Note(node.id, node.line, "script")
    elif isinstance(node, CallActivity):
        yield from _call(node, context)
    elif isinstance(node, SubProcess):
        yield from _subprocess(scope, node)
    elif node.type not in TASK_TYPES:
        yield Note(node.id, node.line, "unknown-element", node.type)
    else:
        yield from _task(node, context)
    if node.loop is not None:
        yield from _loop(node)


def _task(node: Activity, context: Context) -> Iterator[Note]:
    implementation = getattr(node, "implementation", None)
    if implementation is not None:
        yield Note(node.id, node.line, "code", implementation[:60])
    if node.type == "task":
        yield Note(node.id, node.line, None, "an abstract task waits for a person, like a manual task")
    elif isinstance(node, BusinessRuleTask) and node.topic is None and implementation is None:
        if node.decision is None:
            yield Note(node.id, node.line, "decision", "none is named")
        elif node.decision not in context.decisions:
            yield Note(node.id, node.line, "decision", node.decision)
        if node.result_variable is None and node.decision is not None:
            yield Note(node.id, node.line, None, "no result variable: results become variables of their own names")
    elif isinstance(node, ServiceTask) and implementation is None:
        if node.type == "receiveTask" and node.message is None:
            yield Note(node.id, node.line, None, "names no message: one named like the task is meant")
        elif is_external(node) and node.topic is None:
            yield Note(node.id, node.line, None, "names no topic: an external job with its id as topic")


def _subprocess(scope: Scope, node: SubProcess) -> Iterator[Note]:
    if node.type == "adHocSubProcess":
        yield Note(node.id, node.line, "ad-hoc")
    elif node.type not in SCOPE_TYPES:
        yield Note(node.id, node.line, "unknown-element", node.type)
    elif node.triggered_by_event:
        starts = [
            other
            for other in scope.process.nodes
            if isinstance(other, Event) and other.parent == node.id and other.type == "startEvent"
        ]
        if (
            len(starts) != 1
            or not starts[0].definitions
            or scope.incoming.get(node.id)
            or scope.outgoing.get(node.id)
            or node.loop is not None
        ):
            yield Note(node.id, node.line, "event-subprocess")
    elif not any(other.parent == node.id for other in scope.process.nodes):
        yield Note(node.id, node.line, None, "the sub-process is empty: it is passed at once")


def _call(node: CallActivity, context: Context) -> Iterator[Note]:
    called = context.processes.get(node.called or "")
    if called is None or not called.nodes:
        yield Note(node.id, node.line, "call", node.called or "none is named")
        return
    starts = [
        other
        for other in called.nodes
        if isinstance(other, Event) and other.type == "startEvent" and other.parent == called.id
    ]
    if starts and sum(not start.definitions for start in starts) != 1:
        yield Note(node.id, node.line, "call", "it needs one start event without a trigger")
    if not node.inputs and not node.outputs:
        yield Note(node.id, node.line, None, "no mapping is given: all variables are passed in and back")


def _loop(node: Activity) -> Iterator[Note]:
    loop = node.loop
    if loop is None:
        return
    if loop.kind == "standard":
        if loop.condition is None and loop.maximum is None:
            yield Note(node.id, loop.line or node.line, "loop")
    elif loop.cardinality is None and loop.collection is None:
        yield Note(node.id, loop.line or node.line, "loop")


def is_dynamic(text: str) -> bool:
    """Whether a vendor's attribute text is an expression: `${...}`, `#{...}` or `= ...`."""
    return is_juel(text) or text.startswith("=")


def texts_of(assignment: Assignment) -> Iterator[str]:
    """The texts of an assignment that are expressions."""
    for text in (
        assignment.assignee,
        assignment.due,
        assignment.follow_up,
        assignment.priority,
        *assignment.candidate_groups,
        *assignment.candidate_users,
    ):
        if text is not None and is_dynamic(text):
            yield text
