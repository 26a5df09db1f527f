"""`bpm import`, `export`, `db` and `serve` as a script sees them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from bpm.cli import main
from bpm.settings import settings
from bpm.store.schema import HEAD
from tests import models


@pytest.fixture(autouse=True)
def place(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty database of one's own."""
    monkeypatch.setenv("BPM_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("BPM_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    return int(ended.value.code or 0)


def test_a_procedure_goes_in_and_comes_out_unchanged(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = place / "antrag"
    source.mkdir()
    (source / "antrag.bpmn").write_bytes(models.sequence())
    assert run("import", source, "--format", "json") == 0
    [told] = json.loads(capsys.readouterr().out)["procedures"]
    assert (told["key"], told["version"], told["execution"]["ready"]) == ("antrag", 1, True)
    assert run("export", "antrag", "-o", place / "antrag.zip") == 0
    capsys.readouterr()
    assert run("import", place / "antrag.zip", "--format", "json") == 0
    [again] = json.loads(capsys.readouterr().out)["procedures"]
    assert (again["version"], again["digest"]) == (1, told["digest"])


@pytest.mark.parametrize("arguments", [("import", "nowhere"), ("export", "nix", "-o", "x.zip")])
def test_a_mistake_is_one_line_and_exit_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "Traceback" not in told


def test_the_ledger_is_verified_and_a_change_is_exit_1(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from bpm.service import cases, procedures
    from bpm.service.access import DEMO
    from bpm.service.context import open_services

    services = open_services(settings())
    procedures.deploy(services, DEMO["owner"], {"a.bpmn": models.sequence()})
    cases.start(services, DEMO["clerk"], "antrag", {})
    services.database.dispose()
    assert run("db", "verify", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["breaks"], found["entries"], found["instances"], found["checkpoints"]["breaks"]) == ([], 1, 1, [])
    with sqlite3.connect(place / "lichtung.db") as raw:
        raw.execute("UPDATE ledger SET kind = 'x'")
    assert run("db", "verify") == 1
    assert "the entry was changed" in capsys.readouterr().out


def test_upgrading_says_the_revision(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("db", "upgrade", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"revision": HEAD}


def test_demo_users_are_never_served_to_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--host", "0.0.0.0") == 2
    assert "loopback" in capsys.readouterr().err
