"""Decision tables as geometry: every rule is a box in a space of finitely many cells.

A column's values fall into *atoms* that no cell can tell apart: the bounds that occur, and what lies between them.
With n bounds v0 < v1 < ... there are 2n + 1 atoms in ascending order: number 2i + 1 is the bound vi itself, number 2i
what lies below it (and above the bound before). A rule has one bit mask of atoms per column; overlap, gap, cover and
merge are then questions about masks, exact for any number of values. Atoms without a value (nothing lies between two
neighbouring days) and those outside the allowed values do not exist.

Null is an atom of its own, number 2n + 1, and exists only in columns where a cell names it; gaps are over the other
values only, for a missing input is a question of its own.

Covering is decided by subtraction: a box minus one rule is at most one smaller box per column, and each of them meets
fewer rules. The work is bounded by a `Budget`; what exceeds it is *not complete*.
Source of the questions: Calvanese, Dumas, Laurson, Maggi: Semantics and analysis of DMN decision tables (2016).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from math import floor
from typing import Any

from bpm.analyser.search import WORK as WORK
from bpm.analyser.search import Box as Box
from bpm.analyser.search import Budget as Budget
from bpm.analyser.search import Exhausted, Within, pieces, widened
from bpm.feel.ranges import EVERYTHING, Interval, Region

DISCRETE = {
    "integer", "date", "years and months duration", "time", "date and time", "date and time with offset"
}  # fmt: skip
"""Kinds with a next value: between two neighbours there is nothing. Clocks go to the microsecond."""

MIDNIGHT, LAST_TICK, TICK = time(0), time(23, 59, 59, 999_999), timedelta(microseconds=1)
"""Before the first and after the last there is no time of day."""


@dataclass(frozen=True, slots=True)
class Column:
    """One input: its bounds in ascending order, the atoms that exist (a mask) and the rules' masks.

    `empty` are the atoms without a value. `others` are the atoms between names where no cell tells them apart; they
    are represented by their lowest bit, "any other". `missing` tells by rule whether its cell holds for null, also
    where null is no atom (see `with_missing`).
    """

    expression: str
    kind: str
    bounds: tuple[Any, ...]
    exists: int
    empty: int
    null: int
    others: int
    masks: tuple[int, ...]
    missing: tuple[bool, ...] = ()

    @property
    def values(self) -> int:
        """The atoms that exist, without null."""
        return self.exists & ~self.null

    def region(self, mask: int) -> Region:
        """The values of some atoms as a region, as wide as can be written without meeting other existing atoms."""
        if mask & self.values == self.values:
            return Region((EVERYTHING,), bool(mask & self.null) if self.null else True)
        if mask & self.others:
            mask |= self.others
        return Region(tuple(self._intervals(mask & ~self.null)), bool(mask & self.null))

    def mask(self, of: Region) -> int:
        """The atoms inside a region whose bounds all occur in the column, existing or not; null aside."""
        return _mask(of, self.bounds)

    def domain(self) -> Region:
        """The values that can come in, as they are bounded: unlike `region`, never wider."""
        mask = self.values
        return Region(tuple(self._intervals(mask | self.others if mask & self.others else mask)), bool(self.null))

    def _intervals(self, mask: int) -> Iterator[Interval]:
        """Runs of atoms; atoms without a value between two of the mask do not interrupt a run."""
        index, count = 0, 2 * len(self.bounds) + 1
        while index < count:
            if not mask >> index & 1:
                index += 1
                continue
            start = end = index
            while index < count and (mask | self.empty) >> index & 1:
                if mask >> index & 1:
                    end = index
                index += 1
            yield self._interval(start, end)

    def _interval(self, start: int, end: int) -> Interval:
        low = None if start == 0 else self.bounds[(start - 1) // 2]
        high = None if end == 2 * len(self.bounds) else self.bounds[end // 2]
        return Interval(low, high, low is not None and start % 2 == 1, high is not None and end % 2 == 1)


@dataclass(frozen=True, slots=True)
class Boxes:
    """A table: its columns, and how many rules it has."""

    columns: tuple[Column, ...]
    count: int

    def box(self, rule: int) -> Box:
        """The box of a 0-based rule."""
        return tuple(column.masks[rule] for column in self.columns)

    def domain(self, *, with_null: bool = False) -> Box:
        """The box of everything that can come in."""
        return tuple(column.exists if with_null else column.values for column in self.columns)

    def is_empty(self, rule: int) -> bool:
        """True if nothing that can come in meets the rule."""
        return any(mask == 0 for mask in self.box(rule))


@dataclass(frozen=True, slots=True)
class Gaps:
    """What no rule covers. `exists` is None if the budget did not suffice to decide; `boxes` are maximal and the
    largest first; `complete` tells whether together they are all of it."""

    exists: bool | None
    boxes: tuple[Box, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether some rules cover a box. `by` is a minimal set of them (0-based) if they do; `covered` is None if the
    budget did not suffice."""

    covered: bool | None
    by: tuple[int, ...] = ()


