"""Namespaces and element names of BPMN 2.0.2, and small readers of attribute values.

Sets are those of the standard's `Semantic.xsd`; vendors' namespaces are the public ones of their modellers.
"""

from __future__ import annotations

import math
from typing import Final

from lxml import etree

from bpm.model.process import Expression

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
DI: Final = "http://www.omg.org/spec/DD/20100524/DI"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
LI: Final = "urn:lichtung:bpmn:1"
ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
CAMUNDA: Final = (
    "http://camunda.org/schema/1.0/bpmn",
    "http://operaton.org/schema/1.0/bpmn",
    "http://activiti.org/bpmn",
    "http://www.omg.org/spec/BPMN/20100524/MODEL/camunda",
)
"""Vocabularies with the same names and meanings: Camunda 7, Operaton, and Activiti, from which they come."""

EVENTS: Final = frozenset(
    [
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "implicitThrowEvent",
    ]
)
GATEWAYS: Final = frozenset(
    ["exclusiveGateway", "inclusiveGateway", "parallelGateway", "complexGateway", "eventBasedGateway"]
)
TASKS: Final = frozenset(
    [
        "task",
        "userTask",
        "manualTask",
        "scriptTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "choreographyTask",
    ]
)
SUB_PROCESSES: Final = frozenset(["subProcess", "transaction", "adHocSubProcess", "subChoreography"])
CALLS: Final = frozenset(["callActivity", "callChoreography"])
FLOW_NODES: Final = EVENTS | GATEWAYS | TASKS | SUB_PROCESSES | CALLS
CONTAINERS: Final = frozenset(["process", "choreography", "globalChoreographyTask"])
"""Root elements that may hold flow nodes."""
GLOBAL_TASKS: Final = frozenset(
    ["globalTask", "globalUserTask", "globalManualTask", "globalScriptTask", "globalBusinessRuleTask"]
)
DATA: Final = frozenset(["dataObject", "dataObjectReference", "dataStoreReference", "property"])


def bpmn(local: str) -> str:
    """Clark name in the BPMN namespace."""
    return f"{{{BPMN}}}{local}"


def local_name(element: etree._Element) -> str:
    """Local name of a BPMN element; the empty text for elements of other namespaces."""
    tag = str(element.tag)
    return tag[len(BPMN) + 2 :] if tag.startswith(f"{{{BPMN}}}") else ""


def line_of(element: etree._Element) -> int | None:
    """1-based line of the start tag."""
    line: int | None = element.sourceline  # type: ignore[assignment]  # the stubs know no int here
    return line


def text_of(element: etree._Element | None) -> str:
    """The element's own text, stripped; the empty text if there is no element."""
    return (element.text or "").strip() if element is not None else ""


def whole_text(element: etree._Element | None) -> str:
    """All text inside the element, stripped; the empty text if there is no element."""
    return "".join(str(part) for part in element.itertext()).strip() if element is not None else ""


def child(element: etree._Element, local: str) -> etree._Element | None:
    """First BPMN child element with this local name."""
    # iterchildren stays in C; find would interpret a path, and this is asked a dozen times a node
    return next(element.iterchildren(bpmn(local)), None)


def reference(value: str | None) -> str | None:
    """The id that a QName or IDREF names (ids are NCNames: what stands before a colon is a prefix)."""
    return value.strip().rpartition(":")[2] or None if value else None


def truth(value: str | None, default: bool = False) -> bool:
    """An xsd:boolean; anything else is the default."""
    return {"true": True, "1": True, "false": False, "0": False}.get((value or "").strip().lower(), default)


def number(value: str | None) -> float | None:
    """A finite decimal number, or None."""
    try:
        result = float(value) if value and len(value) <= 64 else math.nan
    except ValueError:
        return None
    return result if math.isfinite(result) else None


def whole(value: str | None) -> int | None:
    """An integer of at most 18 digits, or None."""
    text = (value or "").strip()
    return int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) <= 18 else None


def vendor(element: etree._Element, name: str) -> str | None:
    """An attribute of the Camunda family by its local name."""
    for namespace in CAMUNDA:
        value = element.get(f"{{{namespace}}}{name}")
        if value is not None:
            return value
    return None


def expression(text: str, declared: str | None, inherited: str | None, line: int | None) -> Expression:
    """An expression text with its language.

    The language is the one written at the expression; else `=` marks FEEL (the mark is taken off) and `${..}`/`#{..}`
    JUEL; else the one of the whole file if it is not FEEL; else FEEL.
    """
    stripped = text.strip()
    if declared and declared.strip():
        language = _language(declared)
        return Expression(
            stripped[1:].strip() if language == "feel" and stripped[:1] == "=" else stripped, language, line
        )
    if stripped.startswith("="):
        return Expression(stripped[1:].strip(), "feel", line)
    if "${" in stripped or "#{" in stripped:
        return Expression(stripped, "juel", line)
    return Expression(stripped, _language(inherited) if inherited else "feel", line)


def _language(uri: str) -> str:
    lowered = uri.strip().lower()
    if "feel" in lowered:
        return "feel"
    return "juel" if lowered in ("juel", "uel") else uri.strip()
