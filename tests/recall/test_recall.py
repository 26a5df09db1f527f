"""The checks find what is injected, and nothing else; a switched-off check is noticed."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bpm.analyser.run import analyse
from bpm.model.reader import read_files
from tests.recall import raw
from tests.recall.flows import files, make
from tests.recall.injected import CODES, lines, outcomes
from tests.recall.tables import Style

SEED = 20261124


def test_every_code_of_the_four_families_finds_what_is_injected():
    print("seed", SEED)
    found = list(outcomes(len(CODES), SEED))
    assert [one.code for one in found] == list(CODES)
    missed = [(one.code, one.operator, one.seed) for one in found if one.state == "missed"]
    false = [(one.code, one.seed, one.note) for one in found if one.false]
    assert len(missed) <= 1, missed
    assert not false


@pytest.mark.parametrize("code", ["RC05", "FL02", "RS01", "BU01"])
def test_a_switched_off_check_is_noticed(code: str):
    found = list(outcomes(2, SEED, [code], ignore=(code,)))
    line = next(iter(lines(found)))
    assert line["recall"] == 0.0
    assert not line["reached"]


def test_nothing_is_found_in_the_clean_procedures():
    for seed in range(4):
        random = Random(seed)
        draft = make(random, varied=seed % 2 == 1, knockouts=seed < 2, loop=seed > 1)
        analysis = analyse(read_files(files(draft, Style(random, seed % 2 == 1)), draft.key))
        assert [one.finding.code for one in analysis.findings] == [], seed


def test_a_mutant_is_the_same_whenever_it_is_made():
    assert list(outcomes(3, 7, ["RS01", "RC02", "BU03"])) == list(outcomes(3, 7, ["RS01", "RC02", "BU03"]))


FEW = ("bpmn-miwg", "xprozess")


def test_findings_on_raw_models_are_judged_by_hand_and_mostly_true():
    if not (raw.DATA / "bpmn-miwg").is_dir():
        pytest.skip(f"no bpmn-miwg in {raw.DATA}; set BPM_CONFORMANCE_DATA")
    told = list(raw.lines(folders=FEW))
    assert told[0]["n"] == 13
    for line in told[1:]:
        assert line["reached"], line
        assert "unjudged" not in line


def test_a_finding_that_nobody_judged_counts_as_false(monkeypatch: pytest.MonkeyPatch):
    if not (raw.DATA / "bpmn-miwg").is_dir():
        pytest.skip(f"no bpmn-miwg in {raw.DATA}; set BPM_CONFORMANCE_DATA")
    monkeypatch.setattr(raw, "judged", list)
    told = list(raw.lines(folders=("bpmn-miwg",)))[1:]
    assert told
    assert all(line["precision"] == 0.0 and line["unjudged"] for line in told)


def test_absent_data_are_skipped_aloud(tmp_path: Path):
    assert [line["raw"] for line in raw.lines(tmp_path)] == ["skipped"]
