"""Seeded small tables with every form of cell, and their meaning by brute force over every atomic cell."""

from __future__ import annotations

import datetime
import itertools
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bpm.analyser.boxes import Boxes, column
from bpm.feel.ranges import Interval, Region, constant, region
from bpm.feel.syntax.tree import (
    Boolean,
    Comparison,
    Invocation,
    ListOf,
    Logic,
    Name,
    Node,
    Null,
    Number,
    Range,
    String,
    Test,
    UnaryTests,
)

NUMBERS: list[Node] = [Number(Decimal(n)) for n in (-3, 0, 1, 2, 5)]
DATES: list[Node] = [
    Invocation(Name("date"), (String(text),)) for text in ("2024-12-31", "2025-01-01", "2025-01-03", "2025-06-30")
]
STRINGS: list[Node] = [String(text) for text in ("a", "b", "c")]
BOOLEANS: list[Node] = [Boolean(False), Boolean(True)]
POOLS = {"number": NUMBERS, "integer": NUMBERS, "date": DATES, "string": STRINGS, "boolean": BOOLEANS}


@dataclass(frozen=True)
class Sample:
    """A generated table: kinds and cells by column, the values worth trying by column, and the boxes under test."""

    kinds: list[str]
    cells: list[list[UnaryTests]]
    samples: list[list[Any]]
    boxes: Boxes

    def cases(self) -> list[tuple[tuple[Any, ...], list[int]]]:
        """Every combination of values with the rules it meets; each cell is asked once per value."""
        rules = range(self.boxes.count)
        asked = [
            [(value, {rule for rule in rules if holds(cells[rule], value) is True}) for value in values]
            for cells, values in zip(self.cells, self.samples, strict=True)
        ]
        return [
            (tuple(value for value, _ in choice), sorted(set.intersection(*(met for _, met in choice))))
            for choice in itertools.product(*asked)
        ]


def cell(pick: random.Random, kind: str) -> UnaryTests:
    """One cell of a random form."""
    pool = POOLS[kind]
    form = pick.randrange(12)
    if form <= 2:
        return UnaryTests(())
    negated = form == 3
    tests = tuple(_test(pick, kind, pool) for _ in range(pick.choice((1, 1, 1, 2))))
    return UnaryTests(tests, negated)


def _test(pick: random.Random, kind: str, pool: list[Node]) -> Test:
    ordered = kind not in {"string", "boolean"}
    form = pick.randrange(9)
    value = pick.choice(pool)
    if form == 0:
        return Test("!=", value)
    if form == 1:
        return Test("in", ListOf(tuple(pick.sample(pool, 2))))
    if form == 2 and pick.random() < 0.15:
        return Test("=", Null())
    if form == 3:
        return Test("?", Logic("or", Comparison("=", Name("?"), value), Comparison("=", pick.choice(pool), Name("?"))))
    if form >= 7 and ordered:
        low, high = sorted(pick.sample(range(len(pool)), 2))
        return Test("in", Range(pool[low], pool[high], pick.random() < 0.5, pick.random() < 0.5))
    if form >= 4 and ordered:
        return Test(pick.choice(("<", "<=", ">", ">=")), value)
    return Test("=", value)


def holds(tests: UnaryTests, value: Any) -> bool | None:
    """Three-valued meaning of a cell, written down a second time and without intervals."""
    if not tests.tests:
        return True
    found = _any([_one(test.operator, test.operand, value) for test in tests.tests])
    return found if not tests.negated else (None if found is None else not found)


def _any(values: list[bool | None]) -> bool | None:
    return True if True in values else (None if None in values else False)


def _one(operator: str, operand: Node, value: Any) -> bool | None:
    match operand:
        case ListOf(items):
            return _any([_one("=", item, value) for item in items])
        case Range(low, high, low_included, high_included):
            if value is None:
                return None
            left, right = constant(low), constant(high)  # type: ignore[arg-type]
            return bool(
                (left < value or (low_included and left == value))
                and (value < right or (high_included and value == right))
            )
        case Logic("or", left_side, right_side):
            return _any([_one("?", left_side, value), _one("?", right_side, value)])
        case Comparison("=", Name("?"), other) | Comparison("=", other, Name("?")):
            return bool(constant(other) == value)
    other = constant(operand)
    if operator in {"=", "!="}:
        return bool((other == value) == (operator == "="))
    if value is None or other is None:
        return None
    return bool({"<": value < other, "<=": value <= other, ">": value > other, ">=": value >= other}[operator])


def values_to_try(kind: str, domain: Region | None, with_null: bool) -> list[Any]:
    """Every bound and a value on either side of each, so that every atom is met."""
    if kind == "boolean":
        values: list[Any] = [False, True]
    elif kind == "string":
        values = ["a", "b", "c", "zz"]
    elif kind == "date":
        days = [constant(node) for node in DATES]
        near = {day + datetime.timedelta(days=step) for day in days for step in (-1, 0, 1)}
        values = sorted(near)
    else:
        step = Decimal(1) if kind == "integer" else Decimal("0.5")
        bounds = [constant(node) for node in NUMBERS]
        values = sorted({bound + step * times for bound in bounds for times in (-1, 0, 1)})
    if domain is not None:
        values = [value for value in values if domain.contains(value)]
    return values + ([None] if with_null else [])


def sample(seed: int) -> Sample:
    """A table of up to four columns and eight rules; the seed says everything about it."""
    pick = random.Random(seed)
    kinds = [pick.choice(tuple(POOLS)) for _ in range(pick.randint(1, 3))]
    rules = pick.randint(1, 8)
    cells, samples, columns = [], [], []
    for c, kind in enumerate(kinds):
        texts = [cell(pick, kind) for _ in range(rules)]
        domain = _domain(pick, kind)
        with_null = any(isinstance(test.operand, Null) for tests in texts for test in tests.tests)
        regions = [region(tests) for tests in texts]
        assert all(entry is not None for entry in regions), f"seed {seed}: a cell is no box"
        columns.append(
            column(f"in{c}", kind, [entry for entry in regions if entry], domain=domain, with_null=with_null)
        )
        cells.append(texts)
        samples.append(values_to_try(kind, domain, with_null))
    return Sample(kinds, cells, samples, Boxes(tuple(columns), rules))


def _domain(pick: random.Random, kind: str) -> Region | None:
    if kind == "boolean" or pick.random() < 0.6:
        return None
    if kind == "string":
        return Region(tuple(Interval(text, text, True, True) for text in ("a", "b")))
    low, high = constant(POOLS[kind][0]), constant(POOLS[kind][-1])
    return Region((Interval(low, high, True, pick.random() < 0.5),))
