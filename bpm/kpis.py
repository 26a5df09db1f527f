"""Figures from an event log, by one counting rule for simulated and real cases.

Per case (columns of `Counted.cases`, order of `CASE_FIGURES`):

* cycle time: end of the case minus its start;
* waiting time: sum over its started activities of start minus enabled;
* processing time: sum of the time on duty that its activities took (also of withdrawn ones: the work was done);
* cost: that time at the rate of who did it, plus fixed costs of what was completed; the city only;
* citizens' and businesses' time and cost: what completed nodes ask of them; never added to the city's cost;
* handovers: over its activities, the pools other than the own that had the case directly before;
* executed steps: completed task-type nodes.

An estimate is the mean over replications with Student's 95 % interval; quantiles are over all cases pooled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpm.costs import Rates, work_cost
from bpm.eventlog import EventLog, Recorded

CASE_FIGURES = (
    "cycle_time_s", "waiting_time_s", "processing_time_s", "cost_eur", "citizen_time_s", "citizen_cost_eur",
    "business_time_s", "business_cost_eur", "handovers", "executed_steps",
)  # fmt: skip
QUANTILES = (0.5, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Counted:
    """Sums of one replication (or one real log).

    `cases` [case, figure] (nan: unfinished), `times` [case, 2] start and end, `nodes` [node, 4] executions, waiting,
    processing, cost; `resources` [resource, 2] busy time and waiting time of what they served; `outcomes` [end event]
    cases; `flows` [flow] traversals (empty if unknown), `start` and `horizon` in seconds, `stuck` [node] tokens without
    a way out.
    """

    cases: Any
    times: Any
    nodes: Any
    resources: Any
    outcomes: Any
    flows: Any
    stuck: Any
    start: float
    horizon: float

    @property
    def finished(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.times[:, 1])))


def count(log: EventLog, rates: Rates) -> Counted:
    """Count a log. Sums run in row order."""
    cases, nodes, resources = len(log.case_start), len(log.nodes), len(log.resources)
    done = ~log.withdrawn.astype(bool)
    kind = rates.kind[log.node]
    task = (kind == 1) & ~np.isnan(log.started)
    waited = np.where(task & ~np.isnan(log.enabled), log.started - log.enabled, 0.0)
    worked = np.where(task, log.worked, 0.0)
    served = task & (log.resource >= 0)
    per_hour = np.where(served, rates.per_hour[np.where(served, log.resource, 0)], 0.0) if resources else 0.0
    cost = np.where(task, work_cost(worked, per_hour), 0.0)
    cost = np.where(done, cost + rates.fixed_cost[log.node], cost)

    def per_case(weights: Any, where: Any) -> Any:
        return np.bincount(log.case[where], weights=weights[where], minlength=cases)

    def per_node(weights: Any, where: Any) -> Any:
        return np.bincount(log.node[where], weights=weights[where], minlength=nodes)

    asked = [getattr(rates, name)[log.node] for name in ("citizen_s", "citizen_eur", "business_s", "business_eur")]
    ones = np.ones(len(log))
    columns = [
        log.case_end - log.case_start,
        per_case(waited, task),
        per_case(worked, task),
        per_case(cost, ones > 0),
        *(per_case(extra, done) for extra in asked),
        per_case(log.handovers.astype(np.float64), task),
        per_case(ones, done & (kind == 1)),
    ]
    table = np.stack(columns, axis=1)
    table[np.isnan(log.case_end)] = np.nan
    who = log.resource[served]
    return Counted(
        cases=table,
        times=np.stack([log.case_start, log.case_end], axis=1),
        nodes=np.stack([per_node(x, done) for x in (ones, waited, worked, cost)], axis=1),
        resources=np.stack([np.bincount(who, x[served], resources) for x in (worked, waited)], axis=1),
        outcomes=_outcomes(log, rates, done),
        flows=np.zeros(0, np.int64),
        stuck=np.zeros(nodes, np.int64),
        start=float(np.nanmin(log.case_start)) if cases else 0.0,
        horizon=float(np.nanmax(log.case_end, initial=0.0)),
    )


def _outcomes(log: EventLog, rates: Rates, done: Any) -> Any:
    """Finished cases that reached each end event at least once."""
    ends = rates.outcome[log.node]
    where = done & (ends >= 0) & ~np.isnan(log.case_end[log.case])
    number = int(rates.outcome.max(initial=-1)) + 1
    pairs = np.unique(log.case[where] * max(number, 1) + ends[where])
    return np.bincount(pairs % max(number, 1), minlength=max(number, 1))


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean over `n` replications, half the width of its 95 % interval (None for one), quantiles over pooled cases."""

    mean: float | None
    half_width_95: float | None
    n: int
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "mean": self.mean, "half_width_95": self.half_width_95, "n": self.n,
            "p50": self.p50, "p90": self.p90, "p95": self.p95,
        }  # fmt: skip


NOT_RECORDED = Estimate(None, None, 0)
"""Nobody wrote this figure down; it is unknown, not zero."""


def observed(recorded: Recorded) -> dict[str, Estimate]:
    """The figures of a real log, counted as those of simulated ones; what the log does not record is not recorded.

    Every activity counts as a step. Money and other people's time stand in no log; waiting needs the time from which a
    step could begin, processing the time at which it began.
    """
    log = recorded.log
    nodes, people = np.zeros(len(log.nodes)), np.zeros(len(log.resources))
    rates = Rates(nodes + 1, nodes, nodes, nodes, nodes, nodes, nodes.astype(np.int64) - 1, people)
    cases = count(log, rates).cases
    unknown = {name for name in CASE_FIGURES if name.startswith(("citizen", "business", "cost"))}
    unknown |= set() if recorded.starts else {"processing_time_s"}
    unknown |= set() if recorded.starts and recorded.enables else {"waiting_time_s"}
    unknown |= set() if recorded.groups else {"handovers"}
    found = {}
    for place, name in enumerate(CASE_FIGURES):
        known = cases[:, place][~np.isnan(cases[:, place])]
        found[name] = NOT_RECORDED if name in unknown else estimate([float(known.mean())], known)
    return found


def estimate(means: Sequence[float], pooled: Any | None = None) -> Estimate:
    """From the means of replications (nan: none there) and, where known, the values of all cases."""
    known = np.array([mean for mean in means if not math.isnan(mean)])
    if not len(known):
        return NOT_RECORDED
    quantiles: list[float | None] = [None] * len(QUANTILES)
    if pooled is not None and len(pooled):
        quantiles = [float(value) for value in np.quantile(pooled, QUANTILES)]
    return Estimate(float(known.mean()), half_width(known), len(known), *quantiles)


def half_width(values: Any, level: float = 0.95) -> float | None:
    """t(n-1) * s / sqrt(n); None for a single value."""
    n = len(values)
    if n < 2:
        return None
    from scipy.special import stdtrit

    spread = float(np.std(values, ddof=1))
    return float(stdtrit(n - 1, 0.5 + level / 2.0)) * spread / math.sqrt(n)


def wilson(hits: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    share, square = hits / n, z * z / n
    middle = (share + square / 2.0) / (1.0 + square)
    spread = z * math.sqrt(share * (1.0 - share) / n + square / (4.0 * n)) / (1.0 + square)
    return max(middle - spread, 0.0), min(middle + spread, 1.0)


def exact_share(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper, Pearson 1934); nothing is known of no cases."""
    if n == 0:
        return 0.0, 1.0
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return low, high
