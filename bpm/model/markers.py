"""The small signs of BPMN: what kind of task, event, gateway or data an element is. Each function returns SVG text."""

from __future__ import annotations

from collections.abc import Iterator

from bpm.model.process import Activity, DataElement, Shape, SubProcess

_TASKS = {
    "userTask": '<circle cx="8" cy="5" r="3"/><path d="M2 15 v-3 c0-3 3-4 6-4 s6 1 6 4 v3 z"/>',
    "manualTask": (
        '<path d="M2 8 h6 M2 8 c0-3 2-4 4-4 h4 M8 8 h6 v2 h-5 M9 10 h4 v2 h-4 M9 12 h3 v2 h-6 c-2 0-4-1-4-4 v-2"/>'
    ),
    "serviceTask": (
        '<circle cx="8" cy="8" r="2.3"/><path d="M8 2 v2.2 M8 11.8 v2.2 M2 8 h2.2 M11.8 8 h2.2 '
        'M3.8 3.8 l1.5 1.5 M10.7 10.7 l1.5 1.5 M12.2 3.8 l-1.5 1.5 M5.3 10.7 l-1.5 1.5"/>'
        '<circle cx="8" cy="8" r="4.4"/>'
    ),
    "businessRuleTask": '<path d="M1 3 h14 v10 h-14 z M1 6 h14 M1 9.5 h14 M5.5 6 v7"/>',
    "scriptTask": '<path d="M4 2 h9 c-3 3 3 8 0 12 h-9 c3-4-3-9 0-12 z M5 5 h5 M5.5 8 h5 M6 11 h5"/>',
    "receiveTask": '<path d="M1 3.5 h14 v9 h-14 z M1 3.5 l7 5 l7-5"/>',
}


def task(kind: str, x: float, y: float, ink: str) -> str:
    """The type marker in the upper left corner of a task, 16 pixels wide; nothing for plain tasks."""
    if kind == "sendTask":
        inner = f'<path d="M1 3.5 h14 l-7 5 z" fill="{ink}"/><path d="M1 5 v7.5 h14 v-7.5 l-7 5 z" fill="{ink}"/>'
    elif kind in _TASKS:
        inner = _TASKS[kind]
    else:
        return ""
    return f'<g transform="translate({x:.1f} {y:.1f})" fill="none" stroke="{ink}" stroke-width="1.1">{inner}</g>'


def gateway(kind: str, cx: float, cy: float, ink: str) -> str:
    """X, +, O, pentagon in a ring or asterisk, about the centre."""
    if kind == "exclusiveGateway":
        inner = '<path d="M-7 -8 L7 8 M7 -8 L-7 8" stroke-width="3"/>'
    elif kind == "parallelGateway":
        inner = '<path d="M0 -11 V11 M-11 0 H11" stroke-width="3"/>'
    elif kind == "inclusiveGateway":
        inner = '<circle r="10.5" stroke-width="2.6"/>'
    elif kind == "eventBasedGateway":
        inner = '<circle r="13"/><circle r="10.5"/><path d="M0 -6.5 L6.5 -1.5 L4 6 H-4 L-6.5 -1.5 z"/>'
    else:
        inner = '<path d="M0 -11 V11 M-11 0 H11 M-8 -8 L8 8 M8 -8 L-8 8" stroke-width="2.6"/>'
    return f'<g transform="translate({cx:.1f} {cy:.1f})" fill="none" stroke="{ink}" stroke-width="1.1">{inner}</g>'


_EVENTS = {
    "message": "M-8 -5.5 H8 V5.5 H-8 z M-8 -5.5 L0 1 L8 -5.5",
    "error": "M-7 7 L-3 -6 L2 2 L7 -7 L3.5 6 L-1.5 -1 z",
    "signal": "M0 -8 L8 6 H-8 z",
    "escalation": "M0 -8 L6 8 L0 2 L-6 8 z",
    "conditional": "M-6 -7.5 H6 V7.5 H-6 z M-4 -4 H4 M-4 -1 H4 M-4 2 H4 M-4 5 H4",
    "link": "M-7 -3 H1 V-7 L8 0 L1 7 V3 H-7 z",
    "compensate": "M-9 0 L-1 -6 V6 z M-1 0 L7 -6 V6 z",
    "cancel": "M-7 -5 L-5 -7 L0 -2 L5 -7 L7 -5 L2 0 L7 5 L5 7 L0 2 L-5 7 L-7 5 L-2 0 z",
}


