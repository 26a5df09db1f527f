"""Built-in functions and the calendar."""

from __future__ import annotations

import re
from decimal import Decimal
from random import Random

import pytest

from bpm.feel import Budget, evaluate, parse_expression
from bpm.feel.regex import PatternError, compile_pattern, search

CASES = [
    ('substring("foobar", 3)', '"obar"'),
    ('substring("foobar", -2, 1)', '"a"'),
    ('string length("Größe")', "5"),
    ('upper case("straße")', '"STRASSE"'),
    ('substring before("foobar", "bar")', '"foo"'),
    ('split("a;b;;c", ";")', '["a", "b", "", "c"]'),
    ('replace("abracadabra", "a(.)", "[$1]")', '"[b]r[c][d][b]ra"'),
    ('string join(["a", null, "b"], "-")', '"a-b"'),
    ("min(3, 1, 2)", "1"),
    ('max(["b", "c"])', '"c"'),
    ("sum([1, 2])", "3"),
    ("mean([1, 2, 3])", "2"),
    ("median(8, 2, 5, 3)", "4"),
    ("stddev(2, 4, 7, 5)", "2.081665999466132735282297706979931"),
    ("mode([6, 3, 9, 6, 6])", "[6]"),
    ("sublist([4, 5, 6], 1, 2)", "[4, 5]"),
    ("insert before([1, 3], 1, 2)", "[2, 1, 3]"),
    ("list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5)", "[5, 5, 7, 8]"),
    ("index of([1, 2, 3, 2], 2)", "[2, 4]"),
    ("union([1, 2], [2, 3])", "[1, 2, 3]"),
    ("flatten([[1, 2], [[3]], 4])", "[1, 2, 3, 4]"),
    ("decimal(2.5, 0)", "2"),
    ("round half up(-2.5, 0)", "-3"),
    ("floor(-1.5)", "-2"),
    ("ceiling(1.56, 1)", "1.6"),
    ("modulo(-12, 5)", "3"),
    ("odd(5) and even(2)", "true"),
    ('number("1.234,56", ".", ",")', "1234.56"),
    ("string(1.10)", '"1.1"'),
    ('string([1, "a"])', r'"[1, \"a\"]"'),
    ('get value({a: 1}, "a")', "1"),
    ('context put({a: {b: 1}}, ["a", "b"], 2).a.b', "2"),
    ("context merge([{a: 1}, {a: 2}]).a", "2"),
    ("before([1..5), 5)", "true"),
    ("overlaps([1..5], [5..8])", "true"),
    ("during(3, [1..5])", "true"),
    ("starts([1..2], [1..5])", "true"),
    ("coincides([1..2], [1..2])", "true"),
    ('date("2024-02-29").weekday', "4"),
    ('date("2024-01-31") + duration("P1M")', 'date("2024-02-29")'),
    ('date("2024-03-01") - date("2024-02-01")', 'duration("P29D")'),
    ('date and time("2024-03-31T01:30:00@Europe/Berlin") + duration("PT1H")', '@"2024-03-31T03:30:00@Europe/Berlin"'),
    ('time("23:30:00") + duration("PT1H")', 'time("00:30:00")'),
    ('years and months duration(date("2023-12-31"), date("2024-02-29"))', 'duration("P1M")'),
    ('duration("P1Y") / duration("P3M")', "4"),
    ('@"PT1H" * 1.5', '@"PT1H30M"'),
    ('string(duration("-P1DT2H0.5S"))', '"-P1DT2H0.5S"'),
    ('string(date and time("2024-01-01T24:00:00Z"))', '"2024-01-02T00:00:00Z"'),
    ('day of week(date("2024-02-29"))', '"Thursday"'),
    ('week of year(date("2005-01-01"))', "53"),
    ('is(@"23:00:50Z", @"23:00:50+00:00")', "true"),
    ('is(@"23:00:50", @"23:00:50Z")', "false"),
    ('date and time("2024-01-01T12:00:00+02:00") = date and time("2024-01-01T10:00:00Z")', "true"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_function_gives_what_the_standard_says(text, expected):
    assert evaluate(parse_expression(f"({text}) = ({expected})"), {}) is True


@pytest.mark.parametrize(
    "text",
    [
        'date("2023-02-29")',
        'date("23-02-28")',
        'time("25:00:00")',
        'duration("1D")',
        'date("0000-01-01")',
        'duration("P")',
        'date and time("2024-01-01T10:00:00@Nirgends/Ort")',
        'duration("PT")',
        'substring("a", 0)',
        "sqrt(-1)",
        "log(0)",
        'number("1,5")',
        "sum([])",
        'matches("a", "(")',
        'matches("aa", "(a)\\\\1")',
        "remove([1], 2)",
        "not(1)",
    ],
)
def test_what_does_not_exist_is_null(text):
    assert evaluate(parse_expression(text), {}) is None


def test_there_is_no_random_function():
    assert evaluate(parse_expression("random number()"), {}) is None


PIECES = ("a", "b", "(a|b)", "a*", "(ab)+", "[ab]", "[^a]", "b?", "a{1,2}", ".", "(a|ab)", "^", "$", "(?:ba)*?", "\\d")


def test_patterns_agree_with_a_backtracking_engine():
    seed = 20_260_101
    random = Random(seed)
    for _ in range(1_500):
        pattern = "".join(random.choices(PIECES, k=random.randint(1, 4)))
        text = "".join(random.choices("ab1", k=random.randint(0, 7)))
        mine = search(compile_pattern(pattern), text, 0, Budget())
        other = re.search(pattern.replace("$", "\\Z"), text, re.ASCII)
        assert (mine is None) == (other is None), (seed, pattern, text)
        if mine is not None and other is not None:
            assert mine[0] == other.span(), (seed, pattern, text)


def test_time_of_a_pattern_grows_with_its_text_not_with_its_choices():
    pattern = compile_pattern("(a|a)*(a|a)*(a+)+$")
    budget = Budget(steps=10**9)
    costs = []
    for length in (200, 400):
        before = budget.steps
        search(pattern, "a" * length + "b", 0, budget)
        costs.append(before - budget.steps)
    assert costs[1] < 3 * costs[0]


@pytest.mark.parametrize("pattern", ["(a", "a)", "*a", "[b-a]", "a{2,1}", "(?=a)", "(a)\\1", "\\p{Xx}", "[]", "a**"])
def test_what_is_no_pattern_or_needs_backtracking_is_refused(pattern):
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_division_of_durations_is_a_number():
    assert evaluate(parse_expression('@"P1D" / @"PT12H"'), {}) == Decimal(2)
