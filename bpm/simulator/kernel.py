"""One replication, played by Numba: tokens move through the arrays of `Program`, everything that changes is in `State`.

Tokens that can move at once are on a stack (all of one case, since one event concerns one case); what takes time is
on a binary heap ordered by (time, order of scheduling), so ties are played in the order in which they were planned.
People are pools with first-come-first-served queues per set of pools that may do a step; nobody starts off duty, work
pauses off duty and goes on. `play` returns when it is done, needs room, or made its budget of events.
"""

from __future__ import annotations

import numpy as np

from bpm.feel.compiling import njit
from bpm.feel.machine import holds
from bpm.simulator import layout as L
from bpm.simulator.agenda import drop_first, move_to, push
from bpm.simulator.batches import gather, take_batch
from bpm.simulator.chance import ALONE, COMES, DURATION, mix, sample, unit
from bpm.simulator.handles import program_handle, state_handle
from bpm.simulator.items import count_item, end_item, new_item, pass_by
from bpm.simulator.people import ask_for_work, dispatch, release, withdraw
from bpm.simulator.ways import after, close_scope, set_results
from bpm.simulator.weeks import finish

_ONE = np.uint64(1)
_NONE = np.uint64(0)


@njit(cache=True, nogil=True)
def enter(P, S, n, position, slot, mask):  # type: ignore[no-untyped-def]
    """A token comes in at node `n`: joins wait until they are complete."""
    node = P.nodes[n]
    if node.join == L.JOIN_EACH:
        act(P, S, n, slot, mask)
        return
    S.joins[slot, position] += 1
    S.join_masks[slot, node.join_slot] |= mask
    S.tokens[slot, n] += 1
    if node.join == L.JOIN_SOME:
        S.slots[slot].held += 1
        return
    for p in range(node.first_in, node.first_in + node.ins):
        if S.joins[slot, p] == 0:
            return
    consume(P, S, n, slot)


@njit(cache=True, nogil=True)
def consume(P, S, n, slot):  # type: ignore[no-untyped-def]
    """A join fires: one waiting token of every flow that has one becomes a single token."""
    node = P.nodes[n]
    used = 0
    for p in range(node.first_in, node.first_in + node.ins):
        if S.joins[slot, p] > 0:
            S.joins[slot, p] -= 1
            used += 1
    S.tokens[slot, n] -= used
    S.scope_live[slot, node.scope] -= used - 1
    if node.join == L.JOIN_SOME:
        S.slots[slot].held -= used
    mask = S.join_masks[slot, node.join_slot]
    if S.tokens[slot, n] == 0:
        S.join_masks[slot, node.join_slot] = _NONE
    act(P, S, n, slot, mask)


@njit(cache=True, nogil=True)
def fire_some(P, S, slot):  # type: ignore[no-untyped-def]
    """Fire the first inclusive join that nothing can reach any more on a flow still empty; whether one fired.

    BPMN 2.0.2, 13.4.3: a token elsewhere holds the join back if it can come in on an empty flow and cannot come in on
    one that already has a token.
    """
    for n in P.waits_for_some:
        if S.tokens[slot, n] == 0:
            continue
        node = P.nodes[n]
        held = False
        for m in range(len(P.nodes)):
            if m == n or S.tokens[slot, m] == 0:
                continue
            empty = filled = False
            for p in range(node.first_in, node.first_in + node.ins):
                if P.reach[p, m]:
                    empty = empty or S.joins[slot, p] == 0
                    filled = filled or S.joins[slot, p] > 0
            if empty and not filled:
                held = True
                break
        if not held:
            consume(P, S, n, slot)
            return True
    return False


@njit(cache=True, nogil=True)
def act(P, S, n, slot, mask):  # type: ignore[no-untyped-def]
    """Node `n` is executed by one token."""
    node = P.nodes[n]
    S.visits[slot, n] += 1
    key = mix(mix(S.slots[slot].key, node.key), np.uint64(S.visits[slot, n]))
    kind = node.kind
    if kind == L.PASS:
        pass_by(P, S, n, slot)
        after(P, S, n, slot, mask, key)
    elif kind == L.WORK:
        i = new_item(P, S, n, slot, mask, key)
        plan_boundaries(P, S, i)
        if node.batch >= 0 and unit(mix(key, ALONE), 0) >= P.batches[node.batch].single:
            gather(P, S, i, node.batch)
        else:
            ask_for_work(P, S, i)
    elif kind == L.DELAY:
        rest(P, S, n, slot, mask, key)
    elif kind == L.SUB:
        i = new_item(P, S, n, slot, mask, key)
        S.items[i].state = L.HOLDING
        S.scope_item[slot, node.child] = i
        S.scope_masks[slot, node.child] = _NONE
        plan_boundaries(P, S, i)
        first, length = P.starts[node.child, 0], P.starts[node.child, 1]
        S.scope_live[slot, node.child] += length
        for k in range(length):
            move_to(S, P.start_nodes[first + k], -1, slot, mask)
    elif kind == L.RACE:
        race(P, S, n, slot, mask, key)
    else:
        end(P, S, n, slot, mask)


