"""The compiled kernel and the token game agree: every simulated trace of a random process is a trace of the game."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from bpm.eventlog import EventLog
from bpm.exchange.prosimos import read_scenario
from bpm.model.procedure import Procedure
from bpm.model.process import Event, Gateway, SubProcess
from bpm.model.tokens import State, TokenGame
from bpm.simulator import simulate
from tests.properties.processes import Generated, generate
from tests.unit.simulator.drawn import as_prosimos, fix, law

CASES = 12
MOST_STATES = 4_000


def play(found: Generated) -> list[list[str]]:
    """What was completed, per case, in order; guards are drawn anew after every task, nobody waits for people."""
    rng = random.Random(found.seed)
    choices = [
        {"name": name, "type": "discrete", "values": [{"key": value, "value": 1 / len(values)} for value in values]}
        for name, values in found.choices.items()
    ]
    events = [
        {"event_id": node.id, **law("uniform", 600, 9000)}
        for node in found.process.nodes
        if isinstance(node, Event) and any(d.kind == "message" for d in node.definitions)
    ]
    content = as_prosimos(
        {task: fix(rng.randrange(1, 7200)) for task in found.tasks},
        arrivals=fix(100_000),
        case_attributes=choices,
        event_attributes=[{"event_id": task, "attributes": choices} for task in found.tasks],
        event_distribution=events,
    )
    procedure = Procedure("p", "p", "p.bpmn", found.model)
    logs: list[EventLog] = []
    result = simulate(
        procedure, read_scenario(content), cases=CASES, replications=1, seed=found.seed,
        sink=lambda number, log: logs.append(log),
    )  # fmt: skip
    assert not [note for note in result.notes if note.field == "cases"], "a case of a sound process did not end"
    log = logs[0]
    traces: list[list[str]] = [[] for _ in range(CASES)]
    for case, node, withdrawn in zip(log.case.tolist(), log.node.tolist(), log.withdrawn.tolist(), strict=True):
        if not withdrawn:
            traces[case].append(log.nodes[node])
    return traces


def accepts(game: TokenGame, nodes: dict[str, Any], trace: Iterable[str]) -> str | None:
    """None if the game can do exactly this (gateways and entering a sub-process are silent), else where it cannot."""
    states = {game.initial()}
    for k, wanted in enumerate(trace):
        kind = "complete" if isinstance(nodes[wanted], SubProcess) else ""
        reached: set[State] = set()
        for state in silent(game, nodes, states):
            for step in game.enabled(state):
                if step.node == wanted and step.kind != "enter" and (not kind or step.kind == kind):
                    reached.add(game.fire(state, step))
        if not reached:
            return f"step {k} ({wanted}) is impossible"
        states = reached
    return None if any(game.ended(state) for state in silent(game, nodes, states)) else "the game is not over"


def silent(game: TokenGame, nodes: dict[str, Any], states: set[State]) -> set[State]:
    found, todo = set(states), list(states)
    while todo:
        state = todo.pop()
        for step in game.enabled(state):
            if step.kind == "enter" or (step.kind == "pass" and isinstance(nodes[step.node], Gateway)):
                after = game.fire(state, step)
                if after not in found:
                    found.add(after)
                    todo.append(after)
        assert len(found) < MOST_STATES, "too many silent states to check"
    return found


@pytest.mark.parametrize("block", range(4))
def test_simulated_traces_are_traces_of_the_token_game(block: int) -> None:
    for seed in range(block * 12, block * 12 + 12):
        found = generate(seed, depth=3, budget=9)
        game, nodes = TokenGame(found.process), {node.id: node for node in found.process.nodes}
        for trace in play(found):
            why = accepts(game, nodes, trace)
            assert why is None, f"seed {seed}: {why} in {trace}"


def test_a_trace_with_a_step_left_out_is_not_accepted() -> None:
    found = generate(3, kinds=("sequence", "parallel"), depth=3, budget=9)
    game, nodes = TokenGame(found.process), {node.id: node for node in found.process.nodes}
    (trace, *_) = play(found)
    assert accepts(game, nodes, trace) is None
    for k in range(len(trace)):
        assert accepts(game, nodes, trace[:k] + trace[k + 1 :]) is not None
