"""A drawing for models that have none: lanes as swim lanes, time from left to right, flows in right angles.

Columns are longest paths from the start, back edges left out; within a lane a node keeps the row of the node before
it, so that the main way runs straight. A sub-process is laid out first and then takes part as one wide box; boundary
events sit on the lower border of their host. The ways of the flows are found by `bpm.model.routing`. The result
depends on the model only: same model, same planes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from bpm.model import lettering
from bpm.model.process import (
    Edge,
    Event,
    FlowNode,
    Gateway,
    Lane,
    MessageFlow,
    Plane,
    Process,
    ProcessModel,
    SequenceFlow,
    Shape,
    SubProcess,
)
from bpm.model.routing import DOWN, LEFT, RIGHT, UP, Point, Rectangle, Route, route

TASK: Final = (120.0, 80.0)
EVENT: Final = (36.0, 36.0)
GATEWAY: Final = (50.0, 50.0)

_ROW_GAP: Final = 52.0
_COLUMN_GAP: Final = 56.0
_HEADER: Final = 30.0
_MARGIN: Final = 30.0
_POOL_GAP: Final = 50.0
_LABEL_WIDTH: Final = 96.0
_GATEWAY_LABEL: Final = 66.0
"""Narrower: it stands above the flow that comes in, between the gateway and the node before it."""
_TRACKS: Final = 4

_OUT_OF_TASK = (0.0, 60.0, 130.0, 60.0)
_OUT_OF_GATEWAY = (0.0, 12.0, 110.0, 12.0)
_OUT_OF_BOUNDARY = (0.0, 0.0, 20.0, 1e6)
_INTO = (0.0, 40.0, 150.0, 40.0)


@dataclass(slots=True)
class _Drawing:
    """A container while it is laid out; coordinates are relative to its upper left corner until it is moved."""

    width: float = 0.0
    height: float = 0.0
    shapes: dict[str, Rectangle] = field(default_factory=dict)
    labels: dict[str, Rectangle] = field(default_factory=dict)
    edges: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    lanes: dict[str, Rectangle] = field(default_factory=dict)
    expanded: set[str] = field(default_factory=set)

    def add(self, other: _Drawing, dx: float, dy: float) -> None:
        """Take over all of another drawing, moved by (dx, dy)."""
        for mine, theirs in ((self.shapes, other.shapes), (self.labels, other.labels), (self.lanes, other.lanes)):
            mine.update({key: (x + dx, y + dy, w, h) for key, (x, y, w, h) in theirs.items()})
        self.edges.update({key: tuple((x + dx, y + dy) for x, y in way) for key, way in other.edges.items()})
        self.expanded |= other.expanded


def lay_out(model: ProcessModel, *, element: str | None = None) -> tuple[Plane, ...]:
    """The planes of a model, drawn anew: one plane that shows everything, sub-processes expanded.

    `element` is the id the plane stands for; by default that of the plane the model already has, else of its only
    process, else `collaboration`. Labels of gateways, events and flows have boxes of their own; units are pixels.
    """
    whole = _Drawing()
    top = 0.0
    by_id = {process.id: process for process in model.processes}
    pooled = {participant.process for participant in model.participants}
    for participant in model.participants:
        process = by_id.get(participant.process or "")
        inner = _process(process, pool=True) if process is not None else _Drawing(600.0, 60.0)
        whole.add(inner, 0.0, top)
        whole.shapes[participant.id] = (0.0, top, inner.width, inner.height)
        top += inner.height + _POOL_GAP
    for process in model.processes:
        if process.id not in pooled:
            inner = _process(process, pool=False)
            whole.add(inner, 0.0, top)
            top += inner.height + _POOL_GAP
    _widen(whole, model)
    _messages(whole, model.message_flows)
    return (_plane(whole, model, element),)


def _widen(whole: _Drawing, model: ProcessModel) -> None:
    """All pools as wide as the widest, their lanes too."""
    pools = [participant.id for participant in model.participants]
    width = max((whole.shapes[pool][2] for pool in pools), default=0.0)
    for pool in pools:
        x, y, _, height = whole.shapes[pool]
        whole.shapes[pool] = (x, y, width, height)
    for lane, (x, y, _, height) in list(whole.lanes.items()):
        if pools:
            whole.lanes[lane] = (x, y, width - x, height)


def _messages(whole: _Drawing, flows: Iterable[MessageFlow]) -> None:
    """Message flows: straight down or up, sideways in the gap between the pools."""
    for flow in flows:
        source, target = whole.shapes.get(flow.source), whole.shapes.get(flow.target)
        if source is None or target is None:
            continue
        x0, x1 = source[0] + source[2] / 2, target[0] + target[2] / 2
        below = target[1] > source[1]
        if source[2] > 400:
            x0 = x1
        elif target[2] > 400:
            x1 = x0
        y0 = source[1] + (source[3] if below else 0.0)
        y1 = target[1] + (0.0 if below else target[3])
        middle = (y0 + y1) / 2
        whole.edges[flow.id] = ((x0, y0), (x1, y1)) if x0 == x1 else ((x0, y0), (x0, middle), (x1, middle), (x1, y1))


def _plane(whole: _Drawing, model: ProcessModel, element: str | None) -> Plane:
    if element is None:
        known = model.planes[0].element if model.planes else model.processes[0].id if model.processes else "plane"
        element = known if model.planes or not model.participants else "collaboration"
    dx = dy = _MARGIN * 2
    pools = {participant.id for participant in model.participants}
    named = {flow.id: flow.name for process in model.processes for flow in process.flows}
    named.update({flow.id: flow.name for flow in model.message_flows})
    shapes = [
        Shape(
            key,
            x + dx,
            y + dy,
            w,
            h,
            True if key in whole.expanded else None,
            True if key in pools else None,
            _moved(whole.labels.get(key), dx, dy),
        )
        for key, (x, y, w, h) in whole.shapes.items()
    ]
    lanes = [Shape(key, x + dx, y + dy, w, h, None, True) for key, (x, y, w, h) in whole.lanes.items()]
    frames = [shape for shape in shapes if shape.element in pools]
    others = [shape for shape in shapes if shape.element not in pools]
    edges = [
        Edge(key, tuple((x + dx, y + dy) for x, y in way), _moved(whole.labels.get(key), dx, dy))
        for key, way in whole.edges.items()
    ]
    return Plane(element, (*frames, *lanes, *others), tuple(edges))


def _moved(box: Rectangle | None, dx: float, dy: float) -> Rectangle | None:
    return None if box is None else (box[0] + dx, box[1] + dy, box[2], box[3])


def _process(process: Process, *, pool: bool) -> _Drawing:
    """One process with its lanes; a pool adds a header for its name."""
    drawing = _container(process, process.id, process.lanes)
    header = _HEADER if pool else 0.0
    outer = _Drawing(drawing.width + header, drawing.height)
    outer.add(drawing, header, 0.0)
    return outer


# --- one level -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Level:
    """The nodes of one container: their sizes, columns, bands (leaf lanes) and rows."""

    nodes: list[FlowNode]
    flows: list[SequenceFlow]
    sizes: dict[str, tuple[float, float]]
    hosts: dict[str, str]
    column: dict[str, int] = field(default_factory=dict)
    band: dict[str, str] = field(default_factory=dict)
    row: dict[str, int] = field(default_factory=dict)
    bands: list[str] = field(default_factory=list)


def _container(process: Process, container: str, lanes: Sequence[Lane]) -> _Drawing:
    nodes = [node for node in process.nodes if node.parent == container]
    inner = {
        node.id: _container(process, node.id, ())
        for node in nodes
        if isinstance(node, SubProcess) and any(other.parent == node.id for other in process.nodes)
    }
    hosts = {node.id: node.attached_to for node in nodes if isinstance(node, Event) and node.attached_to}
    ids = {node.id for node in nodes}
    flows = [flow for flow in process.flows if flow.source in ids and flow.target in ids]
    level = _Level(nodes, flows, {node.id: _size(node, inner.get(node.id)) for node in nodes}, hosts)
    level.column = _columns(level)
    _assign_bands(level, lanes)
    _assign_rows(level)
    drawing = _Drawing()
    xs, column_lines = _horizontal(level, 0.0 if container != process.id else _header_depth(lanes) * _HEADER)
    ys, row_lines = _vertical(level, drawing, lanes)
    _place(level, drawing, xs, ys)
    for key, part in inner.items():
        x, y, _, _ = drawing.shapes[key]
        drawing.add(part, x, y + 20.0)
        drawing.expanded.add(key)
    _label_nodes(level, drawing)
    _connect(level, drawing, column_lines, row_lines)
    _frame_lanes(drawing, lanes)
    return drawing


def _size(node: FlowNode, inner: _Drawing | None) -> tuple[float, float]:
    if inner is not None:
        return inner.width, inner.height + 30.0
    if isinstance(node, Event):
        return EVENT
    return GATEWAY if isinstance(node, Gateway) else TASK


def _links(level: _Level) -> list[tuple[str, str]]:
    """Flows as pairs of nodes; a flow from a boundary event starts at its host."""
    return [(level.hosts.get(flow.source, flow.source), flow.target) for flow in level.flows]


def _columns(level: _Level) -> dict[str, int]:
    """Longest path from the starts over the flows that lead forward."""
    order = [node.id for node in level.nodes if node.id not in level.hosts]
    after: dict[str, list[str]] = {node: [] for node in order}
    arrivals = dict.fromkeys(order, 0)
    for source, target in _links(level):
        if source in after and target in arrivals and source != target:
            after[source].append(target)
            arrivals[target] += 1
    forward = _forward(order, after, arrivals)
    column = dict.fromkeys(order, 0)
    waiting = dict.fromkeys(order, 0)
    for targets in forward.values():
        for target in targets:
            waiting[target] += 1
    ready = [node for node in order if not waiting[node]]
    while ready:
        node = ready.pop(0)
        for target in forward[node]:
            column[target] = max(column[target], column[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return column


def _forward(order: Sequence[str], after: Mapping[str, list[str]], arrivals: Mapping[str, int]) -> dict[str, list[str]]:
    """The links without those that close a circle, seen from a depth-first walk in file order."""
    state: dict[str, int] = {}
    forward: dict[str, list[str]] = {node: [] for node in order}
    for root in [*(node for node in order if not arrivals[node]), *order]:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(after[root]))]
        while stack:
            node, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                state[node] = 2
                stack.pop()
            elif state.get(target) != 1:
                forward[node].append(target)
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(after[target])))
    return forward


def _assign_bands(level: _Level, lanes: Sequence[Lane]) -> None:
    """Bands in the order of the lanes; nodes in no lane get a band on top."""
    lane_of = {node: lane.id for lane in lanes for node in lane.nodes}
    for node in level.nodes:
        level.band[node.id] = lane_of.get(level.hosts.get(node.id, node.id), "")
    used = set(level.band.values())
    inner = {lane.parent for lane in lanes}
    leaves = [lane.id for lane in _in_order(lanes) if lane.id in used or lane.id not in inner]
    level.bands = [*([""] if "" in used or not leaves else []), *leaves]


def _in_order(lanes: Sequence[Lane]) -> list[Lane]:
    """Outer lanes before the lanes inside them, so that a lane's bands lie together."""
    found: list[Lane] = []

    def visit(parent: str | None) -> None:
        for lane in lanes:
            if lane.parent == parent:
                found.append(lane)
                visit(lane.id)

    visit(None)
    return found


