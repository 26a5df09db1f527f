"""Neighbours, containers, order and reachability of one process; every table is built once, in linear time.

`Graph` keeps what the token game and the checks ask again and again. Two views:

* the *drawn* graph: sequence flows inside one container (process or sub-process);
* the *control* graph: one flat graph through sub-processes and boundary events. An expanded sub-process `S` is two
  vertices, `S` (it starts) and `S/exit` (it is over); no BPMN id holds a slash. `precedes` and `path` follow it without
  its back edges, so "on one path" means: in one case, one after the other, without going round a loop.

Flows that name an unknown node, or that cross the border of a container (BPMN 2.0.2, 7.6.1 forbids it), belong to no
path; they are listed in `stray`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from bpm.model.process import Activity, Event, FlowNode, Gateway, Process, SequenceFlow, SubProcess, Task

EXIT = "/exit"


class Graph:
    """Read-only tables over `process`. Ids that are not in the process raise KeyError."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.nodes: Mapping[str, FlowNode] = {node.id: node for node in process.nodes}
        self.order: Mapping[str, int] = {node.id: i for i, node in enumerate(process.nodes)}
        self.flows, self.stray = self._sorted_flows()
        self.incoming = self._group((flow.target, flow) for flow in self.flows)
        self.outgoing = self._group((flow.source, flow) for flow in self.flows)
        self._children: dict[str, list[FlowNode]] = {}
        self._boundary: dict[str, list[Event]] = {}
        self._lanes = {lane.id: lane.name for lane in process.lanes}
        self._listeners: dict[str, list[SubProcess]] = {}
        for node in process.nodes:
            self._children.setdefault(node.parent, []).append(node)
            if isinstance(node, SubProcess) and node.triggered_by_event:
                self._listeners.setdefault(node.parent, []).append(node)
            if isinstance(node, Event) and node.type == "boundaryEvent" and node.attached_to in self.nodes:
                self._boundary.setdefault(node.attached_to or "", []).append(node)
        self._links = self._link_targets()
        self.handlers = self._compensation_handlers()
        self.control = self._control()
        self._forward: dict[str, tuple[str, ...]] | None = None
        self._reach: dict[str, frozenset[str]] = {}
        self._cycles: tuple[frozenset[str], ...] | None = None

    def _sorted_flows(self) -> tuple[tuple[SequenceFlow, ...], tuple[SequenceFlow, ...]]:
        good: list[SequenceFlow] = []
        stray: list[SequenceFlow] = []
        for flow in self.process.flows:
            source, target = self.nodes.get(flow.source), self.nodes.get(flow.target)
            inside = source is not None and target is not None and source.parent == target.parent
            (good if inside else stray).append(flow)
        return tuple(good), tuple(stray)

    def _group(self, pairs: Iterable[tuple[str, SequenceFlow]]) -> Mapping[str, tuple[SequenceFlow, ...]]:
        lists: dict[str, list[SequenceFlow]] = {node: [] for node in self.nodes}
        for key, flow in pairs:
            lists[key].append(flow)
        return {key: tuple(flows) for key, flows in lists.items()}

    # --- containers --------------------------------------------------------------------------------------------

    def children(self, container: str) -> tuple[FlowNode, ...]:
        """The flow nodes directly inside a process or sub-process, in document order."""
        return tuple(self._children.get(container, ()))

    def boundary(self, host: str) -> tuple[Event, ...]:
        """The boundary events attached to an activity, in document order."""
        return tuple(self._boundary.get(host, ()))

    def containers(self, node: str) -> tuple[str, ...]:
        """The sub-processes around a node, innermost first; the process itself is not among them."""
        found: list[str] = []
        parent = self.nodes[node].parent
        while parent in self.nodes and parent not in found:
            found.append(parent)
            parent = self.nodes[parent].parent
        return tuple(found)

    def expanded(self, node: str) -> bool:
        """Whether a node is a sub-process that is played inside (not empty, not ad-hoc)."""
        found = self.nodes[node]
        return isinstance(found, SubProcess) and found.type != "adHocSubProcess" and bool(self._children.get(node))

    def starts(self, container: str) -> tuple[FlowNode, ...]:
        """Where tokens begin in a container: its start events, else its nodes without incoming flow (13.2, 13.3.4)."""
        events: list[FlowNode] = []
        sources: list[FlowNode] = []
        for node in self._children.get(container, ()):
            if self.incoming[node.id] or not self._may_start(node):
                continue
            instantiating = isinstance(node, Gateway) and node.instantiate
            if node.type == "startEvent" or instantiating:
                events.append(node)
            else:
                sources.append(node)
        return tuple(events or sources)

    def _may_start(self, node: FlowNode) -> bool:
        if node.id in self.handlers:
            return False
        if isinstance(node, SubProcess) and node.triggered_by_event:
            return False
        if node.type == "boundaryEvent":
            return False
        return node.id not in self.link_catches

    def _compensation_handlers(self) -> frozenset[str]:
        """What undoes others: marked so, associated with a compensation boundary event, or started by one (10.7)."""
        undo = {
            node.id
            for node in self.process.nodes
            if isinstance(node, Event)
            and node.type == "boundaryEvent"
            and any(d.kind == "compensate" for d in node.definitions)
        }
        marked = {node.id for node in self.process.nodes if isinstance(node, Activity) and node.for_compensation}
        starts = {
            node.parent
            for node in self.process.nodes
            if isinstance(node, Event)
            and node.type == "startEvent"
            and any(d.kind == "compensate" for d in node.definitions)
        }
        return frozenset(marked | starts | {a.target for a in self.process.associations if a.source in undo})

    def listeners(self, container: str) -> tuple[SubProcess, ...]:
        """The event sub-processes of a container."""
        return tuple(self._listeners.get(container, ()))

    def link_target(self, throw: str) -> str | None:
        """The catching link event a throwing one jumps to."""
        return self._links.get(throw)

    def _link_targets(self) -> dict[str, str]:
        """Throwing link event -> catching one of the same name in the same container (10.5.6, Link Events)."""
        caught: dict[tuple[str, str], str] = {}
        thrown: list[tuple[str, str, str]] = []
        for node in self.process.nodes:
            if not isinstance(node, Event) or not any(d.kind == "link" for d in node.definitions):
                continue
            name = next((d.name or "" for d in node.definitions if d.kind == "link"), "")
            if node.type == "intermediateCatchEvent":
                caught.setdefault((node.parent, name), node.id)
            elif node.type == "intermediateThrowEvent":
                thrown.append((node.id, node.parent, name))
        self.link_catches = frozenset(caught.values())
        return {node: caught[parent, name] for node, parent, name in thrown if (parent, name) in caught}

    # --- control graph -----------------------------------------------------------------------------------------

    def leaving(self, node: str) -> str:
        """The control vertex from which a node's outgoing flows leave."""
        return node + EXIT if self.expanded(node) else node

    def _control(self) -> Mapping[str, tuple[str, ...]]:
        edges: dict[str, dict[str, None]] = {}
        for node in self.process.nodes:
            here, away = node.id, self.leaving(node.id)
            edges.setdefault(here, {})
            out = edges.setdefault(away, {})
            for flow in self.outgoing[here]:
                out[flow.target] = None
            if here in self._links:
                out[self._links[here]] = None
            for event in self._boundary.get(here, ()):
                edges[here][event.id] = None
                out[event.id] = None
            if away != here:
                for child in self.starts(here) + self.listeners(here):
                    edges[here][child.id] = None
            if not out and node.parent in self.nodes and self.expanded(node.parent):
                out[node.parent + EXIT] = None
        for start in self.starts(self.process.id):
            for listener in self.listeners(self.process.id):
                edges[start.id][listener.id] = None
        return {vertex: tuple(targets) for vertex, targets in edges.items()}

    def forward(self) -> Mapping[str, tuple[str, ...]]:
        """The control graph without its back edges (found by one depth-first walk from the starts)."""
        if self._forward is None:
            self._forward = self._without_back_edges()
        return self._forward

    def _without_back_edges(self) -> dict[str, tuple[str, ...]]:
        kept: dict[str, list[str]] = {vertex: [] for vertex in self.control}
        state: dict[str, int] = {}  # 1 on the stack, 2 done
        roots = [node.id for node in self.starts(self.process.id)] + list(self.control)
        for root in roots:
            if root in state:
                continue
            state[root] = 1
            stack = [(root, iter(self.control[root]))]
            while stack:
                vertex, targets = stack[-1]
                target = next(targets, None)
                if target is None:
                    state[vertex] = 2
                    stack.pop()
                elif state.get(target) != 1:
                    kept[vertex].append(target)
                    if target not in state:
                        state[target] = 1
                        stack.append((target, iter(self.control[target])))
        return {vertex: tuple(targets) for vertex, targets in kept.items()}

    def reachable(self) -> frozenset[str]:
        """All flow nodes that a walk over the control graph from the process starts meets."""
        seen = {node.id for node in self.starts(self.process.id)}
        todo = list(seen)
        while todo:
            for target in self.control[todo.pop()]:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return frozenset(vertex for vertex in seen if vertex in self.nodes)

    def after(self, node: str) -> frozenset[str]:
        """The flow nodes that can come later than `node` in one case without going round a loop."""
        if node not in self._reach:
            forward, seen, todo = self.forward(), {self.leaving(node)}, [self.leaving(node)]
            while todo:
                for target in forward[todo.pop()]:
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
            self._reach[node] = frozenset(vertex for vertex in seen if vertex in self.nodes and vertex != node)
        return self._reach[node]

    def precedes(self, first: str, second: str) -> bool:
        """Whether `second` can follow `first` in one case without going round a loop."""
        return second in self.after(first)

    def path(self, first: str, second: str, avoiding: Collection[str] = ()) -> tuple[str, ...] | None:
        """A shortest forward path of flow nodes from `first` to `second` that meets none of `avoiding` in between."""
        start, forward = self.leaving(first), self.forward()
        before: dict[str, str] = {start: ""}
        todo = [start]
        for vertex in todo:
            for target in forward[vertex]:
                if target in before or (target in avoiding and target != second):
                    continue
                before[target] = vertex
                if target == second:
                    return self._unwound(before, target, first)
                todo.append(target)
        return None

    def _unwound(self, before: Mapping[str, str], last: str, first: str) -> tuple[str, ...]:
        found: list[str] = []
        vertex = last
        while vertex:
            if vertex in self.nodes:
                found.append(vertex)
            vertex = before[vertex]
        if found[-1] != first:
            found.append(first)
        return tuple(reversed(found))

    def cycles(self) -> tuple[frozenset[str], ...]:
        """The loops: strongly connected sets of control vertices (more than one, or a self-loop), as flow node ids."""
        if self._cycles is not None:
            return self._cycles
        found: list[frozenset[str]] = []
        for part in components(self.control):
            only = next(iter(part))
            if len(part) > 1 or only in self.control[only]:
                found.append(frozenset(vertex for vertex in part if vertex in self.nodes))
        self._cycles = tuple(found)
        return self._cycles

    # --- words the checks use ----------------------------------------------------------------------------------

    def steps(self) -> tuple[Task, ...]:
        """The task-type nodes of all levels, in document order: what a person or a system does."""
        return tuple(node for node in self.process.nodes if isinstance(node, Task))

    def role(self, node: str) -> str | None:
        """The name of the innermost lane of a node, of its boundary host or of the sub-process around it."""
        lanes = self._lanes
        found = self.nodes[node]
        for candidate in (found, *(self.nodes[container] for container in self.containers(node))):
            if candidate.lane in lanes:
                return lanes[candidate.lane or ""]
        return None


Vertex = TypeVar("Vertex", bound=Hashable)


def components(edges: Mapping[Vertex, Iterable[Vertex]]) -> list[frozenset[Vertex]]:
    """The strongly connected sets of a graph, those nearer to the first vertices first (Kosaraju, iterative)."""
    finished: list[Vertex] = []
    seen: set[Vertex] = set()
    for root in edges:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(edges[root]))]
        while stack:
            vertex, targets = stack[-1]
            target = next((t for t in targets if t not in seen), None)
            if target is None:
                finished.append(vertex)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(edges[target])))
    backward: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in edges}
    for vertex, targets_of in edges.items():
        for target in targets_of:
            backward[target].append(vertex)
    parts: list[frozenset[Vertex]] = []
    placed: set[Vertex] = set()
    for root in reversed(finished):
        if root in placed:
            continue
        placed.add(root)
        part, todo = {root}, [root]
        while todo:
            for vertex in backward[todo.pop()]:
                if vertex not in placed:
                    placed.add(vertex)
                    part.add(vertex)
                    todo.append(vertex)
        parts.append(frozenset(part))
    return parts
