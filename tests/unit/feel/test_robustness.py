"""Any function on any values: a value or a spent budget, never an exception of Python; deterministic besides."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from bpm.errors import BudgetExceeded, FeelSyntaxError
from bpm.feel import evaluate, matches, parse_expression, parse_unary_tests, to_json
from bpm.feel.builtins import BUILTINS

SEED = 20_261_123
NOW = datetime(2025, 1, 6, 8, tzinfo=UTC)
ATOMS = (
    *("null", "true", "false", "0", "1", "-1", "2.5", "1e6144", "1e-6000", "-9999999999999999999", "3", '""', '"a"'),
    *('"(a|b)*"', '"12"', '"P1D"', '"2024-02-29"', "[]", "[1, 2, 3]", '["a", "b"]', "[[1], [2, [3]]]", "[null]"),
    *("{}", "{a: 1}", '{key: "k", value: 1}', "[1..3]", "(1..3)", "(> 5)", '["a".."c"]', '@"2024-02-29"'),
    *('@"-2021-01-31"', '@"123456-12-31"', '@"9999-12-31"', '@"0001-01-01"', '@"10:00:00"', '@"10:00:00+02:00"'),
    *('@"23:59:59.999999@Europe/Berlin"', '@"2024-03-31T02:30:00@Europe/Berlin"', '@"2024-01-01T00:00:00Z"'),
    *('@"2024-01-01T00:00:00"', '@"-2021-01-01T10:00:00+02:00"', '@"9999-12-31T23:59:59-18:00"', '@"P1D"', '@"-P1Y"'),
    *('@"P999999999999D"', '@"P99999999999Y"', '@"PT0.1S"', "function(a, b) a < b", "function(x) x", "sum", "nichts"),
    *(
        "now()",
        "today()",
        '@"2024-02-29"..@"2024-03-02"',
        '[@"-2021-01-01"..@"-2021-01-03"]',
        '@"0001-01-01T00:00:00+14:00"',
    ),
)
OPERATORS = ("+", "-", "*", "/", "**", "=", "!=", "<", ">=", "and", "or", "in", "between 1 and")
SHAPES = (
    "({a}) {o} ({b})",
    "({a})[{b}]",
    "({a})[item = ({b})]",
    "for x in ({a}) return x",
    "some x in ({a}) satisfies ({b})",
    "if ({a}) then ({b}) else 1",
    "({a}).{m}",
    "({a}) instance of {t}",
    "-({a})",
    "[({a})..({b})]",
    "({a})({b})",
    "for x in ({a})..({b}) return x",
)
MEMBERS = ("a", "year", "time offset", "timezone", "second", "days", "months", "start", "end included", "weekday")
TYPES = ("number", "date", "list<string>", "context<a: number>", "range<number>", "function<number> -> string", "nope")


def _texts(random: Random, count: int):
    names = sorted(BUILTINS)
    for _ in range(count):
        arguments = [random.choice(ATOMS) for _ in range(random.randint(0, 4))]
        if random.random() < 0.6:
            yield f"{random.choice(names)}({', '.join(arguments)})"
        else:
            yield random.choice(SHAPES).format(
                a=random.choice(ATOMS),
                b=random.choice(ATOMS),
                o=random.choice(OPERATORS),
                m=random.choice(MEMBERS),
                t=random.choice(TYPES),
            )


def _outcome(text: str):
    warnings: list[str] = []
    try:
        node = parse_expression(text)
    except FeelSyntaxError:
        return "syntax"
    try:
        return to_json(evaluate(node, {}, now=NOW, warnings=warnings)), tuple(warnings)
    except BudgetExceeded as error:
        return str(error)


def test_no_function_and_no_operator_ever_raises():
    random = Random(SEED)
    for text in _texts(random, 3_000):
        try:
            _outcome(text)
        except Exception as error:
            raise AssertionError(f"seed {SEED}: {text!r} raised {error!r}") from error


def test_every_function_meets_every_value():
    for name in sorted(BUILTINS):
        for atom in ATOMS:
            for text in (f"{name}({atom})", f"{name}({atom}, 1, {atom})"):
                try:
                    _outcome(text)
                except Exception as error:
                    raise AssertionError(f"{text!r} raised {error!r}") from error


def test_the_same_text_gives_the_same_value_and_warnings():
    first = [_outcome(text) for text in _texts(Random(SEED), 500)]
    assert first == [_outcome(text) for text in _texts(Random(SEED), 500)]


def test_no_cell_ever_raises():
    random = Random(SEED + 1)
    for text in _texts(random, 1_000):
        tested = random.choice(ATOMS)
        try:
            value = evaluate(parse_expression(tested), {}, now=NOW)
            matches(parse_unary_tests(text), value, {}, now=NOW)
        except (BudgetExceeded, FeelSyntaxError):
            continue
        except Exception as error:
            raise AssertionError(f"seed {SEED + 1}: {text!r} on {tested!r} raised {error!r}") from error