def column(
    expression: str, kind: str, cells: Sequence[Region], *, domain: Region | None = None, with_null: bool = False
) -> Column:
    """A column from its cells. All bounds must be of one kind (`bpm.feel.ranges.kind_of`).

    Args:
        kind: the kind of the bounds (`integer` for whole numbers), or of the declared type where there are none.
        domain: the values that can come in; None: all.
        with_null: null is a value to reckon with.
    """
    regions = [*cells, *([domain] if domain is not None else [])]
    bounds: tuple[Any, ...] = tuple(sorted({bound for region in regions for bound in region.values()}))
    if kind == "boolean":
        bounds = (False, True)
    null = 1 << (2 * len(bounds) + 1) if with_null else 0
    masks = [_mask(cell, bounds) | (null if cell.null else 0) for cell in cells]
    empty = _empty(bounds, kind)
    exists = (1 << (2 * len(bounds) + 1)) - 1 & ~empty
    if domain is not None:
        exists &= _mask(domain, bounds)
    others = 0
    if kind == "string":
        between = exists & sum(1 << index for index in range(0, 2 * len(bounds) + 1, 2))
        if between and all(mask & between in (0, between) for mask in masks):
            others = between
            exists = exists & ~between | (between & -between)
    exists |= null
    return Column(
        expression, kind, bounds, exists, empty, null, others,
        tuple(mask & exists for mask in masks), tuple(bool(cell.null) for cell in cells),
    )  # fmt: skip


def with_missing(boxes: Boxes) -> Boxes:
    """The same table where any input may also be missing: null is an atom of every column."""
    columns = []
    for entry in boxes.columns:
        null = 1 << (2 * len(entry.bounds) + 1)
        masks = tuple(mask | null if holds else mask for mask, holds in zip(entry.masks, entry.missing, strict=True))
        columns.append(replace(entry, null=null, exists=entry.exists | null, masks=masks))
    return Boxes(tuple(columns), boxes.count)


def outside(box: Box, rules: Iterable[Box], budget: Budget) -> tuple[bool | None, Box | None]:
    """Whether some of `box` lies outside all `rules`, and a piece of it that does; None if the budget is spent."""
    if any(mask == 0 for mask in box):
        return False, None
    meeting = [rule for rule in rules if _meet(rule, box)]
    try:
        budget.spend(1 + len(meeting))
        piece = _first_piece(box, meeting, budget) if meeting else box
    except Exhausted:
        return None, None
    return piece is not None, piece


def neighbours(boxes: Boxes) -> Iterator[tuple[int, list[int]]]:
    """For every rule (0-based), in order: the other rules that some input meets together with it, ascending."""
    from bpm.analyser.nearness import neighbours as near

    return near(boxes.columns, boxes.count)


def overlaps(boxes: Boxes) -> Iterator[tuple[int, int]]:
    """Every pair of rules (0-based, first < second) that some input meets together, ascending."""
    for first, others in neighbours(boxes):
        yield from ((first, second) for second in others if second > first)


def common(left: Box, right: Box) -> Box:
    """What two boxes share; some mask is 0 if nothing."""
    return tuple(one & other for one, other in zip(left, right, strict=True))


