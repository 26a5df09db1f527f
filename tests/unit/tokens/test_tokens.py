"""The token game against traces written by hand from BPMN 2.0.2, chapter 13.

A case is (model, trace, verdict): `over` - a trace after which the case can be over without a further step; `open` - a
trace that is possible but leaves something to do; `never` - not a trace of the model. Traces name task-type nodes and
events; gateways, starts of sub-processes and flows happen silently.
"""

from __future__ import annotations

import random

import pytest

from bpm.errors import LichtungError
from bpm.model.process import Activity, Event
from bpm.model.replay import replay
from bpm.model.tokens import State, TokenGame, TooManyChoices
from tests.properties.processes import damaged, generate
from tests.unit.tokens.drawing import draw

SEQUENCE = "start s : a\ntask a : b\ntask b : e\nend e"
EXCLUSIVE = "start s : x\nxor x : a b!\ntask a : y\ntask b : y\nxor y : c\ntask c : e\nend e"
PARALLEL = "start s : x\nand x : a b\ntask a : y\ntask b : y\nand y : c\ntask c : e\nend e"
INCLUSIVE = "start s : x\nor x : a? b? c!\ntask a : y\ntask b : y\ntask c : y\nor y : d\ntask d : e\nend e"
MERGE = "start s : x\nand x : a b\ntask a : c\ntask b : c\ntask c : e\nend e"
IMPLICIT = "start s : a\ntask a : b c\ntask b : e\ntask c : e\nend e"
CONDITIONAL = "start s : a\ntask a : b? c? d!\ntask b : e\ntask c : e\ntask d : e\nend e"
ALWAYS = "start s : a\ntask a : b c?\ntask b : e\ntask c : e\nend e"
REST = "start s : a\ntask a : b c!\ntask b : e\ntask c : e\nend e"
LOOP = "start s : m\nxor m : a\ntask a : x\nxor x : b? e!\ntask b : m\nend e"
SUB = "start s : S\nsub S : c\nstart i in S : a\ntask a in S : b\ntask b in S : j\nend j in S\ntask c : e\nend e"
SUB_BARE = "start s : S\nsub S : c\ntask a in S\ntask b in S\ntask c : e\nend e"
SUB_STARTS = "start s : S\nsub S : c\nstart i in S : a\nstart j in S : b\ntask a in S\ntask b in S\ntask c : e\nend e"
SUB_LATE = SUB + "\nboundary.timer t on S : d\ntask d : f\nend f"
SUB_CALM = SUB + "\nboundary.timer t on S calm : d\ntask d : f\nend f"
SUB_EMPTY = "start s : S\nsub S : c\ntask c : e\nend e"
TASK_LATE = "start s : a\ntask a : b\nboundary.timer t on a : c\ntask b : e\ntask c : e\nend e"
TASK_CALM = "start s : a\ntask a : b\nboundary.message t on a calm : c\ntask b : e\ntask c : f\nend e\nend f"
EVENTS = "start s : g\nevent g : m t\ncatch.message m : a\ncatch.timer t : b\ntask a : e\ntask b : e\nend e"
RECEIVE = "start s : g\nevent g : r t\nreceive r : a\ncatch.timer t : b\ntask a : e\ntask b : e\nend e"
TERMINATE = "start s : x\nand x : a b\ntask a : e\ntask b : f\nend.terminate e\nend f"
SUB_TERMINATE = (
    "start s : x\nand x : S d\nsub S : c\nand y in S : a b\ntask a in S : k\ntask b in S\nend.terminate k in S\n"
    "task c\ntask d"
)
TWO_STARTS = "start s : a\nstart.message m : b\ntask a : e\ntask b : e\nend e"
NO_START = "task a : c\ntask b : c\ntask c : e\nend e"
ERROR = (
    "start s : S\nsub S : c\nstart i in S : a\ntask a in S : x\nxor x in S : j k\nend j in S\nend.error=E1 k in S\n"
    "boundary.error=E1 h on S : d\ntask c : e\ntask d : e\nend e"
)
ERROR_OTHER = ERROR.replace("boundary.error=E1 h", "boundary.error=E2 g on S : w\ntask w : e\nboundary.error h")
ERROR_LOOSE = "start s : x\nand x : a b\ntask a : e\ntask b : f\nend.error=E1 e\nend f"
ERROR_OUT = (
    "start s : S\nsub S : c\nsub T in S : b\nstart i in S : T\ntask a in T : k\nend.error=E1 k in T\ntask b in S\n"
    "boundary.error=E1 h on S : d\ntask c : e\ntask d : e\nend e"
)
ESCALATION = (
    "start s : S\nsub S : c\nstart i in S : a\ntask a in S : k\nthrow.escalation=X k in S : b\ntask b in S\n"
    "boundary.escalation=X h on S calm : d\ntask c : e\ntask d : f\nend e\nend f"
)
LISTENER = "start s : a\ntask a : b\ntask b : e\nend e\nesub E\nstart.message m in E : h\ntask h in E"
LISTENER_CALM = LISTENER.replace("m in E :", "m in E calm :")
RETHROW = (
    "start s : S\nsub S : c\nstart i in S : a\ntask a in S : k\nend.escalation=X k in S\n"
    "esub E in S\nstart.escalation=X m in E calm : h\ntask h in E : n\nend.escalation=X n in E\n"
    "boundary.escalation=X o on S : d\ntask c : e\ntask d : e\nend e"
)
LINK = "start s : a\ntask a : t\nthrow.link=L t\ncatch.link=L c : b\ntask b : e\nend e"
CANCEL = (
    "start s : S\nsub.transaction S : c\nstart i in S : a\ntask a in S : x\nxor x in S : j k\nend j in S\n"
    "end.cancel k in S\nboundary.cancel h on S : d\ntask c : e\ntask d : e\nend e"
)
CALL = "start s : C\ncall C : A\nadhoc A : e\ntask u in A\ntask v in A\nend e"
UNDO = "start s : a\ntask a : e\nboundary.compensate k on a\ntask.undo u\nend e"
NESTED = "start s : S\nsub S : e\nsub T in S\nsub U in T\ntask a in U\nend e"
OR_LATE = "start s : x\nor x : a? b?\ntask a : c\ntask c : y\ntask b : y\nor y : d\ntask d : e\nend e"
OR_SKIP = "start s : x\nor x : a? y?\ntask a : y\nor y : d\ntask d : e\nend e"
OR_XOR = "start s : p\nand p : a b\ntask a : q\nxor q : y e1\nend e1\ntask b : y\nor y : d\ntask d : e\nend e"
OR_BOUNDARY = "start s : x\nand x : a b\ntask a : e\nboundary.timer t on a : y\ntask b : y\nor y : d\ntask d : e\nend e"
AND_TWICE = "start s : x\nand x : a b c\ntask a : m\ntask b : m\nxor m : y\ntask c : y\nand y : d\ntask d : e\nend e"
DEADLOCK = "start s : x\nxor x : a b\ntask a : y\ntask b : y\nand y : c\ntask c : e\nend e"
LOOSE_GATE = "start s : x\nand x : a g\nxor g\ntask a : e\nend e"
INSTANTIATE = "event.instantiate g : m t\ncatch.message m : a\ncatch.message t : b\ntask a : e\ntask b : e\nend e"

