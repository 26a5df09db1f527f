"""A scenario is learned from real cases: what the log can tell is measured, what it cannot is said or assumed."""

from __future__ import annotations

import json
import os
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.soundness import examine
from bpm.exchange.prosimos import read_scenario
from bpm.model.reader import read_bpmn
from bpm.model.replay import replay
from bpm.model.tokens import TokenGame
from bpm.service.calibrate import Calibration, calibrate
from bpm.simulator.calibration import discover
from bpm.simulator.calibration.standard import standard_minutes
from tests.commandline import bpm

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or ROOT.parent / "shared" / "data")
MONDAY = datetime(2025, 3, 3)
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
FLOW = f"""<definitions xmlns="{BPMN}" targetNamespace="t"><process id="p">
<startEvent id="s"/><userTask id="pruefen" name="Prüfen"/><exclusiveGateway id="g"/>
<userTask id="ja" name="Bewilligen"/>
<intermediateCatchEvent id="frist"><timerEventDefinition><timeDuration>P14D</timeDuration></timerEventDefinition>
</intermediateCatchEvent><intermediateCatchEvent id="antwort"><messageEventDefinition/></intermediateCatchEvent>
<userTask id="nein" name="Ablehnen"/><userTask id="nie" name="Nie gemacht"/><endEvent id="e"/><exclusiveGateway id="j"/>
<sequenceFlow id="f0" sourceRef="s" targetRef="pruefen"/><sequenceFlow id="f1" sourceRef="pruefen" targetRef="g"/>
<sequenceFlow id="f2" sourceRef="g" targetRef="frist"/><sequenceFlow id="f3" sourceRef="g" targetRef="antwort"/>
<sequenceFlow id="f4" sourceRef="frist" targetRef="ja"/><sequenceFlow id="f5" sourceRef="antwort" targetRef="nein"/>
<sequenceFlow id="f6" sourceRef="ja" targetRef="j"/><sequenceFlow id="f7" sourceRef="nein" targetRef="j"/>
<sequenceFlow id="f8" sourceRef="j" targetRef="e"/><sequenceFlow id="f9" sourceRef="g" targetRef="nie"/>
<sequenceFlow id="f10" sourceRef="nie" targetRef="j"/></process></definitions>"""