def gaps(boxes: Boxes, *, most: int = 10, paths: int = 300, budget: Budget | None = None) -> Gaps:
    """What can come in (null aside) and meets no rule: whether there is any, and the `most` largest boxes found of it.

    At most `paths` disjoint pieces of the gap are looked at and widened as far as no rule forbids.
    """
    domain = boxes.domain()
    if any(mask == 0 for mask in domain):
        return Gaps(False, (), True)
    rules = [box for box in (boxes.box(rule) for rule in range(boxes.count)) if _meet(box, domain)]
    left, exhausted = pieces(domain, rules, budget or Budget(), max(paths, 1))
    if exhausted and not left:
        return Gaps(None, (), False)
    within = Within(left)
    chosen: list[Box] = []
    missing = within.all
    for box in sorted(widened(left, domain, rules), key=lambda it: (-_share(it, domain), it)):
        if not missing or len(chosen) >= most:
            break
        rest = missing & ~within.inside(box)
        if rest != missing:
            chosen.append(box)
            missing = rest
    return Gaps(bool(chosen), tuple(chosen), not missing and not exhausted and len(left) < paths)


def cover(boxes: Boxes, box: Box, rules: Iterable[int], *, budget: Budget | None = None) -> Cover:
    """Whether the union of `rules` (0-based) holds all of `box`, with a minimal set of them that does.

    A single rule that suffices is preferred (the first); else rules are dropped from the last to the first while the
    rest still covers, so that none of the set named can be spared.
    """
    budget = budget or Budget()
    rules = list(rules)
    if not budget.take(len(rules)):
        return Cover(None)
    meeting = {rule: other for rule, other in ((rule, boxes.box(rule)) for rule in rules) if _meet(other, box)}
    single = next((rule for rule, other in meeting.items() if _inside(box, other)), None)
    if single is not None:
        return Cover(True, (single,))
    try:
        if not _covers(box, meeting, budget):
            return Cover(False)
        for rule in reversed(list(meeting)):
            fewer = {other: mask for other, mask in meeting.items() if other != rule}
            if _covers(box, fewer, budget):
                meeting = fewer
    except Exhausted:
        return Cover(None)
    return Cover(True, tuple(meeting))


def merge_groups(
    boxes: Boxes, alike: Sequence[Any], *, budget: Budget | None = None
) -> tuple[list[tuple[tuple[int, ...], Box]], bool]:
    """Groups of rules whose boxes together are one box, with that box, and whether these are all such groups.

    `alike` tells which rules may be joined. The rules of a group differ in one column only, where none contains
    another (that would be a subsumed rule) and where, on an ordered scale, they touch. A rule is in one group at most,
    the largest; a set of rules that would exceed the budget is left out.
    """
    budget = budget or Budget()
    complete = True
    found: list[tuple[tuple[int, ...], Box]] = []
    # masks are long numbers: what is compared is the number of the first rule with the same one
    short: list[list[int]] = []
    for entry in boxes.columns:
        known: dict[int, int] = {}
        short.append([known.setdefault(mask, rule) for rule, mask in enumerate(entry.masks)])
    keys = [(mark, *marks) for mark, *marks in zip(alike, *short, strict=True)]
    able = [rule for rule in range(boxes.count) if not boxes.is_empty(rule)]
    for position, entry in enumerate(boxes.columns):
        classes: dict[tuple[Any, ...], list[int]] = {}
        for rule in able:
            key = keys[rule]
            classes.setdefault(key[: position + 1] + key[position + 2 :], []).append(rule)
        for rules in classes.values():
            if not budget.take(len(rules) ** 2):
                complete = False
                continue
            for group in _joinable(entry, rules) if len(rules) > 1 else ():
                mask = 0
                for rule in group:
                    mask |= entry.masks[rule]
                box = boxes.box(group[0])
                found.append((group, (*box[:position], mask, *box[position + 1 :])))
    found.sort(key=lambda pair: (-len(pair[0]), pair[0]))
    taken: set[int] = set()
    groups = []
    for group, box in found:
        if not taken & set(group):
            taken |= set(group)
            groups.append((group, box))
    return sorted(groups), complete


