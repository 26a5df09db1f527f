"""Edits of decision tables: what was meant changes, nothing else does, and the file reads back."""

from __future__ import annotations

import difflib
import random
from dataclasses import replace
from pathlib import Path

import pytest

from bpm.errors import InvalidRequest, ModelError
from bpm.model.decision import DecisionTable
from bpm.model.edit import Edit, apply, clash, of_json
from bpm.model.edit.edited import edited
from bpm.model.edit.rules import (
    AddRule,
    MoveRule,
    RemoveInput,
    RemoveRule,
    ReplaceRules,
    SetCell,
    SetHitPolicy,
    TableEdit,
)
from bpm.model.edit.tablepatches import TO_DECIDE
from bpm.model.reader.dmn import read_dmn
from bpm.model.source import Source

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted(ROOT.glob("processes/*/*/decisions.dmn"))

FILE = """<?xml version='1.0' encoding="UTF-8" ?>
<!-- before -->
<dmn:definitions xmlns:dmn="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:v='urn:vendor'
    xmlns:li="urn:lichtung:bpmn:1" id="d" name="T" namespace="urn:t">
  <dmn:decision id="fee" name="Gebühr" v:colour='blau &amp; weiß'>
    <dmn:variable name="fee" />
    <dmn:decisionTable id="t" hitPolicy='FIRST' v:x="1">
      <dmn:input id="i1" label="Alter">
        <dmn:inputExpression typeRef="number"><dmn:text>age</dmn:text></dmn:inputExpression></dmn:input>
      <dmn:input id="i2">
        <dmn:inputExpression typeRef="boolean"><dmn:text>abroad</dmn:text></dmn:inputExpression></dmn:input>
      <dmn:output id="o1" name="euro"/>
      <dmn:annotation name="Grund"/>
      <!-- the young -->
      <dmn:rule id="r1" v:by="me"><dmn:description>jung</dmn:description>
        <dmn:inputEntry id="c11"><dmn:text><![CDATA[< 18]]></dmn:text></dmn:inputEntry>
        <dmn:inputEntry id="c12"><dmn:text>-</dmn:text></dmn:inputEntry>
        <dmn:outputEntry id="c13"><dmn:text>0</dmn:text></dmn:outputEntry>
        <dmn:annotationEntry><dmn:text>§ 1 Abs. 2 &#8211; Jugend</dmn:text></dmn:annotationEntry>
      </dmn:rule>

      <dmn:rule id="r2">
        <dmn:inputEntry><dmn:text>[18..60)</dmn:text></dmn:inputEntry><dmn:inputEntry><dmn:text>true</dmn:text></dmn:inputEntry>
        <dmn:outputEntry><dmn:text>30</dmn:text></dmn:outputEntry>
        <dmn:annotationEntry><dmn:text>a</dmn:text></dmn:annotationEntry>
      </dmn:rule>
      <!-- the old -->
      <dmn:rule id="r3">
        <dmn:inputEntry><dmn:text>>= 60</dmn:text></dmn:inputEntry><dmn:inputEntry><dmn:text/></dmn:inputEntry>
        <dmn:outputEntry><dmn:text>30</dmn:text></dmn:outputEntry>
        <dmn:annotationEntry><dmn:text>b</dmn:text></dmn:annotationEntry>
      </dmn:rule>
    </dmn:decisionTable>
  </dmn:decision>
  <dmndi:DMNDI xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"><dmndi:DMNDiagram/></dmndi:DMNDI>
</dmn:definitions>
<!-- after -->
"""


def bare(table: DecisionTable) -> DecisionTable:
    """The table without what comes with a file: ids and lines."""
    return replace(
        table,
        line=None,
        inputs=tuple(replace(it, id="", line=None) for it in table.inputs),
        outputs=tuple(replace(it, id="", line=None) for it in table.outputs),
        rules=tuple(
            replace(it, id="", line=None, legal_bases=tuple(replace(basis, line=None) for basis in it.legal_bases))
            for it in table.rules
        ),
    )


def table_of(data: bytes) -> DecisionTable:
    logic = read_dmn(data, "t.dmn").decisions[0].logic
    assert isinstance(logic, DecisionTable)
    return logic


def lines_changed(before: bytes, after: bytes) -> list[str]:
    found = difflib.ndiff(before.decode().splitlines(), after.decode().splitlines())
    return [line for line in found if line[0] in "+-"]


