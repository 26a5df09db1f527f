"""Two tables decide the same, or a case is named that they decide differently; the evaluator agrees on every case."""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import replace
from typing import Any

import pytest

from bpm.analyser.equivalence import Answer, Proof, Undecided, Witness, equivalent
from bpm.analyser.given import TableAt
from bpm.decisions import decide, prepare
from bpm.errors import LichtungError
from bpm.feel import from_json
from bpm.model.decision import DecisionTable, InputClause, OutputClause, Rule
from bpm.model.edit.edited import edited
from bpm.model.edit.rules import MoveRule, RemoveInput, RemoveRule, ReplaceRules, SetHitPolicy, TableEdit
from tests.unit.ablation.trials import VALUES, cell, located, trial

ALLOWED = {"number": "[0..2]", "string": '"a", "b"', "boolean": "true", "date": '> date("2024-12-31")'}
TABLES = int(os.environ.get("BPM_PROVE_TABLES", "400"))


def table(
    rows: list[tuple[str, ...]], policy: str = "FIRST", aggregation: str | None = None, **options: Any
) -> TableAt:
    """Rows are input cells and one output."""
    types = options.get("types", ("number",) * (len(rows[0]) - 1))
    values = options.get("values", (None,) * len(types))
    inputs = tuple(
        InputClause(f"i{n}", f"c{n}", f"c{n}", type, allowed)
        for n, (type, allowed) in enumerate(zip(types, values, strict=True))
    )
    notes = options.get("notes", ("",) * len(rows))
    rules = tuple(
        Rule(f"r{n}", row[:-1], row[-1:], (note,)) for n, (row, note) in enumerate(zip(rows, notes, strict=True))
    )
    output = OutputClause("o", "aus", **options.get("output", {}))
    return located(DecisionTable("t", policy, aggregation, inputs, (output,), rules))


def after(at: TableAt, *edits: TableEdit) -> TableAt:
    return located(edited(at.table, edits))


def answer(at: TableAt, *edits: TableEdit) -> Answer:
    return equivalent(at, after(at, *edits))


def remove(rule: int) -> RemoveRule:
    return RemoveRule(decision="d", rule=rule)


def merge(rules: tuple[int, ...], **cells: str) -> ReplaceRules:
    return ReplaceRules(
        decision="d", rules=rules, row=rules[0], cells=(("inputs", tuple(cells.items())), ("outputs", ()))
    )


def test_a_row_that_repeats_another_one_can_go() -> None:
    at = table([("< 5", '"a"'), ("< 5", '"a"'), ("-", '"b"')])
    assert isinstance(answer(at, remove(1)), Proof)
    assert isinstance(answer(at, remove(2)), Proof)
    assert isinstance(answer(at, remove(1), remove(2)), Witness)


def test_a_difference_is_shown_by_a_case() -> None:
    found = answer(table([("< 5", '"a"'), ("-", '"b"')]), remove(1))
    assert isinstance(found, Witness)
    assert found.case["c0"] < 5


def test_a_catch_all_behind_complete_rows_decides_where_the_input_is_missing() -> None:
    found = answer(table([("< 5", '"a"'), (">= 5", '"a"'), ("-", '"c"')]), remove(3))
    assert found == Witness({"c0": None})


def test_values_that_the_model_does_not_allow_count_too() -> None:
    at = table([('"a"', "1"), ('"b"', "1")], "UNIQUE", types=("string",), values=('"a", "b"',))
    assert isinstance(answer(at, merge((1, 2), c0='"a", "b"')), Proof)
    assert isinstance(answer(at, merge((1, 2), c0="-")), Witness)


def test_without_a_type_a_value_of_another_kind_can_come_in() -> None:
    rows = [("null", '"a"'), ("not(null)", '"a"')]
    assert isinstance(answer(table(rows, "UNIQUE"), merge((1, 2), c0="-")), Proof)
    rows = [("not(1)", '"a"'), ("1", '"a"')]
    assert isinstance(answer(table(rows, "UNIQUE"), merge((1, 2), c0="-")), Proof)
    found = answer(table(rows, "UNIQUE", types=(None,)), merge((1, 2), c0="-"))
    assert isinstance(found, Witness)
    assert found.other == ("c0",)


