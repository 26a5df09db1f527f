"""Notebooks and scripts have four functions, and pay for none of them before its first use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import bpm
from bpm.errors import NotFound

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "processes" / "muenchen" / "bewohnerparkausweis"


def test_reading_deciding_checking_and_simulating_work_on_paths_and_models() -> None:
    (procedure,) = bpm.read(PLACE)
    assert procedure.key == "bewohnerparkausweis"
    fee = {"laufzeit_monate": 24}
    assert bpm.decide(PLACE / "decisions.dmn", "gebuehr", fee).matched == (2,)
    assert bpm.decide(procedure.decisions[0], "gebuehr", fee).matched == (2,)
    assert bpm.check(procedure).as_json()["findings"] == bpm.check(PLACE).as_json()["findings"]
    small = {"cases": 50, "replications": 2}
    assert bpm.simulate(procedure, **small).as_json() == bpm.simulate(PLACE, **small).as_json()


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(NotFound):
        bpm.check(PLACE, select=("XX99",))


def test_importing_the_package_loads_nothing() -> None:
    script = "import sys, bpm; print(sorted(name for name in sys.modules if name.startswith('bpm.')))"
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError):
        bpm.nothing_of_this_name  # noqa: B018
