"""A process as a net of places and transitions, small enough to be explored on bit masks.

The net says the same as `bpm.model.tokens` (with `once=True`) as long as no place ever holds two tokens; that second
token is what the exploration looks for. Beside tokens on flows and nodes a place marks that a sub-process runs, that a
scope was interrupted, or that a non-interrupting event occurred.

What goes beyond a plain net stands in `watch` (place -> which transition forbids, clears or asks for a token there) and
`backs` (place -> which inputs of which inclusive join a token there can still reach).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bpm.model.process import Activity, Event, EventDefinition, FlowNode, Gateway
from bpm.model.tokens import ENTRY, OUTSIDE, TokenGame, best_catcher, throws

FORBID, RESET, SOME = "forbid", "reset", "some"
NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Transition:
    """Takes `need` (unless it `keeps` it), gives `add` and a non-empty part of `free` - or `otherwise` instead.

    `gateway` names an inclusive join: `need` are then its inputs, of which it takes the marked ones. `special` lists
    which kinds of `watch` entries it has; `twice` means it would put two tokens on one place. `marks` are the original
    places that get a token when it fires (reductions collect them here)."""

    node: str
    kind: str
    need: set[int]
    add: set[int]
    free: set[int] = field(default_factory=set)
    otherwise: set[int] | None = None
    keeps: bool = False
    gateway: str | None = None
    special: frozenset[str] = NONE
    twice: bool = False
    marks: set[int] = field(default_factory=set)

    @property
    def plain(self) -> bool:
        """Whether it just moves tokens."""
        return not (self.free or self.keeps or self.gateway or self.special or self.twice)

    def gives(self) -> set[int]:
        """Every place it may give a token to."""
        return self.add | self.free | (self.otherwise or set())


@dataclass(slots=True)
class Net:
    """`alive` are the places marked at the start, and `memory` those whose mark is not a token (they never end)."""

    transitions: dict[int, Transition] = field(default_factory=dict)
    start: set[int] = field(default_factory=set)
    memory: set[int] = field(default_factory=set)
    watch: dict[int, set[tuple[int, str]]] = field(default_factory=dict)
    backs: dict[int, set[tuple[str, int]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


def compile_net(game: TokenGame) -> Net:
    """The net of a process; `game.foreign()` must be empty."""
    return _Compiler(game).run()


class _Compiler:
    def __init__(self, game: TokenGame) -> None:
        self.game, self.graph, self.net = game, game.graph, Net()
        self.root = self.graph.process.id
        self.containers = self._played()
        self.active: dict[str, int] = {}
        self.interrupted: dict[str, int] = {}
        self.fired: dict[str, int] = {}
        self.direct: dict[str, set[int]] = {container: set() for container in self.containers}
        self.inside: dict[str, list[str]] = {container: [] for container in self.containers}
        self._number = 0

    def run(self) -> Net:
        self._lay_out()
        for container in self.containers:
            for place in sorted(self.direct[container] - set(self.active.values())):
                self._place(container, place)
            self._scope(container)
        for gateway in [node for node in self.graph.process.nodes if node.type == "inclusiveGateway"]:
            inputs = self.game.incoming(gateway.id)
            if inputs and gateway.parent in self.direct:
                self._emit(gateway.id, "pass", set(inputs), gateway=gateway.id)
                self._back(gateway.id)
        return self.net

    def _played(self) -> list[str]:
        """The process and every sub-process that is played inside, outer ones first."""
        found = [self.root]
        for container in found:
            found += [child.id for child in self.graph.children(container) if self.graph.expanded(child.id)]
        return found

    # --- places ------------------------------------------------------------------------------------------------

    def _fresh(self, name: str) -> int:
        self._number += 1
        place = len(self.graph.flows) + self._number
        self.net.names[place] = name
        return place

    def _known(self, place: int) -> int:
        """The net's place of a place of the game (node places and ENTRY are negative there)."""
        if place not in self._places:
            self._places[place] = place if place >= 0 else self._fresh(self.game.element(place))
            self.net.names[self._places[place]] = self.game.element(place)
        return self._places[place]

    def _lay_out(self) -> None:
        self._places: dict[int, int] = {}
        self._origin: dict[int, int] = {}
        for flow in range(len(self.graph.flows)):
            parent = self.graph.nodes[self.graph.flows[flow].source].parent
            if parent in self.direct:
                self.direct[parent].add(self._known(flow))
        for container in self.containers:
            for node in self.graph.starts(container):
                self.direct[container].add(self._known(self.game.place(node.id)))
            for child in self.graph.children(container):
                if self.graph.link_target(child.id):
                    self.direct[container].add(self._known(self.game.place(self.graph.link_target(child.id) or "")))
            if container != self.root:
                parent = self.graph.nodes[container].parent
                self.active[container] = self._fresh(container)
                self.direct[parent].add(self.active[container])
                self.inside[parent].append(container)
            if self.graph.listeners(container):
                self.interrupted[container] = self._fresh(container)
        state = self.game.initial()
        if ENTRY in state.root.tokens:
            self.direct[self.root].add(self._known(ENTRY))
        self.net.start = {self._known(place) for place in state.root.tokens}
        self._origin = {there: here for here, there in self._places.items()}
        self.net.memory |= set(self.interrupted.values())

    def _within(self, container: str) -> set[int]:
        """Every place of a container and of what runs in it."""
        found, todo = set(self.direct[container]), list(self.inside[container])
        while todo:
            child = todo.pop()
            found |= self.direct[child]
            if child in self.interrupted:
                found.add(self.interrupted[child])
            todo.extend(self.inside[child])
        return found

    # --- transitions -------------------------------------------------------------------------------------------

    def _emit(
        self,
        node: str,
        kind: str,
        need: set[int],
        *,
        sources: Iterable[str] | None = None,
        keeps: bool = False,
        gateway: str | None = None,
        more: Iterable[int] = (),
        forbid: Iterable[int] = (),
        reset: Iterable[int] = (),
        some: set[int] | None = None,
    ) -> None:
        """One transition per branch of `sources` (default: the node itself; empty: no outgoing flow)."""
        branches = self._branches((node,) if sources is None else tuple(sources), set(more))
        forbid, reset = set(forbid), set(reset)
        special = NONE
        if forbid or reset or some is not None:
            kinds = ((FORBID, bool(forbid)), (RESET, bool(reset)), (SOME, some is not None))
            special = frozenset(name for name, there in kinds if there)
        for add, free, otherwise in branches:
            key = len(self.net.transitions)
            made = Transition(node, kind, set(need), add, free, otherwise, keeps, gateway, special)
            made.marks = made.gives()
            self.net.transitions[key] = made
            if special:
                for name, places in ((FORBID, forbid), (RESET, reset), (SOME, some or set())):
                    for place in places:
                        self.net.watch.setdefault(place, set()).add((key, name))

    def _branches(self, names: tuple[str, ...], more: set[int]) -> list[tuple[set[int], set[int], set[int] | None]]:
        if len(names) != 1:
            given = [more]
            for name in names:
                given = [add | self._flows(part) for add in given for part in self.game.choices(name)]
            return [(add, set(), None) for add in given]
        found: list[tuple[set[int], set[int], set[int] | None]] = []
        for always, free, otherwise in self.game.branches(names[0]):
            rest = self._flows(otherwise)
            if more:
                rest |= more
            if free:
                found.append((self._flows(always) | more, self._flows(free), rest if otherwise else None))
            else:
                found.append((rest, set(), None))
        return found

    def _flows(self, keys: Iterable[str]) -> set[int]:
        return {self.game.place(key) for key in keys}

    def _place(self, container: str, place: int) -> None:
        origin = self._origin[place]
        if origin == ENTRY:
            for start in self.graph.starts(self.root):
                if start.type == "eventBasedGateway":
                    self._events(start, place)
                else:
                    self._emit(start.id, "start", {place})
            return
        node = self.game.target(origin)
        if node.type == "parallelGateway" and origin >= 0:
            if origin == self.game.incoming(node.id)[0]:
                self._emit(node.id, "pass", set(self.game.incoming(node.id)))
        elif node.type == "inclusiveGateway" and origin >= 0:
            return  # its transitions are made once for all inputs
        elif node.type == "eventBasedGateway":
            self._events(node, place)
        elif self.graph.expanded(node.id):
            inner = {self._known(self.game.place(start.id)) for start in self.graph.starts(node.id)}
            self._emit(node.id, "enter", {place}, sources=(), more={self.active[node.id], *inner})
        elif isinstance(node, Event):
            self._event(container, node, place)
        else:
            self._emit(node.id, "pass", {place})
            if isinstance(node, Activity):
                self._task_boundaries(node, place)

    def _events(self, gateway: FlowNode, place: int) -> None:
        if isinstance(gateway, Gateway) and gateway.event_gateway_type == "Parallel":
            self._emit(gateway.id, "pass", {place})
            return
        for flow in (i for i, f in enumerate(self.graph.flows) if f.source == gateway.id):
            node = self.graph.nodes[self.graph.flows[flow].target]
            if node.type in ("intermediateCatchEvent", "receiveTask"):
                self._emit(node.id, "pass", {place})
            else:
                self._emit(gateway.id, "pass", {place}, sources=(), more={flow})

    def _event(self, container: str, node: Event, place: int) -> None:
        kinds, ends = {d.kind for d in node.definitions}, node.type == "endEvent"
        if (thrown := throws(node)) is not None:
            self._throw(container, node, place, thrown)
            return
        if ends and "terminate" in kinds:
            self._emit(node.id, "pass", {place}, sources=(), reset=self._within(container))
        elif target := self.graph.link_target(node.id):
            self._emit(node.id, "pass", {place}, sources=(), more={self._known(self.game.place(target))})
        else:
            self._emit(node.id, "pass", {place})

    def _throw(self, container: str, node: Event, place: int, thrown: EventDefinition) -> None:
        """Look for the catcher from inside out; a listener catches unless its scope was interrupted before."""
        here, inner, needed = container, "", {place}
        while True:
            group = self.game.listener_starts(here, thrown_in=inner)
            if catcher := best_catcher(group, thrown):
                blocked = {self.interrupted[here]}
                self._catch(node, catcher, here, needed, kind="pass", thrower=node, forbid=blocked)
                needed = needed | blocked
            if here == self.root:
                break
            if catcher := best_catcher(self.graph.boundary(here), thrown):
                self._catch(node, catcher, here, needed, kind="pass", thrower=node)
                return
            here, inner = self.graph.nodes[here].parent, here
        self._uncaught(container, node, place, needed - {place})

    def _uncaught(self, container: str, node: Event, place: int, needed: set[int]) -> None:
        kinds = {d.kind for d in node.definitions}
        reset: set[int] = set()
        if node.type == "endEvent" and "error" in kinds:
            reset = self._within(self.root)
        elif node.type == "endEvent" and kinds & {"terminate", "cancel"}:
            reset = self._within(container)
        back = needed - reset  # a transition takes what it needs: put the memory of interruptions back
        self._emit(node.id, "pass", {place, *needed}, sources=() if reset else None, more=back, reset=reset)

    def _catch(
        self,
        node: Event,
        catcher: Event,
        owner: str,
        needed: set[int],
        *,
        kind: str,
        thrower: Event | None = None,
        forbid: Iterable[int] = (),
        some: set[int] | None = None,
    ) -> None:
        """`catcher` belongs to the running scope `owner`: a boundary event of it, or the start of its listener."""
        on_scope = catcher.type == "boundaryEvent"
        sources = [catcher.id] + ([node.id] if thrower is not None and not catcher.interrupting else [])
        take, more, reset = set(needed), needed & set(self.interrupted.values()), set[int]()
        if catcher.interrupting:
            reset = self._within(owner)
            if on_scope and owner in self.interrupted:
                reset.add(self.interrupted[owner])
            more -= reset
        elif thrower is None:
            more.add(self._fired(catcher.id))
            forbid = {*forbid, self._fired(catcher.id)}
        if on_scope and (catcher.interrupting or thrower is None):
            take.add(self.active[owner])
            more |= set() if catcher.interrupting else {self.active[owner]}
        elif not on_scope:
            more |= {self.active[catcher.parent]} | ({self.interrupted[owner]} if catcher.interrupting else set())
        self._emit(node.id, kind, take, sources=sources, more=more, forbid=forbid, reset=reset, some=some)

    def _fired(self, event: str) -> int:
        if event not in self.fired:
            self.fired[event] = self._fresh(event)
            self.net.memory.add(self.fired[event])
        return self.fired[event]

    def _task_boundaries(self, node: FlowNode, place: int) -> None:
        for event in self.graph.boundary(node.id):
            if event.definitions and all(d.kind in ("compensate", "cancel") for d in event.definitions):
                continue
            if event.interrupting:
                self._emit(event.id, "boundary", {place})
            else:
                fired = self._fired(event.id)
                self._emit(event.id, "boundary", {place}, more={place, fired}, forbid={fired})

    def _scope(self, container: str) -> None:
        """Completion of a sub-process, its boundary events, and what its event sub-processes listen for."""
        if container != self.root:
            interrupted = {self.interrupted[container]} if container in self.interrupted else set()
            node = self.graph.nodes[container]
            self._emit(node.id, "complete", {self.active[container]}, forbid=self.direct[container], reset=interrupted)
            for event in self.graph.boundary(container):
                possible, some = self._occasion(event, container)
                if possible:
                    self._catch(event, event, container, set(), kind="boundary", some=some)
        for start in self.game.listener_starts(container):
            possible, some = self._occasion(start, container)
            if start.definitions and possible:
                entry = {self._known(ENTRY)} if ENTRY in self._places else set()
                some = self.direct[container] - entry if some is None else some
                blocked = {self.interrupted[container]}
                self._catch(start, start, container, set(), kind="trigger", forbid=blocked, some=some)

    def _occasion(self, event: Event, container: str) -> tuple[bool, set[int] | None]:
        """Whether the event can occur unthrown, and while which places are marked (None: at any moment)."""
        kinds = {d.kind for d in event.definitions}
        if not kinds or kinds & OUTSIDE:
            return True, None
        places = {place for place in self._within(container) if place in self._origin}
        some = {place for place in places if self.game.raised(event) and self.game.works(self._origin[place])}
        return bool(some), some

    def _back(self, gateway: str) -> None:
        for place, back in self.game.backs(gateway).items():
            for origin in back:
                element = None if origin >= 0 else self.game.element(origin)
                if element in self.active:
                    self.net.backs.setdefault(self.active[element], set()).add((gateway, place))
                if origin in self._places:
                    self.net.backs.setdefault(self._places[origin], set()).add((gateway, place))
