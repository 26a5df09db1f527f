"""One replication, played by Numba: tokens move through the arrays of `Program`, everything that changes is in `State`.

Tokens that can move at once are on a stack (all of one case, since one event concerns one case); what takes time is
on a binary heap ordered by (time, order of scheduling), so ties are played in the order in which they were planned.
People are pools with first-come-first-served queues per set of pools that may do a step; nobody starts off duty, work
pauses off duty and goes on. `play` returns when it is done, needs room, or made its budget of events.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bpm.feel.machine import FAILED, holds
from bpm.feel.machine import run as run_code
from bpm.simulator import layout as L
from bpm.simulator.chance import mix, sample, unit
from bpm.simulator.handles import program_handle, state_handle
from bpm.simulator.weeks import finish, next_open, open_until

_ONE = np.uint64(1)
_NONE = np.uint64(0)
_DURATION, _SPLIT, _COMES = np.uint64(1), np.uint64(2), np.uint64(3)


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


@njit(cache=True, nogil=True)
def new_item(P, S, n, slot, mask, key):  # type: ignore[no-untyped-def]
    """A token rests at node `n` from now on."""
    counts = S.counts
    counts[L.FREE_ITEMS] -= 1
    i = S.free_items[counts[L.FREE_ITEMS]]
    item, case = S.items[i], S.slots[slot]
    item.slot, item.node, item.resource, item.handovers, item.mask, item.key = slot, n, -1, 0, mask, key
    item.order = counts[L.SEQUENCE]
    item.queue_next = -1
    item.enabled = item.started = S.clock[L.NOW]
    item.work = 0.0
    item.case_prior, item.case_next = -1, case.first_item
    if case.first_item >= 0:
        S.items[case.first_item].case_prior = i
    case.first_item = i
    S.tokens[slot, n] += 1
    return i


@njit(cache=True, nogil=True)
def end_item(S, i, queued):  # type: ignore[no-untyped-def]
    """The token leaves; a queued item's place is kept until its queue comes to it."""
    item = S.items[i]
    item.generation += 1
    S.tokens[item.slot, item.node] -= 1
    if item.case_prior >= 0:
        S.items[item.case_prior].case_next = item.case_next
    else:
        S.slots[item.slot].first_item = item.case_next
    if item.case_next >= 0:
        S.items[item.case_next].case_prior = item.case_prior
    if queued:
        item.state = L.DEAD
    else:
        item.state = L.FREE
        S.free_items[S.counts[L.FREE_ITEMS]] = i
        S.counts[L.FREE_ITEMS] += 1


@njit(cache=True, nogil=True)
def write_row(S, i, status):  # type: ignore[no-untyped-def]
    k = S.counts[L.ROWS]
    S.counts[L.ROWS] = k + 1
    row, item = S.rows[k], S.items[i]
    row.case, row.node, row.resource = S.slots[item.slot].case, item.node, item.resource
    row.handovers, row.status, row.enabled = item.handovers, status, item.enabled
    row.started = np.nan if item.state == L.QUEUED else item.started
    row.completed, row.worked = S.clock[L.NOW], item.work


@njit(cache=True, nogil=True)
def count_item(P, S, i, status):  # type: ignore[no-untyped-def]
    """Book an item that ends: the figures of `bpm.kpis`, in the same order and with the same operations."""
    item = S.items[i]
    node = P.nodes[item.node]
    if node.logged == 1 and S.counts[L.LOGGING] == 1:
        write_row(S, i, status)
    sums = S.sums[item.slot]
    if item.state != L.QUEUED and node.counts == 1:
        waited = item.started - item.enabled
        cost = 0.0
        if item.resource >= 0:
            cost = item.work / 3600.0 * P.resources[item.resource].rate
            S.resource_sums[item.resource, L.R_BUSY] += item.work
            S.resource_sums[item.resource, L.R_WAIT] += waited
        if status == L.COMPLETED:
            cost += node.fixed_cost
            S.node_sums[item.node, L.N_WAIT] += waited
            S.node_sums[item.node, L.N_WORK] += item.work
            S.node_sums[item.node, L.N_COST] += cost
            sums[L.STEPS] += 1.0
        sums[L.WAITING] += waited
        sums[L.PROCESSING] += item.work
        sums[L.COST] += cost
        sums[L.HANDOVERS] += item.handovers
    if status == L.COMPLETED:
        count_others(P, S, item.node, item.slot)


