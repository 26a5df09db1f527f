"""Missing, lost, inconsistent and destroyed data, on runs the diagram allows."""

from __future__ import annotations

from dataclasses import replace

from bpm.analyser.dataflaws import Flaw, Flaws, Undecided
from bpm.analyser.dataflow import DataFlow
from bpm.analyser.effects import acts_outward
from bpm.analyser.given import Given
from bpm.model.graph import Graph
from bpm.model.procedure import Procedure
from bpm.model.process import DataAssociation, DataElement, ScriptTask, ServiceTask, UserTask
from tests.benchmarks.soundness import thousand
from tests.unit.dataflow.models import flow
from tests.unit.dataflow.test_dataflow import BOTH, CHOICE, LINE
from tests.unit.tokens.drawing import draw


def flaws(text: str, **data: str) -> list[tuple[str, ...]]:
    return [(it.kind, it.item, *it.elements) for it in Flaws(flow(text, **data)).find() if isinstance(it, Flaw)]


def test_what_is_read_only_before_it_is_written_is_missing():
    assert flaws(LINE, s="> q", a="x", b="> x", c="q") == [("missing", "x", "a")]
    assert flaws(LINE, s="> q", a="> x", b="x", c="q") == []


def test_a_parallel_writer_is_surely_done_before_the_join_goes_on():
    assert flaws(BOTH, s="> q", a="> x", b="q", c="x") == []


def test_people_cope_with_what_only_one_way_gives():
    assert flaws(CHOICE, s="> q wahl", a="> x", b="q", c="x") == []


def test_a_datum_nobody_writes_is_missing_only_if_everything_is_recorded():
    assert flaws(LINE, s="> q", a="x", b="q", c="q") == [("missing", "x", "a")]
    assert flaws(LINE, a="x", b="> q", c="q") == []
    assert flaws(LINE, s="> q", a="x", b="q") == []


def test_a_step_that_records_nothing_may_have_written_it():
    found = list(Flaws(flow(LINE, s="> q", b="x", c="> x")).find())
    assert found == [Undecided("x", "a", "unrecorded")]


def test_a_guard_without_default_needs_its_datum():
    text = "start s : x\nxor x : a b\ntask a : y\ntask b : y\nxor y : z\nxor z : e? f?\nend e\nend f"
    assert flaws(text, s="> q", a="> wahl", b="q") == [("missing", "wahl", "z", "a")]
    assert flaws(text.replace("f?", "f!"), s="> q", a="> wahl", b="q") == []


def test_a_value_overwritten_unread_is_lost():
    assert flaws(LINE, s="> q", a="q > x", b="q > x", c="x") == [("lost", "x", "a", "b")]
    assert flaws(LINE, s="> q", a="q > x", b="x > x", c="x") == []
    assert flaws(LINE, s="> q", a="q > x", b="q > x", c="q") == []


def test_two_at_once_are_inconsistent_if_one_of_them_changes_the_datum():
    assert flaws(BOTH, s="> x", a="> x", b="x", c="x") == [("inconsistent", "x", "a", "b")]
    assert flaws(BOTH, s="> x", a="x", b="x", c="x") == []


def test_what_looks_parallel_but_is_ordered_is_not_inconsistent():
    crossing = "start s : x\nand x : a g\ntask a : h\nand h : g y\nand g : b\ntask b : y\nand y : c\ntask c : e\nend e"
    assert flaws(crossing, s="> x", a="> x", b="x", c="x") == []


def test_what_is_deleted_on_one_way_only_is_never_destroyed_on_the_other():
    text = "start s : x\nxor x : a b\ntask a : e\ntask b : f\nend e\nend f"
    assert flaws(text, s="> x", a="x>> x", b="x") == [("never-destroyed", "x", "f", "a")]
    assert flaws(text, s="> x", a="x>> x", b="x>> x") == []


def test_what_is_deleted_again_is_destroyed_twice_unless_written_between():
    assert flaws(LINE, s="> x", a="x>> x", b=">> x", c="") == [("destroyed-twice", "x", "b", "a")]
    assert flaws(LINE, s="> x", a="x>> x", b="> x", c=">> x") == []


def test_what_is_drawn_into_a_data_object_may_be_added_to_it_and_a_foreign_script_may_read_anything():
    drawn = flow(LINE, a="> x", b="> x", c="x").graph.process
    objects = (DataElement("x", "dataObject", "x", "p"),)
    into = (DataAssociation("c", True, ("x",), None),)
    out = tuple(DataAssociation(node, False, (node,), "x") for node in ("a", "b"))
    plain = draw(LINE)
    process = replace(plain, data=objects, data_associations=(*into, *out))
    assert list(Flaws(DataFlow(Procedure("p", "p", "p.bpmn", None), Graph(process))).find()) == []
    nodes = tuple(
        ScriptTask(id=n.id, type="scriptTask", parent="p", script="i++", format="groovy", facts=n.facts)
        if n.id == "b"
        else n
        for n in drawn.nodes
    )
    data = DataFlow(Procedure("p", "p", "p.bpmn", None), Graph(replace(drawn, nodes=nodes)))
    assert not data.recorded("b")
    assert [type(found) for found in Flaws(data).find()] == [Undecided]


def test_the_path_can_be_played():
    from tests.unit.soundness.test_soundness import replayable

    data = flow(BOTH, s="> x", a="> x", b="x", c="x")
    (found,) = Flaws(data).find()
    assert isinstance(found, Flaw)
    assert replayable(data.graph.process, found.path)


def test_nothing_is_said_of_models_whose_elements_are_not_interpreted():
    data = flow("start s : a\ntask a : gone\nend e", a="x > x")
    assert list(Flaws(data).find()) == [Undecided("", "p", "foreign")]


def test_wide_and_long_models_are_looked_at_in_little_time():
    wide = {f"t{i}": f"q > x{i}" for i in range(17)}
    data = flow("\n".join(_lines(17)), s="> q", **wide)
    assert list(Flaws(data).find()) == []
    model = thousand(True)
    given = Given(Procedure("p", "p", "p.bpmn", model))
    assert all(isinstance(found, Flaw | Undecided) for found in Flaws(given.dataflows[0]).find())


def _lines(number: int) -> list[str]:
    lines = ["start s : x", "and x : " + " ".join(f"t{i}" for i in range(number))]
    return [*lines, *(f"task t{i} : y" for i in range(number)), "and y : e", "end e"]


def test_an_effect_outside_is_told_by_the_label():
    def task(name: str) -> UserTask:
        return UserTask(id="a", type="userTask", parent="p", name=name)

    for name in ("Bescheid versenden", "Ausweis drucken", "Gebühr einziehen", "Betrag auszahlen", "Send notice"):
        assert acts_outward(task(name)), name
    for name in ("Kennzahl ermitteln", "Antrag prüfen", "Haushalt zeichnet mit", "Grundbuch einsehen", "Check budget"):
        assert not acts_outward(task(name)), name
    assert acts_outward(ServiceTask(id="a", type="serviceTask", parent="p", name="Prüfziffer", topic="x"))
