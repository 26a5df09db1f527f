"""Soundness the slow way: every state of the reference token game, and nothing else, in plain breadth-first order."""

from __future__ import annotations

from dataclasses import dataclass

from bpm.model.process import Activity, Process
from bpm.model.tokens import Scope, State, TokenGame


class Endless(Exception):
    """More states than allowed."""


@dataclass(frozen=True)
class Verdict:
    """Lengths of the shortest traces (None: no such defect) and the activities that are never enabled."""

    deadlock: int | None
    livelock: int | None
    unsafe: int | None
    dead: frozenset[str]


def crowded(scope: Scope, repeated: frozenset[str] = frozenset()) -> bool:
    """Whether a flow holds two tokens, or a sub-process that is not `repeated` runs twice, in one scope."""
    names = [child.container for child in scope.inner if child.container not in repeated]
    tokens = [place for place in scope.tokens if place >= 0 or not repeated]
    if len(set(tokens)) < len(tokens) or len(set(names)) < len(names):
        return True
    return any(crowded(child, repeated) for child in scope.inner)


def judge(process: Process, limit: int = 4000, game: TokenGame | None = None) -> Verdict:
    """All verdicts on a process by looking at every state of the folded game (or of the one given).

    Raises:
        Endless: more than `limit` states.
    """
    game = game or TokenGame(process, once=True)
    depth: dict[State, int] = {game.initial(): 0}
    after: dict[State, list[State]] = {}
    order = [game.initial()]
    for state in order:
        after[state] = [game.fire(state, step) for step in game.enabled(state)]
        for target in after[state]:
            if target not in depth:
                if len(depth) >= limit:
                    raise Endless
                depth[target] = depth[state] + 1
                order.append(target)
    over = {state for state in order if game.ended(state)}
    stuck = {state for state in order if not after[state]} - over
    fine = set(over | stuck)
    changed = True
    while changed:
        new = {state for state in order if state not in fine and any(t in fine for t in after[state])}
        fine |= new
        changed = bool(new)
    doomed = set(order) - fine
    repeated = frozenset(n.id for n in process.nodes if isinstance(n, Activity) and n.loop is not None)
    two = [state for state in order if crowded(state.root, repeated)]
    return Verdict(
        min((depth[s] for s in stuck), default=None),
        min((depth[s] for s in doomed), default=None),
        min((depth[s] for s in two), default=None),
        _dead(game, order),
    )


def _dead(game: TokenGame, states: list[State]) -> frozenset[str]:
    begun: set[str] = set()
    for state in states:
        for step in game.enabled(state):
            begun.add(step.node)
        todo = [state.root]
        while todo:
            scope = todo.pop()
            todo.extend(scope.inner)
            begun.update(child.container for child in scope.inner)
    boxes = {n.id for n in game.graph.process.nodes if n.type == "adHocSubProcess"}
    return frozenset(
        n.id
        for n in game.graph.process.nodes
        if isinstance(n, Activity) and n.id not in begun and n.parent not in boxes and n.id not in game.graph.handlers
    )
