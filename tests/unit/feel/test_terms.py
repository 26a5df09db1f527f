"""Terms for the solver mean what the evaluator means, case by case; what they cannot say they refuse by name."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from bpm.errors import MissingExtra, NotTranslatable
from bpm.feel import evaluate, matches, parse_expression, parse_unary_tests
from bpm.feel.ranges import kind_of
from bpm.feel.temporal import parse

z3 = pytest.importorskip("z3", reason="the extra `verify` is not installed: nothing was proven")

from bpm.feel.terms import Terms  # noqa: E402

SEED = 20_261_124
CASES = int(os.environ.get("BPM_TERMS", "600"))

KINDS = {
    "n": "number", "m": "number", "s": "string", "t": "string", "b": "boolean", "c": "boolean", "d": "date",
    "e": "date", "u": "time", "w": "date and time", "z": "date and time with offset",
    "p": "days and time duration", "y": "years and months duration",
}  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "number": [Decimal(x) / 2 for x in range(-3, 6)],
    "string": ["", "a", "ab", "b", "ä", "\\u{41}", "B"],
    "boolean": [True, False],
    "date": [parse(x) for x in ("2024-02-28", "2024-02-29", "2024-03-01", "1999-12-31", "-0044-03-15")],
    "time": [parse(x) for x in ("00:00:00", "12:30:00", "23:59:59.5")],
    "date and time": [parse(x) for x in ("2024-02-29T00:00:00", "2024-02-29T12:00:00", "2024-03-01T00:00:00")],
    "date and time with offset": [parse(x) for x in ("2024-02-29T00:00:00Z", "2024-02-29T01:00:00+01:00",
                                                     "2024-02-29T12:00:00-05:00")],
    "days and time duration": [parse(x) for x in ("P1D", "PT36H", "-PT0.5S", "P0D")],
    "years and months duration": [parse(x) for x in ("P1Y", "P13M", "-P1M", "P0M")],
}  # fmt: skip
LITERALS = {
    "number": ["0", "1", "-1", "0.5", "2", "(7 / 8)"],
    "string": ['"a"', '"b"', '""', '"ä"', r'"\\u{41}"'],
    "boolean": ["true", "false"],
    "date": ['date("2024-02-29")', '@"2024-03-01"'],
    "time": ['time("12:30:00")', '@"23:59:59.5"'],
    "date and time": ['date and time("2024-02-29T12:00:00")'],
    "date and time with offset": ['@"2024-02-29T00:00:00Z"', '@"2024-02-29T07:00:00-05:00"'],
    "days and time duration": ['duration("P1D")', '@"-PT0.5S"'],
    "years and months duration": ['duration("P1Y")'],
}
ORDERS = ["<", "<=", ">", ">=", "=", "!="]


class Texts:
    """Random FEEL of a kind, mostly well typed."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick

    def value(self, kind: str, depth: int) -> str:
        pick = self.pick
        if pick.random() < 0.06:
            return "null" if pick.random() < 0.5 else self.value(pick.choice(list(VALUES)), 0)
        if depth <= 0 or pick.random() < 0.3:
            names = [name for name, known in KINDS.items() if known == kind]
            return pick.choice(names) if pick.random() < 0.65 else pick.choice(LITERALS[kind])
        if pick.random() < 0.12:
            then, otherwise = self.value(kind, depth - 1), self.value(kind, depth - 1)
            return f"(if {self.value('boolean', depth - 1)} then {then} else {otherwise})"
        return self.made(kind, depth - 1)

    def made(self, kind: str, depth: int) -> str:
        pick = self.pick
        match kind:
            case "number":
                left, right = self.value(kind, depth), self.value(kind, depth)
                return pick.choice((
                    f"({left} + {right})", f"({left} - {right})", f"({left} * {right})", f"(-{left})", f"abs({left})",
                    f"({left} / {pick.choice(['2', '0', '2.5'])})", f"floor({left})",
                    f"ceiling({left})", f"({left} ** 2)",
                ))  # fmt: skip
            case "string":
                return f"({self.value(kind, depth)} + {self.value(kind, depth)})"
            case "boolean":
                return self.condition(depth)
            case "date" | "time" | "date and time" | "date and time with offset":
                return f'({self.value(kind, depth)} {pick.choice("+-")} @"{pick.choice(["P1D", "PT1H", "-PT30S"])}")'
            case "days and time duration":
                point = pick.choice(["date", "time", "date and time", kind])
                return pick.choice((
                    f"({self.value(point, depth)} - {self.value(point, depth)})", f"(-{self.value(kind, depth)})",
                    f"({self.value(kind, depth)} * {self.value('number', depth)})",
                ))  # fmt: skip
            case _:
                return f"({self.value(kind, depth)} + {self.value(kind, depth)})"

    def condition(self, depth: int) -> str:
        pick, kind = self.pick, self.pick.choice(list(VALUES))
        one, two, three = (self.value(kind, depth) for _ in range(3))
        return pick.choice((
            f"({one} {pick.choice(ORDERS)} {two})", f"({one} between {two} and {three})",
            f"({one} in {self.bounds(kind, depth)})", f"({one} in ({self.cell(kind, depth)}))",
            f"({self.value('boolean', depth)} {pick.choice(['and', 'or'])} {self.value('boolean', depth)})",
            f"not({self.value('boolean', depth)})",
        ))  # fmt: skip

    def bounds(self, kind: str, depth: int) -> str:
        pick = self.pick
        low, high = self.value(kind, depth), self.value(kind, depth)
        return f"{pick.choice('[(]')}{low}..{high}{pick.choice('])[')}"

    def cell(self, kind: str, depth: int) -> str:
        pick = self.pick
        forms = [
            lambda: self.value(kind, depth), lambda: f"{pick.choice(ORDERS[:4])} {self.value(kind, depth)}",
            lambda: self.bounds(kind, depth), lambda: "null",
            lambda: f"[{self.value(kind, depth)}, {self.bounds(kind, depth)}]",
        ]  # fmt: skip
        return ", ".join(pick.choice(forms)() for _ in range(pick.choice((1, 1, 2, 3))))

    def tests(self, kind: str, depth: int) -> str:
        chance = self.pick.random()
        if chance < 0.05:
            return "-"
        if chance < 0.25:
            return f"not({self.cell(kind, depth)})"
        if chance < 0.4:
            return f"? {self.pick.choice(ORDERS)} {self.value(kind, depth)}"
        return self.cell(kind, depth)


