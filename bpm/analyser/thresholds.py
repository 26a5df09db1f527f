"""Where the tables and conditions of a procedure cut a quantity in two, and whether they cut it alike.

A cut is a value and the side it belongs to: `< 500` and `>= 500` put 500 into the upper part, `<= 500` and `> 500` into
the lower one. On a discrete scale (whole numbers, days, months) `<= 5` and `< 6` are the same cut. A single value asked
for by itself (`= 12`) is no cut.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import floor
from typing import Any

from bpm.analyser.boxes import DISCRETE, Column
from bpm.analyser.examples import as_json
from bpm.analyser.given import Given, TableAt
from bpm.analyser.rivals import rivals
from bpm.analyser.tables import Geometry, NotBoxes, path_of
from bpm.errors import FeelError
from bpm.feel import parse_expression, ranges
from bpm.feel.ranges import MIRRORED
from bpm.feel.syntax.tree import Between, Comparison, In, Node, Range, Test
from bpm.feel.syntax.walk import children
from bpm.feel.temporal import YearsMonthsDuration
from bpm.model.process import SequenceFlow

UNORDERED = {"", "string", "boolean", "other"}


MOST_TABLE_PAIRS = 1_000
"""Tables of two procedures laid side by side because of an item of the registers."""


@dataclass(frozen=True, slots=True)
class Cut:
    """`upper` tells whether the value itself belongs to the part above the cut."""

    value: Any
    upper: bool

    def texts(self) -> dict[str, str]:
        """Both parts in words by language."""
        value = as_json(self.value)
        if self.upper:
            return {"de": f"unter {value} / ab {value}", "en": f"below {value} / from {value} on"}
        return {"de": f"bis {value} / über {value}", "en": f"up to {value} / over {value}"}


@dataclass(frozen=True, slots=True)
class Place:
    """A table or a condition that cuts a quantity; `cuts` by the 1-based rules that make them (a condition: none)."""

    id: str
    name: str
    path: str
    line: int | None
    quantity: str
    kind: str
    cuts: Mapping[Cut, tuple[int, ...]]
    at: TableAt | None = field(default=None, compare=False)


def places(given: Given) -> dict[str, list[Place]]:
    """Every place that cuts a quantity which others cut too, by quantity, tables first, in the order of the files."""
    guards = list(_guards(given))
    asked = Counter(guard.quantity for guard in guards)
    for _, shape in given.geometries:
        if not isinstance(shape, NotBoxes):
            asked.update(entry.expression for entry in shape.boxes.columns)
    found: dict[str, list[Place]] = {}
    for place in (*_tables(given, asked), *guards):
        if place.cuts:
            found.setdefault(place.quantity, []).append(place)
    return found


def canonical(cut: Cut, kind: str) -> Cut:
    """On a discrete scale the cut below the next value instead of the one above the value."""
    if kind not in DISCRETE:
        return cut
    if kind == "integer":
        value = floor(cut.value)
        return Cut(value if cut.upper and value == cut.value else value + 1, True)
    if cut.upper:
        return cut
    if kind == "date":
        last = cut.value == datetime.date.max
        return cut if last else Cut(cut.value + datetime.timedelta(days=1), True)
    return Cut(YearsMonthsDuration(cut.value.months + 1), True)


def _tables(given: Given, asked: Mapping[str, int]) -> Iterator[Place]:
    for _, shape in given.geometries:
        if isinstance(shape, NotBoxes):
            continue
        for entry in shape.boxes.columns:
            if entry.kind not in UNORDERED and asked[entry.expression] >= 2:
                yield _place(shape, entry)


def _place(shape: Geometry, entry: Column) -> Place:
    at = shape.at
    cuts: dict[Cut, list[int]] = {}
    for rule in range(shape.boxes.count):
        if not shape.boxes.is_empty(rule):
            for cut in _cuts_of(entry, entry.masks[rule]):
                cuts.setdefault(cut, []).append(rule + 1)
    made = {cut: tuple(rules) for cut, rules in cuts.items()}
    return Place(at.owner, at.name, at.model.path, at.table.line, entry.expression, entry.kind, made, at)


def _shapes(given: Given) -> Iterator[Geometry]:
    return (shape for _, shape in given.geometries if isinstance(shape, Geometry))


def _looks_at(shape: Geometry, items: set[str]) -> bool:
    return any(entry.expression in items for entry in shape.boxes.columns)


def shared_places(given: Given) -> Iterator[tuple[Place, Place, Given]]:
    """Pairs of tables of this procedure and a neighbour that state one fact, or cut an item of the city's registers,
    and the quantities both cut."""
    seen: set[tuple[int, int, str]] = set()
    pairs = [(it.first.shape, it.second.shape, it.other, False) for it in rivals(given) if it.other is not None]
    for other in given.neighbours:
        items = {*given.registers, *other.registers}
        ours, theirs = ([shape for shape in _shapes(it) if _looks_at(shape, items)] for it in (given, other))
        pairs += [(one, two, other, True) for one in ours for two in theirs][:MOST_TABLE_PAIRS]
    for one, two, other, registered in pairs:
        items = {*given.registers, *other.registers}
        columns = {entry.expression: entry for entry in two.boxes.columns}
        for entry in one.boxes.columns:
            key = (id(one), id(two), entry.expression)
            twin = columns.get(entry.expression)
            if twin is None or key in seen or entry.kind in UNORDERED or twin.kind in UNORDERED:
                continue
            if registered and entry.expression not in items:
                continue
            seen.add(key)
            first, second = _place(one, entry), _place(two, twin)
            if first.cuts and second.cuts:
                yield first, second, other


def _cuts_of(entry: Column, mask: int) -> Iterator[Cut]:
    """Where a cell's values start and end inside the domain; single values, asked for or left out, are no cuts."""
    held = mask & entry.values
    outside = entry.values & ~held
    runs = list(_runs(held, outside)) if held and outside else []
    holes = [_single(outside & _between(left[1], right[0])) for left, right in pairwise(runs)]
    for number, (start, end) in enumerate(runs):
        if start == end and start % 2 == 1:
            continue
        below, above = outside & ((1 << start) - 1), outside >> end
        if below and not (number and holes[number - 1]):
            yield _cut(entry, below.bit_length() - 1, start)
        if above and not (number < len(holes) and holes[number]):
            yield _cut(entry, end, end + (above & -above).bit_length() - 1)


