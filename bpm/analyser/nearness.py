"""Which rules of a table some input meets together: all rules at a time, one bit each, column by column.

A cell without holes meets those that neither end before it starts nor start after it ends: two lookups in lists made
once per column, whose lines are sets of rules as bits. A cell with holes over few atoms meets the union of what its
atoms meet; over many, the pairs left at the end are compared atom by atom, 64 at a time. Exact in each case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bpm.analyser.boxes import Column

BLOCK = 256
"""Rules compared with all others at a time: bounds the memory, not the result."""

FEW_ATOMS = 128
"""Up to so many atoms a column with holes is asked atom by atom."""

MEMORY = 1 << 26
"""Bytes that the lines of one column may take; beyond, its cells are compared block by block."""

PAIRS = 1 << 16
"""Pairs compared atom by atom at a time: bounds the memory, not the result."""


def neighbours(columns: Sequence[Column], count: int) -> Iterator[tuple[int, list[int]]]:
    """For every rule (0-based), in order: the other rules that some input meets together with it, ascending."""
    import numpy as np

    sides = [_Side(entry, count) for entry in columns if any(mask != entry.exists for mask in entry.masks)]
    everyone: Any = np.packbits(np.ones(count, dtype=bool))
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        together: Any = np.broadcast_to(everyone, (stop - start, len(everyone))).copy()
        for side in sides:
            together &= side.lines(start, stop)
        own = np.arange(start, stop)
        together[own - start, own >> 3] &= np.uint8(255) - (128 >> (own & 7)).astype(np.uint8)
        line, byte = together.nonzero()
        which, bit = np.unpackbits(together[line, byte][:, None], axis=1).nonzero()
        rows, others = line[which] + start, byte[which] * 8 + bit
        for side in sides:
            if side.words is not None:
                keep = side.share_atoms(rows, others)
                rows, others = rows[keep], others[keep]
        ends: Any = np.searchsorted(rows, np.arange(start, stop + 1)).tolist()
        found: list[int] = others.tolist()
        for row in range(start, stop):
            yield row, found[ends[row - start] : ends[row - start + 1]]


class _Side:
    """One column. `words` are its cells as 64-bit words, shape (rules, words), where pairs must be compared by them."""

    def __init__(self, entry: Column, count: int) -> None:
        import numpy as np

        masks, size = entry.masks, entry.exists.bit_length()
        # an empty cell starts after the end of the scale and ends before its start: it meets nothing
        self.first: Any = np.fromiter(((m & -m).bit_length() - 1 if m else size for m in masks), np.int64, count)
        self.last: Any = np.fromiter((m.bit_length() - 1 for m in masks), np.int64, count)
        self.scattered: Any = np.fromiter((_has_holes(mask, entry.exists) for mask in masks), bool, count)
        self.words: Any = None
        self._unions: Any = None
        self._started: Any = None
        breadth = (count + 7) // 8
        if self.scattered.any():
            alike: dict[int, int] = {}
            kinds = np.fromiter((alike.setdefault(mask, len(alike)) for mask in masks), np.int64, count)
            if size <= FEW_ATOMS and len(alike) * breadth <= MEMORY:
                self._kinds, self._unions = kinds, _unions(list(alike), kinds, size)
                return
            length = (size + 63) // 64 * 8
            raw = b"".join(mask.to_bytes(length, "little") for mask in masks)
            self.words = np.frombuffer(raw, dtype=np.uint64).reshape(count, length // 8)
        if (size + 2) * breadth <= MEMORY:
            rules = np.arange(count)
            bit = (128 >> (rules & 7)).astype(np.uint8)
            started: Any = np.zeros(
                (size + 2, breadth), dtype=np.uint8
            )  # line k + 1: the cells that start at k or before
            np.bitwise_or.at(started, (self.first + 1, rules >> 3), bit)
            self._started = np.bitwise_or.accumulate(started, axis=0)
            ended: Any = np.zeros((size + 2, breadth), dtype=np.uint8)  # line k + 1: the cells that end at k or after
            np.bitwise_or.at(ended, (self.last + 1, rules >> 3), bit)
            self._unended = np.bitwise_or.accumulate(ended[::-1], axis=0)[::-1]

    def lines(self, start: int, stop: int) -> Any:
        """For the rules of a block: those whose cells meet theirs, holes aside where `words` is set; packed bits."""
        import numpy as np

        if self._unions is not None:
            return self._unions[self._kinds[start:stop]]
        first, last = self.first[start:stop], self.last[start:stop]
        if self._started is not None:
            return self._started[last + 1] & self._unended[first + 1]
        return np.packbits((self.first[None, :] <= last[:, None]) & (first[:, None] <= self.last[None, :]), axis=1)

    def share_atoms(self, rows: Any, others: Any) -> Any:
        """Which of the pairs share an atom in this column, as a mask."""
        import numpy as np

        keep: Any = np.ones(len(rows), dtype=bool)
        asked = np.flatnonzero(self.scattered[rows] | self.scattered[others])
        for start in range(0, len(asked), PAIRS):
            part = asked[start : start + PAIRS]
            keep[part] = (self.words[rows[part]] & self.words[others[part]]).any(axis=1)
        return keep


def _unions(masks: Sequence[int], kinds: Any, size: int) -> Any:
    """For every kind of cell the rules whose cells share an atom with it: packed bits, shape (kinds, bytes)."""
    import numpy as np

    length = (size + 7) // 8
    raw = np.frombuffer(b"".join(mask.to_bytes(length, "little") for mask in masks), dtype=np.uint8)
    held = np.unpackbits(raw.reshape(len(masks), length), axis=1, bitorder="little").astype(bool)
    unions: Any = np.zeros((len(masks), (len(kinds) + 7) // 8), dtype=np.uint8)
    for atom in range(size):
        unions[held[:, atom]] |= np.packbits(held[kinds, atom])
    return unions


def _has_holes(mask: int, exists: int) -> bool:
    between = (1 << mask.bit_length()) - (mask & -mask)
    return mask != exists & between
