"""Whether a recorded run is a trace of a model: what engine and simulator did is held against the token game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bpm.errors import LichtungError
from bpm.model.process import Activity, SubProcess
from bpm.model.tokens import SILENT, State, TokenGame


@dataclass(frozen=True, slots=True)
class Replayed:
    """`accepted`, or the 0-based position `at` of the first impossible entry and the nodes that were `possible`."""

    accepted: bool
    at: int
    possible: tuple[str, ...] = ()


def replay(
    game: TokenGame,
    trace: Sequence[str | tuple[str, Sequence[str]]],
    *,
    observed: frozenset[str] | None = None,
    complete: bool = False,
    budget: int = 100_000,
) -> Replayed:
    """Whether `trace` is a trace of the model: completed nodes, each alone or with the ids of the flows then taken.

    Only nodes of `observed` (default: task-type activities) appear in a trace; all other steps happen silently.
    `complete=True` also demands that the case can be over afterwards without a further observed step.

    Raises:
        LichtungError: `replay-budget`, more than `budget` states were met on the way.
    """
    if observed is None:
        observed = frozenset(
            node.id
            for node in game.graph.process.nodes
            if isinstance(node, Activity) and not (isinstance(node, SubProcess) and game.graph.expanded(node.id))
        )
    states, spent = _silently(game, {game.initial()}, observed, budget)
    for at, entry in enumerate(trace):
        node, flows = (entry, None) if isinstance(entry, str) else (entry[0], tuple(sorted(entry[1])))
        after: set[State] = set()
        possible: set[str] = set()
        for state in states:
            for step in game.enabled(state):
                if step.node in observed and step.kind not in SILENT:
                    possible.add(step.node)
                    if step.node == node and (flows is None or tuple(sorted(step.flows)) == flows):
                        after.add(game.fire(state, step))
        if not after:
            return Replayed(False, at, tuple(sorted(possible)))
        states, spent = _silently(game, after, observed, spent)
    if complete and not any(game.ended(state) for state in states):
        return Replayed(False, len(trace))
    return Replayed(True, len(trace))


def _silently(game: TokenGame, states: set[State], observed: frozenset[str], budget: int) -> tuple[set[State], int]:
    seen, todo = set(states), sorted(states)
    while todo:
        state = todo.pop()
        for step in game.enabled(state):
            if step.node in observed and step.kind not in SILENT:
                continue
            after = game.fire(state, step)
            if after not in seen:
                budget -= 1
                if budget < 0:
                    raise LichtungError("replay-budget", "the trace leaves too many states open")
                seen.add(after)
                todo.append(after)
    return seen, budget
