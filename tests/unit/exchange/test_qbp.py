"""QBP of BIMP and Apromore: every trap of the format is read as meant, or said by element."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpm.errors import ScenarioError
from bpm.exchange.prosimos import read_scenario
from bpm.exchange.qbp import Imported, import_qbp
from bpm.model.reader import read_bpmn
from bpm.model.scenario import WEEK
from tests.commandline import bpm

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or ROOT.parent / "shared" / "data") / "qbp"
ARRIVALS = '<q:arrivalRateDistribution type="EXPONENTIAL" mean="NaN" arg1="600" arg2="NaN"/>'
TABLE = """<q:timetables><q:timetable id="T" default="true"><q:rules><q:rule fromWeekDay="MONDAY" toWeekDay="FRIDAY"
 fromTime="09:00:00.000+00:00" toTime="17:00:00.000+00:00"/></q:rules></q:timetable></q:timetables>"""
PEOPLE = '<q:resources><q:resource id="R" name="Amt" totalAmount="2" costPerHour="30" timetableId="T"/></q:resources>'
MODEL = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"
 xmlns:q="http://www.qbp-simulator.com/Schema201212"><process id="p"><startEvent id="s"/><task id="a"/>
<exclusiveGateway id="g"/><endEvent id="x"/><endEvent id="y"/><sequenceFlow id="f0" sourceRef="s" targetRef="a"/>
<sequenceFlow id="f1" sourceRef="a" targetRef="g"/><sequenceFlow id="f2" sourceRef="g" targetRef="x"/>
<sequenceFlow id="f3" sourceRef="g" targetRef="y"/></process><q:processSimulationInfo {head}>{parts}
</q:processSimulationInfo></definitions>"""


def taken(*parts: str, arrivals: str = ARRIVALS, table: str = TABLE, people: str = PEOPLE, head: str = "") -> Imported:
    data = MODEL.format(parts=arrivals + table + people + "".join(parts), head=head).encode()
    return import_qbp(data, read_bpmn(data, "m.bpmn").main, "m.bpmn")


def step(law: str) -> str:
    return (
        f'<q:elements><q:element elementId="a">{law}<q:resourceIds><q:resourceId>R</q:resourceId></q:resourceIds>'
        "</q:element></q:elements>"
    )


def duration(**given: str) -> str:
    unit = given.pop("unit", "seconds")
    attributes = " ".join(f'{name}="{value}"' for name, value in given.items())
    return step(f"<q:durationDistribution {attributes}><q:timeUnit>{unit}</q:timeUnit></q:durationDistribution>")


def law_of(found: Imported) -> tuple[str, list[float]]:
    (entry,) = found.content["task_resource_distribution"][0]["resources"]
    return entry["distribution_name"], [one["value"] for one in entry["distribution_params"]]


def said(found: Imported, element: str | None, field: str) -> list[Any]:
    return [note for note in found.notes if (note.element, note.field) == (element, field)]


@pytest.mark.parametrize(
    ("given", "name", "numbers"),
    [
        ({"type": "FIXED", "mean": "90", "arg1": "NaN"}, "fix", [90]),
        ({"type": "NORMAL", "mean": "600", "arg1": "60"}, "norm", [600, 60, 0]),
        ({"type": "EXPONENTIAL", "mean": "NaN", "arg1": "1200"}, "expon", [1200, 0]),
        ({"type": "UNIFORM", "mean": "5", "arg1": "10", "arg2": "20"}, "uniform", [10, 20]),
        ({"type": "TRIANGULAR", "mean": "15", "arg1": "10", "arg2": "40"}, "triang", [10, 15, 40]),
        ({"type": "LOGNORMAL", "mean": "600", "arg1": "90000"}, "lognorm", [600, 90000, 0]),
        ({"type": "GAMMA", "mean": "600", "arg1": "90000"}, "gamma", [600, 90000, 0]),
    ],
)
def test_the_arguments_of_a_law_are_read_as_meant(given: dict[str, str], name: str, numbers: list[float]) -> None:
    found = taken(duration(**given))
    assert law_of(found)[0] == name
    assert law_of(found)[1][: len(numbers)] == numbers
    assert not said(found, "a", "mean")


def test_stored_values_are_seconds_whatever_the_unit_shown() -> None:
    assert law_of(taken(duration(type="FIXED", mean="90", unit="minutes")))[1] == [90]


def test_the_mean_of_an_exponential_law_stands_in_arg1() -> None:
    stale = taken(duration(type="EXPONENTIAL", mean="1800", arg1="1200"))
    assert law_of(stale)[1][0] == 1200
    (note,) = said(stale, "a", "mean")
    assert (note.found, note.used) == (1800.0, 1200.0)
    only = taken(duration(type="EXPONENTIAL", mean="1800", arg1="0"))
    assert law_of(only)[1][0] == 1800
    assert said(only, "a", "arg1")


def test_a_variance_that_looks_like_minutes_is_suspected_and_kept() -> None:
    odd = taken(duration(type="LOGNORMAL", mean="3600", arg1="600", unit="minutes"))
    assert law_of(odd)[1][:2] == [3600, 600]
    assert "vermutlich in minutes" in said(odd, "a", "arg1")[0].why
    assert not said(taken(duration(type="LOGNORMAL", mean="3600", arg1="600")), "a", "arg1")


