"""Norms against each other and against the flow: conflicts, redundant norms, violations with a trace.

Only norms in force at the date of law count, and a permission (`force = "may"`) binds nobody. The flow is the marking
graph of `bpm.analyser.exploration` with free choice at every guard; a trace whose conditions contradict each other is
no counterexample. A norm of order is violated if a case can end, or can go on for ever, in a state its automaton
rejects. Against each other norms are judged over all sequences of steps, whatever the flow: a set is in conflict if it
makes a step impossible that each part of it allows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bpm.analyser.automata import Automaton, automaton_of, containing, excluding
from bpm.analyser.conditions import Conditions
from bpm.analyser.exploration import TooManyStates, Walk, walk
from bpm.analyser.given import Given
from bpm.analyser.guards import meet
from bpm.analyser.net import compile_net
from bpm.analyser.validity import law_date
from bpm.errors import InvalidRequest
from bpm.feel.ranges import Region
from bpm.model.deadline import Length, parse_length
from bpm.model.graph import Graph
from bpm.model.norms import Norm
from bpm.model.process import CallActivity, Event, Task
from bpm.model.tokens import TokenGame, TooManyChoices

MARKINGS = 20_000
"""Markings of a flow that norms are checked on."""

TRIES = 200
"""Counterexamples that may contradict themselves before a check gives up."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A minimal set of norms that together make steps impossible, or (no `steps`) cannot hold at all."""

    norms: tuple[Norm, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Redundant:
    """A norm that others already demand; `by` is a minimal set of them."""

    norm: Norm
    by: tuple[Norm, ...]


def binding(given: Given) -> tuple[Norm, ...]:
    """The norms that count: in force at the date of law, and no mere permission."""
    day = law_date(given)
    return tuple(norm for norm in given.norms if norm.force != "may" and norm.holds_on(day))


# --- against each other --------------------------------------------------------------------------------------------


def conflicts(norms: tuple[Norm, ...]) -> tuple[Conflict, ...]:
    """Every minimal conflict found, one per set of norms.

    Raises:
        TooManyWords: too many product states.
    """
    ordered = [norm for norm in norms if norm.template != "separation"]
    automata = [automaton_of(norm) for norm in ordered]
    found: dict[tuple[int, ...], list[str]] = {}
    for step in dict.fromkeys(step for norm in ordered for step in norm.steps):
        chosen = excluding(containing(step), automata)
        if chosen is not None and len(chosen) > 1:
            found.setdefault(chosen, []).append(step)
    told = [Conflict(tuple(ordered[it] for it in chosen), tuple(steps)) for chosen, steps in found.items()]
    return (*told, *_clashing_times(norms))


def redundancies(norms: tuple[Norm, ...]) -> tuple[Redundant, ...]:
    """Norms that can go, the later of two equal ones, so that those that stay still say everything.

    Raises:
        TooManyWords: too many product states.
    """
    kept = [norm for norm in norms if norm.template not in ("separation", "deadline")]
    found: list[Redundant] = []
    for norm in reversed(list(kept)):
        others = [other for other in kept if other is not norm]
        chosen = excluding(automaton_of(norm).opposite(), [automaton_of(other) for other in others])
        if chosen:
            kept.remove(norm)
            found.append(Redundant(norm, tuple(others[it] for it in chosen)))
    return (*reversed(found), *_repeated(norms))


def _clashing_times(norms: tuple[Norm, ...]) -> Iterator[Conflict]:
    timed = [norm for norm in norms if norm.template == "deadline"]
    for early in timed:
        for late in timed:
            if early.within is None or late.at_least is None or not _same_steps(early, late):
                continue
            if _most(parse_length(early.within)) < _least(parse_length(late.at_least)):
                yield Conflict(tuple(dict.fromkeys((early, late))), ())


def _repeated(norms: tuple[Norm, ...]) -> Iterator[Redundant]:
    """Separations said twice, and deadlines that a shorter one includes."""
    others = [norm for norm in norms if norm.template in ("separation", "deadline")]
    for place, norm in enumerate(others):
        for number, other in enumerate(others):
            if other is norm or other.template != norm.template or not _same_steps(norm, other):
                continue
            if norm.template == "separation":
                same = norm.of == other.of and number < place
            else:
                same = norm.at_least is None and other.at_least is None and _within(other, norm, number < place)
            if same:
                yield Redundant(norm, (other,))
                break


def _within(short: Norm, long: Norm, before: bool) -> bool:
    one, other = parse_length(short.within or ""), parse_length(long.within or "")
    return _most(one) < _least(other) or (one == other and before)


def _same_steps(one: Norm, other: Norm) -> bool:
    pairs = {(frozenset(norm.first), frozenset(norm.second)) for norm in (one, other)}
    if one.template == "separation":
        pairs = {tuple(sorted(pair, key=sorted)) for pair in pairs}  # type: ignore[misc]
    return len(pairs) == 1


def _least(length: Length) -> int:
    """The fewest days a calendar length can have."""
    return length.months * 28 + length.days


def _most(length: Length) -> int:
    """The most days a calendar length can have."""
    return length.months * 31 + length.days


# --- against the flow ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Violation:
    """A trace (ids of the nodes that complete) on which a norm does not hold; `why` is order, people, late or early;
    `detail` what is compared."""

    norm: Norm
    trace: tuple[str, ...]
    why: str
    detail: Mapping[str, object]


class Undecided(Exception):
    """Nothing can be said about a norm or all of them; carries the reason by language."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.reason = {"de": de, "en": en}


class Flow:
    """The marking graph of one process, walked once for all norms.

    Raises:
        Undecided: the flow is not safe, too large, or holds what the token game does not know.
    """

    def __init__(self, given: Given, graph: Graph) -> None:
        game = TokenGame(graph.process, once=True)
        if game.foreign():
            raise Undecided(
                "der Ablauf enthält ein Element ohne Bedeutung", "the flow holds an element without semantics"
            )
        try:
            found = walk(compile_net(game), MARKINGS)
        except TooManyStates:
            raise Undecided(f"mehr als {MARKINGS} Zustände", f"more than {MARKINGS} states") from None
        except TooManyChoices:
            raise Undecided("zu viele bedingte Ausgänge", "too many conditional flows") from None
        if found is None:
            raise Undecided("ein Fluss kann zwei Marken tragen (FL03)", "a flow can hold two tokens (FL03)")
        self.walk: Walk = found
        self.graph, self.game = graph, game
        self.conditions = Conditions(given, graph)
        named = {step for norm in given.norms for step in norm.steps}
        visible = {node.id for node in graph.process.nodes if isinstance(node, Task | CallActivity)} | named
        self.label = {
            key: it.node if it.node in visible and it.kind != "enter" else None
            for key, it in found.net.transitions.items()
        }

    def counterexample(self, automaton: Automaton) -> tuple[str, ...] | None:
        """The nodes of a shortest case that the automaton rejects, None if there is none.

        Raises:
            Undecided: every one that was tried takes a way whose conditions contradict each other.
        """
        symbols = {key: None if it is None else automaton.symbol(it) for key, it in self.label.items()}
        came: dict[tuple[int, int], tuple[tuple[int, int], int, tuple[int, ...]] | None] = {(0, 0): None}
        queue = deque([(0, 0)])
        tried = 0
        while queue:
            here = queue.popleft()
            state, mode = here
            if mode not in automaton.alive or (state in self.walk.over and mode not in automaton.accepting):
                steps = self._steps(came, here)
                if self._possible(steps):
                    return tuple(self.walk.net.transitions[key].node for key, _ in steps)
                tried += 1
                if tried >= TRIES:
                    break
                if mode not in automaton.alive:
                    continue
            for key, placed, there in self.walk.steps[state]:
                symbol = symbols[key]
                after = (there, mode if symbol is None else automaton.table[mode][symbol])
                if after not in came:
                    came[after] = (here, key, placed)
                    queue.append(after)
        if tried:
            raise Undecided(
                "nur auf Wegen, deren Bedingungen einander widersprechen", "only on ways whose conditions contradict"
            )
        return None

    def _steps(
        self,
        came: Mapping[tuple[int, int], tuple[tuple[int, int], int, tuple[int, ...]] | None],
        last: tuple[int, int],
    ) -> list[tuple[int, tuple[int, ...]]]:
        found: list[tuple[int, tuple[int, ...]]] = []
        step = came[last]
        while step is not None:
            last, key, placed = step
            found.append((key, placed))
            step = came[last]
        return found[::-1]

    def _possible(self, steps: list[tuple[int, tuple[int, ...]]]) -> bool:
        """Whether the conditions on the way do not contradict each other, as far as they can be read."""
        known: dict[tuple[str, ...], Region] = {}
        flows = self.game.graph.flows
        for key, placed in steps:
            node = self.walk.net.transitions[key].node
            written = self.conditions.writes(node)
            known = {
                datum: region for datum, region in known.items() if written is not None and datum[0] not in written
            }
            for place in placed:
                if place >= len(flows) or flows[place].source != node:
                    continue
                for datum, region in self.conditions.asked.get(flows[place].id, {}).items():
                    both = meet(known[datum], region) if datum in known else region
                    if both is None:
                        continue
                    if not both.intervals and both.null is not True:
                        return False
                    known[datum] = both
        return True


def violations(given: Given, graph: Graph) -> Iterator[Violation | tuple[Norm | None, Undecided]]:
    """Every binding norm on the steps of one process: violations, and what could not be decided (None: all)."""
    here = [norm for norm in binding(given) if all(step in graph.nodes for step in norm.steps)]
    if not here:
        return
    try:
        flow = Flow(given, graph)
    except Undecided as problem:
        yield None, problem
        return
    for norm in here:
        try:
            found = _violation(given, flow, norm)
        except Undecided as problem:
            yield norm, problem
            continue
        if found is not None:
            yield found


def _violation(given: Given, flow: Flow, norm: Norm) -> Violation | None:
    if norm.template == "separation":
        return _same_people(given, flow, norm)
    trace = flow.counterexample(automaton_of(norm)) if norm.template != "deadline" or norm.within else None
    if trace is not None:
        return Violation(norm, trace, "order", {})
    return _wrong_time(flow.graph, norm) if norm.template == "deadline" else None


def _same_people(given: Given, flow: Flow, norm: Norm) -> Violation | None:
    """Both steps in one case by the same role, or by a role that is one person."""
    from bpm.analyser.likeness import role

    shared: set[str] = set()
    for one in norm.first:
        for other in norm.second:
            roles = role(flow.graph, flow.graph.nodes[one]), role(flow.graph, flow.graph.nodes[other])
            if roles[0] is not None and roles[0] == roles[1]:
                shared.add(roles[0])
    if not shared:
        return None
    trace = flow.counterexample(automaton_of(norm))
    if trace is None:
        return None
    detail = {"roles": sorted(shared), "of": norm.of}
    if norm.of == "role":
        return Violation(norm, trace, "people", detail)
    if all(_headcount(given, name) == 1 for name in shared):
        return Violation(norm, trace, "people", {**detail, "people": 1})
    raise Undecided(
        "beide Schritte tut dieselbe Stelle; ob es verschiedene Personen sind, sagt das Modell nicht",
        "one role does both steps; whether by different persons the model does not say",
    )


def _headcount(given: Given, role: str) -> int | None:
    """How many people the scenario gives a role; None: not known."""
    for profile in (given.procedure.scenario or {}).get("resource_profiles", ()):
        if isinstance(profile, Mapping) and profile.get("name") == role:
            listed = [one for one in profile.get("resource_list", ()) if isinstance(one, Mapping)]
            amounts = [one["amount"] for one in listed if isinstance(one.get("amount"), int)]
            if amounts and len(amounts) == len(listed):
                return int(sum(amounts))
    return None


def _wrong_time(graph: Graph, norm: Norm) -> Violation | None:
    """Waits that are drawn between the steps and are together longer than allowed, or shorter than demanded."""
    for one in norm.first:
        for other in norm.second:
            if norm.within is not None:
                days, way = _waiting(graph, one, other, longest=True)
                if way and days > _most(parse_length(norm.within)):
                    return Violation(norm, way, "late", {"days": days, "within": norm.within})
            if norm.at_least is not None:
                days, way = _waiting(graph, one, other, longest=False)
                if way and days < _least(parse_length(norm.at_least)):
                    if not days:
                        raise Undecided("die Wartezeit ist nicht gezeichnet", "the waiting time is not drawn")
                    return Violation(norm, way, "early", {"days": days, "at_least": norm.at_least})
    return None


def _waiting(graph: Graph, first: str, last: str, *, longest: bool) -> tuple[int, tuple[str, ...]]:
    """Days of timers on the way from one node to another without going round a loop, and that way."""
    forward = graph.forward()
    best: dict[str, tuple[int, tuple[str, ...]]] = {}
    start = graph.leaving(first)
    order: list[str] = []
    seen = {start}
    stack = [(start, iter(forward[start]))]
    while stack:
        vertex, targets = stack[-1]
        target = next((it for it in targets if it not in seen), None)
        if target is None:
            order.append(vertex)
            stack.pop()
        else:
            seen.add(target)
            stack.append((target, iter(forward[target])))
    best[start] = (0, (first,))
    for vertex in reversed(order):
        for target in forward[vertex]:
            days = best[vertex][0] + _timer_days(graph, target, longest)
            known = best.get(target)
            if known is None or (days > known[0] if longest else days < known[0]):
                best[target] = (days, (*best[vertex][1], *((target,) if target in graph.nodes else ())))
    return best.get(last, (0, ()))


def _timer_days(graph: Graph, vertex: str, longest: bool) -> int:
    node = graph.nodes.get(vertex)
    if not isinstance(node, Event):
        return 0
    for definition in node.definitions:
        if definition.kind == "timer" and definition.timer == "duration" and definition.expression is not None:
            text = definition.expression.text.strip().removeprefix("=").strip().strip('"')
            try:
                length = parse_length(text)
            except InvalidRequest:
                return 0
            return _least(length) if longest else _most(length)
    return 0
