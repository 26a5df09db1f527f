"""What the parser makes of FEEL texts, names with blanks above all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpm.errors import BudgetExceeded, FeelSyntaxError
from bpm.feel import free_names, parse_expression, parse_unary_tests
from bpm.feel.syntax import tree
from bpm.feel.syntax.tree import Arithmetic, Comparison, Filter, In, Invocation, Logic, Name, Number, Path, Range

N = {i: Number(Decimal(i)) for i in range(10)}


def test_a_name_may_hold_blanks_without_any_scope():
    assert parse_expression("Alter des   Hundes > 3") == Comparison(">", Name("Alter des Hundes"), N[3])


def test_the_longest_known_name_wins():
    names = ("a", "b", "a-b", "a-b c")
    assert parse_expression("a-b c", names) == Name("a-b c")
    assert parse_expression("a-b", names) == Name("a-b")
    assert parse_expression("a - b", names) == Arithmetic("-", Name("a"), Name("b"))
    assert parse_expression("a-b", ("a", "b")) == Arithmetic("-", Name("a"), Name("b"))


@pytest.mark.parametrize(
    "name",
    ["Einkommen (netto)", "Müller's Hund", "Betrag in €", "Ja und/oder Nein", "Größe 2.1", "date and place", "§ 5"],
)
def test_a_known_name_may_hold_any_character(name):
    assert parse_expression(f"{name} = 1", (name,)) == Comparison("=", Name(name), N[1])


def test_keywords_inside_a_known_name_do_not_split_it():
    assert parse_expression("Zahl in Woche in [1..2]", ("Zahl in Woche",)).value == Name("Zahl in Woche")


def test_names_bound_by_loops_contexts_and_functions_are_known_inside():
    loop = parse_expression("for erste-zahl in [1] return erste-zahl")
    assert loop.result == Name("erste-zahl")
    context = parse_expression("{a+b: 1, c: a+b}")
    assert context.entries[1] == ("c", Name("a+b"))
    function = parse_expression("function(x-y) x-y")
    assert function.body == Name("x-y")


def test_a_bound_name_is_forgotten_outside_its_brackets():
    node = parse_expression("[for a-b in [1] return 1, a-b]")
    assert node.items[1] == Arithmetic("-", Name("a"), Name("b"))


def test_functions_with_blanks_are_called():
    node = parse_expression('date and time("2020-01-01T00:00:00")')
    assert isinstance(node, Invocation)
    assert node.function == Name("date and time")
    assert parse_expression("date and time", ("date", "time")) == Logic("and", Name("date"), Name("time"))


def test_operators_bind_as_the_standard_says():
    assert parse_expression("1 + 2 * 3") == Arithmetic("+", N[1], Arithmetic("*", N[2], N[3]))
    assert parse_expression("1 - 2 - 3") == Arithmetic("-", Arithmetic("-", N[1], N[2]), N[3])
    assert parse_expression("a or b and c") == Logic("or", Name("a"), Logic("and", Name("b"), Name("c")))
    assert parse_expression("-a ** 2") == Arithmetic("**", tree.Negation(Name("a")), N[2])
    assert parse_expression("a between 1 and 2 and b").operator == "and"


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("[1..2]", True, True), ("(1..2)", False, False), ("]1..2[", False, False), ("[1..2[", True, False)],
)
def test_ranges_are_open_or_closed_at_each_end(text, low, high):
    assert parse_expression(text) == Range(N[1], N[2], low, high)
    assert parse_unary_tests(text).tests[0] == tree.Test("in", Range(N[1], N[2], low, high))


def test_a_bracket_after_a_range_end_is_a_filter_only_with_a_condition():
    assert isinstance(parse_expression("[1..xs[1]]").high, Filter)
    assert parse_unary_tests("[1..2[, [3..4[").tests[1].operand == Range(N[3], N[4], True, False)


def test_unary_tests_know_dash_not_and_lists():
    assert parse_unary_tests("-").is_dash
    assert parse_unary_tests("").is_dash
    assert parse_unary_tests('not("a", "b")').negated
    assert [test.operator for test in parse_unary_tests('< 5, "a", [1..2], ? > 3').tests] == ["<", "=", "in", "?"]
    assert not parse_unary_tests("not(a) and b").negated


def test_in_takes_tests_ranges_and_lists():
    assert isinstance(parse_expression("x in (1..5)"), In)
    assert len(parse_expression("x in (< 5, > 10, 7)").tests) == 3
    assert parse_expression("x in ys").tests == (tree.Test("=", Name("ys")),)


def test_calls_are_by_position_or_by_name_never_both():
    assert parse_expression('substring(string: "a", start position: 1)').named[1][0] == "start position"
    with pytest.raises(FeelSyntaxError):
        parse_expression("f(a: 1, 2)")


def test_strings_know_escapes_and_characters_beyond_the_first_plane():
    assert parse_expression(r'"\u00e4\n\"\\"') == tree.String('ä\n"\\')
    assert parse_expression(r'"\uD83D\uDE00"') == tree.String("😀")
    assert parse_expression(r'"\U01F600"') == tree.String("😀")


def test_comments_are_white_space():
    assert parse_expression("1 // eins\n + /* zwei\n */ 2") == Arithmetic("+", N[1], N[2])


def test_positions_point_into_the_text():
    node = parse_expression("  abc + 12")
    assert (node.position, node.right.position) == (2, 8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "(1",
        "[1,",
        "{a}",
        "a b and",
        '"offen',
        "/* offen",
        "a == b",
        "x := 1",
        "if a then b",
        "for x return x",
        "1 2",
        "a;b",
        "lambda x: x",
        "]1..2",
        "some x satisfies 1",
        "@1",
        "a.",
        "a.1",
        "()",
        "function x",
    ],
)
def test_what_is_not_feel_is_refused_with_its_position(text):
    with pytest.raises(FeelSyntaxError) as refused:
        parse_expression(text)
    assert 0 <= refused.value.position <= len(text)


def test_length_and_nesting_have_limits_that_the_caller_may_move():
    with pytest.raises(BudgetExceeded):
        parse_expression("1" * 4_001)
    with pytest.raises(BudgetExceeded):
        parse_expression("(" * 51 + "1" + ")" * 51)
    assert parse_expression("(" * 50 + "1" + ")" * 50) == N[1]
    assert parse_expression("(" * 60 + "1" + ")" * 60, depth=60) == N[1]


def test_free_names_are_those_from_outside():
    text = "for x in xs return x + y * count(zs) + {a: 1, b: a + c}.b + (function(p) p + q)(1) + item"
    assert free_names(parse_expression(text)) == {"xs", "y", "zs", "c", "q", "item"}
    assert free_names(parse_expression("xs[item > grenze]")) == {"xs", "grenze"}
    assert free_names(parse_unary_tests("? > a, < b")) == {"a", "b"}
    assert free_names(parse_expression("count + 1")) == {"count"}


def test_a_path_keeps_members_with_blanks():
    assert parse_expression("antrag.Datum des Eingangs.year") == Path(
        Path(Name("antrag"), "Datum des Eingangs"), "year"
    )