def event(kind: str, cx: float, cy: float, ink: str, *, thrown: bool) -> str:
    """The sign of one event definition; filled when the event throws."""
    fill = ink if thrown else "none"
    if kind == "timer":
        hands = '<path d="M0 -6 V0 L4.5 2.5" fill="none"/><path d="M0 -9 V-7.4 M0 7.4 V9 M-9 0 H-7.4 M7.4 0 H9"/>'
        inner = '<circle r="9" fill="none"/>' + hands
    elif kind == "terminate":
        inner = f'<circle r="10" fill="{ink}"/>'
    elif kind == "message" and thrown:
        inner = f'<path d="M-8 -5.5 H8 L0 1 z M-8 -4 L0 2.6 L8 -4 V5.5 H-8 z" fill="{ink}" stroke="none"/>'
    else:
        inner = f'<path d="{_EVENTS.get(kind, "")}" fill="{fill}"/>'
    return f'<g transform="translate({cx:.1f} {cy:.1f})" stroke="{ink}" stroke-width="1.1">{inner}</g>'


def several(cx: float, cy: float, ink: str, *, thrown: bool, parallel: bool) -> str:
    """A pentagon (one of several) or a cross (all of them)."""
    way = (
        "M-2.5 -8 H2.5 V-2.5 H8 V2.5 H2.5 V8 H-2.5 V2.5 H-8 V-2.5 H-2.5 z"
        if parallel
        else "M0 -8 L8 -2 L5 7 H-5 L-8 -2 z"
    )
    return (
        f'<path transform="translate({cx:.1f} {cy:.1f})" d="{way}" fill="{ink if thrown else "none"}" stroke="{ink}"/>'
    )


def bottom(activity: Activity, shape: Shape, ink: str) -> str:
    """Loop, multi-instance, compensation, ad-hoc and collapsed signs, in a row at the lower border."""
    signs: list[str] = []
    if activity.loop is not None:
        signs.append(
            {
                "parallel": '<path d="M-4 -5 V5 M0 -5 V5 M4 -5 V5" stroke-width="2.2"/>',
                "sequential": '<path d="M-5 -4 H5 M-5 0 H5 M-5 4 H5" stroke-width="2.2"/>',
            }.get(activity.loop.kind, '<path d="M-2 5 A5.5 5.5 0 1 1 3 4.5 M-2 5 v-4 M-2 5 h-4" fill="none"/>')
        )
    if activity.for_compensation:
        signs.append('<path d="M-6 0 L0 -4 V4 z M0 0 L6 -4 V4 z" fill="none"/>')
    if activity.type == "adHocSubProcess":
        signs.append('<path d="M-6 2 C-4 -5 -1 -1 0 0 S4 5 6 -2" fill="none" stroke-width="2"/>')
    if isinstance(activity, SubProcess) and shape.expanded is False:
        signs.append('<path d="M-6 -6 H6 V6 H-6 z M0 -3.5 V3.5 M-3.5 0 H3.5" fill="none"/>')
    middle, y = shape.x + shape.width / 2, shape.y + shape.height - 9
    placed = [
        f'<g transform="translate({middle + (index - (len(signs) - 1) / 2) * 16:.1f} {y:.1f})" '
        f'stroke="{ink}">{sign}</g>'
        for index, sign in enumerate(signs)
    ]
    return "".join(placed)


def data(shape: Shape, element: DataElement, ink: str, fill: str) -> Iterator[str]:
    """A sheet with a folded corner, or a drum for a data store."""
    x, y, width, height = shape.x, shape.y, shape.width, shape.height
    if element.type == "dataStoreReference":
        rim = min(height / 5, 10)
        yield (
            f'<path d="M{x:.1f} {y + rim:.1f} a{width / 2:.1f} {rim:.1f} 0 0 1 {width:.1f} 0 v{height - 2 * rim:.1f} '
            f'a{width / 2:.1f} {rim:.1f} 0 0 1 {-width:.1f} 0 z m0 0 a{width / 2:.1f} {rim:.1f} 0 0 0 {width:.1f} 0" '
            f'fill="{fill}" stroke="{ink}"/>'
        )
        return
    fold = min(width, height) / 4
    yield (
        f'<path d="M{x:.1f} {y:.1f} h{width - fold:.1f} l{fold:.1f} {fold:.1f} v{height - fold:.1f} h{-width:.1f} z '
        f'm{width - fold:.1f} 0 v{fold:.1f} h{fold:.1f}" fill="{fill}" stroke="{ink}"/>'
    )
    if element.collection:
        start = f"M{x + width / 2 - 4:.1f} {y + height - 11:.1f}"
        yield f'<path d="{start} v8 m4 -8 v8 m4 -8 v8" stroke="{ink}" stroke-width="2"/>'
