"""BPSim is read as its authors meant it; what cannot be meant is said by element, never replaced in silence."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpm.errors import ScenarioError
from bpm.eventlog import EventLog
from bpm.exchange.bpsim import Imported, import_bpsim, read_results
from bpm.exchange.bpsim.expressions import Unreadable, feel_of, resources_of, rules_of
from bpm.exchange.bpsim.shifts import read_shifts
from bpm.exchange.prosimos import read_scenario
from bpm.kpis import half_width
from bpm.model.procedure import Procedure
from bpm.service.simulate import one_procedure, scenario_of
from bpm.simulator import simulate
from tests.commandline import bpm

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or ROOT.parent / "shared" / "data") / "bpsim"
HOUR = 3600.0
MODEL = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:b="http://www.bpsim.org/schemas/2.0"
 targetNamespace="t"><process id="p"><startEvent id="s"/><task id="a"/><exclusiveGateway id="g"/><endEvent id="x"/>
<endEvent id="y"/><sequenceFlow id="f0" sourceRef="s" targetRef="a"/><sequenceFlow id="f1" sourceRef="a" targetRef="g"/>
<sequenceFlow id="f2" sourceRef="g" targetRef="x"/><sequenceFlow id="f3" sourceRef="g" targetRef="y"/></process>
<relationship type="BPSimData"><extensionElements><b:BPSimData><b:Scenario id="S">
<b:ScenarioParameters{unit}/>{parts}</b:Scenario>{more}</b:BPSimData></extensionElements></relationship></definitions>"""
COMES = """<b:ElementParameters elementRef="s"><b:ControlParameters><b:InterTriggerTimer>
<b:FloatingParameter value="10"/></b:InterTriggerTimer></b:ControlParameters></b:ElementParameters>"""


def at(element: str, group: str, inner: str) -> str:
    return f'<b:ElementParameters elementRef="{element}"><b:{group}>{inner}</b:{group}></b:ElementParameters>'


def processing(value: str) -> str:
    return at("a", "TimeParameters", f"<b:ProcessingTime>{value}</b:ProcessingTime>")


def taken(parts: str, *, arrivals: str = COMES, unit: str = ' baseTimeUnit="min"', more: str = "") -> Imported:
    data = MODEL.format(parts=arrivals + parts, unit=unit, more=more).encode()
    from bpm.model.reader import read_bpmn

    return import_bpsim(data, read_bpmn(data, "m.bpmn").main, "m.bpmn")


def time_of(value: str, **options: Any) -> dict[str, Any]:
    found = taken(at("a", "TimeParameters", f"<b:ProcessingTime>{value}</b:ProcessingTime>"), **options)
    return found.content["element_figures"][0]["duration"]


def official(name: str) -> Procedure:
    if not (DATA / name).is_file():
        pytest.skip(f"{name} is not in {DATA}; set BPM_CONFORMANCE_DATA")
    return one_procedure(DATA / name)


def load(name: str, scenario: str | None = None) -> tuple[Procedure, Imported]:
    procedure = official(name)
    assert procedure.process is not None
    return procedure, import_bpsim(procedure.process.source, procedure.process.main, name, scenario)


def whys(found: Imported) -> str:
    return "\n".join(f"{note.element} {note.field}: {note.why}" for note in found.notes)


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "name", "numbers"),
    [
        ('<b:NegativeExponentialDistribution mean="2"/>', "expon", (120, 0)),
        ('<b:UniformDistribution min="1" max="3"/>', "uniform", (60, 180)),
        ('<b:TriangularDistribution min="4" mode="5" max="6"/>', "triang", (240, 300, 360)),
        (
            '<b:TruncatedNormalDistribution mean="20" standardDeviation="2" min="0" max="1000"/>',
            "norm", (1200, 120, 0, 60000),
        ),
        ('<b:LogNormalDistribution mean="10" standardDeviation="3"/>', "lognorm", (600, 180.0**2)),
        ('<b:GammaDistribution shape="2" scale="5"/>', "gamma", (600, 2 * 300.0**2)),
        ('<b:ErlangDistribution mean="10" k="4"/>', "gamma", (600, 600.0**2 / 4)),
        ('<b:DurationParameter value="PT1H30M"/>', "fix", (5400,)),
        ('<b:NumericParameter value="7" timeUnit="s"/>', "fix", (7,)),
    ],
)  # fmt: skip
def test_a_distribution_is_read_in_seconds(value: str, name: str, numbers: tuple[float, ...]) -> None:
    law = time_of(value)
    assert law["distribution_name"] == name
    assert tuple(one["value"] for one in law["distribution_params"])[: len(numbers)] == pytest.approx(numbers)


