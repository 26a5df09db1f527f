"""Which places of a net may hold tokens at the same time, without looking at every marking.

Kovalyov and Esparza, "A polynomial algorithm to compute the concurrency relation of free-choice signal transition
graphs", 1996: places marked at the start are concurrent, so are the outputs of one transition; and whatever is
concurrent with all inputs of a transition is concurrent with its outputs. For live and safe free-choice nets the
relation is exact; for others it holds every concurrent pair and perhaps more.
"""

from __future__ import annotations

from bpm.analyser.net import SOME, Net, Transition


class Concurrency:
    """The relation of one net, as one bit mask a place."""

    def __init__(self, net: Net) -> None:
        used = set(net.start) | set(net.names)
        for transition in net.transitions.values():
            used |= transition.need | transition.gives()
        self._places = sorted(used)
        self._bit = {place: i for i, place in enumerate(self._places)}
        self._masks = [0] * len(self._places)
        self._away: dict[int, int] = {}
        self._some: dict[int, list[int]] = {}
        self._users: dict[int, list[int]] = {}
        for place, entries in sorted(net.watch.items()):
            for key, kind in sorted(entries):
                if place not in self._bit:
                    continue
                if kind == SOME:
                    self._some.setdefault(key, []).append(self._bit[place])
                    self._users.setdefault(self._bit[place], []).append(key)
                elif place not in net.memory:
                    self._away[key] = self._away.get(key, 0) | 1 << self._bit[place]
        for key, transition in net.transitions.items():
            for place in transition.need:
                self._users.setdefault(self._bit[place], []).append(key)
        self._run(net)

    def together(self, one: int, other: int) -> bool:
        """Whether two places may be marked at the same time."""
        left, right = self._bit.get(one), self._bit.get(other)
        return left is not None and right is not None and bool(self._masks[left] >> right & 1)

    def _run(self, net: Net) -> None:
        todo: dict[int, None] = dict.fromkeys(net.transitions)
        self._pair(self._mask(net.start), self._mask(net.start), todo)
        for transition in net.transitions.values():
            self._outputs(transition, todo)
        while todo:
            key = next(iter(todo))
            del todo[key]
            transition = net.transitions[key]
            beside = self._beside(key, transition) & ~self._away.get(key, 0)
            self._pair(self._mask(transition.gives()), beside, todo)

    def _beside(self, key: int, transition: Transition) -> int:
        """What may be marked beside the inputs of a transition when it fires."""
        beside = (1 << len(self._places)) - 1
        if key in self._some:  # any of these is marked, and what is concurrent with it
            beside = 0
            for place in self._some[key]:
                beside |= self._masks[place] | 1 << place
        if transition.need:
            taken = self._mask(transition.need)
            inputs = [self._masks[self._bit[place]] for place in sorted(transition.need)]
            together = 0 if transition.gateway is not None else (1 << len(self._places)) - 1
            for mask in inputs:
                together = together | mask if transition.gateway is not None else together & mask
            beside &= together & ~taken if not transition.keeps else together | taken
        return beside

    def _outputs(self, transition: Transition, todo: dict[int, None]) -> None:
        given = self._mask(transition.add | transition.free)
        self._pair(given, given, todo)
        other = self._mask(transition.otherwise or set())
        self._pair(other, other, todo)

    def _mask(self, places: set[int]) -> int:
        mask = 0
        for place in places:
            mask |= 1 << self._bit[place]
        return mask

    def _pair(self, ones: int, others: int, todo: dict[int, None]) -> None:
        """Every place of `ones` with every other place of `others`; transitions behind what is new are looked at."""
        while ones:
            low = ones & -ones
            ones ^= low
            here = low.bit_length() - 1
            new = others & ~self._masks[here] & ~low
            if not new:
                continue
            self._masks[here] |= new
            todo.update(dict.fromkeys(self._users.get(here, ())))
            while new:
                one = new & -new
                new ^= one
                there = one.bit_length() - 1
                self._masks[there] |= low
                todo.update(dict.fromkeys(self._users.get(there, ())))