@njit(cache=True, nogil=True)
def count_others(P, S, n, slot):  # type: ignore[no-untyped-def]
    """What a completed node takes from citizens and businesses, and that it was executed."""
    node, sums = P.nodes[n], S.sums[slot]
    S.node_sums[n, L.N_DONE] += 1.0
    sums[L.CITIZEN_S] += node.citizen_s
    sums[L.CITIZEN_EUR] += node.citizen_eur
    sums[L.BUSINESS_S] += node.business_s
    sums[L.BUSINESS_EUR] += node.business_eur
    if node.counts == 2 and node.fixed_cost != 0.0:
        sums[L.COST] += node.fixed_cost
        S.node_sums[n, L.N_COST] += node.fixed_cost


@njit(cache=True, nogil=True)
def pass_by(P, S, n, slot):  # type: ignore[no-untyped-def]
    """A node that takes no time is executed: figures and log row."""
    node = P.nodes[n]
    if node.counts > 0:
        count_others(P, S, n, slot)
        if node.counts == 1:
            S.sums[slot, L.STEPS] += 1.0
            S.sums[slot, L.COST] += node.fixed_cost
            S.node_sums[n, L.N_COST] += node.fixed_cost
    if node.logged == 1 and S.counts[L.LOGGING] == 1:
        k = S.counts[L.ROWS]
        S.counts[L.ROWS] = k + 1
        row = S.rows[k]
        row.case, row.node, row.resource, row.handovers, row.status = S.slots[slot].case, n, -1, 0, L.COMPLETED
        row.enabled = row.started = row.completed = S.clock[L.NOW]
        row.worked = 0.0


@njit(cache=True, nogil=True)
def set_results(P, S, first, length, slot, key):  # type: ignore[no-untyped-def]
    """Draw the data that a completed node (or an arriving case) brings."""
    for k in range(first, first + length):
        result = P.results[k]
        S.data[slot, result.column] = sample(P.laws[result.law], P.values, mix(key, result.key))
        S.types[slot, result.column] = result.type


@njit(cache=True, nogil=True)
def after(P, S, n, slot, mask, key):  # type: ignore[no-untyped-def]
    """Node `n` is completed: its data, its decision, then its tokens go on."""
    node = P.nodes[n]
    set_results(P, S, node.first_result, node.results, slot, key)
    if node.code >= 0:
        kind = run_code(P.code, P.constants, node.code, S.data[slot], S.types[slot], S.vm_types, S.vm_values)
        if kind == FAILED:
            S.counts[L.ERROR_NODE], S.counts[L.ERROR_CASE] = n, S.slots[slot].case
            return
    leave(P, S, n, slot, mask, key)


@njit(cache=True, nogil=True)
def true_flow(P, S, f, slot):  # type: ignore[no-untyped-def]
    code = P.flows[f].code
    return code < 0 or holds(P.code, P.constants, code, S.data[slot], S.types[slot], S.vm_types, S.vm_values)


@njit(cache=True, nogil=True)
def one_flow(P, S, n, slot, key):  # type: ignore[no-untyped-def]
    """The flow an exclusive split takes, or -1 if no way is open."""
    node = P.nodes[n]
    first, last = node.first_out, node.first_out + node.outs
    default = -1
    for f in range(first, last):
        if P.flows[f].default == 1:
            default = f
    if node.split == L.SPLIT_FIRST:
        for f in range(first, last):
            if f != default and true_flow(P, S, f, slot):
                return f
        return default
    total = 0.0
    chosen = first - 1
    rules = node.split == L.SPLIT_RULES
    for f in range(first, last):
        if not rules or (P.flows[f].code >= 0 and true_flow(P, S, f, slot)):
            total += P.flows[f].probability
            chosen = f
    if rules and chosen < first:
        if default >= 0:
            return default
        rules = False
        for f in range(first, last):
            total += P.flows[f].probability
    u = unit(mix(key, _SPLIT), 0) * total
    for f in range(first, last):
        if rules and (P.flows[f].code < 0 or not true_flow(P, S, f, slot)):
            continue
        chosen = f if P.flows[f].probability > 0.0 or chosen < first else chosen
        u -= P.flows[f].probability
        if u < 0.0:
            return f
    return chosen if total > 0.0 else -1


