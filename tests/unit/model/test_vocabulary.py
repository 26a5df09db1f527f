"""The schema of our extension vocabulary, and whether our own procedures keep to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

PROCESSES = Path(__file__).resolve().parents[3] / "processes"
LI = "{urn:lichtung:bpmn:1}"
SCHEMA = etree.XMLSchema(etree.parse(str(PROCESSES / "lichtung-bpmn.xsd")))
MODELS = sorted([*PROCESSES.rglob("*.bpmn"), *PROCESSES.rglob("*.dmn")])
NAMES = frozenset(["step", "reads", "writes", "deletes", "document", "legalBasis", "deadline", "handover"])


def problems(data: bytes) -> list[str]:
    """What the schema says of each of our elements in a file, with its line."""
    found = []
    for element in etree.fromstring(data).iter(f"{LI}*"):
        alone = etree.fromstring(etree.tostring(element, with_tail=False))
        if not SCHEMA.validate(alone):
            found.append(f"line {element.sourceline}: {SCHEMA.error_log[0].message}")
    return found


@pytest.mark.parametrize("path", MODELS, ids=[str(path.relative_to(PROCESSES)) for path in MODELS])
def test_our_procedures_keep_to_the_schema(path: Path) -> None:
    assert problems(path.read_bytes()) == []


@pytest.mark.parametrize(
    "element",
    [
        '<li:step channel="paper" minutes="12.5" wageGroup="gehobener Dienst" known="table" on="2025-01"/>',
        '<li:writes item="zone" from="register:Melderegister"/>',
        '<li:legalBasis citation="§ 45 StVO" organ="bund" force="may" delegated="true" validFrom="2024-01-01"/>',
        '<li:deadline starts="Antrag vollständig" length="P3M" countedBy="BGB 187-193"/>',
        "<li:step/>",
    ],
)
def test_what_the_vocabulary_knows_is_valid(element: str) -> None:
    assert problems(f'<x xmlns:li="urn:lichtung:bpmn:1">{element}</x>'.encode()) == []


@pytest.mark.parametrize(
    "element",
    [
        '<li:step channel="fax"/>',
        '<li:step minutes="-1"/>',
        '<li:step minutes="zwölf"/>',
        '<li:step minuten="3"/>',
        "<li:reads/>",
        '<li:writes item="x" from="somewhere"/>',
        '<li:legalBasis citation="x" organ="pope"/>',
        '<li:deadline length="90 Tage"/>',
        '<li:deadline length="P"/>',
        '<li:step known="guessed"/>',
        "<li:schritt/>",
    ],
)
def test_what_it_does_not_know_is_named(element: str) -> None:
    assert problems(f'<x xmlns:li="urn:lichtung:bpmn:1">{element}</x>'.encode())


def test_the_schema_and_the_reader_know_the_same_elements() -> None:
    source = (PROCESSES.parent / "bpm" / "model" / "reader" / "facts.py").read_text("utf-8")
    assert all(f'"{name}")' in source for name in NAMES)
    declared = etree.parse(str(PROCESSES / "lichtung-bpmn.xsd")).iterfind("{http://www.w3.org/2001/XMLSchema}element")
    assert {element.get("name") for element in declared} == NAMES
