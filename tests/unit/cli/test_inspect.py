"""`bpm inspect` at the command line: the contract's JSON, located errors, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commandline import Done, bpm
from tests.unit.model.test_folder import DMN
from tests.unit.model.texts import PASS, bpmn


def run(*arguments: str) -> Done:
    return bpm("inspect", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "procedure.bpmn").write_bytes(PASS)
    (tmp_path / "decisions.dmn").write_bytes(DMN)
    return tmp_path


def test_json_has_the_fields_of_the_contract_and_stands_alone(folder: Path) -> None:
    done = run(str(folder), "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    decisions, process = json.loads(done.stdout)["files"]
    fields = {"path", "digest", "processes", "decisions", "execution", "errors"}
    assert fields <= process.keys() & decisions.keys()
    assert process["digest"].startswith("sha256:")
    (shown,) = process["processes"]
    assert (shown["id"], shown["name"], shown["executable"], shown["flows"]) == ("p", "", True, 2)
    user = next(node for node in shown["nodes"] if node["id"] == "u")
    known = user.pop("known")
    assert user == {"id": "u", "type": "userTask", "name": "Prüfen", "lane": "inner", "parent": "p", "line": 21}
    assert known["minutes"] == {"how": "not recorded"}
    assert shown["events"][0] == {
        "id": "s",
        "definition": ["messageEventDefinition"],
        "attached_to": None,
        "interrupting": True,
    }
    assert decisions["decisions"][0].keys() >= {"id", "name", "hit_policy", "rules", "requires"}
    assert process["execution"].keys() == {"ready", "rewrites", "blockers"}
    assert {"element": "u", "field": "minutes", "what": "Bearbeitungszeit in Minuten"} in process["not_recorded"]
    assert run(str(folder), "--format", "json").stdout == done.stdout


def test_an_unreadable_file_is_one_line_and_exit_code_2_and_the_rest_is_still_shown(folder: Path) -> None:
    (folder / "bad.bpmn").write_bytes(PASS[:-30])
    done = run(str(folder), "--format", "json")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"{folder}/bad.bpmn:35: xml-malformed unclosed token"]
    files = {Path(file["path"]).name: file for file in json.loads(done.stdout)["files"]}
    assert files["procedure.bpmn"]["processes"]
    assert files["bad.bpmn"]["errors"] == [
        {"code": "xml-malformed", "line": 35, "element": None, "message": "unclosed token"}
    ]


def test_a_process_of_its_own_says_the_same(folder: Path) -> None:
    (folder / "bad.bpmn").write_bytes(PASS[:-30])
    command = [sys.executable, "-c", "from bpm.cli import main; main()", "inspect", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert Done(done.returncode, done.stdout, done.stderr) == run(str(folder))
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nowhere.bpmn"], "nowhere.bpmn:0: no-such-path"), (["x", "--format", "xml"], "--format"), ([], "Missing")],
)
def test_bad_usage_is_exit_code_2_and_no_traceback(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_text_is_for_people_in_their_language(tmp_path: Path) -> None:
    path = tmp_path / "a.bpmn"
    path.write_bytes(bpmn('<scriptTask id="n" name="[red]Ärger[/red]"><script>x</script></scriptTask>'))
    german, english = run(str(path)), run(str(path), "--lang", "en")
    assert "nicht ausführbar" in german.stdout
    assert "cannot be executed" in english.stdout
    assert "[red]Ärger[/red]" in german.stdout
    assert german.returncode == english.returncode == 0
