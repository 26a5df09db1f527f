"""Make a net smaller without changing what is asked of it.

Series, parallel and loop rules (Berthelot, "Transformations and decompositions of nets", 1987; Murata, "Petri nets:
properties, analysis and applications", 1989, section V), extended to what BPMN has beside tokens: a place may only
give way to one that every forbidding, clearing or asking transition and every inclusive join treats alike. Each rule
keeps deadlock, livelock, a second token on a place, and - through `Transition.marks` - which places ever hold a token.

After the rules an AND block, an XOR block, a loop and an inclusive block with independent branches are one place each.
"""

from __future__ import annotations

from bpm.analyser.net import FORBID, RESET, SOME, Net, Transition


def reduce_net(net: Net) -> Net:
    """The same net object, reduced until no rule applies."""
    _Reducer(net).run()
    return net


class _Reducer:
    def __init__(self, net: Net) -> None:
        self.net = net
        self.makers: dict[int, set[int]] = {}
        self.users: dict[int, set[int]] = {}
        for key, transition in net.transitions.items():
            for place in transition.need:
                self.users.setdefault(place, set()).add(key)
            for place in transition.gives():
                self.makers.setdefault(place, set()).add(key)
        self.todo: dict[int, None] = dict.fromkeys(sorted({*self.makers, *self.users}))

    def run(self) -> None:
        rules = (self._series, self._same, self._loop, self._calm, self._twins, self._block, self._scope)
        while self.todo:
            place = next(iter(self.todo))
            del self.todo[place]
            if place in self.net.memory or not (place in self.makers or place in self.users):
                continue
            for rule in rules:
                if rule(place):
                    break

    # --- changes -----------------------------------------------------------------------------------------------

    def _of(self, keys: set[int]) -> list[Transition]:
        return [self.net.transitions[key] for key in sorted(keys)]

    def _touch(self, *places: int) -> None:
        for place in places:
            self.todo[place] = None

    def _touch_around(self, key: int) -> None:
        transition = self.net.transitions[key]
        self._touch(*sorted(transition.need | transition.gives()))

    def _remove(self, key: int) -> None:
        self._touch_around(key)
        transition = self.net.transitions.pop(key)
        for place in transition.need:
            self.users[place].discard(key)
        for place in transition.gives():
            self.makers[place].discard(key)

    def _forget(self, place: int) -> None:
        self.makers.pop(place, None)
        self.users.pop(place, None)
        self.net.watch.pop(place, None)
        self.net.backs.pop(place, None)
        self.net.start.discard(place)
        self.todo.pop(place, None)

    def _alike(self, one: int, other: int) -> bool:
        """Whether everything that looks at places from outside treats the two alike."""
        watch, backs = self.net.watch, self.net.backs
        return watch.get(one, set()) == watch.get(other, set()) and backs.get(one, set()) == backs.get(other, set())

    def _credit(self, place: int, marks: set[int]) -> None:
        """What happens whenever `place` gets a token is noted with those who put one there."""
        for maker in self._of(self.makers.get(place, set())):
            maker.marks |= marks

    # --- rules -------------------------------------------------------------------------------------------------

    def _same(self, place: int) -> bool:
        """Two transitions that take and give the same are one."""
        seen: dict[tuple[object, ...], int] = {}
        users = self.users.get(place, set())
        if len(users) < 2:
            return False
        for key in sorted(users):
            it = self.net.transitions[key]
            if not it.plain:
                continue
            shape = (frozenset(it.need), frozenset(it.add))
            if shape in seen:
                self.net.transitions[seen[shape]].marks |= it.marks
                self._remove(key)
                return True
            seen[shape] = key
        return False

    def _loop(self, place: int) -> bool:
        """A transition that gives back what it took can go, unless it is all that the token can do."""
        users = self.users.get(place, set())
        if place in self.net.start or len(users) < 2:
            return False
        for key in sorted(users):
            it = self.net.transitions[key]
            if it.plain and it.need == {place} and it.add == {place}:
                marks = it.marks
                self._remove(key)
                self._credit(place, marks)
                self._touch(place)
                return True
        return False

    def _calm(self, place: int) -> bool:
        """A non-interrupting event whose work goes straight to an end of its own changes nothing for the rest."""
        if place in self.net.start:
            return False
        for key in sorted(self.users.get(place, set())):
            it = self.net.transitions[key]
            memory = it.add & self.net.memory
            given = it.add - memory - {place}
            if it.special != {FORBID} or it.need != {place} or place not in it.add or it.free or len(memory) != 1:
                continue
            (fired,) = memory
            twins = {other for other, kind in self.net.watch.get(fired, set()) if kind == FORBID}
            if self.makers.get(fired, set()) != twins or not all(self._ends_alone(p, twins) for p in given):
                continue
            marks = it.marks
            self._remove(key)
            self._credit(place, marks)
            self.net.watch.get(fired, set()).discard((key, FORBID))
            return True
        return False

    def _ends_alone(self, place: int, makers: set[int]) -> bool:
        """Whether a token on `place` can only end, and nothing but `makers` puts one there or asks for it."""
        if place in self.net.start or place in self.net.backs or not self.makers.get(place, set()) <= makers:
            return False
        if any(kind == SOME for _, kind in self.net.watch.get(place, set())):
            return False
        users = self._of(self.users.get(place, set()))
        return len(users) == 1 and users[0].plain and users[0].need == {place} and not users[0].add

    def _series(self, place: int) -> bool:
        """place -> its only user -> next place: the token may as well be there already."""
        users = self.users.get(place, set())
        if len(users) != 1 or place in self.net.start:
            return False
        (key,) = users
        it = self.net.transitions[key]
        if not it.plain or it.need != {place} or len(it.add) != 1:
            return False
        (after,) = it.add
        if after == place or after in self.net.memory or not self._alike(place, after):
            return False
        makers = self._of(self.makers.get(place, set()))
        if any(maker.free and ({place, after} <= maker.gives()) for maker in makers):
            return False
        self._remove(key)
        for number in sorted(self.makers.get(place, set())):
            maker = self.net.transitions[number]
            maker.marks |= it.marks
            maker.twice = maker.twice or {place, after} <= maker.add
            for group in (maker.add, maker.free, maker.otherwise or set()):
                if place in group:
                    group.discard(place)
                    group.add(after)
            self.makers.setdefault(after, set()).add(number)
        self._forget(place)
        self._touch(after)
        for number in self.makers.get(after, set()):
            self._touch_around(number)
        return True

    def _twins(self, place: int) -> bool:
        """Two places that always get and lose their tokens together - or may drop them alone - are one."""
        makers = self.makers.get(place, set())
        if not makers or place in self.net.start:
            return False
        first = self._of(makers)[0]
        for other in sorted(first.add - {place}):
            if other in self.net.memory or other in self.net.start or self.makers.get(other) != makers:
                continue
            if any(not {place, other} <= maker.add or maker.free for maker in self._of(makers)):
                continue
            if not self._alike(place, other) or not (self._used_together(place, other) or self._dropped(place, other)):
                continue
            for maker in self._of(makers):
                maker.add.discard(other)
            for key in sorted(self.users.get(other, set())):
                if self.net.transitions[key].need == {other}:
                    self._remove(key)
                else:
                    self.net.transitions[key].need.discard(other)
            self._forget(other)
            self._touch(place)
            return True
        return False

    def _used_together(self, place: int, other: int) -> bool:
        users = self.users.get(place, set())
        if self.users.get(other, set()) != users:
            return False
        return all(not (user.gateway or user.keeps) and not user.gives() & {place, other} for user in self._of(users))

    def _dropped(self, place: int, other: int) -> bool:
        """Each of the two has one user, which takes it alone and gives nothing."""
        for one in (place, other):
            users = self._of(self.users.get(one, set()))
            if len(users) != 1 or not users[0].plain or users[0].need != {one} or users[0].add:
                return False
        return True

    def _block(self, place: int) -> bool:
        """An inclusive split whose every flow goes straight to one inclusive join is one flow."""
        makers = self._of(self.makers.get(place, set()))
        users = self._of(self.users.get(place, set()))
        if not makers or not users or not all(maker.free for maker in makers):
            return False
        between = makers[0].gives()
        if any(user.gateway is None or user.need != between for user in users) or users[0].gateway is None:
            return False
        if any(maker.gives() != between or maker.add or maker.special or maker.keeps for maker in makers):
            return False
        if any(maker.twice for maker in makers) or between & self.net.start:
            return False
        if any(self.makers[p] != self.makers[place] or self.users[p] != self.users[place] for p in between):
            return False
        if not all(self._outside(p, users[0].gateway) == self._outside(place, users[0].gateway) for p in between):
            return False
        for maker in makers:
            maker.marks |= between
            maker.add, maker.free, maker.otherwise = {place}, set(), None
        for user in users:
            user.need, user.gateway = {place}, None
        for other in sorted(between - {place}):
            self._forget(other)
        self._touch(place)
        for key in sorted(self.makers[place] | self.users[place]):
            self._touch_around(key)
        return True

    def _outside(self, place: int, gateway: str) -> tuple[object, object]:
        backs = {entry for entry in self.net.backs.get(place, set()) if entry[0] != gateway}
        return self.net.watch.get(place, set()), backs

    def _scope(self, place: int) -> bool:
        """A sub-process with nothing left inside but one place that empties itself is that place.

        `place` marks that the sub-process runs; `inner` is what is left of its content."""
        makers = self.makers.get(place, set())
        users = self._of(self.users.get(place, set()))
        ends = [user for user in users if user.kind == "complete"]
        if not makers or not ends or place in self.net.start:
            return False
        content = {p for p, seen in self.net.watch.items() if any((k, FORBID) in seen for k in self._keys(ends))}
        content = {p for p in content if self.makers.get(p)}
        if len(content) != 1:
            return False
        (inner,) = content
        if inner in self.net.start or self.makers.get(inner) != makers:
            return False
        if any(maker.free or not {place, inner} <= maker.add for maker in self._of(makers)):
            return False
        drops = self._of(self.users.get(inner, set()))
        if len(drops) != 1 or not drops[0].plain or drops[0].need != {inner} or drops[0].add:
            return False
        if not self._simple(place, inner, users):
            return False
        self._merge_scope(place, inner)
        return True

    def _keys(self, transitions: list[Transition]) -> list[int]:
        wanted = {id(transition) for transition in transitions}
        return [key for key, transition in self.net.transitions.items() if id(transition) in wanted]

    def _simple(self, place: int, inner: int, users: list[Transition]) -> bool:
        """Nothing asks for a token in the sub-process, and its boundary events all end it."""
        own = set(self.users[place])
        for user in users:
            if user.keeps or user.gateway or SOME in user.special or user.need != {place} or place in user.gives():
                return False
        entries = self.net.watch.get(inner, set())
        if any(kind == SOME for _, kind in entries):
            return False
        boundary = {key for key in own if self.net.transitions[key].kind != "complete"}
        if any(FORBID in self.net.transitions[key].special for key in boundary):
            return False
        outer = {entry for entry in entries if entry[0] not in own}
        seen = self.net.watch.get(place, set())
        return {e for e in seen if e[1] == RESET} == {e for e in outer if e[1] == RESET} and not (
            {e for e in outer if e[1] == FORBID}
        )

    def _merge_scope(self, place: int, inner: int) -> None:
        own = set(self.users[place])
        (drop,) = self.users[inner]
        self._remove(drop)
        for key in own:
            transition = self.net.transitions[key]
            transition.special = frozenset()
        for entries in self.net.watch.values():
            entries.difference_update({(key, kind) for key in own for kind in (FORBID, RESET)})
        for maker in self._of(self.makers[inner]):
            maker.add.discard(inner)
        self._forget(inner)
        self._touch(place)
        for key in sorted(own | self.makers[place]):
            self._touch_around(key)