@njit(cache=True, nogil=True)
def any_flows(P, S, n, slot, mask, key):  # type: ignore[no-untyped-def]
    """Take every flow an inclusive split opens; their number. Nothing open: the default, or by the weights one."""
    node = P.nodes[n]
    default, taken = -1, 0
    for f in range(node.first_out, node.first_out + node.outs):
        if P.flows[f].default == 1:
            default = f
            if node.split == L.SPLIT_ANY:
                continue
        if node.split == L.SPLIT_ANY:
            opened = true_flow(P, S, f, slot)
        else:
            opened = unit(mix(key, _SPLIT), 1 + f - node.first_out) < P.flows[f].probability
        if opened:
            take(P, S, f, slot, mask)
            taken += 1
    if taken == 0 and default < 0 and node.split == L.SPLIT_ANY_DRAW:
        default = one_flow(P, S, n, slot, key)
    if taken == 0 and default >= 0:
        take(P, S, default, slot, mask)
        taken = 1
    return taken


@njit(cache=True, nogil=True)
def take(P, S, f, slot, mask):  # type: ignore[no-untyped-def]
    S.flow_counts[f] += 1
    move_to(S, P.flows[f].target, P.flows[f].position, slot, mask)


@njit(cache=True, nogil=True)
def leave(P, S, n, slot, mask, key):  # type: ignore[no-untyped-def]
    """One token at node `n` becomes one on each chosen flow."""
    node = P.nodes[n]
    if node.outs == 0:
        S.scope_live[slot, node.scope] -= 1
        S.scope_masks[slot, node.scope] |= mask
        close_scope(P, S, slot, node.scope)
        return
    if node.split == L.SPLIT_ALL:
        taken = node.outs
        for k in range(node.outs - 1, -1, -1):  # a stack: the first flow goes first
            take(P, S, node.first_out + k, slot, mask)
    elif node.split == L.SPLIT_ANY or node.split == L.SPLIT_ANY_DRAW:
        taken = any_flows(P, S, n, slot, mask, key)
    else:
        f = one_flow(P, S, n, slot, key)
        taken = 1 if f >= 0 else 0
        if f >= 0:
            take(P, S, f, slot, mask)
    if taken == 0:
        S.stuck[n] += 1  # the token stays for good: the case is reported as unfinished
        S.tokens[slot, n] += 1
        return
    S.scope_live[slot, node.scope] += taken - 1


@njit(cache=True, nogil=True)
def close_scope(P, S, slot, scope):  # type: ignore[no-untyped-def]
    """If the last token of a (sub-)process is gone, it is done. Nested ends close one after the other.

    Numba compiles no mutual recursion without annotations, so the host's way on is put on the stack as a move with
    position -2: "this sub-process is complete".
    """
    if S.scope_live[slot, scope] > 0:
        return
    if scope == 0:
        finish_case(S, slot)
    else:
        move_to(S, P.scope_node[scope], -2, slot, _NONE)


@njit(cache=True, nogil=True)
def finish_case(S, slot):  # type: ignore[no-untyped-def]
    case, now, counts = S.slots[slot], S.clock[L.NOW], S.counts
    S.sums[slot, L.CYCLE] = now - case.start
    S.cases[case.case] = S.sums[slot]
    S.case_times[case.case, 0], S.case_times[case.case, 1] = case.start, now
    for k in range(len(S.outcomes)):
        if (case.outcomes >> np.uint64(k)) & _ONE:
            S.outcomes[k] += 1
    S.clock[L.HORIZON] = now
    counts[L.FINISHED] += 1
    S.free_slots[counts[L.FREE_SLOTS]] = slot
    counts[L.FREE_SLOTS] += 1
    if counts[L.PENDING_SLOT] == slot:
        counts[L.PENDING_SLOT] = -1


# --- people ----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def start_work(P, S, i, r, law):  # type: ignore[no-untyped-def]
    """A person of resource `r` begins item `i` now."""
    item, now = S.items[i], S.clock[L.NOW]
    resource = P.resources[r]
    S.idle[r] -= 1
    item.state, item.resource, item.started = L.RUNNING, r, now
    item.work = max(sample(P.laws[law], P.values, mix(item.key, _DURATION)), 0.0)
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
        if S.idle[r] > 0 and (best < 0 or S.idle_since[r] < S.idle_since[P.candidates[best].resource]):
            if on_duty(P, S, r) and first_waiting(P, S, r) < 0:
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


