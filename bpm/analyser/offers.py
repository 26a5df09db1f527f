"""What the forms of a procedure offer for a variable: the values that people can choose or type in.

Where forms alone write a variable, what they offer bounds what can come into a table. Every step that might write it
otherwise (a service or a message that does not say what it writes, too) makes that unknown, and nothing is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from math import floor
from typing import Any

from bpm.analyser.boxes import Boxes, Column, column
from bpm.analyser.given import Given, TableAt
from bpm.analyser.tables import Geometry, NotBoxes, agree, declared_input
from bpm.errors import FeelError, ModelError
from bpm.feel import from_json, ranges
from bpm.feel.ranges import Interval, Region
from bpm.model.decision import InputClause
from bpm.model.form import Field, Form
from bpm.model.process import (
    Activity,
    BusinessRuleTask,
    CallActivity,
    Event,
    FlowNode,
    ScriptTask,
    ServiceTask,
    UserTask,
)

COMPARED = {"number", "integer", "string", "boolean"}
"""Kinds an answer of a form has by itself; a date is a text until its declared type is known."""

FORM_KEY = ("formKey", "formRef", "formId")


@dataclass(frozen=True, slots=True)
class Offer:
    """One field of a form: where it stands, the kind of its answers (empty: not known here) and the values it lets
    pass (None: any, or more than a region can say)."""

    element: str
    element_name: str
    form: str
    field: Field
    kind: str
    region: Region | None

    @property
    def listed(self) -> tuple[Any, ...]:
        """The values of a choice, as the case gets them; nothing for a field to type into."""
        return tuple(_value(option.value) for option in self.field.options or ())


@dataclass(frozen=True, slots=True)
class Unruled:
    """Values of a choice that a table has no rule for but one (0-based) that hands over to a person."""

    at: TableAt
    rule: int
    offer: Offer
    values: tuple[Any, ...]


def find_offers(given: Given) -> Mapping[str, tuple[Offer, ...]]:
    """Offers by variable, in the order of the model; forms that cannot be read offer nothing here."""
    found: dict[str, list[Offer]] = {}
    for node, key in _asking(given):
        schema = given.procedure.form(key)
        if schema is None:
            continue
        try:
            fields = Form.parse(schema, key).fields
        except ModelError:
            continue
        for field in fields:
            if not field.disabled:
                kind, region = _meaning(field)
                found.setdefault(field.key, []).append(Offer(node.id, node.name or node.id, key, field, kind, region))
    return {variable: tuple(entries) for variable, entries in found.items()}


def bounded(given: Given, variable: str) -> Region | None:
    """The values that forms let into a variable; None if anything else may write it, or they let in more than that."""
    offers = given.offers.get(variable, ())
    asking = {offer.element for offer in offers}
    if not offers or any(offer.region is None for offer in offers) or len({offer.kind for offer in offers}) > 1:
        return None
    if any(_may_write(node, variable) for node in _nodes(given) if node.id not in asking):
        return None
    region = ranges.NOTHING
    for offer in offers:
        region = ranges.union(region, offer.region or ranges.NOTHING)
    return region


def as_offered(given: Given, shape: Geometry) -> Geometry:
    """The table for the values that forms let in; itself where no column is bounded by forms alone."""
    columns = []
    for entry in shape.boxes.columns:
        region = bounded(given, entry.expression)
        kinds = {offer.kind for offer in given.offers.get(entry.expression, ())}
        if region is None or entry.kind not in {"", *(ranges.kind_of(value) for value in region.values())}:
            columns.append(entry)
            continue
        cells = [
            Region(entry.region(mask & entry.values).intervals if mask & entry.values else (), bool(mask & entry.null))
            for mask in entry.masks
        ]
        domain = ranges.intersection(entry.domain(), region)
        kind = "integer" if "integer" in kinds or entry.kind == "integer" else entry.kind
        columns.append(column(entry.expression, kind, cells, domain=domain, with_null=bool(entry.null)))
    same = all(one is other for one, other in zip(columns, shape.boxes.columns, strict=True))
    return shape if same else replace(shape, boxes=Boxes(tuple(columns), shape.boxes.count))


def unfit(given: Given, at: TableAt, clause: InputClause) -> Iterator[tuple[Offer, str, str]]:
    """Offers for an input that its column cannot take: the offer, `type` or `outside`, and what is wrong of it."""
    kind, allowed = declared_input(at.model, clause)
    for offer in given.offers.get(clause.expression.strip(), ()):
        if kind in COMPARED and offer.kind in COMPARED and not agree(kind, offer.kind):
            if not (kind == "integer" and offer.kind == "number"):
                yield offer, "type", offer.kind
        elif allowed is not None and offer.region is not None and offer.kind:
            found = _stated(offer, allowed)
            if found is None or any(not agree(offer.kind, ranges.kind_of(value)) for value in allowed.values()):
                continue
            rest = ranges.intersection(found, ranges.complement(allowed)).intervals
            if offer.kind == "integer":
                rest = tuple(entry for entry in rest if _holds_a_whole_number(entry))
            if rest:
                yield offer, "outside", ranges.to_text(Region(rest))


def _stated(offer: Offer, allowed: Region) -> Region | None:
    """What a field says of its values; a limit it does not state is taken to be the one allowed."""
    field, bounds = offer.field, list(allowed.values())
    if field.type != "number" or offer.region is None:
        return offer.region
    if (field.least is None and field.most is None) or not bounds:
        return None
    low = min(bounds) if field.least is None else _value(field.least)
    high = max(bounds) if field.most is None else _value(field.most)
    return Region((Interval(low, high, field.least is not None, field.most is not None),))


def _holds_a_whole_number(entry: Interval) -> bool:
    if entry.low is None or entry.high is None:
        return True
    return any(entry.contains(value) for value in (Decimal(floor(entry.low)), Decimal(floor(entry.low) + 1)))


def unruled(given: Given) -> Iterator[Unruled]:
    """Figures that a choice offers and that a table with one deciding row hands over to a person, while rows that
    decide meet other values of the same choice, by themselves or in a range."""
    for at, shape in given.geometries:
        if isinstance(shape, NotBoxes) or at.table.hit_policy not in {"UNIQUE", "FIRST", "ANY"}:
            continue
        handing = [number for number, rule in enumerate(at.table.rules) if rule.handover is not None]
        for entry in shape.boxes.columns if handing else ():
            for offer in given.offers.get(entry.expression, ()):
                if offer.kind == "number" and len(offer.listed) > 1 and entry.kind in {"number", "integer"}:
                    yield from _unruled(at, entry, handing, offer)


def _unruled(at: TableAt, entry: Column, handing: list[int], offer: Offer) -> Iterator[Unruled]:
    clauses = [" ".join(clause.expression.split()) for clause in at.table.inputs]
    position = clauses.index(entry.expression)
    alone: dict[int, list[Any]] = {}
    settled = False
    for value in offer.listed:
        meeting = [
            number
            for number in range(len(at.table.rules))
            if any(it.contains(value) for it in entry.region(entry.masks[number]).intervals)
        ]
        settled = settled or any(number not in handing for number in meeting)
        if meeting and all(number in handing for number in meeting):
            named = any(at.table.rules[number].inputs[position].strip() not in {"", "-"} for number in meeting)
            if not named:
                alone.setdefault(meeting[0], []).append(value)
    for rule, values in alone.items() if settled else ():
        yield Unruled(at, rule, offer, tuple(values))


def _nodes(given: Given) -> Iterator[FlowNode]:
    for process in given.processes:
        yield from process.nodes


def _asking(given: Given) -> Iterator[tuple[FlowNode, str]]:
    """Nodes with a form, and its key."""
    for node in _nodes(given):
        if isinstance(node, UserTask) and node.form:
            yield node, node.form
        elif isinstance(node, Event) and node.type == "startEvent":
            keys = [value for name, value in node.attributes.items() if name.rpartition("}")[2] in FORM_KEY]
            if keys:
                yield node, keys[0]


def _may_write(node: FlowNode, variable: str) -> bool:
    if any(use.item == variable for use in node.facts.writes):
        return True
    if isinstance(node, (BusinessRuleTask, ScriptTask)) and node.result_variable == variable:
        return True
    if isinstance(node, Activity) and any(it.target == variable or it.all_variables for it in node.outputs):
        return True
    loop = node.loop if isinstance(node, Activity) else None
    if loop is not None and variable in (loop.element_variable, loop.output_collection):
        return True
    silent = not node.facts.writes and not (isinstance(node, Activity) and node.outputs)
    if isinstance(node, Event):
        return silent and node.type != "endEvent" and any(it.kind in ("message", "signal") for it in node.definitions)
    if isinstance(node, UserTask):
        return silent and not node.form  # whoever completes it may hand in anything
    return silent and isinstance(node, (ServiceTask, ScriptTask, CallActivity)) and node.type != "sendTask"


def _meaning(field: Field) -> tuple[str, Region | None]:
    """The kind of a field's answers and what it lets pass."""
    if field.type in {"select", "radio"} and field.options:
        try:
            values = [_value(option.value) for option in field.options]
            kinds = {ranges.kind_of(value) for value in values}
        except (FeelError, TypeError):
            return "", None
        if len(kinds) != 1:
            return "", None
        region = ranges.NOTHING
        for value in values:
            region = ranges.union(region, Region((Interval(value, value, True, True),)))
        return kinds.pop(), region
    if field.type == "number":
        low, high = (None if end is None else _value(end) for end in (field.least, field.most))
        kind = "integer" if field.digits == 0 else "number"
        return kind, Region((Interval(low, high, low is not None, high is not None),))
    if field.type == "checkbox":
        return "boolean", None
    return ("string", None) if field.type in {"textfield", "textarea"} else ("", None)


def _value(value: Any) -> Any:
    return from_json(int(value) if isinstance(value, float) and value == int(value) else value)
