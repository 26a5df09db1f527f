"""The unfolded token game against traces written by hand from BPMN 2.0.2: repetition (13.3.6, 13.3.7), ad-hoc (13.3.5),
complex gateways (13.4.5), compensation (13.5.5), called processes (13.3.4). Verdicts as in `test_tokens`."""

from __future__ import annotations

import random

import pytest

from bpm.model.calls import inline_calls
from bpm.model.process import Process
from bpm.model.replay import replay
from bpm.model.tokens import TokenGame
from bpm.model.whole import WholeGame
from tests.properties.processes import EXTRA, KINDS, damaged, generate
from tests.unit.tokens.drawing import draw
from tests.unit.tokens.test_tokens import TRACES as FOLDED
from tests.unit.tokens.test_tokens import observed

TASK = "start s : a\ntask a {} : b\ntask b : e\nend e"
SUB = "start s : S\nsub S {} : b\ntask x in S : y\ntask y in S\ntask b : e\nend e"
ADHOC = "start s : A\nadhoc A {} : b\ntask u in A\ntask v in A : w\ntask w in A\ntask b : e\nend e"
TIMED = TASK.format("mi=2") + "\nboundary.timer t on a : c\ntask c : f\nend f"
CALM = TASK.format("mi=2") + "\nboundary.timer t on a calm : c\ntask c : f\nend f"
COMPLEX = "start s : x\nand x : a b c\ntask a : g\ntask b : g\ntask c : g\ncomplex g {} : d\ntask d : e\nend e"
COMPLEX_LOOP = "start s : m\nxor m : x\nand x : a b\ntask a : g\ntask b : g\ncomplex g if=1 : w\nxor w : m e\nend e"
COMPLEX_OR = "start s : x\nor x : a? b? c?\ntask a : g\ntask b : g\ntask c : g\ncomplex g if=2 : d\ntask d : e\nend e"
UNDO = (
    "start s : a\ntask a : b\nboundary.compensate ka on a : ua\ntask.undo ua\n"
    "task b : t\nboundary.compensate kb on b : ub\ntask.undo ub\nthrow.compensate t {} : c\ntask c : e\nend e"
)
UNDO_END = UNDO.format("").replace("throw.compensate t  : c\ntask c : e\nend e", "end.compensate t")
UNDO_BESIDE = (
    "start s : x\nand x : a b\ntask a : y\nboundary.compensate ka on a : ua\ntask.undo ua\n"
    "task b : y\nboundary.compensate kb on b : ub\ntask.undo ub\nand y : t\nthrow.compensate t : e\nend e"
)
UNDO_LOOP = (
    "start s : m\nxor m : a\ntask a : x\nboundary.compensate k on a : u\ntask.undo u\nxor x : m t\n"
    "throw.compensate t : e\nend e"
)
UNDO_SUB = (
    "start s : S\nsub S : t\ntask a in S\nboundary.compensate k in S on a : u\ntask.undo u in S\n"
    "throw.compensate t : e\nend e"
)
UNDO_WHOLE = (
    "start s : S\nsub S : t\ntask a in S\nesub E in S\nstart.compensate i in E : h\ntask h in E\n"
    "throw.compensate t : e\nend e"
)
CANCEL = (
    "start s : S\nsub.transaction S : c\nstart i in S : a\ntask a in S : x\n"
    "boundary.compensate k in S on a : u\ntask.undo u in S\nxor x in S : j z\nend j in S\nend.cancel z in S\n"
    "boundary.cancel h on S : d\ntask c : e\ntask d : e\nend e"
)