@pytest.mark.parametrize(
    ("value", "mean"),
    [
        ('<b:WeibullDistribution shape="2" scale="60" timeUnit="s"/>', 60 * math.gamma(1.5)),
        ('<b:BetaDistribution shape="2" scale="3" timeUnit="hour"/>', 0.4 * HOUR),
        ('<b:PoissonDistribution mean="4"/>', 240.0),
        ('<b:BinomialDistribution probability="0.25" trials="12"/>', 180.0),
    ],
)
def test_a_law_without_a_name_of_ours_becomes_quantiles_with_its_mean(value: str, mean: float) -> None:
    law = time_of(value)
    assert np.mean([one["value"] for one in law["distribution_params"]]) == pytest.approx(mean, rel=0.01)


def test_points_of_a_user_distribution_keep_their_weights() -> None:
    points = "".join(
        f'<b:UserDistributionDataPoint probability="{p}"><b:NumericParameter value="{x}"/>'
        "</b:UserDistributionDataPoint>"
        for x, p in ((1, 0.2), (2, 0.8))
    )
    law = time_of(f'<b:UserDistribution discrete="true">{points}</b:UserDistribution>')
    assert [(one["value"], one["weight"]) for one in law["distribution_params"]] == [(60, 0.2), (120, 0.8)]


def test_without_a_unit_minutes_are_meant_and_said() -> None:
    found = taken("", unit="")
    assert "baseTimeUnit: Nicht angegeben: Minuten" in whys(found)
    assert time_of('<b:FloatingParameter value="2"/>', unit=' baseTimeUnit="hour"')["distribution_params"] == [
        {"value": 7200}
    ]


def test_the_parts_of_a_duration_are_added() -> None:
    inner = "".join(
        f'<b:{name}><b:FloatingParameter value="2"/></b:{name}>' for name in ("SetUpTime", "ProcessingTime")
    )
    found = taken(at("a", "TimeParameters", inner))
    assert found.content["element_figures"][0]["duration"]["distribution_params"] == [{"value": 240}]


