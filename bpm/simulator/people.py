"""Pools with first-come-first-served queues: who starts what when; nobody starts off duty, work pauses off duty."""

from __future__ import annotations

import numpy as np

from bpm.feel.compiling import njit
from bpm.simulator import layout as L
from bpm.simulator.agenda import push
from bpm.simulator.batches import FOLLOWS, IN_POT, begin_batch, first_alive, plan_batch
from bpm.simulator.chance import DURATION, mix, sample
from bpm.simulator.items import count_item, end_item
from bpm.simulator.weeks import finish, finish_together, next_open, open_until

_ONE = np.uint64(1)
_NONE = np.uint64(0)


@njit(cache=True, nogil=True)
def start_work(P, S, i, r, law):  # type: ignore[no-untyped-def]
    """A person of resource `r` begins item `i` now."""
    item, now = S.items[i], S.clock[L.NOW]
    resource = P.resources[r]
    S.idle[r] -= 1
    if P.nodes[item.node].batch >= 0:
        if item.frees == 1:
            S.counts[L.BATCHED] += 1  # a batch of one that never gathered
        begin_batch(P, S, i, r, law)
        return
    item.state, item.resource, item.started = L.RUNNING, r, now
    item.work = max(sample(P.laws[law], P.values, mix(item.key, DURATION)), 0.0)
    others = item.mask & ~(_ONE << np.uint64(resource.pool))
    while others != _NONE:
        item.handovers += 1
        others &= others - _ONE
    item.mask = _ONE << np.uint64(resource.pool)
    if P.nodes[item.node].roles > 0:
        S.crew[i, 0] = r
        done = finish_together(P.calendars, P.periods, P.resources, S.crew[i], now, item.work)
    else:
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
def choose_crew(P, S, i, r):  # type: ignore[no-untyped-def]
    """Take the further people item `i` needs beside one of `r`, for each role the one idle for longest; whether all
    are there. If not, nobody is taken, and whoever is off duty is looked for when on duty again."""
    node = P.nodes[S.items[i].node]
    S.idle[r] -= 1
    missing = False
    for k in range(node.roles):
        role, best = P.roles[node.first_role + k], -1
        for m in range(role.first, role.first + role.length):
            h = P.role_resources[m]
            if S.idle[h] > 0 and not on_duty(P, S, h):
                wake_later(P, S, h)
            elif S.idle[h] > 0 and (best < 0 or S.idle_since[h] < S.idle_since[best]):
                best = h
        S.crew[i, k + 1] = best
        if best >= 0:
            S.idle[best] -= 1
        else:
            missing = True
    S.idle[r] += 1
    if missing:
        dismiss(P, S, i, node.roles)
    return not missing


@njit(cache=True, nogil=True)
def dismiss(P, S, i, roles):  # type: ignore[no-untyped-def]
    """The further people of item `i` are as before they were chosen."""
    for k in range(1, roles + 1):
        if S.crew[i, k] >= 0:
            S.idle[S.crew[i, k]] += 1
            S.crew[i, k] = -1


@njit(cache=True, nogil=True)
def can_begin(P, S, i, r):  # type: ignore[no-untyped-def]
    roles = P.nodes[S.items[i].node].roles
    if roles == 0:
        return True
    ready = choose_crew(P, S, i, r)
    if ready:
        dismiss(P, S, i, roles)
    return ready


@njit(cache=True, nogil=True)
def head_of(S, q):  # type: ignore[no-untyped-def]
    """The first item of a queue, -1 if none; ended ones before it are cleared away."""
    queue = S.queues[q]
    while queue.head >= 0 and S.items[queue.head].state == L.DEAD:
        gone = queue.head
        queue.head = S.items[gone].queue_next
        S.items[gone].state = L.FREE
        S.free_items[S.counts[L.FREE_ITEMS]] = gone
        S.counts[L.FREE_ITEMS] += 1
    return queue.head