def drawn(seed: int = 1, cases: int = 240) -> list[tuple[Any, ...]]:
    """Cases of weekdays from 8 to 15; big ones wait 14 days and are granted, small ones wait for an answer."""
    random_ = random.Random(seed)
    rows = []
    for case in range(cases):
        arrival = MONDAY + timedelta(days=case // 5 * 7 // 5, hours=8 + random_.random() * 7)
        while arrival.weekday() > 4:
            arrival += timedelta(days=1)
        big = random_.random() < 0.6
        begin = arrival + timedelta(minutes=1)
        end = begin + timedelta(minutes=random_.uniform(20, 40))
        rows.append((case, "Prüfen", begin, end, f"P{case % 6}", "Stelle A", 200.0 if big else 20.0))
        wait = timedelta(days=14) if big else timedelta(days=random_.uniform(1, 3))
        begin = end + wait
        done = begin + timedelta(minutes=10)
        name = "Bewilligen" if big else "Ablehnen"
        rows.append((case, name, begin, done, f"P{(case + 1) % 6}", "Stelle A", 200.0 if big else 20.0))
    return rows


def written(folder: Path, rows: list[tuple[Any, ...]], *, starts: bool = True) -> Path:
    head = "case_id;activity;start_time;end_time;resource;group;flaeche"
    lines = [
        f"{case};{name};{begin.isoformat() if starts else ''};{end.isoformat()};{who};{group};{area}"
        for case, name, begin, end, who, group, area in rows
    ]
    if not starts:
        head = head.replace("start_time;", "")
        lines = [line.replace(";;", ";", 1) for line in lines]
    path = folder / "log.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def with_starts(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    folder = tmp_path_factory.mktemp("starts")
    (folder / "guide.json").write_text('{"data": {"flaeche": "start"}}')
    (folder / "p.bpmn").write_text(FLOW)
    return calibrate(written(folder, drawn()), model=folder / "p.bpmn", guide=folder / "guide.json")


def law(found: Calibration, element: str | None, part: str) -> dict[str, Any]:
    return next(one for one in found.fit if one["element"] == element and one["part"] == part)


def test_work_is_fitted_where_the_log_knows_when_it_began(with_starts: Calibration) -> None:
    work = law(with_starts, "pruefen", "office")
    assert work["mean_s"] == pytest.approx(1800.0, rel=0.05)
    assert work["chosen"] == "uniform"
    (entry,) = [one for one in with_starts.scenario["task_resource_distribution"] if one["task_id"] == "pruefen"]
    assert [one["resource_id"] for one in entry["resources"]] == ["stelle_1"]
    assert with_starts.scenario["known"]["pruefen"]["known"] == "measured"


def test_statutory_waits_and_the_applicants_time_are_kept_apart(with_starts: Calibration) -> None:
    assert law(with_starts, "frist", "statutory")["mean_s"] == pytest.approx(14 * 86_400.0)
    assert law(with_starts, "antwort", "applicant")["mean_s"] == pytest.approx(2 * 86_400.0, rel=0.1)
    assert law(with_starts, "ja", "office")["mean_s"] == pytest.approx(600.0)


def test_branching_follows_the_replay_and_a_datum_becomes_a_guard(with_starts: Calibration) -> None:
    (gateway,) = with_starts.scenario["gateway_branching_probabilities"]
    shares = {way["path_id"]: way["value"] for way in gateway["probabilities"]}
    assert shares["f2"] == pytest.approx(0.6, abs=0.1)
    assert shares["f9"] == 0.0
    guard = law(with_starts, "g", "guard")
    assert guard["accepted"]
    assert guard["right"] == 1.0
    rules = {one["id"]: one["rules"] for one in with_starts.scenario["branch_rules"]}
    assert rules["g:f3"] == [[{"attribute": "flaeche", "comparison": "<=", "value": 110.0}]]
    assert rules["g:f9"] == []


def test_people_are_groups_and_never_reasons(with_starts: Calibration) -> None:
    (profile,) = with_starts.scenario["resource_profiles"]
    assert profile["name"] == "Stelle A"
    text = json.dumps(with_starts.as_json())
    assert not any(f'"P{k}"' in text for k in range(6))
    assert [one["name"] for one in with_starts.scenario["case_attributes"]] == ["flaeche"]


def test_a_step_that_never_happened_is_assumed_aloud(with_starts: Calibration) -> None:
    assert with_starts.scenario["known"]["nie"]["known"] == "assumed"
    assert any(note.element == "nie" for note in with_starts.notes)


def test_what_was_learned_is_held_against_later_cases(with_starts: Calibration) -> None:
    judged = with_starts.distances
    assert (judged["learned_from_cases"], judged["held_out_cases"], judged["replications"]) == (160, 80, 10)
    assert judged["ngd"]["mean"] < 0.15
    times = judged["cycle_time_s"]
    assert times["simulated"]["mean"] == pytest.approx(times["held_out"]["mean"], rel=0.25)


def test_the_scenario_is_simulated_as_it_was_written(with_starts: Calibration) -> None:
    scenario = read_scenario(json.loads(json.dumps(with_starts.scenario)), "s.json")
    assert scenario.calibrated is not None
    assert not [note for note in scenario.notes if note.field != "known"]


def test_a_log_without_starts_gives_no_working_times_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_text(FLOW)
    found = calibrate(written(tmp_path, drawn(), starts=False), model=tmp_path / "p.bpmn")
    works = {one["task_id"]: one["resources"] for one in found.scenario["task_resource_distribution"]}
    (law,) = works["pruefen"]
    assert law["distribution_params"] == [{"value": 0.0}]  # nothing lies before the first step of a case
    assert works["ja"] == []  # its time is that of the statutory wait before it
    assert found.scenario["known"]["pruefen"]["known"] == "assumed"
    assert "stba-" in found.scenario["known"]["pruefen"]["source"]
    assert {one["flow_id"] for one in found.scenario["flow_delays"]} == {"f0"}
    assert any("keinen Beginn" in note.why for note in found.notes)
    assert found.distances["settings"]["events"] == "nur Enden"
    assert "case_attributes" not in found.scenario or not found.scenario["case_attributes"]  # nobody allowed a column


def test_minutes_of_a_discovered_model_are_assumed_and_name_their_table(tmp_path: Path) -> None:
    found = calibrate(written(tmp_path, drawn(), starts=False))
    assert found.model is not None
    process = read_bpmn(found.model, "d.bpmn").main
    steps = [node.facts.step for node in process.nodes if node.type == "userTask"]
    assert len(steps) == 3
    assert all(step and step.known and step.known.how == "assumed" for step in steps)
    assert all("stba-" in (step.known.source or "") for step in steps if step and step.known)


@pytest.mark.parametrize("seed", range(8))
def test_a_discovered_model_is_sound_and_plays_its_common_cases(seed: int) -> None:
    random_ = random.Random(seed)
    traces = []
    for _ in range(60):
        trace = [k for k in range(5) for _ in range(1 + (random_.random() < 0.2)) if random_.random() < 0.9]
        if random_.random() < 0.3:
            random_.shuffle(trace)
        traces.append(trace or [0])
    found = discover(traces, [f"Schritt {k} & mehr" for k in range(5)])
    process = read_bpmn(found.xml("p", "p", {e: standard_minutes("x") for e in found.element.values()}), "d.bpmn").main
    assert examine(process).sound
    game = TokenGame(process)
    fits = [replay(game, [found.element[one] for one in trace], complete=True).accepted for trace in traces]
    assert sum(fits) / len(fits) > 0.7, f"seed {seed}"


def test_a_log_of_other_steps_than_the_models_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_text(FLOW.replace("Prüfen", "A").replace("Bewilligen", "B").replace("Ablehnen", "C"))
    done = bpm(
        "calibrate", written(tmp_path, drawn(cases=20)), "--model", tmp_path / "p.bpmn", "-o", tmp_path / "s.json"
    )
    assert done.returncode == 2
    assert "log-fits-no-step" in done.stderr


@pytest.fixture(scope="module")
def receipt() -> Path:
    path = DATA / "logs" / "receipt.xes.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there; set BPM_CONFORMANCE_DATA")
    return path


