"""The drawing of one plane while it is edited: what nobody touches stays where it is.

Room is made as with the space tool of a modeller: everything behind a line moves on by the same distance, what holds
others grows, so that nothing new comes to lie on anything and right angles stay right. A way that goes through the
place of a removed step is drawn through its free place. Only ways that are new are looked for (`bpm.model.routing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from bpm.model.edit.markup import Document, attributes
from bpm.model.process import Plane
from bpm.model.routing import Point, Rectangle, Route, route
from bpm.model.source import Part

BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"

GAP = 28.0
"""Between a new shape and what stands before and behind it."""

_LEAVING = (0.0, 30.0, 130.0, 30.0)
_ARRIVING = (0.0, 30.0, 150.0, 30.0)


class Canvas:
    """Boxes, labels and ways by element id, in diagram units; `ends` are source and target of each flow."""

    def __init__(self, plane: Plane, element: Part) -> None:
        self.element = element
        self.boxes: dict[str, Rectangle] = {s.element: (s.x, s.y, s.width, s.height) for s in plane.shapes}
        self.ways: dict[str, tuple[Point, ...]] = {edge.element: edge.points for edge in plane.edges}
        self.labels: dict[str, Rectangle] = {s.element: s.label for s in plane.shapes if s.label is not None}
        self.labels |= {edge.element: edge.label for edge in plane.edges if edge.label is not None}
        self.ends: dict[str, tuple[str, str]] = {}
        self._before = (dict(self.boxes), dict(self.ways), dict(self.labels))

    # --- looking -----------------------------------------------------------------------------------------------

    def holders(self) -> frozenset[str]:
        """What holds others: pools, lanes, opened sub-processes, groups."""
        found = set()
        for name, (x, y, w, h) in self.boxes.items():
            for other, (ox, oy, ow, oh) in self.boxes.items():
                if other != name and x <= ox and y <= oy and ox + ow <= x + w and oy + oh <= y + h:
                    found.add(name)
                    break
        return frozenset(found)

    def free(self, box: Rectangle, besides: Iterable[str] = ()) -> bool:
        """Whether no shape (holders left out) lies where `box` is."""
        closed = self.holders() | set(besides)
        return not any(_overlap(box, other, 6.0) for name, other in self.boxes.items() if name not in closed)

    def lowest(self, x: float, width: float, y: float, besides: Iterable[str]) -> float:
        """The first height from `y` on at which no shape is cut between `x` and `x + width`."""
        closed = self.holders() | set(besides)
        others = [box for name, box in self.boxes.items() if name not in closed and box[3] > 40.0]
        while True:
            cut = [box for box in others if box[1] < y < box[1] + box[3] and box[0] < x + width and x < box[0] + box[2]]
            if not cut:
                return y
            y = max(box[1] + box[3] for box in cut)

    # --- moving ------------------------------------------------------------------------------------------------

    def shift(self, names: Iterable[str], dx: float, dy: float) -> None:
        """Move shapes with their labels and the ways between them; other ways are left to the caller."""
        group = set(names)
        for name in group & set(self.boxes):
            self.boxes[name] = _moved(self.boxes[name], dx, dy)
        between = {name for name in self.ways if name in self.ends and set(self.ends[name]) <= group}
        for name in between:
            self.ways[name] = tuple((x + dx, y + dy) for x, y in self.ways[name])
        for name in (group | between) & set(self.labels):
            self.labels[name] = _moved(self.labels[name], dx, dy)

    def widen(self, at: float, by: float) -> None:
        """Move everything that begins at `at` or behind to the right."""
        self._stretch(at, by, 0)

    def heighten(self, at: float, by: float) -> None:
        """Move everything that begins at `at` or below down."""
        self._stretch(at, by, 1)

    def _stretch(self, at: float, by: float, axis: int) -> None:
        holders = self.holders()
        moved: dict[str, float] = {}
        for name, box in self.boxes.items():
            low, size = box[axis], box[axis + 2]
            if low >= at:
                moved[name] = by
            elif name in holders and low + size > at:
                grown = list(box)
                grown[axis + 2] += by
                self.boxes[name] = (grown[0], grown[1], grown[2], grown[3])
        step = (by, 0.0) if axis == 0 else (0.0, by)
        for name in moved:
            self.boxes[name] = _moved(self.boxes[name], *step)
        for name, box in list(self.labels.items()):
            if name in moved or (name in self.ways and box[axis] >= at):
                self.labels[name] = _moved(box, *step)
        for name, way in list(self.ways.items()):
            self.ways[name] = self._stretched(name, way, at, by, axis, moved, holders)

    def _stretched(
        self,
        name: str,
        way: tuple[Point, ...],
        at: float,
        by: float,
        axis: int,
        moved: Mapping[str, float],
        holders: frozenset[str],
    ) -> tuple[Point, ...]:
        """A way after the move: its ends go with their shapes, and pieces that were straight stay so."""
        points = [list(point) for point in way]
        for point in points:
            if point[axis] >= at:
                point[axis] += by
        if len(points) < 2:
            return way
        for last, node in zip((0, -1), self.ends.get(name, ()), strict=False):
            if node in self.boxes and node not in holders:
                points[last][axis] = way[last][axis] + moved.get(node, 0.0)
        for one, two, far in ((0, 1, 2), (-1, -2, -3)):
            if way[one][axis] == way[two][axis] and points[one][axis] != points[two][axis]:
                if len(points) > 2 and way[two][axis] != way[far][axis]:
                    points[two][axis] = points[one][axis]
                elif len(points) > 2 or one == 0:
                    points = _elbowed(points, one, axis)
        return _straight([(x, y) for x, y in points])

    # --- ways --------------------------------------------------------------------------------------------------

    def through(self, before: str, gone: str, after: str) -> None:
        """Let the way `before` go on as `after` through the place of the shape `gone`."""
        first, second = self.ways.get(before), self.ways.get(after)
        if not first or not second or gone not in self.boxes:
            return
        x, y, w, h = self.boxes[gone]
        (x0, y0), (x1, y1) = first[-1], second[0]
        middle: list[Point] = []
        if y0 != y1 and x0 != x1:
            sideways = x0 in (x, x + w)
            leaving_sideways = x1 in (x, x + w)
            if sideways and leaving_sideways:
                middle = [(x + w / 2, y0), (x + w / 2, y1)]
            elif sideways:
                middle = [(x1, y0)]
            elif leaving_sideways:
                middle = [(x0, y1)]
            else:
                middle = [(x0, y + h / 2), (x1, y + h / 2)]
        self.ways[before] = _straight([*first[:-1], (x0, y0), *middle, (x1, y1), *second[1:]])

    def forget(self, names: Iterable[str]) -> None:
        """Take elements out of the drawing."""
        for name in names:
            self.boxes.pop(name, None)
            self.ways.pop(name, None)
            self.labels.pop(name, None)

    def connect(self, flows: Sequence[str]) -> None:
        """Look for the ways of flows anew, around everything that is drawn."""
        holders = self.holders()
        boxes = {name: box for name, box in self.boxes.items() if name not in holders}
        routes = []
        for name in flows:
            source, target = self.ends[name]
            if source not in self.boxes or target not in self.boxes:
                self.forget((name,))
                continue
            for end in (source, target):
                boxes.setdefault(end, self.boxes[end])
            start, end_point = _centre(self.boxes[source]), _centre(self.boxes[target])
            routes.append(Route(name, source, target, start, end_point, _LEAVING, _ARRIVING))
        xs, ys = _tracks(boxes.values(), 0), _tracks(boxes.values(), 1)
        labels = [box for name, box in self.labels.items() if name not in flows]
        found = route(routes, boxes, labels, xs, ys)
        self.ways.update(found)
        for name in found:
            self.labels.pop(name, None)

    def blocked(self, flows: Iterable[str]) -> list[str]:
        """The flows that run through a shape that is neither their source nor their target."""
        holders = self.holders()
        found = []
        for name in flows:
            ends = self.ends.get(name, ())
            others = [box for node, box in self.boxes.items() if node not in holders and node not in ends]
            pieces = [_piece(a, b) for a, b in pairwise(self.ways.get(name, ()))]
            if any(_overlap(piece, box, -2.0) for piece in pieces for box in others):
                found.append(name)
        return found

    # --- writing -----------------------------------------------------------------------------------------------

    def write(self, document: Document) -> None:
        """Put into the file what changed since the canvas was opened."""
        boxes, ways, labels = self._before
        drawn: dict[str, Part] = {}
        for child in self.element.children:
            key = (child.get("bpmnElement") or "").rpartition(":")[2]
            if child.name in ("BPMNShape", "BPMNEdge"):
                drawn.setdefault(key, child)
                if key not in self.boxes and key not in self.ways and (key in boxes or key in ways):
                    document.remove(child)
        for name, box in self.boxes.items():
            if name not in boxes:
                self._draw(document, name, "BPMNShape", _bounds_markup(document, self.element, box))
            elif box != boxes[name] and name in drawn:
                _set_bounds(document, next(drawn[name].each("Bounds", DC)), box)
        for name, way in self.ways.items():
            if name not in ways:
                self._draw(document, name, "BPMNEdge", *(_point_markup(document, self.element, p) for p in way))
            elif way != ways[name] and name in drawn:
                _set_points(document, drawn[name], way)
        for name in labels:
            if name in drawn and (name in self.boxes or name in self.ways):
                label = next(drawn[name].each("BPMNLabel"), None)
                if label is not None:
                    self._write_label(document, label, name)

    def _write_label(self, document: Document, label: Part, name: str) -> None:
        if name not in self.labels:
            document.remove(label)
        elif self.labels[name] != self._before[2][name]:
            for bounds in label.each("Bounds", DC):
                _set_bounds(document, bounds, self.labels[name])

    def _draw(self, document: Document, name: str, kind: str, *inner: str) -> None:
        tag, declared = document.name(BPMNDI, kind, self.element, "bpmndi")
        key, number = f"{name}_di", 2
        while document.by_id(key) is not None:
            key, number = f"{name}_di_{number}", number + 1
        names = attributes({"id": key, "bpmnElement": name})
        document.append(self.element, f"<{tag}{declared}{names}>{''.join(inner)}</{tag}>")


def _bounds_markup(document: Document, near: Part, box: Rectangle) -> str:
    tag, declared = document.name(DC, "Bounds", near, "dc")
    values = zip(("x", "y", "width", "height"), box, strict=True)
    return f"<{tag}{declared}{attributes({name: number(value) for name, value in values})}/>"


def _point_markup(document: Document, near: Part, point: Point) -> str:
    tag, declared = document.name(DI, "waypoint", near, "di")
    return f"<{tag}{declared}{attributes({'x': number(point[0]), 'y': number(point[1])})}/>"


def _set_bounds(document: Document, bounds: Part, box: Rectangle) -> None:
    for name, value in zip(("x", "y", "width", "height"), box, strict=True):
        if bounds.get(name) is None or float(bounds.get(name) or 0) != value:
            document.set(bounds, name, number(value))


def _set_points(document: Document, edge: Part, way: Sequence[Point]) -> None:
    old = list(edge.each("waypoint", DI))
    for point, (x, y) in zip(old, way, strict=False):
        document.set(point, "x", number(x))
        document.set(point, "y", number(y))
    for point in old[len(way) :]:
        document.remove(point)
    for added in way[len(old) :]:
        document.after(old[-1], _point_markup(document, edge, added))


def number(value: float) -> str:
    """A coordinate as it stands in a file."""
    return format(value, ".3f").rstrip("0").rstrip(".")


def _moved(box: Rectangle, dx: float, dy: float) -> Rectangle:
    return (box[0] + dx, box[1] + dy, box[2], box[3])


def _centre(box: Rectangle) -> Point:
    return (box[0] + box[2] / 2, box[1] + box[3] / 2)


def _overlap(a: Rectangle, b: Rectangle, margin: float) -> bool:
    return (
        a[0] < b[0] + b[2] + margin
        and b[0] < a[0] + a[2] + margin
        and a[1] < b[1] + b[3] + margin
        and b[1] < a[1] + a[3] + margin
    )


def _piece(a: Point, b: Point) -> Rectangle:
    return (min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1]))


def _tracks(boxes: Iterable[Rectangle], axis: int) -> list[float]:
    """Grid lines a little before and behind every box, and half-way between them."""
    lines = sorted({edge for box in boxes for edge in (box[axis] - 14.0, box[axis] + box[axis + 2] + 14.0)})
    return sorted({*lines, *((low + high) / 2 for low, high in pairwise(lines) if high - low > 40.0)})


def _elbowed(points: list[list[float]], end: int, axis: int) -> list[list[float]]:
    """Two bends between an end and its neighbour, half-way."""
    ordered = points if end == 0 else points[::-1]
    other = 1 - axis
    middle = (ordered[0][other] + ordered[1][other]) / 2
    bends = []
    for point in ordered[:2]:
        bend = list(point)
        bend[other] = middle
        bends.append(bend)
    ordered = [ordered[0], *bends, *ordered[1:]]
    return ordered if end == 0 else ordered[::-1]


def _straight(points: Sequence[Point]) -> tuple[Point, ...]:
    """Without points that lie on a line between their neighbours, and without doubles."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept.pop()
        kept.append(point)
    return tuple(kept) if len(kept) > 1 else tuple(points[:1]) * 2
