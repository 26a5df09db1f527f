"""A report holds its proof: it can be computed again, and a changed byte is noticed."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

import pikepdf
import pytest
from openpyxl import load_workbook

from bpm.errors import InvalidRequest, LichtungError
from bpm.model.edit import apply, of_json
from bpm.report import figures, pdf
from bpm.report.document import Paragraph, Table
from bpm.report.tables import set_csv, set_xlsx
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
    (tmp_path / "r.report.json").write_bytes(service.write(drawn, "json"))
    for format in service.FORMATS:
        path = tmp_path / f"r.{format}"
        path.write_bytes(written if format == "pdf" else service.write(drawn, format))
        assert service.verify(path).differences == (), format
    for format in service.BESIDE:
        path = tmp_path / f"r.{format}"
        path.write_bytes(path.read_bytes().replace(b"5", b"6", 1))
        assert service.verify(path).differences == ("bytes",), format


def test_one_changed_byte_is_noticed_wherever_it_is(written: bytes, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    path = tmp_path / "r.pdf"
    for place in [dice.randrange(len(written)) for _ in range(6)]:
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


@pytest.fixture(scope="module")
def proposed() -> dict[str, object]:
    """The same procedure without the printout for the file, beside today's."""
    files = service.collect(PROCEDURE)
    edits = of_json([{"do": "remove-step", "element": "antrag_ausdrucken"}])
    slim = {**files, "procedure.bpmn": apply(files["procedure.bpmn"], edits, "procedure.bpmn")}
    head = {"number": 7, "until": "2026-11-24T00:00:00+00:00", "digest": "ab" * 32}
    return service.report(files, created=CREATED, lang="de", request=REQUEST, to_be=slim, ledger=head)


def test_before_and_after_are_counted_the_same_way_and_compared_in_pairs(
    proposed: dict[str, object], tmp_path: Path
) -> None:
    report = json.loads(figures.canonical(proposed))
    before, after = report["as_is"], report["to_be"]
    assert after["removed"] == ["antrag_ausdrucken"]
    assert after["added"] == []
    assert sum(one["steps"] for one in after["roles"]) == sum(one["steps"] for one in before["roles"]) - 1
    change = after["comparison"]["difference"]["processing_time_s"]
    means = [after["comparison"][state]["kpis"]["processing_time_s"]["mean"] for state in ("as_is", "to_be")]
    assert change["mean"] == pytest.approx(means[1] - means[0])
    assert means[0] == before["simulation"]["kpis"]["processing_time_s"]["mean"]
    page = service.write(proposed, "html").decode()
    assert "Entfällt: " in page
    assert f"7:{'ab' * 32}" in page
    (tmp_path / "r.json").write_bytes(service.write(proposed, "json"))
    assert service.verify(tmp_path / "r.json").differences == ()


def test_a_changed_proposal_is_noticed(proposed: dict[str, object], tmp_path: Path) -> None:
    forged = json.loads(figures.canonical(proposed))
    forged["to_be"]["comparison"]["difference"]["cost_eur"]["mean"] = -1000.0
    forged["digest"] = figures.digest(forged)
    (tmp_path / "r.json").write_bytes(figures.canonical(forged))
    assert service.verify(tmp_path / "r.json").differences == ("/digest", "/to_be/comparison/difference/cost_eur/mean")


FORMULAS = [
    "=1+1",
    "+A1",
    "-A1",
    "@x",
    "\t=1",
    "\r=1",
    "＝1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("x")',
    "+49 89 1",
    ";=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_whatever_a_name_begins_with(text: str) -> None:
    blocks = [Table(text, (text, "n"), ((text, "-5,5"),), (1,))]
    lines = list(csv.reader(StringIO(set_csv(blocks).decode("utf-8-sig")), delimiter=";"))
    for cell in (cell for line in lines for cell in line):
        assert cell == "-5,5" or cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝"), cell
    head = {"lang": "de", "created": "2026-11-24T00:00:00+00:00", "procedure": {"name": text}}
    book = load_workbook(BytesIO(set_xlsx(head, [Paragraph(text), *blocks])))
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert [cell.value for cell in cells if cell.data_type == "n"] == [-5.5]


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


def test_a_year_is_told_in_hours_first_then_in_euro_by_a_dated_table_and_nothing_is_added(
    drawn: dict[str, object],
) -> None:
    costs = drawn["as_is"]["costs"]  # type: ignore[index]
    assert costs["table"]["id"] == "stba-2025-01"
    assert costs["cases_per_year"]["likely"] == 30_000
    hours, eur = costs["city"]["released_hours"], costs["city"]["released_capacity_eur"]
    assert hours["cautious"] < hours["likely"] < hours["pessimistic"]
    assert 25.5 * hours["likely"] <= eur["likely"] <= 70.4 * hours["likely"]
    assert costs["citizens"]["hours"]["likely"] > 0
    assert costs["business"]["hours"] is None
    text = service.write(drawn, "html").decode()
    assert "Standardtabellen Erfüllungsaufwand" in text
    assert "mit dem amtlichen PDF zu vergleichen" in text
