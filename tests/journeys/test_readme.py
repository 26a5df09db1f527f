"""The README's journeys work as they are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.serving import ROOT, Served, serving

README = (ROOT / "README.md").read_text(encoding="utf-8")
JOURNEY = re.compile(r"^\*\*(?P<number>\d)\. (?P<title>[^*]+)\*\*.*?^```sh\n(?P<commands>.*?)^```", re.M | re.S)
JOURNEYS = {found["number"]: found["commands"] for found in JOURNEY.finditer(README)}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("readme")) as served:
        yield served


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder like a fresh checkout: the procedures are there, nothing else has been written yet."""
    (tmp_path / "processes").symlink_to(ROOT / "processes")
    return tmp_path


def run(commands: str, place: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=place,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_there_are_five_journeys() -> None:
    assert sorted(JOURNEYS) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("number", ["1", "2", "4", "5"])
def test_a_journey_works_as_printed(number: str, place: Path) -> None:
    done = run(JOURNEYS[number], place)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_clerk_runs_a_case_through_rest_as_printed(place: Path, served: Served) -> None:
    commands = JOURNEYS["3"].replace("http://127.0.0.1:8000", served.address)
    assert served.address in commands
    done = run(commands, place)
    assert done.returncode == 0, done.stderr
    assert '"task-completed"' in done.stdout


def test_a_journey_with_a_wrong_command_would_fail(place: Path) -> None:
    assert run("bpm inspect nowhere.bpmn\n", place).returncode == 2
