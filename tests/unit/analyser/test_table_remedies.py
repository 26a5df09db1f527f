"""What a finding offers to do to its table: without discussion only what is proven and concerns nobody's right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bpm.analyser.finding import Remedy
from bpm.analyser.given import Given
from bpm.analyser.run import analyse
from bpm.analyser.tableremedies import without_rules
from bpm.model.decision import (
    ContextEntry,
    ContextExpression,
    Decision,
    DecisionModel,
    DecisionTable,
    InputClause,
    OutputClause,
    Rule,
)
from bpm.model.procedure import Procedure
from bpm.model.process import LegalBasis
from tests.unit.analyser.test_equivalence import table

ROWS = [("< 5", '"a"'), ("< 3", '"a"'), ("-", '"b"')]


def given(rules: dict[int, dict[str, Any]] | None = None, name: str = "Gebühr", **decision: Any) -> Given:
    """A FIRST table whose second row is contained in the first."""
    at = table(ROWS)
    changed = tuple(replace(rule, **(rules or {}).get(n, {})) for n, rule in enumerate(at.table.rules, start=1))
    logic = replace(at.table, rules=changed)
    assert at.decision is not None
    one = replace(at.decision, name=name, logic=logic, **decision)
    return Given(Procedure("p", "p", "t.dmn", None, (replace(at.model, decisions=(one,)),)))


def offered(of: Given, rule: int = 2) -> str:
    return without_rules(of, of.tables[0], "RC04", (rule - 1,)).applicability


def law(**fields: Any) -> tuple[LegalBasis, ...]:
    return (LegalBasis("Satzung § 3", "council", **fields),)


def test_a_proven_edit_that_concerns_nobody_is_mechanical() -> None:
    assert offered(given()) == "mechanical"


def test_an_edit_that_changes_a_decision_is_for_the_board() -> None:
    assert offered(given(), 1) == "board"


def test_a_rule_that_must_be_applied_is_for_the_board_whatever_is_proven() -> None:
    assert offered(given({2: {"legal_bases": law(force="must")}})) == "board"
    assert offered(given(legal_bases=law(force="must"))) == "board"
    assert offered(given({2: {"legal_bases": law(force="should")}, 1: {"legal_bases": law()}})) == "mechanical"


def test_another_rule_that_must_be_applied_does_not_matter() -> None:
    assert offered(given({3: {"legal_bases": law(force="must")}})) == "mechanical"


def test_a_row_that_hands_the_case_to_a_person_or_speaks_of_a_right_is_for_the_board() -> None:
    assert offered(given({2: {"handover": "Härtefallstelle"}})) == "board"
    assert offered(given({2: {"annotations": ("vorher ist eine Anhörung nötig",)}})) == "board"
    assert offered(given(name="Braucht es eine Anhörung?")) == "board"


def test_versions_of_a_norm_that_are_not_in_force_together_are_for_the_board() -> None:
    assert offered(given({1: {"legal_bases": law(valid_to="2024-12-31")}})) == "board"


@pytest.mark.parametrize("number", [1, 2])
def test_an_edit_names_the_table_among_several_of_one_decision(number: int) -> None:
    at = table(ROWS)
    tables = tuple(replace(at.table, id=f"t{n}") for n in (1, 2))
    context = ContextExpression(tuple(ContextEntry(one.id, one) for one in tables))
    model = DecisionModel("t.dmn", "", "t", "urn:t", (Decision("d", "D", "D", None, context),))
    of = Given(Procedure("p", "p", "t.dmn", None, (model,)))
    (edit,) = without_rules(of, of.tables[number - 1], "RC04", (1,)).edits
    assert edit.get("table", 1) == number


def remedies(code: str, rows: list[tuple[str, ...]], policy: str, **options: Any) -> list[Remedy | None]:
    found = analyse(
        Procedure("p", "p", "t.dmn", None, (table(rows, policy, **options).model,)), select=(code,)
    ).findings
    return [one.finding.remedy for one in found]


def test_gaps_get_a_row_each_as_far_as_they_share_no_case() -> None:
    rows = [("[2..3]", "[2..3]", '"a"')]
    (remedy,) = remedies("RC01", rows, "UNIQUE", types=("number", "number"))
    assert remedy is not None
    assert remedy.applicability == "board"
    wide = [edit["with"]["inputs"] for edit in remedy.edits]
    assert len(wide) == 1
    assert all(value is None for edit in remedy.edits for value in edit["with"]["outputs"].values())


def test_merged_cells_never_let_more_in_than_the_rows_did() -> None:
    rows = [('"a"', "1"), ('"b"', "1")]
    (remedy,) = remedies("RC07", rows, "UNIQUE", types=("string",), values=('"a", "b"',))
    assert remedy is not None
    assert (remedy.applicability, remedy.edits[0]["with"]["inputs"]) == ("mechanical", {"c0": '"a", "b"'})


def test_what_cannot_be_merged_without_deciding_more_is_for_the_board() -> None:
    rows = [('"a"', "1"), ('not("a", "b")', "1"), ('"b"', "1")]
    (remedy,) = remedies("RC07", rows, "UNIQUE", types=(None,))
    assert remedy is not None
    assert (remedy.applicability, remedy.edits[0]["with"]["inputs"]) == ("board", {"c0": "-"})


def test_a_narrow_rule_that_contradicts_a_wide_one_goes_first() -> None:
    (remedy,) = remedies("RC02", [("< 9", '"a"'), ("< 3", '"b"')], "UNIQUE")
    assert remedy is not None
    assert [edit["do"] for edit in remedy.edits] == ["move-rule", "set-hit-policy"]
    assert remedy.applicability == "board"


def test_an_input_is_dropped_without_discussion_only_if_nobody_else_reads_it() -> None:
    rows = [("< 5", "-", '"a"'), ("-", "-", '"b"')]
    at = table(rows, types=("number", "number"))
    alone = Procedure("p", "p", "t.dmn", None, (at.model,))
    (first,) = analyse(alone, select=("RC08",)).findings
    assert first.finding.remedy is not None
    assert first.finding.remedy.applicability == "mechanical"
    reader = Decision(
        "e", "E", "E", None,
        DecisionTable(
            "u", "FIRST", None, (InputClause("j", "c1", "c1", "number"),), (OutputClause("p", "x"),),
            (Rule("s", ("< 1",), ("1",)), Rule("q", ("-",), ("2",))),
        ),
    )  # fmt: skip
    both = replace(alone, decisions=(replace(at.model, decisions=(*at.model.decisions, reader)),))
    (second,) = analyse(both, select=("RC08",)).findings
    assert second.finding.remedy is not None
    assert second.finding.remedy.applicability == "board"
