"""Work that is gathered and done together: when a batch is due, and how one person gets through it.

A batch gathers per step. Its rules (outer or, inner and; those of Prosimos) look at its size, the time since the last
and the first case came, the hour and the day. Sequential: one after the other; concurrent: all begin and end together,
the time is the sum; parallel: all at once in the time of the first. Each time is multiplied by the factor of the
nearest size, for parallel ones also by the size. One person does a batch and is free after its last case. What is left
when nothing else can happen is done as it is.
"""

from __future__ import annotations

import math

import numpy as np

from bpm.feel.compiling import njit
from bpm.simulator import layout as L
from bpm.simulator.agenda import push
from bpm.simulator.chance import DURATION, mix, sample
from bpm.simulator.weeks import finish

_DAY, _HOUR = 86_400.0, 3_600.0
IN_POT, FOLLOWS = 2, 3
"""What `frees` of an item says until it begins: it gathers; it belongs to a batch that waits for a person."""


@njit(cache=True, nogil=True)
def wall_ahead(P, time):  # type: ignore[no-untyped-def]
    """What the wall clock is ahead of elapsed time."""
    ahead = 0.0
    for k in range(P.wall.shape[1]):
        if P.wall[0, k] > time:
            break
        ahead = P.wall[1, k]
    return ahead


@njit(cache=True, nogil=True)
def due(P, rule, pot, now):  # type: ignore[no-untyped-def]
    """When a rule fires a batch that nobody joins any more; infinity: never."""
    if pot.size < rule.least or pot.size > rule.most:
        return math.inf
    time = max(now, pot.newest + rule.ready_least, pot.oldest + rule.old_least)
    ahead = wall_ahead(P, time)
    wall = time + ahead
    for _ in range(16):  # a week has seven days, each looked at twice at most
        day = math.floor(wall / _DAY)
        if rule.day >= 0.0 and day % 7.0 != rule.day:
            wall = (day + 1.0) * _DAY
        elif wall - day * _DAY < rule.hour_least * _HOUR:
            wall = day * _DAY + rule.hour_least * _HOUR
        elif wall - day * _DAY >= rule.hour_most * _HOUR:
            wall = (day + 1.0) * _DAY
        else:
            time = wall - ahead
            if time <= pot.newest + rule.ready_most and time <= pot.oldest + rule.old_most:
                return time
            return math.inf
    return math.inf


@njit(cache=True, nogil=True)
def plan_batch(P, S, b):  # type: ignore[no-untyped-def]
    """Plan when the batch is due as it is now; earlier plans are void."""
    pot, kind = S.pots[b], P.batches[b]
    pot.generation += 1
    first = math.inf
    for k in range(kind.first_rule, kind.first_rule + kind.rules):
        first = min(first, due(P, P.batch_rules[k], pot, S.clock[L.NOW]))
    if pot.size > 0 and first < math.inf:
        push(S, first, L.BATCH, b, pot.generation, 0)


@njit(cache=True, nogil=True)
def gather(P, S, i, b):  # type: ignore[no-untyped-def]
    """Item `i` joins the batch."""
    pot, now = S.pots[b], S.clock[L.NOW]
    S.items[i].state, S.items[i].frees = L.GATHERED, IN_POT
    if pot.head < 0:
        pot.head = i
    else:
        S.items[pot.tail].batch_next = i
    pot.tail = i
    if pot.size == 0:
        pot.oldest = now
    pot.size += 1
    pot.newest = now
    S.counts[L.BATCHED] += 1
    plan_batch(P, S, b)


@njit(cache=True, nogil=True)
def bury(S, i):  # type: ignore[no-untyped-def]
    """The place of an item that ended while it was in a batch is free."""
    S.items[i].state = L.FREE
    S.free_items[S.counts[L.FREE_ITEMS]] = i
    S.counts[L.FREE_ITEMS] += 1
    S.counts[L.BATCHED] -= 1


@njit(cache=True, nogil=True)
def first_alive(S, i):  # type: ignore[no-untyped-def]
    """The first item of a chain that has not ended; those before it are buried."""
    while i >= 0 and S.items[i].state == L.DEAD:
        after = S.items[i].batch_next
        bury(S, i)
        i = after
    return i


@njit(cache=True, nogil=True)
def take_batch(S, b):  # type: ignore[no-untyped-def]
    """Empty the pot; its first item leads the others by `batch_next` (-1: nobody is left)."""
    pot = S.pots[b]
    leader = first_alive(S, pot.head)
    i = leader
    while i >= 0:
        S.items[i].frees = FOLLOWS
        i = S.items[i].batch_next
    pot.head = pot.tail = -1
    pot.size = 0
    pot.generation += 1
    return leader


@njit(cache=True, nogil=True)
def factor_of(P, kind, size):  # type: ignore[no-untyped-def]
    """The factor of the nearest size, of the lower one if two are as near."""
    best, away = 1.0, math.inf
    for k in range(kind.first_factor, kind.first_factor + kind.factors):
        distance = abs(P.batch_factors[k, 0] - size)
        if distance < away:
            best, away = P.batch_factors[k, 1], distance
    return best * size if kind.type == L.PARALLEL else best


@njit(cache=True, nogil=True)
def begin_batch(P, S, leader, r, law):  # type: ignore[no-untyped-def]
    """A person of resource `r` begins the batch that item `leader` leads."""
    kind, resource, now = P.batches[P.nodes[S.items[leader].node].batch], P.resources[r], S.clock[L.NOW]
    size, total = 0, 0.0
    i = leader
    while i >= 0:
        after = first_alive(S, S.items[i].batch_next)
        S.items[i].batch_next = after
        S.items[i].work = max(sample(P.laws[law], P.values, mix(S.items[i].key, DURATION)), 0.0)
        total += S.items[i].work
        size += 1
        S.counts[L.BATCHED] -= 1
        i = after
    factor = factor_of(P, kind, size)
    whole = S.items[leader].work * factor if kind.type == L.PARALLEL else total * factor
    done = 0.0
    i = leader
    while i >= 0:
        item = S.items[i]
        after = item.batch_next
        item.batch_next = -1
        item.state, item.resource, item.started = L.RUNNING, r, now
        item.frees = 1 if after < 0 else 0
        item.work = whole / size if kind.type == L.PARALLEL else item.work * factor
        until = whole
        if kind.type == L.SEQUENTIAL:
            item.started = finish(P.calendars[resource.calendar], P.periods, now, done)
            done += item.work
            until = done
        others = item.mask & ~(np.uint64(1) << np.uint64(resource.pool))
        while others != np.uint64(0):
            item.handovers += 1
            others &= others - np.uint64(1)
        item.mask = np.uint64(1) << np.uint64(resource.pool)
        push(S, finish(P.calendars[resource.calendar], P.periods, now, until), L.FINISH, i, item.generation, 0)
        i = after
