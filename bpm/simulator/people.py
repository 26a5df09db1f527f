"""Pools with first-come-first-served queues: who starts what when; nobody starts off duty, work pauses off duty."""

from __future__ import annotations

import numpy as np

from bpm.feel.compiling import njit
from bpm.simulator import layout as L
from bpm.simulator.agenda import push
from bpm.simulator.chance import DURATION, mix, sample
from bpm.simulator.items import count_item, end_item
from bpm.simulator.weeks import finish, next_open, open_until

_ONE = np.uint64(1)
_NONE = np.uint64(0)


@njit(cache=True, nogil=True)
def start_work(P, S, i, r, law):  # type: ignore[no-untyped-def]
    """A person of resource `r` begins item `i` now."""
    item, now = S.items[i], S.clock[L.NOW]
    resource = P.resources[r]
    S.idle[r] -= 1
    item.state, item.resource, item.started = L.RUNNING, r, now
    item.work = max(sample(P.laws[law], P.values, mix(item.key, DURATION)), 0.0)
    others = item.mask & ~(_ONE << np.uint64(resource.pool))
    while others != _NONE:
        item.handovers += 1
        others &= others - _ONE
    item.mask = _ONE << np.uint64(resource.pool)
    done = finish(P.calendars[resource.calendar], P.periods, now, item.work)
    push(S, done, L.FINISH, i, item.generation, 0)


@njit(cache=True, nogil=True)
def wake_later(P, S, r):  # type: ignore[no-untyped-def]
    """Plan to look at the queues when resource `r` comes on duty."""
    if S.wake[r] < 0.0:
        S.wake[r] = next_open(P.calendars[P.resources[r].calendar], P.periods, S.clock[L.NOW])
        push(S, S.wake[r], L.WAKE, r, 0, 0)


@njit(cache=True, nogil=True)
def on_duty(P, S, r):  # type: ignore[no-untyped-def]
    now = S.clock[L.NOW]
    return next_open(P.calendars[P.resources[r].calendar], P.periods, now) == now


@njit(cache=True, nogil=True)
def first_waiting(P, S, r):  # type: ignore[no-untyped-def]
    """The queue whose first item resource `r` must serve next, or -1: by priority level, then by age."""
    resource, levels = P.resources[r], S.counts[L.LEVELS]
    for level in range(levels):
        best, age = -1, 0
        for k in range(resource.first_queue, resource.first_queue + resource.queues):
            q = P.resource_queues[k] * levels + level
            queue = S.queues[q]
            while queue.head >= 0 and S.items[queue.head].state == L.DEAD:
                gone = queue.head
                queue.head = S.items[gone].queue_next
                S.items[gone].state = L.FREE
                S.free_items[S.counts[L.FREE_ITEMS]] = gone
                S.counts[L.FREE_ITEMS] += 1
            if queue.head >= 0 and (best < 0 or S.items[queue.head].order < age):
                best, age = q, S.items[queue.head].order
        if best >= 0:
            return best
    return -1


@njit(cache=True, nogil=True)
def law_for(P, n, r):  # type: ignore[no-untyped-def]
    node = P.nodes[n]
    for k in range(node.first_candidate, node.first_candidate + node.candidates):
        if P.candidates[k].resource == r:
            return P.candidates[k].law
    return -1


@njit(cache=True, nogil=True)
def dispatch(P, S, r):  # type: ignore[no-untyped-def]
    """Give waiting work to the idle people of resource `r`, or plan to when they come on duty."""
    while S.idle[r] > 0:
        q = first_waiting(P, S, r)
        if q < 0:
            return
        if not on_duty(P, S, r):
            wake_later(P, S, r)
            return
        i = S.queues[q].head
        S.queues[q].head = S.items[i].queue_next
        start_work(P, S, i, r, law_for(P, S.items[i].node, r))


@njit(cache=True, nogil=True)
def ask_for_work(P, S, i):  # type: ignore[no-untyped-def]
    """Item `i` needs a person: the candidate on duty that has been idle for longest, else the queue."""
    item = S.items[i]
    node = P.nodes[item.node]
    last = node.first_candidate + node.candidates
    best = -1
    for k in range(node.first_candidate, last):
        r = P.candidates[k].resource
        longer = best < 0 or S.idle_since[r] < S.idle_since[P.candidates[best].resource]
        if S.idle[r] > 0 and longer and on_duty(P, S, r) and first_waiting(P, S, r) < 0:
            best = k
    if best >= 0:
        start_work(P, S, i, P.candidates[best].resource, P.candidates[best].law)
        return
    item.state = L.QUEUED
    q = node.queue * S.counts[L.LEVELS] + S.slots[item.slot].level
    queue = S.queues[q]
    if queue.head < 0:
        queue.head = i
    else:
        S.items[queue.tail].queue_next = i
    queue.tail = i
    for k in range(node.first_candidate, last):
        if S.idle[P.candidates[k].resource] > 0:
            wake_later(P, S, P.candidates[k].resource)


@njit(cache=True, nogil=True)
def withdraw(P, S, i):  # type: ignore[no-untyped-def]
    """Item `i` ends before it is complete; work done so far counts as work, the person is free again."""
    item = S.items[i]
    r = item.resource
    queued = item.state == L.QUEUED
    if item.state == L.RUNNING and r >= 0:
        calendar = P.calendars[P.resources[r].calendar]
        now = S.clock[L.NOW]
        done = open_until(calendar, P.periods, now) - open_until(calendar, P.periods, item.started)
        item.work = min(item.work, done)
    elif item.state == L.RUNNING and P.nodes[item.node].works == 1:
        item.work = min(item.work, S.clock[L.NOW] - item.started)
    count_item(P, S, i, L.WITHDRAWN)
    end_item(S, i, queued)
    if r >= 0:
        S.idle[r] += 1
        S.idle_since[r] = S.clock[L.NOW]
        dispatch(P, S, r)
