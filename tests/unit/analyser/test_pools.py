"""Every process of a file is looked at, not only the one that gives the procedure its key."""

from __future__ import annotations

from dataclasses import replace

from bpm.analyser.run import analyse
from bpm.model.procedure import Procedure
from bpm.model.process import DataUse, Facts, Process, ProcessModel
from tests.unit.tokens.drawing import draw

SOUND = "start s : a\ntask a : e\nend e"
STUCK = (
    "start s2 in q : x\nxor x in q : b? c!\ntask b in q : y\ntask c in q : y\nand y in q : d\n"
    "task d in q : f\nend f in q"
)
TWICE = "start s2 in q : b\ntask b in q : c\ntask c in q : f\nend f in q"


def two_pools(second: Process) -> Procedure:
    model = ProcessModel("zwei.bpmn", "", (draw(SOUND), replace(second, id="q", executable=False)))
    return Procedure("p", "Zwei Pools", "zwei.bpmn", model)


def test_a_deadlock_in_the_second_pool_is_found():
    analysis = analyse(two_pools(draw(STUCK)), select=("FL01", "FL04"))
    assert [(found.finding.code, found.finding.element_ids) for found in analysis.findings] == [
        ("FL01", ("y",)),
        ("FL04", ("d",)),
    ]


def test_a_duplicate_step_in_the_second_pool_is_found():
    facts = Facts(reads=(DataUse("bescheid"),), writes=(DataUse("ablage"),))
    process = draw(TWICE)
    nodes = tuple(replace(n, name="Ablegen", facts=facts) if n.id in "bc" else n for n in process.nodes)
    analysis = analyse(two_pools(replace(process, nodes=nodes)), select=("RS01",))
    assert [found.finding.element_ids for found in analysis.findings] == [("b", "c")]


def test_two_sound_pools_give_nothing():
    assert analyse(two_pools(draw(TWICE)), select=("FL01", "FL03", "FL04")).findings == ()
