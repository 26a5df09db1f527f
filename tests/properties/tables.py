"""Seeded small decision tables with every form of cell and every hit policy, and the grid of cases worth trying.

The grid takes from every column its critical points: each constant that a cell or allowed value names, what lies just
below and above it and between two of them, and a missing value. Every case goes through `bpm.decisions.decide`, so what
a table does is what the product does, and nothing here knows intervals, boxes or terms.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from typing import Any

from bpm.analyser.given import Given, TableAt
from bpm.decisions import PreparedModel, decide
from bpm.errors import DecisionError
from bpm.feel import matches, parse_unary_tests
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration, parse, text_of
from bpm.model.decision import Decision, DecisionModel, DecisionTable, InputClause, InputData, OutputClause, Rule
from bpm.model.procedure import Procedure

POLICIES = (
    ("FIRST", None), ("UNIQUE", None), ("ANY", None), ("PRIORITY", None), ("OUTPUT ORDER", None), ("RULE ORDER", None),
    ("COLLECT", None), ("COLLECT", "COUNT"), ("COLLECT", "SUM"), ("COLLECT", "MIN"), ("COLLECT", "MAX"),
)  # fmt: skip

LITERALS: dict[str, tuple[str, ...]] = {
    "number": ("0", "1", "2.5", "4"),
    "integer": ("0", "1", "2", "4"),
    "string": ('"a"', '"b"', '"c"'),
    "boolean": ("true", "false"),
    "date": ('date("2024-02-28")', 'date("2024-02-29")', '@"2024-03-02"'),
    "time": ('time("00:00:00")', 'time("08:00:00")', '@"17:30:00"'),
    "date and time": ('date and time("2024-02-29T00:00:00")', '@"2024-02-29T12:00:00"', '@"2024-03-01T00:00:00"'),
    "date and time with offset": (
        '@"2024-02-29T00:00:00Z"',
        '@"2024-02-29T07:00:00-05:00"',
        '@"2024-03-01T01:00:00+01:00"',
    ),
    "days and time duration": ('duration("P1D")', 'duration("PT36H")', '@"P14D"'),
    "years and months duration": ('duration("P6M")', 'duration("P1Y")', '@"P13M"'),
}
GRID: dict[str, tuple[Any, ...]] = {
    "number": tuple(Decimal(text) for text in ("-1", "0", "0.5", "1", "2", "2.5", "3", "4", "5")),
    "integer": tuple(Decimal(text) for text in ("-1", "0", "1", "2", "3", "4", "5")),
    "string": ("", "a", "ab", "b", "bb", "c", "d"),
    "boolean": (False, True),
    "date": tuple(parse(f"2024-{day}") for day in ("02-27", "02-28", "02-29", "03-01", "03-02", "03-03")),
    "time": tuple(
        parse(f"{clock}") for clock in ("00:00:00", "04:00:00", "08:00:00", "12:00:00", "17:30:00", "23:59:59")
    ),
    "date and time": tuple(datetime(2024, 2, 28, 12) + timedelta(hours=hours) for hours in (0, 12, 18, 24, 30, 36, 48)),
    "date and time with offset": tuple(
        datetime(2024, 2, 28, 12, tzinfo=timezone(timedelta(hours=hours % 3))) + timedelta(hours=hours + hours % 3)
        for hours in (0, 12, 18, 24, 30, 36, 48)
    ),
    "days and time duration": tuple(DaysTimeDuration(Decimal(3600 * hours)) for hours in (0, 24, 30, 36, 48, 336, 400)),
    "years and months duration": tuple(YearsMonthsDuration(months) for months in (0, 6, 8, 12, 13, 14)),
}
ORDERED = frozenset(GRID) - {"string", "boolean"}
NUMERIC = ("number", "integer")


@dataclass(frozen=True)
class Trial:
    """One table. `calculated`: some cell or output is more than values, ranges and lists of them."""

    seed: int
    at: TableAt
    kinds: tuple[str, ...]
    calculated: bool

    @property
    def table(self) -> DecisionTable:
        return self.at.table

    def given(self) -> Given:
        return Given(Procedure("p", "p", "t.dmn", None, (self.at.model,)))

    @cached_property
    def axes(self) -> list[list[Any]]:
        """By column the values that can come in, missing ones last."""
        axes = []
        for clause, kind in zip(self.table.inputs, self.kinds, strict=True):
            tests = None if clause.values is None else parse_unary_tests(clause.values)
            allowed = [value for value in GRID[kind] if tests is None or matches(tests, value, {}) is True]
            axes.append([*allowed, None])
        return axes

    @cached_property
    def names_null(self) -> list[bool]:
        """By column: whether a cell of it names null."""
        return [
            any(re.search(r"\bnull\b", rule.inputs[c]) for rule in self.table.rules) for c in range(len(self.kinds))
        ]

    @cached_property
    def cases(self) -> list[tuple[tuple[Any, ...], tuple[int, ...]]]:
        """Every case of the grid with the rules (0-based) it meets, by `decide`."""
        return [(case, self.met(inputs(case))) for case in itertools.product(*self.axes)]

    def met(self, case: Mapping[str, Any]) -> tuple[int, ...]:
        """The rules (0-based) that a case meets."""
        return tuple(rule - 1 for rule in decide(self.listing, "d", case).matched)

    @cached_property
    def usual(self) -> list[tuple[tuple[Any, ...], tuple[int, ...]]]:
        """Cases without missing inputs, but for columns that name null."""
        return [
            (case, met)
            for case, met in self.cases
            if all(null or value is not None for value, null in zip(case, self.names_null, strict=True))
        ]

    @cached_property
    def listing(self) -> PreparedModel:
        """The table under a policy that lists all rules met."""
        return PreparedModel(located(replace(self.table, hit_policy="RULE ORDER", aggregation=None)).model, {})

    @cached_property
    def prepared(self) -> PreparedModel:
        return PreparedModel(self.at.model, {})

    @cached_property
    def results(self) -> dict[tuple[Any, ...], Any]:
        """What the table gives for every case of the grid."""
        return {case: decided(self.prepared, inputs(case)) for case, _ in self.cases}

    def without(self, rule: int) -> PreparedModel:
        rules = tuple(it for number, it in enumerate(self.table.rules) if number != rule)
        return PreparedModel(located(replace(self.table, rules=rules)).model, {})

    def __str__(self) -> str:
        rows = "\n".join(f"  {n}: {' | '.join(it.inputs)} => {' | '.join(it.outputs)}"
                         for n, it in enumerate(self.table.rules))  # fmt: skip
        heads = " | ".join(f"{it.expression}: {it.type} in {it.values or '-'}" for it in self.table.inputs)
        tails = " | ".join(f"{it.name} of {it.values}, else {it.default}" for it in self.table.outputs)
        policy = f"{self.table.hit_policy} {self.table.aggregation or ''}"
        return f"seed {self.seed}, {policy}\n  {heads} => {tails}\n{rows}"


def inputs(case: Sequence[Any]) -> dict[str, Any]:
    """A case as the product gets it."""
    return {f"c{c}": text_of(value) if _is_calendar(value) else value for c, value in enumerate(case)}


def _is_calendar(value: Any) -> bool:
    return not (value is None or isinstance(value, bool | str | Decimal))


def decided(prepared: PreparedModel, case: Mapping[str, Any]) -> Any:
    """The result, or the fact that there is none."""
    try:
        return comparable(decide(prepared, "d", case).result)
    except DecisionError:
        return "no result"


def comparable(value: Any) -> Any:
    """A result that equals another exactly if both are one value of one type."""
    if isinstance(value, dict):
        return tuple((name, comparable(entry)) for name, entry in value.items())
    if isinstance(value, list):
        return ("list", *(comparable(entry) for entry in value))
    return type(value).__name__, value


def trial(seed: int) -> Trial:
    """A table of one to three columns and one to six rules; the seed says everything about it."""
    pick = random.Random(seed)
    policy, aggregation = POLICIES[seed % len(POLICIES)]
    kinds = tuple(pick.choice(tuple(LITERALS)) for _ in range(pick.choice((1, 1, 2, 2, 2, 3))))
    calculated = pick.random() < 0.25
    if calculated and len(kinds) > 1 and pick.random() < 0.6:
        kinds = (kinds[0], kinds[0], *kinds[2:])
    clauses = tuple(
        InputClause(f"i{c}", f"c{c}", f"c{c}", kind.removesuffix(" with offset"), _allowed(pick, kind))
        for c, kind in enumerate(kinds)
    )
    rows = [tuple(_cell(pick, kinds, c, calculated) for c in range(len(kinds))) for _ in range(pick.randint(1, 6))]
    if len(rows) > 1 and pick.random() < 0.2:
        rows[-1] = rows[0]
    outputs, results = _outputs(pick, policy, aggregation, len(rows))
    rules = tuple(Rule(f"r{n}", row, result) for n, (row, result) in enumerate(zip(rows, results, strict=True)))
    table = DecisionTable("t", policy, aggregation, clauses, outputs, rules)
    return Trial(seed, located(table), kinds, calculated)


def _allowed(pick: random.Random, kind: str) -> str | None:
    if kind == "boolean" or pick.random() < 0.6:
        return None
    pool = LITERALS[kind]
    if kind == "string":
        return pick.choice((", ".join(pool), ", ".join(pool[:2])))
    return pick.choice((f"[{pool[0]}..{pool[-1]}]", f">= {pool[0]}", f"({pool[0]}..{pool[-1]})"))


def _outputs(
    pick: random.Random, policy: str, aggregation: str | None, rules: int
) -> tuple[tuple[OutputClause, ...], list[tuple[str, ...]]]:
    """One or two result columns, with their cells by rule."""
    numeric = aggregation in ("SUM", "MIN", "MAX")
    count = 1 if aggregation is not None or pick.random() < 0.65 else 2
    pool = ("0", "1", "2") if numeric else ('"x"', '"y"', '"z"') if pick.random() < 0.8 else ("true", "false", "null")
    ranked = policy in ("PRIORITY", "OUTPUT ORDER")
    if ranked:
        pool = ('"x"', '"y"', '"z"')
    default = pick.choice(pool) if pick.random() < 0.3 else None
    clauses = tuple(
        OutputClause(f"o{n}", f"o{n}", values=", ".join(pick.sample(pool, len(pool))) if ranked else None,
                     default=default)
        for n in range(count)
    )  # fmt: skip
    return clauses, [tuple(pick.choice(pool) for _ in range(count)) for _ in range(rules)]


def _cell(pick: random.Random, kinds: Sequence[str], position: int, calculated: bool) -> str:
    kind = kinds[position]
    if calculated and pick.random() < 0.45:
        return _calculation(pick, kinds, position)
    form = pick.randrange(16)
    if form < 4:
        return "-"
    if form == 4:
        return f"not({', '.join(_test(pick, kind) for _ in range(pick.choice((1, 1, 2))))})"
    if form == 5:
        return pick.choice(("null", "not(null)", f"null, {_test(pick, kind)}", "? != null", "? = null"))
    if form == 6:
        return ", ".join(_test(pick, kind) for _ in range(pick.choice((2, 3))))
    if form == 7:
        return _question(pick, kind)
    return _test(pick, kind)


def _test(pick: random.Random, kind: str) -> str:
    """One test: a value, a comparison, a range or a list."""
    pool = LITERALS[kind]
    one, other = pick.sample(pool, 2)
    if kind == "boolean":
        return one
    form = pick.randrange(8)
    if form == 0:
        return f"[{one}, {other}]"
    if kind == "string" and form < 7:
        return one
    if form < 3:
        return one
    if form < 5:
        return f"{pick.choice(('<', '<=', '>', '>='))} {one}"
    low, high = sorted((one, other), key=pool.index)
    between = f"{pick.choice('[(]')}{low}..{high}{pick.choice('])[')}"
    return f"[{one}, {between}]" if pick.random() < 0.1 else between


def _question(pick: random.Random, kind: str) -> str:
    """A condition over `?` that still is a set of values."""
    pool = LITERALS[kind]
    one, other = pick.sample(pool, 2)
    low, high = sorted((one, other), key=pool.index)
    forms = [f"? = {one} or ? = {other}", f"not(? = {one})", f"? in ({one}, {other})", f"{one} != ?", f"? != {one}"]
    if kind in ORDERED:
        forms += [f"? between {low} and {high}", f"? in [{low}..{high})", f"? > {low} and ? <= {high}",
                  f"not(? < {one})", f"? in (< {low}, > {high})", f"? in [[{low}..{high}], {one}]",
                  f"{low} < ? or ? = {low}"]  # fmt: skip
    return pick.choice(forms)


def _calculation(pick: random.Random, kinds: Sequence[str], position: int) -> str:
    """A cell that is no set of values: it calculates, or looks at another input."""
    kind = kinds[position]
    alike = [f"c{c}" for c, other in enumerate(kinds) if c != position and {kind, other} <= set(NUMERIC) | {kind}]
    forms: list[str] = []
    if kind in NUMERIC:
        forms += ["? * 2 < 5", "? + 1 >= 2", "? - 1 in [0..2)", "abs(? - 2) <= 1", "floor(?) = ?", "? * ? > 4",
                  "if ? > 1 then ? < 4 else false", "? / 2 > 1"]  # fmt: skip
    if kind == "date":
        forms += ['? + @"P1D" > @"2024-03-01"', '? - @"2024-02-28" > @"P1D"']
    if kind == "date and time":
        forms += ['? - @"2024-02-29T00:00:00" < @"PT24H"', '? + @"PT12H" <= @"2024-02-29T12:00:00"']
    if kind == "string":
        forms += ['? + "b" = "ab"', '? + "x" < "b"']
    for other in alike:
        forms += [f"< {other}", f">= {other}", other, f"? != {other}", f"not({other})", f"[{other}..{other}]"]
        if kind in NUMERIC:
            forms += [
                f"? + {other} <= 3",
                f"? * 2 < {other}",
                f"> {other} + 1",
                f"if {other} > 1 then ? > 1 else ? <= 1",
            ]
        if kind == "date":
            forms += [f'? - {other} > @"P1D"', f'[{other}..{other} + @"P2D"]']
    return pick.choice(forms) if forms else _question(pick, kind)


def located(table: DecisionTable) -> TableAt:
    """A model with one decision, which is this table."""
    required = tuple(f"in_{clause.expression}" for clause in table.inputs)
    decision = Decision("d", "D", "D", None, table, requires=required, inputs=required)
    data = tuple(InputData(f"in_{it.expression}", it.expression, it.type) for it in table.inputs)
    return TableAt(DecisionModel("t.dmn", "", "t", "urn:t", (decision,), data), "d", "D", table, decision)


def trials(first: int, count: int) -> Iterator[Trial]:
    """Consecutive seeds."""
    return (trial(seed) for seed in range(first, first + count))
