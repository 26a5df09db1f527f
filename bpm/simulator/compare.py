"""Two variants of a procedure, simulated with the same luck.

Both play the same cases: every draw belongs to (seed, replication, case, element id, visit), so a step that is in both
models takes the same time for the same case, whatever was dropped before it. The difference is taken replication by
replication and gets Student's interval; what both share by chance cancels out. The *variance ratio* says how much:
the variance that two independent runs would give the difference, over that of the paired one.

The scenario of the as-is model holds for both, arrivals included, unless the to-be model has its own. What it says of
steps that were dropped is without effect (a note says so); where a way out of a gateway was dropped, the other ways
share its cases. A new step without figures is an error that names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bpm.errors import ScenarioError
from bpm.kpis import half_width
from bpm.model.procedure import Procedure
from bpm.model.process import Process
from bpm.model.scenario import Branch, Note, Scenario
from bpm.model.steps import step_nodes
from bpm.simulator.run import CASES, REPLICATIONS, SEED, Progress, SimulationResult, Sink, case_means, simulate
from bpm.simulator.tables import arrival_calendar, recorders

ROUNDING = 1e-12
"""Relative to the figures compared: a difference smaller than that is the arithmetic's, not the procedure's."""


@dataclass(frozen=True, slots=True)
class Difference:
    """To-be minus as-is per case. All None: not recorded in one of them; no half width: a single replication; no
    variance ratio: the difference does not vary."""

    mean: float | None
    half_width_95: float | None = None
    variance_ratio: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        if self.mean is None or self.half_width_95 is None:
            return None
        return self.mean - self.half_width_95, self.mean + self.half_width_95

    @property
    def by_chance(self) -> bool | None:
        """Whether chance may explain the difference: its interval holds zero. None: cannot be said."""
        return None if self.interval is None else self.interval[0] <= 0.0 <= self.interval[1]

    def as_json(self) -> dict[str, Any]:
        return {"mean": self.mean, "half_width_95": self.half_width_95, "variance_ratio": self.variance_ratio}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both simulations and their paired differences; city, citizens and businesses are never added up."""

    as_is: SimulationResult
    to_be: SimulationResult
    difference: dict[str, Difference]
    steps: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; keys are sorted by whoever writes it."""
        return {
            "as_is": self.as_is.as_json(),
            "to_be": self.to_be.as_json(),
            "difference": {name: value.as_json() for name, value in self.difference.items()},
            "steps": {"as_is": self.steps[0], "to_be": self.steps[1]},
        }


def compare(
    as_is: Procedure,
    to_be: Procedure,
    scenario: Scenario,
    to_be_scenario: Scenario | None = None,
    *,
    cases: int = CASES,
    replications: int = REPLICATIONS,
    seed: int = SEED,
    workers: int = 1,
    progress: Progress | None = None,
    sinks: tuple[Sink | None, Sink | None] = (None, None),
) -> Comparison:
    """Play both variants with the same luck. `sinks` take the event logs of the first and of the second.

    Raises:
        ScenarioError: a model is missing, or scenario and model do not fit together.
    """
    for procedure in (as_is, to_be):
        if procedure.process is None:
            raise ScenarioError("no-model", "there is no BPMN to simulate", path=procedure.path)
    assert as_is.process is not None
    assert to_be.process is not None
    options: dict[str, Any] = {"cases": cases, "replications": replications, "seed": seed, "workers": workers}
    first = simulate(as_is, scenario, progress=_half(progress, 0), sink=sinks[0], **options)
    return against(
        first, as_is, to_be, scenario, to_be_scenario, workers=workers, progress=_half(progress, 1), sink=sinks[1]
    )


def against(
    first: SimulationResult,
    as_is: Procedure,
    to_be: Procedure,
    scenario: Scenario,
    to_be_scenario: Scenario | None = None,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    sink: Sink | None = None,
) -> Comparison:
    """The same with the as-is procedure already played: `first` is what `simulate` gave, for many variants once."""
    assert as_is.process is not None
    assert to_be.process is not None
    before, after = as_is.process.main, to_be.process.main
    if to_be_scenario is None or to_be_scenario.digest == scenario.digest:
        own, notes = _fitted(to_be_scenario or scenario, before, after)
    else:
        own, notes = to_be_scenario, [_own(scenario, to_be_scenario)]
    options: dict[str, Any] = {"cases": first.cases, "replications": first.replications, "seed": first.seed}
    second = simulate(to_be, own, progress=progress, sink=sink, workers=workers, **options)
    gone = _gone(before, after, scenario, own)
    notes += [
        Note(None, name, None, 0, "Alle Schritte, die diese Größe nennen, entfallen; im Unterschied zählt sie null")
        for name in sorted(gone)
    ]
    second = replace(second, notes=(*notes, *second.notes))
    steps = len(step_nodes(before)), len(step_nodes(after))
    return Comparison(first, second, differences(first, second, gone), steps)


def differences(
    as_is: SimulationResult, to_be: SimulationResult, gone: frozenset[str] = frozenset()
) -> dict[str, Difference]:
    """Of every figure, to-be minus as-is, replication by replication; `gone` figures count as zero in the to-be."""
    before, after = case_means(as_is.counted), case_means(to_be.counted)
    return {
        name: _paired(np.array(before[name]), np.array(after[name]))
        if as_is.kpis[name].mean is not None and (to_be.kpis[name].mean is not None or name in gone)
        else Difference(None)
        for name in as_is.kpis
    }


def _paired(before: Any, after: Any) -> Difference:
    known = ~np.isnan(before) & ~np.isnan(after)
    before, after = before[known], after[known]
    if not len(before):
        return Difference(None)
    change = after - before
    scale = float(max(np.abs(before).max(), np.abs(after).max()))
    change[np.abs(change) <= ROUNDING * scale] = 0.0
    half = half_width(change)
    if half is None:
        return Difference(float(change.mean()))
    spread = float(np.var(change, ddof=1))
    independent = float(np.var(before, ddof=1) + np.var(after, ddof=1))
    ratio = independent / spread if math.sqrt(spread) > ROUNDING * scale else None
    return Difference(float(change.mean()), half, ratio)


# --- the scenario of the second variant ------------------------------------------------------------------------


def _own(scenario: Scenario, other: Scenario) -> Note:
    why = "Das geänderte Verfahren hat eigene Angaben; was sie anders sagen, ist Teil des Unterschieds"
    return Note(None, "scenario", scenario.digest, other.digest, why)


def _fitted(scenario: Scenario, before: Process, after: Process) -> tuple[Scenario, list[Note]]:
    """The as-is model's scenario for the to-be model: the same arrivals, and no ways out that are gone."""
    why = "Für das geänderte Verfahren gelten die Angaben des bisherigen"
    notes = [Note(None, "scenario", None, scenario.digest, why)]
    gateways = dict(scenario.gateways)
    flows = {flow.id for flow in after.flows}
    for gateway, branches in scenario.gateways.items():
        lost = [branch for branch in branches if branch.flow not in flows]
        if lost and not _new_ways(gateway, branches, before, after):
            kept = tuple(branch for branch in branches if branch.flow in flows)
            gateways.pop(gateway)
            if kept:
                gateways[gateway] = kept
            notes += [_lost(branch) for branch in lost if any(node.id == gateway for node in after.nodes)]
    arrivals = replace(scenario.arrivals, calendar=arrival_calendar(before, scenario))
    return replace(scenario, gateways=gateways, arrivals=arrivals), notes