def changed(*edits: TableEdit, file: str = FILE) -> tuple[DecisionTable, list[str]]:
    """The table after the edits, read back, and the lines that differ; it means what `edited` says."""
    before = file.encode()
    after = apply(before, edits)
    table = table_of(after)
    assert bare(table) == bare(edited(table_of(before), edits))
    return table, lines_changed(before, after)


def test_a_removed_row_takes_nothing_with_it() -> None:
    table, lines = changed(RemoveRule(decision="fee", rule=2))
    assert [rule.id for rule in table.rules] == ["r1", "r3"]
    assert [line[0] for line in lines] == ["-"] * 6
    assert "the old" not in "".join(lines)
    assert "[18..60)" in "".join(lines)


def test_merged_rows_keep_the_id_of_the_row_that_stays_and_every_annotation() -> None:
    edit = ReplaceRules(
        decision="fee", rules=(1, 2), row=1, cells=(("inputs", (("age", "< 60"), ("abroad", "-"))), ("outputs", ()))
    )
    table, lines = changed(edit)
    first = table.rules[0]
    assert (first.id, first.inputs, first.outputs) == ("r1", ("< 60", "-"), ("0",))
    assert first.annotations == ("§ 1 Abs. 2 – Jugend; a",)
    assert len(table.rules) == 2
    assert sum(line.startswith("+") for line in lines) == 2


def test_a_cell_that_already_says_so_is_not_written_again() -> None:
    edit = ReplaceRules(decision="fee", rules=(1, 2), row=1, cells=(("inputs", (("age", "< 18"),)),))
    assert b"<![CDATA[< 18]]>" in apply(FILE.encode(), [edit])


def test_a_moved_row_stands_elsewhere_as_it_was_written() -> None:
    table, lines = changed(MoveRule(decision="fee", rule=3, before=1))
    assert [rule.id for rule in table.rules] == ["r3", "r1", "r2"]
    assert len(lines) == 10
    assert {line[2:] for line in lines if line[0] == "+"} == {line[2:] for line in lines if line[0] == "-"}


def test_moves_are_made_one_after_the_other() -> None:
    table, _ = changed(MoveRule(decision="fee", rule=1, before=None), MoveRule(decision="fee", rule=2, before=None))
    assert [rule.id for rule in table.rules] == ["r3", "r1", "r2"]


def test_a_new_row_leaves_its_output_to_the_board_and_says_so() -> None:
    edit = AddRule(decision="fee", cells=(("inputs", (("abroad", "false"),)), ("outputs", (("euro", None),))))
    table, lines = changed(edit)
    new = table.rules[-1]
    assert (new.inputs, new.outputs, new.annotations) == (("-", "false"), ("",), (TO_DECIDE,))
    assert [line[0] for line in lines] == ["+"] * 6
    assert new.id


def test_a_new_row_may_bring_its_output() -> None:
    edit = AddRule(decision="fee", cells=(("outputs", (("euro", "< 3 & more"),)),))
    assert changed(edit)[0].rules[-1].outputs == ("< 3 & more",)


def test_a_cell_says_something_else_and_nothing_else_changes() -> None:
    table, lines = changed(
        SetCell(decision="fee", rule=1, input="age", text="< 16"),
        SetCell(decision="fee", rule=1, output="euro", text="5"),
    )
    assert (table.rules[0].inputs, table.rules[0].outputs) == (("< 16", "-"), ("5",))
    assert len(lines) == 4
    assert table.rules[0].annotations == ("§ 1 Abs. 2 – Jugend",)


def test_a_cell_of_a_row_or_column_that_goes_cannot_be_set() -> None:
    cell = SetCell(decision="fee", rule=1, input="age", text="1")
    assert clash(cell, RemoveRule(decision="fee", rule=1))
    assert clash(cell, RemoveInput(decision="fee", input="age"))
    assert clash(cell, SetCell(decision="fee", rule=1, input="age", text="2"))
    assert clash(cell, SetCell(decision="fee", rule=1, input="abroad", text="true")) is None


def test_a_hit_policy_is_one_attribute() -> None:
    table, lines = changed(SetHitPolicy(decision="fee", hit_policy="COLLECT", aggregation="SUM"))
    assert (table.hit_policy, table.aggregation) == ("COLLECT", "SUM")
    assert len(lines) == 2
    assert 'v:x="1"' in lines[1]
    back = apply(apply(FILE.encode(), [SetHitPolicy(decision="fee", hit_policy="ANY")]), [])
    assert table_of(back).hit_policy == "ANY"


