"""What two versions of a process differ in, element by element: for people who look at both side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bpm.model.process import Event, FlowNode, Process, ProcessModel, SequenceFlow, ServiceTask


@dataclass(frozen=True, slots=True)
class Difference:
    """One element. `kind` is removed, new, changed or rewired (a flow that begins or ends elsewhere); `before` and
    `after` are what is different about it, in the order of `ASPECTS`; for flows the ids of both ends."""

    element: str
    kind: str
    is_flow: bool
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()


ASPECTS = ("name", "type", "channel", "minutes", "reads", "writes", "documents", "topic", "other")
"""What may differ about a step, by a stable name."""


def differences(old: ProcessModel, new: ProcessModel) -> tuple[Difference, ...]:
    """Every flow node and sequence flow that is gone, new or different, in document order; places in the file and
    drawings do not count."""
    found: list[Difference] = []
    later = {process.id: process for process in new.processes}
    for process in old.processes:
        other = later.get(process.id)
        if other is not None:
            found += _of_nodes(process, other)
            found += _of_flows(process, other)
    return tuple(found)


def _of_nodes(old: Process, new: Process) -> Iterator[Difference]:
    after = {node.id: node for node in new.nodes}
    for node in old.nodes:
        other = after.pop(node.id, None)
        if other is None:
            yield Difference(node.id, "removed", False)
        elif _bare(node) != _bare(other):
            was, now = _aspects(node), _aspects(other)
            changed = [name for name in ASPECTS if was.get(name) != now.get(name)] or ["other"]
            yield Difference(
                node.id,
                "changed",
                False,
                tuple((name, was.get(name, "")) for name in changed),
                tuple((name, now.get(name, "")) for name in changed),
            )
    for node in after.values():
        yield Difference(node.id, "new", False)


def _of_flows(old: Process, new: Process) -> Iterator[Difference]:
    after = {flow.id: flow for flow in new.flows}
    for flow in old.flows:
        other = after.pop(flow.id, None)
        if other is None:
            yield Difference(flow.id, "removed", True, _ends(flow))
        elif (flow.source, flow.target) != (other.source, other.target):
            yield Difference(flow.id, "rewired", True, _ends(flow), _ends(other))
    for flow in after.values():
        yield Difference(flow.id, "new", True, (), _ends(flow))


def _ends(flow: SequenceFlow) -> tuple[tuple[str, str], ...]:
    return (("source", flow.source), ("target", flow.target))


def _bare(node: FlowNode) -> FlowNode:
    """A node without its places in the file."""
    facts = node.facts
    facts = replace(
        facts,
        step=replace(facts.step, line=None) if facts.step is not None else None,
        reads=tuple(replace(it, line=None) for it in facts.reads),
        writes=tuple(replace(it, line=None) for it in facts.writes),
        documents=tuple(replace(it, line=None) for it in facts.documents),
        legal_bases=tuple(replace(it, line=None) for it in facts.legal_bases),
        deadlines=tuple(replace(it, line=None) for it in facts.deadlines),
    )
    bare = replace(node, line=None, facts=facts)
    if isinstance(bare, Event):
        return replace(bare, definitions=tuple(replace(it, line=None, expression=None) for it in bare.definitions))
    return bare


def _aspects(node: FlowNode) -> dict[str, str]:
    step = node.facts.step
    return {
        "name": node.name,
        "type": node.type,
        "channel": (step.channel or "") if step is not None else "",
        "minutes": f"{step.minutes:g}" if step is not None and step.minutes is not None else "",
        "reads": ", ".join(use.item for use in node.facts.reads),
        "writes": ", ".join(use.item + (f" ({use.origin})" if use.origin else "") for use in node.facts.writes),
        "documents": ", ".join(document.name for document in node.facts.documents),
        "topic": (node.topic or "") if isinstance(node, ServiceTask) else "",
    }