@njit(cache=True, nogil=True)
def rest(P, S, n, slot, mask, key):  # type: ignore[no-untyped-def]
    """A step or event that takes time but no people."""
    node = P.nodes[n]
    i = new_item(P, S, n, slot, mask, key)
    S.items[i].state = L.RUNNING
    plan_boundaries(P, S, i)
    delay = max(sample(P.laws[node.duration], P.values, mix(key, DURATION)), 0.0)
    if node.works == 1:
        S.items[i].work = delay
    if node.probability >= 1.0 or unit(mix(key, COMES), 0) < node.probability:
        push(S, S.clock[L.NOW] + delay, L.FINISH, i, S.items[i].generation, 0)
    else:
        S.stuck[n] += 1


@njit(cache=True, nogil=True)
def plan_boundaries(P, S, i):  # type: ignore[no-untyped-def]
    item = S.items[i]
    node = P.nodes[item.node]
    for k in range(node.first_boundary, node.first_boundary + node.boundaries):
        b = P.boundaries[k]
        S.visits[item.slot, b] += 1
        key = mix(mix(S.slots[item.slot].key, P.nodes[b].key), np.uint64(S.visits[item.slot, b]))
        if P.nodes[b].probability >= 1.0 or unit(mix(key, COMES), 0) < P.nodes[b].probability:
            delay = max(sample(P.laws[P.nodes[b].duration], P.values, mix(key, DURATION)), 0.0)
            push(S, S.clock[L.NOW] + delay, L.BOUNDARY, i, item.generation, b)


@njit(cache=True, nogil=True)
def race(P, S, n, slot, mask, key):  # type: ignore[no-untyped-def]
    """An event-based gateway: all its events are awaited, the first one wins."""
    node = P.nodes[n]
    i = new_item(P, S, n, slot, mask, key)
    S.items[i].state = L.HOLDING
    planned = 0
    for f in range(node.first_out, node.first_out + node.outs):
        event = P.nodes[P.flows[f].target]
        lot = mix(key, event.key)
        if event.probability >= 1.0 or unit(mix(lot, COMES), 0) < event.probability:
            delay = 0.0
            if event.duration >= 0:
                delay = max(sample(P.laws[event.duration], P.values, mix(lot, DURATION)), 0.0)
            push(S, S.clock[L.NOW] + delay, L.CATCH, i, S.items[i].generation, f)
            planned += 1
    if planned == 0:
        S.stuck[n] += 1


@njit(cache=True, nogil=True)
def end(P, S, n, slot, mask):  # type: ignore[no-untyped-def]
    """End events: plain, terminate, and those that a boundary event of the sub-process catches."""
    node = P.nodes[n]
    pass_by(P, S, n, slot)
    if node.outcome >= 0:
        S.slots[slot].outcomes |= _ONE << np.uint64(node.outcome)
    S.scope_masks[slot, node.scope] |= mask
    scope = node.scope
    if node.kind == L.END:
        S.scope_live[slot, scope] -= 1
    elif node.kind == L.TERMINATE:
        if node.target >= 0:
            scope = node.target
        empty_scope(P, S, slot, scope)
    else:
        b = node.target
        child = P.nodes[b].child  # of a boundary event: the scope of its host
        empty_scope(P, S, slot, child)
        withdraw(P, S, S.scope_item[slot, child])
        S.visits[slot, b] += 1
        key = mix(mix(S.slots[slot].key, P.nodes[b].key), np.uint64(S.visits[slot, b]))
        pass_by(P, S, b, slot)
        after(P, S, b, slot, mask, key)
        return
    close_scope(P, S, slot, scope)