TRACES = [
    (TASK.format("loop"), "a b e", "over"),
    (TASK.format("loop"), "a a a b e", "over"),
    (TASK.format("loop"), "b e", "never"),
    (TASK.format("loop0"), "b e", "over"),
    (TASK.format("loop0"), "a a b e", "over"),
    (TASK.format("mi"), "b e", "over"),
    (TASK.format("mi"), "a a a a a a a b e", "over"),
    (TASK.format("seq"), "a a b e", "over"),
    (TASK.format("mi=3"), "a a a b e", "over"),
    (TASK.format("mi=3"), "a a b", "never"),
    (TASK.format("mi=3"), "a a a a", "never"),
    (TASK.format("seq=2"), "a a b e", "over"),
    (TASK.format("seq=2"), "a b", "never"),
    (TASK.format("mi=3 early"), "a b e", "over"),
    (TASK.format("mi=3 early"), "a a a b e", "over"),
    (TASK.format("mi=3 early"), "b", "never"),
    (TASK.format("mi=3 early"), "a a a a", "never"),
    (TASK.format("mi=0"), "b e", "over"),
    (TASK.format("mi=0"), "a", "never"),
    (TIMED, "a t c f", "over"),
    (TIMED, "a t a", "never"),
    (TIMED, "a a b e", "over"),
    (TIMED, "a a t", "never"),
    (CALM, "a t a b c e f", "over"),
    (SUB.format("mi=2"), "x x y y S S b e", "over"),
    (SUB.format("mi=2"), "x y S x y S b e", "over"),
    (SUB.format("mi=2"), "x y S b", "never"),
    (SUB.format("seq=2"), "x x", "never"),
    (SUB.format("seq"), "x y S x y S b e", "over"),
    (SUB.format("seq"), "b e", "over"),
    (SUB.format("loop"), "x y S x y S b e", "over"),
    (SUB.format("loop"), "b", "never"),
    (SUB.format("loop0"), "b e", "over"),
    (SUB.format("mi=2 early"), "x x y S b e", "over"),
    (ADHOC.format(""), "A b e", "over"),
    (ADHOC.format(""), "u A b e", "over"),
    (ADHOC.format(""), "v w u u A b e", "over"),
    (ADHOC.format(""), "v u w A b e", "over"),
    (ADHOC.format(""), "w", "never"),
    (ADHOC.format(""), "v A", "never"),
    (ADHOC.format(""), "u A u", "never"),
    (ADHOC.format("seq"), "u v w A b e", "over"),
    (ADHOC.format("seq"), "v u", "never"),
    (ADHOC.format("early"), "v A b e", "over"),
    (COMPLEX.format("if=2"), "a b d e c", "over"),
    (COMPLEX.format("if=2"), "a b c d e", "over"),
    (COMPLEX.format("if=2"), "a b d e", "open"),
    (COMPLEX.format("if=2"), "a d", "never"),
    (COMPLEX.format("if=2"), "a b d c d", "never"),
    (COMPLEX.format("if=3"), "a b d", "never"),
    (COMPLEX.format("if=3"), "a b c d e", "over"),
    (COMPLEX.format("if=1"), "c d e a b", "over"),
    (COMPLEX.format(""), "c d e a b", "over"),
    (COMPLEX.format(""), "a b c d e", "over"),
    (COMPLEX_LOOP, "a b e", "over"),
    (COMPLEX_LOOP, "a b a b e", "over"),
    (COMPLEX_OR, "a b d e", "over"),
    (COMPLEX_OR, "a d", "never"),
    (COMPLEX_OR, "a", "open"),
    (UNDO.format(""), "a b ub ua t c e", "over"),
    (UNDO.format(""), "a b ua", "never"),
    (UNDO.format(""), "a b ub t", "never"),
    (UNDO.format(""), "a ua", "never"),
    (UNDO.format("ref=a"), "a b ua t c e", "over"),
    (UNDO.format("ref=a"), "a b ub", "never"),
    (UNDO_END, "a b ub ua t", "over"),
    (UNDO_BESIDE, "a b ub ua t e", "over"),
    (UNDO_BESIDE, "b a ua ub t e", "over"),
    (UNDO_BESIDE, "b a ub", "never"),
    (UNDO_LOOP, "a a u u t e", "over"),
    (UNDO_LOOP, "a a u t", "never"),
    (UNDO_SUB, "a S u t e", "over"),
    (UNDO_SUB, "a S t", "never"),
    (UNDO_WHOLE, "a S h E t e", "over"),
    (CANCEL, "a u z d e", "over"),
    (CANCEL, "a z", "never"),
    (CANCEL, "a j S c e", "over"),
    (CANCEL, "a u z c", "never"),
]


