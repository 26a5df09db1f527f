"""Seeded small tables as text, every form of cell and every hit policy, and their results by brute force.

The brute force asks FEEL about each cell and value, and says what a hit policy makes of the rules that match in its own
words; it knows no intervals and no boxes.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from bpm.analyser.given import TableAt
from bpm.feel import matches, parse_unary_tests
from bpm.model.decision import (
    Decision,
    DecisionModel,
    DecisionTable,
    InputClause,
    InputData,
    OutputClause,
    Rule,
)

POLICIES = (
    ("FIRST", None),
    ("UNIQUE", None),
    ("ANY", None),
    ("PRIORITY", None),
    ("OUTPUT ORDER", None),
    ("RULE ORDER", None),
    ("COLLECT", None),
    ("COLLECT", "COUNT"),
    ("COLLECT", "SUM"),
    ("COLLECT", "MIN"),
    ("COLLECT", "MAX"),
)
DAYS = ("2024-12-31", "2025-01-01", "2025-01-03")
POOLS = {
    "number": ("-1", "0", "1", "2"),
    "string": ('"a"', '"b"', '"c"'),
    "boolean": ("true", "false"),
    "date": tuple(f'date("{day}")' for day in DAYS),
}
VALUES: Mapping[str, tuple[Any, ...]] = {
    "number": tuple(Decimal(n) / 2 for n in range(-4, 7)),
    "string": ("a", "b", "c", "zz"),
    "boolean": (False, True),
    "date": tuple(date(2024, 12, 30) + timedelta(days=n) for n in range(6)),
}
CONFLICT = "conflict"


@dataclass(frozen=True)
class Trial:
    """A table, the values worth trying by column (missing ones too), and the constants its rules give."""

    at: TableAt
    kinds: tuple[str, ...]
    outputs: tuple[Any, ...]
    default: Any
    formulas: bool

    def cases(self) -> list[tuple[tuple[Any, ...], tuple[int, ...]]]:
        """Every combination of values with the rules (0-based) it meets."""
        rules = range(len(self.at.table.rules))
        asked = [
            [
                (value, {rule for rule in rules if meets(self.at.table.rules[rule].inputs[c], value)})
                for value in (*VALUES[kind], None)
            ]
            for c, kind in enumerate(self.kinds)
        ]
        return [
            (tuple(value for value, _ in choice), tuple(sorted(set.intersection(*(met for _, met in choice)))))
            for choice in itertools.product(*asked)
        ]

    def result(self, values: tuple[Any, ...], matched: Iterable[int]) -> Any:
        """What the table gives for the rules that match."""
        found = [values[0] if self.outputs[rule] == "c0" else self.outputs[rule] for rule in matched]
        table = self.at.table
        policy = table.aggregation or table.hit_policy
        if not found:
            return Decimal(0) if policy == "COUNT" and self.default is None else self.default
        if policy in ("UNIQUE", "ANY"):
            return found[0] if all(one == found[0] for one in found) else CONFLICT
        if policy in ("PRIORITY", "OUTPUT ORDER"):
            order = ["b", "a"]
            found.sort(key=lambda one: order.index(one) if one in order else len(order))
            return found[0] if policy == "PRIORITY" else found
        simple = {"FIRST": lambda: found[0], "COUNT": lambda: Decimal(len(found)), "SUM": lambda: sum(found)}
        simple |= {"MIN": lambda: min(found), "MAX": lambda: max(found)}
        return simple.get(policy, lambda: found)()


@cache
def meets(text: str, value: Any) -> bool:
    return matches(parse_unary_tests(text), value, {}) is True


def cell(pick: random.Random, kind: str) -> str:
    """One cell of a random form."""
    pool = POOLS[kind]
    form = pick.randrange(14)
    one, other = pick.sample(pool, 2)
    if form <= 4:
        return "-"
    if form == 5:
        return f"not({one})"
    if form == 6:
        return pick.choice(("null", "not(null)", f"{one}, null", f"? = {one} or ? = {other}"))
    if form == 7:
        return f"{one}, {other}"
    if kind in ("number", "date") and form >= 9:
        low, high = sorted((pool.index(one), pool.index(other)))
        ends = f"{pick.choice('[(')}{pool[low]}..{pool[high]}{pick.choice('])')}"
        return pick.choice((ends, f"not({ends})", f"< {one}", f"<= {one}", f"> {one}", f">= {one}", ends))
    return one


def trial(seed: int) -> Trial:
    """A table of one to three columns and one to seven rules; the seed says everything about it."""
    pick = random.Random(seed)
    policy, aggregation = POLICIES[seed % len(POLICIES)]
    kinds = tuple(pick.choice(tuple(POOLS)) for _ in range(pick.choice((1, 1, 2, 2, 3))))
    numeric = aggregation in ("SUM", "MIN", "MAX")
    formulas = not numeric and policy not in ("PRIORITY", "OUTPUT ORDER") and pick.random() < 0.15
    pool: tuple[tuple[str, Any], ...] = (("0", Decimal(0)), ("1", Decimal(1)), ("2", Decimal(2)))
    if not numeric:
        pool = (('"a"', "a"), ('"b"', "b"), ("null", None))
        pool = (*pool, ("c0", "c0")) if formulas else pool
        pool = pool[:2] if policy in ("PRIORITY", "OUTPUT ORDER") and pick.random() < 0.5 else pool
    chosen = [pick.choice(pool) for _ in range(pick.randint(1, 7))]
    default = pick.choice(pool[:2]) if pick.random() < 0.3 else None
    rules = tuple(
        Rule(f"r{n}", tuple(cell(pick, kind) for kind in kinds), (text,)) for n, (text, _) in enumerate(chosen)
    )
    clauses = tuple(InputClause(f"i{c}", f"c{c}", f"c{c}", kind) for c, kind in enumerate(kinds))
    order = '"b","a"' if policy in ("PRIORITY", "OUTPUT ORDER") else None
    output = OutputClause("o", "aus", values=order, default=default[0] if default else None)
    table = DecisionTable("t", policy, aggregation, clauses, (output,), rules)
    return Trial(located(table), kinds, tuple(value for _, value in chosen), default[1] if default else None, formulas)


def located(table: DecisionTable) -> TableAt:
    """A model with one decision, which is this table."""
    required = tuple(f"in_{clause.expression}" for clause in table.inputs)
    decision = Decision("d", "D", "D", None, table, requires=required)
    data = tuple(InputData(f"in_{it.expression}", it.expression, it.type) for it in table.inputs)
    return TableAt(DecisionModel("t.dmn", "", "t", "urn:t", (decision,), data), "d", "D", table, decision)


def without(at: TableAt, *rules: int) -> TableAt:
    """The same model without some rules (0-based)."""
    return located(replace(at.table, rules=tuple(it for n, it in enumerate(at.table.rules) if n not in rules)))
