"""Which processes of a file are run, and what a scope (a process or sub-process) holds.

A file may hold several pools. Run are: the main process, what it calls, and every process not marked as
not executable; the others are documentation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from bpm.model.process import (
    Activity,
    CallActivity,
    Event,
    FlowNode,
    Gateway,
    Process,
    ProcessModel,
    SequenceFlow,
    SubProcess,
)
from bpm.model.process import ServiceTask as _ServiceTask

EVENT_TYPES = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
TASK_TYPES = (
    "task",
    "manualTask",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "businessRuleTask",
)
GATEWAY_TYPES = ("exclusiveGateway", "inclusiveGateway", "parallelGateway", "complexGateway", "eventBasedGateway")
SCOPE_TYPES = ("subProcess", "transaction")
WAITING_KINDS = ("message", "signal", "timer", "conditional")


@dataclass(slots=True)
class Scope:
    """One level of the token game. `flows` join nodes of this level only; `owner` is the sub-process or None."""

    id: str
    process: Process
    owner: SubProcess | None
    nodes: dict[str, FlowNode] = field(default_factory=dict)
    flows: list[SequenceFlow] = field(default_factory=list)
    incoming: dict[str, list[SequenceFlow]] = field(default_factory=lambda: defaultdict(list))
    outgoing: dict[str, list[SequenceFlow]] = field(default_factory=lambda: defaultdict(list))

    @property
    def starts(self) -> list[Event]:
        return [node for node in self.nodes.values() if isinstance(node, Event) and node.type == "startEvent"]

    @property
    def entries(self) -> list[FlowNode]:
        """Where tokens appear: the start events, else the nodes to which no flow leads."""
        return list(self.starts) or [node for node in self.nodes.values() if self.is_loose(node)]

    def is_loose(self, node: FlowNode) -> bool:
        """Whether no flow leads here although one should, or this is an implicit start."""
        if self.incoming.get(node.id) or node.type in ("startEvent", "boundaryEvent"):
            return False
        if isinstance(node, SubProcess) and node.triggered_by_event:
            return False
        if isinstance(node, Activity) and node.for_compensation:
            return False
        return not (node.type == "intermediateCatchEvent" and is_link(node))


def is_link(node: FlowNode) -> bool:
    return isinstance(node, Event) and any(definition.kind == "link" for definition in node.definitions)


def is_event_subprocess(node: FlowNode) -> bool:
    return isinstance(node, SubProcess) and node.triggered_by_event


def executed_processes(model: ProcessModel) -> tuple[Process, ...]:
    """The processes that are built and run, in document order."""
    if not model.processes:
        return ()
    by_id = {process.id: process for process in model.processes}
    called: set[str] = set()
    todo = [model.main.id]
    while todo:
        id = todo.pop()
        if id in called or id not in by_id:
            continue
        called.add(id)
        todo.extend(node.called for node in by_id[id].nodes if isinstance(node, CallActivity) and node.called)
    return tuple(
        process
        for process in model.processes
        if process.id in called or (process.executable is not False and process.nodes)
    )


def scopes_of(process: Process) -> Iterator[Scope]:
    """The process and each of its sub-processes as scopes, outer before inner."""
    scopes = {process.id: Scope(process.id, process, None)}
    for node in process.nodes:
        if isinstance(node, SubProcess):
            scopes[node.id] = Scope(node.id, process, node)
    for node in process.nodes:
        if node.parent in scopes:
            scopes[node.parent].nodes[node.id] = node
    parent_of = {node.id: node.parent for node in process.nodes}
    for flow in process.flows:
        home = parent_of.get(flow.source)
        if home is not None and home == parent_of.get(flow.target) and home in scopes:
            scopes[home].flows.append(flow)
            scopes[home].outgoing[flow.source].append(flow)
            scopes[home].incoming[flow.target].append(flow)
    yield from scopes.values()


def undone_by(scope: Scope, boundary: FlowNode) -> str | None:
    """The handler activity that an association joins to a compensation boundary event."""
    for association in scope.process.associations:
        ends = (association.source, association.target)
        if boundary.id in ends:
            other = scope.nodes.get(ends[1] if ends[0] == boundary.id else ends[0])
            if isinstance(other, Activity) and other.for_compensation:
                return other.id
    return None


def is_external(node: FlowNode) -> bool:
    """Whether an outside worker does this task."""
    topic = getattr(node, "topic", None)
    if node.type == "serviceTask":
        return True
    if node.type == "sendTask" and isinstance(node, _ServiceTask):
        return topic is not None or node.message is None
    return topic is not None


def is_deciding(node: FlowNode) -> bool:
    return isinstance(node, Gateway) and node.type in ("exclusiveGateway", "inclusiveGateway", "complexGateway")