def _header_depth(lanes: Sequence[Lane]) -> int:
    parents = {lane.id: lane.parent for lane in lanes}
    deepest = 0
    for lane in lanes:
        depth, at = 1, lane.parent
        while at is not None and depth < 10:
            depth, at = depth + 1, parents.get(at)
        deepest = max(deepest, depth)
    return deepest


def _assign_rows(level: _Level) -> None:
    """The main way straight: a node takes the row of the node before it in its band, else the nearest free one."""
    remaining = _remaining(level)
    before: dict[str, list[str]] = {}
    for source, target in _links(level):
        if level.column.get(source, 0) < level.column.get(target, 0):
            before.setdefault(target, []).append(source)
    taken: dict[tuple[str, int], set[int]] = {}
    position = {node.id: index for index, node in enumerate(level.nodes)}
    order = sorted(level.column, key=lambda node: (level.column[node], -remaining[node], position[node]))
    for node in order:
        band, column = level.band[node], level.column[node]
        mates = [other for other in before.get(node, ()) if level.band[other] == band]
        mates.sort(key=lambda other: (-level.column[other], -remaining[other], position[other]))
        wished = level.row[mates[0]] if mates else 0
        since = level.column[mates[0]] + 1 if mates else column
        for distance in range(200):
            free = [
                row
                for row in ((wished + distance, wished - distance) if distance else (wished,))
                if row >= 0 and not taken.get((band, row), set()) & set(range(min(since, column), column + 1))
            ]
            if free:
                level.row[node] = free[0]
                break
        span = range(since, column + 1) if mates and level.row[node] == wished else range(column, column + 1)
        taken.setdefault((band, level.row[node]), set()).update(span)


