"""From our model to SpiffWorkflow's specs, by constructor calls: no XML, no parser, no recursion.

Each flow node of a run process becomes exactly one spec of its name in the spec of its scope; specs without a name of
their own (the instances of a multi-instance, the listeners of event sub-processes) carry a NUL in theirs. At the end
nodes of model and specs are compared one by one: a difference is an error of ours and is never run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from bpm.decisions import PreparedModel, prepare
from bpm.engine.executable import Executable, StartPoint
from bpm.engine.expression import Parsed, known_names, parse
from bpm.engine.juel import is_juel
from bpm.engine.obstacles import is_dynamic
from bpm.engine.readiness import assess
from bpm.engine.scopes import Scope, executed_processes, is_external, is_link, scopes_of, undone_by
from bpm.engine.spiff.activities import Called, Container, Deciding, Offered, Repeated, Repetition, Work
from bpm.engine.spiff.events import (
    Boundary,
    Catching,
    Choosing,
    Handler,
    Listener,
    Throwing,
    Trigger,
)
from bpm.engine.spiff.joins import ComplexJoin, InclusiveJoin, ParallelJoin
from bpm.engine.spiff.node import Flow, Mapping_, Node, Passing, ScopeSpec
from bpm.engine.spiff.undo import end_or_throw
from bpm.engine.timers import looks_literal
from bpm.errors import EngineError, NotExecutable
from bpm.model.decision import DecisionModel
from bpm.model.process import (
    Activity,
    BusinessRuleTask,
    CallActivity,
    Event,
    EventDefinition,
    Expression,
    FlowNode,
    Gateway,
    ProcessModel,
    ServiceTask,
    SubProcess,
    UserTask,
    ValueMapping,
)

EACH = "\0each:"
ON = "\0on:"


def build(model: ProcessModel, decisions: Iterable[DecisionModel] = (), zone: tzinfo | None = None) -> Executable:
    """A model made ready to run in a time zone. Raises NotExecutable with every blocker."""
    decisions = tuple(decisions)
    readiness = assess(model, decisions)
    if not readiness.ready:
        raise NotExecutable(readiness.blockers)
    building = _Building(
        names=known_names(model),
        decisions={decision.id: found for found in reversed(decisions) for decision in found.decisions},
    )
    scopes = [scope for process in executed_processes(model) for scope in scopes_of(process)]
    for scope in scopes:
        building.specs[scope.id] = ScopeSpec(scope.id)
        if scope.starts:
            building.starts[scope.id] = scope.starts[0]
        building.lanes.update(_lane_names(scope))
    for scope in scopes:
        _build_scope(scope, building)
    _compare(scopes, building)
    main = model.main
    return Executable(
        model=model,
        main=main.id,
        starts=tuple(_start_points(next(scope for scope in scopes if scope.id == main.id))),
        decisions=building.decisions,
        specs=building.specs,
        expressions=building.expressions,
        zone=zone,
    )


@dataclass(slots=True)
class _Building:
    """What is known while specs are built; `names` lets FEEL read variable names with spaces."""

    names: tuple[str, ...]
    decisions: dict[str, DecisionModel]
    specs: dict[str, ScopeSpec] = field(default_factory=dict)
    expressions: dict[str, Parsed] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    starts: dict[str, Event] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)
    models: dict[int, PreparedModel] = field(default_factory=dict)

    def key(self, expression: Expression | None) -> str | None:
        """The opaque key of an expression; equal expressions share one."""
        if expression is None:
            return None
        found = self.keys.get((expression.language, expression.text))
        if found is None:
            found = f"e{len(self.keys) + 1}"
            self.keys[expression.language, expression.text] = found
            self.expressions[found] = parse(expression, self.names)
        return found

    def prepared(self, decision: str) -> PreparedModel:
        """The parsed model of a decision; one per file."""
        model = self.decisions[decision]
        return self.models.setdefault(id(model), prepare(model))

    def text(self, text: str | None) -> tuple[str | None, str] | None:
        """(key, text) of a vendor's attribute that may be an expression."""
        if text is None:
            return None
        if is_dynamic(text):
            return self.key(Expression(text, "feel" if text.startswith("=") else "juel")), text
        return None, text

    def mappings(self, mappings: tuple[ValueMapping, ...]) -> tuple[Mapping_, ...]:
        return tuple(
            Mapping_(mapping.target, None if mapping.all_variables else self.key(mapping.source))
            for mapping in mappings
            if mapping.all_variables or mapping.source is not None
        )


