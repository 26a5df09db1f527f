"""A defect in a decision model is a located finding or error; nothing else in its file is lost; nothing raises."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpm.decisions import decide
from bpm.errors import ModelError
from bpm.model.reader import read
from bpm.service.check import check
from bpm.service.inspect import inspect
from tests.checks.fixtures import HERE
from tests.conformance.data import folder as data_folder

WHOLE = bool(os.environ.get("BPM_PROVE_CHECKS"))
"""Every file instead of every eighth (`make prove`)."""

HEALTHY = """
  <decision id="heil" name="Heil"><variable name="heil"/>
    <decisionTable id="t_heil">
      <input id="i"><inputExpression typeRef="number"><text>alter</text></inputExpression></input>
      <output id="o" name="heil"/>
      <rule id="r1"><inputEntry><text>&lt; 18</text></inputEntry><outputEntry><text>"jung"</text></outputEntry></rule>
      <rule id="r2"><inputEntry><text>&gt; 18</text></inputEntry><outputEntry><text>"alt"</text></outputEntry></rule>
    </decisionTable></decision>"""


def requires(id: str, what: str, of: str = "requiredDecision") -> str:
    return f'<informationRequirement id="b_{id}_{what}"><{of} href="#{what}"/></informationRequirement>'


def literal(id: str, text: str, inside: str = "", type: str = "") -> str:
    return (
        f'  <decision id="{id}" name="{id}"><variable name="{id}"{type}/>{inside}'
        f"<literalExpression><text>{text}</text></literalExpression></decision>"
    )


def tabled(cell: str, values: str = "", output: str = '"x"', type: str = "number") -> str:
    allowed = f"<inputValues><text>{values}</text></inputValues>" if values else ""
    return f"""  <decision id="krank" name="krank"><variable name="krank"/>
    <decisionTable id="t">
      <input id="i2"><inputExpression typeRef="{type}"><text>zahl</text></inputExpression>{allowed}</input>
      <output id="o2" name="krank" typeRef="string"/>
      <rule id="r3"><inputEntry><text>{cell}</text></inputEntry><outputEntry><text>{output}</text></outputEntry></rule>
    </decisionTable></decision>"""


DEFECTS = {
    "cycle of two": (
        "cycle",
        literal("krank", "b", requires("krank", "b")) + literal("b", "krank", requires("b", "krank")),
    ),
    "cycle of one": ("cycle", literal("krank", "1", requires("krank", "krank"))),
    "dangling decision": ("dangling", literal("krank", "1", requires("krank", "nirgends"))),
    "dangling input": ("dangling", literal("krank", "1", requires("krank", "nirgends", "requiredInput"))),
    "unknown function": ("function", literal("krank", "geheim(1)")),
    "unknown function in a cell": ("function", tabled("geheim(1)")),
    "no FEEL": ("syntax", literal("krank", "1 +")),
    "no FEEL in a cell": ("syntax", tabled("&gt;&gt; 3")),
    "no FEEL in a result": ("syntax", tabled("1", output="if then")),
    "cell of another type": ("type", tabled('"zwei"')),
    "result of another type": ("type", tabled("1", output="17")),
    "cell outside the allowed values": ("outside", tabled("99", "[0..9]")),
    "name of an input": ("name", '  <inputData id="e" name="krank"/>\n' + literal("krank", "1")),
}


def model(folder: Path, defect: str) -> Path:
    path = folder / "modell.dmn"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" '
        f'id="d" name="Modell" namespace="urn:test">{HEALTHY}\n{defect}\n</definitions>\n',
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("case", DEFECTS)
def test_a_defect_is_located_and_the_rest_of_the_file_is_still_checked_listed_and_decided(
    case: str, tmp_path: Path
) -> None:
    kind, text = DEFECTS[case]
    path = model(tmp_path, text)
    checked = check([path])
    assert checked.errors == ()
    found = [it.finding for it in checked.findings if it.finding.code == "RC12"]
    assert [it.evidence["kind"] for it in found] == [kind], [it.message["en"] for it in found]
    assert found[0].line is not None
    assert found[0].line > 7, "the line of the defect, not of the file"
    assert "krank" in (*found[0].element_ids, *found[0].evidence.get("cycle", ()))
    assert [it.finding.decision for it in checked.findings if it.finding.code == "RC01"][:1] == ["heil"]
    (listed,) = inspect(path)
    assert {"heil", "krank"} <= {entry["id"] for entry in listed.as_json()["decisions"]}
    (procedure,) = read(path)
    assert decide(procedure.decisions[0], "heil", {"alter": 17}).result == "jung"


def test_without_a_defect_there_is_none(tmp_path: Path) -> None:
    path = model(tmp_path, literal("gesund", "1 + 1", requires("gesund", "heil")))
    assert [it.finding.code for it in check([path], select=("RC12",)).findings] == []


def test_a_file_that_is_no_model_is_an_error_with_a_line_and_the_others_are_checked(tmp_path: Path) -> None:
    good = model(tmp_path, DEFECTS["no FEEL"][1])
    (tmp_path / "kaputt.dmn").write_text("<definitions><decision></definitions>", "utf-8")
    checked = check([tmp_path])
    assert [Path(error.path).name for error in checked.errors] == ["kaputt.dmn"]
    assert checked.errors[0].line is not None
    assert {it.finding.path for it in checked.findings} == {str(good)}


def test_checking_every_fixture_of_every_check_never_raises() -> None:
    files = sorted(HERE.rglob("*.dmn"))
    assert len(files) >= 60
    checked = check(files if WHOLE else files[::8])
    assert checked.errors == ()
    assert checked.findings


def test_checking_the_compatibility_kit_never_raises() -> None:
    folder = data_folder("dmn-tck")
    files = sorted(folder.rglob("*.dmn"))
    checked = check([folder] if WHOLE else files[::8])
    assert checked.files
    assert {it.finding.code for it in checked.findings} >= {"AB01"}


def test_a_path_without_models_is_said_and_not_raised(tmp_path: Path) -> None:
    checked = check([tmp_path / "nirgends"])
    assert [error.code for error in checked.errors] == ["no-such-path"]
    with pytest.raises(ModelError):
        read(tmp_path / "nirgends")