def test_order_matters_only_where_rows_meet() -> None:
    at = table([("< 5", '"a"'), ("> 5", '"b"'), ("-", '"c"')])
    assert isinstance(answer(at, MoveRule(decision="d", rule=2, before=1)), Proof)
    assert isinstance(answer(at, MoveRule(decision="d", rule=3, before=1)), Witness)


def test_a_list_in_another_order_is_another_list() -> None:
    rows = [("< 5", '"a"'), ("-", '"b"')]
    move = MoveRule(decision="d", rule=2, before=1)
    for policy in ("RULE ORDER", "COLLECT"):
        assert isinstance(answer(table(rows, policy), move), Witness)
    for aggregation in ("SUM", "MIN", "MAX", "COUNT"):
        numbers = [("< 5", "1"), ("-", "2")]
        assert isinstance(answer(table(numbers, "COLLECT", aggregation), move), Proof)
    order = {"values": '"b", "a"'}
    assert isinstance(answer(table(rows, "OUTPUT ORDER", output=order), move), Proof)


def test_annotations_count_where_every_match_is_shown() -> None:
    rows = [("< 5", '"a"'), ("< 5", '"a"')]
    move = MoveRule(decision="d", rule=2, before=1)
    assert isinstance(answer(table(rows, "RULE ORDER", notes=("x", "x")), move), Proof)
    assert isinstance(answer(table(rows, "RULE ORDER", notes=("x", "y")), move), Witness)
    assert isinstance(answer(table(rows, "FIRST", notes=("x", "y")), move), Proof)


def test_a_contradiction_is_a_result_too() -> None:
    at = table([("< 5", '"a"'), ("> 3", '"b"'), ("4", '"a"')], "UNIQUE")
    assert isinstance(answer(at, remove(3)), Proof)
    assert isinstance(answer(at, remove(2)), Witness)


def test_equal_outputs_under_unique_are_any() -> None:
    at = table([("< 5", '"a"'), ("> 3", '"a"')], "UNIQUE")
    assert isinstance(answer(at, SetHitPolicy(decision="d", hit_policy="ANY")), Proof)
    assert isinstance(answer(at, SetHitPolicy(decision="d", hit_policy="FIRST")), Proof)
    assert isinstance(answer(at, SetHitPolicy(decision="d", hit_policy="COLLECT")), Witness)
    torn = table([("< 5", '"a"'), ("> 3", '"b"')], "UNIQUE")
    assert isinstance(answer(torn, SetHitPolicy(decision="d", hit_policy="ANY")), Proof)
    assert isinstance(answer(torn, SetHitPolicy(decision="d", hit_policy="FIRST")), Witness)


def test_a_column_nobody_needs_can_go() -> None:
    rows = [("< 5", "true", '"a"'), ("< 5", "not(true)", '"a"'), ("-", "-", '"b"')]
    at = table(rows, types=("number", "boolean"))
    assert isinstance(answer(at, RemoveInput(decision="d", input="c1")), Proof)
    assert isinstance(answer(at, RemoveInput(decision="d", input="c0")), Witness)


def test_formulas_are_equal_only_if_they_are_written_alike() -> None:
    at = table([("< 5", "c0 + 1"), ("-", "1 + c0")])
    assert isinstance(answer(at, remove(1)), Undecided)
    assert isinstance(answer(table([("< 5", "c0 + 1"), ("-", "c0 + 1")]), remove(1)), Proof)


def test_a_table_that_is_no_boxes_is_not_judged() -> None:
    assert isinstance(answer(table([("? * 2 < 5", '"a"'), ("-", '"a"')]), remove(1)), Undecided)


def test_the_work_is_bounded() -> None:
    pick = random.Random(5)
    rows = [(*(cell(pick, "number") for _ in range(8)), f'"{n % 3}"') for n in range(60)]
    at = table(rows)
    assert isinstance(equivalent(at, after(at, remove(30)), work=50), Undecided)


