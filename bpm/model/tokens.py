"""The token game: what BPMN means, in plain Python. Engine, simulator and soundness checker must agree with it.

A `State` is a marking: tokens on sequence flows (and on nodes that start without a flow), nested in one `Scope` per
running sub-process. `TokenGame.enabled` lists every possible next `Step`, each free choice (guard, event, order) a step
of its own; `fire` gives the next state. Both are pure; states hash and compare by value, equal markings are equal.
Guards are not looked at: every outcome the diagram allows is a step ("both ways").

Where it comes from: BPMN 2.0.2 (OMG formal/2013-12-09), chapter 13.

* 13.2 instantiation and end: one start event begins a process; without any, all nodes without incoming flow do. A
  process or sub-process is over when no token is left in it.
* 13.3.1-13.3.4 activities: each arriving token starts the activity once (uncontrolled merge); several outgoing flows
  all get a token, conditional ones if their condition holds, the default if no other flow is taken. A sub-process
  starts its start events or nodes without incoming flow. Tasks, call activities, ad-hoc and empty sub-processes:
  one step (`bpm.model.whole` and `bpm.model.calls` play what is inside).
* 13.3.6, 13.3.7 loops and multi-instance: the content is played once (`bpm.model.whole` repeats it).
* 13.4.1 parallel, 13.4.2 exclusive, 13.4.3 inclusive (its join fires unless a token can still reach an empty input
  but no filled one, without passing the join), 13.4.4 event-based gateways. Complex gateways (13.4.5) are `foreign`
  here and played in `bpm.model.whole`.
* 13.5.1-13.5.6 events: boundary events interrupt their activity or add a token; event sub-processes; error, escalation
  and cancel events look for the innermost catcher; terminate ends its scope only; link events are a jump.
  An error that nobody catches ends the case. Compensation is a side effect and moves no token
  (`bpm.model.whole` plays the handlers).

What the standard leaves open is decided so: an error (an escalation, if nothing in the diagram throws it) may occur
while work is being done;
messages, signals, timers and conditions may occur at any moment (a superset of what a clock would allow). With
`once=True` every non-interrupting event occurs at most once per case, so that the state space is finite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from bpm.errors import LichtungError
from bpm.model.graph import Graph
from bpm.model.process import Activity, Event, EventDefinition, FlowNode, Gateway, Process

MOST_CHOICES = 12
"""More conditional flows out of one node than this give too many combinations to list."""

SILENT = frozenset({"enter", "skip", "begin", "offer", "undo", "reset"})
"""Kinds of steps at which nothing is completed that a log would show."""

ENTRY = -1
"""The place that holds the token of a process not yet started by one of its start events."""

OUTSIDE = frozenset({"message", "timer", "signal", "conditional"})


class TooManyChoices(LichtungError):
    """A node has so many conditional flows that their combinations cannot be listed one by one."""


class Scope(NamedTuple):
    """A running process or sub-process: sorted places of its tokens, and the sub-processes running in it. `done` are
    the handlers that would undo what was completed, first first (only where compensation is played)."""

    container: str
    tokens: tuple[int, ...] = ()
    inner: tuple[Scope, ...] = ()
    interrupted: bool = False
    done: tuple[str, ...] = ()


class State(NamedTuple):
    """A marking. `fired` are the non-interrupting events that occurred (only where they may occur once); `known` is
    what guards have shown about data (only where data are played): item and numbers of its possible values."""

    root: Scope
    fired: tuple[str, ...] = ()
    known: tuple[tuple[str, frozenset[int]], ...] = ()


class Step(NamedTuple):
    """One possible move. `kind`: start, pass (a node is done), enter and complete (a sub-process begins, ends),
    boundary, trigger (the start event of an event sub-process). `flows` are the ids of the flows that get a token;
    `scope` is the way to the scope (indices into `inner`), `take` the places that lose a token. A thrown error,
    escalation or cancellation names its `catcher` and the flows that this gives a token to; `shows` is what a guard
    tells about data (see `State.known`)."""

    node: str
    kind: str
    flows: tuple[str, ...] = ()
    scope: tuple[int, ...] = ()
    take: tuple[int, ...] = ()
    catcher: str = ""
    catcher_flows: tuple[str, ...] = ()
    shows: tuple[tuple[str, frozenset[int]], ...] = ()


@dataclass(slots=True)
class _Live:
    """A scope while it is being changed."""

    container: str
    tokens: list[int]
    inner: list[_Live]
    interrupted: bool = False
    done: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.tokens.clear()
        self.inner.clear()


class TokenGame:
    """The reference semantics of one process. Read-only after construction; every table is linear in the model."""

    def __init__(self, process: Process | Graph, *, once: bool = False) -> None:
        self.graph = process if isinstance(process, Graph) else Graph(process)
        self.once = once
        self.keys = _flow_keys(self.graph)
        self._index = {key: i for i, key in enumerate(self.keys)}
        self._place = {node: -2 - i for i, node in enumerate(self.graph.nodes)}
        self._node_at = {place: node for node, place in self._place.items()}
        self._in: dict[str, list[int]] = {node: [] for node in self.graph.nodes}
        self._out: dict[str, list[int]] = {node: [] for node in self.graph.nodes}
        for i, flow in enumerate(self.graph.flows):
            self._in[flow.target].append(i)
            self._out[flow.source].append(i)
        self._choices: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._backs: dict[str, dict[int, frozenset[int]]] = {}
        self.thrown_to = self._thrown_to()

    # --- places and choices ------------------------------------------------------------------------------------

    def place(self, element: str) -> int:
        """The place of a flow id or node id, as it stands in `Scope.tokens`."""
        return self._index[element] if element in self._index else self._place[element]

    def element(self, place: int) -> str:
        """The flow or node id of a place."""
        if place == ENTRY:
            return self.graph.process.id
        return self.keys[place] if place >= 0 else self._node_at[place]

    def target(self, place: int) -> FlowNode:
        """The node that a token at `place` is offered to."""
        return self.graph.nodes[self.graph.flows[place].target if place >= 0 else self._node_at[place]]

    def incoming(self, node: str) -> tuple[int, ...]:
        """The places of a node's incoming flows."""
        return tuple(self._in[node])

    def choices(self, node: str) -> tuple[tuple[str, ...], ...]:
        """Every set of outgoing flows that may get a token when `node` is done (13.3.1, 13.4).

        Raises:
            TooManyChoices: more than `MOST_CHOICES` flows may be taken or not.
        """
        found = self._choices.get(node)
        if found is None:
            parts = self.branches(node)
            found = self._choices[node] = tuple(part for branch in parts for part in _subsets(node, *branch))
        return found

    def branches(self, node: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...]:
        """The choices of a node, unexpanded: of each (always, free, otherwise) either `always` and a non-empty part of
        `free` get a token, or `otherwise` (if it names any flow, or nothing is free)."""
        found, out = self.graph.nodes[node], self._out[node]
        keys = tuple(self.keys[i] for i in out)
        default = tuple(self.keys[i] for i in out if self.graph.flows[i].id == found.default)
        if not out or found.type in ("parallelGateway", "eventBasedGateway"):
            return ((keys, (), keys),)
        if found.type == "exclusiveGateway":
            return tuple(((key,), (), (key,)) for key in keys)
        if isinstance(found, Gateway):
            return (((), tuple(key for key in keys if key not in default), default),)
        conditional = {self.keys[i] for i in out if self.graph.flows[i].condition is not None}
        always = tuple(key for key in keys if key not in conditional and key not in default)
        free = tuple(key for key in keys if key in conditional and key not in default)
        return ((always, free, always or default),)

    # --- states ------------------------------------------------------------------------------------------------

    def initial(self) -> State:
        """The marking before anything happened."""
        root = self.graph.process.id
        starts = self.graph.starts(root)
        if any(node.type == "startEvent" or (isinstance(node, Gateway) and node.instantiate) for node in starts):
            return State(Scope(root, (ENTRY,)))
        return State(Scope(root, self._start_places(root)))

    def _start_places(self, container: str) -> tuple[int, ...]:
        return tuple(sorted(self._place[node.id] for node in self.graph.starts(container)))

    def ended(self, state: State) -> bool:
        """Whether the case is over: no token is left (13.2)."""
        return not state.root.tokens and not state.root.inner

    def marked(self, state: State) -> tuple[tuple[str, int], ...]:
        """The places of all levels that hold tokens: flow or node id and count, sorted by id."""
        counts: dict[str, int] = {}
        for _, scope in _walk(state.root):
            for place in scope.tokens:
                counts[self.element(place)] = counts.get(self.element(place), 0) + 1
            for child in scope.inner:
                counts[child.container] = counts.get(child.container, 0) + 1
        return tuple(sorted(counts.items()))

    # --- what can happen ---------------------------------------------------------------------------------------

    def enabled(self, state: State) -> tuple[Step, ...]:
        """Every step that can happen next, in a fixed order.

        Raises:
            TooManyChoices: see `choices`.
        """
        steps: list[Step] = []
        for path, scope in _walk(state.root):
            chain = _chain(state.root, path)
            for place in dict.fromkeys(scope.tokens):
                steps += self._at_place(state, chain, path, place)
            for i, child in enumerate(scope.inner):
                if i == 0 or scope.inner[i - 1] != child:
                    steps += self._at_child(state, (*path, i), child)
            if scope.tokens or scope.inner:
                steps += self._triggers(state, path, scope)
        return tuple(steps)

    def _at_place(self, state: State, chain: list[Scope], path: tuple[int, ...], place: int) -> Iterator[Step]:
        if place == ENTRY:
            for start in self.graph.starts(self.graph.process.id):
                if start.type == "eventBasedGateway":
                    yield from self._events(start, path, place)
                else:
                    yield from (Step(start.id, "start", flows, path, (place,)) for flows in self.choices(start.id))
            return
        node = self.target(place)
        if node.type == "parallelGateway" and place >= 0:
            yield from self._parallel(chain[-1], path, node, place)
        elif node.type == "inclusiveGateway" and place >= 0:
            yield from self._inclusive(chain[-1], path, node, place)
        elif isinstance(node, Gateway) and node.type == "eventBasedGateway":
            yield from self._events(node, path, place)
        elif self.opens(node.id):
            yield Step(node.id, "enter", (), path, (place,))
        elif isinstance(node, Event):
            yield from self._event(node, chain, path, place)
        else:
            yield from (Step(node.id, "pass", flows, path, (place,)) for flows in self.choices(node.id))
            if isinstance(node, Activity):
                yield from self._task_boundaries(state, node, path, place)

    def _parallel(self, scope: Scope, path: tuple[int, ...], node: FlowNode, place: int) -> Iterator[Step]:
        inputs = self._in[node.id]
        held = [i for i in inputs if i in scope.tokens]
        if len(held) == len(inputs) and held[0] == place:
            yield from (Step(node.id, "pass", flows, path, tuple(inputs)) for flows in self.choices(node.id))

    def _inclusive(self, scope: Scope, path: tuple[int, ...], node: FlowNode, place: int) -> Iterator[Step]:
        held = tuple(i for i in self._in[node.id] if i in scope.tokens)
        if held[0] == place and self._may_join(scope, node.id, held):
            yield from (Step(node.id, "pass", flows, path, held) for flows in self.choices(node.id))

    def _may_join(self, scope: Scope, gateway: str, held: tuple[int, ...]) -> bool:
        """The rule of 13.4.3: no token reaches an empty input unless it also reaches a filled one."""
        backs = self.backs(gateway)
        empty: set[int] = set().union(*(back for place, back in backs.items() if place not in held))
        filled: set[int] = set().union(*(backs[place] for place in held))
        positions = {*scope.tokens, *(self._place[child.container] for child in scope.inner)}
        return not ((positions & empty) - filled)

    def backs(self, gateway: str) -> dict[int, frozenset[int]]:
        """For each input of an inclusive gateway the places from which a token can reach it without passing it."""
        if gateway not in self._backs:
            self._backs[gateway] = {i: self._back(gateway, i) for i in self._in[gateway]}
        return self._backs[gateway]

    def _back(self, gateway: str, flow: int) -> frozenset[int]:
        jumps: dict[str, list[str]] = {}
        for throw in self.graph.nodes:
            if target := self.graph.link_target(throw):
                jumps.setdefault(target, []).append(throw)
        places, todo, seen = {flow}, [self.graph.flows[flow].source], {gateway}
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            places.add(self._place[node])
            for i in self._in[node]:
                places.add(i)
                todo.append(self.graph.flows[i].source)
            found = self.graph.nodes[node]
            if isinstance(found, Event) and found.attached_to in self.graph.nodes:
                todo.append(found.attached_to or "")
            todo.extend(jumps.get(node, ()))
        return frozenset(places)

    def _events(self, gateway: FlowNode, path: tuple[int, ...], place: int) -> Iterator[Step]:
        """An event-based gateway is passed by the first of its events (13.4.4); the step names that event."""
        if isinstance(gateway, Gateway) and gateway.event_gateway_type == "Parallel":
            yield Step(gateway.id, "pass", tuple(self.keys[i] for i in self._out[gateway.id]), path, (place,))
            return
        for i in self._out[gateway.id]:
            node = self.graph.nodes[self.graph.flows[i].target]
            if node.type in ("intermediateCatchEvent", "receiveTask"):
                yield from (Step(node.id, "pass", flows, path, (place,)) for flows in self.choices(node.id))
            else:
                yield Step(gateway.id, "pass", (self.keys[i],), path, (place,))

    def _event(self, node: Event, chain: list[Scope], path: tuple[int, ...], place: int) -> Iterator[Step]:
        thrown = throws(node)
        catcher = self._catcher(chain, thrown) if thrown else ""
        for flows in self.choices(node.id):
            if catcher:
                for caught in self.choices(catcher):
                    yield Step(node.id, "pass", flows, path, (place,), catcher, caught)
            else:
                yield Step(node.id, "pass", flows, path, (place,))

    def _catcher(self, chain: list[Scope], thrown: EventDefinition) -> str:
        """The innermost event that catches what is thrown in the last scope of `chain`."""
        inner = ""
        for scope in reversed(chain):
            starts = [] if scope.interrupted else self.listener_starts(scope.container, thrown_in=inner)
            for group in (starts, self.graph.boundary(scope.container)):
                if (found := best_catcher(group, thrown)) is not None:
                    return found.id
            inner = scope.container
        return ""

    def _thrown_to(self) -> frozenset[str]:
        """The events that catch something which is thrown in the diagram."""
        found: set[str] = set()
        for node in self.graph.process.nodes:
            if isinstance(node, Event) and (thrown := throws(node)):
                containers = reversed((*self.graph.containers(node.id), self.graph.process.id))
                found.add(self._catcher([Scope(container) for container in containers], thrown))
        return frozenset(found)

    def listener_starts(self, container: str, thrown_in: str = "") -> list[Event]:
        """The start events of the event sub-processes of a container; what one of them throws, none of them catches."""
        listeners = self.graph.listeners(container)
        if any(listener.id == thrown_in for listener in listeners):
            return []
        return [start for listener in listeners for start in self.graph.starts(listener.id) if isinstance(start, Event)]

    def _task_boundaries(self, state: State, node: FlowNode, path: tuple[int, ...], place: int) -> Iterator[Step]:
        for event in self.graph.boundary(node.id):
            if not any(d.kind not in ("compensate", "cancel") for d in event.definitions) and event.definitions:
                continue
            if event.interrupting:
                yield from (Step(event.id, "boundary", flows, path, (place,)) for flows in self.choices(event.id))
            elif event.id not in state.fired:
                yield from (Step(event.id, "boundary", flows, path) for flows in self.choices(event.id))

    def _at_child(self, state: State, path: tuple[int, ...], child: Scope) -> Iterator[Step]:
        if not child.tokens and not child.inner:
            yield from (Step(child.container, "complete", flows, path) for flows in self.choices(child.container))
        for event in self.graph.boundary(child.container):
            if event.id not in state.fired and self._spontaneous(event, child):
                yield from (Step(event.id, "boundary", flows, path) for flows in self.choices(event.id))

    def _spontaneous(self, event: Event, scope: Scope) -> bool:
        """Whether an event of a running scope can occur without being thrown inside the diagram."""
        kinds = {d.kind for d in event.definitions}
        if not kinds or kinds & OUTSIDE:
            return True
        raised = self.raised(event)
        return bool(raised) and any(self.works(place) for _, inner in _walk(scope) for place in inner.tokens)

    def raised(self, event: Event) -> bool:
        """Whether work in progress can raise what an event catches: any error, and an escalation that nothing in the
        diagram throws to it."""
        kinds = {d.kind for d in event.definitions}
        return "error" in kinds or ("escalation" in kinds and event.id not in self.thrown_to)

    def works(self, place: int) -> bool:
        """Whether a token at `place` is work in progress: a task, a called process or another black box."""
        node = None if place == ENTRY else self.target(place)
        return isinstance(node, Activity) and not self.opens(node.id)

    def opens(self, node: str) -> bool:
        """Whether a node is played inside, in a scope of its own."""
        return self.graph.expanded(node)

    def _triggers(self, state: State, path: tuple[int, ...], scope: Scope) -> Iterator[Step]:
        if scope.interrupted or ENTRY in scope.tokens:
            return
        for start in self.listener_starts(scope.container):
            if start.id not in state.fired and start.definitions and self._spontaneous(start, scope):
                yield from (Step(start.id, "trigger", flows, path) for flows in self.choices(start.id))

    # --- what then is ------------------------------------------------------------------------------------------

    def fire(self, state: State, step: Step) -> State:
        """The marking after a step that `enabled` listed for this state."""
        root = _thaw(state.root)
        chain = [root]
        for i in step.scope:
            chain.append(chain[-1].inner[i])
        fired = set(state.fired)
        for place in step.take:
            chain[-1].tokens.remove(place)
        self._apply(chain, step, fired)
        return State(_freeze(root), tuple(sorted(fired)), state.known)

    def _apply(self, chain: list[_Live], step: Step, fired: set[str]) -> None:
        """What a step changes beside the tokens it takes; `chain` are the scopes from the process to its own."""
        scope = chain[-1]
        if step.kind == "enter":
            scope.inner.append(_Live(step.node, list(self._start_places(step.node)), []))
        elif step.kind == "complete":
            _drop(chain[-2], scope)
            self._put(chain[-2], step.flows)
        elif step.kind == "trigger":
            self._caught(chain, step.node, step.flows, fired)
        elif step.kind == "boundary":
            self._boundary(chain, step, fired)
        else:
            self._done(chain, step, fired)

    def _put(self, scope: _Live, flows: Sequence[str]) -> None:
        scope.tokens.extend(self._index[flow] for flow in flows)

    def _boundary(self, chain: list[_Live], step: Step, fired: set[str]) -> None:
        event = self.graph.nodes[step.node]
        host = event.attached_to if isinstance(event, Event) else None
        if host is not None and self.opens(host):
            self._caught(chain, step.node, step.flows, fired)
            return
        self._put(chain[-1], step.flows)
        if self.once and isinstance(event, Event) and not event.interrupting:
            fired.add(event.id)

    def _caught(self, chain: list[_Live], catcher: str, flows: Sequence[str], fired: set[str]) -> bool:
        """Let an event of one of the scopes of `chain` take place; True if it ended the last scope's work."""
        event = self.graph.nodes[catcher]
        if not isinstance(event, Event):
            raise KeyError(catcher)
        on_scope = event.type == "boundaryEvent"
        owner = event.attached_to if on_scope else self.graph.nodes[event.parent].parent
        level = next(i for i in range(len(chain) - 1, -1, -1) if chain[i].container == owner)
        if not event.interrupting and self.once:
            fired.add(catcher)
        if on_scope:
            if event.interrupting:
                _drop(chain[level - 1], chain[level])
            self._put(chain[level - 1], flows)
        else:
            if event.interrupting:
                chain[level].clear()
                chain[level].interrupted = True
            handler = _Live(event.parent, [], [])
            self._put(handler, flows)
            chain[level].inner.append(handler)
        return event.interrupting

    def _done(self, chain: list[_Live], step: Step, fired: set[str]) -> None:
        node, scope = self.graph.nodes[step.node], chain[-1]
        kinds = {d.kind for d in node.definitions} if isinstance(node, Event) else set()
        ends = node.type == "endEvent"
        if step.catcher:
            if not self._caught(chain, step.catcher, step.catcher_flows, set()):
                self._put(scope, step.flows)
        elif ends and "error" in kinds:
            chain[0].clear()
        elif ends and kinds & {"terminate", "cancel"}:
            scope.clear()
        elif target := self.graph.link_target(step.node):
            scope.tokens.append(self._place[target])
        else:
            self._put(scope, step.flows)

    # --- what it cannot say ------------------------------------------------------------------------------------

    def foreign(self) -> tuple[tuple[str, str], ...]:
        """Elements outside this semantics: (element id, reason). With any of them the game is a guess."""
        found = [(flow.id, "sequence flow across a border or to an unknown element") for flow in self.graph.stray]
        for node in self.graph.process.nodes:
            if node.type == "complexGateway":
                found.append((node.id, "complex gateway"))
            elif node.type == "boundaryEvent" and isinstance(node, Event) and node.attached_to not in self.graph.nodes:
                found.append((node.id, "boundary event without an activity"))
        return tuple(found)


