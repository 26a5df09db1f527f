"""Where a case stands, seen as a marking of the token game, and whether a version can ever stand like that.

A case that is moved (migrated, or changed by hand) must stand as its model could have brought it there: otherwise a
join would wait for a token that never comes, or a step would be done twice. The token game (`bpm.model.tokens`) is
explored from its start, within a budget; what it reaches is right, what it cannot reach is refused. Where it gives no
answer (a budget, choices that are too many, a case whose earlier standing the game does not know either), the case
must at least be able to end in the ordinary way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from bpm.engine.executable import Executable
from bpm.engine.instance import Snapshot
from bpm.model.graph import Graph
from bpm.model.process import Process
from bpm.model.tokens import Scope, State, TokenGame, TooManyChoices

BUDGET = 4_000
"""States of the token game that are looked at per process."""

Standing: TypeAlias = tuple[str, tuple[str, ...], tuple[Any, ...]]
"""Container, what is marked in it (node ids; at a join, flow ids), and the standings inside it; sorted."""

_JOINS = ("parallelGateway", "inclusiveGateway", "complexGateway")
_EXCEPTIONAL = {"boundary", "trigger"}


class Terrain:
    """What the token game says about one process; explored at most once."""

    def __init__(self, process: Process) -> None:
        self.game = TokenGame(Graph(process), once=True)
        self._known: frozenset[Standing] | None = None
        self.whole = True

    @property
    def known(self) -> frozenset[Standing]:
        """Every standing reached from the start; `whole` says whether these are all."""
        if self._known is None:
            seen, self.whole = self._explore([self.game.initial()], exceptional=True)
            self._known = frozenset(self.standing(state.root) for state in seen)
        return self._known

    def standing(self, scope: Scope) -> Standing:
        """A marking without the flows over which tokens came, joins apart."""
        names = []
        for place in scope.tokens:
            node = self.game.target(place) if place != -1 else None
            joins = node is not None and node.type in _JOINS and len(self.game.incoming(node.id)) > 1
            names.append(self.game.element(place) if node is None or joins else node.id)
        inner = sorted(self.standing(child) for child in scope.inner)
        return scope.container, tuple(sorted(names)), tuple(inner)

    def can_end(self, standing: Standing) -> bool | None:
        """Whether the case can still end without interruption; None when the budget is too small to say."""
        for exceptional in (False, True):
            seen, whole = self._explore([State(self._scope(standing))], exceptional=exceptional)
            if any(self.game.ended(state) for state in seen):
                return True
            if not whole:
                return None
            from_start, _ = self._explore([self.game.initial()], exceptional=False)
            if any(self.game.ended(state) for state in from_start):
                return False
        return False

    def _scope(self, standing: Standing) -> Scope:
        container, names, inner = standing
        places = tuple(sorted(self.game.place(name) for name in names))
        return Scope(container, places, tuple(sorted(self._scope(one) for one in inner)))

    def _explore(self, states: list[State], *, exceptional: bool) -> tuple[set[State], bool]:
        seen, todo = set(states), list(states)
        try:
            while todo:
                state = todo.pop()
                for step in self.game.enabled(state):
                    if not exceptional and step.kind in _EXCEPTIONAL:
                        continue
                    after = self.game.fire(state, step)
                    if after not in seen:
                        if len(seen) >= BUDGET:
                            return seen, False
                        seen.add(after)
                        todo.append(after)
        except TooManyChoices:
            return seen, False
        return seen, not self.game.foreign()


class Terrains:
    """The processes of one version, each explored when it is first asked about."""

    def __init__(self, executable: Executable) -> None:
        self.processes = {process.id: process for process in executable.model.processes}
        self._found: dict[str, Terrain] = {}

    def of(self, process: str) -> Terrain:
        """The terrain of a process of the version."""
        if process not in self._found:
            self._found[process] = Terrain(self.processes[process])
        return self._found[process]


def judge(old: Terrains, before: Snapshot, new: Terrains, after: Snapshot) -> tuple[str, str] | None:
    """(process, reason code) where the case of `after` stands as its version never could, else None. `before` is the
    snapshot it came from: where that is unknown to the game, too, only whether the case can end is asked."""
    was = _standings(before)
    for host, (process, variants) in _standings(after).items():
        terrain = new.of(process)
        for standing in variants:
            if standing in terrain.known:
                continue
            earlier = was.get(host)
            sound = earlier is not None and all(one in old.of(earlier[0]).known for one in earlier[1])
            if sound and terrain.whole:
                return process, "unreachable"
            if terrain.can_end(standing) is False:
                return process, "cannot-end"
    return None


def _standings(snapshot: Snapshot) -> dict[int | None, tuple[str, list[Standing]]]:
    """Per process that runs (the main one, called ones by the token of the call): its id and its standings. Several
    for one process only where instances of a multi-instance sub-process stand differently: each is looked at apart."""
    if snapshot["state"] != "active":
        return {}
    scopes = {scope[0]: scope for scope in snapshot["scopes"]}
    elements = {token[0]: token[1] for scope in snapshot["scopes"] for token in scope[3]}
    found: dict[int | None, tuple[str, list[Standing]]] = {}
    for host, (_, id, *_) in scopes.items():
        if host is None or elements[host] != id:
            most = max((len(many) for many in _instances(scopes).values()), default=1)
            each = [_standing(scopes, host, number) for number in range(max(most, 1))]
            found[host] = (id, sorted(set(each)))
    return found


def _instances(scopes: Mapping[int | None, Any]) -> dict[int, list[int]]:
    """Instances that stand in a scope of their own, by the token of their activity."""
    found: dict[int, list[int]] = {}
    for scope in scopes.values():
        for number, _, _, internal, _ in scope[3]:
            if "of" in internal and number in scopes:
                found.setdefault(internal["of"], []).append(number)
    return found


def _standing(scopes: Mapping[int | None, Any], host: int | None, variant: int) -> Standing:
    _, container, _, tokens, _ = scopes[host]
    many = _instances(scopes)
    names: list[str] = []
    inner: list[Standing] = []
    for number, element, _, internal, _ in tokens:
        if internal.keys() & {"host", "listens", "of", "undoes", "undoing"}:
            continue
        if "arrived" in internal:
            names += [flow for flow, count in sorted(internal["arrived"].items()) for _ in range(count)]
        elif number in many:
            chosen = many[number][min(variant, len(many[number]) - 1)]
            inner += _inside(scopes, chosen, element, names, variant)
        else:
            inner += _inside(scopes, number, element, names, variant)
    return container, tuple(sorted(names)), tuple(sorted(inner))


def _inside(
    scopes: Mapping[int | None, Any], number: int, element: str, names: list[str], variant: int
) -> Iterator[Standing]:
    """The standing inside a token's own scope; a call's is looked at apart, so its token stays one."""
    if number in scopes and scopes[number][1] == element:
        yield _standing(scopes, number, variant)
    else:
        names.append(element)


def marked(snapshot: Snapshot) -> Counter[str]:
    """How many tokens stand at each element, what only waits beside an activity or for an event sub-process apart."""
    found: Counter[str] = Counter()
    for _, _, _, tokens, _ in snapshot["scopes"]:
        for _, element, _, internal, _ in tokens:
            if not internal.keys() & {"host", "listens", "of"}:
                found[element] += 1
    return found
