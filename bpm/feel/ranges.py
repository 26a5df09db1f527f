"""Unary tests as sets: what a cell of a decision table means, written as a union of intervals.

S-FEEL cells (values, comparisons, ranges, lists, `not`, `-`) over one ordered domain are finite unions of intervals:
a text is the interval from itself to itself, `not("a")` is everything below and above `"a"`. One shape for numbers,
texts, booleans, dates, times and durations, so the analyser needs no case per type. A cell that says more (a function
of `?`, a name) is *not a box*: `region` gives None and the caller must say so.

Null is kept apart: `null` tells whether the null value meets the tests, by the three-valued logic of FEEL
(DMN 1.5, 10.3.2.5 to 10.3.2.7): `-` and `null` do, `not("a")` does because null = "a" is false, `not(< 5)` does not.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bpm.errors import FeelError
from bpm.feel.syntax.tree import (
    Arithmetic,
    AtLiteral,
    Between,
    Boolean,
    Comparison,
    In,
    Invocation,
    ListOf,
    Logic,
    Name,
    Negation,
    Node,
    Null,
    Number,
    Range,
    String,
    Test,
    UnaryTests,
)
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration, parse, plain, text_of
from bpm.feel.values import NUMBERS

CONSTRUCTORS = frozenset({"date", "time", "date and time", "duration", "number"})
"""Functions of constants that are constants themselves."""

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Interval:
    """Values between `low` and `high`; an end that is None is unbounded (and never included)."""

    low: Any = None
    high: Any = None
    low_included: bool = False
    high_included: bool = False

    @property
    def is_point(self) -> bool:
        return self.low is not None and self.low == self.high

    def is_empty(self) -> bool:
        """True if no value can lie inside, whatever the density of the domain."""
        if self.low is None or self.high is None:
            return False
        return bool(self.low > self.high or (self.low == self.high and not (self.low_included and self.high_included)))

    def contains(self, value: Any) -> bool:
        if self.low is not None and (value < self.low or (value == self.low and not self.low_included)):
            return False
        return not (self.high is not None and (value > self.high or (value == self.high and not self.high_included)))


EVERYTHING = Interval()


@dataclass(frozen=True, slots=True)
class Region:
    """A set of values: disjoint intervals in ascending order, and whether null belongs to it.

    `null` is None where the test gives null for null: then neither the test nor its `not` holds.
    """

    intervals: tuple[Interval, ...]
    null: bool | None = False

    def contains(self, value: Any) -> bool:
        if value is None:
            return bool(self.null)
        return any(interval.contains(value) for interval in self.intervals)

    def values(self) -> Iterator[Any]:
        """Every bound that occurs: the places where membership may change."""
        for interval in self.intervals:
            yield from (bound for bound in (interval.low, interval.high) if bound is not None)


ALL = Region((EVERYTHING,), True)
NOTHING = Region((), False)


class _NotABox(Exception):
    """The test says something that is no union of intervals."""


def region(tests: UnaryTests) -> Region | None:
    """The set a cell describes; None if it is no union of intervals over constants of one type."""
    try:
        found = _any_of(_of_test(test) for test in tests.tests) if tests.tests else ALL
        return complement(found) if tests.negated else found
    except (_NotABox, FeelError, TypeError):
        return None


def kind_of(value: Any) -> str:
    """The FEEL type of a constant: number, string, boolean, date, time, date and time, or a duration type.

    Two constants are comparable only if their kinds are equal; zoned and local times are different kinds.
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Decimal | int):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, datetime.datetime):
        return "date and time" + (" with offset" if value.tzinfo is not None else "")
    if isinstance(value, datetime.date):
        return "date"
    if isinstance(value, datetime.time):
        return "time" + (" with offset" if value.tzinfo is not None else "")
    if isinstance(value, DaysTimeDuration):
        return "days and time duration"
    return "years and months duration" if isinstance(value, YearsMonthsDuration) else "other"


