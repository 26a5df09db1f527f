"""JUEL as far as it means the same in FEEL."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpm.errors import FeelError, FeelSyntaxError
from bpm.feel import evaluate, parse_expression
from bpm.feel.juel import parse_juel


@pytest.mark.parametrize(
    ("juel", "feel"),
    [
        ("${genehmigt}", "genehmigt"),
        ("${betrag > 100 && !abgelehnt}", "betrag > 100 and not(abgelehnt)"),
        ("#{betrag ge 100 or status eq 'neu'}", 'betrag >= 100 or status = "neu"'),
        ("${antrag.person.alter + 1 * 2}", "antrag.person.alter + 1 * 2"),
        ("${a == null}", "a = null"),
        ("${a ? 1 : 2}", "if a then 1 else 2"),
        ("${(a + b) * -c}", "(a + b) * -c"),
        ("${ a != b }", "a != b"),
    ],
)
def test_what_means_the_same_becomes_the_same_tree(juel, feel):
    assert parse_juel(juel) == parse_expression(feel)


@pytest.mark.parametrize(("value", "expected"), [(None, True), ("", True), ([], True), ("x", False), ([1], False)])
def test_empty_asks_for_null_the_empty_text_and_the_empty_list(value, expected):
    assert evaluate(parse_juel("${empty x}"), {"x": value}) is expected


def test_empty_of_a_number_is_false():
    assert evaluate(parse_juel("${empty x}"), {"x": Decimal(0)}) is False


@pytest.mark.parametrize(
    "text",
    [
        "${a.b()}",
        "${f(1)}",
        "${a[0]}",
        "${a = 1}",
        "${x -> x}",
        "${a; b}",
        "${''.class.forName('x')}",
        "plain",
        "${a",
        "${}",
        "${a div b}",
        "${a} und ${b}",
        "${a instanceof b}",
        "${{1,2}}",
        "${'a' += 'b'}",
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(FeelSyntaxError):
        parse_juel(text)


def test_depth_and_length_are_bounded():
    for text in (
        "${" + "(" * 1000 + "1}",
        "${" + "!" * 3000 + "a}",
        "${" + "a" * 5000 + "}",
        "${1" + "+1" * 1500 + "}",
    ):
        with pytest.raises(FeelError):
            parse_juel(text)