@njit(cache=True, nogil=True)
def empty_scope(P, S, slot, scope):  # type: ignore[no-untyped-def]
    """Take every token out of a scope and those inside it: first the waiting ones, so that nobody starts on them."""
    for running in range(2):
        i = S.slots[slot].first_item
        while i >= 0:
            after_it = S.items[i].case_next
            node = P.nodes[S.items[i].node]
            if P.inside[scope, node.scope] and (running == 1 or S.items[i].state in (L.QUEUED, L.GATHERED)):
                withdraw(P, S, i)
            i = after_it
    for n in range(len(P.nodes)):
        node = P.nodes[n]
        if P.inside[scope, node.scope]:
            if node.join == L.JOIN_SOME:
                S.slots[slot].held -= S.tokens[slot, n]
            S.tokens[slot, n] = 0
            for p in range(node.first_in, node.first_in + node.ins):
                S.joins[slot, p] = 0
            if node.join_slot >= 0:
                S.join_masks[slot, node.join_slot] = _NONE
    for s in range(P.inside.shape[0]):
        if P.inside[scope, s]:
            S.scope_live[slot, s] = 0
    kept = 0
    for k in range(S.counts[L.STACK]):
        if not P.inside[scope, P.nodes[S.stack[k].node].scope]:
            S.stack[kept] = S.stack[k]
            kept += 1
    S.counts[L.STACK] = kept


@njit(cache=True, nogil=True)
def arrive(P, S, k):  # type: ignore[no-untyped-def]
    """The next case of stream `k` comes; the one after it is planned."""
    counts, now, stream = S.counts, S.clock[L.NOW], P.streams[k]
    number = counts[L.ARRIVED]
    if number >= counts[L.N_CASES]:
        return
    S.came[k] += 1
    counts[L.ARRIVED] = number + 1
    counts[L.FREE_SLOTS] -= 1
    slot = S.free_slots[counts[L.FREE_SLOTS]]
    case = S.slots[slot]
    case.case, case.start, case.first_item, case.moves, case.held = number, now, -1, 0, 0
    case.outcomes = _NONE
    case.key = mix(S.key[0], np.uint64(number))
    S.tokens[slot] = 0
    S.visits[slot] = 0
    S.joins[slot] = 0
    S.join_masks[slot] = _NONE
    S.scope_live[slot] = 0
    S.types[slot] = 0
    S.sums[slot] = 0.0
    if number == 0:
        set_results(P, S, P.arrivals[2], P.arrivals[3], slot, S.key[0])
    for column in P.shared:
        S.data[slot, column], S.types[slot, column] = S.shared_data[column], S.shared_types[column]
    set_results(P, S, P.arrivals[0], P.arrivals[1], slot, case.key)
    case.level = counts[L.LEVELS] - 1
    for rule in range(len(P.rules)):
        if holds(P.code, P.constants, P.rules[rule, 0], S.data[slot], S.types[slot], S.vm_types, S.vm_values):
            case.level = P.rules[rule, 1]
            break
    if stream.node >= 0:
        S.scope_live[slot, 0] = 1
        move_to(S, stream.node, -1, slot, _NONE)
    else:
        S.scope_live[slot, 0] = P.starts[0, 1]
        for start in range(P.starts[0, 1]):
            move_to(S, P.start_nodes[P.starts[0, 0] + start], -1, slot, _NONE)
    counts[L.PENDING_SLOT] = slot
    if number + 1 < counts[L.N_CASES]:
        if stream.length == 0:
            gap = max(sample(P.laws[stream.law], P.values, mix(mix(S.key[0], stream.key), np.uint64(S.came[k]))), 0.0)
            push(S, finish(P.calendars[stream.calendar], P.periods, now, gap), L.ARRIVE, 0, 0, k)
        elif S.came[k] < stream.length:
            push(S, P.moments[stream.first + S.came[k]], L.ARRIVE, 0, 0, k)


@njit(cache=True, nogil=True)
def complete(P, S, i):  # type: ignore[no-untyped-def]
    """Item `i` is done."""
    item = S.items[i]
    n, slot, mask, key, r, frees = item.node, item.slot, item.mask, item.key, item.resource, item.frees
    if P.nodes[n].kind == L.SUB:
        mask = S.scope_masks[slot, P.nodes[n].child]
    count_item(P, S, i, L.COMPLETED)
    end_item(S, i, False)
    S.counts[L.PENDING_SLOT] = slot
    after(P, S, n, slot, mask, key)
    if r >= 0 and frees == 1:
        release(P, S, i, n, r)


@njit(cache=True, nogil=True)
def fire_batch(P, S, b):  # type: ignore[no-untyped-def]
    """The batch looks for a person."""
    leader = take_batch(S, b)
    if leader >= 0:
        ask_for_work(P, S, leader)


