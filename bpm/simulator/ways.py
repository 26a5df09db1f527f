"""Where a token goes when a node is completed: its data, its decision, its flows, and the end of (sub-)processes."""

from __future__ import annotations

import numpy as np

from bpm.feel.compiling import njit
from bpm.feel.machine import FAILED, holds
from bpm.feel.machine import run as run_code
from bpm.simulator import layout as L
from bpm.simulator.agenda import move_to
from bpm.simulator.chance import SPLIT, mix, sample, unit

_ONE = np.uint64(1)
_NONE = np.uint64(0)


@njit(cache=True, nogil=True)
def set_results(P, S, first, length, slot, key):  # type: ignore[no-untyped-def]
    """The data that a completed node (or an arriving case) brings: drawn, or calculated from what is there."""
    for k in range(first, first + length):
        result = P.results[k]
        column = result.column
        if result.law >= 0:
            value, kind = sample(P.laws[result.law], P.values, mix(key, result.key)), result.type
        else:
            kind = run_code(P.code, P.constants, result.code, S.data[slot], S.types[slot], S.vm_types, S.vm_values)
            value = S.vm_values[0]
        S.data[slot, column] = value
        S.types[slot, column] = kind
        if result.shared == 1:
            S.shared_data[column], S.shared_types[column] = value, kind
            for other in range(len(S.slots)):
                S.data[other, column] = value
                S.types[other, column] = kind


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
    u = unit(mix(key, SPLIT), 0) * total
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
            opened = unit(mix(mix(key, SPLIT), P.flows[f].key), 0) < P.flows[f].probability
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