@pytest.mark.parametrize("block", range(4))
def test_proofs_and_witnesses_agree_with_the_evaluator_on_every_case(block: int) -> None:
    print("seeds", block * TABLES // 4, "to", (block + 1) * TABLES // 4)
    answers = {Proof: 0, Witness: 0, Undecided: 0}
    for seed in range(block * TABLES // 4, (block + 1) * TABLES // 4):
        pick = random.Random(seed)
        one = trial(seed)
        inputs = tuple(
            replace(it, type=pick.choice((it.type, it.type, None)), values=pick.choice((None, ALLOWED[kind])))
            for it, kind in zip(one.at.table.inputs, one.kinds, strict=True)
        )
        at = located(replace(one.at.table, inputs=inputs))
        edits = some_edits(pick, at.table, one.kinds)
        other = after(at, *edits)
        found = equivalent(at, other)
        answers[type(found)] += 1
        if isinstance(found, Witness):
            lists = at.table.hit_policy in ("RULE ORDER", "OUTPUT ORDER", "COLLECT")
            types = prepare(at.model).types
            kinds = dict(zip(found.case, one.kinds, strict=True))
            values = {
                name: value if value == "Text" else from_json(value, types.named(kinds[name]))
                for name, value in found.case.items()
            }
            values |= {name: {} for name in found.other}
            assert lists or decided(at, values) != decided(other, values), (seed, edits, found)
        if isinstance(found, Proof):
            names = [clause.expression for clause in at.table.inputs]
            for case in itertools.product(*((*VALUES[kind], None, {}) for kind in one.kinds)):
                values = dict(zip(names, case, strict=True))
                assert decided(at, values) == decided(other, values), (seed, edits, values)
    assert min(answers[Proof], answers[Witness]) > TABLES // 40


def decided(at: TableAt, values: dict[str, Any]) -> Any:
    try:
        return repr(decide(prepare(at.model), at.owner, values).result)
    except LichtungError as error:
        return error.code in ("unique-violated", "any-violated") or error.code


def some_edits(pick: random.Random, before: DecisionTable, kinds: tuple[str, ...]) -> list[TableEdit]:
    """Mostly harmless edits: rows that other rows repeat are made more likely first."""
    rows = len(before.rules)
    choice = pick.randrange(6)
    if choice == 0 and rows > 1:
        pair = tuple(pick.sample(range(1, rows + 1), 2))
        column = pick.randrange(len(kinds))
        kept = before.rules[pair[0] - 1].inputs
        cells = {f"c{n}": text for n, text in enumerate(kept)}
        cells[f"c{column}"] = ", ".join((kept[column], before.rules[pair[1] - 1].inputs[column]))
        if "not" in cells[f"c{column}"] or "-" in cells[f"c{column}"].split(", "):
            cells[f"c{column}"] = cell(pick, kinds[column])
        return [merge(pair, **cells)]
    if choice == 1 and rows > 1:
        rule, place = pick.sample(range(1, rows + 1), 2)
        return [MoveRule(decision="d", rule=rule, before=place)]
    if choice == 2 and len(kinds) > 1:
        return [RemoveInput(decision="d", input=f"c{pick.randrange(len(kinds))}")]
    if choice == 3 and before.hit_policy in ("UNIQUE", "ANY", "FIRST"):
        return [SetHitPolicy(decision="d", hit_policy=pick.choice(("UNIQUE", "ANY", "FIRST")))]
    return [remove(rule) for rule in pick.sample(range(1, rows + 1), min(rows - 1, pick.choice((1, 1, 2))) or 1)]


def test_the_agreement_can_fail() -> None:
    at = table([("< 5", '"a"'), ("-", '"b"')])
    other = after(at, remove(1))
    assert decided(at, {"c0": 0}) != decided(other, {"c0": 0})
    assert decided(at, {"c0": 7}) == decided(other, {"c0": 7})
