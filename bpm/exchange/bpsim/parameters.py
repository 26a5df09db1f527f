"""Scenarios of a BPSim block as plain values: every parameter by element, with what a scenario inherits.

Reading is free of order and prefix: real files break the schema's order, and sit at different places. A later block for
the same element overwrites parameter by parameter, so do scenarios that inherit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bpm.errors import ScenarioError
from bpm.model.reader import guard
from bpm.model.scenario import Note

VERSIONS = {"http://www.bpsim.org/schemas/1.0": "1.0", "http://www.bpsim.org/schemas/2.0": "2.0"}
GROUPS = (
    "TimeParameters", "ControlParameters", "ResourceParameters", "PriorityParameters", "CostParameters",
    "PropertyParameters",
)  # fmt: skip
TYPES = ("string", "boolean", "long", "double", "duration", "dateTime")
_ORDER = ("Start", "Duration", "Warmup", "PropertyParameters")


@dataclass(frozen=True, slots=True)
class GivenValue:
    """One value: its element's name, attributes, inner values (of a user distribution) and line."""

    kind: str
    attributes: dict[str, str]
    inner: tuple[GivenValue, ...] = ()
    line: int | None = None

    @property
    def valid_for(self) -> str | None:
        return self.attributes.get("validFor")


@dataclass(slots=True)
class ElementGiven:
    """Parameters of one element by name (`ProcessingTime`, `Property:name`, ...); `types` of its properties."""

    values: dict[str, tuple[GivenValue, ...]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class GivenScenario:
    """One scenario. `result` names the scenario whose results it holds; `attributes` are those of its parameters."""

    id: str
    name: str
    inherits: str | None
    result: str | None
    version: str
    attributes: dict[str, str] = field(default_factory=dict)
    whole: ElementGiven = field(default_factory=ElementGiven)
    elements: dict[str, ElementGiven] = field(default_factory=dict)
    calendars: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def find_scenarios(data: bytes, path: str) -> list[GivenScenario]:
    """Every scenario of a file, unresolved; empty if it holds no BPSim. Raises ModelError of the XML guard."""
    root = guard.parse(data, path, "bpmn")
    found = []
    for element in root.iter():
        if isinstance(element.tag, str):
            namespace, _, name = element.tag[1:].rpartition("}")
            if name == "Scenario" and namespace in VERSIONS:
                found.append(_scenario(element, VERSIONS[namespace]))
    return found


def resolved(scenarios: list[GivenScenario], wanted: GivenScenario, path: str) -> GivenScenario:
    """A scenario with everything it inherits. Raises ScenarioError `bpsim-inherits` for a missing or own parent."""
    chain, by_id = [wanted], {one.id: one for one in scenarios}
    while (parent := chain[-1].inherits) is not None:
        if parent not in by_id or by_id[parent] in chain:
            why = "is not in the file" if parent not in by_id else "inherits from itself"
            raise ScenarioError("bpsim-inherits", f"scenario {parent!r} {why}", path=path, element=wanted.id)
        chain.append(by_id[parent])
    whole = GivenScenario(wanted.id, wanted.name, None, wanted.result, wanted.version)
    for one in reversed(chain):
        whole.attributes |= one.attributes
        _merge(whole.whole, one.whole)
        for element, given in one.elements.items():
            _merge(whole.elements.setdefault(element, ElementGiven()), given)
        whole.calendars |= one.calendars
        whole.notes += one.notes
    return whole


def _merge(into: ElementGiven, given: ElementGiven) -> None:
    for name, values in given.values.items():
        if values or name not in into.values:  # a block that only asks for results leaves the value
            into.values[name] = values
    into.types |= given.types


def _scenario(element: Any, version: str) -> GivenScenario:
    found = GivenScenario(
        element.get("id", ""), element.get("name", ""), element.get("inherits"), element.get("result"), version
    )
    order = []
    for child in _children(element):
        local = _local(child)
        if local == "ScenarioParameters":
            found.attributes = {str(k): str(v) for k, v in child.attrib.items() if not str(k).startswith("{")}
            for part in _children(child):
                name = _local(part)
                order.append(name)
                if name == "PropertyParameters":
                    _properties(part, found.whole, found, None)
                else:
                    found.whole.values[name] = _values(part)
        elif local == "ElementParameters":
            _element(child, found)
        elif local == "Calendar":
            found.calendars[child.get("id", "")] = (child.get("name", ""), child.text or "")
        else:
            found.notes.append(Note(None, local, child.get("name"), None, "Herstellerangabe: ohne Wirkung"))
    if [name for name in _ORDER if name in order] != [name for name in order if name in _ORDER]:
        found.notes.append(Note(None, "ScenarioParameters", order, None, "Reihenfolge weicht vom Schema ab: gelesen"))
    return found


def _element(element: Any, found: GivenScenario) -> None:
    ref = element.get("elementRef", "")
    ref = ref.rpartition(":")[2] or ref
    given = found.elements.setdefault(ref, ElementGiven())
    order = []
    for group in _children(element):
        name = _local(group)
        if name not in GROUPS:
            why = "Unbekannte Angabe: mitgeführt, ohne Wirkung"
            found.notes.append(Note(ref or None, name, group.get("name"), None, why))
            continue
        order.append(GROUPS.index(name))
        if name == "PropertyParameters":
            _properties(group, given, found, ref)
            continue
        for parameter in _children(group):
            local, values = _local(parameter), _values(parameter)
            if values or local not in given.values:
                given.values[local] = values
    if order != sorted(order):
        found.notes.append(Note(ref, "ElementParameters", None, None, "Reihenfolge weicht vom Schema ab: gelesen"))


def _properties(group: Any, given: ElementGiven, found: GivenScenario, ref: str | None) -> None:
    for one in _children(group):
        if _local(one) != "Property":
            given.values.setdefault(_local(one), _values(one))
            continue
        name, kind = one.get("name", ""), one.get("type", "")
        if kind and kind not in TYPES:
            used = "long" if kind in ("int", "integer", "Integer") else "string"
            found.notes.append(Note(ref, f"Property {name}", kind, used, "Typ steht nicht im Schema"))
            kind = used
        if kind:
            given.types[name] = kind
        given.values[f"Property:{name}"] = _values(one)


def _values(parameter: Any) -> tuple[GivenValue, ...]:
    return tuple(_value(one) for one in _children(parameter) if _local(one) != "ResultRequest")


def _value(element: Any) -> GivenValue:
    attributes = {str(k): str(v) for k, v in element.attrib.items() if not str(k).startswith("{")}
    if "value" not in attributes and (element.text or "").strip():
        attributes["value"] = (element.text or "").strip()
    inner = tuple(_value(one) for one in _children(element))
    return GivenValue(_local(element), attributes, inner, getattr(element, "sourceline", None))


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Any) -> Iterator[Any]:
    return (child for child in element if isinstance(child.tag, str))