TRACES = [
    (SEQUENCE, "a b e", "over"),
    (SEQUENCE, "a b", "open"),
    (SEQUENCE, "", "open"),
    (SEQUENCE, "b", "never"),
    (SEQUENCE, "a a", "never"),
    (EXCLUSIVE, "a c e", "over"),
    (EXCLUSIVE, "b c e", "over"),
    (EXCLUSIVE, "a b", "never"),
    (PARALLEL, "a b c e", "over"),
    (PARALLEL, "b a c e", "over"),
    (PARALLEL, "a c", "never"),
    (PARALLEL, "a b c c", "never"),
    (INCLUSIVE, "a d e", "over"),
    (INCLUSIVE, "b a d e", "over"),
    (INCLUSIVE, "c d e", "over"),
    (INCLUSIVE, "a c", "never"),
    (INCLUSIVE, "a d b", "never"),
    (INCLUSIVE, "a b d d", "never"),
    (MERGE, "a c b c e e", "over"),
    (MERGE, "a b c c e e", "over"),
    (MERGE, "a b c e", "open"),
    (MERGE, "a c c", "never"),
    (IMPLICIT, "a c b e e", "over"),
    (IMPLICIT, "a b e", "open"),
    (CONDITIONAL, "a d e", "over"),
    (CONDITIONAL, "a b c e e", "over"),
    (CONDITIONAL, "a c e", "over"),
    (CONDITIONAL, "a b d", "never"),
    (ALWAYS, "a b e", "over"),
    (ALWAYS, "a c b e e", "over"),
    (ALWAYS, "a c e", "open"),
    (REST, "a b e", "over"),
    (REST, "a c", "never"),
    (LOOP, "a e", "over"),
    (LOOP, "a b a b a e", "over"),
    (LOOP, "a a", "never"),
    (SUB, "a b j S c e", "over"),
    (SUB, "a S", "never"),
    (SUB, "a b c", "never"),
    (SUB_BARE, "b a S c e", "over"),
    (SUB_BARE, "a S", "never"),
    (SUB_STARTS, "s j b i a S c e", "over"),
    (SUB_STARTS, "s i a S", "never"),
    (SUB_LATE, "a t d f", "over"),
    (SUB_LATE, "t d f", "over"),
    (SUB_LATE, "a t b", "never"),
    (SUB_LATE, "a b j S c t", "never"),
    (SUB_CALM, "a t b d f j S c e", "over"),
    (SUB_CALM, "a t t d d b j S c e f f", "over"),
    (SUB_CALM, "a b j S t", "never"),
    (SUB_EMPTY, "S c e", "over"),
    (TASK_LATE, "t c e", "over"),
    (TASK_LATE, "a b e", "over"),
    (TASK_LATE, "a c", "never"),
    (TASK_LATE, "t a", "never"),
    (TASK_CALM, "t a c b f e", "over"),
    (TASK_CALM, "t a b e", "open"),
    (TASK_CALM, "a t", "never"),
    (EVENTS, "m a e", "over"),
    (EVENTS, "t b e", "over"),
    (EVENTS, "m t", "never"),
    (EVENTS, "m b", "never"),
    (RECEIVE, "r a e", "over"),
    (RECEIVE, "t r", "never"),
    (TERMINATE, "a e", "over"),
    (TERMINATE, "b f a e", "over"),
    (TERMINATE, "a e b", "never"),
    (SUB_TERMINATE, "a k S d c", "over"),
    (SUB_TERMINATE, "a k b", "never"),
    (SUB_TERMINATE, "b a k S c", "open"),
    (TWO_STARTS, "s a e", "over"),
    (TWO_STARTS, "m b e", "over"),
    (TWO_STARTS, "s b", "never"),
    (TWO_STARTS, "s a m", "never"),
    (NO_START, "b a c c e e", "over"),
    (NO_START, "a c e", "open"),
    (ERROR, "a j S c e", "over"),
    (ERROR, "a k d e", "over"),
    (ERROR, "a k S", "never"),
    (ERROR, "h d e", "over"),
    (ERROR_OTHER, "a k d e", "over"),
    (ERROR_OTHER, "a k w", "never"),
    (ERROR_LOOSE, "a e", "over"),
    (ERROR_LOOSE, "a e b", "never"),
    (ERROR_OUT, "a k d e", "over"),
    (ERROR_OUT, "a k b", "never"),
    (ESCALATION, "a k d b S c e f", "over"),
    (ESCALATION, "a k b S c e", "open"),
    (ESCALATION, "h", "never"),
    (LISTENER, "s a m h E", "over"),
    (LISTENER, "s a m b", "never"),
    (LISTENER, "s a m m", "never"),
    (LISTENER_CALM, "s a m b e h E", "over"),
    (LISTENER_CALM, "s a m b e", "open"),
    (LISTENER_CALM, "s a b e m", "never"),
    (RETHROW, "a k h n d e", "over"),
    (RETHROW, "a k h n h", "never"),
    (LINK, "a t c b e", "over"),
    (LINK, "b", "never"),
    (CANCEL, "a k d e", "over"),
    (CANCEL, "a j S c e", "over"),
    (CANCEL, "h", "never"),
    (CALL, "C A e", "over"),
    (CALL, "C u", "never"),
    (UNDO, "a e", "over"),
    (UNDO, "k", "never"),
    (UNDO, "u", "never"),
    (NESTED, "a U T S e", "over"),
    (NESTED, "a S", "never"),
    (OR_LATE, "a b c d e", "over"),
    (OR_LATE, "b d e", "over"),
    (OR_LATE, "a b d", "never"),
    (OR_SKIP, "d e", "over"),
    (OR_SKIP, "a d e", "over"),
    (OR_XOR, "b d", "never"),
    (OR_XOR, "b a d e", "over"),
    (OR_XOR, "b a e1 d e", "over"),
    (OR_BOUNDARY, "b d t", "never"),
    (OR_BOUNDARY, "b a e d e", "over"),
    (OR_BOUNDARY, "b t d e", "over"),
    (AND_TWICE, "a b c d e", "open"),
    (AND_TWICE, "a b c d e d", "never"),
    (DEADLOCK, "a", "open"),
    (DEADLOCK, "a c", "never"),
    (LOOSE_GATE, "a e", "over"),
    (INSTANTIATE, "m a e", "over"),
    (INSTANTIATE, "m b", "never"),
]


