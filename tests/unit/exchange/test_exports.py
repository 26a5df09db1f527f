"""Scenarios go out as BPSim and QBP inside the model, valid, readable again, and what is lost is said by element."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from lxml import etree

from bpm.exchange.bpsim import export_bpsim, import_bpsim
from bpm.exchange.prosimos import read_scenario
from bpm.exchange.qbp import import_qbp
from bpm.exchange.qbp_out import export_qbp
from bpm.model.process import ProcessModel
from bpm.model.reader import read_bpmn
from bpm.model.scenario import Scenario
from tests.commandline import bpm

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or ROOT.parent / "shared" / "data")
MODEL = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
<bpmn:process id="p"><bpmn:startEvent id="s"/><bpmn:userTask id="a" name="Pr\xc3\xbcfen"/><bpmn:userTask id="b"/>
<bpmn:exclusiveGateway id="g"/><bpmn:endEvent id="x"/><bpmn:endEvent id="y"/>
<bpmn:sequenceFlow id="f0" sourceRef="s" targetRef="a"/><bpmn:sequenceFlow id="f1" sourceRef="a" targetRef="b"/>
<bpmn:sequenceFlow id="f4" sourceRef="b" targetRef="g"/><bpmn:sequenceFlow id="f2" sourceRef="g" targetRef="x"/>
<bpmn:sequenceFlow id="f3" sourceRef="g" targetRef="y"/></bpmn:process></bpmn:definitions>
"""


def law(name: str, *values: float) -> dict[str, object]:
    return {"distribution_name": name, "distribution_params": [{"value": value} for value in values]}


OFFICE = [{"from": "MONDAY", "to": "FRIDAY", "beginTime": "08:00:00", "endTime": "16:00:00"}]
CONTENT = {
    "start": "2025-03-03T08:00:00",
    "resource_profiles": [{"id": "p1", "name": "Amt", "resource_list": [
        {"id": "amt", "name": "Amt für \u00dcbung", "amount": 3, "cost_per_hour": 36.0, "calendar": "werktags"},
        {"id": "chef", "name": "Chef", "amount": 1, "cost_per_hour": 72.0, "calendar": "werktags"}]}],
    "resource_calendars": [{"id": "werktags", "name": "werktags", "time_periods": OFFICE}],
    "arrival_time_distribution": law("expon", 1800, 0, 1e300),
    "arrival_time_calendar": OFFICE,
    "task_resource_distribution": [
        {"task_id": "a", "resources": [{"resource_id": "amt", **law("lognorm", 600, 90000, 0, 1e300)},
                                       {"resource_id": "chef", **law("lognorm", 600, 90000, 0, 1e300)}]},
        {"task_id": "b", "resources": []},
    ],
    "element_figures": [{"element_id": "b", "duration": law("triang", 60, 120, 300), "fixed_cost_eur": 2.5,
                         "citizen_minutes": 10}],
    "gateway_branching_probabilities": [{"gateway_id": "g", "probabilities": [
        {"path_id": "f2", "value": 0.25}, {"path_id": "f3", "value": 0.75}]}],
    "case_attributes": [{"name": "kanal", "type": "discrete", "values": [{"key": "Post", "value": 0.5},
                                                                         {"key": "Web", "value": 0.5}]}],
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> ProcessModel:
    return read_bpmn(MODEL, "m.bpmn")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read_scenario(CONTENT, "s.json")


def test_bpsim_comes_back_as_it_went_out(model: ProcessModel, scenario: Scenario) -> None:
    data, lost = export_bpsim(model, scenario, horizon_s=7 * 86_400.0)
    again = read_bpmn(data, "m.bpmn")
    assert again.main.nodes == model.main.nodes
    found = import_bpsim(data, again.main, "m.bpmn")
    back = read_scenario(found.content, "s.json")
    assert back.arrivals.interval == scenario.arrivals.interval
    assert back.figures["b"].duration == scenario.figures["b"].duration
    assert back.figures["b"].fixed_cost_eur == 2.5
    assert {work.duration for work in back.activities["a"]} == {work.duration for work in scenario.activities["a"]}
    assert {one.amount for one in back.resources.values()} == {3, 1}
    assert {round(one.cost_per_hour, 6) for one in back.resources.values()} == {36.0, 72.0}
    assert {b.flow: b.probability for b in back.gateways["g"]} == {"f2": 0.25, "f3": 0.75}
    assert {one.periods for one in back.calendars.values() if not one.always} == {
        scenario.calendars["werktags"].periods
    }
    assert back.arrivals.calendar is not None
    assert back.arrivals.calendar.periods == scenario.calendars["werktags"].periods
    assert ("b", "citizen_minutes") in {(note.element, note.field) for note in lost}


def test_bpsim_is_valid_by_its_schema(model: ProcessModel, scenario: Scenario) -> None:
    schema = DATA / "bpsim" / "BPSim-2.0.xsd"
    if not schema.is_file():
        pytest.skip(f"{schema} is not there; set BPM_CONFORMANCE_DATA")
    rules = etree.XMLSchema(etree.parse(schema))
    data, _ = export_bpsim(model, scenario, horizon_s=3600.0)
    (block,) = etree.fromstring(data).iter("{http://www.bpsim.org/schemas/2.0}BPSimData")
    rules.assertValid(etree.ElementTree(block))
    broken = etree.fromstring(
        etree.tostring(block).replace(b"<b:Quantity>", b"<b:Menge>").replace(b"</b:Quantity>", b"</b:Menge>")
    )
    assert not rules.validate(etree.ElementTree(broken))


def test_qbp_comes_back_as_it_went_out_but_for_what_is_said(model: ProcessModel, scenario: Scenario) -> None:
    data, lost = export_qbp(model, scenario, cases=500)
    again = read_bpmn(data, "m.bpmn")
    found = import_qbp(data, again.main, "m.bpmn")
    back = read_scenario(found.content, "s.json")
    assert found.cases == 500
    assert back.arrivals.interval == scenario.arrivals.interval
    assert back.arrivals.calendar is not None
    assert back.arrivals.calendar.periods == scenario.calendars["werktags"].periods
    assert back.figures["b"].duration == scenario.figures["b"].duration
    assert [work.duration for work in back.activities["a"]] == [scenario.activities["a"][0].duration]
    assert {b.flow: b.probability for b in back.gateways["g"]} == {"f2": 0.25, "f3": 0.75}
    assert [(one.name, one.choices) for one in back.attributes] == [("kanal", (("Post", 0.5), ("Web", 0.5)))]
    said = {(note.element, note.field) for note in lost}
    assert {("a", "resources"), ("b", "citizen_minutes")} <= said


def test_the_command_writes_a_model_for_another_simulator_and_says_what_is_lost(tmp_path: Path) -> None:
    (tmp_path / "m.bpmn").write_bytes(MODEL)
    (tmp_path / "scenario.json").write_text(json.dumps(CONTENT))
    done = bpm("export", tmp_path / "m.bpmn", "--as", "bpsim", "-o", tmp_path / "out.bpmn")
    assert done.returncode == 0, done.stderr
    assert "b: citizen_minutes: " in done.stdout
    (tmp_path / "other").mkdir()
    (tmp_path / "out.bpmn").rename(tmp_path / "other" / "out.bpmn")
    played = bpm("simulate", tmp_path / "other" / "out.bpmn", "--cases", "20", "--replications", "2")
    assert played.returncode == 0, played.stderr
    assert bpm("export", tmp_path / "m.bpmn", "--as", "visio", "-o", tmp_path / "x").returncode == 2