def test_the_same_log_gives_the_same_bytes(tmp_path: Path) -> None:
    log = written(tmp_path, drawn(cases=60))
    first, again = calibrate(log), calibrate(log)
    assert json.dumps(first.as_json()) == json.dumps(again.as_json())
    assert first.model == again.model


def test_the_readmes_one_line_works_as_printed(receipt: Path, tmp_path: Path) -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    (line,) = [one for one in lines if one.startswith("bpm calibrate receipt")]
    commands = [part.split() for part in line.split(" && ")]
    assert [words[:2] for words in commands] == [["bpm", "calibrate"], ["bpm", "simulate"], ["bpm", "question"]]
    options = {"calibrate": ("--format", "json")}
    told = {}
    for words in commands:
        named = [word.replace("receipt/", f"{tmp_path}/").replace("receipt.xes.gz", str(receipt)) for word in words[1:]]
        few = ("--cases", "50", "--replications", "2", "--format", "json")
        done = bpm(*named, *options.get(words[1], few))
        assert done.returncode == 0, done.stderr
        told[words[1]] = json.loads(done.stdout)
    assert set(told["calibrate"]) == {"scenario", "fit", "distances", "notes"}
    judged = told["calibrate"]["distances"]
    assert (judged["learned_from_cases"], judged["held_out_cases"]) == (956, 478)
    assert 0.0 < judged["ngd"]["mean"] < 0.35
    assert set(judged["cycle_time_s"]) == {"learned_from", "held_out", "simulated"}
    assert not any(note["field"] == "calibrated" for note in told["simulate"]["notes"])
    assert told["question"]["steps"]
