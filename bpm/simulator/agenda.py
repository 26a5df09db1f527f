"""What happens next: the heap of planned happenings and the stack of tokens that can move at once."""

from __future__ import annotations

from bpm.feel.compiling import njit
from bpm.simulator import layout as L


@njit(cache=True, nogil=True)
def push(S, time, kind, ref, generation, extra):  # type: ignore[no-untyped-def]
    """Plan a happening. A new one is later in order than all others, so equal times need no further comparison."""
    heap, counts = S.heap, S.counts
    i = counts[L.HEAP]
    counts[L.HEAP] = i + 1
    order = counts[L.SEQUENCE]
    counts[L.SEQUENCE] = order + 1
    while i > 0:
        parent = (i - 1) >> 1
        if heap[parent].time <= time:
            break
        heap[i] = heap[parent]
        i = parent
    h = heap[i]
    h.time, h.order, h.kind, h.extra, h.ref, h.generation = time, order, kind, extra, ref, generation


@njit(cache=True, nogil=True)
def drop_first(S):  # type: ignore[no-untyped-def]
    """Take the earliest happening off the heap (read it before)."""
    heap = S.heap
    n = S.counts[L.HEAP] - 1
    S.counts[L.HEAP] = n
    if n == 0:
        return
    time, order = heap[n].time, heap[n].order
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        right = child + 1
        if right < n and (
            heap[right].time < heap[child].time
            or (heap[right].time == heap[child].time and heap[right].order < heap[child].order)
        ):
            child = right
        if time < heap[child].time or (time == heap[child].time and order < heap[child].order):
            break
        heap[i] = heap[child]
        i = child
    heap[i] = heap[n]


@njit(cache=True, nogil=True)
def move_to(S, node, position, slot, mask):  # type: ignore[no-untyped-def]
    k = S.counts[L.STACK]
    S.counts[L.STACK] = k + 1
    move = S.stack[k]
    move.node, move.position, move.slot, move.mask = node, position, slot, mask
