"""What belongs together on a disk or in an upload, and what of it cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpm.errors import ModelError
from bpm.model.reader import read, read_files
from tests.unit.model.texts import PASS, bpmn

DMN = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="Zone" namespace="urn:z">
<decision id="zone" name="Zone bestimmen"><variable name="Zone"/><literalExpression><text>1</text></literalExpression>
</decision></definitions>"""


def fill(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_a_folder_with_one_model_is_one_procedure_with_all_its_parts(tmp_path: Path) -> None:
    parts = {
        "stadt/parken/procedure.bpmn": PASS,
        "stadt/parken/decisions.dmn": DMN,
        "stadt/parken/forms/antrag.json": b'{"components": []}',
        "stadt/parken/cases/eins.json": b'{"expected": "e"}',
        "stadt/parken/scenario.json": b'{"total_cases": 1}',
        "stadt/parken/norms.toml": "title = 'Straßenverkehr'".encode(),
        "stadt/parken/expected-findings.json": b"[]",
        "stadt/registers.json": b'{"name": ["Melderegister"], "zone": "Parkregister"}',
    }
    fill(tmp_path, parts)
    for path in (tmp_path, tmp_path / "stadt", tmp_path / "stadt" / "parken"):
        (procedure,) = read(path)
        assert procedure.path == (tmp_path / "stadt" / "parken").as_posix()
        assert (procedure.key, [model.name for model in procedure.decisions]) == ("p", ["Zone"])
        assert procedure.name == "Stadt"
        assert procedure.forms == {"forms/antrag.json": {"components": []}}
        assert procedure.cases == {"eins": {"expected": "e"}}
        assert procedure.scenario == {"total_cases": 1}
        assert procedure.norms == "title = 'Straßenverkehr'"
        assert procedure.registers == {"name": ("Melderegister",), "zone": ("Parkregister",)}
        assert procedure.errors == ()


def test_a_decision_is_found_by_its_id_and_by_its_name() -> None:
    procedure = read_files({"a.bpmn": PASS, "b.dmn": DMN})
    by_id, by_name = procedure.decision("zone"), procedure.decision("Zone bestimmen")
    assert by_id is not None
    assert by_id == by_name
    assert procedure.decision("nobody") is None


@pytest.mark.parametrize("key", ["forms/antrag.json", "antrag.json", "antrag", "embedded:app:forms/antrag.json"])
def test_a_form_is_found_by_each_way_of_naming_it(key: str) -> None:
    procedure = read_files({"a.bpmn": PASS, "forms/antrag.json": b"{}"})
    assert procedure.form(key) == {}


def test_a_single_file_takes_only_the_scenario_beside_it(tmp_path: Path) -> None:
    fill(tmp_path, {"a.bpmn": PASS, "b.bpmn": PASS, "a.json": b'{"n": 1}', "c.dmn": DMN})
    (procedure,) = read(tmp_path / "a.bpmn")
    assert procedure.path == (tmp_path / "a.bpmn").as_posix()
    assert (procedure.scenario, procedure.decisions) == ({"n": 1}, ())


def test_models_without_a_folder_of_their_own_are_a_procedure_each(tmp_path: Path) -> None:
    fill(tmp_path, {"a.bpmn": PASS, "b.bpmn": bpmn('<task id="t"/>'), "c/d.dmn": DMN, "bad.bpmn": b"<x"})
    found = {Path(procedure.path).name: procedure for procedure in read(tmp_path)}
    assert found.keys() == {"a.bpmn", "b.bpmn", "bad.bpmn"}
    assert [error.code for error in found["bad.bpmn"].errors] == ["xml-malformed"]
    assert all(procedure.decisions for name, procedure in found.items() if name != "bad.bpmn")


def test_decisions_alone_are_procedures_without_a_process(tmp_path: Path) -> None:
    fill(tmp_path, {"a.dmn": DMN, "other.xml": b"<project/>", ".hidden.bpmn": b"<x", "notes.txt": b"x"})
    (procedure,) = read(tmp_path)
    assert (procedure.process, procedure.name) == (None, "Zone")


def test_broken_parts_are_located_and_the_rest_is_still_there(tmp_path: Path) -> None:
    fill(
        tmp_path,
        {
            "procedure.bpmn": PASS,
            "decisions.dmn": b"<!DOCTYPE x><x/>",
            "forms/a.json": b'{\n"a": }',
            "forms/b.json": b'{"a": NaN}',
            "cases/c.json": b"[" * 100_000,
            "norms.toml": b"\xff",
        },
    )
    (procedure,) = read(tmp_path)
    assert procedure.process is not None
    located = {(error.code, Path(error.path).name, error.line) for error in procedure.errors}
    assert located == {
        ("xml-doctype", "decisions.dmn", 1),
        ("json-malformed", "a.json", 2),
        ("json-malformed", "b.json", None),
        ("json-malformed", "c.json", None),
        ("text-encoding", "norms.toml", 1),
    }


def test_an_upload_with_one_broken_file_is_refused_as_a_whole() -> None:
    with pytest.raises(ModelError) as refused:
        read_files({"a.bpmn": PASS, "forms/x.json": b"{"}, "upload")
    assert (refused.value.code, refused.value.path) == ("json-malformed", "upload!forms/x.json")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"a.bpmn": PASS, "b.bpmn": bpmn("")}, "several-bpmn"),
        ({"forms/a.json": b"{}"}, "not-a-model"),
        ({}, "not-a-model"),
        ({"a.bpmn": b"<html/>"}, "not-a-model"),
    ],
)
def test_an_upload_is_one_procedure_or_refused(files: dict[str, bytes], code: str) -> None:
    with pytest.raises(ModelError) as refused:
        read_files(files)
    assert refused.value.code == code