def _remaining(level: _Level) -> dict[str, int]:
    """Steps to the farthest end over forward links: the main way is the longest."""
    after: dict[str, list[str]] = {}
    for source, target in _links(level):
        if level.column.get(source, 0) < level.column.get(target, 0):
            after.setdefault(source, []).append(target)
    remaining: dict[str, int] = {}
    for node in sorted(level.column, key=lambda node: -level.column[node]):
        remaining[node] = 1 + max((remaining[target] for target in after.get(node, ())), default=-1)
    return remaining


# --- from rows and columns to pixels -----------------------------------------------------------------------------


def _horizontal(level: _Level, header: float) -> tuple[dict[int, float], list[float]]:
    """Centre of each column, and the vertical grid lines (tracks in the gaps)."""
    count = max(level.column.values(), default=0) + 1
    widths = [0.0] * count
    for node, column in level.column.items():
        widths[column] = max(widths[column], level.sizes[node][0])
    gaps = [_COLUMN_GAP] * count
    for flow in level.flows:
        source = level.hosts.get(flow.source, flow.source)
        if flow.name and flow.source not in level.hosts:
            needed = min(lettering.block(flow.name, _LABEL_WIDTH)[0], _LABEL_WIDTH) + 26.0
            gaps[level.column[source]] = max(gaps[level.column[source]], needed)
    centres: dict[int, float] = {}
    lines: list[float] = _tracks(header, header + _COLUMN_GAP)
    x = header + _COLUMN_GAP
    for index in range(count):
        centres[index] = x + widths[index] / 2
        x += widths[index]
        lines += _tracks(x, x + gaps[index])
        x += gaps[index]
    centres[count] = x
    return centres, lines


