"""Compare two variants of a procedure by paired simulation; the answer of `bpm compare`.

The as-is model's scenario (the one given, else the one beside it) holds for both, unless none was given and the to-be
model has one beside it that differs: then each is played with its own, and a note says so.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bpm.model.procedure import Procedure
from bpm.model.scenario import Scenario
from bpm.service.simulate import LogWriter, Progress, Sink, one_procedure, scenario_of

if TYPE_CHECKING:
    from bpm.simulator.compare import Comparison


def compare(
    as_is: str | Path,
    to_be: str | Path,
    *,
    scenario: str | Path | None = None,
    log: str | Path | None = None,
    cases: int = 1_000,
    replications: int = 30,
    seed: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[Procedure, Procedure, Comparison]:
    """Play the procedures at both paths with the same luck; `log` OUT.csv writes OUT-as-is.csv and OUT-to-be.csv.

    Raises:
        ModelError: no such path, or not exactly one model there, or an unreadable one.
        ScenarioError: no scenario, or one that does not fit the models.
    """
    from bpm.simulator.compare import compare as play

    before, after = one_procedure(as_is), one_procedure(to_be)
    figures = scenario_of(before, scenario)
    own = scenario_of(after) if scenario is None and after.scenario is not None else None
    with ExitStack() as stack:
        sinks: tuple[Sink | None, Sink | None] = None, None
        if log is not None:
            first = stack.enter_context(_writer(Path(log), "as-is", before, figures))
            sinks = first, stack.enter_context(_writer(Path(log), "to-be", after, own or figures))
        found = play(
            before, after, figures, own,
            cases=cases, replications=replications, seed=seed, workers=workers, progress=progress, sinks=sinks,
        )  # fmt: skip
    return before, after, found


def _writer(path: Path, which: str, procedure: Procedure, scenario: Scenario) -> LogWriter:
    return LogWriter(path.with_name(f"{path.stem}-{which}{path.suffix}"), procedure, scenario)