@njit(cache=True, nogil=True)
def fire_leftovers(P, S):  # type: ignore[no-untyped-def]
    """Nothing else can happen: batches that still gather begin; whether there was one."""
    for b in range(len(S.pots)):
        if S.pots[b].size > 0:
            fire_batch(P, S, b)
            return True
    return False


@njit(cache=True, nogil=True)
def happen(P, S, kind, extra, ref, generation):  # type: ignore[no-untyped-def]
    """Play one happening of the heap. Those whose item ended in the meantime are void."""
    if kind == L.ARRIVE:
        arrive(P, S, extra)
        return
    if kind == L.WAKE:
        S.wake[ref] = -1.0
        dispatch(P, S, ref)
        return
    if kind == L.CAPACITY:
        S.idle[ref] += extra
        dispatch(P, S, ref)
        return
    if kind == L.BATCH:
        if S.pots[ref].generation == generation:
            fire_batch(P, S, ref)
        return
    item = S.items[ref]
    if item.generation != generation:
        return
    if kind == L.FINISH:
        complete(P, S, ref)
        return
    slot, mask = item.slot, item.mask
    S.counts[L.PENDING_SLOT] = slot
    if kind == L.CATCH:
        end_item(S, ref, False)
        S.flow_counts[extra] += 1
        n = P.flows[extra].target
        S.visits[slot, n] += 1
    else:
        n = extra
        if P.nodes[n].interrupting == 1:
            if P.nodes[n].child >= 0:
                empty_scope(P, S, slot, P.nodes[n].child)
            withdraw(P, S, ref)
        else:
            S.scope_live[slot, P.nodes[n].scope] += 1
    key = mix(mix(S.slots[slot].key, P.nodes[n].key), np.uint64(S.visits[slot, n]))
    pass_by(P, S, n, slot)
    after(P, S, n, slot, mask, key)


@njit(cache=True, nogil=True)
def missing_room(S):  # type: ignore[no-untyped-def]
    counts = S.counts
    if counts[L.FREE_SLOTS] < 1:
        return L.GROW_SLOTS
    if counts[L.FREE_ITEMS] < 2:
        return L.GROW_ITEMS
    if counts[L.HEAP] + counts[L.MARGIN] + counts[L.BATCHED] > len(S.heap):
        return L.GROW_HEAP
    if counts[L.STACK] + counts[L.MARGIN] > len(S.stack):
        return L.GROW_STACK
    if counts[L.LOGGING] == 1 and counts[L.ROWS] + len(S.items) + 8 > len(S.rows):
        return L.GROW_LOG
    return L.DONE


@njit(cache=True, nogil=True)
def play(program, state):  # type: ignore[no-untyped-def]
    """Go on until every case is finished or stuck (DONE), room is missing (GROW_...), the budget is used (PAUSED), a
    case is ENDLESS or two rules are in CONFLICT (ERROR_NODE, ERROR_CASE say where)."""
    return go_on(program_handle(program), state_handle(state))


@njit(cache=True, nogil=True)
def go_on(P, S):  # type: ignore[no-untyped-def]
    """`play` on handles."""
    counts = S.counts
    while True:
        room = missing_room(S)
        if room != L.DONE:
            return room
        if counts[L.STACK] > 0:
            counts[L.STACK] -= 1
            move = S.stack[counts[L.STACK]]
            n, position, slot, mask = move.node, move.position, move.slot, move.mask
            S.slots[slot].moves += 1
            if S.slots[slot].moves > counts[L.STEP_LIMIT]:
                counts[L.ERROR_NODE], counts[L.ERROR_CASE] = n, S.slots[slot].case
                return L.ENDLESS
            if position == -2:
                complete(P, S, S.scope_item[slot, P.nodes[n].child])
            elif position == -1:
                act(P, S, n, slot, mask)
            else:
                enter(P, S, n, position, slot, mask)
            if counts[L.ERROR_NODE] >= 0:
                return L.CONFLICT
            continue
        slot = counts[L.PENDING_SLOT]
        if slot >= 0:
            if S.slots[slot].held > 0 and fire_some(P, S, slot):
                continue
            counts[L.PENDING_SLOT] = -1
        if counts[L.HEAP] == 0:
            if fire_leftovers(P, S):
                continue
            return L.DONE
        counts[L.BUDGET] -= 1
        if counts[L.BUDGET] < 0:
            return L.PAUSED
        first = S.heap[0]
        kind, extra, ref, generation = first.kind, first.extra, first.ref, first.generation
        S.clock[L.NOW] = first.time
        drop_first(S)
        happen(P, S, kind, extra, ref, generation)
        if counts[L.ERROR_NODE] >= 0:
            return L.CONFLICT
