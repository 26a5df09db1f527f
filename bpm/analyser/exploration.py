"""All markings a net can reach, as integers: one bit a place, breadth first, so that every trace is a shortest one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, field
from itertools import combinations

from bpm.analyser.net import FORBID, RESET, SOME, Net
from bpm.errors import LichtungError
from bpm.model.tokens import MOST_CHOICES, TooManyChoices


class TooManyStates(LichtungError):
    """The exploration met more markings than it may."""


@dataclass(slots=True)
class _Move:
    key: int
    need: int
    take: int
    gives: list[int]
    forbid: int = 0
    some: int | None = None
    twice: bool = False


@dataclass(slots=True)
class _Join:
    key: int
    inputs: int
    backs: list[tuple[int, int]]  # (input bit, bits that reach it)
    gives: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Exploration:
    """`states` in order of discovery; `came` = (index of the state before, transition) of each but the first;
    `before` = all predecessors; `stuck` and `over` are indices. `double` = (state, transition, place) of the first
    second token on a place; beyond it nothing was explored. `fired` are the transitions that can ever fire;
    `follow` gives (transition, index of the state after it) of a state."""

    net: Net
    places: list[int]
    states: list[int]
    came: list[tuple[int, int]]
    before: list[list[int]]
    stuck: list[int] = field(default_factory=list)
    over: list[int] = field(default_factory=list)
    double: tuple[int, int, int] | None = None
    fired: set[int] = field(default_factory=set)
    follow: Callable[[int], Iterator[tuple[int, int]]] = field(default=lambda state: iter(()), repr=False)

    def trace(self, state: int) -> tuple[str, ...]:
        """The nodes that fire on a shortest way to a state."""
        found: list[str] = []
        while state:
            state, key = self.came[state]
            found.append(self.net.transitions[key].node)
        return tuple(reversed(found))

    def marked(self, state: int) -> tuple[int, ...]:
        """The places that hold a token in a state (memory is none)."""
        bits = self.states[state]
        return tuple(p for i, p in enumerate(self.places) if bits >> i & 1 and p not in self.net.memory)

    def onward(self, state: int) -> Iterator[tuple[str, int]]:
        """(node, index of the state after it fires) for all that can happen in a state."""
        return ((self.net.transitions[key].node, after) for key, after in self.follow(state))

    def doomed(self) -> list[int]:
        """The states, in order of discovery, from which neither the end nor a stuck state can be reached."""
        good = {*self.over, *self.stuck}
        todo = list(good)
        while todo:
            for state in self.before[todo.pop()]:
                if state not in good:
                    good.add(state)
                    todo.append(state)
        return [state for state in range(len(self.states)) if state not in good]


def explore(net: Net, budget: int) -> Exploration:
    """Every reachable marking of `net`, until a place gets a second token.

    Raises:
        TooManyStates: more than `budget` markings.
        TooManyChoices: one transition has more than 2^12 outcomes.
    """
    return _Explorer(net, budget).run()


class Runs:
    """Runs of a net that are looked for one after the other; the net is prepared once."""

    def __init__(self, net: Net) -> None:
        self.net, self._explorer = net, _Explorer(net, 0)

    def find(self, budget: int, remember: Callable[[int, str, str], int | None], wanted: int) -> tuple[str, ...] | None:
        """The nodes that fire on a shortest run that ends with `wanted` remembered; None: no run does.

        `remember` gives, of what is remembered (0 at first), the node that fires and the kind of its transition, what
        is remembered then; None: such runs are not followed.

        Raises:
            TooManyStates: more than `budget` pairs of a marking and what is remembered.
        """
        first = (self._explorer.mask(self.net.start), 0)
        came: dict[tuple[int, int], tuple[tuple[int, int], str]] = {}
        todo, seen = [first], {first}
        for at in _growing(todo):
            state, memory = todo[at]
            for key, take, gives, _ in self._explorer.enabled(state):
                transition = self.net.transitions[key]
                then = remember(memory, transition.node, transition.kind)
                if then is None:
                    continue
                for give in gives:
                    after = ((state & ~take) | give, then)
                    if after in seen:
                        continue
                    if len(seen) >= budget:
                        raise TooManyStates("too-many-states", f"more than {budget} markings")
                    seen.add(after)
                    came[after] = (todo[at], transition.node)
                    todo.append(after)
                    if then == wanted:
                        return _unwound(came, after, first)
        return None


def _unwound(
    came: dict[tuple[int, int], tuple[tuple[int, int], str]], here: tuple[int, int], first: tuple[int, int]
) -> tuple[str, ...]:
    found: list[str] = []
    while here != first:
        here, node = came[here]
        found.append(node)
    return tuple(reversed(found))


@dataclass(slots=True)
class Walk:
    """Every marking of a safe net and every step between them: `steps` of a state are (transition, places that get a
    token, state after). `over` are the states in which the case has ended."""

    net: Net
    steps: list[list[tuple[int, tuple[int, ...], int]]]
    over: set[int]


def walk(net: Net, budget: int) -> Walk | None:
    """The same as `explore`, with all steps kept; None if a place can get a second token.

    Raises:
        TooManyStates: more than `budget` markings.
        TooManyChoices: one transition has more than 2^12 outcomes.
    """
    return _Explorer(net, budget).walk()


class _Explorer:
    def __init__(self, net: Net, budget: int) -> None:
        self.net, self.budget = net, budget
        used: set[int] = set(net.start)
        for transition in net.transitions.values():
            used |= transition.need | transition.gives()
        self.places = sorted(used)
        self.bit = {place: 1 << i for i, place in enumerate(self.places)}
        masks: dict[tuple[int, str], int] = {}
        for place, watchers in net.watch.items():
            for watcher in watchers:
                masks[watcher] = masks.get(watcher, 0) | self.bit.get(place, 0)
        self.by_place: list[list[_Move]] = [[] for _ in self.places]
        self.always: list[_Move] = []
        self.joins: list[_Join] = []
        for key, transition in net.transitions.items():
            gives = self._gives(key)
            need = self.mask(transition.need)
            if transition.gateway is not None:
                self.joins.append(_Join(key, need, self._backs(transition.gateway, transition.need), gives))
                continue
            take = (0 if transition.keeps else need) | masks.get((key, RESET), 0)
            some = masks.get((key, SOME), 0) if SOME in transition.special else None
            move = _Move(key, need, take, gives, masks.get((key, FORBID), 0), some, transition.twice)
            (self.by_place[(need & -need).bit_length() - 1] if need else self.always).append(move)
        self.tokens = self.mask(set(self.places) - net.memory)

    def mask(self, places: set[int]) -> int:
        mask = 0
        for place in places:
            mask |= self.bit.get(place, 0)
        return mask

    def _gives(self, key: int) -> list[int]:
        transition = self.net.transitions[key]
        add = self.mask(transition.add)
        if not transition.free:
            return [add]
        if len(transition.free) > MOST_CHOICES:
            raise TooManyChoices("too-many-choices", "too many conditional flows", element=transition.node)
        found = [] if transition.otherwise is None else [self.mask(transition.otherwise)]
        free = sorted(transition.free)
        for size in range(1, len(free) + 1):
            found += [add | self.mask(set(part)) for part in combinations(free, size)]
        return found

    def _backs(self, gateway: str, inputs: set[int]) -> list[tuple[int, int]]:
        masks = dict.fromkeys(sorted(inputs), 0)
        for place, reached in self.net.backs.items():
            for name, entry in reached:
                if name == gateway and entry in masks:
                    masks[entry] |= self.bit.get(place, 0)
        return [(self.bit[place], mask) for place, mask in masks.items()]

    def run(self) -> Exploration:
        first = self.mask(self.net.start)
        found = Exploration(self.net, self.places, [first], [(0, -1)], [[]])
        index = {first: 0}
        found.follow = lambda here: (
            (key, index[left])
            for key, take, gives, _ in self.enabled(found.states[here])
            for left in ((found.states[here] & ~take) | give for give in gives)
            if left in index
        )
        for here in _growing(found.states):
            state = found.states[here]
            moved = False
            for key, take, gives, twice in self.enabled(state):
                moved = True
                found.fired.add(key)
                left = state & ~take
                for give in gives:
                    if left & give or twice:
                        found.double = (here, key, self._doubled(left & give, key))
                        return found
                    after = left | give
                    there = index.get(after)
                    if there is None:
                        there = index[after] = len(found.states)
                        if there >= self.budget:
                            raise TooManyStates("too-many-states", f"more than {self.budget} markings")
                        found.states.append(after)
                        found.came.append((here, key))
                        found.before.append([])
                    found.before[there].append(here)
            if not state & self.tokens:
                found.over.append(here)
            elif not moved:
                found.stuck.append(here)
        return found

    def walk(self) -> Walk | None:
        states = [self.mask(self.net.start)]
        index = {states[0]: 0}
        steps: list[list[tuple[int, tuple[int, ...], int]]] = []
        over: set[int] = set()
        for here in _growing(states):
            state = states[here]
            steps.append([])
            for key, take, gives, twice in self.enabled(state):
                left = state & ~take
                for give in gives:
                    if left & give or twice:
                        return None
                    after = left | give
                    if after not in index:
                        index[after] = len(states)
                        if len(states) >= self.budget:
                            raise TooManyStates("too-many-states", f"more than {self.budget} markings")
                        states.append(after)
                    placed = tuple(place for i, place in enumerate(self.places) if give >> i & 1)
                    steps[here].append((key, placed, index[after]))
            if not state & self.tokens:
                over.add(here)
        return Walk(self.net, steps, over)

    def _doubled(self, overlap: int, key: int) -> int:
        if overlap:
            return self.places[overlap.bit_length() - 1]  # a sub-process rather than its start, which has a smaller bit
        return min(self.net.transitions[key].gives())

    def enabled(self, state: int) -> list[tuple[int, int, list[int], bool]]:
        found: list[tuple[int, int, list[int], bool]] = []
        moves, rest = list(self.always), state
        while rest:
            low = rest & -rest
            rest ^= low
            moves += self.by_place[low.bit_length() - 1]
        for move in moves:
            if state & move.need == move.need and not state & move.forbid and (move.some is None or state & move.some):
                found.append((move.key, move.take, move.gives, move.twice))
        for join in self.joins:
            held = state & join.inputs
            if held and self._may_join(state, held, join):
                found.append((join.key, held, join.gives, False))
        return found

    def _may_join(self, state: int, held: int, join: _Join) -> bool:
        empty = filled = 0
        for entry, back in join.backs:
            if held & entry:
                filled |= back
            else:
                empty |= back
        return not state & empty & ~filled


def _growing(states: Sized) -> Iterator[int]:
    """The indices of a list that grows meanwhile."""
    here = 0
    while here < len(states):
        yield here
        here += 1