def _tracks(low: float, high: float) -> list[float]:
    step = (high - low) / (_TRACKS + 1)
    return [low + step * (index + 1) for index in range(_TRACKS)]


def _vertical(
    level: _Level, drawing: _Drawing, lanes: Sequence[Lane]
) -> tuple[dict[tuple[str, int], float], list[float]]:
    """Centre of each row of each band, and the horizontal grid lines; the bands' frames go into the drawing."""
    centres: dict[tuple[str, int], float] = {}
    lines: list[float] = []
    y = 0.0
    for band in level.bands:
        top = y
        members = [node for node in level.column if level.band[node] == band]
        rows = max((level.row[node] for node in members), default=0) + 1
        for row in range(rows):
            height = max((level.sizes[node][1] for node in members if level.row[node] == row), default=60.0)
            height = max(height, 60.0)
            lines += _tracks(y, y + _ROW_GAP)[1 if not row else 0 :]
            y += _ROW_GAP if row else _ROW_GAP * 0.75
            centres[band, row] = y + height / 2
            y += height
        lines += _tracks(y, y + _ROW_GAP)[:3]
        y += _ROW_GAP * 0.75
        if band:
            drawing.lanes[band] = (0.0, top, 0.0, y - top)
    drawing.height = y
    return centres, lines


def _place(level: _Level, drawing: _Drawing, xs: Mapping[int, float], ys: Mapping[tuple[str, int], float]) -> None:
    for node in level.nodes:
        if node.id in level.hosts:
            continue
        width, height = level.sizes[node.id]
        x, y = xs[level.column[node.id]], ys[level.band[node.id], level.row[node.id]]
        drawing.shapes[node.id] = (x - width / 2, y - height / 2, width, height)
    guests: dict[str, list[str]] = {}
    for guest, host in level.hosts.items():
        if host in drawing.shapes:
            guests.setdefault(host, []).append(guest)
    for host, attached in guests.items():
        x, y, width, height = drawing.shapes[host]
        for index, guest in enumerate(attached):
            centre = x + width - 25.0 - index * min(46.0, (width - 40.0) / max(len(attached) - 1, 1))
            drawing.shapes[guest] = (centre - EVENT[0] / 2, y + height - EVENT[1] / 2, *EVENT)
    drawing.width = xs[len(xs) - 1]


def _label_nodes(level: _Level, drawing: _Drawing) -> None:
    """Names of gateways stand above them to the left, of events below, of boundary events below to the left."""
    for node in level.nodes:
        if not node.name or node.id not in drawing.shapes or not isinstance(node, Event | Gateway):
            continue
        x, y, width, height = drawing.shapes[node.id]
        wide, high = lettering.block(node.name, _GATEWAY_LABEL if isinstance(node, Gateway) else _LABEL_WIDTH)
        if isinstance(node, Gateway):
            drawing.labels[node.id] = (x + width / 2 - wide - 6, y - high + 10, wide, high)
        elif node.id in level.hosts:
            drawing.labels[node.id] = (x - wide - 3, y + height - 10, wide, high)
        else:
            drawing.labels[node.id] = (x + width / 2 - wide / 2, y + height + 3, wide, high)


