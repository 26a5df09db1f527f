"""Two decision tables in one space: the cases both decide, and those they decide differently about one fact.

The columns of both tables are laid over each other by expression; a table that does not look at an input holds for all
of its values. What can come in is what both allow. A case counts for the rule that decides it in its own table, so what
stronger rules take is cut away. Missing inputs are left aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bpm.analyser.boxes import Box, Boxes, Budget, Column, column, common, neighbours, outside
from bpm.analyser.examples import example_of
from bpm.analyser.given import TableAt
from bpm.analyser.rows import dated, leaves_open, stronger
from bpm.analyser.tables import Geometry, agree, in_force, in_force_together, priorities
from bpm.feel import ranges
from bpm.feel.ranges import ALL, Region

MOST_RULES = 2_000
"""Rules of two tables together that are still laid over each other."""


@dataclass(frozen=True, slots=True)
class Side:
    """A table and the position of the output that states the fact."""

    shape: Geometry
    output: int

    @property
    def at(self) -> TableAt:
        return self.shape.at


@dataclass(frozen=True, slots=True)
class Conflict:
    """A rule of each table (0-based) and a box of cases that they decide differently."""

    first: int
    second: int
    box: Box


@dataclass(frozen=True, slots=True)
class Outdated:
    """A rule (0-based) that was in force until `ended` and is decided differently from `began` on (ISO dates)."""

    side: Side
    rule: int
    ended: str
    began: str


class TooMuch(Exception):
    """The tables are too large or too entangled to be laid over each other."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Two tables over the same columns; the rules of the second follow those of the first."""

    first: Side
    second: Side
    boxes: Boxes

    def texts(self, box: Box) -> dict[str, str]:
        """A box as FEEL unary tests by input expression."""
        pairs = zip(self.boxes.columns, box, strict=True)
        return {entry.expression: ranges.to_text(entry.region(mask)) for entry, mask in pairs}

    def example(self, box: Box) -> dict[str, Any]:
        """One case inside a box, as JSON values by input expression."""
        pairs = zip(self.boxes.columns, box, strict=True)
        return {entry.expression: example_of(entry, mask) for entry, mask in pairs}

    def conflicts(self, budget: Budget) -> Iterator[Conflict]:
        """Pairs of rules that decide a common case differently and may be in force on one day. Rows that leave the
        outcome to a person decide nothing differently.

        Raises:
            TooMuch: the budget is spent.
        """
        offset = self.first.shape.boxes.count
        above = _stronger(self.first, self.boxes, 0), _stronger(self.second, self.boxes, offset)
        rules = [*dated(self.first.at), *dated(self.second.at)]
        for one, near in neighbours(self.boxes):
            if one >= offset:
                return
            for other in near:
                second = other - offset
                if second < 0 or not self._differ(one, second) or not in_force_together(rules[one], rules[other]):
                    continue
                if leaves_open(rules[one]) or leaves_open(rules[other]):
                    continue
                box = common(self.boxes.box(one), self.boxes.box(other))
                taken = [self.boxes.box(rule) for rule in (*above[0][one], *above[1][second])]
                found, piece = outside(box, taken, budget)
                if found is None:
                    raise TooMuch
                if found and piece is not None:
                    yield Conflict(one, second, piece)

    def outdated(self) -> tuple[Outdated, ...]:
        """Rules that another table decides differently since they went out of force, the first successor of each."""
        offset = self.first.shape.boxes.count
        rules = [*dated(self.first.at), *dated(self.second.at)]
        if not any(basis.valid_to for rule in rules for basis in rule.legal_bases):
            return ()
        found: dict[int, Outdated] = {}
        for one, near in neighbours(self.boxes):
            for other in near if one < offset else ():
                if other >= offset and self._differ(one, other - offset):
                    old, new = sorted((one, other), key=lambda rule: in_force(rules[rule])[1])
                    ended, began = in_force(rules[old])[1], in_force(rules[new])[0]
                    if ended < began and (old not in found or began < found[old].began):
                        side = self.first if old < offset else self.second
                        found[old] = Outdated(side, old if old < offset else old - offset, ended, began)
        return tuple(found[rule] for rule in sorted(found))

    def _differ(self, one: int, other: int) -> bool:
        left = self.first.shape.outputs[one][self.first.output]
        right = self.second.shape.outputs[other][self.second.output]
        return left[0] == right[0] == "constant" and left[1] == right[1] and left != right


def lay_over(first: Side, second: Side, budget: Budget) -> Joint | None:
    """Both tables in one space; None if they share no input, or mean different things by one.

    Raises:
        TooMuch: they have too many rules, or the budget is spent.
    """
    ours = {entry.expression: entry for entry in first.shape.boxes.columns}
    theirs = {entry.expression: entry for entry in second.shape.boxes.columns}
    if not set(ours) & set(theirs):
        return None
    rules = first.shape.boxes.count + second.shape.boxes.count
    if rules > MOST_RULES or not budget.take(rules * len({*ours, *theirs})):
        raise TooMuch
    columns = []
    for name in dict.fromkeys((*ours, *theirs)):
        merged = _column(name, ours.get(name), theirs.get(name), first, second)
        if merged is None:
            return None
        columns.append(merged)
    return Joint(first, second, Boxes(tuple(columns), rules))


def _column(name: str, one: Column | None, other: Column | None, first: Side, second: Side) -> Column | None:
    kinds = {entry.kind for entry in (one, other) if entry is not None and entry.kind}
    if len(kinds) == 2 and not (agree(*sorted(kinds)) or agree(*sorted(kinds, reverse=True))):
        return None
    cells = [*_cells(one, first.shape.boxes.count), *_cells(other, second.shape.boxes.count)]
    domain = ALL
    for entry in (one, other):
        domain = domain if entry is None else ranges.intersection(domain, entry.domain())
    kind = "integer" if "integer" in kinds else next(iter(sorted(kinds)), "")
    values = {ranges.kind_of(value) for region in (*cells, domain) for value in region.values()}
    return None if len(values) > 1 else column(name, kind, cells, domain=domain)


def _cells(entry: Column | None, count: int) -> Sequence[Region]:
    return [ALL] * count if entry is None else [entry.region(mask & entry.values) for mask in entry.masks]


def _stronger(side: Side, boxes: Boxes, offset: int) -> list[list[int]]:
    """Per rule of a side the rules, as numbered in the joint space, that take cases away from it."""
    shape = side.shape
    policy = shape.at.table.hit_policy
    ranks = priorities(shape) if policy == "PRIORITY" else None
    count = shape.boxes.count
    if policy not in {"FIRST", "PRIORITY"}:
        return [[] for _ in range(count)]
    return [
        [offset + other for other in stronger(shape, rule, range(count), ranks) if other != rule]
        for rule in range(count)
    ]