def test_a_histogram_is_in_percent_and_keeps_its_mean() -> None:
    bins = "".join(
        f'<q:histogramData probability="{share}"><q:distribution type="UNIFORM" arg1="{low}" arg2="{low + 60}"/>'
        "</q:histogramData>"
        for share, low in ((30, 0), (60, 600))
    )
    found = taken(step(f'<q:durationDistribution type="HISTOGRAM"><q:histogramDataBins>{bins}</q:histogramDataBins>'
                       "</q:durationDistribution>"))  # fmt: skip
    (entry,) = found.content["task_resource_distribution"][0]["resources"]
    points = [(one["value"], one["weight"]) for one in entry["distribution_params"]]
    assert np.average([x for x, _ in points], weights=[w for _, w in points]) == pytest.approx(
        (30 * 30 + 60 * 630) / 90
    )
    assert said(found, "a", "histogramData")[0].found == 90.0
    exact = taken(step('<q:durationDistribution type="EXACT"><q:exactValues><q:value>5</q:value><q:value>7</q:value>'
                       "</q:exactValues></q:durationDistribution>"))  # fmt: skip
    assert law_of(exact) == ("empirical", [5.0, 7.0])


@pytest.mark.parametrize("end", ["23:59:00.000+00:00", "23:59:59.999+00:00", "00:00:00.000+00:00"])
def test_around_the_clock_is_not_cut_at_night(end: str) -> None:
    table = TABLE.replace("09:00:00.000", "00:00:00.000").replace("17:00:00.000+00:00", end).replace("FRIDAY", "SUNDAY")
    found = taken(duration(type="FIXED", mean="1"), table=table)
    assert read_scenario(found.content).calendars["T"].periods == ((0.0, WEEK),)
    assert bool(said(found, "T", "toTime")) == end.startswith("23")


def test_a_week_that_wraps_and_a_night_shift_are_read() -> None:
    wrap = TABLE.replace("MONDAY", "SATURDAY").replace("FRIDAY", "MONDAY")
    assert len(read_scenario(taken(table=wrap).content).calendars["T"].periods) == 3
    night = TABLE.replace("09:00:00.000", "22:00:00.000").replace("17:00:00.000", "06:00:00.000")
    periods = read_scenario(taken(table=night).content).calendars["T"].periods
    assert sum(end - begin for begin, end in periods) == 5 * 8 * 3600.0


def test_what_lacks_is_said_and_cases_are_asked_for() -> None:
    head = 'processInstances="77" currency="EUR" startDateTime="2023-02-09T10:00:00.000+02:00"'
    found = taken(people=PEOPLE.replace(' costPerHour="30"', "").replace(' timetableId="T"', ""), head=head)
    assert (found.cases, found.content["start"]) == (77, "2023-02-09T10:00:00")
    assert said(found, "R", "costPerHour")
    assert said(found, "R", "timetableId")
    assert said(found, "a", "durationDistribution")
    assert taken(head='processInstances=""').cases is None


def test_delays_are_kept_and_thresholds_and_unknown_parts_said_by_element() -> None:
    flows = """<q:sequenceFlows><q:sequenceFlow elementId="f2" executionProbability="0.25">
    <q:durationDistribution type="FIXED" mean="60"/></q:sequenceFlow><q:sequenceFlow elementId="f3"/>
    <q:sequenceFlow elementId="weg" executionProbability="1"/></q:sequenceFlows><q:orakel/>"""
    found = taken(flows, duration(type="FIXED", mean="1").replace('elementId="a"', 'elementId="a" costThreshold="5"'))
    (gateway,) = found.content["gateway_branching_probabilities"]
    assert gateway["probabilities"] == [{"path_id": "f2", "value": 0.25}, {"path_id": "f3"}]
    fixed = {"distribution_name": "fix", "distribution_params": [{"value": 60.0}]}
    assert found.content["flow_delays"] == [{"flow_id": "f2", **fixed}]
    for element, field in (
        ("weg", "elementId"),
        ("a", "costThreshold"),
        (None, "orakel"),
    ):
        assert said(found, element, field), field


@pytest.mark.parametrize(
    ("parts", "element"),
    [
        (duration(type="UNIFORM", arg1="20", arg2="10"), "a"),
        (duration(type="NORMAL", mean="-5", arg1="1"), "a"),
        (duration(type="WUERFEL", mean="5"), "a"),
        (duration(type="FIXED", mean="-1"), "a"),
        (duration(type="FIXED", mean="drei"), "a"),
        (duration(type="FIXED", mean="1").replace(">R<", ">Z<"), "a"),
        ('<q:sequenceFlows><q:sequenceFlow elementId="f2" executionProbability="40"/></q:sequenceFlows>', "f2"),
    ],
)
def test_nonsense_is_refused_by_element(parts: str, element: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        taken(parts)
    assert (caught.value.code, caught.value.element) == ("qbp-value", element)


def test_without_arrivals_nothing_is_guessed() -> None:
    with pytest.raises(ScenarioError, match="qbp-no-arrivals"):
        taken(arrivals="")


@pytest.mark.parametrize("name", ["batch-bimp", "loan-origination-apromore", "loanapp-apromore"])
def test_the_samples_run_as_they_are(name: str) -> None:
    path = DATA / f"{name}.bpmn"
    if not path.is_file():
        pytest.skip(f"{path} is not there; set BPM_CONFORMANCE_DATA")
    done = bpm("simulate", path, "--cases", "20", "--replications", "2", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "processInstances" in done.stdout
