"""Edits of processes as patches of a BPMN file: one after the other, each on the file as the one before left it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from bpm.model.edit import recordings
from bpm.model.edit.canvas import GAP, Canvas
from bpm.model.edit.steps import (
    ChangeGateway,
    MergeSteps,
    MoveStep,
    ParalleliseSteps,
    QueryRegister,
    RemoveStep,
    SetChannel,
    StepEdit,
)
from bpm.model.edit.wiring import Wiring, refuse
from bpm.model.process import Activity, FlowNode, Gateway
from bpm.model.routing import Rectangle

_SPLIT = 50.0
_STACK = 40.0
_LARGE = 160.0


def apply(data: bytes, edits: Sequence[StepEdit], path: str = "") -> bytes:
    """The BPMN file with the edits made; see `bpm.model.edit.apply`. Also raises `edit-impossible`: an edit would have
    to guess (several ways leave a removed step, forms of a machine, ...)."""
    for edit in edits:
        wiring = Wiring(data, path, str(getattr(edit, "element", "") or getattr(edit, "elements", ("",))[0]))
        _EDITS[type(edit)](wiring, edit)
        data = wiring.render()
    return data


def _remove(wiring: Wiring, edit: RemoveStep) -> None:
    if edit.keeps is not None:
        wiring.node(edit.keeps)
    dead = edit.element not in wiring.graph.reachable() and not wiring.into(edit.element)
    _detach(wiring, edit.element)
    wiring.drop([edit.element])
    if dead:
        wiring.drop_orphans()
    wiring.drop_unreachable()


def _detach(wiring: Wiring, key: str) -> None:
    """Lead everything past an activity; its outgoing flow goes, what leads to it keeps its id, guard and name."""
    node = _activity(wiring, key)
    into, out = wiring.into(key), wiring.out_of(key)
    if not into and key not in wiring.graph.reachable():
        return
    if len(out) != 1 or not into:
        raise refuse("it has no way in, no way on or several ways on", key)
    flow = wiring.flows.get(out[0])
    if flow is not None and flow.condition is not None:
        raise refuse("the way on has a condition", key)
    target = wiring.graph.nodes[wiring.ends[out[0]][1]]
    sources = [wiring.graph.nodes[wiring.ends[one][0]] for one in into]
    if any(source.type == "eventBasedGateway" for source in sources):
        raise refuse("an event-based gateway waits for it", key)
    if any(source.id == target.id for source in sources):
        raise refuse("what comes before and after it is the same", key)
    if len(into) > 1 and target.type in ("parallelGateway", "inclusiveGateway", "complexGateway"):
        raise refuse("several ways lead to it, and a join follows", key)
    for one in into:
        canvas = wiring.canvas(node.id)
        drawn = canvas is not None and one in canvas.ways and out[0] in canvas.ways
        if canvas is not None and drawn:
            canvas.through(one, key, out[0])
        wiring.lead(one, target=target.id)
        if canvas is not None and not drawn and one in canvas.ways:
            canvas.connect([one])
    wiring.cut(out[0])


def _activity(wiring: Wiring, key: str) -> FlowNode:
    node = wiring.node(key)
    if not isinstance(node, Activity) or node.id in wiring.graph.handlers:
        raise refuse("only steps of the flow can be edited so", key)
    return node


# --- merge -----------------------------------------------------------------------------------------------------


def _merge(wiring: Wiring, edit: MergeSteps) -> None:
    first, second = (_activity(wiring, key) for key in edit.elements)
    if any(node.type not in ("task", "manualTask", "userTask") for node in (first, second)):
        raise refuse("only steps of people can be merged", second.id)
    if first.type != second.type:
        raise refuse("the steps are of different kinds", second.id)
    _chained(wiring, (first.id, second.id))
    for node in (first, second):
        if wiring.graph.boundary(node.id) or (isinstance(node, Activity) and node.loop is not None):
            raise refuse("it is repeated or can be interrupted", node.id)
    recordings.merge(wiring, first, second, edit.name or f"{first.name or first.id}; {second.name or second.id}")
    _detach(wiring, second.id)
    wiring.drop([second.id])


def _chained(wiring: Wiring, steps: Sequence[str]) -> list[str]:
    """The flows between steps that directly follow one another without a condition."""
    found = []
    for one, other in pairwise(steps):
        out, into = wiring.out_of(one), wiring.into(other)
        flow = wiring.flows.get(out[0]) if out else None
        if len(out) != 1 or into != out or (flow is not None and flow.condition is not None):
            raise refuse("it does not directly follow the step before", other)
        found.append(out[0])
    return found


# --- parallelise -----------------------------------------------------------------------------------------------


def _parallelise(wiring: Wiring, edit: ParalleliseSteps) -> None:
    steps = [_activity(wiring, key).id for key in edit.elements]
    between = _chained(wiring, steps)
    into, out = wiring.into(steps[0]), wiring.out_of(steps[-1])
    if len(into) != 1 or len(out) != 1:
        raise refuse("one way has to lead in and one out", steps[0])
    if wiring.graph.nodes[wiring.ends[into[0]][0]].type == "eventBasedGateway":
        raise refuse("an event-based gateway waits for it", steps[0])
    flow = wiring.flows.get(out[0])
    if flow is not None and flow.condition is not None:
        raise refuse("the way on has a condition", steps[-1])
    split = wiring.gateway("parallel", steps[0], "teilen")
    join = wiring.gateway("parallel", steps[0], "verbinden")
    canvas = wiring.canvas(*steps)
    if canvas is not None:
        _stack(wiring, canvas, steps, split, join)
    wiring.lead(into[0], target=split)
    wiring.lead(out[0], source=join)
    changed = [out[0], wiring.flow(split, steps[0])]
    for key, step in zip(between, steps[1:], strict=True):
        wiring.lead(key, source=split, target=step)
        changed.append(key)
    changed += [wiring.flow(step, join) for step in steps]
    if canvas is not None:
        canvas.forget(changed)
        _dock(canvas, into[0], split)
        canvas.connect(changed)
        _tidy(wiring, canvas, steps)


def _stack(wiring: Wiring, canvas: Canvas, steps: Sequence[str], split: str, join: str) -> None:
    """Steps of one row one below the other, the split in front, the join behind. New shapes stand where a step stood
    or in a strip that was made free, so that nothing is covered."""
    x, y, _, height = canvas.boxes[steps[0]]
    canvas.widen(x, _SPLIT + GAP)
    canvas.boxes[split] = (x, y + height / 2 - _SPLIT / 2, _SPLIT, _SPLIT)
    vacated: list[Rectangle] = []
    for position, step in enumerate(steps[1:], 1):
        mate = next((it for it in steps[:position] if _same_row(canvas.boxes[it], canvas.boxes[step])), None)
        if mate is None or canvas.boxes[step][2] > _LARGE:  # what is large stays where it is
            continue
        vacated.append(canvas.boxes[step])
        above = canvas.boxes[steps[position - 1]] if position > 1 and len(vacated) > 1 else canvas.boxes[mate]
        low = canvas.lowest(above[0], canvas.boxes[step][2], above[1] + above[3], wiring.group(step))
        canvas.heighten(low, canvas.boxes[step][3] + _STACK)
        box = canvas.boxes[step]
        canvas.shift(wiring.group(step), above[0] - box[0], low + _STACK - box[1])
    if vacated and len(vacated) == len(steps) - 1:
        bx, by, _, bh = vacated[0]
        canvas.boxes[join] = (bx, by + bh / 2 - _SPLIT / 2, _SPLIT, _SPLIT)
        return
    rightmost = max((canvas.boxes[step] for step in steps), key=lambda box: box[0] + box[2])
    right = rightmost[0] + rightmost[2]
    canvas.widen(right, _SPLIT + GAP)
    canvas.boxes[join] = (right + GAP, rightmost[1] + rightmost[3] / 2 - _SPLIT / 2, _SPLIT, _SPLIT)


def _same_row(one: Rectangle, other: Rectangle) -> bool:
    return one[1] < other[1] + other[3] and other[1] < one[1] + one[3]


def _dock(canvas: Canvas, flow: str, target: str) -> None:
    """End a way at the left of a new shape; looked for anew where it does not come in straight."""
    way = canvas.ways.get(flow)
    if not way or target not in canvas.boxes:
        return
    x, y, _, height = canvas.boxes[target]
    middle = y + height / 2
    if abs(way[-1][1] - middle) < 0.5 and abs(way[-2][1] - middle) < 0.5 and way[-2][0] < x:
        canvas.ways[flow] = (*way[:-1], (x, way[-1][1]))
    else:
        canvas.connect([flow])


def _tidy(wiring: Wiring, canvas: Canvas, moved: Sequence[str]) -> None:
    """Look anew for the ways of boundary events that moved, and for those that now run through a shape."""
    events = [event.id for step in moved for event in wiring.graph.boundary(step)]
    flows = [flow for event in events for flow in wiring.out_of(event) if flow in canvas.ways]
    wanted = dict.fromkeys([*flows, *canvas.blocked(flow for flow in wiring.ends if flow in canvas.ways)])
    canvas.connect(list(wanted))


# --- move ------------------------------------------------------------------------------------------------------


def _move(wiring: Wiring, edit: MoveStep) -> None:
    step, before = _activity(wiring, edit.element), wiring.node(edit.before)
    if step.parent != before.parent or before.type in ("startEvent", "boundaryEvent"):
        raise refuse("it cannot come before this", step.id)
    into = wiring.into(before.id)
    if not into or (len(into) > 1 and before.type in ("parallelGateway", "inclusiveGateway", "complexGateway")):
        raise refuse("no single place lies before it", before.id)
    if any(wiring.graph.nodes[wiring.ends[flow][0]].type == "eventBasedGateway" for flow in into):
        raise refuse("an event-based gateway waits for it", before.id)
    if wiring.ends[into[0]][0] == step.id:
        raise refuse("it already comes directly before", step.id)
    out = wiring.out_of(step.id)
    canvas = wiring.canvas(step.id, before.id)
    if _swappable(wiring, canvas, step, before):
        _swap(wiring, canvas, step.id, before.id)
        return
    group = wiring.group(step.id)
    _detach(wiring, step.id)
    into = wiring.into(before.id)
    wiring.ends[out[0]] = (step.id, before.id)
    for flow in into:
        wiring.lead(flow, target=step.id)
    for it in wiring.canvases:
        it.ends[out[0]] = (step.id, before.id)
    if canvas is not None:
        _insert(canvas, step, before, group)
        for flow in into:
            _dock(canvas, flow, step.id)
        canvas.connect([out[0]])
        _tidy(wiring, canvas, [step.id])


def _insert(canvas: Canvas, step: FlowNode, before: FlowNode, group: Sequence[str]) -> None:
    """Put a step into a new free strip in front of a node: on its height in one lane, else on its own."""
    old, (x, y, _, height) = canvas.boxes[step.id], canvas.boxes[before.id]
    taken = {name: canvas.boxes.pop(name) for name in group if name in canvas.boxes}
    ways = {name: way for name, way in canvas.ways.items() if set(canvas.ends.get(name, ("",))) <= set(group)}
    canvas.widen(x, old[2] + 2 * GAP)
    top = y + height / 2 - old[3] / 2 if step.lane == before.lane else old[1]
    at = x
    while not canvas.free((at, top, old[2], old[3])) and at < x + 600.0:
        canvas.widen(at, GAP)
        at += GAP
    canvas.boxes |= taken
    canvas.ways |= ways
    canvas.shift(group, at - old[0], top - old[1])


def _swappable(wiring: Wiring, canvas: Canvas | None, step: FlowNode, before: FlowNode) -> bool:
    """Whether a step directly behind `before` can change places with it."""
    chained = wiring.out_of(before.id) == wiring.into(step.id) and len(wiring.into(step.id)) == 1
    if not chained or len(wiring.out_of(step.id)) != 1 or not isinstance(before, Activity):
        return False
    out = [wiring.flows.get(flow) for node in (step, before) for flow in wiring.out_of(node.id)]
    if any(flow is not None and flow.condition is not None for flow in out):
        return False
    if canvas is None:
        return not any(plane.boxes for plane in wiring.canvases)
    same = canvas.boxes[step.id][2:] == canvas.boxes[before.id][2:]
    return same and step.lane == before.lane


def _swap(wiring: Wiring, canvas: Canvas | None, step: str, before: str) -> None:
    (middle,), (out,) = wiring.into(step), wiring.out_of(step)
    for flow in wiring.into(before):
        wiring.lead(flow, target=step)
    wiring.lead(middle, source=step, target=before)
    wiring.lead(out, source=before)
    if canvas is None:
        return
    one, other = canvas.boxes[step], canvas.boxes[before]
    for node, dx, dy in ((step, other[0] - one[0], other[1] - one[1]), (before, one[0] - other[0], one[1] - other[1])):
        canvas.shift(wiring.group(node), dx, dy)
    _tidy(wiring, canvas, [step, before])


# --- one element -----------------------------------------------------------------------------------------------


def _query(wiring: Wiring, edit: QueryRegister) -> None:
    step = _activity(wiring, edit.element)
    if step.type not in ("userTask", "manualTask", "task", "sendTask", "receiveTask"):
        raise refuse("only a request can become a query", step.id)
    if edit.receive is not None:
        answer = _activity(wiring, edit.receive)
        if answer.type not in ("receiveTask", "userTask"):
            raise refuse("it does not wait for an answer", answer.id)
        _detach(wiring, answer.id)
        wiring.drop([answer.id])
        wiring.drop_unreachable()
    recordings.query(wiring, step, edit)


def _channel(wiring: Wiring, edit: SetChannel) -> None:
    recordings.record(wiring, wiring.node(edit.element), {"channel": edit.channel})


def _gateway(wiring: Wiring, edit: ChangeGateway) -> None:
    node = wiring.node(edit.element)
    if not isinstance(node, Gateway) or len(wiring.out_of(node.id)) > 1 or node.type == "eventBasedGateway":
        raise refuse("only a gateway that joins can join in another way", node.id)
    element = wiring.document.by_id(node.id)
    assert element is not None
    wiring.document.rename(element, f"{edit.kind}Gateway")
    if edit.kind == "parallel":
        wiring.document.set(element, "default", None)
    for child in element.children:
        if child.name == "activationCondition":
            wiring.document.remove(child)


_EDITS: Mapping[type[StepEdit], Callable[[Wiring, Any], None]] = {
    RemoveStep: _remove,
    MergeSteps: _merge,
    ParalleliseSteps: _parallelise,
    MoveStep: _move,
    QueryRegister: _query,
    SetChannel: _channel,
    ChangeGateway: _gateway,
}
