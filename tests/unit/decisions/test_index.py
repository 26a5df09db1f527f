"""Rules found through the index are those that the rows tried in turn give: matches, warnings and all."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal

import pytest

from bpm.decisions.index import BITS, ColumnIndex, Index, Lookup, box, members
from bpm.decisions.itemtypes import ItemTypes
from bpm.decisions.tables import Table
from bpm.errors import BudgetExceeded
from bpm.feel import parse_unary_tests, temporal
from bpm.feel.budget import Budget
from bpm.feel.evaluate import Evaluation, Scope
from bpm.feel.values import HostFunction, RangeValue
from tests.unit.decisions.models import model, table

TABLES = 1_000
INPUTS = 4
"""So 4,000 pairs of a table and its inputs."""
NAMES = frozenset(("v0", "v1", "v2", "x", "date"))
TYPES = ItemTypes(model(), {})
CONSTANTS = {
    "number": ("0", "1", "1.0", "-1", "2.5", "10", "1e3", "0.1"),
    "string": ('"a"', '"b"', '""', '"ab"', '"ä"', '"1"'),
    "date": ('date("2024-01-01")', '@"2024-02-29"', '@"2023-12-31"', 'date("10000-01-01")'),
    "days": ('duration("P1D")', '@"PT24H"', '@"-P2D"'),
    "months": ('duration("P1Y")', '@"P12M"', '@"P2M"'),
    "moment": ('@"2024-01-01T00:00:00"', '@"2024-01-01T00:00:00Z"', '@"12:00:00"'),
    "boolean": ("true", "false"),
}
ODD = (
    "null", "not(null)", "!= null", "< null", "? * 2 < x", "x", "> x", "[x..10]", "not(x)", "1 + 1", 'contains(?, "a")',
    "[null..3]", "[1..null]", "[]", "[null, 1]", "not([null, 1])", '[[1], "a"]', "not([1..2], \"a\")", "no such name",
    '@"nonsense"', 'date("nonsense")', "? = null", "true, < 3", '"a", > 5', '[[1..3], "b"]', "{a: 1}", "count([1,2])",
)  # fmt: skip
VALUES = (
    None, True, False, "", "a", "b", "ab", "aa", "ä", "z", "1", date(2024, 1, 1), date(2024, 2, 29), date(2024, 1, 15),
    datetime(2024, 1, 1), temporal.parse("10000-01-01"), temporal.parse("P1D"), temporal.parse("PT25H"),
    temporal.parse("P1Y"), temporal.parse("P3M"), temporal.parse("12:00:00"), [], [Decimal(1)], ["a", "b"],
    {"a": Decimal(1)}, RangeValue(Decimal(0), Decimal(2), True, True),
    *map(Decimal, ("-5", "-1", "-0", "0", "0.1", "0.5", "1", "1.0", "1.5", "2", "2.5", "3", "10", "11", "1E+3")),
)  # fmt: skip


def random_cell(rng: random.Random, kind: str) -> str:
    if rng.random() < 0.25:
        return "-"
    if rng.random() < 0.12:
        return rng.choice(ODD)
    if rng.random() < 0.1:
        kind = rng.choice(list(CONSTANTS))

    def one() -> str:
        constants = CONSTANTS[kind]
        a, b = rng.choice(constants), rng.choice(constants)
        form = rng.randrange(5)
        if form == 0:
            return rng.choice(("<", "<=", ">", ">=", "=", "!=")) + " " + a
        if form == 1:
            return f"{rng.choice('[(]')}{a}..{b}{rng.choice('])[')}"
        return f"[{a}, {b}]" if form == 2 and rng.random() < 0.3 else a

    text = ", ".join(one() for _ in range(rng.choice((1, 1, 1, 2, 3))))
    return f"not({text})" if rng.random() < 0.2 else text


def random_table(rng: random.Random) -> Table:
    columns = rng.randint(1, 3)
    kinds = [rng.choice(("number", "number", *CONSTANTS)) for _ in range(columns)]
    rules = [([random_cell(rng, kind) for kind in kinds], ["1"]) for _ in range(rng.randint(0, 7))]
    policy = rng.choice(("FIRST", "UNIQUE", "ANY", "COLLECT", "RULE ORDER"))
    return Table(table(policy, rules, inputs=[f"v{at}" for at in range(columns)]), NAMES, TYPES)


def seen(act):
    """Rules, warnings, steps, or the error."""
    ev = Evaluation(Budget(steps=10_000))
    try:
        return [row.number for row in act(ev)], ev.warnings, 10_000 - ev.budget.steps
    except (BudgetExceeded, ArithmeticError, TypeError) as error:
        return type(error), ev.warnings, 0


def test_the_index_finds_the_rules_that_the_rows_in_turn_find():
    seed = 20_240_229
    rng = random.Random(seed)
    answered = 0
    for number in range(TABLES):
        found = random_table(rng)
        for _ in range(INPUTS):
            names = {f"v{at}": rng.choice(VALUES) for at in range(3)} | {"x": rng.choice(VALUES)}
            if rng.random() < 0.05:
                names["date"] = rng.choice((Decimal(1), HostFunction("date", ("text",), lambda _: Decimal(1))))
            scope = Scope(names)
            indexed = seen(lambda ev, t=found, s=scope: t.matching(ev, s))
            in_turn = seen(lambda ev, t=found, s=scope: t.tried(ev, t.rows, t.values(ev, s), s))
            told = f"seed {seed}, table {number}: {found.table.rules} of {names}"
            assert indexed[:2] == in_turn[:2], told
            assert indexed[2] <= in_turn[2], told
            values = found.values(Evaluation(), scope)
            answered += found.index.candidates(values, scope) is not None
    assert answered > TABLES * INPUTS * 0.4, "the index must have something to say"


def test_the_comparison_would_notice_a_wrong_set():
    found = Table(table("COLLECT", [(["< 5"], ["1"]), (["[1..3]"], ["1"])], inputs=["v0"]), NAMES, TYPES)
    scope = Scope({"v0": Decimal(2)})
    assert seen(lambda ev: found.matching(ev, scope))[0] == [1, 2]
    lookup = found.index.columns[0][1].lookups[Decimal]
    lookup.sets = [0] * len(lookup.sets)
    assert seen(lambda ev: found.matching(ev, scope))[0] != [1, 2]


def test_a_cell_that_reads_data_is_evaluated_only_where_the_cells_before_it_hold():
    rows = [[parse_unary_tests(text, NAMES) for text in cells] for cells in (("< 5", "> x", "1"), ("1", "-", "2"))]
    index = Index(rows, 3)
    assert index.loose == {0: 1}
    assert index.candidates([Decimal(1), None, Decimal(2)], Scope({})) == 0b11
    assert index.candidates([Decimal(9), None, Decimal(2)], Scope({})) == 0


@pytest.mark.parametrize("text", ["< x", "? < 5", "1 + 1", '@"nonsense"', '@"12:00:00"', "< null", "[x..5]"])
def test_what_is_no_constant_or_has_no_order_is_no_box(text):
    assert box(parse_unary_tests(text, NAMES)) is None


def test_a_number_that_is_none_is_left_to_the_evaluator():
    index = Index([[parse_unary_tests("< 5")]], 1)
    assert index.candidates([Decimal("NaN")], Scope({})) is None


def test_a_long_column_keeps_every_nth_set_and_finds_the_same():
    rng = random.Random(7)
    cells = {
        rule: box(parse_unary_tests(f"[{(low := rng.randrange(900))}..{low + rng.randrange(90)})"))
        for rule in range(60)
    }
    column = ColumnIndex({rule: found[0] for rule, found in cells.items()}, 60)
    dense = column.lookup(Decimal)
    spans = [(rule, [(2 * rule + 1, 2 * rule + 40)]) for rule in range(60)]
    short, sparse = Lookup(dense.points, spans, 60), Lookup(dense.points, spans, BITS // 40)
    assert sparse.stride > 1
    assert short.stride == 1
    for value in range(-5, 1_000):
        assert sparse.rules(Decimal(value)) == short.rules(Decimal(value))


def test_members_are_the_bits_that_are_set():
    assert list(members(0)) == []
    assert list(members((1 << 70) | 0b101)) == [0, 2, 70]
