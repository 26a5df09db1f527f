"""A department's table of steps becomes a draft with lanes and a diagram, or a located error."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpm.errors import ModelError
from bpm.exchange import stepsheet
from bpm.model.reader import read_bpmn
from bpm.service.reading import as_models, procedures_at
from tests.commandline import bpm

TABLE = """Schritt; Rolle; Minuten; Rechtsgrundlage; Formular; Hinweis
Antrag annehmen; Bürgerbüro; 5; § 22 VwVfG; Antrag;
"Antrag prüfen; fachlich"; Sachbearbeiter*in; 12,5; ; ; nur vormittags
Bescheid erstellen; Sachbearbeiter*in; ; Art. 37 BayVwVfG; ;

Antrag annehmen; Bürgerbüro; 2; ; ;
"""


def test_a_table_becomes_a_line_of_steps_with_lanes_and_what_is_known() -> None:
    content = stepsheet.draft(stepsheet.read_steps(TABLE.encode(), "t.csv"), "Wohngeld 2026")
    model = read_bpmn(content, "t.bpmn")
    process = model.main
    assert (process.id, process.executable) == ("wohngeld_2026", False)
    tasks = [node for node in process.nodes if node.type == "userTask"]
    assert [(task.id, task.name) for task in tasks] == [
        ("antrag_annehmen", "Antrag annehmen"),
        ("antrag_pruefen_fachlich", "Antrag prüfen; fachlich"),
        ("bescheid_erstellen", "Bescheid erstellen"),
        ("antrag_annehmen_4_", "Antrag annehmen"),
    ]
    assert len(process.flows) == 5
    assert sorted(lane.name for lane in process.lanes) == ["Bürgerbüro", "Sachbearbeiter*in"]
    assert [base.citation for base in tasks[2].facts.legal_bases] == ["Art. 37 BayVwVfG"]
    assert b'minutes="12.5" known="assumed" source="Schrittliste Wohngeld 2026"' in content
    assert b"Hinweis: nur vormittags" in content
    assert content.count(b"BPMNShape ") == 1 + 2 + 6
    assert stepsheet.draft(stepsheet.read_steps(TABLE.encode(), "t.csv"), "Wohngeld 2026") == content


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_what_spreadsheets_write_is_read(encoding: str, separator: str) -> None:
    text = f"Step{separator}Role\r\nPrüfen{separator}Büro\r\n"
    (step,) = stepsheet.read_steps(text.encode(encoding), "t.csv")
    assert (step.name, step.role, step.line) == ("Prüfen", "Büro", 2)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("Schritt;Minuten\nA;\nB;bald", "steps-minutes", 3),
        ("Schritt;Minuten\nA;-1", "steps-minutes", 2),
        ("Schritt;Minuten\nA;NaN", "steps-minutes", 2),
        ("Schritt;Rolle\n;Büro", "steps-name", 2),
        ("Schritt;Rolle\n\n", "steps-empty", 1),
        ("Schritt;Rolle\nA;B;C", "steps-columns", 2),
        ("Schritt;Step\nA;B", "steps-columns", 1),
        ("Schritt\n" + "A\n" * 2001, "steps-too-many", 2002),
        ("Schritt\n\x00", "steps-text", None),
    ],
)
def test_a_table_that_is_wrong_is_told_with_its_line(text: str, code: str, line: int | None) -> None:
    with pytest.raises(ModelError) as refused:
        stepsheet.read_steps(text.encode(), "t.csv")
    assert (refused.value.code, refused.value.line) == (code, line)


def test_the_commands_read_a_table_and_leave_other_tables_alone(tmp_path: Path) -> None:
    (tmp_path / "wohngeld.csv").write_text(TABLE, encoding="cp1252")
    (tmp_path / "faelle.csv").write_text("case;start\n1;2", encoding="utf-8")
    (found,) = procedures_at(tmp_path)
    assert (found.key, found.errors) == ("wohngeld", ())
    done = bpm("inspect", tmp_path / "wohngeld.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Bescheid erstellen" in done.stdout
    refused = bpm("inspect", tmp_path / "faelle.csv")
    assert refused.returncode == 2
    assert refused.stderr == f"{tmp_path}/faelle.csv:1: not-a-model no column of this table is called Schritt\n"


def test_an_upload_keeps_the_table_beside_its_draft() -> None:
    files = as_models({"wohngeld.csv": TABLE.encode(), "log.csv": b"case;start"})
    assert sorted(files) == ["log.csv", "wohngeld.bpmn", "wohngeld.csv"]


def test_markup_and_formulas_in_a_table_stay_text() -> None:
    steps = stepsheet.read_steps('Schritt;Rolle\n<script>;=1+1\n"A\u2028B";"&amp;"'.encode(), "t.csv")
    model = read_bpmn(stepsheet.draft(steps, "<x>"), "t.bpmn")
    assert [node.name for node in model.main.nodes if node.type == "userTask"] == ["<script>", "A B"]
    assert sorted(lane.name for lane in model.main.lanes) == ["&amp;", "=1+1"]
