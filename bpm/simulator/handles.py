"""Handles on `Program` and `State` for compiled code: one pointer instead of some fifty arrays per call.

Passing a tuple of arrays by value makes every compiled call carry hundreds of words, and LLVM minutes to optimise them;
a Numba structure reference is a pointer. The fields are those of the named tuples, in their order.

Every use of an array through a handle would count its reference up and down, two atomic operations each. So handles
hold bare arrays, which count nothing: whoever calls the kernel keeps the named tuples, and thereby the memory, until it
is back.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.experimental import structref
from numba.extending import intrinsic

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


@intrinsic  # type: ignore[untyped-decorator]
def bare(typing_context: Any, array: Any) -> Any:
    """The same array without a count of its references."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()

    return array(array), generate


@njit(cache=True, nogil=True)
def program_handle(p):  # type: ignore[no-untyped-def]
    return ProgramHandle(
        bare(p.nodes),
        bare(p.flows),
        bare(p.laws),
        bare(p.values),
        bare(p.candidates),
        bare(p.resources),
        bare(p.resource_queues),
        bare(p.calendars),
        bare(p.periods),
        bare(p.boundaries),
        bare(p.results),
        bare(p.starts),
        bare(p.start_nodes),
        bare(p.inside),
        bare(p.scope_node),
        bare(p.reach),
        bare(p.code),
        bare(p.constants),
        bare(p.rules),
        bare(p.arrivals),
        bare(p.streams),
        bare(p.moments),
        bare(p.shared),
        bare(p.roles),
        bare(p.role_resources),
        bare(p.help_queues),
        bare(p.batches),
        bare(p.batch_rules),
        bare(p.batch_factors),
        bare(p.wall),
        bare(p.waits_for_some),
    )


@njit(cache=True, nogil=True)
def state_handle(s):  # type: ignore[no-untyped-def]
    return StateHandle(
        bare(s.counts),
        bare(s.clock),
        bare(s.key),
        bare(s.slots),
        bare(s.free_slots),
        bare(s.items),
        bare(s.free_items),
        bare(s.heap),
        bare(s.stack),
        bare(s.tokens),
        bare(s.visits),
        bare(s.joins),
        bare(s.join_masks),
        bare(s.scope_live),
        bare(s.scope_masks),
        bare(s.scope_item),
        bare(s.data),
        bare(s.types),
        bare(s.sums),
        bare(s.queues),
        bare(s.idle),
        bare(s.idle_since),
        bare(s.wake),
        bare(s.node_sums),
        bare(s.flow_counts),
        bare(s.resource_sums),
        bare(s.stuck),
        bare(s.outcomes),
        bare(s.cases),
        bare(s.case_times),
        bare(s.rows),
        bare(s.vm_types),
        bare(s.vm_values),
        bare(s.crew),
        bare(s.came),
        bare(s.shared_data),
        bare(s.shared_types),
        bare(s.pots),
    )
