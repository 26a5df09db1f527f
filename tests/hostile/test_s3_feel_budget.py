"""Expressions that cost more than they may: they return a value or BudgetExceeded, soon, and nothing else."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from bpm.errors import BudgetExceeded, FeelSyntaxError
from bpm.feel import Budget, evaluate, parse_expression, parse_unary_tests, to_json

WALL = 5.0
"""Seconds; generous, since the machine is shared: what counts is that every text returns."""

LONG = 10**7
LENGTH = 10**7

TEXTS = {
    "parentheses": "(" * 100_000 + "1" + ")" * 100_000,
    "brackets": "[" * 20_000 + "]" * 20_000,
    "half brackets": "[" * 20_000,
    "braces": "{a:" * 20_000,
    "minus": "-" * 20_000 + "1",
    "nots": "not(" * 20_000 + "true" + ")" * 20_000,
    "ifs": "if true then " * 10_000 + "1",
    "fors": "for i in " * 10_000 + "[1]",
    "functions": "function(a) " * 10_000 + "1",
    "sum in a row": "1" + "+1" * 20_000,
    "powers in a row": "9" + "**9" * 400,
    "paths": "a" + ".a" * 20_000,
    "filters": "[1]" + "[1]" * 20_000,
    "calls": "f" + "()" * 20_000,
    "huge power": "9 ** 9 ** 9 ** 9",
    "power of a tiny step": "1.0000000001 ** 99999999999",
    "fractional power": "123456789.123 ** 98765.4321",
    "huge literal": "9" * 1_000_000,
    "exponent literal": "1e999999999 * 1e999999999",
    "small exponent": "1e-999999999",
    "long loop": "for i in 1..1000000000 return i",
    "long loop down": "for i in 1000000000..1 return i",
    "loop from far away": "for i in 1e6144..0 return i",
    "nested loops": "for a in 1..1000, b in 1..1000, c in 1..1000 return a",
    "some": "some i in 1..10000000000 satisfies i < 0",
    "every": "every i in [1..10000000000] satisfies i > 0",
    "range of decimals": "for i in 1..1e100 return i",
    "doubling text": '{a0: "' + "x" * 1000 + '"' + "".join(f", a{i}: a{i - 1} + a{i - 1}" for i in range(1, 40)) + "}",
    "doubling list": "{a0: [1]" + "".join(f", a{i}: concatenate(a{i - 1}, a{i - 1})" for i in range(1, 40)) + "}",
    "shared lists": "{a0: [1]" + "".join(f", a{i}: [a{i - 1}, a{i - 1}]" for i in range(1, 40)) + "}",
    "shared lists as text": "string({a0: [1]" + "".join(f", a{i}: [a{i - 1}, a{i - 1}]" for i in range(1, 40)) + "})",
    "shared lists flat": "flatten({a0: [1]"
    + "".join(f", a{i}: [a{i - 1}, a{i - 1}]" for i in range(1, 40))
    + "}.a39])",
    "shared lists equal": "{a0: [1]"
    + "".join(f", a{i}: [a{i - 1}, a{i - 1}]" for i in range(1, 40))
    + ", b: a39 = [a38, a38]}",
    "growing partial": "for i in 1..10000 return partial",
    "deep partial": "for i in 1..5000 return if i = 1 then [] else [partial[-1]]",
    "recursion": "{f: function(x, g) g(x + 1, g), r: f(1, f)}.r",
    "double recursion": "{f: function(x, g) g(x, g) + g(x, g), r: f(1, f)}.r",
    "string join": 'string join(for i in 1..50000 return "' + "x" * 100 + '", "yyyyyyyyyy")',
    "replace": 'replace("' + "a" * 3000 + '", "a", "' + "b" * 3000 + '")',
    "regex nested": 'matches("' + "a" * 3000 + 'b", "(a+)+$")',
    "regex alternation": 'matches("' + "a" * 3000 + 'b", "(a|aa)+$")',
    "regex stars": 'matches("' + "a" * 3000 + 'b", "a*a*a*a*a*a*a*a*c")',
    "regex counted": 'matches("' + "a" * 3000 + 'b", "((a{1,20}){1,20}){1,20}$")',
    "regex huge count": 'matches("a", "(a{9999}){9999}")',
    "regex options": 'matches("' + "a" * 300 + '", "' + "a?" * 300 + "a" * 300 + '")',
    "regex brackets": 'matches("a", "' + "(" * 5000 + "a" + ")" * 5000 + '")',
    "regex alternatives": 'matches("a", "' + "|".join("ab" for _ in range(5000)) + '")',
    "split": 'split("' + "a," * 1500 + '", ",")',
    "number of a long text": 'number("' + "9" * 20_000 + '")',
    "duration": 'duration("P' + "9" * 90 + 'D") * 1e30',
    "months": 'date("2020-01-01") + duration("P' + "9" * 80 + 'Y")',
    "exp": "exp(1e30)",
    "round": "decimal(1e6000, 6000)",
    "string of a number": "string(1e6000)",
    "modulo": "modulo(1e6000, 3e-6000)",
    "sort": "sort(for i in 1..3000 return -i, function(a, b) a < b)",
    "distinct": "distinct values(for i in 1..3000 return i)",
    "unclosed text": '"' + "\\" * 99_999,
    "unclosed comment": "/*" + "*" * 20_000,
    "dots": "." * 20_000,
    "words": "a " * 20_000,
    "keywords": "and or in between " * 5_000,
}


def _returned(text: str, depth: int, length: int) -> None:
    try:
        to_json(evaluate(parse_expression(text, depth=depth, length=length), {"a": {}, "f": None}))
    except (BudgetExceeded, FeelSyntaxError):
        return


@pytest.mark.parametrize("name", TEXTS)
def test_a_costly_text_returns(name):
    started = time.perf_counter()
    _returned(TEXTS[name], 50, 4_000)
    _returned(TEXTS[name], 50, LENGTH)
    assert time.perf_counter() - started < WALL, f"{name} took too long"


@pytest.mark.parametrize("name", TEXTS)
def test_a_costly_cell_returns(name):
    with suppress(BudgetExceeded, FeelSyntaxError):
        parse_unary_tests(TEXTS[name], length=LENGTH)


def test_a_parser_that_is_allowed_any_depth_still_never_runs_out_of_stack():
    for opener in ("(", "[", "{a:", "-", "not(", "if true then ", "function(a) "):
        with pytest.raises((BudgetExceeded, FeelSyntaxError)):
            parse_expression(opener * 20_000, depth=10**9, length=LENGTH)


def test_a_caller_deep_in_its_own_stack_gets_a_budget_error_not_a_recursion_error():
    node = parse_expression("1+(1+(1+(1+(1+(1+(1+(1+(1+(1+1)))))))))")

    def sink(levels: int):
        if levels:
            return sink(levels - 1)
        try:
            return evaluate(node, {})
        except BudgetExceeded:
            return "refused"

    outcomes = set()
    for levels in range(800, 1000, 5):
        try:
            outcomes.add(str(sink(levels)))
        except RecursionError:  # the test's own frames ran out first
            break
    assert outcomes <= {"11", "refused"}


def test_steps_are_what_the_budget_says():
    with pytest.raises(BudgetExceeded):
        evaluate(parse_expression("for i in 1..100 return i"), {}, budget=Budget(steps=50))
    assert len(evaluate(parse_expression("for i in 1..100 return i"), {}, budget=Budget(steps=500))) == 100


def test_four_thousand_characters_of_plain_sum_are_fine_within_the_row():
    assert evaluate(parse_expression("1" + "+1" * 499), {}) == 500