def observed(game: TokenGame, trace: list[str]) -> frozenset[str]:
    """Activities and end events are always seen; start, catching and boundary events if the trace names one of them."""
    nodes = game.graph.process.nodes
    kinds = {node.type for node in nodes if node.id in trace}
    named = {"startEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"} & kinds
    seen = {"endEvent", *named}
    return frozenset(
        node.id for node in nodes if isinstance(node, Activity) or (isinstance(node, Event) and node.type in seen)
    )


@pytest.mark.parametrize(("text", "trace", "verdict"), TRACES)
def test_the_token_game_knows_which_traces_a_model_has(text: str, trace: str, verdict: str):
    game = TokenGame(draw(text))
    entries = trace.split()
    seen = observed(game, entries)
    assert replay(game, entries, observed=seen).accepted == (verdict != "never")
    if verdict != "never":
        assert replay(game, entries, observed=seen, complete=True).accepted == (verdict == "over")


def test_there_are_traces_of_all_three_verdicts():
    verdicts = [verdict for _, _, verdict in TRACES]
    assert len(TRACES) >= 50
    assert min(verdicts.count(word) for word in ("over", "open", "never")) >= 10


def test_a_refused_trace_names_the_place_and_what_was_possible():
    found = replay(TokenGame(draw(PARALLEL)), ["a", "c"])
    assert (found.accepted, found.at, found.possible) == (False, 1, ("b",))


