"""How a compiled procedure and a running replication lie in memory.

Everything is a numpy record array, so the kernel reads `nodes[n].kind` and no Python object is touched.
`Program` never changes during a run; `State` is all that changes. The kernel can stop at any point between two
token moves and be called again on the same `State`: this is how arrays grow (in Python, where it is easy) and
how progress is shown. Slots of finished cases are reused, so memory follows the cases that are alive.

Times are seconds since the scenario's start; -1 as an index is "none".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# node kinds
PASS, WORK, DELAY, SUB, END, TERMINATE, THROW, RACE = range(8)
# joins
JOIN_EACH, JOIN_ALL, JOIN_SOME = range(3)
# splits
SPLIT_ALL, SPLIT_DRAW, SPLIT_FIRST, SPLIT_RULES, SPLIT_ANY_DRAW, SPLIT_ANY = range(6)
# distributions
FIX, UNIFORM, EXPONENTIAL, NORMAL, LOGNORMAL, GAMMA, TRIANGULAR, CHOICE, TABLE = range(9)
# heap events
ARRIVE, FINISH, WAKE, BOUNDARY, CATCH, CAPACITY, BATCH = range(7)
# item states
FREE, QUEUED, RUNNING, HOLDING, DEAD, GATHERED = range(6)
# what the kernel came back with
DONE, GROW_SLOTS, GROW_ITEMS, GROW_HEAP, GROW_STACK, GROW_LOG, PAUSED, ENDLESS, CONFLICT = range(9)
# case sums
CYCLE, WAITING, PROCESSING, COST, CITIZEN_S, CITIZEN_EUR, BUSINESS_S, BUSINESS_EUR, HANDOVERS, STEPS = range(10)
SUMS = 10
# row status in a log
COMPLETED, WITHDRAWN = range(2)
# counters of State.counts
(N_CASES, ARRIVED, FINISHED, SEQUENCE, HEAP, STACK, FREE_SLOTS, FREE_ITEMS, ROWS, BUDGET, ERROR_NODE,
 LOGGING) = range(12)  # fmt: skip
(ERROR_CASE, PENDING_SLOT, STEP_LIMIT, MARGIN, LEVELS, BATCHED) = range(12, 18)
COUNTS = 18
MOVES_OF_A_CASE = 100_000
"""A case that takes more token moves than this is taken for endless."""
# clocks of State.clock
NOW, HORIZON, NEXT_ARRIVAL = range(3)
# columns of State.node_sums and State.resource_sums
N_DONE, N_WAIT, N_WORK, N_COST = range(4)
R_BUSY, R_WAIT = range(2)

NODE = np.dtype(
    [
        ("kind", "i4"), ("join", "i4"), ("split", "i4"), ("first_out", "i4"), ("outs", "i4"), ("first_in", "i4"),
        ("ins", "i4"), ("scope", "i4"), ("child", "i4"), ("first_candidate", "i4"), ("candidates", "i4"),
        ("queue", "i4"), ("duration", "i4"), ("first_boundary", "i4"), ("boundaries", "i4"), ("first_result", "i4"),
        ("results", "i4"), ("code", "i4"), ("target", "i4"), ("outcome", "i4"), ("counts", "i4"), ("logged", "i4"),
        ("interrupting", "i4"), ("works", "i4"), ("join_slot", "i4"), ("key", "u8"), ("probability", "f8"),
        ("fixed_cost", "f8"),
        ("first_role", "i4"), ("roles", "i4"), ("batch", "i4"),
        ("citizen_s", "f8"), ("citizen_eur", "f8"), ("business_s", "f8"), ("business_eur", "f8"),
    ]
)  # fmt: skip
FLOW = np.dtype([("target", "i4"), ("position", "i4"), ("code", "i4"), ("default", "i4"), ("probability", "f8"),
                 ("key", "u8")])  # fmt: skip
LAW = np.dtype([("kind", "i4"), ("first", "i4"), ("length", "i4"), ("a", "f8"), ("b", "f8"), ("c", "f8"),
                ("low", "f8"), ("high", "f8"), ("u_low", "f8"), ("u_high", "f8")])  # fmt: skip
CANDIDATE = np.dtype([("resource", "i4"), ("law", "i4")])
RESOURCE = np.dtype([("calendar", "i4"), ("amount", "i4"), ("pool", "i4"), ("first_queue", "i4"), ("queues", "i4"),
                     ("first_help", "i4"), ("helps", "i4"), ("rate", "f8")])  # fmt: skip
CALENDAR = np.dtype([("first", "i4"), ("length", "i4"), ("always", "i4"), ("total", "f8"),
                     ("first_span", "i4"), ("spans", "i4")])  # fmt: skip
PERIOD = np.dtype([("begin", "f8"), ("end", "f8"), ("before", "f8"), ("rate", "f8"), ("shift", "f8"), ("kind", "i8")])
RESULT = np.dtype([("column", "i4"), ("type", "i4"), ("law", "i4"), ("code", "i4"), ("shared", "i4"), ("key", "u8")])
STREAM = np.dtype([("law", "i4"), ("calendar", "i4"), ("node", "i4"), ("first", "i4"), ("length", "i4"),
                   ("key", "u8")])  # fmt: skip
ROLE = np.dtype([("first", "i4"), ("length", "i4")])
BATCH_RULE = np.dtype([("least", "f8"), ("most", "f8"), ("ready_least", "f8"), ("ready_most", "f8"),
                       ("old_least", "f8"), ("old_most", "f8"), ("hour_least", "f8"), ("hour_most", "f8"),
                       ("day", "f8")])  # fmt: skip
BATCH_KIND = np.dtype([("node", "i4"), ("type", "i4"), ("first_rule", "i4"), ("rules", "i4"), ("first_factor", "i4"),
                       ("factors", "i4"), ("single", "f8")])  # fmt: skip
POT = np.dtype([("head", "i8"), ("tail", "i8"), ("size", "i8"), ("generation", "i8"), ("oldest", "f8"),
                ("newest", "f8")])  # fmt: skip
SEQUENTIAL, CONCURRENT, PARALLEL = range(3)
CREW = 4
"""Most people of different roles that work on an item at once."""

SLOT = np.dtype([("case", "i8"), ("key", "u8"), ("live", "i8"), ("first_item", "i8"), ("moves", "i8"),
                 ("held", "i4"), ("level", "i4"), ("outcomes", "u8"), ("start", "f8")])  # fmt: skip
ITEM = np.dtype([("state", "i4"), ("slot", "i4"), ("node", "i4"), ("resource", "i4"), ("handovers", "i4"),
                 ("frees", "i4"), ("generation", "i8"), ("order", "i8"), ("queue_next", "i8"), ("batch_next", "i8"),
                 ("case_next", "i8"), ("case_prior", "i8"),
                 ("mask", "u8"), ("key", "u8"), ("enabled", "f8"), ("started", "f8"), ("work", "f8")])  # fmt: skip
HAPPENING = np.dtype([("time", "f8"), ("order", "i8"), ("kind", "i4"), ("extra", "i4"), ("ref", "i8"),
                      ("generation", "i8")])  # fmt: skip
MOVE = np.dtype([("node", "i4"), ("position", "i4"), ("slot", "i4"), ("mask", "u8")])
QUEUE = np.dtype([("head", "i8"), ("tail", "i8")])
ROW = np.dtype([("case", "i8"), ("node", "i4"), ("resource", "i4"), ("handovers", "i4"), ("status", "i4"),
                ("enabled", "f8"), ("started", "f8"), ("completed", "f8"), ("worked", "f8")])  # fmt: skip


class Program(NamedTuple):
    """A procedure and its scenario as arrays; `keys` of nodes hash their BPMN ids."""

    nodes: Any
    flows: Any
    laws: Any
    values: Any  # of CHOICE laws: value, cumulative weight
    candidates: Any
    resources: Any
    resource_queues: Any  # queue sets a resource serves
    calendars: Any
    periods: Any
    boundaries: Any  # node indices of timed boundary events, grouped by host
    results: Any
    starts: Any  # per scope: first, length into start_nodes
    start_nodes: Any
    inside: Any  # [scope, scope]: the second lies in the first (or is it)
    scope_node: Any  # the sub-process of a scope, -1 for the process
    reach: Any  # [join position, node]: a token at node can still come in there without passing the join
    code: Any  # instructions: operation, argument
    constants: Any
    rules: Any  # priority levels: code, level
    arrivals: Any  # first and number of the results that are the case attributes
    streams: Any  # who comes where: STREAM
    moments: Any  # given times of arrival, elapsed seconds
    shared: Any  # columns of the data that all cases share
    roles: Any  # further people an item needs, grouped by node: ROLE
    role_resources: Any
    help_queues: Any  # queue sets whose items may need a resource as a further person
    batches: Any  # BATCH_KIND
    batch_rules: Any
    batch_factors: Any  # size, factor
    wall: Any  # moments at which the wall clock jumps, and what it is ahead from then on
    waits_for_some: Any  # nodes with an inclusive join


class State(NamedTuple):
    """All that a replication changes."""

    counts: Any
    clock: Any
    key: Any  # of the replication
    slots: Any
    free_slots: Any
    items: Any
    free_items: Any
    heap: Any
    stack: Any
    tokens: Any  # [slot, node] tokens that rest at a node
    visits: Any  # [slot, node]
    joins: Any  # [slot, join position] waiting tokens
    join_masks: Any  # [slot, node with a join] union of the pools the waiting tokens come from
    scope_live: Any  # [slot, scope] tokens in a scope
    scope_masks: Any  # [slot, scope] pools that the tokens ended in a scope come from
    scope_item: Any  # [slot, scope] the item of the running sub-process
    data: Any  # [slot, column] values of case data
    types: Any  # [slot, column]
    sums: Any  # [slot, SUMS]
    queues: Any
    idle: Any  # per resource
    idle_since: Any
    wake: Any  # per resource: time of the wake-up that is scheduled, or -1
    node_sums: Any
    flow_counts: Any
    resource_sums: Any
    stuck: Any  # per node: cases that found no way out there
    outcomes: Any  # per end event: cases
    cases: Any  # [case, SUMS] figures of finished cases, nan while unfinished
    case_times: Any  # [case, 2] start and end
    rows: Any
    vm_types: Any
    vm_values: Any
    crew: Any  # [item, CREW] further resources at work on it, -1 none
    came: Any  # per stream: cases
    shared_data: Any  # per column, of all cases
    shared_types: Any
    pots: Any  # per batch kind: what gathers


def allocate(program: Program, cases: int, *, log: bool, levels: int, columns: int, outcomes: int) -> State:
    """An empty state for `cases` cases; `levels` priority levels, `columns` data columns."""
    n, f, r = len(program.nodes), len(program.flows), len(program.resources)
    queue_sets = int(program.nodes["queue"].max(initial=-1)) + 1
    positions, scopes = program.reach.shape[0], program.inside.shape[0]
    joins = int(program.nodes["join_slot"].max(initial=-1)) + 1
    widest = max(int(program.nodes[name].max(initial=0)) for name in ("outs", "ins", "boundaries"))
    margin = widest + len(program.start_nodes) + int(program.resources["amount"].sum()) + 8
    s, i = 64, 256
    counts: Any = np.zeros(COUNTS, np.int64)
    counts[[N_CASES, FREE_SLOTS, FREE_ITEMS, LOGGING, MARGIN, LEVELS]] = cases, s, i, log, margin, levels
    counts[[PENDING_SLOT, ERROR_NODE, STEP_LIMIT]] = -1, -1, MOVES_OF_A_CASE
    queues: Any = np.empty(max(queue_sets, 1) * levels, QUEUE)
    queues["head"] = queues["tail"] = -1
    return State(
        counts=counts,
        clock=np.zeros(4),
        key=np.zeros(1, np.uint64),
        slots=np.zeros(s, SLOT),
        free_slots=np.arange(s - 1, -1, -1, dtype=np.int64),
        items=np.zeros(i, ITEM),
        free_items=np.arange(i - 1, -1, -1, dtype=np.int64),
        heap=np.zeros(i + 2 * margin, HAPPENING),
        stack=np.zeros(256 + 2 * margin, MOVE),
        tokens=np.zeros((s, n), np.int32),
        visits=np.zeros((s, n), np.int32),
        joins=np.zeros((s, max(positions, 1)), np.int32),
        join_masks=np.zeros((s, max(joins, 1)), np.uint64),
        scope_live=np.zeros((s, scopes), np.int32),
        scope_masks=np.zeros((s, scopes), np.uint64),
        scope_item=np.full((s, scopes), -1, np.int64),
        data=np.zeros((s, max(columns, 1))),
        types=np.zeros((s, max(columns, 1)), np.int8),
        sums=np.zeros((s, SUMS)),
        queues=queues,
        idle=program.resources["amount"].astype(np.int64),
        idle_since=np.zeros(max(r, 1)),
        wake=np.full(max(r, 1), -1.0),
        node_sums=np.zeros((n, 4)),
        flow_counts=np.zeros(max(f, 1), np.int64),
        resource_sums=np.zeros((max(r, 1), 2)),
        stuck=np.zeros(n, np.int64),
        outcomes=np.zeros(max(outcomes, 1), np.int64),
        cases=np.full((cases, SUMS), np.nan),
        case_times=np.full((cases, 2), np.nan),
        rows=np.zeros(4096 if log else 1, ROW),
        vm_types=np.zeros(64, np.int8),
        vm_values=np.zeros(64),
        crew=np.full((i, CREW), -1, np.int64),
        came=np.zeros(len(program.streams), np.int64),
        shared_data=np.zeros(max(columns, 1)),
        shared_types=np.zeros(max(columns, 1), np.int8),
        pots=_pots(len(program.batches)),
    )


def _pots(number: int) -> Any:
    pots: Any = np.zeros(number, POT)
    pots["head"] = pots["tail"] = -1
    return pots


def _longer(array: Any, fill: int = 0) -> Any:
    more = np.full_like(array, fill) if array.dtype.fields is None else np.zeros_like(array)
    return np.concatenate([array, more])


def grow(state: State, what: int) -> State:
    """Twice the room of what the kernel ran out of."""
    if what == GROW_SLOTS:
        old = len(state.slots)
        free = _longer(state.free_slots)
        free[:old] = np.arange(2 * old - 1, old - 1, -1)
        state.counts[FREE_SLOTS] = old
        wide = ("slots", "tokens", "visits", "joins", "join_masks", "scope_live", "scope_masks", "data", "types",
                "sums")  # fmt: skip
        return state._replace(
            free_slots=free, scope_item=_longer(state.scope_item, -1), **{k: _longer(getattr(state, k)) for k in wide}
        )
    if what == GROW_ITEMS:
        old = len(state.items)
        free = _longer(state.free_items)
        held = int(state.counts[FREE_ITEMS])
        free[held : held + old] = np.arange(2 * old - 1, old - 1, -1)
        state.counts[FREE_ITEMS] = held + old
        return state._replace(free_items=free, items=_longer(state.items), crew=_longer(state.crew, -1))
    name = {GROW_HEAP: "heap", GROW_STACK: "stack", GROW_LOG: "rows"}[what]
    return state._replace(**{name: _longer(getattr(state, name))})
