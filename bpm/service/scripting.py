"""What notebooks and scripts do, on paths and on models: `from bpm import read, decide, check, simulate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpm.clock import SystemClock
from bpm.model.decision import DecisionModel
from bpm.model.procedure import Procedure
from bpm.service.reading import procedures_at

if TYPE_CHECKING:
    from bpm.decisions import Decided
    from bpm.service.check import Checked
    from bpm.simulator.run import SimulationResult


def read(path: str | Path) -> tuple[Procedure, ...]:
    """Every procedure at `path`. Raises ModelError if there is no such path; what is unreadable is in `errors`."""
    return procedures_at(path)


def decide(model: str | Path | DecisionModel, decision: str, inputs: Mapping[str, Any]) -> Decided:
    """Evaluate a decision of a DMN file or model. Raises ModelError, DecisionError, BudgetExceeded."""
    from bpm.service import decide as service

    now = SystemClock().now()
    if isinstance(model, DecisionModel):
        return service.decide_in(model, decision, inputs, now)
    return service.decide(model, decision, inputs, now)


def check(procedure: str | Path | Procedure, select: tuple[str, ...] | None = None) -> Checked:
    """What is questionable about a procedure or about everything at a path. Raises NotFound for an unknown code."""
    from bpm.service import check as service

    if isinstance(procedure, Procedure):
        return service.check_procedure(procedure, select)
    return service.check([procedure], select=select)


def simulate(
    procedure: str | Path | Procedure, *, cases: int = 1_000, replications: int = 30, seed: int = 1, workers: int = 1
) -> SimulationResult:
    """Simulate a procedure with the scenario it carries. Raises ModelError, ScenarioError."""
    from bpm.service.simulate import one_procedure, scenario_of
    from bpm.simulator import simulate as play

    subject = procedure if isinstance(procedure, Procedure) else one_procedure(procedure)
    return play(subject, scenario_of(subject), cases=cases, replications=replications, seed=seed, workers=workers)