def _build_scope(scope: Scope, building: _Building) -> None:
    spec = building.specs[scope.id]
    made = {node.id: _node(scope, node, spec, building) for node in scope.nodes.values()}
    for node in scope.nodes.values():
        outgoing = [
            Flow(
                flow.id,
                flow.target,
                None
                if node.default == flow.id or node.type in ("parallelGateway", "eventBasedGateway")
                else building.key(flow.condition),
                node.default == flow.id,
            )
            for flow in scope.outgoing.get(node.id, [])
        ]
        outgoing += [Flow(f"{node.id}->{target}", target) for target in _link_targets(scope, node)]
        made[node.id].flows = tuple(outgoing)
        for flow in outgoing:
            made[node.id].connect(made[flow.target])
    for node in scope.nodes.values():
        spec_of = made[node.id]
        if isinstance(spec_of, Choosing):
            spec_of.triggers = tuple(
                (flow, scope.nodes[flow.target], _trigger_of(scope.nodes[flow.target], building))
                for flow in spec_of.flows
            )
        elif isinstance(spec_of, InclusiveJoin | ComplexJoin):
            spec_of.reaching = _reaching(scope, node)
    _attach(scope, spec, made, building)


def _attach(scope: Scope, spec: ScopeSpec, made: dict[str, Any], building: _Building) -> None:
    """Boundary events to their hosts, event sub-processes to their scope, entries to its start."""
    attached: dict[str, list[Any]] = {}
    for node in scope.nodes.values():
        if isinstance(node, Event) and node.type == "boundaryEvent":
            attached.setdefault(node.attached_to or "", []).append(made[node.id])
    for host, boundaries in attached.items():
        made[host].boundaries = tuple(boundaries)
        made[host].undone_by = next(
            (undone_by(scope, boundary.element) for boundary in boundaries if boundary.trigger.kind == "compensate"),
            None,
        )
    for node in scope.nodes.values():
        if isinstance(node, SubProcess):
            spec.containers[node.id] = getattr(made[node.id], "each", made[node.id])
    handlers = [made[node.id] for node in scope.nodes.values() if isinstance(made[node.id], Handler)]
    spec.handlers = tuple(handlers)
    spec.listeners = tuple(Listener(spec, ON + handler.name, handler.start, handler) for handler in handlers)
    spec.starts = tuple(made[node.id] for node in scope.entries)


def _node(scope: Scope, node: FlowNode, spec: ScopeSpec, building: _Building) -> Any:
    if not isinstance(node, Activity):
        return _passage(scope, node, spec, building)
    if node.loop is None:
        return _activity(node, node.id, spec, building)
    each = _activity(node, EACH + node.id, spec, building)
    loop = node.loop
    repetition = Repetition(
        kind=loop.kind,
        cardinality=building.key(loop.cardinality),
        collection=building.key(loop.collection),
        item=loop.element_variable,
        results=loop.output_collection,
        result=building.key(loop.output_element),
        until=building.key(loop.completion_condition),
        condition=building.key(loop.condition),
        maximum=loop.maximum,
        test_before=loop.test_before,
    )
    return Repeated(spec, node.id, node, each, repetition)