# --- scopes ----------------------------------------------------------------------------------------------------


def _walk(root: Scope) -> Iterator[tuple[tuple[int, ...], Scope]]:
    todo: list[tuple[tuple[int, ...], Scope]] = [((), root)]
    while todo:
        path, scope = todo.pop()
        yield path, scope
        for i in range(len(scope.inner) - 1, -1, -1):
            if i == 0 or scope.inner[i] != scope.inner[i - 1]:
                todo.append(((*path, i), scope.inner[i]))


def _chain(root: Scope, path: tuple[int, ...]) -> list[Scope]:
    chain = [root]
    for i in path:
        chain.append(chain[-1].inner[i])
    return chain


def _thaw(root: Scope) -> _Live:
    live = _Live(root.container, list(root.tokens), [], root.interrupted, list(root.done))
    todo = [(root, live)]
    while todo:
        scope, copy = todo.pop()
        for child in scope.inner:
            made = _Live(child.container, list(child.tokens), [], child.interrupted, list(child.done))
            copy.inner.append(made)
            todo.append((child, made))
    return live


def _freeze(root: _Live) -> Scope:
    order, todo = [], [root]
    while todo:
        live = todo.pop()
        order.append(live)
        todo.extend(live.inner)
    frozen: dict[int, Scope] = {}
    for live in reversed(order):
        inner = tuple(sorted(frozen[id(child)] for child in live.inner))
        tokens, done = tuple(sorted(live.tokens)), tuple(live.done)
        frozen[id(live)] = Scope(live.container, tokens, inner, live.interrupted, done)
    return frozen[id(root)]


