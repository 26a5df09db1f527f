"""What is written as XProzess is read again as it was, and nothing that nobody said is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpm.exchange.xprozess import Norm, read_export, write_export
from bpm.model.reader import read_bpmn
from bpm.service.reading import procedures_at
from tests.commandline import ROOT, bpm
from tests.conformance.data import folder

CREATED = "2026-11-24T09:00:00+01:00"
DOG = ROOT / "processes" / "muenchen" / "hundesteuer" / "procedure.bpmn"


def test_a_procedure_comes_back_with_its_bytes_and_its_norms(tmp_path: Path) -> None:
    source = DOG.read_bytes()
    model = read_bpmn(source, str(DOG))
    content = write_export(model, source, "Hundesteuer", "3", CREATED)
    export = read_export(content, "x.xml")
    assert (export.key, export.version, export.name, export.product) == ("hundesteuer", "3", "Hundesteuer", "Lichtung")
    assert export.files == {"hundesteuer.bpmn": source}
    by_element = {group.element: group for group in export.groups}
    step = next(node for node in model.main.nodes if node.id in by_element and node.facts.legal_bases)
    norms = tuple(Norm(base.citation, None, None) for base in step.facts.legal_bases)
    assert by_element[step.id].norms == norms
    assert {group.rag for group in export.groups} == {None}
    assert write_export(model, source, "Hundesteuer", "3", CREATED) == content


def test_what_a_real_export_says_survives_the_way_in_and_out(tmp_path: Path) -> None:
    path = folder("xprozess") / "mutterschutz-anzeige.xprozess.xml"
    before = read_export(path.read_bytes(), path.name)
    (procedure,) = procedures_at(path)
    (source,) = before.files.values()
    assert procedure.process is not None
    after = read_export(write_export(procedure.process, source, before.name, "9", CREATED), "x.xml")
    assert (after.key, after.version, after.name, after.norms) == (
        before.key,
        before.version,
        before.name,
        before.norms,
    )
    told = [(one.id, one.element, one.name, one.rag, one.rag_version, one.norms) for one in before.groups]
    assert [(one.id, one.element, one.name, one.rag, one.rag_version, one.norms) for one in after.groups] == told
    assert list(after.files.values()) == [source]


def test_the_command_writes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bpm.settings import settings

    monkeypatch.setenv("BPM_DATABASE_URL", f"sqlite:///{tmp_path}/t.db")
    settings.cache_clear()
    assert bpm("import", DOG.parent).returncode == 0
    assert bpm("export", "hundesteuer", "-o", tmp_path / "h.xml").returncode == 0
    settings.cache_clear()
    (found,) = procedures_at(tmp_path / "h.xml")
    assert (found.key, found.errors) == ("hundesteuer", ())
