"""Soundness of one process: can every case end, is nothing left behind, can every activity ever begin?

Definitions (Fahland et al., "Instantaneous soundness checking of industrial business process models", 2009; van der
Aalst et al., "Soundness of workflow nets", 2011), on the token game of `bpm.model.tokens` with free choice at every
guard and each non-interrupting event at most once per case:

* *deadlock*: a reachable marking with tokens and without a step;
* *livelock*: a reachable marking from which neither the end nor a deadlock can be reached;
* *option to complete*: neither of the two;
* *unsafe* (improper completion): two tokens on one flow, or one sub-process running twice at once;
* *dead*: an activity that no reachable marking enables.

Several end events, or several tokens into one end event one after the other, are proper (BPMN 2.0.2, 10.5.3).
A net is first made smaller by `bpm.analyser.reduction`, then explored; if a defect is found, the full net is explored
for the shortest trace. A process with two tokens on one flow is explored token by token instead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from bpm.analyser.exploration import Exploration, TooManyStates, explore
from bpm.analyser.net import Net, compile_net
from bpm.analyser.reduction import reduce_net
from bpm.model.graph import Graph, components
from bpm.model.guarded import GuardedGame
from bpm.model.process import Activity, Event, Process
from bpm.model.tokens import Scope, State, Step, TokenGame, TooManyChoices
from bpm.model.whole import WholeGame

STATES = 100_000
"""Markings on bit masks before the checks give up."""

WHOLE_STATES = 3_000
"""Markings played token by token, where the bit masks cannot say what an element means."""

UNSAFE_STATES = 1_500
"""Markings played token by token, when two tokens can meet."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A counterexample: the nodes that fire on the way (`shortest` or not), and where the tokens are then. Of a
    livelock, `approach` leads on to a `loop`, a round that can be repeated for ever."""

    trace: tuple[str, ...]
    at: tuple[str, ...]
    shortest: bool = True
    approach: tuple[str, ...] = ()
    loop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Soundness:
    """The verdicts on one process. `skipped` (by language): why nothing can be said; `partial`: why only `unsafe`, and
    the defects that are listed, can be. Then an empty list proves nothing."""

    process: str
    deadlock: Defect | None = None
    livelock: Defect | None = None
    unsafe: Defect | None = None
    dead: tuple[str, ...] = ()
    states: int = 0
    skipped: Mapping[str, str] | None = None
    partial: Mapping[str, str] | None = None

    @property
    def option_to_complete(self) -> bool | None:
        """None: not known."""
        if self.deadlock or self.livelock:
            return False
        return None if self.skipped or self.partial else True

    @property
    def sound(self) -> bool | None:
        """None: not known."""
        if self.deadlock or self.livelock or self.unsafe or self.dead:
            return False
        return None if self.skipped or self.partial else True


@dataclass(frozen=True, slots=True)
class Changes:
    """Which nodes give which items a value, and behind which nodes any item may have changed. `local` are names that
    mean something else inside an activity."""

    writes: Mapping[str, Collection[str]]
    forgets: Collection[str]
    local: frozenset[str] = frozenset()


def examine(
    process: Process | Graph,
    *,
    states: int = STATES,
    reduced: bool = True,
    changes: Callable[[], Changes] | None = None,
) -> Soundness:
    """Decide soundness of `process`; a bound or an element outside the semantics gives `skipped`, never an exception.

    `reduced=False` leaves out the reductions (to check them). With `changes` a defect is only reported if two guards on
    the same unchanged datum need not contradict each other for it (as far as `WHOLE_STATES` markings show)."""
    found = _examine(process, states, reduced)
    if changes is None or not (found.deadlock or found.livelock or found.unsafe):
        return found
    graph = process if isinstance(process, Graph) else Graph(process)
    return _with_data(graph, found, changes())


def _with_data(graph: Graph, found: Soundness, changes: Changes) -> Soundness:
    """The verdicts that the data allow; as they were if the data say nothing, or there are too many markings."""
    game = GuardedGame(graph, once=True, writes=changes.writes, forgets=changes.forgets)
    if not game.classes or changes.local & set(game.classes):
        return found
    try:
        played = _play(game, WHOLE_STATES)
    except TooManyChoices:
        return found
    if played.partial:
        return found
    return replace(
        found,
        deadlock=found.deadlock and played.deadlock,
        livelock=found.livelock and played.livelock,
        unsafe=found.unsafe and played.unsafe,
        partial=None,
    )


def _examine(process: Process | Graph, states: int, reduced: bool) -> Soundness:
    game = TokenGame(process, once=True)
    process = game.graph.process
    if unfolded(game.graph):
        return _decide_whole(WholeGame(game.graph, once=True))
    if foreign := game.foreign():
        element, why = foreign[0]
        return Soundness(
            process.id,
            skipped={"de": f"{element}: {_GERMAN.get(why, why)}", "en": f"{element}: {why}"},
        )
    if not process.nodes:
        return Soundness(process.id)
    try:
        return _decide(game, states, reduced)
    except TooManyStates:
        return Soundness(process.id, skipped=_more_than(states))
    except TooManyChoices as error:
        return Soundness(process.id, skipped=_too_many_ways(error))


def _too_many_ways(error: TooManyChoices) -> Mapping[str, str]:
    return {
        "de": f"{error.element}: zu viele bedingte Ausgänge, um alle Kombinationen zu prüfen",
        "en": f"{error.element}: too many conditional flows to try all combinations",
    }


_GERMAN = {
    "boundary event without an activity": "ein angeheftetes Ereignis ohne Aktivität",
    "sequence flow across a border or to an unknown element": "ein Sequenzfluss über eine Grenze oder ins Leere",
}


def _more_than(states: int) -> Mapping[str, str]:
    return {"de": f"mehr als {states} Zustände", "en": f"more than {states} states"}


def _decide(game: TokenGame, budget: int, reduced: bool) -> Soundness:
    process = game.graph.process
    small = compile_net(game)
    if reduced:
        reduce_net(small)
    found = explore(small, budget)
    if found.double is not None:
        return _decide_unsafe(game, found, budget)
    doomed = found.doomed()
    shortest = True
    marked = _marked(found)
    if found.stuck or doomed:
        try:
            found = explore(compile_net(game), budget) if reduced else found
            doomed = found.doomed()
        except TooManyStates:
            shortest = False
    return Soundness(
        process.id,
        deadlock=_defect(game, found, found.stuck, shortest),
        livelock=_turning(_defect(game, found, doomed, shortest), doomed, found.onward),
        dead=_dead(game, small, marked),
        states=len(found.states),
    )


def _defect(game: TokenGame, found: Exploration, states: list[int], shortest: bool) -> Defect | None:
    if not states:
        return None
    first = states[0]
    return Defect(found.trace(first), _places(game, found.net, found.marked(first)), shortest)


def _turning(
    defect: Defect | None, doomed: list[int], onward: Callable[[int], Iterable[tuple[str, int]]]
) -> Defect | None:
    """The livelock with a round that can be repeated, nearest first, and the way there from the first doomed state."""
    if defect is None:
        return None
    ahead = {state: list(onward(state)) for state in doomed}
    turning = set[int]()
    for part in components({state: [after for _, after in steps] for state, steps in ahead.items()}):
        if len(part) > 1 or any(after in part for state in part for _, after in ahead[state]):
            turning |= part
    first = doomed[0]
    approach, state = ((), first) if first in turning else _shortest(ahead, first, turning)
    return replace(defect, approach=approach, loop=_shortest(ahead, state, {state})[0])


def _shortest(
    ahead: Mapping[int, list[tuple[str, int]]], first: int, wanted: Collection[int]
) -> tuple[tuple[str, ...], int]:
    """The nodes that fire on a shortest way of at least one step from `first` to a wanted state, and that state."""
    came: dict[int, tuple[int, str]] = {}
    todo = [first]
    for state in todo:
        for node, after in ahead[state]:
            if after in came:
                continue
            came[after] = (state, node)
            todo.append(after)
            if after in wanted:
                way, back = [node], state
                while back != first:
                    back, node = came[back]
                    way.append(node)
                return tuple(reversed(way)), after
    return (), first


def _places(game: TokenGame, net: Net, places: tuple[int, ...]) -> tuple[str, ...]:
    """The nodes at which the tokens on `places` wait."""
    flows = game.graph.flows
    names = [flows[place].target if place < len(flows) else net.names[place] for place in places]
    order = game.graph.order
    return tuple(sorted(dict.fromkeys(names), key=lambda name: order.get(name, -1)))


def _marked(found: Exploration) -> set[int]:
    """Every place that ever holds a token."""
    marked = set(found.net.start)
    for key in found.fired:
        marked |= found.net.transitions[key].marks
    return marked


def countable(graph: Graph, node: Activity) -> bool:
    """Whether an activity takes part in the flow: no compensation handler, nothing inside a black box."""
    around = graph.containers(node.id)
    if graph.handlers & {node.id, *around}:
        return False
    return all(graph.expanded(container) for container in around)


def _dead(game: TokenGame, net: Net, marked: set[int]) -> tuple[str, ...]:
    names = {place: name for place, name in net.names.items() if place in marked}
    waiting = {game.graph.flows[p].target if p < len(game.graph.flows) else names[p] for p in marked if p in names}
    if game.graph.process.id in waiting:
        waiting.update(start.id for start in game.graph.starts(game.graph.process.id))
    events = {  # an activity behind an event-based gateway waits there
        flow.target for flow in game.graph.flows if flow.source in waiting and _is_events(game, flow.source)
    }
    alive = waiting | events
    return tuple(
        node.id
        for node in game.graph.process.nodes
        if isinstance(node, Activity) and node.id not in alive and countable(game.graph, node)
    )


def _is_events(game: TokenGame, node: str) -> bool:
    return game.graph.nodes[node].type == "eventBasedGateway"


# --- what bit masks cannot say ---------------------------------------------------------------------------------


def unfolded(graph: Graph) -> bool:
    """Whether the verdicts need the whole game: complex gateways, and compensation by what can itself get stuck.

    Repetition, ad-hoc content and compensation by tasks are folded: they change no verdict."""
    if any(node.type == "complexGateway" for node in graph.process.nodes):
        return True
    throws_it = any(
        isinstance(node, Event)
        and node.type in ("endEvent", "intermediateThrowEvent")
        and any(d.kind in ("compensate", "cancel") for d in node.definitions)
        for node in graph.process.nodes
    )
    return throws_it and any(graph.expanded(handler) for handler in graph.handlers)


def _decide_whole(game: WholeGame) -> Soundness:
    if foreign := game.foreign():
        element, why = foreign[0]
        return Soundness(
            game.graph.process.id, skipped={"de": f"{element}: {_GERMAN.get(why, why)}", "en": f"{element}: {why}"}
        )
    try:
        found = _play(game, WHOLE_STATES)
    except TooManyChoices as error:
        return Soundness(game.graph.process.id, skipped=_too_many_ways(error))
    if found.partial and not (found.deadlock or found.unsafe):
        return Soundness(found.process, skipped=found.partial)
    return found


# --- two tokens on one place -------------------------------------------------------------------------------------


def _decide_unsafe(game: TokenGame, small: Exploration, budget: int) -> Soundness:
    try:
        found, shortest = explore(compile_net(game), budget), True
    except TooManyStates:
        found, shortest = small, False
    unsafe = None
    if found.double is not None:
        state, key, place = found.double
        flow = game.graph.flows[place].id if place < len(game.graph.flows) else found.net.names[place]
        unsafe = Defect((*found.trace(state), found.net.transitions[key].node), (flow,), shortest)
    played = _play(game, UNSAFE_STATES)
    return Soundness(
        game.graph.process.id,
        deadlock=played.deadlock,
        livelock=played.livelock,
        unsafe=unsafe,
        dead=played.dead,
        states=played.states,
        partial=played.partial,
    )


def _play(game: TokenGame, budget: int) -> Soundness:
    """The same verdicts token by token, breadth first over the reference semantics; `partial` if the bound is met."""
    first = game.initial()
    states, index = [first], {first: 0}
    came: list[tuple[int, Step | None]] = [(0, None)]
    before: list[list[int]] = [[]]
    stuck: list[int] = []
    over: list[int] = []
    alive: set[str] = set()
    complete = True
    unsafe: tuple[int, str] | None = None
    here = 0
    while here < len(states):
        state = states[here]
        alive.update(node for node, _ in _offered(game, state))
        if unsafe is None and (crowded := _crowded(game, state.root)):
            unsafe = (here, crowded)
        steps = game.enabled(state)
        for step in steps:
            after = game.fire(state, step)
            there = index.get(after)
            if there is None:
                if len(states) >= budget:
                    complete = False
                    continue
                there = index[after] = len(states)
                states.append(after)
                came.append((here, step))
                before.append([])
            before[there].append(here)
        if game.ended(state):
            over.append(here)
        elif not steps:
            stuck.append(here)
        here += 1
    doomed = _cannot(before, [*over, *stuck]) if complete else []
    dead = tuple(
        node.id
        for node in game.graph.process.nodes
        if isinstance(node, Activity) and node.id not in alive and countable(game.graph, node)
    )
    return Soundness(
        game.graph.process.id,
        deadlock=_played_defect(game, states, came, stuck),
        livelock=_turning(
            _played_defect(game, states, came, doomed),
            doomed,
            lambda at: ((step.node, index[game.fire(states[at], step)]) for step in game.enabled(states[at])),
        ),
        unsafe=None if unsafe is None else _at(_played_defect(game, states, came, [unsafe[0]]), unsafe[1]),
        dead=dead if complete else (),
        states=len(states),
        partial=None if complete else _more_than(budget),
    )


def _crowded(game: TokenGame, root: Scope) -> str:
    """A flow that holds two tokens, or a sub-process that runs twice at once though it is not repeated; empty: none."""
    todo = [root]
    while todo:
        scope = todo.pop()
        names = [child.container for child in scope.inner]
        for place in scope.tokens:
            if place >= 0 and scope.tokens.count(place) > 1:
                return game.element(place)
        for name in names:
            node = game.graph.nodes[name]
            if names.count(name) > 1 and not (isinstance(node, Activity) and node.loop is not None):
                return name
        todo.extend(scope.inner)
    return ""


def _at(defect: Defect | None, place: str) -> Defect | None:
    return None if defect is None else replace(defect, at=(place,))


def _cannot(before: list[list[int]], good: list[int]) -> list[int]:
    seen, todo = set(good), list(good)
    while todo:
        for state in before[todo.pop()]:
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return [state for state in range(len(before)) if state not in seen]


def _offered(game: TokenGame, state: State) -> list[tuple[str, int]]:
    """The nodes that a token is offered to, events behind an event-based gateway included."""
    found: list[tuple[str, int]] = []
    for element, count in game.marked(state):
        if element == game.graph.process.id:
            names = [start.id for start in game.graph.starts(element)]
        elif element in game.graph.nodes:
            names = [element]
        else:
            names = [game.target(game.place(element)).id]
        for name in list(names):
            if game.graph.nodes[name].type == "eventBasedGateway":
                names += [flow.target for flow in game.graph.outgoing[name]]
        found += [(name, count) for name in names]
    return found


def _played_defect(
    game: TokenGame, states: list[State], came: list[tuple[int, Step | None]], chosen: list[int]
) -> Defect | None:
    if not chosen:
        return None
    trace: list[str] = []
    here = chosen[0]
    while here:
        here, step = came[here]
        if step is not None:
            trace.append(step.node)
    order = game.graph.order
    at = {
        game.target(game.place(element)).id
        for element, _ in game.marked(states[chosen[0]])
        if element in order or element in game.keys
    }
    return Defect(tuple(reversed(trace)), tuple(sorted(at, key=lambda name: order.get(name, -1))))
