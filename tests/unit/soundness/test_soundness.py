"""Soundness verdicts: known models, agreement with brute force over the token game, and that width costs nothing."""

from __future__ import annotations

import os

import pytest

from bpm.analyser.soundness import Soundness, examine
from bpm.model.process import Process
from bpm.model.tokens import TokenGame
from tests.properties.processes import EXTRA, KINDS, damaged, generate
from tests.unit.soundness.brute import Endless, Verdict, judge
from tests.unit.tokens.drawing import draw
from tests.unit.tokens.test_tokens import TRACES

PROCESSES = int(os.environ.get("BPM_SOUND_PROCESSES", "700"))
FIRST_SEED = 0

XOR_AND = "start s : x\nxor x : a b\ntask a : y\ntask b : y\nand y : c\ntask c : e\nend e"
AND_XOR = "start s : x\nand x : a b\ntask a : y\ntask b : y\nxor y : c\ntask c : e\nend e"
TRAP = "start s : x\nxor x : a e\ntask a : m\nxor m : b\ntask b : m\nend e"


def lengths(found: Soundness) -> Verdict:
    def length(defect: object) -> int | None:
        return None if defect is None else len(defect.trace)  # type: ignore[attr-defined]

    return Verdict(length(found.deadlock), length(found.livelock), length(found.unsafe), frozenset(found.dead))


def agrees(process: Process, *, reduced: bool = True, seen: list[Verdict] | None = None) -> bool | None:
    """Whether the verdicts equal brute force (kept in `seen`); None where one of the two gave up."""
    try:
        slow = judge(process, limit=1000)
    except Endless:
        return None
    if seen is not None:
        seen.append(slow)
    fast = examine(process, reduced=reduced)
    if fast.skipped or fast.partial:
        return None if fast.skipped else lengths(fast).unsafe == slow.unsafe
    return lengths(fast) == slow


def replayable(process: Process, trace: tuple[str, ...]) -> bool:
    """Whether the nodes can fire in this order."""
    game = TokenGame(process, once=True)
    states = {game.initial()}
    for node in trace:
        states = {game.fire(s, step) for s in states for step in game.enabled(s) if step.node == node}
    return bool(states)


def test_a_choice_that_meets_in_a_parallel_join_deadlocks():
    found = examine(draw(XOR_AND))
    assert found.deadlock is not None
    assert found.deadlock.trace in {("s", "x", "a"), ("s", "x", "b")}
    assert found.deadlock.at == ("y",)
    assert found.dead == ("c",)
    assert found.unsafe is None
    assert found.option_to_complete is False


def test_parallel_branches_that_meet_in_a_choice_put_two_tokens_on_one_flow():
    found = examine(draw(AND_XOR))
    assert found.unsafe is not None
    assert found.unsafe.at == ("y>c",)
    assert found.unsafe.trace in {
        ("s", "x", "a", "b", "y", "y"),
        ("s", "x", "a", "y", "b", "y"),
        ("s", "x", "b", "a", "y", "y"),
    }
    assert found.deadlock is None
    assert found.dead == ()


def test_a_branch_that_turns_for_ever_is_a_livelock_though_nothing_is_stuck():
    found = examine(draw(TRAP))
    assert found.livelock is not None
    assert found.deadlock is None
    assert found.option_to_complete is False


def test_parallel_branches_with_an_end_each_are_proper():
    text = "start s : x\nand x : a b\ntask a : e\ntask b : f\nend e\nend f"
    assert examine(draw(text)).sound
    assert examine(draw(text.replace("task b : f", "task b : e"))).sound


def test_a_terminating_end_that_stops_other_work_is_no_defect():
    assert examine(draw("start s : x\nand x : a b\ntask a : e\ntask b : f\nend.terminate e\nend f")).sound


def test_a_task_without_a_way_to_it_is_dead():
    assert examine(draw("start s : a\ntask a : e\nend e\ntask lost : e")).dead == ("lost",)


def test_work_only_an_exclusive_gateway_away_is_not_dead_and_a_compensation_handler_never_is():
    text = "start s : a\ntask a : x\nboundary.compensate k on a\ntask.undo u\nxor x : e b\ntask b : e\nend e"
    assert examine(draw(text)).dead == ()


def test_the_content_of_an_ad_hoc_process_is_not_called_dead():
    assert examine(draw("start s : A\nadhoc A : e\ntask u in A\ntask v in A\nend e")).sound


def test_an_inclusive_block_is_sound_and_one_closed_by_a_parallel_join_is_not():
    text = "start s : x\nor x : a? b? c!\ntask a : y\ntask b : y\ntask c : y\nor y : e\nend e"
    assert examine(draw(text)).sound
    assert examine(draw(text.replace("or y", "and y"))).deadlock is not None


def test_two_inclusive_joins_that_wait_for_each_other_deadlock():
    text = "start s : x\nand x : p q\nor p : r\nor q : t\nxor r : q e\nxor t : p f\nend e\nend f"
    assert examine(draw(text)).deadlock is not None


def test_a_boundary_event_that_leads_past_a_parallel_join_deadlocks():
    text = "start s : x\nand x : a b\ntask a : y\nboundary.timer t on a : f\ntask b : y\nand y : e\nend e\nend f"
    found = examine(draw(text))
    assert found.deadlock is not None
    assert "t" in found.deadlock.trace


def test_the_counterexample_can_be_played():
    for seed in range(120):
        process = damaged(generate(seed, depth=2, budget=8), seed).process
        found = examine(process)
        for defect in (found.deadlock, found.livelock, found.unsafe):
            assert defect is None or replayable(process, defect.trace), seed


