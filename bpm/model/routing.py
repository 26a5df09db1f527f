"""Ways for the flows of a drawn container: right-angled, around the boxes, over labels and other flows only at a price.

The grid is sparse: the centre lines of rows and columns, and a few tracks in each gap between them. Every flow is
found by A* over (crossing, direction); what a way pays for beside its length are bends, crossings, running on top of
another flow, and leaving or entering a node at an unusual side. Flows are routed in a fixed order, shortest first, so
the result depends on the input only.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias

Point: TypeAlias = tuple[float, float]
Rectangle: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height."""

RIGHT, DOWN, LEFT, UP = range(4)
_STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))

_CLEARANCE: Final = 7.0
_BEND: Final = 28.0
_CROSSING: Final = 34.0
_SHARED: Final = 260.0
_FORKED: Final = 3.0
_LABEL: Final = 55.0
_STATES: Final = 8_000
"""A way that looked at so many states is drawn as a plain elbow instead."""

_ALL_STATES: Final = 60_000
"""So many states for all ways of a container together: huge tangles get elbows, but soon."""


@dataclass(frozen=True, slots=True)
class Route:
    """A flow to be drawn. `start` and `end` are the points it is looked for between (centres of nodes); a `stem` is
    where it really begins, in a straight line before `start` (boundary events); the prices are per direction of
    leaving the source and of arriving at the target (indices: right, down, left, up)."""

    flow: str
    source: str
    target: str
    start: Point
    end: Point
    leaving: tuple[float, float, float, float]
    arriving: tuple[float, float, float, float]
    stem: Point | None = None


@dataclass(slots=True)
class _Grid:
    xs: list[float]
    ys: list[float]
    boxes: Mapping[str, Rectangle]
    blocked_right: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    blocked_down: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    labelled: set[tuple[int, int]] = field(default_factory=set)
    used: dict[tuple[int, int, int], list[Route]] = field(default_factory=dict)
    passed: dict[tuple[int, int], list[tuple[int, int, Route]]] = field(default_factory=dict)
    ports: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    left: int = _ALL_STATES


def route(
    routes: Sequence[Route],
    boxes: Mapping[str, Rectangle],
    labels: Sequence[Rectangle],
    columns: Sequence[float],
    rows: Sequence[float],
) -> dict[str, tuple[Point, ...]]:
    """The way points of every flow, from the border of its source to the border of its target.

    `boxes` are the drawn nodes, `labels` what should better not be crossed; `columns` and `rows` are the vertical and
    horizontal grid lines in pixels, beside those through the start and end points themselves.
    """
    grid = _grid(routes, boxes, labels, columns, rows)
    found: dict[str, tuple[Point, ...]] = {}
    for each in sorted(routes, key=_order):
        way = _search(grid, each)
        if way is None:
            found[each.flow] = _elbow(each, boxes)
            continue
        _remember(grid, each, way)
        points = [(grid.xs[i], grid.ys[j]) for i, j in way]
        found[each.flow] = _clipped(_straightened(points), each, boxes)
    return found


def _order(each: Route) -> tuple[bool, bool, float]:
    (x0, y0), (x1, y1) = each.start, each.end
    return (x1 <= x0, y0 != y1, abs(x1 - x0) + abs(y1 - y0))


def _grid(
    routes: Sequence[Route],
    boxes: Mapping[str, Rectangle],
    labels: Sequence[Rectangle],
    columns: Sequence[float],
    rows: Sequence[float],
) -> _Grid:
    xs = sorted({*columns, *(each.start[0] for each in routes), *(each.end[0] for each in routes)})
    ys = sorted({*rows, *(each.start[1] for each in routes), *(each.end[1] for each in routes)})
    grid = _Grid(xs, ys, boxes)
    for name, (x, y, width, height) in boxes.items():
        left, right = x - _CLEARANCE, x + width + _CLEARANCE
        top, bottom = y - _CLEARANCE, y + height + _CLEARANCE
        for j in range(bisect_right(ys, top), bisect_left(ys, bottom)):
            for i in range(max(bisect_right(xs, left) - 1, 0), bisect_left(xs, right)):
                grid.blocked_right.setdefault((i, j), set()).add(name)
        for i in range(bisect_right(xs, left), bisect_left(xs, right)):
            for j in range(max(bisect_right(ys, top) - 1, 0), bisect_left(ys, bottom)):
                grid.blocked_down.setdefault((i, j), set()).add(name)
    for x, y, width, height in labels:
        for i in range(bisect_left(xs, x - 2), bisect_right(xs, x + width + 2)):
            for j in range(bisect_left(ys, y - 2), bisect_right(ys, y + height + 2)):
                grid.labelled.add((i, j))
    return grid