@pytest.mark.parametrize(("text", "trace", "verdict"), TRACES)
def test_the_whole_game_knows_which_traces_a_model_has(text: str, trace: str, verdict: str):
    game = WholeGame(draw(text))
    seen = observed(game, trace.split())
    assert replay(game, trace.split(), observed=seen).accepted == (verdict != "never")
    if verdict != "never":
        assert replay(game, trace.split(), observed=seen, complete=True).accepted == (verdict == "over")


def test_there_are_enough_traces_of_all_three_verdicts():
    verdicts = [verdict for _, _, verdict in TRACES]
    assert len(TRACES) >= 50
    assert min(verdicts.count("over"), verdicts.count("never")) >= 20


@pytest.mark.parametrize(("text", "trace", "verdict"), [row for row in FOLDED if "adhoc" not in row[0]])
def test_what_needs_no_unfolding_is_played_as_before(text: str, trace: str, verdict: str):
    game = WholeGame(draw(text))
    seen = observed(game, trace.split())
    assert replay(game, trace.split(), observed=seen).accepted == (verdict != "never")


def test_random_processes_without_such_elements_have_the_same_steps():
    rng = random.Random(11)
    for seed in range(150):
        process = damaged(generate(seed, kinds=KINDS + EXTRA, budget=8), seed, times=seed % 2).process
        folded, whole = TokenGame(process, once=True), WholeGame(process, once=True)
        state = folded.initial()
        for _ in range(40):
            steps = folded.enabled(state)
            assert steps == whole.enabled(state), seed
            if not steps:
                break
            step = rng.choice(steps)
            assert folded.fire(state, step) == whole.fire(state, step)
            state = folded.fire(state, step)


def called(text: str, id: str) -> Process:
    from dataclasses import replace

    drawn = draw(text)
    nodes = tuple(replace(node, parent=id if node.parent == "p" else node.parent) for node in drawn.nodes)
    flows = tuple(replace(flow, parent=id if flow.parent == "p" else flow.parent) for flow in drawn.flows)
    return replace(drawn, id=id, nodes=nodes, flows=flows)


def calling(text: str, **targets: str) -> Process:
    from dataclasses import replace

    drawn = draw(text)
    nodes = tuple(replace(n, called=targets[n.id]) if n.id in targets else n for n in drawn.nodes)  # type: ignore[call-arg]
    return replace(drawn, nodes=nodes)


def test_a_called_process_of_the_same_file_is_played_inside():
    main = calling("start s : C\ncall C : b\ntask b : e\nend e", C="q")
    inner = called("start s : x\nxor x : a? b!\ntask a : e\ntask b : e\nend e", "q")
    game = WholeGame(inline_calls(main, {"q": inner}))
    assert game.foreign() == ()
    tasks = frozenset({"b", "C/a", "C/b"})
    assert replay(game, ["C/a", "b"], observed=tasks, complete=True).accepted
    assert not replay(game, ["b"], observed=tasks).accepted
    assert not replay(game, ["C/a", "C/b"], observed=tasks).accepted


def test_an_error_of_a_called_process_reaches_the_calling_one():
    main = calling("start s : C\ncall C : b\ntask b : e\nend e\nboundary.error=E1 h on C : d\ntask d : f\nend f", C="q")
    inner = called("start s : a\ntask a : k\nend.error=E1 k", "q")
    game = WholeGame(inline_calls(main, {"q": inner}))
    assert replay(game, ["C/a", "C/k", "d"], observed=frozenset({"C/a", "C/k", "b", "d"}), complete=True).accepted
    assert not replay(game, ["C/a", "C/k", "b"], observed=frozenset({"C/a", "C/k", "b", "d"})).accepted


def test_a_process_that_calls_itself_is_played_once():
    main = calling("start s : C\ncall C : e\nend e", C="p")
    assert inline_calls(main, {"p": main}) == main
    other = calling("start s : D\ncall D : e\nend e", D="q")
    inner = called("start s : F\ncall F : e\nend e", "q")
    from dataclasses import replace

    inner = replace(inner, nodes=tuple(replace(n, called="q") if n.id == "F" else n for n in inner.nodes))  # type: ignore[call-arg]
    game = WholeGame(inline_calls(other, {"q": inner}))
    assert replay(game, ["D/F"], complete=True).accepted
