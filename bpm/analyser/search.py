"""What of a box lies outside some rules: the search behind gaps and covers.

A box minus one rule is at most one smaller box per column, and each of them meets fewer rules. `uncovered` says it in
plain Python and is the reference. A question that takes it too long is put again, from its start, to machine code
(`cutting`), which finds the same boxes in the same order for the same work, and that there are none for less: loading
that code costs more than most tables do. Widening pieces of a gap and sorting out which piece lies in which box
compare all rules at a time, one bit each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import prod
from typing import Any, TypeAlias

Box: TypeAlias = tuple[int, ...]
"""One mask of atoms per column."""

WORK = 1_000_000
"""Pairs of a box and a rule that one question may look at: seconds at the worst, and more than any table needs that
people made."""

PATIENCE_UNLOADED = 50_000
"""Work that plain Python does before machine code is loaded for the rest: about as long as loading it takes."""

PATIENCE_LOADED = 300
"""The same once it is loaded: then it costs only putting the rules into words."""

FEW = 5_000
"""Pairs of a piece and a rule below which pieces are widened one rule after the other."""


class Exhausted(Exception):
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
        """Take some of it. Raises Exhausted if that is more than there is."""
        if not self.take(work):
            raise Exhausted


def pieces(whole: Box, rules: Sequence[Box], budget: Budget, limit: int) -> tuple[list[Box], bool]:
    """The first `limit` boxes of `uncovered`, and whether the budget ended the search before."""
    loaded = "bpm.analyser.cutting" in sys.modules
    trial = Budget(min(budget.left, PATIENCE_LOADED if loaded else PATIENCE_UNLOADED))
    given, found = trial.left, []
    try:
        for piece in islice(uncovered(whole, rules, trial), limit):
            found.append(piece)
    except Exhausted:
        if given == budget.left:
            budget.left = 0
            return found, True
        return by_machine(whole, rules, budget, limit)
    budget.spend(given - trial.left)
    return found, False


def by_machine(whole: Box, rules: Sequence[Box], budget: Budget, limit: int) -> tuple[list[Box], bool]:
    """`pieces` by machine code from the first step on."""
    import numpy as np

    from bpm.analyser.cutting import cut

    sizes = [(max(mask.bit_length(), 1) + 63) // 64 * 8 for mask in whole]
    rows: Any = np.empty((len(rules) + 1, sum(sizes) // 8), dtype="<u8")
    starts: Any = np.zeros(len(whole) + 1, dtype=np.int64)
    for c, size in enumerate(sizes):
        starts[c + 1] = starts[c] + size // 8
        # what lies outside the box does not matter, and may be too long for its words
        raw = b"".join([(rule[c] & whole[c]).to_bytes(size, "little") for rule in (*rules, whole)])
        rows[:, starts[c] : starts[c + 1]] = np.frombuffer(raw, dtype="<u8").reshape(len(rules) + 1, size // 8)
    rows = rows.astype(np.uint64, copy=False)
    # that there is nothing is proven far sooner by halves; if there is something, its boxes come in the usual order
    found, work, exhausted = cut(rows[:-1], starts, rows[-1], budget.left, 1, True)
    if len(found) or exhausted:
        found, work, exhausted = cut(rows[:-1], starts, rows[-1], budget.left, limit, False)
    budget.left = 0 if exhausted else budget.left - int(work)
    parts = [
        [int.from_bytes(row.tobytes(), "little") for row in found[:, start:end].astype("<u8", order="C")]
        for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
    return list(zip(*parts, strict=True)), bool(exhausted)


def uncovered(whole: Box, rules: Sequence[Box], budget: Budget) -> Iterator[Box]:
    """Disjoint boxes that together are all of `whole` outside the rules (which must meet it), in a fixed order.

    Raises:
        Exhausted: more work than the budget.
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


def _cutter(box: Box, rules: Sequence[Box]) -> tuple[Box, list[int]]:
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


def widened(left: Sequence[Box], domain: Box, rules: Sequence[Box]) -> set[Box]:
    """For every uncovered piece a maximal box outside the rules that holds it; pieces may share one."""
    if len(left) * len(rules) < FEW:
        return {widen(piece, domain, rules) for piece in left}
    widening = Widening(domain, rules)
    return {widening(piece) for piece in left}


def widen(piece: Box, domain: Box, rules: Sequence[Box]) -> Box:
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


class Widening:
    """`widen` for many pieces of one table: which rules meet a cell is a number with one bit per rule.

    A rule forbids values of a column exactly if the box misses it there and nowhere else.
    """

    def __init__(self, domain: Box, rules: Sequence[Box]) -> None:
        self._domain = domain
        self._columns = [_Side([rule[c] for rule in rules]) for c in range(len(domain))]
        self._all = (1 << len(rules)) - 1

    def __call__(self, piece: Box) -> Box:
        met = [side.meeting(mask) for side, mask in zip(self._columns, piece, strict=True)]
        after = [self._all]  # rules met in all columns from the last one back to some column
        for each in reversed(met[1:]):
            after.append(after[-1] & each)
        before, box = self._all, []
        for c, side in enumerate(self._columns):
            alone = before & after[-1 - c] & ~met[c]
            free = self._domain[c] & ~side.union(alone)
            box.append(free)
            before &= met[c] if free == piece[c] else side.meeting(free)
        return tuple(box)


class _Side:
    """One column of the rules: cells that are alike are looked at once."""

    def __init__(self, masks: Sequence[int]) -> None:
        alike: dict[int, list[int]] = {}
        for rule, mask in enumerate(masks):
            alike.setdefault(mask, []).append(rule)
        self._cells = [(mask, _bits_of(rules, len(masks))) for mask, rules in alike.items()]
        self._masks = masks
        self._met: dict[int, int] = {}

    def meeting(self, atoms: int) -> int:
        """The rules whose cell shares an atom with these."""
        found = self._met.get(atoms)
        if found is None:
            found = 0
            for mask, rules in self._cells:
                if mask & atoms:
                    found |= rules
            self._met[atoms] = found
        return found

    def union(self, chosen: int) -> int:
        """The atoms that the cells of some rules hold together."""
        found = 0
        if chosen.bit_count() > len(self._cells) // 4:
            for mask, rules in self._cells:
                if rules & chosen:
                    found |= mask
            return found
        while chosen:
            lowest = chosen & -chosen
            found |= self._masks[lowest.bit_length() - 1]
            chosen ^= lowest
        return found


def _bits_of(positions: Iterable[int], count: int) -> int:
    raw = bytearray((count + 7) // 8)
    for position in positions:
        raw[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(raw, "little")


class Within:
    """Which of some boxes lie in another: a number with one bit per box."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.all = (1 << len(boxes)) - 1
        self._columns: list[tuple[list[tuple[int, int]], dict[int, int]]] = []
        for masks in zip(*boxes, strict=True):
            alike: dict[int, list[int]] = {}
            for position, mask in enumerate(masks):
                alike.setdefault(mask, []).append(position)
            cells = [(mask, _bits_of(positions, len(boxes))) for mask, positions in alike.items()]
            self._columns.append((cells, {}))

    def inside(self, box: Box) -> int:
        """The boxes that lie in this one."""
        found = self.all
        for mask, (cells, known) in zip(box, self._columns, strict=True):
            held = known.get(mask)
            if held is None:
                held = 0
                for cell, positions in cells:
                    if cell & mask == cell:
                        held |= positions
                known[mask] = held
            found &= held
        return found
