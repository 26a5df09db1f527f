"""One plane of a model as SVG text: own drawing, no script, no style sheet, no foreign font.

Colours and widths are presentation attributes, so the drawing looks the same in a page under a strict content
security policy, in a file and on paper. Every drawn element is a group with `data-element` (its id) and a `title`;
the whole has a title and a description for those who do not see it. Findings appear as numbered pins, measurements
as heat colours; both are given by the caller. Only what the plane shows is drawn, and nothing inside a collapsed
sub-process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from bpm.model import lettering, markers
from bpm.model.process import (
    Activity,
    DataElement,
    Edge,
    Event,
    FlowNode,
    Gateway,
    Lane,
    MessageFlow,
    Participant,
    Plane,
    ProcessModel,
    SequenceFlow,
    Shape,
    SubProcess,
)

INK: Final = "#1f2933"
PAPER: Final = "#ffffff"
LANE_HEAD: Final = "#eef2f6"
FAINT: Final = "#9aa5b1"
PIN: Final = "#9f1239"
_MARGIN: Final = 20.0
_PIN_RADIUS: Final = 10.0
_FONT: Final = "system-ui, 'Segoe UI', 'Noto Sans', Arial, sans-serif"
_HEAT: Final = ("#fff7e0", "#fee6a8", "#fdc97a", "#f9a35b", "#ee7a4b")


def draw(
    model: ProcessModel,
    plane: Plane,
    *,
    title: str = "",
    description: str = "",
    pins: Mapping[str, Sequence[str | int]] | None = None,
    heat: Mapping[str, float] | None = None,
    tokens: Mapping[str, int] | None = None,
    prefix: str = "diagram",
) -> str:
    """SVG text (UTF-8, one root element, no XML declaration) of one plane.

    `pins` are the numbers to show at elements, `heat` a share from 0 to 1 per element that picks its colour,
    `tokens` how many cases (or tokens) stand at an element. `prefix` begins every id of the SVG, so that two
    drawings can live in one page. The view box is the bounding box of what is drawn, in diagram units.
    """
    known = _elements(model)
    hidden = _hidden(model, plane)
    shapes = [shape for shape in plane.shapes if shape.element not in hidden]
    edges = [edge for edge in plane.edges if edge.element not in hidden]
    x, y, width, height = _extent(shapes, edges)
    names = [process.name for process in model.processes if process.name]
    words = title or ", ".join(names) or plane.element
    parts = [*_head((x, y, width, height), words, description or _description(shapes, known), escape(prefix))]
    frames = [shape for shape in shapes if isinstance(known.get(shape.element), Participant | Lane)]
    nodes = [shape for shape in shapes if not isinstance(known.get(shape.element), Participant | Lane)]
    for shape in frames:
        parts += _frame(shape, known[shape.element])
    containers = [shape for shape in nodes if _opened(shape, known)]
    events = [shape for shape in nodes if isinstance(known.get(shape.element), Event)]
    others = [shape for shape in nodes if shape not in containers and shape not in events]
    warm = heat or {}
    for shape in containers:
        parts += _node(shape, known, warm)
    for edge in edges:
        parts += _edge(edge, known.get(edge.element), prefix)
    for shape in [*others, *events]:
        parts += _node(shape, known, warm)
    placed = {shape.element: shape for shape in shapes}
    parts += _flags(placed, edges, pins or {}, tokens or {})
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _head(box: tuple[float, float, float, float], title: str, description: str, prefix: str) -> Iterator[str]:
    """The opening tag with its words, and the arrow heads."""
    x, y, width, height = (_n(value) for value in box)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="{prefix}-title {prefix}-desc" '
        f'font-family="{escape(_FONT)}" font-size="{_n(lettering.FONT_SIZE)}">'
    )
    yield f'<title id="{prefix}-title">{escape(title)}</title>'
    yield f'<desc id="{prefix}-desc">{escape(description)}</desc>'
    yield "<defs>"
    for name, look in (("arrow", f'fill="{INK}"'), ("open", f'fill="{PAPER}" stroke="{INK}"')):
        yield (
            f'<marker id="{prefix}-{name}" viewBox="0 0 10 10" refX="9.5" refY="5" markerWidth="9" markerHeight="9" '
            f'orient="auto-start-reverse"><path d="M0 1 L10 5 L0 9 z" {look}/></marker>'
        )
    yield "</defs>"


def _elements(model: ProcessModel) -> dict[str, object]:
    known: dict[str, object] = {participant.id: participant for participant in model.participants}
    known.update({flow.id: flow for flow in model.message_flows})
    for process in model.processes:
        for group in (process.lanes, process.data, process.nodes, process.flows, process.associations):
            known.update({element.id: element for element in group})
    return known


def _hidden(model: ProcessModel, plane: Plane) -> set[str]:
    """What lies inside a sub-process that the plane shows collapsed."""
    hidden: set[str] = set()
    closed = {shape.element for shape in plane.shapes if shape.expanded is False and shape.element != plane.element}
    for process in model.processes:
        parents = {node.id: node.parent for node in process.nodes}
        for node in process.nodes:
            at: str | None = parents.get(node.id)
            while at in parents and at not in closed:
                at = parents.get(at)
            if at in closed:
                hidden.add(node.id)
        inside = closed | hidden
        hidden |= {flow.id for flow in process.flows if flow.parent in inside}
        hidden |= {data.id for data in process.data if data.parent in inside}
    return hidden


def _extent(shapes: Sequence[Shape], edges: Sequence[Edge]) -> tuple[float, float, float, float]:
    boxes = [(shape.x, shape.y, shape.x + shape.width, shape.y + shape.height) for shape in shapes]
    boxes += [(px, py, px, py) for edge in edges for px, py in edge.points]
    labels = [shape.label for shape in shapes] + [edge.label for edge in edges]
    boxes += [(box[0], box[1], box[0] + box[2], box[1] + box[3]) for box in labels if box is not None]
    if not boxes:
        return 0.0, 0.0, 100.0, 40.0
    x0, y0 = min(box[0] for box in boxes) - _MARGIN, min(box[1] for box in boxes) - _MARGIN
    return x0, y0, max(box[2] for box in boxes) + _MARGIN - x0, max(box[3] for box in boxes) + _MARGIN - y0


def _description(shapes: Sequence[Shape], known: Mapping[str, object]) -> str:
    kinds = [known.get(shape.element) for shape in shapes]
    steps = sum(isinstance(kind, Activity) for kind in kinds)
    forks = sum(isinstance(kind, Gateway) for kind in kinds)
    happenings = sum(isinstance(kind, Event) for kind in kinds)
    return f"BPMN 2.0: {steps} / {forks} / {happenings} (activities / gateways / events)"


def _opened(shape: Shape, known: Mapping[str, object]) -> bool:
    return isinstance(known.get(shape.element), SubProcess) and shape.expanded is not False


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _group(identifier: str, name: str, kind: str) -> str:
    label = f"<title>{escape(name)}</title>" if name else ""
    return f'<g data-element="{escape(identifier)}" data-type="{escape(kind)}">{label}'


def _text(
    text: str,
    x: float,
    y: float,
    width: float,
    *,
    most: int = 6,
    anchor: str = "middle",
    middle: bool = False,
    bold: bool = False,
) -> str:
    """Wrapped text; (x, y) is the middle of its first line's top, or of the whole block with `middle`."""
    lines = lettering.wrap(text, width, most=most)
    if not lines:
        return ""
    top = y - len(lines) * lettering.LINE_HEIGHT / 2 if middle else y
    spans = "".join(
        f'<tspan x="{_n(x)}" y="{_n(top + index * lettering.LINE_HEIGHT + 10.5)}">{escape(line)}</tspan>'
        for index, line in enumerate(lines)
    )
    weight = ' font-weight="600"' if bold else ""
    return f'<text text-anchor="{anchor}" fill="{INK}"{weight}>{spans}</text>'