def constant(node: Node) -> Any:
    """The value of a node without names: literals, `-5`, `date("2025-01-01")`, `2 * 30`.

    Raises:
        FeelError: it is none (an unknown name, a function of a name, an error in a literal).
    """
    match node:
        case Number(value) | String(value) | Boolean(value):
            return value
        case Null():
            return None
        case AtLiteral(text) | Invocation(Name("date" | "time" | "date and time" | "duration"), (String(text),), ()):
            moment = parse(text)
            if moment is None:
                raise FeelError("feel-constant", f"{text[:40]!r} is no date, time or duration")
            return moment
        case Negation(Number(value)):
            return NUMBERS.minus(value)
        case _ if _is_constant(node):
            from bpm.feel.evaluate import evaluate

            result = evaluate(node, {})
            if result is None:
                raise FeelError("feel-constant", "the literal has no value")
            return result
        case _:
            raise FeelError("feel-constant", "the value is not a constant")


def union(left: Region, right: Region) -> Region:
    """Values of either; null by three-valued `or`."""
    null = True if (left.null or right.null) else (None if None in (left.null, right.null) else False)
    return Region(_merge((*left.intervals, *right.intervals)), null)


def intersection(left: Region, right: Region) -> Region:
    """Values of both; null by three-valued `and`."""
    if left.null is False or right.null is False:
        null: bool | None = False
    else:
        null = None if None in (left.null, right.null) else True
    both = (_common(one, other) for one in left.intervals for other in right.intervals)
    return Region(_merge(interval for interval in both if interval is not None), null)


def complement(of: Region) -> Region:
    """Values outside; null by three-valued `not`."""
    rest: list[Interval] = []
    low, low_included, open_end = None, False, True
    for interval in of.intervals:
        if interval.low is not None:
            rest.append(Interval(low, interval.low, low_included, not interval.low_included))
        low, low_included = interval.high, not interval.high_included
        open_end = interval.high is not None
    if open_end:
        rest.append(Interval(low, None, low is not None and low_included, False))
    return Region(tuple(entry for entry in rest if not entry.is_empty()), None if of.null is None else not of.null)


def to_text(of: Region) -> str:
    """Unary tests in FEEL that mean these values: `-`, `< 5`, `[5..10)`, `"a", "b"`, `not("a")`."""
    if of.intervals == (EVERYTHING,):
        return "not(null)" if of.null is False else "-"
    outside = complement(replace(of, null=False)).intervals
    points = [entry for entry in of.intervals if entry.is_point]
    if outside and all(entry.is_point for entry in outside) and len(points) < len(of.intervals):
        return f"not({', '.join(literal(entry.low) for entry in outside)})"
    parts = [_interval_text(entry) for entry in of.intervals]
    return ", ".join([*parts, "null"] if of.null else parts) or "[0..0)"


