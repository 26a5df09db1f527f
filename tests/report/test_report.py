"""A report holds its proof: it can be computed again, and a changed byte is noticed."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from bpm.errors import InvalidRequest, LichtungError
from bpm.report import figures, pdf
from bpm.service import report as service

ROOT = Path(__file__).resolve().parents[2]
PROCEDURE = ROOT / "processes" / "muenchen" / "bewohnerparkausweis"
CREATED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
REQUEST = {"cases": 200, "replications": 1, "seed": 7}
SEED = 20261123


@pytest.fixture(scope="module")
def drawn() -> dict[str, object]:
    return service.report(service.collect(PROCEDURE), created=CREATED, lang="de", request=REQUEST)


@pytest.fixture(scope="module")
def written(drawn: dict[str, object]) -> bytes:
    return service.write(drawn, "pdf")


def test_a_report_verifies_in_every_format(drawn: dict[str, object], written: bytes, tmp_path: Path) -> None:
    (tmp_path / "r.pdf").write_bytes(written)
    (tmp_path / "r.json").write_bytes(service.write(drawn, "json"))
    (tmp_path / "r.html").write_bytes(service.write(drawn, "html"))
    shutil.copy(tmp_path / "r.json", tmp_path / "r.report.json")
    for name in ("r.pdf", "r.json", "r.html"):
        assert service.verify(tmp_path / name).differences == ()


def test_one_changed_byte_is_noticed_wherever_it_is(written: bytes, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    path = tmp_path / "r.pdf"
    for place in [dice.randrange(len(written)) for _ in range(12)]:
        changed = bytearray(written)
        changed[place] ^= 1 << dice.randrange(8)
        path.write_bytes(bytes(changed))
        try:
            verified = service.verify(path)
        except LichtungError:
            continue
        assert not verified.equal, f"seed {SEED}, byte {place}"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("as_is", "simulation", "kpis", "cost_eur", "mean"), 1.0),
        (("as_is", "steps", 1, "minutes"), 99.0),
        (("weaknesses", "findings"), []),
        (("request", "seed"), 8),
    ],
)
def test_a_changed_figure_is_named(
    drawn: dict[str, object], tmp_path: Path, place: tuple[object, ...], value: object
) -> None:
    forged = json.loads(figures.canonical(drawn))
    inner = forged
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    forged["digest"] = figures.digest(forged)
    (tmp_path / "r.json").write_bytes(figures.canonical(forged))
    differences = service.verify(tmp_path / "r.json").differences
    assert any(one.startswith(("/as_is", "/weaknesses")) for one in differences)


def test_a_changed_model_inside_is_noticed(drawn: dict[str, object], tmp_path: Path) -> None:
    forged = json.loads(figures.canonical(drawn))
    forged["files"]["procedure.bpmn"]["content"] = forged["files"]["decisions.dmn"]["content"]
    (tmp_path / "r.json").write_bytes(figures.canonical(forged))
    with pytest.raises(LichtungError):
        service.verify(tmp_path / "r.json")


def test_the_same_report_has_the_same_bytes(drawn: dict[str, object], written: bytes) -> None:
    assert service.write(drawn, "pdf") == written


def test_the_figures_add_up(drawn: dict[str, object]) -> None:
    report = json.loads(figures.canonical(drawn))
    steps = [step for step in report["as_is"]["steps"] if step["number"] is not None]
    assert sum(entry["steps"] for entry in report["as_is"]["roles"]) == len(steps) == steps[-1]["number"]
    minutes = [step["minutes"] for step in steps if step["minutes"] is not None]
    assert report["as_is"]["sums"]["minutes"] == {
        "total": sum(minutes),
        "steps": len(steps),
        "steps_recorded": len(minutes),
    }
    simulation = report["as_is"]["simulation"]
    for figure in ("processing_time_s", "waiting_time_s"):
        # a node that no case reached has no mean
        of_nodes = sum(
            node["executions"]["mean"] * (node[figure]["mean"] or 0.0) for node in simulation["nodes"].values()
        )
        assert of_nodes == pytest.approx(simulation["kpis"][figure]["mean"], rel=1e-6)
    assert sum(simulation["outcomes"].values()) >= 0.999


def test_a_norm_that_nobody_verified_says_so_wherever_a_step_rests_on_it(drawn: dict[str, object]) -> None:
    page = service.write(drawn, "html").decode()
    assert "BMG § 34 [Bund] (zu prüfen)" in page
    assert "StVO § 45 Abs. 1b Satz 1 Nr. 2a" in page


def test_the_pdf_is_tagged_archivable_and_carries_its_figures(drawn: dict[str, object], written: bytes) -> None:
    document = pikepdf.open(BytesIO(written))
    with document.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
    assert document.Root.Lang == "de"
    assert "/StructTreeRoot" in document.Root
    assert pdf.attached(written, "r.pdf") == figures.canonical(drawn)


def test_a_pdf_without_figures_is_no_report(tmp_path: Path) -> None:
    empty = pikepdf.new()
    empty.add_blank_page()
    empty.save(tmp_path / "r.pdf")
    with pytest.raises(LichtungError, match="carries no"):
        service.verify(tmp_path / "r.pdf")


def test_only_known_formats_are_written(drawn: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        service.write(drawn, "docx")


def test_a_wide_diagram_is_set_in_strips_that_overlap() -> None:
    strips = pdf.cut('<svg viewBox="10 0 2000 500" width="2000" height="500"><g/></svg>')
    assert len(strips) == 3
    assert 'viewBox="10 0 716.667 500"' in strips[0]
    assert pdf.cut('<svg viewBox="0 0 100 50" width="100" height="50"/>') == (
        '<svg viewBox="0 0 100 50" width="100" height="50"/>',
    )
