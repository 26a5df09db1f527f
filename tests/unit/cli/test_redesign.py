"""`bpm redesign`: the to-be model in a folder of its own, and what was left out and why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.commandline import bpm as run

ROOT = Path(__file__).resolve().parents[3]
TRIP = ROOT / "processes" / "muenchen" / "dienstreise"


def findings(path: Path, code: str) -> list[dict[str, Any]]:
    answer = run("check", str(path), "--select", code, "--fail-on", "never", "--format", "json")
    return [one for one in json.loads(answer.stdout)["findings"] if one["code"] == code]


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    shutil.copytree(TRIP, tmp_path / "trip")
    return tmp_path / "trip"


def test_the_whole_procedure_is_written_and_only_what_was_edited_differs(trip: Path, tmp_path: Path) -> None:
    (merge,) = [one for one in findings(trip, "RC07") if one["remedy"]["applicability"] == "mechanical"]
    out = tmp_path / "out"
    answer = run("redesign", str(trip), "--apply", merge["fingerprint"], "-o", str(out), "--format", "json")
    said = json.loads(answer.stdout)
    assert (answer.returncode, said["applied"], said["excluded"]) == (0, [merge["fingerprint"]], [])
    names = sorted(path.relative_to(trip) for path in trip.rglob("*") if path.is_file())
    assert [Path(name).relative_to(out) for name in said["written"]] == names
    differ = [name for name in names if (trip / name).read_bytes() != (out / name).read_bytes()]
    assert differ == [Path("decisions.dmn")]
    assert [table["equivalent"] for table in said["tables"]] == [True]
    assert merge["fingerprint"] not in {one["fingerprint"] for one in findings(out, "RC07")}


def test_several_fingerprints_may_follow_one_option(trip: Path, tmp_path: Path) -> None:
    names = [one["fingerprint"] for code in ("RC01", "RC07") for one in findings(trip, code)]
    answer = run("redesign", str(trip), "--apply", *names, "-o", str(tmp_path / "out"), "--lang", "de")
    assert answer.returncode == 0
    assert answer.stdout.count("angewandt:") == len(names)


def test_a_single_file_is_written_under_its_name(trip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = run(
        "redesign", str(trip / "decisions.dmn"), "--apply", "all-mechanical", "-o", str(out), "--format", "json"
    )
    said = json.loads(answer.stdout)
    assert said["applied"]
    assert {Path(name).name for name in said["written"]} == {"decisions.dmn", "scenario.json"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--apply", "0123456789abcdef", "-o", "out"), "unknown-fingerprint"),
        (("--apply", "all-mechanical", "-o", "."), "output-is-input"),
        (("--apply", "all-mechanical", "-o", "inside"), "output-is-input"),
        (("--apply", "all-mechanical", "-o", "../full"), "output-exists"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_a_code(
    trip: Path, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "decisions.dmn").write_text("mine")
    before = {path: path.read_bytes() for path in trip.rglob("*") if path.is_file()}
    given = [str(trip / one) if at == len(arguments) - 1 else one for at, one in enumerate(arguments)]
    if code == "unknown-fingerprint":
        given[-1] = str(tmp_path / "out")
    answer = run("redesign", str(trip), *given)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert f" {code} " in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in trip.rglob("*") if path.is_file()} == before
    assert (tmp_path / "full" / "decisions.dmn").read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_a_package_is_written_unpacked(trip: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "trip"), "zip", trip)
    out = tmp_path / "out"
    answer = run("redesign", archive, "--apply", "all-mechanical", "-o", str(out), "--format", "json")
    assert json.loads(answer.stdout)["applied"], answer.stderr
    assert (out / "decisions.dmn").is_file()


def test_the_to_be_of_a_layer_is_a_procedure_of_its_own_with_what_was_changed_locally(tmp_path: Path) -> None:
    city = ROOT / "processes" / "musterstadt" / "hundesteuer"
    (asked,) = [one for one in findings(city, "BU01") if one["remedy"]["edits"]]
    out = tmp_path / "out"
    answer = run("redesign", str(city), "--apply", asked["fingerprint"], "-o", str(out), "--format", "json")
    assert (answer.returncode, json.loads(answer.stdout)["applied"]) == (0, [asked["fingerprint"]])
    assert not (out / "layer.toml").exists()
    assert "Steueramt" in (out / "procedure.bpmn").read_text(encoding="utf-8")
    assert asked["fingerprint"] not in {one["fingerprint"] for one in findings(out, "BU01")}
