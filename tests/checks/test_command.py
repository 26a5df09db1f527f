"""`bpm check` and `bpm explain` as a script sees them: what is on stdout, on stderr, and the exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.catalogue import FILES
from bpm.cli import main
from bpm.model.reader import read
from bpm.service.check import check, check_procedure
from tests.checks.fixtures import HERE

DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or HERE.parents[2] / "shared" / "data")
CONTRADICTION = str(HERE / "rc02" / "invalid-unique.dmn")
CLEAN = str(HERE / "rc02" / "valid-touching.dmn")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def test_the_exit_code_follows_the_severity_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", CONTRADICTION)[0] == 1
    assert run(capsys, "check", CONTRADICTION, "--fail-on", "never")[0] == 0
    assert run(capsys, "check", CONTRADICTION, "--ignore", "RC02")[0] == 0
    gap = str(HERE / "rc01" / "invalid-sum.dmn")
    assert [run(capsys, "check", gap, "--fail-on", level)[0] for level in ("error", "warning", "info")] == [0, 1, 1]


def test_json_stands_alone_and_has_the_fields_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "check", CONTRADICTION, "--format", "json", "--lang", "en")
    assert out.endswith("}\n")
    values = json.loads(out)
    assert out == json.dumps(values, ensure_ascii=False, sort_keys=True) + "\n"
    assert set(values) == {"files", "checks_run", "skipped", "not_recorded", "findings"}
    (finding,) = [one for one in values["findings"] if one["code"] == "RC02"]
    fields = "code family severity basis path element_ids decision rules message question keep_when evidence remedy"
    assert set(fields.split()) | {"fingerprint"} <= set(finding)
    assert finding["rules"] == [1, 2]
    assert values["files"][0]["digest"].startswith("sha256:")


def test_an_unreadable_file_beats_findings_and_leaves_the_rest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "kaputt.dmn"
    broken.write_text("<definitions")
    code, out, err = run(capsys, "check", str(broken), CONTRADICTION, str(tmp_path / "fehlt"), "--format", "json")
    assert code == 2
    assert [one["code"] for one in json.loads(out)["findings"]] == ["RC02"]
    assert len(err.splitlines()) == 2
    assert "Traceback" not in err


def test_a_misspelt_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "check", CONTRADICTION, "--select", "RC99")
    assert (code, out) == (2, "")
    assert "no-such-check" in err
    assert run(capsys, "explain", "RC99")[0] == 2
    assert run(capsys, "check", CONTRADICTION, "--format", "xml")[0] == 2


def test_sarif_names_rules_lines_and_fingerprints(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "check", CONTRADICTION, "--format", "sarif", "--select", "RC02")
    (report,) = json.loads(out)["runs"]
    (result,) = report["results"]
    assert [rule["id"] for rule in report["tool"]["driver"]["rules"]] == ["RC02"]
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 1
    assert len(result["partialFingerprints"]["lichtung/v1"]) == 16


def test_text_speaks_german_and_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert "So lassen, wenn" in run(capsys, "check", CONTRADICTION)[1]
    assert "Keep it if" in run(capsys, "check", CONTRADICTION, "--lang", "en")[1]
    assert "keine Feststellung" in run(capsys, "check", CLEAN, "--select", "RC02")[1]


def test_explain_shows_every_check_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    for lang in ("de", "en"):
        _, out, _ = run(capsys, "explain", "--format", "json", "--lang", lang)
        assert [entry["code"] for entry in json.loads(out)["checks"]] == list(FILES)
    _, out, _ = run(capsys, "explain", "rc01", "--lang", "en")
    assert "When to keep the step" in out
    entry: dict[str, Any] = json.loads(run(capsys, "explain", "RC01", "--format", "json")[1])
    assert [section["key"] for section in entry["sections"]] == ["what", "why", "keep", "example", "source"]


def test_a_procedure_from_anywhere_gives_the_same_findings_as_its_file() -> None:
    (procedure,) = read(CONTRADICTION)
    assert check_procedure(procedure).as_json()["findings"] == check([CONTRADICTION]).as_json()["findings"]


def test_foreign_models_are_checked_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    folder = DATA / "bpmn-miwg"
    if not folder.is_dir():
        pytest.skip(f"no conformance data at {folder}")
    code, out, err = run(capsys, "check", str(folder), "--format", "json", "--fail-on", "never")
    assert code == 0, err
    assert len(json.loads(out)["files"]) >= 12
