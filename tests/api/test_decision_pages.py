"""The page of a decision table: questions stand in the rows, in colour, by number and in words, with the case."""

from __future__ import annotations

import re
from pathlib import Path

from bpm.service.reading import files_of
from tests.api.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT / "processes" / "muenchen"
FLOW = b"""<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:test">
<process id="baeume" name="B" isExecutable="true"><startEvent id="s"/><task id="t"/><endEvent id="e"/>
<sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="e"/>
</process></definitions>
"""


def rows(page: str, kind: str) -> list[str]:
    """The rows of the table with a mark of one kind, tags taken out."""
    found = re.findall(rf'<tr class="row-{kind}">.*?</tr>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def notes(page: str) -> list[str]:
    found = re.findall(r'<tr class="row-note.*?</tr>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def page_of(api: Client, key: str, decision: str, lang: str = "de") -> str:
    answer = api.raw.get(f"/verfahren/{key}/regeln/{decision}?lang={lang}")
    assert answer.status_code == 200
    return answer.text


def test_a_row_that_never_fires_says_so_and_names_its_cause_and_case(api: Client) -> None:
    api.deploy(*files_of(CITY / "dienstreise").items())
    page = page_of(api, "dienstreise", "genehmigende")
    (unreachable,) = rows(page, "unreachable")
    assert unreachable.startswith("5 ")
    assert "kommt nie zum Zug wegen Zeile 1, 2, 4" in unreachable
    (note,) = [text for text in notes(page) if "Zeile 5 kommt nie zum Zug" in text]
    assert "Um welche Fälle es geht" in note
    assert "kosten_geschaetzt: [100..900]" in note
    assert note.endswith("?")
    assert "never fires because of rule 1, 2, 4" in page_of(api, "dienstreise", "genehmigende", "en")


def test_both_tables_that_contradict_each_other_mark_their_rows(api: Client) -> None:
    conflict = (ROOT / "tests/checks/rc10/invalid-outputs-of-one-name.dmn").read_bytes()
    assert api.deploy(("p.bpmn", FLOW), ("d.dmn", conflict)).status_code == 201
    first, second = (page_of(api, "baeume", name) for name in ("verordnung", "anweisung"))
    assert any("widerspricht einer anderen Quelle" in row for row in rows(first, "conflict"))
    assert any("widerspricht einer anderen Quelle" in row for row in rows(second, "conflict"))
    (note,) = [text for text in notes(first) if "legen „genehmigung“" in text]
    assert "umfang: [60..80)" in note
    assert "Stadtrat, muss" in note


def test_a_table_without_questions_has_no_marked_row(api: Client) -> None:
    api.deploy(*files_of(CITY / "hundesteuer").items())
    text = api.raw.get("/verfahren/hundesteuer").text
    for decision in re.findall(r"/verfahren/hundesteuer/regeln/(\w+)", text):
        page = page_of(api, "hundesteuer", decision)
        assert "row-" not in page
        assert "keine Frage gefunden" in page


def test_who_decides_a_row_that_is_handed_over_and_who_may_change_its_law_stands_in_the_row(api: Client) -> None:
    api.deploy(*files_of(CITY / "bewohnerparkausweis").items())
    page = page_of(api, "bewohnerparkausweis", "gebuehr")
    assert "übergibt an: KVR Bewohnerparken" in page
    assert "(Bund, muss)" in page


def test_a_version_out_of_force_is_called_out_of_date_on_its_page_and_is_no_conflict(api: Client) -> None:
    versions = (ROOT / "tests/checks/rc10/valid-versions.dmn").read_bytes()
    assert api.deploy(("p.bpmn", FLOW), ("d.dmn", versions)).status_code == 201
    page = page_of(api, "baeume", "anweisung")
    assert "ist veraltet seit 2025-12-31" in page
    assert rows(page, "conflict") == []
    assert "ist veraltet" not in page_of(api, "baeume", "verordnung")
