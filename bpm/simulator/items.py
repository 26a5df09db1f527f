"""Tokens that rest at a node (items), and how what they did is booked: log rows and sums, by the rule of `bpm.kpis`."""

from __future__ import annotations

import numpy as np

from bpm.feel.compiling import njit
from bpm.simulator import layout as L


@njit(cache=True, nogil=True)
def new_item(P, S, n, slot, mask, key):  # type: ignore[no-untyped-def]
    """A token rests at node `n` from now on."""
    counts = S.counts
    counts[L.FREE_ITEMS] -= 1
    i = S.free_items[counts[L.FREE_ITEMS]]
    item, case = S.items[i], S.slots[slot]
    item.slot, item.node, item.resource, item.handovers, item.mask, item.key = slot, n, -1, 0, mask, key
    item.order = counts[L.SEQUENCE]
    item.queue_next = item.batch_next = -1
    item.frees = 1
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
    row.started = np.nan if item.state == L.QUEUED or item.state == L.GATHERED else item.started
    row.completed, row.worked = S.clock[L.NOW], item.work


@njit(cache=True, nogil=True)
def count_item(P, S, i, status):  # type: ignore[no-untyped-def]
    """Book an item that ends: the figures of `bpm.kpis`, in the same order and with the same operations."""
    item = S.items[i]
    node = P.nodes[item.node]
    if node.logged == 1 and S.counts[L.LOGGING] == 1:
        write_row(S, i, status)
    sums = S.sums[item.slot]
    if item.state != L.QUEUED and item.state != L.GATHERED and node.counts == 1:
        waited = item.started - item.enabled
        cost = 0.0
        if item.resource >= 0:
            cost = item.work / 3600.0 * P.resources[item.resource].rate
            S.resource_sums[item.resource, L.R_BUSY] += item.work
            S.resource_sums[item.resource, L.R_WAIT] += waited
            for k in range(1, node.roles + 1):
                helper = S.crew[i, k]
                cost += item.work / 3600.0 * P.resources[helper].rate
                S.resource_sums[helper, L.R_BUSY] += item.work
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
