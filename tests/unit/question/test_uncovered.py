"""How many cases a gap concerns: counted on drawn cases, or said not to be recorded."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.given import Given
from bpm.analyser.tables import Geometry, geometry
from bpm.cli import main
from bpm.decisions import decide
from bpm.model.reader import read
from bpm.question import uncovered
from bpm.service.check import check
from bpm.service.simulate import scenario_of
from bpm.service.uncovered import with_shares
from bpm.simulator.casemix import draw

ROOT = Path(__file__).parents[3]
CITY = ROOT / "processes" / "muenchen"
GAPS = ROOT / "tests" / "checks" / "rc01"


@pytest.fixture(autouse=True)
def fewer_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 drawn cases instead of 10,000 say the same here."""
    monkeypatch.setattr("bpm.service.check.with_shares", partial(with_shares, cases=300))


def gap_of(*paths: Path, **options: Any) -> dict[str, Any]:
    (found,) = check(paths, select=("RC01",), **options).findings
    return dict(found.finding.evidence)


def main_of(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)


def test_the_uncovered_share_is_what_deciding_each_drawn_case_shows() -> None:
    (procedure,) = read(CITY / "dienstreise")
    drawn = draw(scenario_of(procedure), 300, 1)
    (at,) = [at for at in Given(procedure).tables if at.owner == "leitweg"]
    shape = geometry(at)
    assert isinstance(shape, Geometry)
    by_hand = [decide(at.model, "leitweg", {"referat": value}).matched == () for value in drawn["referat"]]
    found = uncovered(shape, drawn)
    assert found.cases == 300
    assert found.share == sum(by_hand) / 300
    assert 0 < sum(by_hand) < 300, "the cases try the claim"
    assert found.interval is not None
    assert found.interval[0] < found.share < found.interval[1]


def test_a_gap_tells_the_share_its_interval_and_how_many_cases() -> None:
    evidence = gap_of(CITY / "dienstreise")
    assert {"exists", "boxes", "example", "complete"} <= set(evidence)
    assert evidence["n"] == 300
    assert evidence["interval_95"][0] <= evidence["uncovered_share"] <= evidence["interval_95"][1]
    assert evidence["not_recorded"] == []


def test_without_a_scenario_the_share_is_not_recorded_and_none_is_made_up() -> None:
    evidence = gap_of(GAPS / "invalid-days.dmn")
    assert (evidence["uncovered_share"], evidence["interval_95"], evidence["n"]) == (None, None, 0)
    assert evidence["not_recorded"] == ["tag"]


def test_a_scenario_can_be_handed_in(tmp_path: Path) -> None:
    values = json.loads((CITY / "dienstreise" / "scenario.json").read_text("utf-8"))
    halves = [{"key": 5, "value": 0.5}, {"key": 30, "value": 0.5}]
    values["case_attributes"] = [{"name": "monate", "type": "discrete", "values": halves}]
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(values), "utf-8")
    evidence = gap_of(GAPS / "invalid-open-end.dmn", scenario=file)
    assert evidence["interval_95"][0] < 0.5 < evidence["interval_95"][1], "up to 24 months have a rule, 30 have none"


def test_the_same_input_gives_the_same_share() -> None:
    assert gap_of(CITY / "dienstreise") == gap_of(CITY / "dienstreise")


def test_text_says_share_or_that_it_is_not_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    for path, words in (
        (CITY / "dienstreise", "Anteil der Fälle ohne Regel"),
        (GAPS / "invalid-days.dmn", "nicht erfasst: tag"),
    ):
        with pytest.raises(SystemExit):
            main(["check", str(path), "--select", "RC01"])
        assert words in capsys.readouterr().out
