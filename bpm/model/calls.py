"""Called processes of the same file put where they are called, so that a call is played and not guessed (13.3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bpm.model.process import CallActivity, Event, FlowNode, Process, SequenceFlow, SubProcess


def inline_calls(process: Process, called: Mapping[str, Process]) -> Process:
    """The process with every call of one of `called` as a sub-process; ids of its content start with `<call id>/`.

    A process that calls itself, directly or not, is played once and called as a black box from inside.
    """
    nodes, flows = list(process.nodes), list(process.flows)
    associations = list(process.associations)
    todo: list[tuple[CallActivity, tuple[str, ...]]] = [
        (node, (process.id,)) for node in process.nodes if isinstance(node, CallActivity)
    ]
    for call, stack in todo:
        inner = called.get(call.called or "")
        if inner is None or inner.id in stack or not inner.nodes:
            continue
        nodes[next(i for i, node in enumerate(nodes) if node.id == call.id)] = _opened(call)
        for node in inner.nodes:
            parent = call.id if node.parent == inner.id else f"{call.id}/{node.parent}"
            copy = _renamed(node, call.id, parent)
            nodes.append(copy)
            if isinstance(copy, CallActivity):
                todo.append((copy, (*stack, inner.id)))
        flows += [_renamed_flow(flow, call.id, inner.id) for flow in inner.flows]
        associations += [
            replace(it, id=f"{call.id}/{it.id}", source=f"{call.id}/{it.source}", target=f"{call.id}/{it.target}")
            for it in inner.associations
        ]
    return replace(
        process,
        nodes=tuple(nodes),
        flows=tuple(flows),
        associations=tuple(associations),
    )


def _opened(call: CallActivity) -> SubProcess:
    return SubProcess(
        id=call.id,
        type="subProcess",
        name=call.name,
        line=call.line,
        parent=call.parent,
        lane=call.lane,
        default=call.default,
        facts=call.facts,
        loop=call.loop,
        for_compensation=call.for_compensation,
        inputs=call.inputs,
        outputs=call.outputs,
    )


def _renamed(node: FlowNode, prefix: str, parent: str) -> FlowNode:
    default = None if node.default is None else f"{prefix}/{node.default}"
    copy = replace(node, id=f"{prefix}/{node.id}", parent=parent, default=default)
    if isinstance(copy, Event):
        definitions = tuple(
            replace(d, activity_ref=f"{prefix}/{d.activity_ref}") if d.activity_ref else d for d in copy.definitions
        )
        host = None if copy.attached_to is None else f"{prefix}/{copy.attached_to}"
        copy = replace(copy, attached_to=host, definitions=definitions)
    return copy


def _renamed_flow(flow: SequenceFlow, prefix: str, process: str) -> SequenceFlow:
    return replace(
        flow,
        id=f"{prefix}/{flow.id}",
        source=f"{prefix}/{flow.source}",
        target=f"{prefix}/{flow.target}",
        parent=prefix if flow.parent == process else f"{prefix}/{flow.parent}",
    )