def test_the_flows_taken_are_part_of_a_trace():
    game = TokenGame(draw(CONDITIONAL))
    assert replay(game, [("a", ("a>c", "a>b")), "c"]).accepted
    assert not replay(game, [("a", ("a>b",)), "c"]).accepted
    assert not replay(game, [("a", ("a>b", "a>d"))]).accepted


def test_equal_markings_are_equal_whatever_the_order_of_steps():
    game = TokenGame(draw(PARALLEL))

    def after(*nodes: str) -> State:
        state = game.initial()
        for node in nodes:
            state = game.fire(state, next(step for step in game.enabled(state) if step.node == node))
        return state

    assert after("s", "x", "a", "b") == after("s", "x", "b", "a")
    assert hash(after("s", "x", "a", "b")) == hash(after("s", "x", "b", "a"))


def test_two_tokens_on_one_flow_are_two():
    game = TokenGame(draw(MERGE))
    state = game.initial()
    for node in ("s", "x", "a", "b", "c", "c"):
        state = game.fire(state, next(step for step in game.enabled(state) if step.node == node))
    assert game.marked(state) == (("c>e", 2),)


def test_a_calm_event_occurs_only_once_where_the_state_space_must_be_finite():
    seen = frozenset({"a", "b", "c", "d", "t", "j", "S", "e", "f"})
    assert replay(TokenGame(draw(SUB_CALM)), ["t", "t"], observed=seen).accepted
    assert not replay(TokenGame(draw(SUB_CALM), once=True), ["t", "t"], observed=seen).accepted