def literal(value: Any) -> str:
    """A constant as FEEL text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int):
        return plain(Decimal(value))
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    kind = kind_of(value).removesuffix(" with offset")
    return f'{kind if kind in CONSTRUCTORS else "duration"}("{text_of(value)}")'


def _interval_text(entry: Interval) -> str:
    if entry.is_point:
        return literal(entry.low)
    if entry.low is None:
        return f"{'<=' if entry.high_included else '<'} {literal(entry.high)}"
    if entry.high is None:
        return f"{'>=' if entry.low_included else '>'} {literal(entry.low)}"
    opening, closing = "[" if entry.low_included else "(", "]" if entry.high_included else ")"
    return f"{opening}{literal(entry.low)}..{literal(entry.high)}{closing}"


def _is_constant(node: Node) -> bool:
    match node:
        case Number() | String() | Boolean() | AtLiteral():
            return True
        case Negation(operand):
            return _is_constant(operand)
        case Arithmetic(_, left, right):
            return _is_constant(left) and _is_constant(right)
        case Invocation(Name(name), arguments, named):
            return name in CONSTRUCTORS and all(_is_constant(entry) for entry in (*arguments, *(e for _, e in named)))
        case _:
            return False


def _of_test(test: Test) -> Region:
    if test.operator == "?":
        return _of_condition(test.operand)
    if test.operator == "in":
        return _of_member(test.operand)
    if test.operator == "=" and isinstance(test.operand, ListOf | Range):
        return _of_member(test.operand)
    return _compare(test.operator, constant(test.operand))


def _of_member(node: Node) -> Region:
    """`? in node`, a node being a range, a list of them, or a value."""
    match node:
        case Test():
            return _of_test(node)
        case UnaryTests(tests, negated):
            found = _any_of(_of_test(test) for test in tests) if tests else ALL
            return complement(found) if negated else found
        case ListOf(items):
            found = _any_of(_of_member(item) for item in items)
            return replace(found, null=found.null is True)  # a value is in a list or it is not
        case Range(low, high, low_included, high_included):
            ends = [None if end is None else constant(end) for end in (low, high)]
            if (low is not None and ends[0] is None) or (high is not None and ends[1] is None):
                raise _NotABox
            entry = Interval(ends[0], ends[1], low_included and low is not None, high_included and high is not None)
            return Region(() if entry.is_empty() else (entry,), None)
        case _:
            return _compare("=", constant(node))


def _of_condition(node: Node) -> Region:
    """A boolean expression over `?` as a set; `?` may stand on either side of a comparison."""
    match node:
        case Boolean(value):
            return ALL if value else NOTHING
        case Logic(operator, left, right):
            join = union if operator == "or" else intersection
            return join(_of_condition(left), _of_condition(right))
        case Comparison(operator, Name("?"), right):
            return _compare(operator, constant(right))
        case Comparison(operator, left, Name("?")):
            return _compare(MIRRORED[operator], constant(left))
        case Between(Name("?"), low, high):
            return _of_member(Range(low, high, True, True))
        case In(Name("?"), tests):
            return _any_of(_of_member(test) for test in tests)
        case Invocation(Name("not"), (argument,), ()):
            return complement(_of_condition(argument))
        case _:
            raise _NotABox


def _compare(operator: str, value: Any) -> Region:
    if value is None:
        if operator == "=":
            return Region((), True)
        if operator == "!=":
            return Region((EVERYTHING,), False)
        return Region((), None)
    if isinstance(value, list | dict) or callable(value):
        raise _NotABox
    match operator:
        case "=":
            return Region((Interval(value, value, True, True),), False)
        case "!=":
            return complement(Region((Interval(value, value, True, True),), False))
        case "<" | "<=":
            return Region((Interval(None, value, False, operator == "<="),), None)
        case ">" | ">=":
            return Region((Interval(value, None, operator == ">=", False),), None)
        case _:
            raise _NotABox


def _any_of(regions: Iterable[Region]) -> Region:
    found = NOTHING
    for entry in regions:
        found = union(found, entry)
    return found


def _common(left: Interval, right: Interval) -> Interval | None:
    low, low_included = left.low, left.low_included
    if right.low is not None and (low is None or right.low > low):
        low, low_included = right.low, right.low_included
    elif right.low is not None and right.low == low:
        low_included = low_included and right.low_included
    high, high_included = left.high, left.high_included
    if right.high is not None and (high is None or right.high < high):
        high, high_included = right.high, right.high_included
    elif right.high is not None and right.high == high:
        high_included = high_included and right.high_included
    entry = Interval(low, high, low_included, high_included)
    return None if entry.is_empty() else entry


class _Start:
    """Sort key of an interval's lower end: unbounded first, included before excluded."""

    __slots__ = ("entry",)

    def __init__(self, entry: Interval) -> None:
        self.entry = entry

    def __lt__(self, other: _Start) -> bool:
        mine, theirs = self.entry, other.entry
        if mine.low is None or theirs.low is None:
            return mine.low is None and theirs.low is not None
        return bool(mine.low < theirs.low or (mine.low == theirs.low and mine.low_included > theirs.low_included))


def _merge(entries: Iterable[Interval]) -> tuple[Interval, ...]:
    """Disjoint, ascending, touching ones joined."""
    merged: list[Interval] = []
    for entry in sorted((entry for entry in entries if not entry.is_empty()), key=_Start):
        last = merged[-1] if merged else None
        if last is None or not _touches(last, entry):
            merged.append(entry)
        elif last.high is not None and (
            entry.high is None
            or entry.high > last.high
            or (entry.high == last.high and entry.high_included > last.high_included)
        ):
            merged[-1] = replace(last, high=entry.high, high_included=entry.high_included)
    return tuple(merged)


def _touches(first: Interval, second: Interval) -> bool:
    """True if `second`, which does not start before `first`, overlaps it or continues it without a hole."""
    if first.high is None or second.low is None:
        return True
    if second.low == first.high:
        return first.high_included or second.low_included
    return bool(second.low < first.high)