def case_of(pick: random.Random) -> dict[str, Any]:
    return {name: None if pick.random() < 0.15 else pick.choice(VALUES[kind]) for name, kind in KINDS.items()}


def fixed(case: Mapping[str, Any], context: Any) -> Terms:
    """Terms whose variables are the constants of one case."""
    terms = Terms(KINDS, context=context)
    for name, value in case.items():
        terms.variables[name] = terms.constant(value)
    return terms


def said(truth: Any) -> bool:
    if isinstance(truth, bool):
        return truth
    found = z3.simplify(z3.simplify(truth))
    assert z3.is_true(found) or z3.is_false(found), found
    return bool(z3.is_true(found))


def rounded(value: Any) -> bool:
    return isinstance(value, Decimal) and len(value.as_tuple().digits) > 30


def test_an_expression_means_for_the_solver_what_it_gives_in_every_case() -> None:
    print(f"seed {SEED}")
    pick, context, told, refused = random.Random(SEED), z3.Context(), 0, set()
    for _ in range(CASES):
        kind = pick.choice(list(VALUES))
        text = Texts(pick).value(kind, pick.randint(1, 3))
        names = frozenset(KINDS)
        node = parse_expression(text, names)
        for _ in range(2):
            case = case_of(pick)
            value = evaluate(node, case)
            terms = fixed(case, context)
            try:
                term = terms.value(node)
            except NotTranslatable as refusal:
                refused.add(refusal.what.split("'")[0])
                break
            if rounded(value):
                break
            told += 1
            assert said(term.null) == (value is None), f"{text} for {case}: {value}"
            if value is not None:
                assert said(terms.equal(term, terms.constant(value))), f"{text} for {case}: {value}"
    print(sorted(refused))
    assert told > CASES, "most texts are translated"


