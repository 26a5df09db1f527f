"""Machine code for cutting rules out of a box; loaded only when a question turns out to be long (`search.pieces`).

A box is a row of 64-bit words, every column in words of its own: bit k of a column's words is its atom k. The order in
which boxes are cut and found, and the work that is counted, are those of `search.uncovered`, step by step, with the
same floating point operations in the same order; the tests hold both against each other.
"""

from __future__ import annotations

import numpy as np

from bpm.feel.compiling import njit

ONES, PAIRS, FOURS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
BYTES, ZERO, ONE, TWO, FOUR = np.uint64(0x0101010101010101), np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(4)
TOP = np.uint64(56)


@njit(cache=True, nogil=True, inline="always")
def bits(word):  # type: ignore[no-untyped-def]
    """How many bits of a word are set."""
    word = word - ((word >> ONE) & ONES)
    word = (word & PAIRS) + ((word >> TWO) & PAIRS)
    word = (word + (word >> FOUR)) & FOURS
    return np.int64((word * BYTES) >> TOP)


@njit(cache=True, nogil=True)
def grown(array, least):  # type: ignore[no-untyped-def]
    """The array with at least so many rows; what was in it stays in front."""
    wider = np.empty((max(2 * array.shape[0], least), array.shape[1]), array.dtype)
    wider[: array.shape[0]] = array
    return wider


@njit(cache=True, nogil=True)
def choose(rules, near, count, box, starts, best):  # type: ignore[no-untyped-def]
    """The first of the rules that takes the largest share of the box; `best` receives the share by column."""
    columns = starts.shape[0] - 1
    sizes = np.zeros(columns, np.int64)
    for c in range(columns):
        for w in range(starts[c], starts[c + 1]):
            sizes[c] += bits(box[w])
    most, chosen = -1.0, near[0]
    for i in range(count):
        rule = near[i]
        share = 1.0
        for c in range(columns):
            kept = 0
            for w in range(starts[c], starts[c + 1]):
                kept += bits(box[w] & rules[rule, w])
            share *= kept / sizes[c]
            if share <= most:
                break  # a share only shrinks
        if share > most:
            most, chosen = share, rule
            if share == 1.0:
                break
    for c in range(columns):
        kept = 0
        for w in range(starts[c], starts[c + 1]):
            kept += bits(box[w] & rules[chosen, w])
        best[c] = kept / sizes[c]
    return chosen


@njit(cache=True, nogil=True)
def arrange(best, order):  # type: ignore[no-untyped-def]
    """The columns with a share below 1 in ascending order of it, ties as they come, and how many they are."""
    count = 0
    for c in range(best.shape[0]):
        if best[c] < 1.0:
            at = count
            while at > 0 and best[order[at - 1]] > best[c]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = c
            count += 1
    return count


@njit(cache=True, nogil=True)
def part_least(rules, near, count, box, starts, cutter, order, cuts):  # type: ignore[no-untyped-def]
    """Put that column first where a cut leaves the fewest rules on both sides."""
    fewest, chosen = 2 * count + 1, 0
    for place in range(cuts):
        c = order[place]
        total = 0
        for i in range(count):
            outside, inside = ZERO, ZERO
            for w in range(starts[c], starts[c + 1]):
                shared = rules[near[i], w] & box[w]
                inside |= shared & rules[cutter, w]
                outside |= shared & ~rules[cutter, w]
            if outside != ZERO:
                total += 1
            if inside != ZERO:
                total += 1
        if total < fewest:
            fewest, chosen = total, place
    c = order[chosen]
    order[chosen] = order[0]
    order[0] = c


@njit(cache=True, nogil=True)
def cut(rules, starts, whole, work, limit, halving):  # type: ignore[no-untyped-def]
    """Disjoint boxes that are `whole` outside all rules, the first `limit` of them.

    Args:
        rules: uint64 of shape (rules, words); every rule meets `whole`.
        starts: int64 of shape (columns + 1): the first word of every column, and the end.
        whole: uint64 of shape (words,), no column of it empty.
        work: pairs of a box and a rule that may be looked at.
        halving: cut along one column at a time and choose anew for both halves. Other boxes are found then, but that
            there are none is known after far less work: in tables grown like decision trees a hundredth.

    Returns:
        The boxes, uint64 of shape (found, words); the work done; whether `work` did not suffice.
    """
    many, words = rules.shape
    columns = starts.shape[0] - 1
    # boxes still to cut; the rules that meet each lie in `lists`, from `begins` on
    stack = np.empty((64, words), np.uint64)
    begins = np.empty((64, 1), np.int64)  # type: ignore[var-annotated]
    lists = np.empty((4 * many + 64, 1), np.int64)
    near = np.empty(max(many, 1), np.int64)
    found = np.empty((8, words), np.uint64)
    best = np.empty(columns, np.float64)
    order = np.empty(columns, np.int64)
    box = np.empty(words, np.uint64)
    stack[0] = whole
    begins[0, 0] = 0
    for rule in range(many):
        lists[rule, 0] = rule
    top, used, pieces, done = 1, many, 0, 0
    while top > 0:
        top -= 1
        begin = begins[top, 0]
        count = used - begin
        if done + 1 + count > work:
            return found[:pieces], done, True
        done += 1 + count
        box[:] = stack[top]
        if count == 0:
            if pieces == found.shape[0]:
                found = grown(found, pieces + 1)
            found[pieces] = box
            pieces += 1
            if pieces >= limit:
                break
            continue
        for i in range(count):
            near[i] = lists[begin + i, 0]
        used = begin
        cutter = choose(rules, near, count, box, starts, best)
        cuts = arrange(best, order)
        if halving and cuts > 1:
            part_least(rules, near, count, box, starts, cutter, order, cuts)
        for position in range(min(cuts, 1) if halving else cuts):
            c = order[position]
            if top == stack.shape[0]:
                stack, begins = grown(stack, top + 1), grown(begins, top + 1)
            if used + count > lists.shape[0]:
                lists = grown(lists, used + count)
            stack[top] = box
            begins[top, 0] = used
            top += 1
            kept = 0
            for i in range(count):
                rule = near[i]
                outside, inside = ZERO, ZERO
                for w in range(starts[c], starts[c + 1]):
                    shared = rules[rule, w] & box[w]
                    inside |= shared & rules[cutter, w]
                    outside |= shared & ~rules[cutter, w]
                if outside != ZERO:
                    lists[used, 0] = rule
                    used += 1
                if inside != ZERO:
                    near[kept] = rule
                    kept += 1
            count = kept
            for w in range(starts[c], starts[c + 1]):
                stack[top - 1, w] &= ~rules[cutter, w]
                box[w] &= rules[cutter, w]
        if halving and cuts > 1:
            if top == stack.shape[0]:
                stack, begins = grown(stack, top + 1), grown(begins, top + 1)
            if used + count > lists.shape[0]:
                lists = grown(lists, used + count)
            stack[top] = box
            begins[top, 0] = used
            top += 1
            for i in range(count):
                lists[used + i, 0] = near[i]
            used += count
    return found[:pieces], done, False