def _passage(scope: Scope, node: FlowNode, spec: ScopeSpec, building: _Building) -> Node:
    """Events and gateways."""
    if isinstance(node, Event):
        return _event(node, spec, building)
    incoming = tuple(flow.id for flow in scope.incoming.get(node.id, []))
    if node.type == "eventBasedGateway":
        return Choosing(spec, node.id, node)
    if node.type == "parallelGateway" and len(incoming) > 1:
        return ParallelJoin(spec, node.id, node, incoming)
    if node.type == "inclusiveGateway" and len(incoming) > 1:
        return InclusiveJoin(spec, node.id, node, incoming)
    if isinstance(node, Gateway) and node.type == "complexGateway" and len(incoming) > 1:
        return ComplexJoin(spec, node.id, node, incoming, building.key(node.activation))
    mode = {"exclusiveGateway": "one", "inclusiveGateway": "some", "complexGateway": "some"}.get(node.type, "all")
    return Passing(spec, node.id, node, mode)


def _event(node: Event, spec: ScopeSpec, building: _Building) -> Node:
    if node.type == "startEvent" or is_link(node):
        passing = Passing(spec, node.id, node)
        if node.type == "startEvent" and node.definitions and node.definitions[0].kind == "conditional":
            passing.condition = building.key(node.definitions[0].expression)
        return passing
    if node.type == "intermediateCatchEvent":
        return Catching(spec, node.id, node, _trigger_of(node, building))
    if node.type == "boundaryEvent":
        trigger = _trigger_of(node, building)
        return Boundary(spec, node.id, node, trigger, node.interrupting or trigger.kind == "error")
    thrown = _trigger_of(node, building) if node.definitions else None
    return end_or_throw(spec, node, thrown, node.definitions[0].activity_ref if node.definitions else None)


def _activity(node: Activity, name: str, spec: ScopeSpec, building: _Building) -> Node:
    made: Node
    if isinstance(node, CallActivity):
        called = Called(spec, name, node, building.specs[node.called or ""])
        called.into, called.back = building.mappings(node.inputs), building.mappings(node.outputs)
        return called
    if isinstance(node, SubProcess):
        made = _subprocess(node, name, spec, building)
    elif isinstance(node, BusinessRuleTask) and not is_external(node):
        decision = node.decision or ""
        variable = next(found.variable for found in building.decisions[decision].decisions if found.id == decision)
        prepared = building.prepared(decision)
        made = Deciding(spec, name, node, prepared, decision, variable or decision, node.result_variable)
    elif is_external(node):
        offered = Offered(spec, name, node)
        offered.topic = building.text(getattr(node, "topic", None)) or (None, node.id)
        made = offered
    elif node.type == "receiveTask":
        made = Catching(spec, name, node, _trigger_of(node, building))
    elif node.type == "sendTask":
        made = Throwing(spec, name, node, _trigger_of(node, building))
    else:
        made = _work(node, name, spec, building)
    made.takes, made.gives = building.mappings(node.inputs), building.mappings(node.outputs)
    return made


def _subprocess(node: SubProcess, name: str, spec: ScopeSpec, building: _Building) -> Container:
    inner = building.specs[node.id]
    if not node.triggered_by_event:
        return Container(spec, name, node, inner)
    handler = Handler(spec, name, node, inner)
    # the scopes of a process are built outer first, so the model is asked, not the inner spec
    start = building.starts[node.id]
    handler.start = start
    handler.trigger = _trigger_of(start, building)
    handler.interrupting = start.interrupting or handler.trigger.kind == "error"
    return handler


def _work(node: Activity, name: str, spec: ScopeSpec, building: _Building) -> Work:
    work = Work(spec, name, node)
    if isinstance(node, UserTask):
        given = node.assignment
        work.groups = tuple(filter(None, map(building.text, given.candidate_groups)))
        work.users = tuple(filter(None, map(building.text, given.candidate_users)))
        work.assignee, work.due = building.text(given.assignee), building.text(given.due)
        work.priority, work.form = building.text(given.priority), building.text(node.form)
    if not work.groups and building.lanes.get(node.id):
        work.groups = ((None, building.lanes[node.id]),)
    return work


def _lane_names(scope: Scope) -> dict[str, str]:
    """The name of the innermost lane of each node; a node inside a sub-process stands in that one's lane."""
    names = {lane.id: lane.name for lane in scope.process.lanes}
    by_id = {node.id: node for node in scope.process.nodes}
    found: dict[str, str] = {}
    for node in scope.nodes.values():
        at: FlowNode | None = node
        while at is not None and at.lane is None:
            at = by_id.get(at.parent)
        if at is not None and at.lane is not None:
            found[node.id] = names.get(at.lane, "")
    return found


