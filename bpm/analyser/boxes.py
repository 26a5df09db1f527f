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
from itertools import pairwise
from math import floor, prod
from typing import Any, TypeAlias

from bpm.feel.ranges import EVERYTHING, Interval, Region

Box: TypeAlias = tuple[int, ...]
"""One mask of atoms per column."""

WORK = 1_000_000
"""Pairs of a box and a rule that one question may look at: seconds at the worst, and more than any table needs that
people made."""

BLOCK = 256
"""Rules compared with all others at a time: bounds the memory, not the result."""

DISCRETE = {"integer", "date", "years and months duration"}
"""Kinds with a next value: between two neighbours there is nothing."""


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


class _Exhausted(Exception):
    """The question needs more work than the budget allows."""


class Budget:
    """Work that may still be done; several questions may share one."""

    __slots__ = ("left",)

    def __init__(self, work: int = WORK) -> None:
        self.left = work

    def take(self, work: int) -> bool:
        """Take some of it; False, and nothing is left, if that is more than there is."""
        enough = work <= self.left
        self.left = self.left - work if enough else 0
        return enough

    def spend(self, work: int) -> None:
        """Take some of it. Raises _Exhausted if that is more than there is."""
        if not self.take(work):
            raise _Exhausted


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
        piece = next(_uncovered(box, meeting, budget), None) if meeting else box
    except _Exhausted:
        return None, None
    return piece is not None, piece


def neighbours(boxes: Boxes) -> Iterator[tuple[int, list[int]]]:
    """For every rule (0-based), in order: the other rules that some input meets together with it, ascending."""
    import numpy as np

    extents = [_extent(entry) for entry in boxes.columns if any(mask != entry.exists for mask in entry.masks)]
    for start in range(0, boxes.count, BLOCK):
        rows = range(start, min(start + BLOCK, boxes.count))
        together: Any = np.ones((len(rows), boxes.count), dtype=bool)
        for low, high, scattered, words in extents:
            meet = (low[start : rows.stop, None] <= high[None, :]) & (low[None, :] <= high[start : rows.stop, None])
            if words is not None:
                # where a cell has holes the ends say nothing: compare all atoms, 64 at a time
                for row in rows:
                    others = slice(None) if scattered[row] else scattered
                    meet[row - start, others] &= (words[others] & words[row]).any(axis=1)
            together &= meet
        for row in rows:
            together[row - start, row] = False
            yield row, np.flatnonzero(together[row - start]).tolist()


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
    left: list[Box] = []
    exhausted = False
    try:
        for piece in _uncovered(domain, rules, budget or Budget()):
            left.append(piece)
            if len(left) >= paths:
                exhausted = True
                break
    except _Exhausted:
        if not left:
            return Gaps(None, (), False)
        exhausted = True
    chosen: list[Box] = []
    for box in sorted({_widen(piece, domain, rules) for piece in left}, key=lambda it: (-_share(it, domain), it)):
        rest = [piece for piece in left if not _inside(piece, box)]
        if len(rest) < len(left) and len(chosen) < most:
            chosen.append(box)
            left = rest
    return Gaps(bool(chosen), tuple(chosen), not left and not exhausted)


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
    except _Exhausted:
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
    for position, entry in enumerate(boxes.columns):
        classes: dict[tuple[Any, ...], list[int]] = {}
        for rule in range(boxes.count):
            if not boxes.is_empty(rule):
                rest = (*boxes.box(rule)[:position], *boxes.box(rule)[position + 1 :])
                classes.setdefault((alike[rule], rest), []).append(rule)
        for rules in classes.values():
            if not budget.take(len(rules) ** 2):
                complete = False
                continue
            for group in _joinable(entry, rules):
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
        if len(entry.region(mask | masks[rule]).intervals) == 1:
            run.append(rule)
            mask |= masks[rule]
        else:
            if len(run) > 1:
                yield tuple(sorted(run))
            run, mask = [rule], masks[rule]
    if len(run) > 1:
        yield tuple(sorted(run))


def _covers(box: Box, rules: Mapping[int, Box], budget: Budget) -> bool:
    return next(_uncovered(box, list(rules.values()), budget), None) is None


