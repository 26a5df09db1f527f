"""The compiled half of `bpm.decisions.batch`: search in each column, then the intersection of the rule sets.

Loaded only where a batch runs, since it needs Numba.
"""

from __future__ import annotations

import math

import numpy as np

from bpm.feel.compiling import njit

NONE, CONFLICT = 0, -1
"""No rule matches; rules match together that disagree."""


@njit(cache=True, nogil=True)
def _cell(value, low, scale, count):  # type: ignore[no-untyped-def]
    """The cell of an even grid that a value lies in: never less for a greater value, whatever is rounded."""
    step = (value - low) * scale
    if not step > 0.0:
        return 0
    return count - 1 if step >= count else int(step)


@njit(cache=True, nogil=True)
def grid(cuts, low, scale, count):  # type: ignore[no-untyped-def]
    """For each cell of the grid the number of `cuts` (ascending) in the cells before it; [count + 1]."""
    before = np.zeros(count + 1, np.int32)
    for at in range(cuts.size):
        before[_cell(cuts[at], low, scale, count) + 1] += 1
    for cell in range(count):
        before[cell + 1] += before[cell]
    return before


@njit(cache=True, nogil=True)
def place(values, cuts, low, scale, before, out):  # type: ignore[no-untyped-def]
    """The number of `cuts` (ascending) up to each value; after all of them, what is no finite number: null.

    Cuts of lower cells are lower and cuts of higher cells higher than the value, so only those of its own cell are
    searched.
    """
    count = before.size - 1
    for row in range(values.size):
        value = values[row]
        if not math.isfinite(value):
            out[row] = cuts.size + 1
            continue
        cell = _cell(value, low, scale, count)
        first, end = before[cell], before[cell + 1]
        while first < end:
            middle = (first + end) >> 1
            if cuts[middle] <= value:
                first = middle + 1
            else:
                end = middle
        out[row] = first


@njit(cache=True, nogil=True)
def match(positions, offsets, sets, groups, first_only, out):  # type: ignore[no-untyped-def]
    """The first rule (from 1) whose bit is set in every column's rule set, per row of `positions[column, row]`.

    `sets` [position, word] are the rule sets of all columns, those of a column from `offsets[column]` on; `groups`
    numbers equal results of the rules: unless `first_only`, a further rule of another group is a conflict.
    """
    columns, rows = positions.shape
    words = sets.shape[1]
    for row in range(rows):
        found = NONE
        for word in range(words):
            bits = sets[offsets[0] + positions[0, row], word]
            for column in range(1, columns):
                if bits == 0:
                    break
                bits &= sets[offsets[column] + positions[column, row], word]
            while bits != 0:
                lowest = bits & (~bits + np.uint64(1))
                rule = word * 64 + _number(lowest)
                if found == NONE:
                    found = rule + 1
                elif groups[rule] != groups[found - 1]:
                    found = CONFLICT
                if first_only or found == CONFLICT:
                    break
                bits ^= lowest
            if found == CONFLICT or (first_only and found != NONE):
                break
        out[row] = found


@njit(cache=True, nogil=True)
def _number(bit):  # type: ignore[no-untyped-def]
    """The number of the only bit that is set."""
    number = 0
    for step in (32, 16, 8, 4, 2, 1):
        if bit >> np.uint64(step):
            bit >>= np.uint64(step)
            number += step
    return number