def test_the_round_of_a_livelock_can_be_played_again_and_again():
    traps = 0
    for seed in range(300):
        process = damaged(generate(seed, depth=2, budget=6), seed, times=3).process
        trap = examine(process).livelock
        if trap is not None:
            traps += 1
            assert trap.loop, seed
            assert replayable(process, (*trap.trace, *trap.approach, *trap.loop, *trap.loop, *trap.loop)), seed
    assert traps > 5, traps


def test_a_livelock_says_how_one_gets_into_the_round_and_how_it_goes():
    found = examine(draw(TRAP)).livelock
    assert found is not None
    assert (found.trace, found.approach, found.loop) == (("s", "x"), ("a", "m"), ("b", "m"))


def test_verdicts_equal_brute_force_over_the_token_game_on_hundreds_of_processes():
    print("seeds from", FIRST_SEED)
    decided = 0
    seen: list[Verdict] = []
    for seed in range(FIRST_SEED, FIRST_SEED + PROCESSES):
        drawn = generate(seed, depth=2, budget=6)
        process = damaged(drawn, seed, times=seed % 4).process if seed % 4 else drawn.process
        verdict = agrees(process, seen=seen)
        assert verdict is not False, seed
        decided += verdict is True
    assert decided >= 0.95 * PROCESSES
    assert sum(verdict != Verdict(None, None, None, frozenset()) for verdict in seen) >= 0.3 * PROCESSES


def test_verdicts_equal_brute_force_with_errors_escalations_listeners_and_terminating_ends():
    for seed in range(250):
        drawn = generate(seed, kinds=KINDS + EXTRA * 2, depth=2, budget=6)
        process = damaged(drawn, seed, times=seed % 3).process
        assert agrees(process) is not False, seed


@pytest.mark.slow
def test_verdicts_equal_brute_force_on_larger_processes():
    for seed in range(100_000, 100_250):
        drawn = generate(seed, depth=3, budget=9)
        assert agrees(damaged(drawn, seed, times=seed % 3).process) is not False, seed


@pytest.mark.parametrize("text", sorted({text for text, _, _ in TRACES}))
def test_verdicts_equal_brute_force_on_every_element_of_the_standard_we_know(text: str):
    assert agrees(draw(text)) is not False
    assert agrees(draw(text), reduced=False) is not False


def test_reductions_change_no_verdict():
    for seed in range(150):
        drawn = generate(seed + 50_000, budget=12)
        process = damaged(drawn, seed, times=seed % 3).process
        small, full = examine(process), examine(process, reduced=False)
        assert full.skipped or lengths(small) == lengths(full), seed


def test_what_is_built_from_blocks_is_sound():
    assert all(examine(generate(seed).process).sound for seed in range(300))


def wide(kind: str, branches: int) -> Process:
    free = "?" if kind == "or" else ""
    lines = ["start s : x", f"{kind} x : " + " ".join(f"t{i}{free}" for i in range(branches))]
    lines += [f"task t{i} : y" for i in range(branches)]
    return draw("\n".join([*lines, f"{kind} y : e", "end e"]))


@pytest.mark.parametrize("kind", ["and", "or", "xor"])
def test_seventeen_independent_branches_are_a_handful_of_states(kind: str):
    found = examine(wide(kind, 17))
    assert found.sound
    assert found.states < 10


def test_reminders_beside_seventeen_parallel_tasks_cost_nothing():
    lines = ["start s : x", "and x : " + " ".join(f"t{i}" for i in range(17))]
    for i in range(17):
        lines += [f"task t{i} : y", f"boundary.timer b{i} on t{i} calm : u{i}", f"task u{i} : f{i}", f"end f{i}"]
    found = examine(draw("\n".join([*lines, "and y : e", "end e"])))
    assert found.sound
    assert found.states < 10


def test_without_reductions_the_same_model_exceeds_the_bound_and_says_so():
    found = examine(wide("and", 17), reduced=False, states=20_000)
    assert found.sound is None
    assert found.skipped == {"de": "mehr als 20000 Zustände", "en": "more than 20000 states"}


def test_an_element_outside_the_semantics_is_named_instead_of_guessed():
    found = examine(draw("start s : a\ntask a : e\nend e\nboundary.timer t on nobody : a"))
    assert found.sound is None
    assert found.skipped is not None
    assert "t: boundary event without an activity" in found.skipped["en"]


def test_a_complex_gateway_is_decided_by_its_activation():
    text = "start s : x\nand x : a b c\ntask a : g\ntask b : g\ntask c : g\ncomplex g if={} : d\ntask d : e\nend e"
    assert examine(draw(text.format(2))).sound
    stuck = "start s : x\nxor x : a b\ntask a : g\ntask b : g\ncomplex g if=2 : d\ntask d : e\nend e"
    found = examine(draw(stuck))
    assert found.deadlock is not None
    assert found.deadlock.at == ("g",)
    assert found.dead == ("d",)
    wide = "start s : x\nand x : " + " ".join(f"t{i}" for i in range(13)) + "\n"
    wide += "\n".join(f"task t{i} : g" for i in range(13)) + "\ncomplex g if=5 : e\nend e"
    assert examine(draw(wide)).skipped == {"de": "mehr als 3000 Zustände", "en": "more than 3000 states"}


def test_a_compensation_that_cannot_end_keeps_the_case_open():
    text = (
        "start s : S\nsub S : t\ntask a in S\nesub E in S\nstart.compensate i in E : x\nxor x in E : m n\n"
        "task m in E : y\ntask n in E : y\nand y in E : z\nend z in E\nthrow.compensate t : e\nend e"
    )
    assert examine(draw(text)).deadlock is not None
    assert examine(draw(text.replace("and y", "xor y"))).sound
