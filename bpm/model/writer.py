"""Models back to bytes, and the canonical form that digests rest on.

Nothing is generated that the file already says: writing starts from the kept source tree, so ids, vendor attributes,
comments and an untouched diagram stay as they were. The canonical form is what a file *means* as XML: namespaces
instead of prefixes (in names and in QName values), attributes in order, no comments, no indentation. Two files that
differ in these only have the same digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree

from bpm.model.process import Edge, Plane, ProcessModel, Shape
from bpm.model.reader import guard

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
DI: Final = "http://www.omg.org/spec/DD/20100524/DI"

_QNAME = re.compile(r"([^\W\d][\w.-]*):([^\W\d][\w.-]*)\Z")
_FREE_TEXT = frozenset({"name", "text", "documentation", "label", "description"})
"""Attributes and elements whose value is words, never a QName, whatever it looks like."""


def digest(root: etree._Element) -> str:
    """`sha256:<hex>` of the canonical form."""
    state = hashlib.sha256()
    for part in _canonical_parts(root):
        state.update(part.encode("utf-8"))
    return f"sha256:{state.hexdigest()}"


def canonical_form(root: etree._Element) -> bytes:
    """The canonical form itself: one token per line, names in Clark notation, UTF-8."""
    return "".join(_canonical_parts(root)).encode("utf-8")


def _canonical_parts(root: etree._Element) -> Iterator[str]:
    """Tokens in document order; a stack instead of recursion, so depth costs nothing."""
    yield _opened(root)
    stack = [(root, _elements(root))]
    while stack:
        element, children = stack[-1]
        child = next(children, None)
        if child is not None:
            yield _opened(child)
            stack.append((child, _elements(child)))
            continue
        stack.pop()
        yield "/\n"
        following = _following_text(element) if stack else ""
        if following:
            yield _token("~", following)


def _opened(element: etree._Element) -> str:
    """The element's line, its attributes in order, and its own text."""
    lines = [_token("<", str(element.tag))]
    for name, value in sorted(element.attrib.items()):
        lines.append(_token("@", str(name), _meaning(str(value), str(name), element)))
    text = _own_text(element)
    if text:
        lines.append(_token("=", _meaning(text, etree.QName(element).localname, element)))
    return "".join(lines)


def _token(kind: str, *parts: str) -> str:
    # lengths make the form unambiguous whatever the texts contain
    return kind + "".join(f"{len(part)}:{part}" for part in parts) + "\n"


def _meaning(value: str, name: str, element: etree._Element) -> str:
    """A QName value with its prefix resolved; any other value as it is."""
    if ":" not in value:
        return value
    match = _QNAME.match(value.strip())
    if match and name not in _FREE_TEXT and match[1] in element.nsmap:
        return f"\x1f{{{element.nsmap[match[1]]}}}{match[2]}"
    return value


def _elements(element: etree._Element) -> Iterator[etree._Element]:
    return (child for child in element if not isinstance(child, etree._Comment))


def _own_text(element: etree._Element) -> str:
    """Text before the first child element, comments taken out; white space around it means nothing."""
    parts = [element.text or ""]
    for child in element:
        if not isinstance(child, etree._Comment):
            break
        parts.append(child.tail or "")
    return "".join(parts).strip()


def _following_text(element: etree._Element) -> str:
    """Text between this element and the next one (mixed content), comments taken out."""
    parts = [element.tail or ""]
    for sibling in element.itersiblings():
        if not isinstance(sibling, etree._Comment):
            break
        parts.append(sibling.tail or "")
    return "".join(parts).strip()


def write_bpmn(model: ProcessModel) -> bytes:
    """The model's file from its kept source tree: every id, attribute, extension and comment is there."""
    return _bytes(guard.parse(model.source, model.path, "bpmn", keep_comments=True))


def with_diagram(source: bytes, planes: Iterable[Plane], path: str = "") -> bytes:
    """The file `source` with its BPMNDiagram elements replaced by one per plane. Raises ModelError if unreadable."""
    root = guard.parse(source, path, "bpmn", keep_comments=True)
    for old in root.findall(f"{{{BPMNDI}}}BPMNDiagram"):
        root.remove(old)
    names = _prefixes(root)
    for number, plane in enumerate(planes, 1):
        diagram = etree.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", nsmap=names)
        diagram.set("id", f"BPMNDiagram_{number}")
        drawn = etree.SubElement(diagram, f"{{{BPMNDI}}}BPMNPlane")
        drawn.set("id", f"BPMNPlane_{number}")
        drawn.set("bpmnElement", plane.element)
        for shape in plane.shapes:
            _draw_shape(drawn, shape)
        for edge in plane.edges:
            _draw_edge(drawn, edge)
    etree.indent(root)
    return _bytes(root)


def _prefixes(root: etree._Element) -> dict[str, str]:
    """Usual prefixes for the namespaces of the diagram that the file has not declared."""
    declared = set(root.nsmap.values())
    wanted = {"bpmndi": BPMNDI, "dc": DC, "di": DI}
    return {
        (prefix if prefix not in root.nsmap else f"{prefix}_diagram"): uri
        for prefix, uri in wanted.items()
        if uri not in declared
    }


def _draw_shape(plane: etree._Element, shape: Shape) -> None:
    element = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape")
    element.set("id", f"{shape.element}_di")
    element.set("bpmnElement", shape.element)
    for name, value in (("isExpanded", shape.expanded), ("isHorizontal", shape.horizontal)):
        if value is not None:
            element.set(name, "true" if value else "false")
    _bounds(element, (shape.x, shape.y, shape.width, shape.height))
    _draw_label(element, shape.label)


def _draw_edge(plane: etree._Element, edge: Edge) -> None:
    element = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNEdge")
    element.set("id", f"{edge.element}_di")
    element.set("bpmnElement", edge.element)
    for x, y in edge.points:
        point = etree.SubElement(element, f"{{{DI}}}waypoint")
        point.set("x", _number(x))
        point.set("y", _number(y))
    _draw_label(element, edge.label)


def _draw_label(element: etree._Element, label: tuple[float, float, float, float] | None) -> None:
    if label is not None:
        _bounds(etree.SubElement(element, f"{{{BPMNDI}}}BPMNLabel"), label)


def _bounds(element: etree._Element, bounds: tuple[float, float, float, float]) -> None:
    drawn = etree.SubElement(element, f"{{{DC}}}Bounds")
    for name, value in zip(("x", "y", "width", "height"), bounds, strict=True):
        drawn.set(name, _number(value))


def _number(value: float) -> str:
    return format(value, ".6f").rstrip("0").rstrip(".")


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8") + b"\n"