def _drop(parent: _Live, child: _Live) -> None:
    parent.inner[:] = [other for other in parent.inner if other is not child]


def throws(node: Event) -> EventDefinition | None:
    """The error, escalation or cancellation that an event throws."""
    if node.type not in ("endEvent", "intermediateThrowEvent"):
        return None
    return next((d for d in node.definitions if d.kind in ("error", "escalation", "cancel")), None)


def best_catcher(events: Iterable[Event], thrown: EventDefinition) -> Event | None:
    """Of several events at one scope the one that catches: the same code or reference before one that names neither."""
    general: Event | None = None
    for event in events:
        for d in event.definitions:
            if d.kind != thrown.kind:
                continue
            if (d.name is not None and d.name == thrown.name) or (d.ref is not None and d.ref == thrown.ref):
                return event
            if d.name is None and d.ref is None and general is None:
                general = event
    return general


def _flow_keys(graph: Graph) -> tuple[str, ...]:
    """The flows' ids; a repeated id gets a number, so that every flow has a place of its own."""
    keys: dict[str, None] = {}
    for flow in graph.flows:
        key, n = flow.id, 2
        while key in keys or key in graph.nodes:
            key, n = f"{flow.id}#{n}", n + 1
        keys[key] = None
    return tuple(keys)


def _subsets(
    node: str, always: tuple[str, ...], free: tuple[str, ...], otherwise: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    if len(free) > MOST_CHOICES:
        raise TooManyChoices("too-many-choices", f"{len(free)} conditional flows leave one node", element=node)
    if otherwise or not free:
        yield otherwise
    for size in range(1, len(free) + 1):
        yield from ((*always, *part) for part in combinations(free, size))
