"""Which rules of a table can match at all: found by search in each column, not row by row.

A cell is a *box* if it compares with constants only (`< 5`, `[1..5)`, `"a", "b"`, `not(date("2024-01-01"))`, `null`).
The constants of a column cut the values of one type into points and the gaps between them; within a gap every box
says the same. For each point and gap the index keeps the set of rules whose box holds there, as the bits of one
integer. A value is looked up by binary search, and the sets of all columns are intersected.

Why the result is that of the rows tried one after the other, warnings included:

- A row whose cell is no box is indexed only by the boxes left of that cell; from there on its cells are evaluated.
  So such a cell is evaluated exactly when it would have been, and warns when it would have.
- Where a box would warn about the type of a value (`< 5` and a text), or a value is of a type that has no exact
  order here (date and time, time, list, context, range), the index gives no answer and the rows are tried in turn.
- Null is looked up in a set made by the evaluator itself.

An evaluation through the index never spends more steps of a budget than the rows in turn.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from bpm.errors import BudgetExceeded
from bpm.feel.budget import Budget
from bpm.feel.evaluate import Evaluation, Scope
from bpm.feel.syntax import tree
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration
from bpm.feel.values import FUNCTIONS, RangeValue, Value

ORDERED: tuple[type, ...] = (Decimal, str, date, DaysTimeDuration, YearsMonthsDuration)
"""Types with one total order that is also FEEL's equality."""
POINTS: frozenset[type] = frozenset((*ORDERED, bool))
CALLS = frozenset(("date", "duration"))
"""Functions that give constants, as long as the model has none of their name."""
BITS = 16_000_000
"""Bits of the rule sets kept for one column and type; a larger index keeps every n-th set and the steps between."""

