"""Handles on `Program` and `State` for compiled code: one pointer instead of some fifty arrays per call.

Passing a tuple of arrays by value makes every compiled call carry hundreds of words, and LLVM minutes to optimise them;
a Numba structure reference is a pointer. The fields are those of the named tuples, in their order.
"""

from __future__ import annotations

from numba import types
from numba.experimental import structref

from bpm.feel.compiling import njit
from bpm.simulator.layout import Program, State


@structref.register
class ProgramType(types.StructRef):  # type: ignore[misc]
    """Numba's type of a program handle."""


@structref.register
class StateType(types.StructRef):  # type: ignore[misc]
    """Numba's type of a state handle."""


class ProgramHandle(structref.StructRefProxy):  # type: ignore[misc]
    """Constructor name for compiled code only."""


class StateHandle(structref.StructRefProxy):  # type: ignore[misc]
    """Constructor name for compiled code only."""


structref.define_proxy(ProgramHandle, ProgramType, list(Program._fields))
structref.define_proxy(StateHandle, StateType, list(State._fields))


@njit(cache=True, nogil=True)
def program_handle(p):  # type: ignore[no-untyped-def]
    return ProgramHandle(
        p.nodes,
        p.flows,
        p.laws,
        p.values,
        p.candidates,
        p.resources,
        p.resource_queues,
        p.calendars,
        p.periods,
        p.boundaries,
        p.results,
        p.starts,
        p.start_nodes,
        p.inside,
        p.scope_node,
        p.reach,
        p.code,
        p.constants,
        p.rules,
        p.arrivals,
        p.waits_for_some,
        p.stream,
    )


@njit(cache=True, nogil=True)
def state_handle(s):  # type: ignore[no-untyped-def]
    return StateHandle(
        s.counts,
        s.clock,
        s.key,
        s.slots,
        s.free_slots,
        s.items,
        s.free_items,
        s.heap,
        s.stack,
        s.tokens,
        s.visits,
        s.joins,
        s.join_masks,
        s.scope_live,
        s.scope_masks,
        s.scope_item,
        s.data,
        s.types,
        s.sums,
        s.queues,
        s.idle,
        s.idle_since,
        s.wake,
        s.node_sums,
        s.flow_counts,
        s.resource_sums,
        s.stuck,
        s.outcomes,
        s.cases,
        s.case_times,
        s.rows,
        s.vm_types,
        s.vm_values,
    )
