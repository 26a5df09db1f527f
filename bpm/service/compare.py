"""Compare two variants of a procedure by paired simulation; the answer of `bpm compare`.

The as-is model's scenario (the one given, else its own) holds for both, unless none was given and the to-be
model has one that differs: then each is played with its own, and a note says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpm.model.procedure import Procedure
from bpm.model.scenario import Scenario
from bpm.service.simulate import LogWriter, Progress, Sink, one_procedure, scenario_from, scenario_of

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


def compare_procedures(
    as_is: Procedure,
    to_be: Procedure,
    *,
    scenario: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    cases: int = 1_000,
    replications: int = 30,
    seed: int = 1,
) -> dict[str, Any]:
    """The contract's JSON for two procedures that have been read, from wherever they came.

    Raises:
        ScenarioError: no scenario, or one that does not fit the models.
    """
    from bpm.simulator.compare import compare as play

    figures = scenario_of(as_is) if scenario is None else scenario_from(scenario)
    own = scenario_of(to_be) if scenario is None and to_be.scenario is not None else None
    found = play(as_is, to_be, figures, own, cases=cases, replications=replications, seed=seed, progress=progress)
    return found.as_json()


def _writer(path: Path, which: str, procedure: Procedure, scenario: Scenario) -> LogWriter:
    return LogWriter(path.with_name(f"{path.stem}-{which}{path.suffix}"), procedure, scenario)