def _new_ways(gateway: str, branches: tuple[Branch, ...], before: Process, after: Process) -> bool:
    """Whether the gateway has ways of which the scenario cannot know: nobody says which of them replaces a lost one."""
    known = {branch.flow for branch in branches} | {flow.id for flow in before.flows if flow.source == gateway}
    return any(flow.source == gateway and flow.id not in known for flow in after.flows)


def _lost(branch: Branch) -> Note:
    why = "Dieser Weg entfällt; seine Fälle verteilen sich auf die übrigen Wege"
    return Note(branch.flow, "gateway_branching_probabilities", branch.probability, None, why)


def _gone(before: Process, after: Process, scenario: Scenario, own: Scenario) -> frozenset[str]:
    """Figures that only dropped steps asked for: without new steps, what is unknown on both sides cancels out."""
    left = {node.id for node in after.nodes}
    if not {node.id for node in step_nodes(after)} <= {node.id for node in step_nodes(before)}:
        return frozenset()
    asked, still = recorders(before.nodes, scenario), recorders(after.nodes, own)
    return frozenset(name for name, nodes in asked.items() if nodes and not still[name] and not nodes & left)


def _half(progress: Progress | None, number: int) -> Callable[[float], None] | None:
    return None if progress is None else lambda share: progress((number + share) / 2.0)