def test_two_runs_of_one_sub_process_are_told_apart():
    text = "start s : x\nand x : m n\nxor m : S\nxor n : S\nsub S : e\ntask a in S : b\ntask b in S\nend e"
    game = TokenGame(draw(text))
    assert replay(game, ["a", "a", "b", "b"], complete=True).accepted
    assert not replay(game, ["a", "b", "b"]).accepted


def test_a_repeated_flow_id_gets_a_place_of_its_own():
    process = draw("start s : x\nand x : y y\nand y : a\ntask a : e\nend e")
    assert replay(TokenGame(process), ["a"], complete=True).accepted


def test_what_lies_outside_the_semantics_is_named():
    process = draw("start s : c\ncomplex c : a gone\ntask a\nboundary.timer t on nobody : a")
    reasons = dict(TokenGame(process).foreign())
    assert set(reasons) == {"c", "c>gone", "t"}
    assert TokenGame(draw(SUB_LATE)).foreign() == ()


def test_too_many_combinations_are_refused_by_name():
    targets = " ".join(f"t{i}?" for i in range(13))
    text = f"start s : o\nor o : {targets}\n" + "\n".join(f"task t{i}" for i in range(13))
    game = TokenGame(draw(text))
    state = game.fire(game.initial(), game.enabled(game.initial())[0])
    with pytest.raises(TooManyChoices) as caught:
        game.enabled(state)
    assert caught.value.element == "o"


def test_a_replay_that_grows_without_end_is_stopped():
    game = TokenGame(draw(TASK_CALM))
    with pytest.raises(LichtungError) as caught:
        replay(game, ["a"], observed=frozenset({"a"}), budget=50)
    assert caught.value.code == "replay-budget"


def test_sixty_nested_sub_processes_and_a_thousand_tasks_need_no_recursion():
    lines = ["start s : S0"]
    for i in range(60):
        lines.append(f"sub S{i}" + (f" in S{i - 1}" if i else " : t0"))
    lines.append("task inner in S59")
    lines += [f"task t{i} : t{i + 1}" for i in range(999)] + ["task t999"]
    game = TokenGame(draw("\n".join(lines)))
    state, count = game.initial(), 0
    while steps := game.enabled(state):
        state, count = game.fire(state, steps[0]), count + 1
    assert game.ended(state)
    assert count == 1 + 60 + 1 + 60 + 1000


def test_random_walks_through_sound_processes_end_and_replay():
    seed = 20250106
    print("seed", seed)
    rng = random.Random(seed)
    for number in range(300):
        game = TokenGame(generate(rng.randrange(10**6)).process, once=True)
        state, trace = game.initial(), []
        for _ in range(400):
            steps = game.enabled(state)
            if not steps:
                break
            step = rng.choice(steps)
            if isinstance(game.graph.nodes[step.node], Activity) and step.kind in ("pass", "start"):
                trace.append((step.node, step.flows))
            state = game.fire(state, step)
        else:
            continue
        assert game.ended(state), (number, game.marked(state))
        assert replay(game, trace, complete=True).accepted


def test_damaged_processes_are_played_without_an_exception():
    rng = random.Random(7)
    for number in range(300):
        game = TokenGame(damaged(generate(number), number, times=2).process, once=True)
        state = game.initial()
        for _ in range(60):
            steps = game.enabled(state)
            if not steps:
                break
            state = game.fire(state, rng.choice(steps))
