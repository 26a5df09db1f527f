"""Declared types, allowed values, defaults, several outputs: verdicts against deciding every case with and without."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from bpm.analyser.ablation import Ablation
from bpm.analyser.given import TableAt
from bpm.analyser.tables import Geometry, geometry
from bpm.decisions import decide
from bpm.errors import DecisionError
from bpm.model.decision import (
    Decision,
    DecisionModel,
    DecisionTable,
    InputClause,
    InputData,
    ItemDefinition,
    OutputClause,
    Rule,
)
from tests.unit.ablation.trials import POLICIES, cell

NUMBERS = (-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, None)
INPUTS: tuple[tuple[str, str | None, tuple[Any, ...]], ...] = (
    ("number", None, NUMBERS),
    ("number", "[0..2]", (0, 0.5, 1, 1.5, 2, None)),
    ("number", "0,1,2", (0, 1, 2, None)),
    ("string", None, ("a", "b", "c", "zz", None)),
    ("string", '"a","b"', ("a", "b", None)),
    ("boolean", None, (True, False, None)),
)
ITEMS = (
    ItemDefinition("i1", "tAB", "string", allowed='"a","b"'),
    ItemDefinition("i2", "tList", "string", collection=True),
    ItemDefinition(
        "i3", "tCtx", components=(ItemDefinition("i4", "o1", "number"), ItemDefinition("i5", "o0", "string"))
    ),
    ItemDefinition("i6", "tCtxList", "tCtx", collection=True),
)


def drawn(seed: int) -> tuple[TableAt, list[dict[str, Any]]]:
    """A table with types of every kind, fitting or not, and every case of values worth trying."""
    pick = random.Random(seed)
    policy, aggregation = POLICIES[seed % len(POLICIES)]
    columns = [pick.choice(INPUTS) for _ in range(pick.choice((1, 1, 2)))]
    numeric = aggregation in ("SUM", "MIN", "MAX")
    count = 1 if aggregation else pick.choice((1, 1, 2))
    pool = ("0", "1", "2") if numeric else ('"a"', '"b"', "1", "2", "null", "-", "c0")
    outputs = tuple(
        OutputClause(
            f"o{n}",
            f"o{n}",
            type=None if numeric else pick.choice((None, None, "string", "number", "tAB")),
            values='"b","a"' if policy in ("PRIORITY", "OUTPUT ORDER") else None,
            default=pick.choice((None, None, None, '"a"', "1")),
        )
        for n in range(count)
    )
    rules = tuple(
        Rule(f"r{n}", tuple(cell(pick, kind) for kind, _, _ in columns), tuple(pick.choice(pool) for _ in outputs))
        for n in range(pick.randint(1, 6))
    )
    inputs = tuple(InputClause(f"i{c}", f"c{c}", f"c{c}", kind, values) for c, (kind, values, _) in enumerate(columns))
    type = pick.choice((None, None, "Any", "string", "number", "tList", "tCtx", "tCtxList", "tAB"))
    table = DecisionTable("t", policy, aggregation, inputs, outputs, rules)
    decision = Decision("d", "D", "D", type, table, requires=tuple(f"in{c}" for c in range(len(columns))))
    data = tuple(InputData(f"in{c}", f"c{c}", kind) for c, (kind, _, _) in enumerate(columns))
    model = DecisionModel("t.dmn", "", "t", "urn:t", (decision,), data, ITEMS)
    cases = [
        {f"c{c}": value for c, value in enumerate(case)} for case in itertools.product(*(it for _, _, it in columns))
    ]
    return TableAt(model, "d", "D", table, decision), cases


def results(at: TableAt, cases: list[dict[str, Any]], rules: Iterable[int]) -> list[str]:
    """What the decision gives for every case with some of its rules; a contradiction is a result too."""
    assert at.decision is not None
    logic = replace(at.table, rules=tuple(at.table.rules[rule] for rule in rules))
    model = replace(at.model, decisions=(replace(at.decision, logic=logic),))
    found = []
    for case in cases:
        try:
            found.append(repr(decide(model, "d", case).result))
        except DecisionError as error:
            found.append(error.code)
    return found


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_what_is_proven_holds_whatever_types_are_declared(start: int) -> None:
    proven: Counter[bool | None] = Counter()
    for seed in range(start, start + 100):
        at, cases = drawn(seed)
        shape = geometry(at)
        if not isinstance(shape, Geometry):
            continue
        ablation = Ablation(shape)
        every = range(len(at.table.rules))
        whole = results(at, cases, every)
        for rule, verdict in enumerate(ablation.verdicts):
            proven[verdict.decisive] += 1
            if verdict.decisive is not None:
                changed = results(at, cases, [it for it in every if it != rule]) != whole
                assert verdict.decisive == changed, f"seed {seed}, rule {rule + 1}: {at.table}, {at.decision}"
        assert results(at, cases, ablation.core.kept) == whole, f"seed {seed}: {at.table}"
    assert min(proven[True], proven[False]) > 20
