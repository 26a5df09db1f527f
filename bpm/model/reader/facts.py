"""What a city records about an element: the vocabulary `urn:lichtung:bpmn:1`, and extension elements as plain data.

Numbers that do not parse stay unrecorded here and are reported by the caller: a figure is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType

from lxml import etree

from bpm.model.process import (
    NO_ATTRIBUTES,
    NO_FACTS,
    DataUse,
    Deadline,
    Document,
    Extension,
    Facts,
    Known,
    LegalBasis,
    StepFacts,
)
from bpm.model.reader.names import LI, line_of, number, truth

Report = Callable[[str, str, int | None], None]
"""Takes code, message and line of something written that means nothing."""


def read_extensions(holder: etree._Element | None) -> tuple[Extension, ...]:
    """Every element inside an `extensionElements`, whole."""
    return tuple(_extension(element) for element in holder) if holder is not None else ()


def _extension(root: etree._Element) -> Extension:
    # depth is bounded by the guard, so recursion is too
    attributes = {str(name): str(value) for name, value in root.attrib.items()}
    return Extension(
        name=str(root.tag),
        attributes=MappingProxyType(attributes) if attributes else NO_ATTRIBUTES,
        text=(root.text or "").strip(),
        children=tuple(_extension(element) for element in root),
    )


def read_facts(holder: etree._Element | None, element: str, report: Report) -> Facts:
    """Our own vocabulary inside an `extensionElements` of `element`."""
    own = [child for child in holder if str(child.tag).startswith(f"{{{LI}}}")] if holder is not None else []
    if not own:
        return NO_FACTS
    steps = [child for child in own if _is(child, "step")]
    if len(steps) > 1:
        report("li-step-twice", "more than one li:step at one element; the first counts", line_of(steps[1]))
    return Facts(
        step=_step(steps[0], report) if steps else None,
        reads=tuple(DataUse(child.get("item", ""), None, line_of(child)) for child in own if _is(child, "reads")),
        writes=tuple(
            DataUse(child.get("item", ""), child.get("from"), line_of(child)) for child in own if _is(child, "writes")
        ),
        deletes=tuple(DataUse(child.get("item", ""), None, line_of(child)) for child in own if _is(child, "deletes")),
        documents=tuple(
            Document(child.get("name", ""), child.get("heldBy"), line_of(child))
            for child in own
            if _is(child, "document")
        ),
        legal_bases=read_legal_bases(own, report),
        deadlines=tuple(_deadline(child, element, report) for child in own if _is(child, "deadline")),
    )


def read_legal_bases(elements: Iterable[etree._Element] | None, report: Report) -> tuple[LegalBasis, ...]:
    """Every `li:legalBasis` among these elements (as children of an extensionElements, also in DMN)."""
    return tuple(
        LegalBasis(
            citation=child.get("citation", ""),
            organ=child.get("organ"),
            force=child.get("force"),
            delegated=None if child.get("delegated") is None else truth(child.get("delegated")),
            valid_from=child.get("validFrom"),
            valid_to=child.get("validTo"),
            demands=child.get("demands"),
            known=_known(child, report),
            line=line_of(child),
        )
        for child in (() if elements is None else elements)
        if _is(child, "legalBasis")
    )


def read_handover(elements: Iterable[etree._Element] | None) -> str | None:
    """The role an `li:handover` among these elements names (empty: none named); None if there is no such element."""
    found = (child for child in (() if elements is None else elements) if _is(child, "handover"))
    return next((child.get("to", "") for child in found), None)


def _is(element: etree._Element, local: str) -> bool:
    return element.tag == f"{{{LI}}}{local}"


def _step(element: etree._Element, report: Report) -> StepFacts:
    return StepFacts(
        channel=element.get("channel"),
        minutes=_figure(element, "minutes", report),
        wage_group=element.get("wageGroup"),
        citizen_minutes=_figure(element, "citizenMinutes", report),
        business_minutes=_figure(element, "businessMinutes", report),
        principles=tuple(element.get("principles", "").replace(",", " ").split()),
        protected=element.get("protected"),
        known=_known(element, report),
        line=line_of(element),
    )


def _deadline(element: etree._Element, holder: str, report: Report) -> Deadline:
    return Deadline(
        element=holder,
        starts=element.get("starts"),
        length=element.get("length"),
        suspends=element.get("suspends"),
        extends=element.get("extends"),
        consequence=element.get("consequence"),
        counted_by=element.get("countedBy"),
        known=_known(element, report),
        line=line_of(element),
    )


def _known(element: etree._Element, report: Report) -> Known | None:
    how = element.get("known")
    if how is None:
        return None
    if how not in ("measured", "table", "estimated", "assumed"):
        report("li-known", f"known={how[:40]!r} is none of measured, table, estimated, assumed", line_of(element))
    return Known(
        how=how,
        by=element.get("by"),
        on=element.get("on"),
        source=element.get("source"),
        low=_figure(element, "low", report),
        high=_figure(element, "high", report),
    )


def _figure(element: etree._Element, name: str, report: Report) -> float | None:
    text = element.get(name)
    value = number(text)
    if text is not None and (value is None or value < 0):
        report("li-number", f"{name}={text[:40]!r} is not a number of at least 0", line_of(element))
        return None
    return value
