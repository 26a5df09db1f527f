"""What boxes and checks prove about a table is what z3 proves and what trying the cases shows; none is believed alone.

A hundred tables here, z3 asked about every fifth; `make prove` (or BPM_TABLES=10000) tries as many as asked.
BPM_TABLES_FROM moves the seeds.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

from bpm.analyser import boxes
from bpm.analyser.tables import Geometry, geometry
from bpm.feel.terms import Terms
from bpm.model.decision import DecisionTable, InputClause, OutputClause, Rule
from tests.properties.second_opinion import Opinions
from tests.properties.tables import POLICIES, located, trials

z3 = pytest.importorskip("z3", reason="the extra `verify` is not installed: there is no second opinion")

TABLES = int(os.environ.get("BPM_TABLES", "120"))
FIRST = int(os.environ.get("BPM_TABLES_FROM", "20261124"))
SOLVED = 5 if TABLES < 1000 else 1
"""Every so many tables z3 is asked, too: that is what costs."""
MOST_SHOWN = 10


def test_boxes_solver_and_every_case_of_a_grid_agree_on_generated_tables() -> None:
    context = z3.Context()
    trouble: list[str] = []
    counted: Counter[str] = Counter()
    for number, found in enumerate(trials(FIRST, TABLES)):
        if number % 500 == 499:
            context = z3.Context()
        opinions = Opinions(found, None if number % SOLVED else context)
        counted["as boxes"] += opinions.shape is not None
        counted["by z3"] += opinions.proofs is not None
        wrong = list(opinions.disagreements())
        if wrong:
            trouble.append("\n  ".join((str(found), *wrong)))
    print(f"seeds {FIRST} to {FIRST + TABLES - 1}: {TABLES} tables, {counted['as boxes']} as boxes, "
          f"{counted['by z3']} by z3, {len(trouble)} disagreements")  # fmt: skip
    assert not trouble, "\n".join(trouble[:MOST_SHOWN])
    assert counted["as boxes"] > TABLES / 2, "most tables are boxes"
    assert counted["by z3"] * SOLVED > counted["as boxes"], "and z3 is asked about those that are not, too"


def test_the_tables_try_every_policy_and_every_claim() -> None:
    sample = list(trials(FIRST, 66))
    assert {(it.table.hit_policy, it.table.aggregation) for it in sample} == set(POLICIES)
    assert sum(it.calculated for it in sample) > 5
    assert sum(any(it.names_null) for it in sample) > 10
    assert sum(len(it.table.outputs) > 1 for it in sample) > 5
    assert len({kind for it in sample for kind in it.kinds}) == 10
    assert sum(any(not met for _, met in it.cases) for it in sample[:30]) > 5


def test_a_closed_bound_read_as_open_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = boxes._mask

    def wrong(region: Any, bounds: Any) -> int:
        mask = right(region, bounds)
        for interval in region.intervals:
            if interval.high_included and not interval.is_point:
                mask &= ~(1 << 2 * bounds.index(interval.high) + 1)
        return mask

    monkeypatch.setattr(boxes, "_mask", wrong)
    assert any(list(Opinions(it, None).disagreements()) for it in trials(FIRST, 60))


def test_an_order_that_includes_its_bound_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Terms._compare
    monkeypatch.setattr(Terms, "_compare", lambda self, op, *sides: right(self, op.replace(">=", ">"), *sides))
    context = z3.Context()
    assert any(list(Opinions(it, context).disagreements()) for it in trials(FIRST, 60))


def test_no_day_begins_before_midnight() -> None:
    inputs = (InputClause("i", "c0", "c0", "time"),)
    rules = (Rule("r", ('>= time("00:00:00")',), ('"x"',)),)
    table = DecisionTable("t", "UNIQUE", None, inputs, (OutputClause("o", "o"),), rules)
    shape = geometry(located(table))
    assert isinstance(shape, Geometry)
    assert boxes.gaps(shape.boxes).exists is False
