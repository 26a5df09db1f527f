"""`bpm report` and `bpm verify` from the outside: exit codes, and one line for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commandline import bpm

PROCEDURE = "processes/muenchen/hundesteuer"
SMALL = ("--cases", "50", "--replications", "1", "--created", "2026-11-23T09:30")


def test_a_report_is_written_and_verified(tmp_path: Path) -> None:
    written = bpm("report", PROCEDURE, "-o", str(tmp_path / "r.json"), *SMALL)
    assert written.returncode == 0, written.stderr
    created = json.loads((tmp_path / "r.json").read_text())["created"]
    assert created == "2026-11-23T09:30:00+01:00"
    verified = bpm("verify", str(tmp_path / "r.json"), "--format", "json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout) == {"differences": [], "equal": True}


def test_a_changed_report_gives_exit_code_1_and_says_where(tmp_path: Path) -> None:
    bpm("report", PROCEDURE, "-o", str(tmp_path / "r.json"), *SMALL)
    text = (tmp_path / "r.json").read_text()
    (tmp_path / "r.json").write_text(text.replace('"number": 1,', '"number": 2,', 1))
    verified = bpm("verify", str(tmp_path / "r.json"))
    assert verified.returncode == 1
    assert "/as_is/steps/" in verified.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("report", PROCEDURE, "-o", "r.docx"), "report-format"),
        (("report", PROCEDURE, "-o", "r.json", "--created", "gestern"), "bad-time"),
        (("report", "processes", "-o", "r.json"), "one-procedure"),
        (("report", PROCEDURE, "-o", "/no/such/folder/r.json", *SMALL), "unusable-file"),
        (("verify", "README.md"), "report-unreadable"),
        (("verify", "nowhere.pdf"), "unreadable-file"),
        (("verify", "processes/muenchen/registers.json"), "report-unreadable"),
    ],
)
def test_whatever_is_wrong_is_one_line_and_exit_code_2(arguments: tuple[str, ...], code: str) -> None:
    done = bpm(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert f" {code} " in done.stderr
