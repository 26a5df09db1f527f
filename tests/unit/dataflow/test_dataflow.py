"""What steps read and write, what must keep its order, and what an outcome rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpm.analyser.concurrency import Concurrency
from bpm.analyser.dataflow import DataFlow
from bpm.analyser.datause import item_name, names_in
from bpm.analyser.exploration import TooManyStates, explore
from bpm.analyser.given import Given
from bpm.analyser.net import compile_net
from bpm.model.process import Expression
from bpm.model.reader import read
from bpm.model.tokens import TokenGame
from tests.properties.processes import EXTRA, KINDS, damaged, generate
from tests.unit.dataflow.models import flow

LINE = "start s : a\ntask a : b\ntask b : c\ntask c : e\nend e"
BOTH = "start s : x\nand x : a b\ntask a : y\ntask b : y\nand y : c\ntask c : e\nend e"
CHOICE = "start s : x\nxor x : a? b!\ntask a : y\ntask b : y\nxor y : c\ntask c : e\nend e"
PROCEDURES = Path(__file__).resolve().parents[3] / "processes" / "muenchen"


def procedure(name: str) -> DataFlow:
    return Given(read(PROCEDURES / name)[0]).dataflows[0]


def test_a_step_reads_what_its_decision_form_and_record_say():
    dogs = procedure("hundesteuer")
    assert dogs.reads("hundeart_bestimmen") == {"rasse", "negativzeugnis"}
    assert dogs.writes("hundeart_bestimmen") == {"hundeart"}
    assert {"name", "rasse", "bankverbindung"} <= dogs.writes("hund_anmelden")
    assert dogs.reads("gw_kampfhund") == {"hundeart"}
    assert {use.said for use in dogs.uses["hund_anmelden"]} == {"step", "form"}


def test_what_is_not_said_is_not_recorded():
    line = flow(LINE, a="> x", b="x")
    assert (line.recorded("a"), line.recorded("b"), line.recorded("c")) == (True, True, False)
    assert not line.complete
    assert flow(LINE, a="> x", b="x", c="x").complete


def test_a_part_counts_as_the_whole_and_a_time_names_no_datum():
    assert item_name("antrag.betrag") == "antrag"
    assert item_name("Nachweis Nr. 5") == "Nachweis Nr. 5"
    assert names_in(Expression("antrag.betrag > 5 and zone = null")) == {"antrag", "zone"}
    assert names_in(Expression("${betrag > 5}", "juel")) == {"betrag"}
    for time in ("P14D", "PT1H", "R3/P1D", "2026-01-31T08:00:00", "0 0 12 * * ?"):
        assert names_in(Expression(time)) == frozenset()


def test_steps_depend_on_each_other_where_one_writes_what_the_other_uses():
    line = flow(LINE, a="> x", b="x > y", c="y")
    assert line.depends("a", "b") == {"x"}
    assert line.depends("b", "a") == {"x"}
    assert line.depends("a", "c") == frozenset()
    assert flow(LINE, a="x", b="x").depends("a", "b") == frozenset()
    assert flow(LINE, a="> x", b="> x").depends("a", "b") == {"x"}
    assert flow(LINE, a="x", b=">> x").depends("a", "b") == {"x"}


def test_a_value_reaches_its_readers_unless_it_is_overwritten():
    line = flow(LINE, a="> x", b="> x", c="x")
    assert line.readers("a", "x") == ()
    assert line.readers("b", "x") == ("c",)
    assert line.writers("c", "x") == ("b",)
    choice = flow(CHOICE, a="> x", b="x", c="x")
    assert choice.readers("a", "x") == ("c",)
    assert flow(BOTH, a="> x", b="x", c="x").readers("a", "x") == ("b", "c")


def test_a_step_in_a_loop_reads_what_it_wrote_before():
    loop = flow("start s : m\nxor m : a\ntask a : w\nxor w : m e\nend e", a="x > x")
    assert loop.readers("a", "x") == ("a",)
    assert flow(LINE, a="x > x").readers("a", "x") == ()


def test_branches_of_a_parallel_gateway_are_concurrent_and_those_of_a_choice_are_not():
    assert flow(BOTH).concurrent("a", "b")
    assert not flow(BOTH).concurrent("a", "c")
    assert not flow(CHOICE).concurrent("a", "b")
    assert flow(
        "start s : a\ntask a : b\nboundary.timer t on a calm : r\ntask r : f\nend f\ntask b : e\nend e"
    ).concurrent("b", "r")
    inside = flow("start s : A\nsub A : c\nstart i in A : x\ntask x in A : f\nend f in A\ntask c : e\nend e")
    assert not inside.concurrent("x", "c")
    assert not inside.concurrent("x", "A")


def together(process) -> set[tuple[int, int]] | None:  # type: ignore[no-untyped-def]
    """Pairs of places that some reachable marking holds together; None if a place gets two tokens or there are many."""
    try:
        found = explore(compile_net(TokenGame(process, once=True)), 2000)
    except TooManyStates:
        return None
    if found.double is not None:
        return None
    pairs: set[tuple[int, int]] = set()
    for state in range(len(found.states)):
        marked = found.marked(state)
        pairs.update((p, q) for p in marked for q in marked if p < q)
    return pairs


def test_the_concurrency_relation_holds_every_pair_of_places_marked_together():
    exact = seen = 0
    for seed in range(120):
        kinds = KINDS + EXTRA if seed % 3 == 0 else KINDS
        drawn = generate(seed, kinds=kinds, depth=2, budget=7)
        process = damaged(drawn, seed, times=seed % 2).process
        real = together(process)
        if real is None:
            continue
        net = compile_net(TokenGame(process, once=True))
        relation = Concurrency(net)
        places = sorted({p for t in net.transitions.values() for p in t.need | t.gives()} - net.memory)
        claimed = {(p, q) for p in places for q in places if p < q and relation.together(p, q)}
        assert real <= claimed, seed
        seen += 1
        exact += real == claimed
    assert seen >= 60
    assert exact >= seen * 0.6, (exact, seen)


def test_the_slice_holds_what_an_outcome_rests_on_and_nothing_else():
    line = flow(LINE, a="> x", b="> y", c="x > z")
    assert line.slice({"c"}) == {"a", "c"}
    assert line.slice({"e"}) == {"e"}
    chain = flow(LINE, a="> x", b="x > y", c="y")
    assert chain.slice({"c"}) == {"a", "b", "c"}


def test_a_choice_between_ends_is_part_of_their_slice_and_so_is_what_it_asks():
    text = "start s : a\ntask a : x\nxor x : e? f!\nend e\nend f"
    ends = flow(text, a="> wahl")
    assert ends.slice({"e", "f"}) == {"a", "x", "e", "f"}


def test_a_choice_whose_ways_meet_again_matters_only_if_something_needed_is_on_one_of_them():
    text = "start s : q\ntask q : x\nxor x : a? b!\ntask a : y\ntask b : y\nxor y : c\ntask c : e\nend e"
    assert "x" not in flow(text, q="> wahl").slice({"e"})
    assert flow(text, q="> wahl", a="> z", c="z").slice({"c"}) == {"q", "x", "a", "c"}


def test_a_loop_that_changes_nothing_is_not_needed_and_one_that_does_is():
    text = "start s : m\nxor m : a\ntask a : w\nxor w : m? e!\nend e"
    assert flow(text, a="> wahl").slice({"e"}) == {"e"}
    assert flow(text.replace("e!", "c!") + "\ntask c : e", a="wahl > wahl", c="wahl").slice({"c"}) >= {"a", "w", "c"}


def test_outcomes_messages_and_duties_are_what_steps_are_for():
    permit = procedure("bewohnerparkausweis")
    assert set(permit.outcomes) >= {node.id for node in permit.graph.process.nodes if node.type == "endEvent"}
    assert permit.messages
    assert permit.duties
    assert set(permit.outcomes) | set(permit.messages) | set(permit.duties) <= permit.needed


@pytest.mark.parametrize("name", ["bewohnerparkausweis", "dienstreise", "hundesteuer", "wohnsitzanmeldung"])
def test_whatever_a_procedure_decides_by_is_needed(name: str):
    found = procedure(name)
    for node in found.graph.process.nodes:
        if node.type == "exclusiveGateway" and node.id in found.needed:
            for item in found.reads(node.id):
                assert set(found.writers(node.id, item)) <= found.needed
