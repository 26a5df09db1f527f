"""What the trial of a rule says about tables that people write."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bpm.analyser.ablation import Ablation
from bpm.analyser.boxes import outside
from bpm.analyser.tables import Geometry, geometry
from bpm.model.decision import DecisionTable, InputClause, OutputClause, Rule
from tests.unit.ablation.trials import located


def ablation(
    rows: list[tuple[str, ...]], policy: str = "FIRST", aggregation: str | None = None, **options: Any
) -> Ablation:
    """Rows are input cells and one output; `types` by column, `output` fields of the clause."""
    types = options.get("types", ("number",) * (len(rows[0]) - 1))
    inputs = tuple(InputClause(f"i{n}", f"c{n}", f"c{n}", type) for n, type in enumerate(types))
    rules = tuple(Rule(f"r{n}", row[:-1], row[-1:]) for n, row in enumerate(rows))
    output = OutputClause("o", "aus", **options.get("output", {}))
    shape = geometry(located(DecisionTable("t", policy, aggregation, inputs, (output,), rules)))
    assert isinstance(shape, Geometry)
    return Ablation(shape, **({"work": options["work"]} if "work" in options else {}))


def decisive(of: Ablation) -> list[bool | None]:
    return [verdict.decisive for verdict in of.verdicts]


def test_a_rule_whose_cases_the_next_one_answers_alike_never_decides() -> None:
    of = ablation([("< 10", '"frei"'), ("< 18", '"frei"'), ("-", '"voll"')])
    assert decisive(of) == [False, True, True]
    assert of.core.kept == (1, 2)


def test_of_two_equal_rules_each_never_decides_but_one_stays() -> None:
    of = ablation([("< 10", '"a"'), ("< 10", '"a"'), (">= 10", '"b"')])
    assert decisive(of) == [False, False, True]
    assert (of.core.kept, of.core.dropped, of.core.complete) == ((0, 2), (1,), True)


def test_a_rule_that_only_becomes_needless_by_another_deletion_goes_too() -> None:
    of = ablation([("[0..10]", '"a"'), ("[0..5]", '"b"'), ("-", '"a"')])
    assert decisive(of) == [True, False, True]
    assert of.core.kept == (2,)


def test_a_catch_all_behind_complete_rules_decides_where_the_input_is_missing() -> None:
    of = ablation([("< 5", '"a"'), (">= 5", '"b"'), ("-", '"c"')])
    last = of.verdicts[2]
    assert (last.decisive, last.only_missing) == (True, True)
    assert last.box is not None
    assert of.example(last.box) == {"c0": None}
    assert not of.verdicts[0].only_missing


def test_a_rule_for_the_default_never_decides() -> None:
    rows = [("< 5", '"a"'), (">= 5", '"b"')]
    assert decisive(ablation(rows, output={"default": '"b"'})) == [True, False]
    assert decisive(ablation(rows)) == [True, True]


def test_a_constant_that_its_type_refuses_is_null() -> None:
    rows = [("< 5", '"fünf"'), ("-", "null")]
    assert decisive(ablation(rows, output={"type": "number"})) == [False, False]
    assert decisive(ablation(rows, output={"type": "string"})) == [True, False]


def test_zero_adds_nothing_where_something_else_is_added() -> None:
    assert decisive(ablation([("-", "5"), ("> 3", "0")], "COLLECT", "SUM")) == [True, False]
    assert decisive(ablation([("< 9", "5"), ("> 3", "0")], "COLLECT", "SUM")) == [True, True]
    assert decisive(ablation([("-", "5"), ("> 3", "0")], "COLLECT", "COUNT")) == [True, True]


def test_a_sum_that_would_be_rounded_is_not_judged() -> None:
    of = ablation([("-", "1" + "0" * 33), ("-", "0.01")], "COLLECT", "SUM")
    assert decisive(of) == [None, None]
    assert of.verdicts[0].reason == {"de": "die Summe wird gerundet", "en": "the sum is rounded"}
    assert of.core.kept == (0, 1)
    assert not of.core.complete


def test_formulas_leave_a_rule_undecided_with_the_reason() -> None:
    of = ablation([("< 5", "c0 + 1"), ("-", "c0 * 2")])
    assert decisive(of) == [None, None], "a formula may also be null, as no result is"
    assert "Formeln" in (of.verdicts[0].reason or {})["de"]
    assert decisive(ablation([("< 5", "c0 + 1"), ("-", "c0 + 1")])) == [False, None]


def test_what_a_decision_s_type_may_make_equal_is_not_judged() -> None:
    from dataclasses import replace

    from bpm.analyser.given import TableAt

    at = ablation([("< 5", '"a"'), ("-", '"b"')], "COLLECT").shape.at
    assert at.decision is not None
    typed = replace(at.decision, type="string")  # lists of two become null, whatever is in them
    model = replace(at.model, decisions=(typed,))
    shape = geometry(TableAt(model, "d", "D", at.table, typed))
    assert isinstance(shape, Geometry)
    assert decisive(Ablation(shape)) == [None, None]


def test_a_table_of_priorities_needs_their_order() -> None:
    assert decisive(ablation([("-", '"a"')], "PRIORITY")) == [None]
    rows = [("-", '"b"'), ("< 5", '"a"'), ("< 3", '"b"')]
    assert decisive(ablation(rows, "PRIORITY", output={"values": '"a","b"'})) == [True, True, False]


def test_an_entangled_table_is_given_up_aloud_and_keeps_its_rules() -> None:
    pick = random.Random(1)

    def wide() -> str:
        low, high = sorted(pick.sample(range(100), 2))
        return f"[{low}..{high}]"

    of = ablation([(*(wide() for _ in range(6)), str(n)) for n in range(60)], work=300)
    assert None in decisive(of)
    assert "verflochten" in next(it.reason for it in of.verdicts if it.reason)["de"]
    assert set(of.core.kept) >= {n for n, verdict in enumerate(of.verdicts) if verdict.decisive is not False}


def test_nothing_lies_outside_of_nothing() -> None:
    from bpm.analyser.boxes import Budget

    assert outside((0, 1), [], Budget()) == (False, None)
    assert outside((1, 1), [], Budget()) == (True, (1, 1))
    assert outside((1, 1), [(1, 1)], Budget(0)) == (None, None)


@pytest.mark.parametrize("rules", [150])
def test_in_a_partition_every_rule_decides(rules: int) -> None:
    rows = [(f"[{n}..{n + 1})", f'"{n % 2}"') for n in range(rules)]
    of = ablation(rows)
    assert decisive(of) == [True] * rules
    assert of.core.dropped == ()


def test_a_default_that_a_list_type_turns_into_a_list_is_not_told_apart_from_a_single_match() -> None:
    from dataclasses import replace

    from bpm.analyser.given import TableAt
    from bpm.model.decision import ItemDefinition

    at = ablation([("< 5", '"a"'), ("-", '"b"')], "COLLECT", output={"default": '"a"'}).shape.at
    assert at.decision is not None
    items = (ItemDefinition("i", "tListe", "string", collection=True),)
    for default, expected in (('"a"', [None, None]), (None, [True, True])):
        logic = replace(at.table, outputs=(replace(at.table.outputs[0], default=default),))
        typed = replace(at.decision, type="tListe", logic=logic)
        shape = geometry(TableAt(replace(at.model, decisions=(typed,), items=items), "d", "D", logic, typed))
        assert isinstance(shape, Geometry)
        assert decisive(Ablation(shape)) == expected
