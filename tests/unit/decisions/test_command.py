"""`bpm decide` as a script sees it."""

from __future__ import annotations

import json

import pytest

from bpm.cli import main

DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="urn:m" name="m">
<inputData id="x" name="x"><variable name="x" typeRef="number"/></inputData>
<decision id="d" name="Gebühr"><informationRequirement><requiredInput href="#x"/></informationRequirement>
<decisionTable id="t"><input id="i"><inputExpression><text>x</text></inputExpression></input><output id="o" name="o"/>
<rule id="r1"><inputEntry><text>&lt; 10</text></inputEntry><outputEntry><text>0.5</text></outputEntry></rule>
<rule id="r2"><inputEntry><text>&gt; 5</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "gebühr.dmn"
    path.write_text(DMN, encoding="utf-8")
    return path


def run(capsys, *arguments):
    code = 0
    try:
        main(["decide", *map(str, arguments)])
    except SystemExit as exit:
        code = exit.code or 0
    return code, *capsys.readouterr()


def test_the_json_is_that_of_the_contract(file, capsys):
    code, out, _ = run(capsys, file, "--decision", "Gebühr", "--input", '{"x": 3}', "--format", "json")
    assert code == 0
    assert json.loads(out) == {"decision": "d", "matched": [1], "requirements": {}, "result": 0.5, "warnings": []}


def test_inputs_may_lie_in_a_file_and_the_model_in_a_folder(file, capsys):
    inputs = file.parent / "eingabe.json"
    inputs.write_text('{"x": 20}', encoding="utf-8")
    code, out, _ = run(capsys, file.parent, "--decision", "d", "--input", inputs, "--lang", "de")
    assert code == 0
    assert "Ergebnis: 2" in out


def test_rules_in_conflict_are_one_located_line_and_exit_2(file, capsys):
    code, out, error = run(capsys, file, "--decision", "d", "--input", '{"x": 7}')
    assert (code, out) == (2, "")
    assert error.strip() == f"{file}:5: unique-violated rules 1, 2 match together and disagree under UNIQUE"


@pytest.mark.parametrize("text", ["{", "[1]", "nirgends.json", '{"x": NaN}', "[" * 100_000])
def test_unreadable_inputs_are_one_line_and_exit_2(file, capsys, text):
    code, _, error = run(capsys, file, "--decision", "d", "--input", text)
    assert code == 2
    assert "inputs-unreadable" in error
    assert len(error.strip().splitlines()) == 1


def test_a_file_that_is_not_there_is_one_line_and_exit_2(tmp_path, capsys):
    code, _, error = run(capsys, tmp_path / "fehlt.dmn", "--decision", "d")
    assert code == 2
    assert "no-such-path" in error