def _connect(level: _Level, drawing: _Drawing, columns: Sequence[float], rows: Sequence[float]) -> None:
    """Route the flows of this level, then put their names beside their first piece."""
    kinds = {node.id: node for node in level.nodes}
    routes = []
    for flow in level.flows:
        if flow.source not in drawing.shapes or flow.target not in drawing.shapes:
            continue
        start, stem = _start(drawing, flow.source, boundary=flow.source in level.hosts)
        tx, ty, tw, th = drawing.shapes[flow.target]
        source = kinds[flow.source]
        leaving = _OUT_OF_BOUNDARY if stem else _OUT_OF_GATEWAY if isinstance(source, Gateway) else _OUT_OF_TASK
        ends = (tx + tw / 2, ty + th / 2)
        arriving = tuple(price / 2 for price in _INTO) if isinstance(kinds[flow.target], Gateway) else _INTO
        routes.append(Route(flow.id, flow.source, flow.target, start, ends, leaving, _four(arriving), stem))
    nodes = {node.id: drawing.shapes[node.id] for node in level.nodes if node.id in drawing.shapes}
    labels = [drawing.labels[node.id] for node in level.nodes if node.id in drawing.labels]
    ways = route(routes, nodes, labels, columns, rows)
    drawing.edges.update({flow.id: ways[flow.id] for flow in level.flows if flow.id in ways})
    occupied = [*nodes.values(), *labels]
    for flow in level.flows:
        if flow.name and flow.id in ways:
            box = _beside(ways[flow.id], flow.name, occupied)
            drawing.labels[flow.id] = box
            occupied.append(box)


def _four(prices: Sequence[float]) -> tuple[float, float, float, float]:
    """Prices of arriving: a flow that heads right enters at the left side, and so on."""
    right, down, left, up = prices
    return (right, down, left, up)


def _start(drawing: _Drawing, node: str, *, boundary: bool) -> tuple[Point, Point | None]:
    x, y, width, height = drawing.shapes[node]
    if boundary:
        return (x + width / 2, y + height + 14.0), (x + width / 2, y + height)
    return (x + width / 2, y + height / 2), None


def _beside(way: Sequence[Point], name: str, occupied: Sequence[Rectangle]) -> Rectangle:
    """The first place along the way, near its start, where the name covers nothing."""
    width, height = lettering.block(name, _LABEL_WIDTH)
    places: list[Rectangle] = []
    for (x0, y0), (x1, y1) in list(pairwise(way))[:3]:
        if y0 == y1:
            x = x0 + 5 if x1 > x0 else x0 - width - 5
            places += [(x, y0 - height - 2, width, height), (x, y0 + 3, width, height)]
        else:
            y = y0 + 4 if y1 > y0 else y0 - height - 4
            places += [(x0 + 4, y, width, height), (x0 - width - 4, y, width, height)]
    for place in places:
        if not any(_overlap(place, other) for other in occupied):
            return place
    return places[0]


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _frame_lanes(drawing: _Drawing, lanes: Sequence[Lane]) -> None:
    """Full frames of the lanes: leaf lanes are their bands, outer lanes hold the lanes inside them."""
    depth: dict[str, int] = {}
    for lane in _in_order(lanes):
        depth[lane.id] = depth[lane.parent] + 1 if lane.parent in depth else 0
    for lane in reversed(_in_order(lanes)):
        parts = [drawing.lanes[other.id] for other in lanes if other.parent == lane.id and other.id in drawing.lanes]
        if lane.id in drawing.lanes:
            parts.append(drawing.lanes[lane.id])
        if not parts:
            continue
        top, bottom = min(y for _, y, _, _ in parts), max(y + h for _, y, _, h in parts)
        x = depth[lane.id] * _HEADER
        drawing.lanes[lane.id] = (x, top, drawing.width - x, bottom - top)
    drawing.lanes = {lane.id: drawing.lanes[lane.id] for lane in _in_order(lanes) if lane.id in drawing.lanes}


__all__ = ["DOWN", "EVENT", "GATEWAY", "LEFT", "RIGHT", "TASK", "UP", "lay_out"]
