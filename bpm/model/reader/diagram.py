"""Diagram interchange: planes, shapes and edges of a BPMN file. What has no place to be drawn is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

from bpm.model.process import Edge, Plane, Shape
from bpm.model.reader.names import BPMNDI, DC, DI, number, reference, truth

Box: TypeAlias = tuple[float, float, float, float]


def read_planes(root: etree._Element) -> tuple[Plane, ...]:
    """Every BPMNPlane of the file, in order."""
    return tuple(_plane(element) for element in root.iterfind(f"{{{BPMNDI}}}BPMNDiagram/{{{BPMNDI}}}BPMNPlane"))


def _plane(element: etree._Element) -> Plane:
    return Plane(
        element=reference(element.get("bpmnElement")) or "",
        shapes=tuple(_shapes(element)),
        edges=tuple(_edges(element)),
    )


def _shapes(plane: etree._Element) -> Iterator[Shape]:
    for element in plane.iterfind(f"{{{BPMNDI}}}BPMNShape"):
        bounds = _bounds(element)
        if bounds is not None:
            expanded, horizontal = element.get("isExpanded"), element.get("isHorizontal")
            yield Shape(
                reference(element.get("bpmnElement")) or "",
                *bounds,
                expanded=None if expanded is None else truth(expanded),
                horizontal=None if horizontal is None else truth(horizontal),
                label=_label(element),
            )


def _edges(plane: etree._Element) -> Iterator[Edge]:
    for element in plane.iterfind(f"{{{BPMNDI}}}BPMNEdge"):
        points = [(number(point.get("x")), number(point.get("y"))) for point in element.iterfind(f"{{{DI}}}waypoint")]
        placed = tuple((x, y) for x, y in points if x is not None and y is not None)
        yield Edge(reference(element.get("bpmnElement")) or "", placed, _label(element))


def _label(element: etree._Element) -> Box | None:
    label = element.find(f"{{{BPMNDI}}}BPMNLabel")
    return _bounds(label) if label is not None else None


def _bounds(element: etree._Element) -> Box | None:
    bounds = element.find(f"{{{DC}}}Bounds")
    if bounds is None:
        return None
    x, y, width, height = (number(bounds.get(name)) for name in ("x", "y", "width", "height"))
    if x is None or y is None or width is None or height is None:
        return None
    return x, y, width, height