def _uncovered(whole: Box, rules: list[Box], budget: Budget) -> Iterator[Box]:
    """Disjoint boxes that together are all of `whole` outside the rules (which must meet it), in a fixed order.

    Raises:
        _Exhausted: more work than the budget.
    """
    stack = [(whole, rules)]
    while stack:
        box, meeting = stack.pop()
        budget.spend(1 + len(meeting))
        if not meeting:
            yield box
            continue
        cutter, columns = _cutter(box, meeting)
        rest = list(box)
        for position, column_ in enumerate(columns):
            piece = list(rest)
            piece[column_] &= ~cutter[column_]
            changed = [(c, piece[c]) for c in columns[: position + 1]]
            still = [rule for rule in meeting if all(rule[c] & mask for c, mask in changed)]
            stack.append((tuple(piece), still))
            rest[column_] &= cutter[column_]


def _cutter(box: Box, rules: list[Box]) -> tuple[Box, list[int]]:
    """The rule that takes the largest share of the box, and the columns where it cuts, the deepest cut first; no
    column: it holds the box. Measured on tables grown like decision trees, both halves of this order save pieces."""
    sizes = [mask.bit_count() for mask in box]
    chosen, best, most = rules[0], [0.0] * len(box), -1.0
    for rule in rules:
        kept = [(mask & held).bit_count() / size for mask, held, size in zip(box, rule, sizes, strict=True)]
        share = prod(kept)
        if share > most:
            chosen, best, most = rule, kept, share
            if share == 1.0:
                break
    return chosen, sorted((c for c, part in enumerate(best) if part < 1.0), key=lambda c: best[c])


def _widen(piece: Box, domain: Box, rules: list[Box]) -> Box:
    """A maximal box outside the rules that holds an uncovered piece: column by column all that no rule forbids."""
    box = list(piece)
    misses = [[c for c, mask in enumerate(piece) if not rule[c] & mask] for rule in rules]
    for c, whole in enumerate(domain):
        near = [(rule, missing) for rule, missing in zip(rules, misses, strict=True) if c in missing]
        free = whole
        for rule, missing in near:
            if len(missing) == 1:
                free &= ~rule[c]
        box[c] = free
        for rule, missing in near:
            if rule[c] & free:
                missing.remove(c)
    return tuple(box)


def _meet(left: Box, right: Box) -> bool:
    return all(one & other for one, other in zip(left, right, strict=True))


def _extent(entry: Column) -> tuple[Any, Any, Any, Any]:
    """Per rule the first and the last atom of its cell (an empty one ends before it starts) and whether atoms in
    between are missing; and, if that happens, all cells as words of 64 atoms, shape (rules, words)."""
    import numpy as np

    count = len(entry.masks)
    low = np.fromiter(((mask & -mask).bit_length() if mask else 2**62 for mask in entry.masks), np.int64, count)
    high = np.fromiter((mask.bit_length() for mask in entry.masks), np.int64, count)
    scattered = np.fromiter((_has_holes(mask, entry.exists) for mask in entry.masks), bool, count)
    if not scattered.any():
        return low, high, scattered, None
    size = (entry.exists.bit_length() + 63) // 64 * 8
    raw = b"".join(mask.to_bytes(size, "little") for mask in entry.masks)
    return low, high, scattered, np.frombuffer(raw, dtype=np.uint64).reshape(count, size // 8)


def _has_holes(mask: int, exists: int) -> bool:
    between = (1 << mask.bit_length()) - (mask & -mask)
    return mask != exists & between


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
    return empty


def _lies_between(low: Any, high: Any, kind: str) -> bool:
    if kind == "integer":
        return bool(floor(low) + 1 < high)
    if kind == "date":
        return bool((high - low).days > 1)
    return bool(high.months - low.months > 1)


def _inside(inner: Box, outer: Box) -> bool:
    return all(one & other == one for one, other in zip(inner, outer, strict=True))


def _share(box: Box, domain: Box) -> float:
    """How much of the domain a box is, counted in atoms: only for putting the largest first."""
    share = 1.0
    for mask, whole in zip(box, domain, strict=True):
        share *= mask.bit_count() / whole.bit_count()
    return share