Span: TypeAlias = tuple[Value, bool, Value, bool]
"""Low end, included, high end, included; an end that is None is open to all values."""
ALL: Span = (None, False, None, False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one test says about all values of one type: true in `spans`; else false, or null if `unknown`."""

    spans: tuple[Span, ...] = ()
    unknown: bool = False
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A cell of constants: (operator, operand value) of each test, and what it says of null."""

    tests: tuple[tuple[str, Value], ...]
    negated: bool
    null: bool

    def claims(self, cls: type) -> tuple[Claim, ...]:
        return tuple(_claim(operator, operand, cls) for operator, operand in self.tests)


# --- cells to boxes ------------------------------------------------------------------------------------------


def box(tests: tree.UnaryTests) -> tuple[Box, frozenset[str]] | None:
    """The cell as a box, with the functions its constants call; None if it is no box."""
    ev = Evaluation(Budget(steps=1_000_000))
    scope = Scope({})
    found: list[tuple[str, Value]] = []
    called: set[str] = set()
    try:
        for test in tests.tests:
            if type(test) is not tree.Test or test.operator == "?" or not _constant(test.operand, called):
                return None
            value = ev.run(test.operand, scope)
            if ev.warnings or not _usable(test.operator, value):
                return None
            found.append((test.operator, value))
        null = (tests.negated or not _never_null(found)) and ev.any_test(tests, None, scope) is True
    except (BudgetExceeded, RecursionError):
        return None
    return Box(tuple(found), tests.negated, null), frozenset(called)


def _never_null(tests: Sequence[tuple[str, Value]]) -> bool:
    """Ranges, comparisons and values that null surely does not pass: most cells, so the evaluator is spared."""
    return all(operator != "!=" and (type(value) in POINTS or type(value) is RangeValue) for operator, value in tests)


def _constant(node: tree.Node, called: set[str]) -> bool:
    match node:
        case tree.Number() | tree.String() | tree.Boolean() | tree.Null() | tree.AtLiteral():
            return True
        case tree.Negation(operand=operand):
            return _constant(operand, called)
        case tree.Range(low=low, high=high):
            return all(end is None or _constant(end, called) for end in (low, high))
        case tree.ListOf(items=items):
            return all(_constant(item, called) for item in items)
        case tree.Invocation(function=tree.Name(name=name), arguments=(tree.String(),)) if name in CALLS:
            called.add(name)
            return True
    return False


def is_constant(node: tree.Node) -> bool:
    """Is the expression's value the same whatever the data, without a call?"""
    called: set[str] = set()
    return _constant(node, called) and not called


def _usable(operator: str, value: Value) -> bool:
    """Can the test be told by search? Lists and ranges are tested for membership only."""
    if operator in ("=", "in"):
        return _searchable(value)
    return _point(value) or (value is None and operator == "!=")


def _searchable(value: Value) -> bool:
    if isinstance(value, list):
        return all(_searchable(item) for item in value)
    if isinstance(value, RangeValue):
        ends = [end for end in (value.low, value.high) if end is not None]
        return bool(ends) and all(type(end) in ORDERED and type(end) is type(ends[0]) and _point(end) for end in ends)
    return value is None or _point(value)


def _point(value: Value) -> bool:
    return type(value) in POINTS and (type(value) is not Decimal or value.is_finite())


def _claim(operator: str, operand: Value, cls: type) -> Claim:
    """One test as `Evaluation.holds` judges it, for all values of a type at once."""
    if operator in ("=", "in"):
        if operator == "=" and operand is True and cls is not bool:
            return Claim((ALL,))
        return _membership(operand, cls)
    if operator == "!=" and operand is None:
        return Claim((ALL,))
    if type(operand) is not cls or (operator != "!=" and cls is bool):
        return Claim(unknown=True, warns=True)
    below, above = (None, False, operand, operator == "<="), (operand, operator == ">=", None, False)
    if operator == "!=":
        return Claim((below, above))
    return Claim((below,) if operator in ("<", "<=") else (above,))


def _membership(operand: Value, cls: type) -> Claim:
    if isinstance(operand, list):
        return Claim(tuple(span for item in operand for span in _membership(item, cls).spans))
    if isinstance(operand, RangeValue):
        end = operand.high if operand.low is None else operand.low
        if type(end) is not cls:
            return Claim(unknown=True)
        return Claim(((operand.low, operand.low_included, operand.high, operand.high_included),))
    if operand is None:
        return Claim()
    return Claim(((operand, True, operand, True),)) if type(operand) is cls else Claim(unknown=True)


# --- one column ----------------------------------------------------------------------------------------------


class Lookup:
    """The rule sets of one column for one type. Position 2i+1 is the i-th point, 2i the gap before it."""

    __slots__ = ("points", "sets", "stride", "toggles")

    def __init__(self, points: list[Any], spans: Iterable[tuple[int, Sequence[tuple[int, int]]]], rules: int) -> None:
        self.points = points
        positions = 2 * len(points) + 1
        self.toggles: list[list[int]] = [[] for _ in range(positions + 1)]
        for rule, held in spans:
            for first, last in held:
                self.toggles[first].append(rule)
                self.toggles[last + 1].append(rule)
        self.stride = 1 + positions * rules // BITS
        self.sets: list[int] = []
        current = 0
        for position in range(positions):
            current = self.toggled(current, position)
            if position % self.stride == 0:
                self.sets.append(current)
        if self.stride == 1:
            self.toggles = []

    def toggled(self, rules: int, position: int) -> int:
        for rule in self.toggles[position]:
            rules ^= 1 << rule
        return rules

    def every(self) -> Iterator[int]:
        """The rule sets of all positions in order."""
        if self.stride == 1:
            yield from self.sets
            return
        current = 0
        for position in range(2 * len(self.points) + 1):
            current = self.toggled(current, position)
            yield current

    def rules(self, value: Any) -> int:
        """The rules whose box holds for a value of the type."""
        points = self.points
        at = bisect_left(points, value)
        position = 2 * at
        if at < len(points) and points[at] == value:
            position += 1
        if self.stride == 1:
            return self.sets[position]
        kept = position // self.stride
        found = self.sets[kept]
        for step in range(kept * self.stride + 1, position + 1):
            found = self.toggled(found, step)
        return found


class ColumnIndex:
    """One column: its boxes by rule, and the rules it does not restrict."""

    __slots__ = ("boxes", "count", "free", "lookups", "null")

    def __init__(self, boxes: dict[int, Box], count: int) -> None:
        self.boxes = boxes
        self.count = count
        self.free = (1 << count) - 1
        for rule in boxes:
            self.free ^= 1 << rule
        self.null = self.free
        for rule, cell in boxes.items():
            if cell.null:
                self.null |= 1 << rule
        self.lookups: dict[type, Lookup | None] = {}

    def rules(self, value: Value) -> int | None:
        """The rules that the column leaves for a value; None where only the evaluator can tell."""
        if value is None:
            return self.null
        cls = type(value)
        try:
            lookup = self.lookups[cls]
        except KeyError:
            # two threads may both build it, to the same end
            lookup = self.lookups[cls] = self.lookup(cls) if cls in POINTS else None
        if lookup is None or (cls is Decimal and not value.is_finite()):
            return None
        return lookup.rules(value) | self.free

    def lookup(self, cls: type) -> Lookup | None:
        """The rule sets for values of a type; None if a box would warn about them."""
        claims = {rule: cell.claims(cls) for rule, cell in self.boxes.items()}
        if any(claim.warns for row in claims.values() for claim in row):
            return None
        ends = {
            end for row in claims.values() for claim in row for span in claim.spans for end in span[::2]
        } - {None}  # fmt: skip
        points = sorted(ends)
        place = {point: at for at, point in enumerate(points)}
        held = ((rule, _held(claims[rule], cell.negated, place)) for rule, cell in self.boxes.items())
        return Lookup(points, held, self.count)


def _held(claims: Sequence[Claim], negated: bool, place: dict[Any, int]) -> list[tuple[int, int]]:
    """Positions, first and last, where a cell is true: apart from each other and in order."""
    last = 2 * len(place)
    found: list[tuple[int, int]] = []
    for low, low_in, high, high_in in (span for claim in claims for span in claim.spans):
        first = 0 if low is None else 2 * place[low] + (1 if low_in else 2)
        end = last if high is None else 2 * place[high] + (1 if high_in else 0)
        if first <= end:
            found.append((first, end))
    merged = _merged(found)
    if not negated:
        return merged
    if any(claim.unknown for claim in claims):
        return []  # not(null) is null
    outside, start = [], 0
    for first, end in merged:
        if start < first:
            outside.append((start, first - 1))
        start = end + 1
    return [*outside, (start, last)] if start <= last else outside


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(spans) < 2:
        return spans
    spans.sort()
    merged = [spans[0]]
    for first, last in spans[1:]:
        if first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


# --- the table -----------------------------------------------------------------------------------------------


class Index:
    """The rules of a table by the values of its columns. Rules are counted from 0.

    `loose` says for rules with a cell that is no box from which column on their cells must still be evaluated.
    """

    __slots__ = ("all", "called", "columns", "loose")

    def __init__(self, rows: Sequence[Sequence[tree.UnaryTests]], columns: int) -> None:
        self.all = (1 << len(rows)) - 1
        self.loose: dict[int, int] = {}
        called: set[str] = set()
        boxes: list[dict[int, Box]] = [{} for _ in range(columns)]
        known: dict[int, tuple[Box, frozenset[str]] | None] = {}  # equal cells share one object
        for rule, cells in enumerate(rows):
            for column, tests in enumerate(cells):
                if tests.is_dash:
                    continue
                if id(tests) not in known:
                    known[id(tests)] = box(tests)
                found = known[id(tests)]
                if found is None:
                    self.loose[rule] = column
                    break
                boxes[column][rule] = found[0]
                called |= found[1]
        self.called = tuple(sorted(called))
        self.columns = tuple((at, ColumnIndex(cells, len(rows))) for at, cells in enumerate(boxes) if cells)

    def candidates(self, values: Sequence[Value], scope: Scope) -> int | None:
        """Rules none of whose indexed cells fails, as bits; None where the rows must be tried in turn."""
        for name in self.called:
            if isinstance(scope.find(name)[1], FUNCTIONS):
                return None  # a function of the model hides the one of FEEL
        found = self.all
        for at, column in self.columns:
            rules = column.rules(values[at])
            if rules is None:
                return None
            found &= rules
            if not found:
                break
        return found


def members(rules: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    bits = bin(rules)[:1:-1]
    at = bits.find("1")
    while at >= 0:
        yield at
        at = bits.find("1", at + 1)