def test_a_cell_holds_for_the_solver_exactly_where_it_holds_in_a_table() -> None:
    print(f"seed {SEED}")
    pick, context, told, held = random.Random(SEED + 1), z3.Context(), 0, 0
    for _ in range(CASES):
        name = pick.choice(list(KINDS))
        text = Texts(pick).tests(KINDS[name], pick.randint(0, 2))
        tests = parse_unary_tests(text, frozenset(KINDS))
        for _ in range(2):
            case = case_of(pick)
            terms = fixed(case, context)
            try:
                truth = terms.holds(tests, terms.variables[name])
            except NotTranslatable:
                break
            told += 1
            expected = matches(tests, case[name], case) is True
            held += expected
            assert said(truth) == expected, f"{text} for {name} = {case[name]} of {case}"
    assert told > CASES, "most cells are translated"
    assert CASES / 10 < held < told - CASES / 10


def test_a_bound_read_as_open_would_be_found() -> None:
    case = {name: Decimal(1) if name == "n" else None for name in KINDS}
    terms = fixed(case, z3.Context())
    assert said(terms.holds(parse_unary_tests("[1..2]"), terms.variables["n"])) is True
    assert said(terms.holds(parse_unary_tests("(1..2]"), terms.variables["n"])) is False


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("n / m", "division by what is not constant"),
        ("n / 3", "division by 3, which FEEL rounds"),
        ("[n, m]", "a list as a value"),
        ("{a: n}", "a context as a value"),
        ("string length(s)", "a call of 'string length'"),
        ("some x in [1,2] satisfies x = n", "some or every as a value"),
        ("n instance of number", "instance of as a value"),
        ("d + y", "date + years and months duration"),
        ("d + p", "date + a span that is not constant"),
        ("n ** m", "a power that is not constant"),
        ("n ** 0.5", "the power 0.5"),
        ("unknown + 1", "the name 'unknown'"),
        ("if b then n else s", "branches of two kinds, number and string"),
        ('z = @"2024-02-29T00:00:00@Europe/Berlin"', "a date and time in a zone by name"),
        ('s = "\U0003ffff"', "a text with characters beyond U+2FFFF"),
    ],
)
def test_what_cannot_be_said_exactly_is_refused_by_name(text: str, what: str) -> None:
    with pytest.raises(NotTranslatable) as refusal:
        Terms(KINDS).value(parse_expression(text, frozenset(KINDS)))
    assert refusal.value.what == what
    assert refusal.value.code == "feel-not-translatable"


def test_a_case_is_found_with_values_that_feel_can_read() -> None:
    terms = Terms(KINDS)
    text = 'n * 2 < m and m - n < 2.5 and s > "a" and d > date("2024-01-01") and b and p > @"P1D"'
    text += ' and w < @"2024-01-01T00:00:00"'
    node = parse_expression(text, frozenset(KINDS))
    answer = terms.ask(terms.is_true(node))
    assert answer.exists
    assert answer.case is not None
    assert evaluate(node, answer.case) is True
    assert kind_of(answer.case["n"]) == "number"


def test_what_no_case_can_meet_is_proven() -> None:
    terms = Terms({"x": "number", "y": "number"}, missing=False)
    assert terms.ask(terms.is_true(parse_expression("x + y > 10 and x < 5 and y < 5"))).exists is False
    whole = Terms({"x": "integer"})
    assert whole.ask(whole.is_true(parse_expression("x > 1 and x < 2"))).exists is False


def test_a_case_that_no_decimal_can_be_is_not_given() -> None:
    terms = Terms({"x": "number"}, missing=False)
    answer = terms.ask(terms.is_true(parse_expression("x * x = 2")))
    assert answer.case is None


def test_a_question_that_costs_too_much_is_left_open() -> None:
    terms = Terms({"x": "integer", "y": "integer", "z": "integer"}, missing=False, work=1_000)
    node = parse_expression("x*x*x + y*y*y + z*z*z = 33 and x > 10 and y < -10")
    assert terms.ask(terms.is_true(node)).exists is None


def test_without_the_extra_the_error_names_it() -> None:
    script = (
        "import sys; sys.modules['z3'] = None\n"
        "from bpm.errors import MissingExtra\nfrom bpm.feel.terms import Terms\n"
        "try: Terms({})\nexcept MissingExtra as error: print(error.code, error.extra, error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (
        answer.stdout.strip()
        == "extra-missing verify -:0: extra-missing z3-solver is not installed; install lichtung[verify]"
    )
    assert issubclass(MissingExtra, Exception)


def test_reading_the_module_does_not_load_the_solver() -> None:
    script = "import sys, bpm.feel.terms as t; print(t.is_available(), 'z3' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "True False"
