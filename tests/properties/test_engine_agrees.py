"""Random processes: what the engine did is a trace of the token game, with a save and a load after every step.

Each case is played at random to its end. Every node the engine leaves must be a step the token game allows just then,
with the same flows; after every command both hold the same tokens; the snapshot survives JSON and loading unchanged.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from bpm import engine
from bpm.engine.spiff.snapshot import dump, load
from bpm.errors import Incident, NotExecutable
from bpm.model.process import Event, Process
from bpm.model.tokens import State, throws
from bpm.model.whole import WholeGame
from tests.proof import Proof, size
from tests.properties.processes import COUNTING, EXTRA, KINDS, Generated, damaged, generate

NOW = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
PROCESSES = int(os.environ.get("BPM_PROVE_PROCESSES") or size(200, 2_000, 20_000))
PATHS = 5
STEPS = 400
MOST_TOKENS = 25


class Referee:
    """Follows the engine in the token game; several states are possible where equal nodes are marked twice."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.game = WholeGame(process)
        self.nodes = {node.id: node for node in process.nodes}
        self.out = {
            node.id: tuple(flow.id for flow in process.flows if flow.source == node.id) for node in process.nodes
        }
        self.states: set[State] = {self.game.initial()}
        self.owed: dict[State, tuple[str, ...]] = {}

    def follow(self, history: Iterable[engine.HistoryEvent]) -> None:
        for event in history:
            node = self.nodes.get(event.element)
            if node is None or node.type == "eventBasedGateway":
                continue
            if event.kind == "entered" and node.type == "subProcess" and not getattr(node, "triggered_by_event", False):
                self._step(node.id, None, {"enter"})
            elif event.kind == "cancelled" and isinstance(node, Event) and throws(node) is not None:
                # it threw, and who caught it ended the scope it stood in before it could leave
                self._step(node.id, None, {"pass"})
            elif event.kind == "left":
                flows = tuple((event.detail or {}).get("flows", self.out[node.id]))
                self._left(node.id, flows)

    def _left(self, node: str, flows: tuple[str, ...]) -> None:
        """A catcher of an error or escalation has left already, in the step that threw it."""
        caught = {state for state in self.states if node in self.owed.get(state, ())}
        if caught:
            self.states = caught
            self.owed = {state: tuple(one for one in self.owed[state] if one != node) for state in caught}
        else:
            self._step(node, flows, {"start", "pass", "boundary", "complete", "trigger"})

    def _step(self, node: str, flows: tuple[str, ...] | None, kinds: set[str]) -> None:
        after: dict[State, tuple[str, ...]] = {}
        for state in self.states:
            for step in self.game.enabled(state):
                if step.node == node and step.kind in kinds and (flows is None or sorted(step.flows) == sorted(flows)):
                    owed = (*self.owed.get(state, ()), *([step.catcher] if step.catcher else []))
                    after[self.game.fire(state, step)] = owed
        for state in list(after):
            # a complex gateway counts anew without a trace in the history
            for later in self._reset(state):
                after.setdefault(later, after[state])
        assert after, f"the token game does not allow {node} {flows} {kinds}"
        self.states, self.owed = set(after), after

    def _reset(self, state: State) -> list[State]:
        found = [state]
        for one in found:
            steps = [step for step in self.game.enabled(one) if step.kind == "reset"]
            found += [after for step in steps if (after := self.game.fire(one, step)) not in found]
        return found[1:]

    def agrees(self, tokens: dict[str, int]) -> bool:
        return any(self._tokens(state) == tokens for state in self.states)

    def is_stuck(self, tokens: dict[str, int]) -> bool:
        same = [state for state in self.states if self._tokens(state) == tokens]
        return any(not self.game.enabled(state) for state in same)

    def _tokens(self, state: State) -> dict[str, int]:
        found: Counter[str] = Counter()
        todo = [state.root]
        while todo:
            scope = todo.pop()
            found.update(self.game.target(place).id for place in scope.tokens if place not in self.game._memory)
            found.update(child.container for child in scope.inner)
            todo.extend(scope.inner)
        return dict(found)


