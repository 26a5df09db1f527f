"""Hit policies, defaults, allowed values: what a table gives, and when it refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpm.decisions import decide, prepare
from bpm.errors import DecisionError
from bpm.model.decision import InputClause, OutputClause, Rule
from tests.unit.decisions.models import decision, model, table

OVERLAP = [(["> 0"], ['"a"']), (["> 10"], ['"b"']), (["> 100"], ['"a"'])]
RANKED = (OutputClause("o", "o", values='"c", "b", "a"'),)


def given(logic, x):
    return decide(model(decision("d", logic)), "d", {"x": x})


@pytest.mark.parametrize(
    ("policy", "x", "result", "matched"),
    [
        ("UNIQUE", 5, "a", (1,)),
        ("ANY", 5, "a", (1,)),
        ("FIRST", 500, "a", (1,)),
        ("PRIORITY", 500, "b", (1, 2, 3)),
        ("OUTPUT ORDER", 500, ["b", "a", "a"], (1, 2, 3)),
        ("RULE ORDER", 500, ["a", "b", "a"], (1, 2, 3)),
        ("COLLECT", 500, ["a", "b", "a"], (1, 2, 3)),
        ("UNIQUE", -1, None, ()),
        ("COLLECT", -1, None, ()),
    ],
)
def test_each_hit_policy_gives_its_result_and_names_the_rules(policy, x, result, matched):
    found = given(table(policy, OVERLAP, outputs=RANKED), x)
    assert (found.result, found.matched) == (result, matched)


@pytest.mark.parametrize(("policy", "code"), [("UNIQUE", "unique-violated"), ("ANY", "any-violated")])
def test_rules_that_disagree_under_unique_and_any_are_named(policy, code):
    with pytest.raises(DecisionError) as error:
        given(table(policy, OVERLAP), 500)
    assert (error.value.code, error.value.rules, error.value.element) == (code, (1, 2, 3), "t")


def test_rules_that_agree_under_unique_pass_with_a_warning():
    found = given(table("UNIQUE", [(["> 0"], ["1"]), (["> 10"], ["1.0"])]), 50)
    assert found.result == 1
    assert "rules 1, 2" in found.warnings[0]


def test_rules_that_agree_under_any_are_no_surprise():
    assert given(table("ANY", [(["> 0"], ["1"]), (["> 10"], ["1"])]), 50).warnings == ()


@pytest.mark.parametrize(("aggregation", "result"), [("SUM", 6), ("MIN", 1), ("MAX", 3), ("COUNT", 3)])
def test_collect_aggregates(aggregation, result):
    rules = [(["-"], ["1"]), (["-"], ["2"]), (["-"], ["3"])]
    assert given(table("COLLECT", rules, aggregation=aggregation), 0).result == result


def test_a_sum_of_texts_is_an_error_of_the_table():
    with pytest.raises(DecisionError, match="SUM"):
        given(table("COLLECT", [(["-"], ["1"]), (["-"], ['"a"'])], aggregation="SUM"), 0)


def test_several_outputs_are_a_context_and_defaults_fill_in():
    outputs = (OutputClause("a", "a", default='"?"'), OutputClause("b", "b"))
    logic = table("UNIQUE", [(["1"], ['"x"', "2"])], outputs=outputs)
    assert given(logic, 1).result == {"a": "x", "b": Decimal(2)}
    assert given(logic, 9).result == {"a": "?", "b": None}


def test_an_empty_cell_is_a_dash_and_an_empty_result_null():
    assert given(table("UNIQUE", [([""], [""])], outputs=(OutputClause("o", "o", default="1"),)), 1).result is None


def test_a_value_outside_the_allowed_ones_is_a_warning():
    logic = table("UNIQUE", [(["-"], ["1"])])
    strict = type(logic)(
        "t", "UNIQUE", None, (InputClause("i", "Zone", "x", "string", '"A", "B"'),), logic.outputs, logic.rules
    )
    assert given(strict, "A").warnings == ()
    assert "not an allowed value" in given(strict, "C").warnings[0]


def test_a_typed_column_reads_a_date_from_its_text():
    logic = table("UNIQUE", [(['< date("2024-01-01")'], ['"alt"']), (['>= date("2024-01-01")'], ['"neu"'])])
    typed = type(logic)("t", "UNIQUE", None, (InputClause("i", "", "x", "date"),), logic.outputs, logic.rules)
    assert given(typed, "2023-12-31").result == "alt"
    assert given(typed, "kein Datum").result is None


def test_a_cell_that_is_not_feel_stops_the_decision_with_its_rule():
    with pytest.raises(DecisionError) as error:
        given(table("UNIQUE", [(["-"], ["1"]), (["> > 3"], ["2"])]), 1)
    assert (error.value.code, error.value.rules, error.value.element) == ("feel-syntax", (2,), "r2")


def test_a_rule_needs_one_cell_per_column():
    with pytest.raises(DecisionError, match="one cell per column"):
        given(table("UNIQUE", [(["-", "-"], ["1"])]), 1)


def test_an_unknown_hit_policy_is_refused():
    with pytest.raises(DecisionError, match="hit policy"):
        given(table("BEST", [(["-"], ["1"])]), 1)


def test_priority_without_output_values_is_refused():
    with pytest.raises(DecisionError, match="output values"):
        given(table("PRIORITY", OVERLAP), 500)


def test_cells_in_another_language_are_never_taken_for_feel():
    logic = table("UNIQUE", [(["-"], ["1"])])
    foreign = type(logic)("t", "UNIQUE", None, logic.inputs, logic.outputs, logic.rules, (), None, (("javascript", 7),))
    with pytest.raises(DecisionError, match="javascript"):
        given(foreign, 1)


def test_columns_without_a_single_rule_give_the_default():
    assert given(table("UNIQUE", [], outputs=(OutputClause("o", "o", default="7"),)), 1).result == 7


def test_a_prepared_model_parses_its_cells_once():
    prepared = prepare(model(decision("d", table("FIRST", OVERLAP))))
    assert decide(prepared, "d", {"x": 1}).result == "a"
    logic = prepared.logic(prepared.elements["d"])
    decide(prepared, "d", {"x": 20})
    assert prepared.logic(prepared.elements["d"]) is logic


def test_an_edited_copy_of_a_model_is_another_model():
    first = model(decision("d", table("FIRST", OVERLAP)))
    second = model(decision("d", table("FIRST", OVERLAP[1:])))
    assert decide(first, "d", {"x": 500}).result == "a"
    assert decide(second, "d", {"x": 500}).result == "b"


def test_a_table_may_test_expressions_with_the_question_mark():
    rule = Rule("r", ('contains(?, "hund")',), ("true",))
    logic = table("UNIQUE", [])
    assert given(type(logic)("t", "UNIQUE", None, logic.inputs, logic.outputs, (rule,)), "kampfhund").result is True