def test_an_aggregation_goes_with_its_policy() -> None:
    file = FILE.replace("hitPolicy='FIRST'", "hitPolicy='COLLECT' aggregation = 'SUM'")
    table, _ = changed(SetHitPolicy(decision="fee", hit_policy="FIRST"), file=file)
    assert (table.hit_policy, table.aggregation) == ("FIRST", None)


def test_a_removed_column_takes_its_cells() -> None:
    table, lines = changed(RemoveInput(decision="fee", input=" abroad "))
    assert [clause.id for clause in table.inputs] == ["i1"]
    assert [rule.inputs for rule in table.rules] == [("< 18",), ("[18..60)",), (">= 60",)]
    assert sum(line.startswith("+") for line in lines) == 2


def test_edits_together_mean_the_file_as_it_is() -> None:
    table, _ = changed(
        RemoveRule(decision="fee", rule=1),
        RemoveInput(decision="fee", input="abroad"),
        AddRule(decision="fee", cells=(("inputs", (("age", "null"),)),)),
        SetHitPolicy(decision="fee", hit_policy="UNIQUE"),
        MoveRule(decision="fee", rule=2, before=None),
    )
    assert [rule.inputs for rule in table.rules] == [(">= 60",), ("[18..60)",), ("null",)]


def test_edits_that_touch_the_same_row_exclude_each_other() -> None:
    remove = RemoveRule(decision="fee", rule=1)
    merge = ReplaceRules(decision="fee", rules=(1, 2), row=2, cells=(("inputs", ()),))
    assert clash(remove, merge) == ("rule", "fee", "1", "1")
    with pytest.raises(InvalidRequest) as refused:
        apply(FILE.encode(), [remove, merge])
    assert refused.value.code == "edits-clash"


def test_a_column_that_goes_excludes_a_new_row_that_asks_for_it() -> None:
    gone = RemoveInput(decision="fee", input="abroad")
    assert clash(AddRule(decision="fee", cells=(("inputs", (("abroad", "true"),)),)), gone)
    assert clash(AddRule(decision="fee", cells=(("inputs", (("abroad", "-"),)),)), gone) is None


def test_equal_edits_are_one() -> None:
    remove = RemoveRule(decision="fee", rule=1)
    assert clash(remove, RemoveRule(decision="fee", rule=1)) is None
    assert len(changed(remove, remove)[0].rules) == 2


@pytest.mark.parametrize(
    "edit",
    [
        RemoveRule(decision="fee", rule=9),
        RemoveRule(decision="nobody", rule=1),
        RemoveRule(decision="fee", table=2, rule=1),
        RemoveInput(decision="fee", input="height"),
        MoveRule(decision="fee", rule=1, before=9),
        AddRule(decision="fee", cells=(("inputs", (("height", "1"),)),)),
        SetCell(decision="fee", rule=1, input="height", text="1"),
        SetCell(decision="fee", rule=1, output="dollar", text="1"),
        SetCell(decision="fee", rule=9, output="euro", text="1"),
    ],
    ids=lambda edit: edit.do,
)
def test_what_is_not_there_cannot_be_edited(edit: Edit) -> None:
    with pytest.raises(InvalidRequest) as refused:
        apply(FILE.encode(), [edit])
    assert refused.value.code == "edit-target"


def test_an_unreadable_file_is_never_edited() -> None:
    with pytest.raises(ModelError):
        apply(b"<!DOCTYPE x []><x/>", [RemoveRule(decision="fee", rule=1)])


@pytest.mark.parametrize(
    "edit",
    [
        RemoveRule(decision="fee", rule=3),
        ReplaceRules(decision="fee", rules=(1, 2), row=2, cells=(("inputs", (("age", "< 18"),)), ("outputs", ()))),
        MoveRule(decision="fee", rule=1, before=None),
        AddRule(decision="fee", table=2, cells=(("inputs", (("age", "1"),)), ("outputs", (("euro", None),)))),
        SetHitPolicy(decision="fee", hit_policy="COLLECT", aggregation="SUM"),
        RemoveInput(decision="fee", input="age"),
        SetCell(decision="fee", rule=1, output="euro", text="5"),
    ],
    ids=lambda edit: edit.do,
)
def test_an_edit_is_the_json_it_came_from(edit: Edit) -> None:
    assert of_json([edit.as_json()]) == (edit,)


