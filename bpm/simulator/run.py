"""Replications of a compiled procedure, and their figures with intervals.

A replication is a pure function of (program, seed, number), so it does not matter who plays it: workers are threads by
default (the kernel gives the interpreter lock back), any `concurrent.futures.Executor` will do, and results are put
together in the order of their numbers. The same input and seed therefore give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from bpm.costs import Rates
from bpm.errors import ScenarioError
from bpm.eventlog import EventLog
from bpm.kpis import CASE_FIGURES, NOT_RECORDED, Counted, Estimate, estimate
from bpm.model.procedure import Procedure
from bpm.model.scenario import Note, Scenario
from bpm.simulator import layout as L
from bpm.simulator.deadlines import Deadlines
from bpm.simulator.kernel import play
from bpm.simulator.program import Compiled, compile_program
from bpm.simulator.splits import key_of
from bpm.simulator.weeks import open_until

CASES, REPLICATIONS, SEED = 1_000, 30, 1
BUDGET = 2_000_000
"""Happenings between two looks at the progress."""
LOG_BLOCK = 65_536
"""Rows of a log that are handed over at a time where the sink takes parts."""

LOG_ROWS = 1_000_000
"""Rows of a log that there is room for from the start; growing copies them."""

Progress = Callable[[float], None]
Sink = Callable[[int, EventLog], None]


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """Figures of a simulation; `as_json()` is the contract's form, `counted` are the sums per replication."""

    digest: str
    scenario_digest: str
    seed: int
    cases: int
    replications: int
    activities: int
    kpis: dict[str, Estimate]
    nodes: dict[str, dict[str, Estimate]]
    flows: dict[str, float]
    resources: dict[str, dict[str, Estimate]]
    outcomes: dict[str, float]
    deadlines: tuple[dict[str, Any], ...]
    notes: tuple[Note, ...]
    counted: tuple[Counted, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; keys are sorted by whoever writes it."""
        return {
            "digest": self.digest,
            "scenario_digest": self.scenario_digest,
            "seed": self.seed,
            "cases": self.cases,
            "replications": self.replications,
            "activities": self.activities,
            "kpis": {name: value.as_json() for name, value in self.kpis.items()},
            "nodes": _nested(self.nodes),
            "flows": self.flows,
            "resources": _nested(self.resources),
            "outcomes": self.outcomes,
            "deadlines": list(self.deadlines),
            "notes": [note.as_json() for note in self.notes],
        }


def _nested(table: dict[str, dict[str, Estimate]]) -> dict[str, Any]:
    return {key: {name: value.as_json() for name, value in row.items()} for key, row in table.items()}


def simulate(
    procedure: Procedure,
    scenario: Scenario,
    *,
    cases: int = CASES,
    replications: int = REPLICATIONS,
    seed: int = SEED,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    sink: Sink | None = None,
    in_parts: bool = False,
) -> SimulationResult:
    """Play `replications` times `cases` cases from an empty start to the last case.

    `progress` is called with the share done, `sink` with the number and the event log of each replication in turn
    (only then are logs kept; `in_parts`: as several logs in the order of completion, so that memory stays small).
    Raises ScenarioError, located, where scenario and model do not fit together.
    """
    if procedure.process is None:
        raise ScenarioError("no-model", "there is no BPMN to simulate", path=procedure.path)
    if cases < 1 or replications < 1 or workers < 1:
        raise ScenarioError("scenario-options", "cases, replications and workers must be at least 1")
    model = procedure.process
    compiled = compile_program(model.main, procedure.decisions, scenario, model.path)
    cases = min(cases, _most(compiled, cases))
    counted: list[Counted] = []
    tasks = [(compiled, cases, seed, number, sink is not None) for number in range(replications)]
    parts = sink if in_parts and workers == 1 and executor is None else None
    for number, (figures, log) in enumerate(_played(tasks, workers, executor, progress, parts)):
        counted.append(figures)
        if sink is not None and log is not None:
            sink(number, log)
        if progress is not None:
            progress((number + 1) / replications)
    deadlines = Deadlines(model.main, scenario)
    return _result(procedure, scenario, compiled, tuple(counted), seed, cases, deadlines)


def _most(compiled: Compiled, cases: int) -> int:
    """Given arrival times end; streams without them do not."""
    lengths = compiled.program.streams["length"]
    return int(lengths.sum()) if lengths.all() else cases


def _played(
    tasks: list[tuple[Compiled, int, int, int, bool]],
    workers: int,
    executor: Executor | None,
    progress: Progress | None,
    parts: Sink | None,
) -> Iterator[tuple[Counted, EventLog | None]]:
    """Replications in order of their numbers."""
    if executor is None and workers == 1:
        for task in tasks:
            number = task[3]
            within = None if progress is None else _within(progress, number, len(tasks))
            yield replicate(*task, progress=within, blocks=parts)
        return
    pool = executor or ThreadPoolExecutor(workers)
    try:
        ahead = 2 * workers  # logs of replications that nobody has taken yet stay in memory
        waiting = [pool.submit(replicate, *task) for task in tasks[:ahead]]
        for task in tasks[ahead:]:
            yield waiting.pop(0).result()
            waiting.append(pool.submit(replicate, *task))
        for future in waiting:
            yield future.result()
    finally:
        if executor is None:
            pool.shutdown(cancel_futures=True)


def _within(progress: Progress, number: int, of: int) -> Progress:
    return lambda share: progress((number + share) / of)


def replicate(
    compiled: Compiled,
    cases: int,
    seed: int,
    number: int,
    log: bool,
    progress: Progress | None = None,
    blocks: Sink | None = None,
) -> tuple[Counted, EventLog | None]:
    """Play one replication; with `log` also its event log, or in parts to `blocks` while it runs.

    Raises:
        ScenarioError: a case that never ends.
    """
    program = compiled.program
    state = L.allocate(
        program, cases, log=log, levels=compiled.levels, columns=compiled.columns, outcomes=len(compiled.outcomes)
    )
    if log and blocks is None:  # room for each node once per case; pages that nobody writes to take no memory
        rows = int(np.count_nonzero(program.nodes["logged"])) * cases
        state = state._replace(rows=np.zeros(max(len(state.rows), min(rows, LOG_ROWS)), state.rows.dtype))
    state.key[0] = key_of(f"{seed}/{number}")
    state = _first_arrivals(compiled, state)
    while True:
        state.counts[L.BUDGET] = BUDGET
        outcome = play(program, state)
        if outcome == L.DONE:
            break
        if outcome in (L.ENDLESS, L.CONFLICT):
            raise _failure(compiled, state, outcome)
        if outcome == L.PAUSED:
            if progress is not None:
                progress(int(state.counts[L.FINISHED]) / cases)
        elif outcome == L.GROW_LOG and blocks is not None and len(state.rows) >= max(LOG_BLOCK, 4 * len(state.items)):
            blocks(number, _log(compiled, state))
            state.counts[L.ROWS] = 0
        else:
            state = L.grow(state, outcome)
    counted = Counted(
        cases=state.cases, times=state.case_times, nodes=state.node_sums, resources=state.resource_sums,
        outcomes=state.outcomes, flows=state.flow_counts, stuck=state.stuck,
        start=compiled.offset, horizon=float(state.clock[L.HORIZON]),
    )  # fmt: skip
    if blocks is not None:
        blocks(number, _log(compiled, state))
    return counted, _log(compiled, state) if log and blocks is None else None


def _first_arrivals(compiled: Compiled, state: L.State) -> L.State:
    """Plan the first case of every stream, when its calendar first opens, and the absences."""
    from bpm.simulator.weeks import next_open

    program, offset = compiled.program, compiled.offset
    planned: list[tuple[float, int, int, int]] = []
    for k, stream in enumerate(program.streams):
        moment = (
            program.moments[stream["first"]] if stream["length"]
            else next_open(program.calendars[stream["calendar"]], program.periods, offset)
        )  # fmt: skip
        planned.append((float(moment), L.ARRIVE, k, 0))
    for resource, begin, end, amount in compiled.absences:
        planned.append((max(begin, offset), L.CAPACITY, -amount, resource))
        planned.append((max(end, offset), L.CAPACITY, amount, resource))
    planned.sort(key=lambda one: one[0])
    while len(state.heap) < len(planned) + int(state.counts[L.MARGIN]):
        state = L.grow(state, L.GROW_HEAP)
    for order, (moment, kind, extra, ref) in enumerate(planned):
        state.heap[order] = (moment, order, kind, extra, ref, 0)
    state.counts[L.HEAP] = state.counts[L.SEQUENCE] = len(planned)
    state.clock[:] = offset
    return state


def _failure(compiled: Compiled, state: L.State, outcome: int) -> ScenarioError:
    node, case = compiled.nodes[state.counts[L.ERROR_NODE]], int(state.counts[L.ERROR_CASE])
    if outcome == L.CONFLICT:
        return ScenarioError(
            "simulation-rule-conflict", f"{node}: two rules match case {case} with unequal results", element=node
        )
    return ScenarioError(
        "simulation-endless",
        f"{node}: case {case} took more than {L.MOVES_OF_A_CASE} steps; the way out of its loop never opens",
        element=node,
    )


def _log(compiled: Compiled, state: L.State) -> EventLog:
    rows = state.rows[: state.counts[L.ROWS]]
    offset = compiled.offset
    columns = {name: np.ascontiguousarray(rows[name]) for name in ("case", "node", "resource", "handovers", "worked")}
    return EventLog(
        nodes=compiled.nodes, resources=compiled.resources, enabled=np.ascontiguousarray(rows["enabled"]),
        started=np.ascontiguousarray(rows["started"]), completed=np.ascontiguousarray(rows["completed"]),
        withdrawn=rows["status"] == L.WITHDRAWN, case_start=state.case_times[:, 0], case_end=state.case_times[:, 1],
        epoch=compiled.start - timedelta(seconds=offset), begin=compiled.start,
        jumps=tuple(zip(compiled.clock.moments, compiled.clock.shifts, strict=True)), **columns,
    )  # fmt: skip


def rates_of(compiled: Compiled) -> Rates:
    """What `bpm.kpis.count` needs to count this program's logs."""
    nodes = compiled.program.nodes
    return Rates(
        kind=nodes["counts"], fixed_cost=nodes["fixed_cost"], citizen_s=nodes["citizen_s"],
        citizen_eur=nodes["citizen_eur"], business_s=nodes["business_s"], business_eur=nodes["business_eur"],
        outcome=nodes["outcome"], per_hour=compiled.program.resources["rate"],
    )  # fmt: skip


# --- figures ---------------------------------------------------------------------------------------------------


def _result(
    procedure: Procedure, scenario: Scenario, compiled: Compiled, counted: tuple[Counted, ...], seed: int, cases: int,
    deadlines: Deadlines,
) -> SimulationResult:  # fmt: skip
    tasks = compiled.program.nodes["counts"] == 1
    notes = [*scenario.notes, *compiled.notes, *_uncalibrated(scenario), *_unrecorded(compiled)]
    notes += _past_holidays(scenario)
    notes += [*_unfinished(compiled, counted, cases), *deadlines.notes]
    return SimulationResult(
        digest=digest_of(procedure),
        scenario_digest=scenario.digest,
        seed=seed,
        cases=cases,
        replications=len(counted),
        activities=int(sum(one.nodes[tasks, L.N_DONE].sum() for one in counted)),
        kpis=_kpis(compiled, counted),
        nodes=_nodes(compiled, counted),
        flows=_flows(compiled, counted, cases),
        resources=_resources(compiled, counted),
        outcomes=_outcomes(compiled, counted),
        deadlines=deadlines.measure(counted, compiled.start - timedelta(seconds=compiled.offset), compiled.clock),
        notes=tuple(notes),
        counted=counted,
    )


def digest_of(procedure: Procedure) -> str:
    """The model's digest; with decisions beside it, one over all of them in order."""
    assert procedure.process is not None
    if not procedure.decisions:
        return procedure.process.digest
    lines = [procedure.process.digest, *sorted(model.digest for model in procedure.decisions)]
    return "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()


def case_means(counted: Sequence[Counted]) -> dict[str, list[float]]:
    """The mean per finished case of every figure, one value per replication (nan: none finished there)."""
    finished = [_finished(one) for one in counted]
    nan = float("nan")
    means = {
        name: [float(table[:, k].mean()) if len(table) else nan for table in finished]
        for k, name in enumerate(CASE_FIGURES)
    }
    totals = [(float(table[:, L.PROCESSING].sum()), float(table[:, L.CYCLE].sum())) for table in finished]
    means["flow_efficiency"] = [work / total if total > 0.0 else nan for work, total in totals]
    return means


def _finished(one: Counted) -> Any:
    return one.cases[~np.isnan(one.times[:, 1])]


def _kpis(compiled: Compiled, counted: tuple[Counted, ...]) -> dict[str, Estimate]:
    finished, means = [_finished(one) for one in counted], case_means(counted)
    kpis = {}
    for k, name in enumerate(CASE_FIGURES):
        if compiled.recorded.get(name, True):
            kpis[name] = estimate(means[name], np.concatenate([table[:, k] for table in finished]))
        else:
            kpis[name] = NOT_RECORDED
    pooled = []
    for table in finished:
        cycle, work = table[:, L.CYCLE], table[:, L.PROCESSING]
        pooled.append(work[cycle > 0.0] / cycle[cycle > 0.0])
    kpis["flow_efficiency"] = estimate(means["flow_efficiency"], np.concatenate(pooled))
    return kpis


def _nodes(compiled: Compiled, counted: tuple[Counted, ...]) -> dict[str, dict[str, Estimate]]:
    found = {}
    for k, node in enumerate(compiled.nodes):
        if compiled.program.nodes[k]["counts"] == 0:
            continue
        sums = [one.nodes[k] for one in counted]
        nan = float("nan")

        def per_execution(column: int, sums: list[Any] = sums, nan: float = nan) -> Estimate:
            return estimate([float(s[column] / s[L.N_DONE]) if s[L.N_DONE] > 0 else nan for s in sums])

        found[node] = {
            "executions": estimate(
                [float(s[L.N_DONE]) / max(one.finished, 1) for s, one in zip(sums, counted, strict=True)]
            ),
            "waiting_time_s": per_execution(L.N_WAIT),
            "processing_time_s": per_execution(L.N_WORK),
            "cost_eur": per_execution(L.N_COST),
        }
    return found


def _flows(compiled: Compiled, counted: tuple[Counted, ...], cases: int) -> dict[str, float]:
    total = sum(one.flows for one in counted)
    shown = {flow: k for k, flow in enumerate(compiled.flows) if not flow.endswith("~~")}
    return {flow: float(total[k]) / (cases * len(counted)) for flow, k in shown.items()}


def _resources(compiled: Compiled, counted: tuple[Counted, ...]) -> dict[str, dict[str, Estimate]]:
    found = {}
    program = compiled.program
    for k, name in enumerate(compiled.resources):
        resource = program.resources[k]
        calendar = program.calendars[resource["calendar"]]
        used, queued = [], []
        for one in counted:
            until = max(one.horizon, one.start)
            opened = open_until(calendar, program.periods, until) - open_until(calendar, program.periods, one.start)
            capacity = opened * int(resource["amount"]) - _away(compiled, k, one.start, until)
            used.append(float(one.resources[k, L.R_BUSY]) / capacity if capacity > 0.0 else float("nan"))
            length = until - one.start
            queued.append(float(one.resources[k, L.R_WAIT]) / length if length > 0.0 else float("nan"))
        found[name] = {"utilisation": estimate(used), "queue_mean": estimate(queued)}
    return found


def _away(compiled: Compiled, resource: int, start: float, until: float) -> float:
    """Open seconds that absent people would have had."""
    program = compiled.program
    calendar = program.calendars[program.resources[resource]["calendar"]]
    away = 0.0
    for who, begin, end, amount in compiled.absences:
        if who == resource:
            first, last = max(begin, start), max(min(end, until), start)
            if last > first:
                opened = open_until(calendar, program.periods, last) - open_until(calendar, program.periods, first)
                away += float(opened) * amount
    return away


def _outcomes(compiled: Compiled, counted: tuple[Counted, ...]) -> dict[str, float]:
    finished = max(sum(one.finished for one in counted), 1)
    total = sum(one.outcomes for one in counted)
    return {end: float(total[k]) / finished for k, end in enumerate(compiled.outcomes)}


# --- what a reader of the figures must know --------------------------------------------------------------------


def _uncalibrated(scenario: Scenario) -> Iterator[Note]:
    if not scenario.calibrated:
        yield Note(
            None, "calibrated", None, False, "Das Szenario ist nicht an Messdaten kalibriert; Zahlen sind Annahmen"
        )


def _past_holidays(scenario: Scenario) -> Iterator[Note]:
    gone = [day for day in scenario.holidays if day < scenario.start[:10]]
    if gone:
        yield Note(None, "holidays", gone, None, "Diese Feiertage liegen vor dem Beginn und bleiben ohne Wirkung")


def _unrecorded(compiled: Compiled) -> Iterator[Note]:
    for name, recorded in compiled.recorded.items():
        if not recorded:
            yield Note(None, name, None, None, "Nicht erfasst: kein Schritt nennt diese Größe")


def _unfinished(compiled: Compiled, counted: tuple[Counted, ...], cases: int) -> Iterator[Note]:
    open_cases = sum(cases - one.finished for one in counted)
    stuck = sum(one.stuck for one in counted)
    for k in np.flatnonzero(stuck):
        yield Note(compiled.nodes[k], "way out", int(stuck[k]), None, "So oft führte hier kein Weg weiter")
    if open_cases:
        yield Note(None, "cases", cases * len(counted), cases * len(counted) - open_cases,
                   "Nicht jeder Fall kam zu einem Ende; gezählt sind die beendeten")  # fmt: skip
