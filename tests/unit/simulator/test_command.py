"""`bpm simulate` as a script sees it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner

from bpm.cli import simulate as command
from bpm.errors import LichtungError
from tests.unit.simulator.drawn import WEEKDAYS, as_prosimos, expon

BPMN = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:t">
<process id="p" name="Antrag" isExecutable="true">
<startEvent id="s"/><userTask id="t1" name="Prüfen"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="t1"/><sequenceFlow id="f2" sourceRef="t1" targetRef="e"/></process>
</definitions>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.bpmn").write_text(BPMN, encoding="utf-8")
    content = as_prosimos(
        {"t1": ("r", expon(1800))}, arrivals=expon(3600), calendar=WEEKDAYS, start="2025-03-29T20:00:00"
    )
    (tmp_path / "scenario.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def call(*words: object) -> tuple[str, str]:
    import typer

    app = typer.Typer()
    command.register(app)
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_json_goes_alone_to_stdout_and_the_time_to_stderr(folder: Path) -> None:
    out, err = call(folder, "--cases", 50, "--replications", 2, "--format", "json")
    found = json.loads(out)
    assert (found["cases"], found["replications"], found["activities"]) == (50, 2, 100)
    assert err.strip().endswith(" s")
    assert call(folder / "p.bpmn", "--cases", 50, "--replications", 2, "--format", "json", "--workers", 2)[0] == out


def test_the_tables_are_german_or_english_and_keep_citizens_apart(folder: Path) -> None:
    out, _ = call(folder, "--cases", 20, "--lang", "de")
    assert "Durchlaufzeit" in out
    assert "Bürger" in out
    assert "nicht erfasst" in out
    assert "nicht an Messdaten kalibriert" in out
    assert "cycle time" in call(folder, "--cases", 20, "--lang", "en")[0]


def test_the_log_has_local_times_with_the_offset_of_the_day(folder: Path) -> None:
    call(folder, "--cases", 30, "--replications", 1, "--log", folder / "log.csv")
    rows = list(csv.DictReader((folder / "log.csv").open(encoding="utf-8")))
    assert len(rows) == 30
    assert rows[0]["enable_time"] == "2025-03-29T20:00:00.000+01:00"
    assert rows[0]["start_time"] == "2025-03-31T09:00:00.000+02:00"  # Monday, after the clocks went forward
    assert {row["activity"] for row in rows} == {"Prüfen"}
    call(folder, "--cases", 30, "--replications", 2, "--log", folder / "log.xes")
    log = etree.parse(folder / "log.xes").getroot()
    assert len(log.findall("{*}trace")) == 60
    assert len(log.findall("{*}trace/{*}event")) == 60


def test_without_a_scenario_the_error_says_how_to_get_one(folder: Path) -> None:
    (folder / "scenario.json").unlink()
    with pytest.raises(LichtungError, match="--scenario") as caught:
        call(folder / "p.bpmn")
    assert caught.value.code == "no-scenario"


def test_a_given_scenario_goes_before_the_one_beside_the_model(folder: Path) -> None:
    other = as_prosimos({"t1": ("r", expon(1800))}, arrivals=expon(3600), cost=60.0)
    (folder / "other.json").write_text(json.dumps(other), encoding="utf-8")
    words = (folder / "p.bpmn", "--cases", 20, "--replications", 2, "--format", "json")
    costs = [
        json.loads(call(*words, *more)[0])["kpis"]["cost_eur"]["mean"]
        for more in ((), ("--scenario", folder / "other.json"))
    ]
    assert costs[0] == 0.0 < costs[1]