def _frame(shape: Shape, element: object) -> Iterator[str]:
    """A pool or lane: the name stands upright in a head at the left."""
    name = element.name if isinstance(element, Participant | Lane) else ""
    pool = isinstance(element, Participant)
    x, y, width, height = shape.x, shape.y, shape.width, shape.height
    yield _group(shape.element, name, "participant" if pool else "lane")
    yield f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{PAPER}" stroke="{FAINT}"/>'
    if shape.horizontal is False:
        yield f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="30" fill="{LANE_HEAD}" stroke="{FAINT}"/>'
        yield _text(name, x + width / 2, y + 15, width - 8, middle=True, most=2, bold=pool)
    else:
        yield f'<rect x="{_n(x)}" y="{_n(y)}" width="30" height="{_n(height)}" fill="{LANE_HEAD}" stroke="{FAINT}"/>'
        cx, cy = x + 15, y + height / 2
        yield f'<g transform="rotate(-90 {_n(cx)} {_n(cy)})">'
        yield _text(name, cx, cy, height - 8, middle=True, most=2, bold=pool) + "</g>"
    yield "</g>"


def _node(shape: Shape, known: Mapping[str, object], heat: Mapping[str, float]) -> Iterator[str]:
    element = known.get(shape.element)
    kind = element.type if isinstance(element, FlowNode | DataElement) else "other"
    name = element.name if isinstance(element, FlowNode | DataElement) else ""
    fill = PAPER
    if shape.element in heat:
        share = min(max(heat[shape.element], 0.0), 1.0)
        fill = _HEAT[min(int(share * len(_HEAT)), len(_HEAT) - 1)]
    yield _group(shape.element, name.replace("\n", " "), kind)
    if isinstance(element, Event):
        yield from _event(shape, element, fill)
    elif isinstance(element, Gateway):
        yield from _gateway(shape, element, fill)
    elif isinstance(element, Activity):
        yield from _activity(shape, element, fill)
    elif isinstance(element, DataElement):
        yield from markers.data(shape, element, INK, fill)
        yield _text(name, shape.x + shape.width / 2, shape.y + shape.height + 3, 100)
    else:
        yield (
            f'<rect x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}" '
            f'fill="none" stroke="{FAINT}" stroke-dasharray="3 3"/>'
        )
    yield "</g>"


