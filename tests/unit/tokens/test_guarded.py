"""The token game with an eye on the data: runs that no data allow are left out, and no others."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from bpm.analyser.soundness import Changes, examine
from bpm.model.graph import Graph
from bpm.model.guarded import GuardedGame
from bpm.model.process import Expression, Process
from bpm.model.replay import replay
from bpm.model.whole import WholeGame
from tests.properties.processes import damaged, generate
from tests.unit.tokens.drawing import draw

TWICE = (
    "start s : x\nxor x : a? b!\ntask a : y\ntask b : y\nxor y : m\ntask m : z\nxor z : c? d!\n"
    "task c : e\ntask d : e\nend e"
)
JOINED = (
    "start s : p\nand p : g h\nxor g : a? e1!\nend e1\nxor h : b? e2!\nend e2\ntask a : j\ntask b : j\nand j : e\nend e"
)


def guarded(text: str, **conditions: str) -> Process:
    """A drawn process; `x__a="zone = 1"` is the condition of the flow from x to a."""
    process = draw(text)
    texts = {name.replace("__", ">"): text for name, text in conditions.items()}
    flows = (replace(f, condition=Expression(texts[f.id])) if f.id in texts else f for f in process.flows)
    return replace(process, flows=tuple(flows))


def accepts(process: Process, trace: str, **options: object) -> bool:
    return replay(GuardedGame(process, once=True, **options), trace.split(), complete=True).accepted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "trace", "possible"),
    [
        ("k", "k", "a m c", True),
        ("k", "k", "a m d", False),
        ("k", "k", "b m c", False),
        ("k = true", "not(k)", "a m c", False),
        ('zone = "A"', 'zone = "B"', "a m c", False),
        ('zone = "A"', 'zone = "B"', "b m c", True),
        ('zone = "A"', 'zone = "B"', "b m d", True),
        ('zone != "A"', 'zone = "A"', "a m c", False),
        ("n > 5", "n > 3", "a m d", False),
        ("n > 5", "n > 3", "b m c", True),
        ("n > 5", "n < 5", "b m d", True),
        ("n between 1 and 3", "n = 2", "b m c", False),
        ("n between 1 and 3", "n = 2", "a m d", True),
        ("n > 5 and k", "k", "a m d", False),
        ("n > 5 or k", "k", "a m d", True),
        ("n = null", "n > 0", "a m c", False),
        ("${n > 5}", "n > 3", "a m d", False),
        ("string length(z) > 3", "string length(z) > 3", "a m d", True),
        ("n > grenze", "n > grenze", "a m d", True),
    ],
)
def test_two_guards_on_one_datum_do_not_contradict_each_other(first: str, second: str, trace: str, possible: bool):
    process = guarded(TWICE, x__a=first, z__c=second)
    assert accepts(process, trace) is possible
    assert replay(WholeGame(process), trace.split(), complete=True).accepted


def test_a_step_that_writes_the_datum_or_records_nothing_opens_everything_again():
    process = guarded(TWICE, x__a="k", z__c="k")
    assert not accepts(process, "a m d")
    assert accepts(process, "a m d", writes={"m": {"k"}})
    assert not accepts(process, "a m d", writes={"m": {"other"}})
    assert accepts(process, "a m d", forgets={"m"})


def test_where_no_condition_holds_the_diagram_decides():
    process = guarded(TWICE.replace("b!", "b?"), x__a="n > 5", x__b="n > 7", z__c="n > 9")
    assert accepts(process, "a m d")
    assert accepts(process, "b m d")
    assert not accepts(process, "b m c")


def test_a_deadlock_that_no_data_allow_is_not_reported():
    nothing = Changes({}, frozenset())
    same = guarded(JOINED, g__a="k", h__b="k")
    assert examine(same).deadlock is not None
    assert examine(same, changes=lambda: nothing).sound
    other = guarded(JOINED, g__a="k", h__b="q")
    assert examine(other, changes=lambda: nothing).deadlock is not None
    assert examine(same, changes=lambda: Changes({}, frozenset(), frozenset({"k"}))).deadlock is not None


def test_a_deadlock_stays_if_the_datum_may_change_between_the_guards():
    text = JOINED.replace("xor h", "task w : h\nxor h").replace("and p : g h", "and p : g w")
    process = guarded(text, g__a="k", h__b="k")
    assert examine(process, changes=lambda: Changes({}, frozenset())).sound
    assert examine(process, changes=lambda: Changes({"w": {"k"}}, frozenset())).deadlock is not None
    assert examine(process, changes=lambda: Changes({}, frozenset({"w"}))).deadlock is not None


def test_a_run_of_this_game_is_a_run_of_the_diagram_and_drawn_data_find_theirs():
    rng = random.Random(3)
    for seed in range(80):
        drawn = generate(seed, depth=2, budget=8)
        process = damaged(drawn, seed, times=seed % 2).process
        game, plain = GuardedGame(process, once=True), WholeGame(process, once=True)
        assert game.graph.process is process
        state, bare = game.initial(), plain.initial()
        for _ in range(40):
            steps = game.enabled(state)
            allowed = {step._replace(shows=()) for step in steps}
            assert allowed <= set(plain.enabled(bare)), seed
            if not steps:
                break
            step = rng.choice(steps)
            state, bare = game.fire(state, step), plain.fire(bare, step._replace(shows=()))
            assert state._replace(known=()) == bare


def test_graph_and_process_are_taken_alike():
    process = guarded(TWICE, x__a="k", z__c="k")
    assert GuardedGame(Graph(process)).classes == GuardedGame(process).classes
