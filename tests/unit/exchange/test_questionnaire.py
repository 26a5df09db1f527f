# ruff: noqa: E501
"""The questionnaire for the department: asked for what is missing, answered by id, written back into the same file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest

from bpm.errors import ModelError
from bpm.exchange.questionnaire import Row, read_sheet, write_sheet
from bpm.model.process import ProcessModel
from bpm.model.reader import read, read_bpmn
from bpm.service.annotate import Refused, questionnaire, take

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<!-- bleibt -->
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="x"
  xmlns:camunda='http://camunda.org/schema/1.0/bpmn'>
  <process id="p" name="Antrag" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
    <userTask id="a"   name="=1+1" camunda:formKey='x'><documentation>Wozu?</documentation></userTask>
    <sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
    <userTask id="b" name="Prüfen">
      <extensionElements><li:step xmlns:li="urn:lichtung:bpmn:1" minutes="5" known="measured" source="Zeitaufnahme"/></extensionElements>
    </userTask>
    <sequenceFlow id="f3" sourceRef="b" targetRef="e"/><endEvent id="e"/>
  </process>
</definitions>
"""
DMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="x">
  <decision id="fee" name="Gebühr"><variable id="v" name="fee"/>
    <decisionTable id="t" hitPolicy="UNIQUE">
      <input id="i"><inputExpression id="ie" typeRef="number"><text>x</text></inputExpression></input>
      <output id="o" name="fee" typeRef="number"/>
      <rule id="r1"><description>alt</description><inputEntry id="c1"><text>1</text></inputEntry><outputEntry id="c2"><text>30</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="c3"><text>2</text></inputEntry><outputEntry id="c4"><text>40</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "antrag"
    path.mkdir()
    (path / "p.bpmn").write_text(MODEL, "utf-8")
    (path / "d.dmn").write_text(DMN, "utf-8")
    return path


def filled(folder: Path, rows: list[tuple[str, str, dict[str, Any]]], name: str = "s.xlsx") -> Path:
    """The questionnaire with cells filled in: (sheet, id, values by key); a second row of an id goes to the end."""
    book = openpyxl.load_workbook(io.BytesIO(questionnaire(folder)))
    used: set[tuple[str, str]] = set()
    for title, id, values in rows:
        sheet = book[title]
        keys = [cell.value for cell in sheet[1]]
        line = next((row[0].row for row in sheet.iter_rows(min_row=3) if row[0].value == id), None)
        if line is None or (title, id) in used:
            line = sheet.max_row + 1
            sheet.cell(line, 1).value = id
        used.add((title, id))
        for key, value in values.items():
            sheet.cell(line, keys.index(key) + 1).value = value
    target = folder.parent / name
    book.save(target)
    return target


WHO = {"by": "Sachbearbeitung", "on": "2026-11-24"}


def model(content: bytes) -> ProcessModel:
    return read_bpmn(content, "p.bpmn")


def codes(folder: Path, rows: list[tuple[str, str, dict[str, Any]]]) -> list[tuple[str, int | None]]:
    with pytest.raises(Refused) as caught:
        take(folder, [filled(folder, rows)])
    return [(reason.code, reason.line) for reason in caught.value.reasons]


def test_the_sheet_asks_for_what_is_missing_and_holds_no_formula(folder: Path) -> None:
    data = questionnaire(folder)
    assert data == questionnaire(folder), "same model, same bytes"
    book = openpyxl.load_workbook(io.BytesIO(data))
    steps = {row[0].value: row for row in book["Schritte"].iter_rows(min_row=3)}
    assert steps["a"][1].value == "=1+1"
    assert steps["a"][1].data_type == "s"
    assert "Bearbeitungszeit in Minuten" in steps["a"][3].value
    assert steps["b"][4].value == 5
    assert [row[0].value for row in book["Regeln"].iter_rows(min_row=3)] == ["fee#1", "fee#2"]
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_an_unchanged_sheet_changes_no_byte(folder: Path) -> None:
    taken = take(folder, [filled(folder, [])])
    assert taken.files == {"p.bpmn": MODEL.encode(), "d.dmn": DMN.encode()}