def _search(grid: _Grid, each: Route) -> list[tuple[int, int]] | None:
    """The cheapest way as grid indices, or None if there is none worth looking for."""
    begin = (bisect_left(grid.xs, each.start[0]), bisect_left(grid.ys, each.start[1]))
    goal = (bisect_left(grid.xs, each.end[0]), bisect_left(grid.ys, each.end[1]))
    best: dict[tuple[int, int, int], float] = {}
    came: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    queue: list[tuple[float, float, tuple[int, int, int]]] = []
    for heading in range(4):
        state = (*begin, heading)
        cost = each.leaving[heading] + _port_price(grid, each.source, heading, "out")
        best[state] = cost
        heapq.heappush(queue, (cost, cost, state))
    seen = 0
    while queue:
        _, cost, state = heapq.heappop(queue)
        if cost > best[state]:
            continue
        if state[:2] == goal and state[:2] != begin:
            grid.left -= seen
            return _backwards(came, state)
        seen += 1
        if seen > min(_STATES, grid.left):
            grid.left -= seen
            return None
        for following, price in _moves(grid, each, state, begin, goal):
            total = cost + price
            if total < best.get(following, float("inf")):
                best[following] = total
                came[following] = state
                x, y = grid.xs[following[0]], grid.ys[following[1]]
                rest = abs(x - each.end[0]) + abs(y - each.end[1])
                heapq.heappush(queue, (total + rest, total, following))
    return None


def _moves(
    grid: _Grid, each: Route, state: tuple[int, int, int], begin: tuple[int, int], goal: tuple[int, int]
) -> list[tuple[tuple[int, int, int], float]]:
    """The grid neighbours of a state and the price of going there."""
    i, j, heading = state
    cramped = (i, j) != begin and any(_within(grid, (i, j), node) for node in (each.source, each.target))
    moves: list[tuple[tuple[int, int, int], float]] = []
    for turn in range(4):
        if (turn - heading) % 4 == 2 or ((i, j) == begin and turn != heading):
            continue
        dx, dy = _STEP[turn]
        ni, nj = i + dx, j + dy
        if not (0 <= ni < len(grid.xs) and 0 <= nj < len(grid.ys)):
            continue
        edge = (min(i, ni), min(j, nj), turn % 2)
        walls = (grid.blocked_down if turn % 2 else grid.blocked_right).get(edge[:2], set())
        if walls - {each.source, each.target} or (turn != heading and cramped):
            continue
        price = abs(grid.xs[ni] - grid.xs[i]) + abs(grid.ys[nj] - grid.ys[j])
        price += _BEND if turn != heading else 0.0
        price += _traffic(grid, each, edge, (ni, nj), turn, goal)
        if (ni, nj) in grid.labelled:
            price += _LABEL
        if (ni, nj) == goal:
            price += each.arriving[turn] + _port_price(grid, each.target, (turn + 2) % 4, "in")
        moves.append(((ni, nj, turn), price))
    return moves


def _within(grid: _Grid, point: tuple[int, int], node: str) -> bool:
    """Whether a crossing of the grid lies in the box of a node, where a flow must not bend."""
    box = grid.boxes.get(node)
    if box is None:
        return False
    x, y, width, height = box
    return x < grid.xs[point[0]] < x + width and y < grid.ys[point[1]] < y + height