def play(generated: Generated, executable: engine.Executable, seed: int) -> list[Any]:
    """One random case under the eyes of the referee; its history."""
    rng = random.Random(seed)
    referee = Referee(generated.process)
    history: list[Any] = []
    outcome = engine.start(executable, generated.draw(rng), NOW)
    for _ in range(STEPS):
        text = json.dumps(outcome.snapshot, sort_keys=True)
        referee.follow(outcome.history)
        history += [(event.kind, event.element) for event in outcome.history]
        assert referee.agrees(dict(outcome.tokens or {})), (outcome.tokens, referee.states)
        if outcome.state != "active":
            assert any(referee.game.ended(state) for state in referee.states)
            return history
        snapshot = json.loads(text)
        assert json.dumps(dump(load(executable, snapshot, NOW)), sort_keys=True) == text
        if not (outcome.work_items or outcome.jobs or outcome.subscriptions or outcome.timers):
            assert referee.is_stuck(dict(outcome.tokens or {})), "the token game goes on, the engine does not"
            return [*history, ("stuck", "")]
        if sum((outcome.tokens or {}).values()) > MOST_TOKENS:
            return [*history, ("crowded", "")]
        outcome = move(executable, outcome, snapshot, generated.draw(rng), rng)
    return [*history, ("endless", "")]


def move(
    executable: engine.Executable,
    outcome: engine.Outcome,
    snapshot: dict[str, Any],
    variables: dict[str, Any],
    rng: random.Random,
) -> engine.Outcome:
    moves = [("item", item.id) for item in (*outcome.work_items, *outcome.jobs)] * 3
    moves += [("row", row.id) for row in outcome.subscriptions] + [("timer", row.id) for row in outcome.timers]
    kind, id = rng.choice(moves)
    if kind == "item":
        return engine.complete(executable, snapshot, int(id), variables, NOW)
    if kind == "row":
        return engine.correlate(executable, snapshot, str(id), variables, NOW)
    return engine.fire(executable, snapshot, str(id), NOW)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_every_random_case_is_a_trace_of_the_token_game(block, proof: Proof):
    steps = 0
    for number in range(PROCESSES // 10):
        seed = block * 100_000 + number
        generated = generate(seed, kinds=KINDS + EXTRA + COUNTING * 2 if number % 2 else KINDS)
        executable = engine.build(generated.model)
        for path in range(PATHS):
            try:
                history = play(generated, executable, seed * 10 + path)
                assert history[-1][0] == "ended"
                steps += len(history)
            except Exception as error:
                raise AssertionError(f"process seed {seed}, path seed {seed * 10 + path}") from error
    proof(
        "R6",
        "random processes: what the engine does is a trace of the token game, saved and loaded after every step",
        f"{PROCESSES // 10} processes x {PATHS} cases, {steps} events, 0 disagreements",
        block * 100_000,
    )


@pytest.mark.slow
def test_unsound_processes_go_astray_just_as_the_token_game_says():
    seen: Counter[str] = Counter()
    for seed in range(400):
        generated = damaged(generate(seed, budget=10), seed, times=1 + seed % 3)
        try:
            executable = engine.build(generated.model)
        except NotExecutable:
            seen["refused"] += 1
            continue
        for path in range(2):
            try:
                seen[play(generated, executable, seed * 10 + path)[-1][0]] += 1
            except Incident as incident:
                seen[incident.code] += 1
            except Exception as error:
                raise AssertionError(f"process seed {seed}, path seed {seed * 10 + path}") from error
    print(f"seeds 0 to 399: {dict(seen)}")
    assert seen["stuck"] > 10
    assert seen["ended"] > 50


def test_the_referee_objects_to_a_step_that_did_not_happen():
    generated = generate(1)
    referee = Referee(generated.process)
    task = next(node.id for node in generated.process.nodes if node.type == "userTask")
    with pytest.raises(AssertionError):
        referee.follow([engine.HistoryEvent("left", task)])


def test_the_same_seeds_give_the_same_history():
    generated = generate(7)
    executable = engine.build(generated.model)
    assert play(generated, executable, 3) == play(generated, engine.build(generated.model), 3)