def test_answers_go_to_their_element_with_who_and_when_and_nothing_else_changes(folder: Path) -> None:
    answers = {
        "minutes": 8.5, "channel": "Schalter", "citation": "GewO § 14", "organ": "Bund", "force": "muss",
        "reads": "name; anschrift", **WHO,
    }  # fmt: skip
    rules = {"citation": "keine", **WHO}
    law = {"law": "BayVwVfG", "law_as_of": "2026-11-01", **WHO}
    taken = take(
        folder, [filled(folder, [("Schritte", "a", answers), ("Regeln", "fee#1", rules), ("Verfahren", "p", law)])]
    )
    written = taken.files["p.bpmn"].decode()
    found = model(taken.files["p.bpmn"])
    node = next(node for node in found.main.nodes if node.id == "a")
    step = node.facts.step
    assert step is not None
    assert step.known is not None
    assert (step.minutes, step.channel) == (8.5, "counter")
    assert (step.known.how, step.known.by, step.known.on) == ("estimated", "Sachbearbeitung", "2026-11-24")
    (basis,) = node.facts.legal_bases
    assert (basis.citation, basis.organ, basis.force) == ("GewO § 14", "bund", "must")
    assert [use.item for use in node.facts.reads] == ["name", "anschrift"]
    assert found.main.procedural_law == "BayVwVfG"
    for kept in ("<!-- bleibt -->", '<userTask id="a"   name="=1+1" camunda:formKey=\'x\'>', 'source="Zeitaufnahme"'):
        assert kept in written
    (rule, other) = _rules(folder, taken.files["d.dmn"])
    assert [basis.citation for basis in rule.legal_bases] == ["keine"]
    assert other.legal_bases == ()


def _rules(folder: Path, content: bytes) -> Any:
    (folder / "d.dmn").write_bytes(content)
    table: Any = read(folder)[0].decisions[0].decisions[0].logic
    return table.rules


def test_estimates_of_several_people_become_a_range(folder: Path) -> None:
    one = filled(folder, [("Schritte", "a", {"minutes": 5, "by": "A", "on": "2026-11-20"})], "one.xlsx")
    two = filled(
        folder,
        [
            ("Schritte", "a", {"minutes": "9,5", "low": 4, "high": 20, "by": "B", "on": "2026-11-24"}),
            ("Schritte", "a", {"minutes": 6, "by": "C", "on": "2026-11-22"}),
        ],
        "two.xlsx",
    )
    node = next(node for node in model(take(folder, [one, two]).files["p.bpmn"]).main.nodes if node.id == "a")
    assert node.facts.step is not None
    known = node.facts.step.known
    assert known is not None
    assert (node.facts.step.minutes, known.low, known.high) == (6.0, 4.0, 20.0)
    assert (known.how, known.by, known.on) == ("estimated", "A, B, C", "2026-11-24")


def test_what_cannot_be_taken_in_is_refused_with_its_row_and_nothing_is_written(folder: Path) -> None:
    assert codes(folder, [("Schritte", "a", {"minutes": 5})]) == [("answer-unsigned", 3)]
    assert codes(folder, [("Schritte", "zz", {"minutes": 5, **WHO})]) == [("no-such-element", 5)]
    assert codes(folder, [("Schritte", "b", {"minutes": 7, **WHO})]) == [("answer-weaker", 4)]
    assert codes(folder, [("Schritte", "a", {"minutes": "viel", **WHO})]) == [("answer-number", 3)]
    assert codes(folder, [("Schritte", "a", {"minutes": 5, "low": 9, "high": 3, **WHO})]) == [("answer-range", 3)]
    assert codes(folder, [("Schritte", "a", {"channel": "Brieftaube", **WHO})]) == [("answer-word", 3)]
    assert codes(folder, [("Schritte", "a", {"organ": "Land", **WHO})]) == [("answer-citation", 3)]
    twice = [("Schritte", "a", {"channel": "Post", **WHO}), ("Schritte", "a", {"channel": "online", **WHO})]
    assert codes(folder, twice) == [("answer-conflict", 5)]


def test_formulas_and_strange_archives_are_refused(folder: Path, tmp_path: Path) -> None:
    sheet = filled(folder, [("Schritte", "a", {"minutes": "=1+1", **WHO})])
    with pytest.raises(ModelError) as caught:
        take(folder, [sheet])
    assert (caught.value.code, caught.value.line) == ("sheet-formula", 3)
    for content in (b"PK\x03\x04", b"no sheet", b""):
        with pytest.raises(ModelError):
            read_sheet(content, "x.xlsx")


def test_every_text_of_a_sheet_stays_text() -> None:
    for text in ("=cmd()", "+1", "@sum", "-2", "http://x.invalid", "{=1}"):
        data = write_sheet("x", {"Schritte": [Row({"id": text, "name": text})]})
        cell = openpyxl.load_workbook(io.BytesIO(data))["Schritte"]["A3"]
        assert (cell.value, cell.data_type) == (text, "s")
        assert cell.hyperlink is None
