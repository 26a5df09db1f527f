"""The BPMN suites in the normal test run, and proof that the judge can say no."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpm import engine
from bpm.model.reader import read_bpmn
from tests.conformance.bpmn import drive, judge, lost_nodes, verdict_of
from tests.conformance.data import folder

HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" id="d">'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.bpmn"
    path.write_text(text)
    return path


def test_no_file_of_the_interchange_group_is_lost():
    outcome = judge("bpmn-miwg", folder("bpmn-miwg"))
    assert outcome.failed == []
    assert outcome.passed >= 12


@pytest.mark.slow
def test_no_engine_test_file_is_lost_hangs_or_raises():
    outcome = judge("bpmn-operaton", folder("bpmn-operaton"))
    assert outcome.failed == []
    assert outcome.extra["unreadable"] == 3
    assert int(str(outcome.extra["executed"])) >= 752
    assert int(str(outcome.extra["data_only_executed"])) >= 0.9 * int(str(outcome.extra["data_only"]))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("<!DOCTYPE x><x/>", "unreadable"),
        ("<x", "unreadable"),
        ("<x/>", "unreadable"),
        (f"{HEAD}<process id='p'><task id='t'/></process></definitions>", "executed"),
        (f"{HEAD}<process id='p'><scriptTask id='t'/></process></definitions>", "refused"),
        (f"{HEAD}<process id='p'><task id='p'/></process></definitions>", "unreadable for duplicate-id"),
    ],
)
def test_every_verdict_can_be_given(tmp_path, text, verdict):
    assert verdict_of(write(tmp_path, text)) == verdict


DEADLOCK = f"""{HEAD}<process id='p'><startEvent id='s'/><exclusiveGateway id='g'/><task id='a'/><task id='b'/>
<parallelGateway id='j'/><sequenceFlow sourceRef='s' targetRef='g'/>
<sequenceFlow sourceRef='g' targetRef='a'><conditionExpression>x = 1</conditionExpression></sequenceFlow>
<sequenceFlow sourceRef='g' targetRef='b'><conditionExpression>x != 1</conditionExpression></sequenceFlow>
<sequenceFlow sourceRef='a' targetRef='j'/><sequenceFlow sourceRef='b' targetRef='j'/></process></definitions>"""


def test_control_a_case_that_is_stuck_fails(tmp_path):
    assert verdict_of(write(tmp_path, DEADLOCK)) == "stuck"


def test_control_a_lost_node_is_seen():
    model = read_bpmn(f"{HEAD}<process id='p'><task id='t'/><task id='u'/></process></definitions>".encode(), "x")
    executable = engine.build(model)
    assert lost_nodes(model, executable) == []
    del executable.specs["p"].task_specs["u"]
    assert lost_nodes(model, executable) == ["u"]


def test_the_driver_gives_the_same_verdict_for_the_same_seed():
    executable = engine.build(read_bpmn(DEADLOCK.encode(), "x"))
    assert [drive(executable, seed) for seed in (1, 2, 3)] == [drive(executable, seed) for seed in (1, 2, 3)]