def _label(shape: Shape, name: str) -> str:
    """The name of an event or gateway, in its own box or else below."""
    if not name:
        return ""
    if shape.label is None:
        return _text(name, shape.x + shape.width / 2, shape.y + shape.height + 3, 96)
    x, y, width, _ = shape.label
    return _text(name, x + width / 2, y, max(width + 6, 60))


def _event(shape: Shape, event: Event, fill: str) -> Iterator[str]:
    cx, cy, radius = shape.x + shape.width / 2, shape.y + shape.height / 2, shape.width / 2
    heavy = 3 if event.type == "endEvent" else 1.4
    dashed = (
        ' stroke-dasharray="4 3"' if not event.interrupting and event.type in ("boundaryEvent", "startEvent") else ""
    )
    yield (
        f'<circle cx="{_n(cx)}" cy="{_n(cy)}" r="{_n(radius)}" fill="{fill}" stroke="{INK}" '
        f'stroke-width="{heavy}"{dashed}/>'
    )
    if event.type in ("intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"):
        yield (
            f'<circle cx="{_n(cx)}" cy="{_n(cy)}" r="{_n(radius - 3.5)}" fill="none" stroke="{INK}" '
            f'stroke-width="1.2"{dashed}/>'
        )
    thrown = event.type in ("endEvent", "intermediateThrowEvent")
    if len(event.definitions) > 1:
        yield markers.several(cx, cy, INK, thrown=thrown, parallel=event.parallel_multiple)
    elif event.definitions:
        yield markers.event(event.definitions[0].kind, cx, cy, INK, thrown=thrown)
    yield _label(shape, event.name)


def _gateway(shape: Shape, gateway: Gateway, fill: str) -> Iterator[str]:
    cx, cy = shape.x + shape.width / 2, shape.y + shape.height / 2
    right, bottom = shape.x + shape.width, shape.y + shape.height
    yield (
        f'<path d="M{_n(cx)} {_n(shape.y)} L{_n(right)} {_n(cy)} L{_n(cx)} {_n(bottom)} L{_n(shape.x)} {_n(cy)} z" '
        f'fill="{fill}" stroke="{INK}" stroke-width="1.6"/>'
    )
    yield markers.gateway(gateway.type, cx, cy, INK)
    yield _label(shape, gateway.name)