@njit(cache=True, nogil=True)
def first_waiting(P, S, r):  # type: ignore[no-untyped-def]
    """The queue whose first item resource `r` must serve next, or -1: by priority level, then by age. An item that
    needs further people who are not there is passed over, with those of the same step behind it."""
    resource, levels = P.resources[r], S.counts[L.LEVELS]
    for level in range(levels):
        best, age = -1, 0
        for k in range(resource.first_queue, resource.first_queue + resource.queues):
            q = P.resource_queues[k] * levels + level
            head = head_of(S, q)
            if head >= 0 and (best < 0 or S.items[head].order < age) and can_begin(P, S, head, r):
                best, age = q, S.items[head].order
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
def begin_first(P, S, q, r):  # type: ignore[no-untyped-def]
    """A person of resource `r` takes the first item of queue `q`."""
    i = S.queues[q].head
    S.queues[q].head = S.items[i].queue_next
    if P.nodes[S.items[i].node].roles > 0:
        choose_crew(P, S, i, r)
    start_work(P, S, i, r, law_for(P, S.items[i].node, r))


@njit(cache=True, nogil=True)
def dispatch(P, S, r):  # type: ignore[no-untyped-def]
    """Give waiting work to the idle people of resource `r`, or plan to when they come on duty."""
    while S.idle[r] > 0:
        q = first_waiting(P, S, r)
        if q < 0:
            break
        if not on_duty(P, S, r):
            wake_later(P, S, r)
            return
        begin_first(P, S, q, r)
    if P.resources[r].helps > 0:
        offer_help(P, S, r)


@njit(cache=True, nogil=True)
def offer_help(P, S, r):  # type: ignore[no-untyped-def]
    """Somebody of resource `r` is free: items may begin that waited for such a further person."""
    resource, levels = P.resources[r], S.counts[L.LEVELS]
    for level in range(levels):
        for k in range(resource.first_help, resource.first_help + resource.helps):
            q = P.help_queues[k] * levels + level
            while S.idle[r] > 0 and head_of(S, q) >= 0:
                head = S.queues[q].head
                node = P.nodes[S.items[head].node]
                lead = -1
                for c in range(node.first_candidate, node.first_candidate + node.candidates):
                    other = P.candidates[c].resource
                    if lead < 0 and S.idle[other] > 0 and on_duty(P, S, other) and can_begin(P, S, head, other):
                        lead = other
                if lead < 0:
                    break
                begin_first(P, S, q, lead)


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
    if best >= 0 and (node.roles == 0 or choose_crew(P, S, i, P.candidates[best].resource)):
        start_work(P, S, i, P.candidates[best].resource, P.candidates[best].law)
        return
    item.state = L.QUEUED
    item.queue_next = -1
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
def release(P, S, i, n, r):  # type: ignore[no-untyped-def]
    """Who worked on item `i` at node `n` is free for other work."""
    now, roles = S.clock[L.NOW], P.nodes[n].roles
    S.idle[r] += 1
    S.idle_since[r] = now
    for k in range(1, roles + 1):
        S.idle[S.crew[i, k]] += 1
        S.idle_since[S.crew[i, k]] = now
    dispatch(P, S, r)
    for k in range(1, roles + 1):
        helper = S.crew[i, k]
        S.crew[i, k] = -1
        dispatch(P, S, helper)


@njit(cache=True, nogil=True)
def withdraw(P, S, i):  # type: ignore[no-untyped-def]
    """Item `i` ends before it is complete; work done so far counts as work, the person is free again."""
    item = S.items[i]
    n, r, state, frees = item.node, item.resource, item.state, item.frees
    if state == L.RUNNING and r >= 0:
        calendar = P.calendars[P.resources[r].calendar]
        now = S.clock[L.NOW]
        done = open_until(calendar, P.periods, now) - open_until(calendar, P.periods, item.started)
        item.work = max(min(item.work, done), 0.0)
    elif state == L.RUNNING and P.nodes[n].works == 1:
        item.work = min(item.work, S.clock[L.NOW] - item.started)
    count_item(P, S, i, L.WITHDRAWN)
    end_item(S, i, state == L.QUEUED or state == L.GATHERED)
    if state == L.GATHERED and frees == IN_POT:
        S.pots[P.nodes[n].batch].size -= 1
        plan_batch(P, S, P.nodes[n].batch)
    elif state == L.QUEUED and frees == FOLLOWS:
        S.counts[L.BATCHED] -= 1
        heir = first_alive(S, item.batch_next)
        if heir >= 0:
            ask_for_work(P, S, heir)
    if r >= 0 and frees == 1:
        release(P, S, i, n, r)
