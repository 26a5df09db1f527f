"""Simulation of procedures: a model and a scenario become flat arrays, a compiled event loop plays them.

`layout` says how the arrays look, `program` fills them from model and scenario, `kernel` plays one replication,
`run` plays many and turns them into figures with intervals. The kernel follows the same token game as
`bpm.model.tokens`; its randomness is a function of (seed, replication, case, element id, visit, draw), so two variants
of a procedure that are simulated with one seed share their luck step by step.

Numba is loaded on the first simulation, never by importing this package: a web server that only shows pages
must not pay for a compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bpm.model.procedure import Procedure
    from bpm.model.scenario import Scenario
    from bpm.simulator.run import SimulationResult


def simulate(procedure: Procedure, scenario: Scenario, **options: Any) -> SimulationResult:
    """Simulate; see `bpm.simulator.run.simulate` for the options and errors."""
    from bpm.simulator.run import simulate as run

    return run(procedure, scenario, **options)