def _runs(held: int, outside: int) -> Iterator[tuple[int, int]]:
    """First and last atom of every run of held atoms that no other existing atom interrupts."""
    while held:
        start = (held & -held).bit_length() - 1
        after = outside >> start
        stop = start + (after & -after).bit_length() - 1 if after else held.bit_length()
        run = held & ((1 << stop) - 1)
        yield start, run.bit_length() - 1
        held &= ~run


def _between(low: int, high: int) -> int:
    return (1 << high) - (1 << (low + 1))


def _single(mask: int) -> bool:
    """Whether these atoms are one bound alone."""
    return mask & (mask - 1) == 0 and mask.bit_length() % 2 == 0


def _cut(entry: Column, below: int, above: int) -> Cut:
    """The cut between two neighbouring atoms; a bound is an odd one."""
    return Cut(entry.bounds[above // 2], True) if above % 2 else Cut(entry.bounds[below // 2], False)


def _guards(given: Given) -> Iterator[Place]:
    """The conditions behind one gateway are one place: together they part the quantity."""
    for process in given.processes:
        names = {node.id: node.name or node.id for node in process.nodes}
        lines = {node.id: node.line for node in process.nodes}
        found: dict[tuple[str, str, str], dict[Cut, tuple[int, ...]]] = {}
        for flow in process.flows:
            for quantity, cut in _conditions(flow):
                found.setdefault((flow.source, quantity, ranges.kind_of(cut.value)), {})[cut] = ()
        for (source, quantity, kind), cuts in found.items():
            if kind not in UNORDERED:
                yield Place(source, names.get(source, source), given.path, lines.get(source), quantity, kind, cuts)


def _conditions(flow: SequenceFlow) -> Iterator[tuple[str, Cut]]:
    if flow.condition is None or flow.condition.language != "feel":
        return
    try:
        stack: list[Node] = [parse_expression(flow.condition.text)]
    except FeelError:
        return
    while stack:
        node = stack.pop()
        yield from _compared(node)
        stack.extend(child for child, _ in children(node))


def _compared(node: Node) -> Iterator[tuple[str, Cut]]:
    """What one comparison cuts: a variable (or a component of one) against constants."""
    ends: list[tuple[Node | None, bool]]
    match node:
        case Comparison(operator, left, right):
            variable, other = path_of(left), right
            if variable is None:
                variable, other, operator = path_of(right), left, MIRRORED[operator]
            ends = [(other, operator in {"<", ">="})] if operator in {"<", ">=", "<=", ">"} else []
        case Between(value, low, high):
            variable, ends = path_of(value), [(low, True), (high, False)]
        case In(value, (Range() as found,)) | In(value, (Test("in", Range() as found),)):
            variable = path_of(value)
            ends = [(found.low, found.low_included), (found.high, not found.high_included)]
        case _:
            return
    for end, upper in ends:
        try:
            bound = None if end is None else ranges.constant(end)
        except (FeelError, TypeError):
            continue
        if variable is not None and bound is not None:
            yield ".".join(variable), Cut(bound, upper)
