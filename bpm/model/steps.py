"""The text twin of a diagram: its flow nodes as an ordered table that says in words what the picture shows.

One row per flow node, in the order a case would meet them: by the longest way from a start, loops walked once, document
order among equals; the nodes of a sub-process follow it. Numbers count steps (task-type nodes) only, because people ask
"how many steps", not "how many symbols". A pure reading of the model: nothing is estimated, absent stays None.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bpm.model.process import CallActivity, Event, FlowNode, Known, LegalBasis, Process, Task


@dataclass(frozen=True, slots=True)
class Step:
    """One row. `number` is 1-based for tasks and None otherwise; minutes are per execution; `successors` are
    (element id, label of the flow) in document order; `depth` is the nesting in sub-processes."""

    element: str
    type: str
    name: str
    number: int | None
    depth: int
    lane: str | None
    role: str | None
    successors: tuple[tuple[str, str], ...]
    channel: str | None
    minutes: float | None
    citizen_minutes: float | None
    business_minutes: float | None
    known: Known | None
    protected: str | None
    legal_bases: tuple[LegalBasis, ...]
    line: int | None

    @property
    def is_step(self) -> bool:
        """Whether the row is work (a task or a call of another procedure)."""
        return self.number is not None


def tabulate(process: Process) -> tuple[Step, ...]:
    """The text twin of `process`."""
    roles = {lane.id: lane.name for lane in process.lanes}
    successors: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for flow in process.flows:
        successors[flow.source].append((flow.target, flow.name))
    attached = defaultdict(list)
    for node in process.nodes:
        if isinstance(node, Event) and node.attached_to:
            attached[node.attached_to].append(node.id)
    rows: list[Step] = []
    number = 0
    for node, depth in _in_order(process, successors, attached):
        counts = isinstance(node, Task | CallActivity)
        number += counts
        rows.append(_row(node, depth, number if counts else None, roles, successors[node.id]))
    return tuple(rows)


def step_nodes(process: Process) -> tuple[FlowNode, ...]:
    """The task-type nodes, each once, inside sub-processes too: what "number of steps" counts."""
    return tuple(node for node in process.nodes if isinstance(node, Task | CallActivity))


def _row(
    node: FlowNode, depth: int, number: int | None, roles: Mapping[str, str], successors: Sequence[tuple[str, str]]
) -> Step:
    step = node.facts.step
    return Step(
        element=node.id,
        type=node.type,
        name=" ".join(node.name.split()),
        number=number,
        depth=depth,
        lane=node.lane,
        role=roles.get(node.lane) if node.lane else None,
        successors=tuple(successors),
        channel=step.channel if step else None,
        minutes=step.minutes if step else None,
        citizen_minutes=step.citizen_minutes if step else None,
        business_minutes=step.business_minutes if step else None,
        known=step.known if step else None,
        protected=step.protected if step else None,
        legal_bases=node.facts.legal_bases,
        line=node.line,
    )


def _in_order(
    process: Process, successors: Mapping[str, Sequence[tuple[str, str]]], attached: Mapping[str, Sequence[str]]
) -> Iterable[tuple[FlowNode, int]]:
    """Nodes with their depth, containers before their content; an explicit stack, because files may nest deeply."""
    children: dict[str, list[FlowNode]] = defaultdict(list)
    for node in process.nodes:
        children[node.parent].append(node)
    stack = [(node, 0) for node in reversed(_level(children[process.id], successors, attached))]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        inner = _level(children.get(node.id, []), successors, attached)
        stack.extend((child, depth + 1) for child in reversed(inner))


def _level(
    nodes: Sequence[FlowNode],
    successors: Mapping[str, Sequence[tuple[str, str]]],
    attached: Mapping[str, Sequence[str]],
) -> list[FlowNode]:
    """The nodes of one container by their longest way from a start, back edges left out."""
    place = {node.id: index for index, node in enumerate(nodes)}
    after = {
        node.id: [target for target, _ in successors.get(node.id, ()) if target in place]
        + [event for event in attached.get(node.id, ()) if event in place]
        for node in nodes
    }
    finished = _finish_order(list(place), after)
    rank = {id: position for position, id in enumerate(reversed(finished))}
    distance = dict.fromkeys(place, 0)
    for id in reversed(finished):
        for target in after[id]:
            if rank[target] > rank[id]:
                distance[target] = max(distance[target], distance[id] + 1)
    return sorted(nodes, key=lambda node: (distance[node.id], place[node.id]))


def _finish_order(ids: Sequence[str], after: Mapping[str, Sequence[str]]) -> list[str]:
    """Depth-first finishing order; reversed, it is topological but for the back edges of loops."""
    entered: set[str] = set()
    finished: list[str] = []
    has_source = {target for targets in after.values() for target in targets}
    for root in sorted(ids, key=lambda id: id in has_source):
        stack = [(root, iter(after[root]))] if root not in entered else []
        entered.add(root)
        while stack:
            id, targets = stack[-1]
            target = next((one for one in targets if one not in entered), None)
            if target is None:
                finished.append(id)
                stack.pop()
            else:
                entered.add(target)
                stack.append((target, iter(after[target])))
    return finished
