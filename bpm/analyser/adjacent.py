"""Steps of people that directly follow one another, and what may tie them to their places."""

from __future__ import annotations

from bpm.analyser.dataflow import DataFlow
from bpm.analyser.likeness import required, role
from bpm.model.graph import Graph
from bpm.model.process import FlowNode, Task

PEOPLE = frozenset({"task", "userTask", "manualTask"})


def loose(graph: Graph, node: FlowNode) -> bool:
    """Whether a step is one of people that no law (must, deadline, protected), principle, event or repetition ties."""
    if not isinstance(node, Task) or node.type not in PEOPLE or required(node) or node.facts.deadlines:
        return False
    step = node.facts.step
    return node.loop is None and not graph.boundary(node.id) and not (step is not None and step.principles)


def following(graph: Graph, node: Task) -> Task | None:
    """The step directly behind another one: one unconditional flow, and no other way to it."""
    out = graph.outgoing[node.id]
    if len(out) != 1 or out[0].condition is not None or len(graph.incoming[out[0].target]) != 1:
        return None
    found = graph.nodes[out[0].target]
    return found if isinstance(found, Task) and found is not node else None


def previous(graph: Graph, node: Task) -> Task | None:
    """The step directly before another one."""
    into = graph.incoming[node.id]
    found = graph.nodes[into[0].source] if len(into) == 1 else None
    return found if isinstance(found, Task) and following(graph, found) is node else None


def described(flow: DataFlow, node: Task) -> bool:
    """Whether it is recorded who does a step and which data it uses."""
    return flow.recorded(node.id) and role(flow.graph, node) is not None