def _activity(shape: Shape, activity: Activity, fill: str) -> Iterator[str]:
    x, y, width, height = shape.x, shape.y, shape.width, shape.height
    called = activity.type == "callActivity"
    event_driven = isinstance(activity, SubProcess) and activity.triggered_by_event
    dashed = ' stroke-dasharray="2 3"' if event_driven else ""
    box = (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="9" fill="{fill}" '
        f'stroke="{INK}" stroke-width="{3.4 if called else 1.5}"{dashed}/>'
    )
    yield box
    if activity.type == "transaction":
        yield (
            f'<rect x="{_n(x + 3)}" y="{_n(y + 3)}" width="{_n(width - 6)}" height="{_n(height - 6)}" rx="7" '
            f'fill="none" stroke="{INK}"/>'
        )
    if isinstance(activity, SubProcess) and shape.expanded is not False:
        yield _text(activity.name, x + 12, y + 6, width - 24, most=1, anchor="start", bold=True)
    else:
        yield _text(
            activity.name,
            x + width / 2,
            y + height / 2 + 3,
            width - 10,
            middle=True,
            most=max(1, int((height - 18) // 14)),
        )
        yield markers.task(activity.type, x + 5, y + 4, INK)
    yield markers.bottom(activity, shape, INK)


def _edge(edge: Edge, element: object, prefix: str) -> Iterator[str]:
    if len(edge.points) < 2:
        return
    name = element.name if isinstance(element, SequenceFlow | MessageFlow) else ""
    sequence = isinstance(element, SequenceFlow)
    message = isinstance(element, MessageFlow)
    way = " ".join(f"{'M' if not index else 'L'}{_n(x)} {_n(y)}" for index, (x, y) in enumerate(edge.points))
    style = "" if sequence else ' stroke-dasharray="7 4"' if message else ' stroke-dasharray="1.5 4"'
    head = f' marker-end="url(#{escape(prefix)}-{"arrow" if sequence else "open"})"' if sequence or message else ""
    yield _group(edge.element, name, "sequenceFlow" if sequence else "messageFlow" if message else "association")
    yield f'<path d="{way}" fill="none" stroke="{INK}" stroke-width="1.3" stroke-linejoin="round"{style}{head}/>'
    if name:
        x, y = _middle(edge)
        if edge.label is not None:
            x, y = edge.label[0] + edge.label[2] / 2, edge.label[1]
        yield _text(name, x, y, max(edge.label[2] + 6 if edge.label else 96, 40))
    yield "</g>"


def _middle(edge: Edge) -> tuple[float, float]:
    (x0, y0), (x1, y1) = edge.points[0], edge.points[1]
    return (x0 + x1) / 2, (y0 + y1) / 2 - 16


def _flags(
    placed: Mapping[str, Shape],
    edges: Sequence[Edge],
    pins: Mapping[str, Sequence[str | int]],
    tokens: Mapping[str, int],
) -> Iterator[str]:
    """Pins at the upper right corner, token counts at the upper left one."""
    ways = {edge.element: edge for edge in edges}
    for element, numbers in pins.items():
        if element in placed:
            x, y = placed[element].x + placed[element].width - 4, placed[element].y
        elif element in ways:
            x, y = ways[element].points[len(ways[element].points) // 2]
        else:
            continue
        for index, number in enumerate(numbers):
            yield _flag(x - index * (2 * _PIN_RADIUS - 2), y, str(number), PIN, "pin", element)
    for element, count in tokens.items():
        if element in placed and count:
            yield _flag(placed[element].x + 4, placed[element].y, str(count), "#0b6e4f", "token", element)


def _flag(x: float, y: float, text: str, colour: str, kind: str, element: str) -> str:
    return (
        f'<g data-{kind}="{escape(text)}" data-for="{escape(element)}"><circle cx="{_n(x)}" cy="{_n(y)}" '
        f'r="{_n(_PIN_RADIUS)}" fill="{colour}" stroke="{PAPER}" stroke-width="1.5"/>'
        f'<text x="{_n(x)}" y="{_n(y + 3.8)}" text-anchor="middle" fill="{PAPER}" font-weight="700">'
        f"{escape(text)}</text></g>"
    )
