"""Seeded small decision tables as people write them, and what they mean by trying every case with the evaluator."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bpm.analyser.given import Given
from bpm.feel import matches, parse_unary_tests
from bpm.model.decision import Decision, DecisionModel, DecisionTable, InputClause, OutputClause, Rule
from bpm.model.procedure import Procedure

VALUES: dict[str, list[Any]] = {
    "number": [Decimal(n) / 2 for n in range(-1, 8)],
    "string": ["a", "b", "c", "zz"],
    "boolean": [False, True],
}
ALLOWED = {"number": (None, "[0..3]"), "string": (None, '"a","b"'), "boolean": (None,)}
CELLS = {
    "number": ("-", "1", "2", "< 1", ">= 1", "<= 2", "> 2", "[1..2]", "(0..2)", "not(1)", "1, 2", "< 1, > 2", "null"),
    "string": ("-", '"a"', '"b"', '"a","b"', 'not("a")', 'not("a","b")', 'null, "a"'),
    "boolean": ("-", "true", "false", "true, false", "not(true)"),
}
PRIORITIES = '"x","y","z"'


@dataclass(frozen=True)
class Small:
    """One table with every case: its values and the 0-based rules it meets, without and with missing inputs."""

    table: DecisionTable
    cases: list[tuple[tuple[Any, ...], list[int]]]
    with_null: list[tuple[tuple[Any, ...], list[int]]]

    def given(self) -> Given:
        decision = Decision("d", "D", "D", None, self.table)
        model = DecisionModel("t.dmn", "", "t", "urn:t", (decision,))
        return Given(Procedure("p", "p", "t.dmn", None, (model,)))

    def output(self, rule: int) -> str:
        return self.table.rules[rule].outputs[0]

    def result(self, met: list[int]) -> Any:
        """What the table answers to the rules met, as its hit policy says; a default where none is met."""
        if not met and self.table.outputs[0].default:
            return self.table.outputs[0].default
        if self.table.hit_policy in {"FIRST", "PRIORITY"}:
            return self.output(self.strongest(met)) if met else None
        if self.table.hit_policy == "RULE ORDER":
            return tuple(self.output(rule) for rule in met)
        said = sorted(self.output(rule) for rule in met)
        if self.table.hit_policy == "COLLECT":
            return tuple(said)
        return said[0] if len(set(said)) == 1 else frozenset(said)

    def strongest(self, met: list[int]) -> int:
        if self.table.hit_policy == "PRIORITY":
            return min(met, key=lambda rule: (PRIORITIES.index(self.output(rule)), rule))
        return met[0]


def small_table(seed: int, policies: tuple[str, ...]) -> Small:
    """A table of up to three inputs and six rules; the seed says everything about it."""
    pick = random.Random(seed)
    kinds = [pick.choice(tuple(VALUES)) for _ in range(pick.randint(1, 3))]
    inputs = tuple(
        InputClause(f"i{n}", f"in{n}", f"in{n}", kind, pick.choice(ALLOWED[kind])) for n, kind in enumerate(kinds)
    )
    dull = pick.random() < 0.5
    rules = tuple(
        Rule(
            f"r{n}",
            tuple("-" if pick.random() < 0.2 else pick.choice(CELLS[kind][: 5 if dull else None]) for kind in kinds),
            (pick.choice(('"x"', '"x"', '"y"', '"z"')),),
        )
        for n in range(pick.randint(1, 6))
    )
    output = OutputClause("o", "out", values=PRIORITIES, default=pick.choice((None, None, '"x"')))
    table = DecisionTable("t", pick.choice(policies), None, inputs, (output,), rules)
    columns = [_column(table, position, kind) for position, kind in enumerate(kinds)]
    nulls = [[*values, (None, _holding(table, position, None))] for position, values in enumerate(columns)]
    named = [
        whole if any("null" in rule.inputs[position] for rule in rules) else values
        for position, (values, whole) in enumerate(zip(columns, nulls, strict=True))
    ]
    return Small(table, _cases(named), _cases(nulls))


def _column(table: DecisionTable, position: int, kind: str) -> list[tuple[Any, set[int]]]:
    """Every value that can come in, with the rules whose cell holds."""
    allowed = table.inputs[position].values
    tests = None if allowed is None else parse_unary_tests(allowed)
    values = [value for value in VALUES[kind] if tests is None or matches(tests, value, {}) is True]
    return [(value, _holding(table, position, value)) for value in values]


def _holding(table: DecisionTable, position: int, value: Any) -> set[int]:
    return {
        number for number, rule in enumerate(table.rules) if matches(_tests(rule.inputs[position]), value, {}) is True
    }


_parsed: dict[str, Any] = {}


def _tests(text: str) -> Any:
    if text not in _parsed:
        _parsed[text] = parse_unary_tests(text)
    return _parsed[text]


def _cases(columns: list[list[tuple[Any, set[int]]]]) -> list[tuple[tuple[Any, ...], list[int]]]:
    return [
        (tuple(value for value, _ in choice), sorted(set.intersection(*(met for _, met in choice))))
        for choice in itertools.product(*columns)
    ]