# --- nodes -----------------------------------------------------------------------------------------------------


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
    delay = max(sample(P.laws[node.duration], P.values, mix(key, _DURATION)), 0.0)
    if node.counts == 1:
        S.items[i].work = delay
    if node.probability >= 1.0 or unit(mix(key, _COMES), 0) < node.probability:
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
        if P.nodes[b].probability >= 1.0 or unit(mix(key, _COMES), 0) < P.nodes[b].probability:
            delay = max(sample(P.laws[P.nodes[b].duration], P.values, mix(key, _DURATION)), 0.0)
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
        if event.probability >= 1.0 or unit(mix(lot, _COMES), 0) < event.probability:
            delay = 0.0
            if event.duration >= 0:
                delay = max(sample(P.laws[event.duration], P.values, mix(lot, _DURATION)), 0.0)
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
    if node.kind == L.END:
        S.scope_live[slot, node.scope] -= 1
    elif node.kind == L.TERMINATE:
        empty_scope(P, S, slot, node.scope)
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
    close_scope(P, S, slot, node.scope)


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
    elif item.state == L.RUNNING:
        item.work = min(item.work, S.clock[L.NOW] - item.started)
    count_item(P, S, i, L.WITHDRAWN)
    end_item(S, i, queued)
    if r >= 0:
        S.idle[r] += 1
        S.idle_since[r] = S.clock[L.NOW]
        dispatch(P, S, r)


@njit(cache=True, nogil=True)
def empty_scope(P, S, slot, scope):  # type: ignore[no-untyped-def]
    """Take every token out of a scope and those inside it: first the waiting ones, so that nobody starts on them."""
    for running in range(2):
        i = S.slots[slot].first_item
        while i >= 0:
            after_it = S.items[i].case_next
            node = P.nodes[S.items[i].node]
            if P.inside[scope, node.scope] and (running == 1 or S.items[i].state == L.QUEUED):
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


# --- happenings ------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def arrive(P, S):  # type: ignore[no-untyped-def]
    """The next case comes; the one after it is planned."""
    counts, now = S.counts, S.clock[L.NOW]
    number = counts[L.ARRIVED]
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
    law, calendar, first, length = P.arrivals[0], P.arrivals[1], P.arrivals[2], P.arrivals[3]
    set_results(P, S, first, length, slot, case.key)
    case.level = counts[L.LEVELS] - 1
    for k in range(len(P.rules)):
        if holds(P.code, P.constants, P.rules[k, 0], S.data[slot], S.types[slot], S.vm_types, S.vm_values):
            case.level = P.rules[k, 1]
            break
    S.scope_live[slot, 0] = P.starts[0, 1]
    for k in range(P.starts[0, 1]):
        move_to(S, P.start_nodes[P.starts[0, 0] + k], -1, slot, _NONE)
    counts[L.PENDING_SLOT] = slot
    if number + 1 < counts[L.N_CASES]:
        gap = max(sample(P.laws[law], P.values, mix(mix(S.key[0], P.stream[0]), np.uint64(number + 1))), 0.0)
        push(S, finish(P.calendars[calendar], P.periods, now, gap), L.ARRIVE, 0, 0, 0)


@njit(cache=True, nogil=True)
def complete(P, S, i):  # type: ignore[no-untyped-def]
    """Item `i` is done."""
    item = S.items[i]
    n, slot, mask, key, r = item.node, item.slot, item.mask, item.key, item.resource
    if P.nodes[n].kind == L.SUB:
        mask = S.scope_masks[slot, P.nodes[n].child]
    count_item(P, S, i, L.COMPLETED)
    end_item(S, i, False)
    S.counts[L.PENDING_SLOT] = slot
    after(P, S, n, slot, mask, key)
    if r >= 0:
        S.idle[r] += 1
        S.idle_since[r] = S.clock[L.NOW]
        dispatch(P, S, r)


@njit(cache=True, nogil=True)
def happen(P, S, kind, extra, ref, generation):  # type: ignore[no-untyped-def]
    """Play one happening of the heap. Those whose item ended in the meantime are void."""
    if kind == L.ARRIVE:
        arrive(P, S)
        return
    if kind == L.WAKE:
        S.wake[ref] = -1.0
        dispatch(P, S, ref)
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
    if counts[L.HEAP] + counts[L.MARGIN] > len(S.heap):
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
