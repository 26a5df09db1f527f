"""Today and a variant, played with the same luck case by case: who ends otherwise, what is saved, what a year brings.

The same case draws the same values in both, so a case whose end events differ ends otherwise *because of* what was left
out. Savings are today minus the variant: mean and Student's interval over replications, quantiles over cases. City,
citizens and businesses are apart and never added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpm.costs.effort import Range, about, exactly
from bpm.costs.table import LEVEL, CostTable
from bpm.eventlog import EventLog
from bpm.kpis import CASE_FIGURES, QUANTILES, Counted, Estimate, exact_share
from bpm.model.procedure import Procedure
from bpm.model.process import Process
from bpm.model.scenario import Scenario
from bpm.model.steps import step_nodes
from bpm.question.absence import Absence
from bpm.simulator.compare import Comparison, against
from bpm.simulator.run import SimulationResult, simulate

_DONE, _WORK = 0, 2  # columns of `Counted.nodes`
_OPEN = np.uint64(1 << 63)
MOST_ENDS = 62


@dataclass(frozen=True, slots=True)
class PerYear:
    """What a year brings; None: not recorded. Wages by the table, material as recorded in the scenario."""

    hours: Range
    wages_eur: Range
    material_eur: float
    citizen_hours: float | None
    citizen_eur: float | None
    business_hours: float | None
    business_eur: float | None
    hours_of_post: float

    def as_json(self) -> dict[str, Any]:
        cost = self.wages_eur + exactly(self.material_eur)
        return {
            "released_hours": self.hours.likely,
            "posts": self.hours.likely / self.hours_of_post,
            "cost_eur": cost.likely,
            "budget_effective_eur": self.material_eur,
            "released_capacity_eur": self.wages_eur.likely,
            "citizen_hours": self.citizen_hours,
            "citizen_eur": self.citizen_eur,
            "business_hours": self.business_hours,
            "business_eur": self.business_eur,
            "range": {"released_hours": self.hours.as_json(), "cost_eur": cost.as_json()},
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """What leaving something out does: `changed` of `cases` end otherwise; `open_share` of them never end without it
    (then nothing is said of savings). `saving` by KPI."""

    cases: int
    changed: int
    open_share: float
    saving: Mapping[str, Estimate] | None
    per_year: PerYear | None

    @property
    def share(self) -> float:
        return self.changed / self.cases

    @property
    def interval(self) -> tuple[float, float]:
        return exact_share(self.changed, self.cases)

    def as_json(self) -> dict[str, Any]:
        return {
            "outcome_changed_share": self.share,
            "interval_95": list(self.interval),
            "unfinished_share": self.open_share,
            "saving": None if self.saving is None else {name: it.as_json() for name, it in self.saving.items()},
            "saving_per_year": None if self.per_year is None else self.per_year.as_json(),
        }


class Baseline:
    """One procedure as it is today, played once for all variants. Raises ScenarioError as `simulate` does."""

    def __init__(
        self, procedure: Procedure, scenario: Scenario, table: CostTable, *, level: str = LEVEL,
        cases: int, replications: int, seed: int, workers: int = 1,
    ) -> None:  # fmt: skip
        self.procedure, self.scenario, self.table, self.level = procedure, scenario, table, level
        assert procedure.process is not None
        self.process: Process = procedure.process.main
        self.ends = {node.id: k for k, node in enumerate(_ends(self.process)[:MOST_ENDS])}
        seen = _Seen(self.ends)
        self.result: SimulationResult = simulate(
            procedure, scenario, cases=cases, replications=replications, seed=seed, workers=workers, sink=seen
        )
        self.outcomes, self.names = seen.found, seen.names
        self.steps = {node.id: node for node in step_nodes(self.process)}
        self.work = _per_case(self.result.counted, self.names, _WORK)
        self.done = _per_case(self.result.counted, self.names, _DONE)

    @property
    def hours_of_case(self) -> float:
        """Working hours of the city per case today."""
        return sum(self.work.values()) / 3600.0

    def minutes(self, element: str) -> float | None:
        """Minutes of work of one execution of a step today; None if it never happened."""
        done = self.done.get(element, 0.0)
        return self.work[element] / done / 60.0 if done else None

    def try_without(self, absence: Absence, gone: frozenset[str] = frozenset()) -> Measured:
        """Play a variant. Of the steps that are `gone` the minutes are uncertain.

        Raises ScenarioError where it cannot be played.
        """
        seen = _Seen(self.ends, self.outcomes)
        try:
            found = against(self.result, self.procedure, absence.procedure, self.scenario, absence.scenario, sink=seen)
        except _Stuck:
            return Measured(seen.cases, seen.changed, seen.stuck / seen.cases, None, None)
        if seen.stuck:
            return Measured(seen.cases, seen.changed, seen.stuck / seen.cases, None, None)
        saving = _saving(found)
        return Measured(seen.cases, seen.changed, 0.0, saving, self._per_year(found, seen.names, saving, gone))

    def _per_year(
        self, found: Comparison, names: tuple[str, ...], saving: Mapping[str, Estimate], gone: frozenset[str]
    ) -> PerYear | None:
        cases = self.scenario.cases_per_year
        if cases is None:
            return None
        work, done = _per_case(found.to_be.counted, names, _WORK), _per_case(found.to_be.counted, names, _DONE)
        hours = wages = exactly(0.0)
        material = 0.0
        for node in self.names:
            saved = (self.work[node] - work.get(node, 0.0)) / 3600.0
            facts = self.steps[node].facts.step if node in self.steps else None
            part = self.spread(node, saved) if node in gone else exactly(saved)
            hours += part
            wages += part * self.table.wage(facts.wage_group if facts else None, self.level)
            figures = self.scenario.figures.get(node)
            if figures is not None and figures.fixed_cost_eur:
                material += (self.done[node] - done.get(node, 0.0)) * figures.fixed_cost_eur
        known = self.scenario.known.get("cases_per_year")
        low, high = (known.low, known.high) if known is not None else (None, None)
        number = about(cases, 0.0, low, high)

        def others(name: str, unit: float) -> float | None:
            mean = saving[name].mean if name in saving else None
            return None if mean is None else mean * cases / unit

        return PerYear(
            hours * number, wages * number, material * cases,
            others("citizen_time_s", 3600.0), others("citizen_cost_eur", 1.0),
            others("business_time_s", 3600.0), others("business_cost_eur", 1.0), self.table.hours_of_post,
        )  # fmt: skip

    def spread(self, element: str, value: float) -> Range:
        """A figure that goes with the minutes of a step, over what they may be: the recorded bounds, else as far as
        the table says that figures may be off."""
        facts = self.steps[element].facts.step if element in self.steps else None
        known = facts.known if facts is not None else None
        share = self.table.sensitivity
        if facts is None or known is None or not facts.minutes:
            return about(value, share)
        low = None if known.low is None else value * known.low / facts.minutes
        high = None if known.high is None else value * known.high / facts.minutes
        return about(value, share, low, high)


class _Stuck(Exception):
    """Enough was seen of a variant in which cases get stuck: its savings would mean nothing."""


class _Seen:
    """Takes the logs of a run and keeps, per replication and case, which end events it reached (bits); beside `today`
    it counts the cases that end otherwise and those that do not end any more. Raises _Stuck after a few runs."""

    ENOUGH = 3

    def __init__(self, ends: Mapping[str, int], today: Sequence[Any] = ()) -> None:
        self.ends, self.today = ends, today
        self.found: list[Any] = []
        self.names: tuple[str, ...] = ()
        self.cases = self.changed = self.stuck = 0

    def __call__(self, number: int, log: EventLog) -> None:
        if not self.names:
            self.names = log.nodes
            bits = [1 << self.ends[name] if name in self.ends else 0 for name in log.nodes]
            self._bits = np.array(bits, np.uint64)
        bit = self._bits[log.node]
        where = np.flatnonzero((bit != 0) & ~log.withdrawn)
        masks: Any = np.zeros(len(log.case_start), np.uint64)
        np.bitwise_or.at(masks, log.case[where], bit[where])
        masks[np.isnan(log.case_end)] |= _OPEN
        if not self.today:
            self.found.append(masks)
            return
        before = self.today[number]
        self.cases += len(before)
        self.changed += int(np.count_nonzero(before != masks))
        self.stuck += int(np.count_nonzero((masks & _OPEN) & ~(before & _OPEN)))
        if self.stuck and number + 1 >= self.ENOUGH:
            raise _Stuck


def _ends(process: Process) -> list[Any]:
    return [node for node in process.nodes if node.type == "endEvent" and node.parent == process.id]


def _per_case(counted: tuple[Counted, ...], names: tuple[str, ...], column: int) -> dict[str, float]:
    """Per finished case, by node."""
    finished = max(sum(one.finished for one in counted), 1)
    total = sum(one.nodes[:, column] for one in counted)
    return {name: float(total[k]) / finished for k, name in enumerate(names)}


def _saving(found: Comparison) -> dict[str, Estimate]:
    """Today minus the variant, by KPI; quantiles over the cases of both."""
    pairs = zip(found.as_is.counted, found.to_be.counted, strict=True)
    cases = np.concatenate([before.cases - after.cases for before, after in pairs])
    cases = cases[~np.isnan(cases[:, 0])]
    saving: dict[str, Estimate] = {}
    for name, difference in found.difference.items():
        if difference.mean is None:
            saving[name] = Estimate(None, None, 0)
            continue
        quantiles: list[float | None] = [None] * len(QUANTILES)
        if name in CASE_FIGURES and len(cases):
            quantiles = [float(it) for it in np.quantile(cases[:, CASE_FIGURES.index(name)], QUANTILES)]
        mean = -difference.mean or 0.0
        saving[name] = Estimate(mean, difference.half_width_95, len(found.as_is.counted), *quantiles)
    return saving