def _traffic(
    grid: _Grid, each: Route, edge: tuple[int, int, int], point: tuple[int, int], turn: int, goal: tuple[int, int]
) -> float:
    """What other flows on this edge and at its far end cost."""
    others = grid.used.get(edge, ())
    price = max((_FORKED if _related(each, other) else _SHARED for other in others), default=0.0)
    if point == goal:
        return price
    for enter, leave, other in grid.passed.get(point, ()):
        if _related(each, other):
            continue
        if enter != leave or enter % 2 != turn % 2:
            price += _CROSSING
    return price


def _related(one: Route, other: Route) -> bool:
    """Whether two flows may share a way: they fork from one node or join at one."""
    return one.target == other.target or one.source == other.source


def _port_price(grid: _Grid, node: str, side: int, way: str) -> float:
    """Flows in and out at one side of a node are confusing; two outgoing at one side a little."""
    users = grid.ports.get((node, side), ())
    prices = (6.0 if way == other == "in" else 60.0 if way == other else 120.0 for other in users)
    return max(prices, default=0.0)


def _backwards(
    came: Mapping[tuple[int, int, int], tuple[int, int, int]], state: tuple[int, int, int]
) -> list[tuple[int, int]]:
    way = [state[:2]]
    while state in came:
        state = came[state]
        way.append(state[:2])
    return way[::-1]


def _remember(grid: _Grid, each: Route, way: Sequence[tuple[int, int]]) -> None:
    turns: list[int] = []
    for (i, j), (ni, nj) in pairwise(way):
        turn = RIGHT if ni > i else LEFT if ni < i else DOWN if nj > j else UP
        turns.append(turn)
        grid.used.setdefault((min(i, ni), min(j, nj), turn % 2), []).append(each)
    for point, enter, leave in zip(way[1:-1], turns[:-1], turns[1:], strict=True):
        grid.passed.setdefault(point, []).append((enter, leave, each))
    grid.ports.setdefault((each.source, turns[0]), []).append("out")
    grid.ports.setdefault((each.target, (turns[-1] + 2) % 4), []).append("in")


def _straightened(points: Sequence[Point]) -> list[Point]:
    """Without the points that lie on a line between their neighbours."""
    kept: list[Point] = []
    for index, point in enumerate(points):
        if 0 < index < len(points) - 1:
            (ax, ay), (bx, by) = kept[-1], points[index + 1]
            if ax == point[0] == bx or ay == point[1] == by:
                continue
        kept.append(point)
    return kept


def _clipped(points: list[Point], each: Route, boxes: Mapping[str, Rectangle]) -> tuple[Point, ...]:
    """From border to border: both ends are cut where they leave the box of their node."""
    last = _border(points[-1], points[-2], boxes.get(each.target))
    if each.stem is not None:
        return tuple(_straightened([each.stem, *points[:-1], last]))
    return (_border(points[0], points[1], boxes.get(each.source)), *points[1:-1], last)


def _border(inner: Point, outer: Point, box: Rectangle | None) -> Point:
    if box is None:
        return inner
    x, y, width, height = box
    if not (x <= inner[0] <= x + width and y <= inner[1] <= y + height):
        return inner
    if inner[1] == outer[1]:
        return (x + width if outer[0] > inner[0] else x, inner[1])
    return (inner[0], y + height if outer[1] > inner[1] else y)


def _elbow(each: Route, boxes: Mapping[str, Rectangle]) -> tuple[Point, ...]:
    """Three straight pieces, whatever they cross: for what the grid cannot solve (a node to itself, huge models)."""
    (x0, y0), (x1, y1) = each.start, each.end
    if each.source == each.target:
        x, y, width, height = boxes[each.source]
        low = y + height + 18
        return ((x + width, y0), (x + width + 18, y0), (x + width + 18, low), (x0, low), (x0, y + height))
    if y0 == y1:
        points = [(x0, y0), (x1, y1)]
    elif each.stem is not None or x1 <= x0:
        middle = (y0 + y1) / 2
        points = [(x0, y0), (x0, middle), (x1, middle), (x1, y1)]
    else:
        middle = (x0 + x1) / 2
        points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    return _clipped(points, each, boxes)
