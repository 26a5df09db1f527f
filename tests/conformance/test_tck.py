"""The DMN compatibility kit, level 2 in full and level 3 not below what it once reached."""

from __future__ import annotations

import pytest

from tests.conformance.dmn import judge, suites
from tests.conformance.outcome import data_folder

LEVEL_3_REACHED = 2_310
LEVEL_3_WITH_A_VALUE = 96.0


def _outcome(level: int):
    found = dict(suites(data_folder())) if data_folder().is_dir() else {}
    name = f"dmn-tck/compliance-level-{level}"
    if name not in found:
        pytest.skip(f"{name} is not below {data_folder()}; set BPM_CONFORMANCE_DATA")
    return judge(name, found[name])


def test_level_2_passes_in_full():
    outcome = _outcome(2)
    assert (outcome.passed, outcome.total, outcome.failed) == (126, 126, [])


def test_level_3_never_falls_back():
    outcome = _outcome(3)
    assert outcome.total >= 2_000
    assert outcome.passed >= LEVEL_3_REACHED, outcome.failed[:40]
    assert outcome.extra["with_value"]["percent"] >= LEVEL_3_WITH_A_VALUE
    assert all(id.startswith("0076-feel-external-java/") for id in outcome.extra["refused"])