def _joinable(entry: Column, rules: list[int]) -> Iterator[tuple[int, ...]]:
    """Of rules that differ in this column only: the groups that touch and do not contain one another."""
    masks = entry.masks
    alone = [
        rule
        for rule in rules
        if not any(
            other != rule and (masks[rule] & masks[other] == masks[rule] or masks[rule] & masks[other] == masks[other])
            for other in rules
        )
    ]
    if len(alone) < 2:
        return
    if entry.kind in {"string", "boolean"}:
        yield tuple(sorted(alone))
        return
    alone.sort(key=lambda rule: (masks[rule] & -masks[rule], rule))
    run, mask = [alone[0]], masks[alone[0]]
    for rule in alone[1:]:
        if _is_one_interval(entry, mask | masks[rule]):
            run.append(rule)
            mask |= masks[rule]
        else:
            if len(run) > 1:
                yield tuple(sorted(run))
            run, mask = [rule], masks[rule]
    if len(run) > 1:
        yield tuple(sorted(run))


def _is_one_interval(entry: Column, mask: int) -> bool:
    """Whether `Column.region` writes these atoms as a single interval."""
    if mask & entry.values == entry.values:
        return True
    if mask & entry.others:
        mask |= entry.others
    mask &= ~entry.null
    between = (1 << mask.bit_length()) - (mask & -mask)
    return mask != 0 and not between & ~(mask | entry.empty)


def _covers(box: Box, rules: Mapping[int, Box], budget: Budget) -> bool:
    return _first_piece(box, list(rules.values()), budget) is None


def _first_piece(box: Box, rules: Sequence[Box], budget: Budget) -> Box | None:
    found, exhausted = pieces(box, rules, budget, 1)
    if exhausted:
        raise Exhausted
    return found[0] if found else None


def _meet(left: Box, right: Box) -> bool:
    return all(one & other for one, other in zip(left, right, strict=True))


def _mask(region: Region, bounds: tuple[Any, ...]) -> int:
    mask = 0
    for interval in region.intervals:
        low = 0 if interval.low is None else 2 * bisect_left(bounds, interval.low) + (1 if interval.low_included else 2)
        high = (
            2 * len(bounds)
            if interval.high is None
            else 2 * bisect_left(bounds, interval.high) + (1 if interval.high_included else 0)
        )
        if low <= high:
            mask |= (1 << (high + 1)) - (1 << low)
    return mask


def _empty(bounds: tuple[Any, ...], kind: str) -> int:
    """The atoms that hold no value: on a discrete scale nothing lies between neighbours."""
    count = 2 * len(bounds) + 1
    if kind == "boolean":
        return sum(1 << index for index in range(0, count, 2))
    if kind not in DISCRETE:
        return 0
    empty = 0
    for index, (low, high) in enumerate(pairwise(bounds)):
        if not _lies_between(low, high, kind):
            empty |= 1 << (2 * index + 2)
    if kind == "integer":
        for index, bound in enumerate(bounds):
            if bound != floor(bound):
                empty |= 1 << (2 * index + 1)
    if kind == "time" and bounds:
        empty |= 1 if bounds[0] == MIDNIGHT else 0
        empty |= 1 << (2 * len(bounds)) if bounds[-1] == LAST_TICK else 0
    return empty


def _lies_between(low: Any, high: Any, kind: str) -> bool:
    if kind == "integer":
        return bool(floor(low) + 1 < high)
    if kind == "date":
        return bool((high - low).days > 1)
    if kind == "time":
        return bool(datetime.combine(date.min, high) - datetime.combine(date.min, low) > TICK)
    if kind.startswith("date and time"):
        return bool(high - low > TICK)
    return bool(high.months - low.months > 1)


def _inside(inner: Box, outer: Box) -> bool:
    return all(one & other == one for one, other in zip(inner, outer, strict=True))


def _share(box: Box, domain: Box) -> float:
    """How much of the domain a box is, counted in atoms: only for putting the largest first."""
    share = 1.0
    for mask, whole in zip(box, domain, strict=True):
        share *= mask.bit_count() / whole.bit_count()
    return share