@pytest.mark.parametrize(
    ("parts", "code", "element"),
    [
        (processing('<b:FloatingParameter value="x"/>'), "bpsim-value", "a"),
        (processing('<b:UniformDistribution min="3" max="1"/>'), "bpsim-value", "a"),
        (processing('<b:OracleDistribution mean="1"/>'), "bpsim-value", "a"),
        (
            at("f2", "ControlParameters", '<b:Probability><b:FloatingParameter value="-1"/></b:Probability>'),
            "bpsim-value", "f2",
        ),
        (
            at("f2", "ControlParameters", '<b:Condition><b:ExpressionParameter value="//a[1]"/></b:Condition>'),
            "bpsim-expression", "f2",
        ),
        (
            at("a", "ResourceParameters",
               "<b:Selection><b:ExpressionParameter value=\"getResource('r', 1)\"/></b:Selection>"),
            "bpsim-value", "a",
        ),
    ],
)  # fmt: skip
def test_nonsense_is_refused_by_element(parts: str, code: str, element: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        taken(parts)
    assert (caught.value.code, caught.value.element) == (code, element)


def test_no_arrivals_are_no_guess() -> None:
    with pytest.raises(ScenarioError) as caught:
        taken("", arrivals="")
    assert (caught.value.code, caught.value.element) == ("bpsim-no-arrivals", "s")


def test_what_has_no_effect_is_said_by_element() -> None:
    parts = at("a", "PriorityParameters", '<b:Priority><b:NumericParameter value="3"/></b:Priority>') + at(
        "unbekannt", "TimeParameters", '<b:ProcessingTime><b:FloatingParameter value="3"/></b:ProcessingTime>'
    )
    told = whys(taken(parts))
    assert "a Priority: " in told
    assert "unbekannt elementRef: " in told


def test_time_before_a_step_waits_on_the_way_to_it_and_holds_nobody() -> None:
    lag = '<b:TransferTime><b:FloatingParameter value="1"/></b:TransferTime>'
    found = taken(at("a", "TimeParameters", lag + lag.replace("TransferTime", "WaitTime")))
    fixed = {"distribution_name": "fix", "distribution_params": [{"value": 120.0}]}
    assert found.content["flow_delays"] == [{"flow_id": "f0", **fixed}]


def test_a_later_block_overwrites_by_parameter_and_children_inherit() -> None:
    twice = at("a", "TimeParameters", '<b:ProcessingTime><b:FloatingParameter value="1"/></b:ProcessingTime>')
    twice += twice.replace('"1"', '"2"')
    child = '<b:Scenario id="T" inherits="S">{}</b:Scenario>'.format(
        at("a", "CostParameters", '<b:FixedCost><b:FloatingParameter value="5"/></b:FixedCost>')
    )
    assert taken(twice).content["element_figures"][0]["duration"]["distribution_params"] == [{"value": 120}]
    data = MODEL.format(parts=COMES + twice, unit="", more=child).encode()
    from bpm.model.reader import read_bpmn

    (figure,) = import_bpsim(data, read_bpmn(data, "m").main, "m", "T").content["element_figures"]
    assert (figure["fixed_cost_eur"], figure["duration"]["distribution_params"]) == (5.0, [{"value": 120}])
    with pytest.raises(ScenarioError, match="bpsim-inherits"):
        taken("", more='<b:Scenario id="U" inherits="U"/>') and import_bpsim(
            data.replace(b'inherits="S"', b'inherits="Z"'), read_bpmn(data, "m").main, "m", "T"
        )


# --- expressions and calendars ---------------------------------------------------------------------------------------


def test_conditions_become_rules_and_assignments_feel() -> None:
    assert rules_of("getProperty('n') > 0") == [[{"attribute": "n", "comparison": ">", "value": 0.0}]]
    assert rules_of("not(bpsim:getProperty('n') = 1 or 3 < getProperty('m'))") == [
        [{"attribute": "n", "comparison": "!=", "value": 1.0}, {"attribute": "m", "comparison": "<=", "value": 3.0}]
    ]
    assert feel_of("(getProperty('n') - 1) div 2")[0] == "(n - 1) / 2"
    assert resources_of("bpsim:orResource(bpsim:getResource('a', 2), getResource('b', 1))") == [("a", 2), ("b", 1)]


@pytest.mark.parametrize(
    "text", ["//a", "getProperty(", "document('x')", "getProperty('a') + 1 = getProperty('b')", "1 ="]
)
def test_other_xpath_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        rules_of(text)


def test_shifts_across_midnight_are_two_and_indented_lines_are_read() -> None:
    event = "  BEGIN:VEVENT\n DTSTART:20160101T220000\n DTEND:20160102T010000\n RRULE:FREQ=DAILY\n END:VEVENT\nPRODID:x"
    spans, left = read_shifts(event)
    assert sum(end - begin for begin, end in spans) == 7 * 3 * HOUR
    assert (0.0, HOUR) in spans
    assert not left
    weekly, _ = read_shifts(event.replace("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU"))
    assert weekly == [(22 * HOUR, 25 * HOUR), (46 * HOUR, 49 * HOUR)]
    _, lost = read_shifts(event.replace("FREQ=DAILY", "FREQ=DAILY;UNTIL=20160301T000000"))
    assert lost == ["UNTIL=20160301T000000: gilt jede Woche"]


# --- the official models ---------------------------------------------------------------------------------------------


def test_car_repair_starts_151_times_and_says_its_irregularities() -> None:
    _, found = load("car-repair-2.0.bpmn")
    assert (found.cases, found.horizon_s, found.replications) == (151, 60 * HOUR, 3)
    assert found.content["arrival_time_distribution"]["distribution_params"] == [{"value": 1440.0}]
    told = whys(found)
    assert "Property noOfIssues: Typ steht nicht im Schema" in told
    assert "_F7498C3B-5925-415A-80D7-D16758B353C9 Probability: Summe ungleich 1" in told
    whole = found.content["case_attributes"][0]["values"]
    assert sum(one["value"] for one in whole) == pytest.approx(1.0)
    assert min(one["key"] for one in whole) == 1.0
    assert load("car-repair-1.0.bpmn")[1].cases == 151


def counts(log: EventLog, horizon: float) -> dict[str, float]:
    """Completions of each node within the horizon: what comes later cannot change what came before."""
    begin = float(log.case_start.min())
    inside = log.completed <= begin + horizon + 1e-6
    return {node: float(np.count_nonzero(inside & (log.node == k))) for k, node in enumerate(log.nodes)}


def compared(name: str, scenario: str, cases: int, mean: dict[str, str]) -> None:
    """Our 99 % intervals of 30 replications touch what the reference's three replications gave."""
    procedure, found = load(f"{name}.bpmn", scenario)
    read = read_scenario(found.content, name)
    reference = read_results((DATA / f"{name}.results.bpsim").read_bytes())[found.id]
    ours: list[tuple[dict[str, float], dict[str, float]]] = []

    def sink(_: int, log: EventLog) -> None:
        took = {}
        for k, node in enumerate(log.nodes):
            rows = (log.node == k) & (log.completed <= float(log.case_start.min()) + found.horizon_s)
            took[node] = float(np.mean((log.completed - log.started)[rows])) if rows.any() else math.nan
        ours.append((counts(log, found.horizon_s), took))

    assert found.horizon_s is not None
    simulate(procedure, read, cases=cases, replications=30, sink=sink)
    held = 0
    for element, figures in reference.items():
        for kind, place, unit in (("TriggerCount.count", 0, 1.0), ("ProcessingTime.mean", 1, 60.0)):
            if kind not in figures or element not in ours[0][place]:
                continue
            values = np.array([one[place][element] for one in ours]) / unit
            half = half_width(values, 0.99) or 0.0
            low, high = min(figures[kind]), max(figures[kind])
            assert values.mean() - half <= high, (element, kind, values.mean(), figures[kind])
            assert values.mean() + half >= low, (element, kind, values.mean(), figures[kind])
            held += 1
    assert held >= len(mean)


def test_the_loan_model_gives_what_the_reference_gave() -> None:
    compared("loan-2.0", "default", 200, dict.fromkeys("abcdefgh", ""))


def test_the_car_repair_model_gives_what_the_reference_gave() -> None:
    compared("car-repair-2.0", "S1", 151, dict.fromkeys("abcde", ""))
    procedure, found = load("car-repair-2.0.bpmn")
    starts = []

    def sink(_: int, log: EventLog) -> None:
        starts.append(counts(log, 60 * HOUR)["_51BDA265-2FF5-40CB-B68D-1FBF9DAAA74C"])

    simulate(procedure, read_scenario(found.content, "car"), cases=200, replications=3, sink=sink)
    assert starts == [151, 151, 151]  # at the start, every 24 minutes, and at the end of the 60 hours


def test_a_boundary_timer_cuts_work_after_an_hour() -> None:
    procedure, found = load("loan-2.0.bpmn")
    longest: list[float] = []

    def sink(_: int, log: EventLog) -> None:
        k = log.nodes.index("_57EE71B2-5287-46A2-9B24-83A68131714C")
        longest.append(float(np.max((log.completed - log.started)[log.node == k])))

    simulate(procedure, read_scenario(found.content, "loan"), cases=300, replications=1, sink=sink)
    assert longest == [pytest.approx(HOUR)]


def test_technical_support_says_percentages_order_shifts_and_other_pools() -> None:
    _, found = load("technical-support-2.0.bpmn", "S3")
    told = whys(found)
    for expected in (
        "Reihenfolge weicht vom Schema ab", "als Prozent gelesen", "Ankünfte je Schicht", "anderer Pool",
        "resource_Front_Office Quantity: Jede Schicht ist eine Gruppe", "Warmup",
    ):  # fmt: skip
        assert expected in told
    people = [one for profile in found.content["resource_profiles"] for one in profile["resource_list"]]
    assert {one["id"]: one["amount"] for one in people}["resource_Front_Office@C1"] == 200
    (shift,) = [one for one in found.content["resource_calendars"] if one["id"] == "C6"]
    assert len(shift["time_periods"]) == 14
    assert found.scenarios == ("S1", "S2", "S3")


def test_a_jbpm_file_has_no_arrivals_and_that_is_said() -> None:
    with pytest.raises(ScenarioError, match="bpsim-no-arrivals"):
        load("jbpm-simulationProcess.bpmn2")


def test_jbpm_percentages_and_quantities_at_tasks_are_noted() -> None:
    procedure = official("jbpm-simulationProcess.bpmn2")
    assert procedure.process is not None
    start = next(
        n.id for n in procedure.process.main.nodes if n.type == "startEvent" and n.parent == procedure.process.main.id
    )
    added = f"""<bpsim:ElementParameters elementRef="{start}"><bpsim:ControlParameters><bpsim:InterTriggerTimer>
    <bpsim:FloatingParameter value="10"/></bpsim:InterTriggerTimer></bpsim:ControlParameters>
    </bpsim:ElementParameters>"""
    data = procedure.process.source.replace(b"</bpsim:Scenario>", added.encode() + b"</bpsim:Scenario>")
    found = import_bpsim(data, procedure.process.main, "jbpm")
    assert "als Prozent gelesen" in whys(found)
    assert "Zeiten stehen an Schritten, nicht an Ereignissen" in whys(found)
    assert "Kosten je Zeit gehören an eine Ressource" in whys(found)


def test_simulate_finds_bpsim_inside_the_model() -> None:
    official("loan-2.0.bpmn")
    path = DATA / "loan-2.0.bpmn"
    done = bpm("simulate", path, "--cases", "50", "--replications", "2", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert '"Duration"' in done.stdout
    named = bpm("simulate", path, "--scenario", f"{path}#anders", "--cases", "5", "--replications", "1")
    assert (named.returncode, "bpsim-no-scenario" in named.stderr) == (2, True)
    assert scenario_of(one_procedure(path), f"{path}#default").arrivals.interval.kind == "triangular"