def _trigger_of(node: FlowNode, building: _Building) -> Trigger:
    """What a catching or throwing node is about; a message or signal without a name is named like the node."""
    named = node.name or node.id
    if isinstance(node, ServiceTask):
        return Trigger("message", node.message or named)
    if not isinstance(node, Event) or not node.definitions:
        raise EngineError("no-trigger", "the node has no trigger", element=node.id)
    definition = node.definitions[0]
    if definition.kind == "timer":
        return _timer_of(node, definition, building)
    if definition.kind == "conditional":
        return Trigger("conditional", key=building.key(definition.expression))
    name = definition.name
    if definition.kind in ("message", "signal") and not name:
        name = named
    return Trigger(definition.kind, name, definition.ref)


def _timer_of(node: Event, definition: EventDefinition, building: _Building) -> Trigger:
    expression, kind = definition.expression, definition.timer or "duration"
    if expression is None:
        raise EngineError("timer-syntax", "the timer has no text", element=node.id)
    text = expression.text.strip()
    if looks_literal(text) and not is_juel(text):
        return Trigger("timer", timer=kind, text=text)
    return Trigger("timer", timer=kind, key=building.key(expression))


def _link_targets(scope: Scope, node: FlowNode) -> list[str]:
    """A link throw goes on at the catch of the same name."""
    if not isinstance(node, Event) or node.type != "intermediateThrowEvent" or not is_link(node):
        return []
    return [
        other.id
        for other in scope.nodes.values()
        if isinstance(other, Event)
        and other.type == "intermediateCatchEvent"
        and is_link(other)
        and other.definitions[0].name == node.definitions[0].name
    ]


def _reaching(scope: Scope, join: FlowNode) -> dict[str, frozenset[str]]:
    """Per incoming flow of `join` the nodes from which a token can come over it without passing `join`."""
    before: dict[str, set[str]] = {node: set() for node in scope.nodes}
    for flow in scope.flows:
        before[flow.target].add(flow.source)
    for node in scope.nodes.values():
        for target in _link_targets(scope, node):
            before[target].add(node.id)
        if isinstance(node, Event) and node.attached_to in before:
            before[node.id].add(node.attached_to)
    reaching: dict[str, frozenset[str]] = {}
    for flow in scope.incoming[join.id]:
        seen: set[str] = set()
        todo = [flow.source]
        while todo:
            node_id = todo.pop()
            if node_id not in seen and node_id != join.id:
                seen.add(node_id)
                todo.extend(before[node_id])
        reaching[flow.id] = frozenset(seen)
    return reaching


def _start_points(scope: Scope) -> list[StartPoint]:
    points = []
    for start in scope.starts:
        if not start.definitions:
            points.append(StartPoint(start.id, "none"))
            continue
        definition = start.definitions[0]
        name = (definition.name or start.name or start.id) if definition.kind in ("message", "signal") else None
        text = definition.expression.text if definition.expression is not None else None
        points.append(StartPoint(start.id, definition.kind, name, definition.timer, text))
    return points


def _compare(scopes: list[Scope], building: _Building) -> None:
    """Every node and every flow of the model is in the specs, and nothing else. Raises EngineError."""
    for scope in scopes:
        built = {name: spec for name, spec in building.specs[scope.id].task_specs.items() if "\0" not in name}
        expected = {node: {flow.target for flow in scope.outgoing.get(node, [])} for node in scope.nodes}
        for node in scope.nodes.values():
            expected[node.id].update(_link_targets(scope, node))
        found = {name: {output.name for output in spec.outputs} for name, spec in built.items()}
        if found != expected or any(spec.element is not scope.nodes[name] for name, spec in built.items()):
            raise EngineError("build-difference", f"model and specs differ in {scope.id}", element=scope.id)