def test_decisions_alone_can_be_uploaded() -> None:
    assert read_files({"a.dmn": DMN}).decisions[0].name == "Zone"


def test_only_a_path_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as refused:
        read(tmp_path / "nowhere")
    assert refused.value.code == "no-such-path"
    assert read(tmp_path) == ()


def test_what_is_wrong_inside_a_model_is_among_the_errors_of_its_procedure(tmp_path: Path) -> None:
    flow = '<task id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="gone"/>'
    fill(tmp_path, {"a.bpmn": bpmn(flow)})
    (procedure,) = read(tmp_path)
    assert [(error.code, error.element) for error in procedure.errors] == [("dangling-flow", "f")]


def test_reading_gives_the_same_whatever_the_order_of_an_upload() -> None:
    files = {"a.bpmn": PASS, "b.dmn": DMN, "forms/x.json": json.dumps({"a": 1}).encode()}
    assert read_files(files) == read_files(dict(reversed(files.items())))


def test_a_form_that_cannot_be_filled_in_is_an_error_of_the_file(tmp_path: Path) -> None:
    broken = b'{"components": [{"type": "textfield"}]}'
    with pytest.raises(ModelError) as refused:
        read_files({"a.bpmn": PASS, "forms/antrag.json": broken})
    assert (refused.value.code, refused.value.path) == ("form-key", "forms/antrag.json")
    (tmp_path / "forms").mkdir()
    (tmp_path / "a.bpmn").write_bytes(PASS)
    (tmp_path / "forms" / "antrag.json").write_bytes(broken)
    (procedure,) = read(tmp_path)
    assert procedure.process is not None
    assert [(error.code, Path(error.path).name) for error in procedure.errors] == [("form-key", "antrag.json")]
    # what merely lies beside a model need not be a form
    assert read_files({"a.bpmn": PASS, "settings.json": broken}).errors == ()


def test_files_without_a_model_are_named() -> None:
    with pytest.raises(ModelError, match=r"not-a-model neither BPMN nor DMN among README\.md"):
        read_files({"README.md": b"hello"})
