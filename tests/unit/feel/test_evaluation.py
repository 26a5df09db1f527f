"""Values of expressions: logic, numbers, lists, contexts, functions, and null with a warning for every error."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bpm.errors import BudgetExceeded
from bpm.feel import evaluate, from_json, matches, parse_expression, parse_unary_tests, to_json


def value(text, **scope):
    return evaluate(parse_expression(text, scope), scope)


def problems(text, **scope):
    warnings: list[str] = []
    assert evaluate(parse_expression(text, scope), scope, warnings=warnings) is None
    return warnings


def holds(cell, tested, **scope):
    return matches(parse_unary_tests(cell, scope), tested, scope)


TRUTH = {True: "true", False: "false", None: "null"}


@pytest.mark.parametrize("left", TRUTH)
@pytest.mark.parametrize("right", TRUTH)
def test_logic_is_ternary(left, right):
    both = False if False in (left, right) else (None if None in (left, right) else True)
    either = True if True in (left, right) else (None if None in (left, right) else False)
    assert value(f"{TRUTH[left]} and {TRUTH[right]}") is both
    assert value(f"{TRUTH[left]} or {TRUTH[right]}") is either


def test_numbers_are_exact_decimals_of_34_digits():
    assert value("0.1 + 0.2 = 0.3") is True
    assert value("1 / 3") == Decimal("0.3333333333333333333333333333333333")
    assert value("2 ** 0.5") == Decimal("1.414213562373095048801688724209698")
    assert value("(1 - 2) ** 3") == -1


@pytest.mark.parametrize(
    "text", ["1 / 0", '1 + "a"', "nichts", "{a: 1}.b", "[1][3]", "nein(1)", '1 < "a"', '-"a"', "9 ** 99999", "f(1)"]
)
def test_an_error_is_null_with_a_warning(text):
    assert problems(text)


def test_null_equals_only_null():
    assert value("null = null") is True
    assert value("1 = null") is False
    assert value("1 < null") is None


def test_lists_filter_by_position_and_by_condition():
    assert value("[10, 20, 30][-1]") == 30
    assert value("[10, 20, 30][item > 15]") == [20, 30]
    assert value(
        "leute[alter > 17].name", leute=from_json([{"alter": 18, "name": "A"}, {"alter": 3, "name": "B"}])
    ) == ["A"]


def test_loops_nest_count_down_and_see_what_came_before():
    assert value("for x in 1..2, y in 1..x return x * y") == [1, 2, 4]
    assert value("for x in 3..1 return x") == [3, 2, 1]
    assert value("for x in 1..5 return if x = 1 then 1 else partial[-1] * x") == [1, 2, 6, 24, 120]
    assert value('for d in @"2024-02-28"..@"2024-03-01" return d')[1] == date(2024, 2, 29)


def test_quantifiers_stop_at_the_first_proof():
    assert value("some x in [1, 2] satisfies x > 1") is True
    assert value("every x in [] satisfies false") is True
    assert value("every x in [1, null] satisfies x > 0") is None


def test_contexts_see_their_earlier_entries():
    assert value("{a: 1, b: a + 1, c: b * 2}.c") == 4


def test_functions_close_over_their_scope_and_take_names():
    assert value("(function(a, b) a - b)(b: 1, a: 3)") == 2
    assert value("{n: 5, f: function(x) x + n}.f(2)") == 7
    assert value("sort([3, 1, 2], function(a, b) a > b)") == [3, 2, 1]


def test_a_typed_parameter_refuses_another_type():
    assert value("(function(a: number) a)(1)") == 1
    assert problems('(function(a: number) a)("x")')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 instance of number", True),
        ('"a" instance of number', False),
        ("[1, 2] instance of list<number>", True),
        ('[1, "a"] instance of list<number>', False),
        ("{a: 1} instance of context<a: number>", True),
        ("[1..2] instance of range<number>", True),
        ("null instance of Any", False),
        ('@"P1D" instance of days and time duration', True),
    ],
)
def test_instance_of_knows_the_types(text, expected):
    assert value(text) is expected


def test_cells_match_values_ranges_lists_and_expressions():
    five = Decimal(5)
    assert holds("5", five)
    assert holds("3, 5", five)
    assert holds("[1..5]", five)
    assert not holds("[1..5)", five)
    assert holds("> 4", five)
    assert holds("not(4)", five)
    assert not holds("not(4, 5)", five)
    assert holds("? > 4 and ? < 6", five)
    assert holds("grenze", five, grenze=five)
    assert holds("werte", five, werte=[five])
    assert holds("-", None)
    assert holds("null", None)
    assert holds("true", True)
    assert not holds("true", False)


def test_a_comparison_with_null_in_a_cell_is_unknown():
    assert holds("> 4", None) is None
    assert holds("[1..5]", None) is None


def test_json_in_and_out_keeps_numbers_and_types():
    assert from_json(0.1) == Decimal("0.1")
    assert from_json("2024-02-29", "date") == date(2024, 2, 29)
    assert from_json("2024-02-29") == "2024-02-29"
    assert to_json({"a": [Decimal("1.50"), date(2024, 2, 29), None, True]}) == {"a": [1.5, "2024-02-29", None, True]}
    assert to_json(value('@"PT36H"')) == "P1DT12H"


def test_a_value_that_would_be_endless_as_json_is_refused():
    shared: list = [1]
    for _ in range(40):
        shared = [shared, shared]
    with pytest.raises(BudgetExceeded):
        to_json(shared)


def test_now_is_given_or_unknown():
    from datetime import UTC, datetime

    moment = datetime(2025, 1, 6, 8, tzinfo=UTC)
    assert evaluate(parse_expression("today()"), {}, now=moment) == date(2025, 1, 6)
    assert problems("now()") == ["the time is not given here"]