@pytest.mark.parametrize(
    "value",
    [
        {"do": "remove-rule", "decision": "fee", "rule": 0},
        {"do": "remove-rule", "decision": "fee", "rule": True},
        {"do": "remove-rule", "decision": "fee"},
        {"do": "remove-rule", "decision": "fee", "rule": 1, "also": 2},
        {"do": "set-hit-policy", "decision": "fee", "hit_policy": "BEST"},
        {"do": "set-cell", "decision": "fee", "rule": 1, "text": "5"},
        {"do": "set-cell", "decision": "fee", "rule": 1, "text": "5", "input": "age", "output": "euro"},
        {"do": "shine"},
        {},
    ],
)
def test_json_that_means_no_edit_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        of_json([value])


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "us-ascii", "utf-8-sig"])
def test_a_file_stays_in_its_encoding_also_where_a_new_letter_has_no_place_in_it(encoding: str) -> None:
    declared = {"utf-8-sig": "UTF-8"}.get(encoding, encoding)
    file = FILE.replace('encoding="UTF-8"', f'encoding="{declared}"')
    data = file.encode(encoding, "xmlcharrefreplace")
    edit = AddRule(decision="fee", cells=(("outputs", (("euro", '"žluťoučký ü"'),)),))
    after = apply(data, [edit])
    assert table_of(after).rules[-1].outputs == ('"žluťoučký ü"',)
    assert after.startswith(data[:60])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_random_edits_of_the_sample_procedures_read_back_as_meant(path: Path) -> None:
    seed = 20261124
    print("seed", seed)
    pick = random.Random(seed)
    data = path.read_bytes()
    source = Source(data, str(path))
    assert source.patched([]) == data
    for decision in read_dmn(data, str(path)).decisions:
        table = decision.logic
        if not isinstance(table, DecisionTable):
            continue
        for _ in range(6):
            edits = some_edits(pick, decision.id, table)
            after = read_dmn(apply(data, edits), str(path))
            for old, new in zip(read_dmn(data, str(path)).decisions, after.decisions, strict=True):
                if not isinstance(old.logic, DecisionTable) or not isinstance(new.logic, DecisionTable):
                    assert type(old.logic) is type(new.logic)
                    continue
                meant = edited(table, edits) if old.id == decision.id else old.logic
                assert bare(new.logic) == bare(meant), edits


def some_edits(pick: random.Random, decision: str, table: DecisionTable) -> list[TableEdit]:
    """A few edits of one table that do not clash."""
    rows = list(range(1, len(table.rules) + 1))
    pick.shuffle(rows)
    names = [clause.expression for clause in table.inputs]
    wanted: list[TableEdit] = []
    if len(rows) > 3:
        wanted.append(MoveRule(decision=decision, rule=rows.pop(), before=rows[-1]))
    if len(rows) > 2:
        merged = (rows.pop(), rows.pop())
        cells = (("inputs", ((pick.choice(names), '"x & y"'),)), ("outputs", ()))
        wanted.append(ReplaceRules(decision=decision, rules=merged, row=merged[0], cells=cells))
    wanted.append(RemoveRule(decision=decision, rule=rows.pop()) if rows else RemoveRule(decision=decision, rule=1))
    wanted.append(AddRule(decision=decision, cells=(("inputs", ((pick.choice(names), "null"),)),)))
    outputs = [clause.name or clause.label for clause in table.outputs]
    if rows:
        wanted.append(SetCell(decision=decision, rule=rows[-1], output=pick.choice(outputs), text='"<&>"'))
        wanted.append(SetCell(decision=decision, rule=rows[-1], input=pick.choice(names), text="-"))
    wanted.append(SetHitPolicy(decision=decision, hit_policy=pick.choice(("FIRST", "RULE ORDER", "COLLECT"))))
    if len(names) > 1:
        wanted.append(RemoveInput(decision=decision, input=pick.choice(names)))
    pick.shuffle(wanted)
    kept: list[TableEdit] = []
    for edit in wanted:
        if all(clash(edit, other) is None for other in kept):
            kept.append(edit)
    return kept
