"""Simulate a procedure: find its scenario, play it, write its log; the answer of `bpm simulate`.

The scenario is the one given, else `scenario.json` or `<stem>.json` beside the model, else BPSim or QBP inside it;
without one there is no simulation, since invented figures would look like measured ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpm.errors import ModelError, ScenarioError
from bpm.eventlog import COLUMNS, EventLog, activity_rows
from bpm.exchange.prosimos import read_scenario
from bpm.model.procedure import Procedure
from bpm.model.process import CallActivity, Task
from bpm.model.scenario import Scenario
from bpm.service.reading import procedures_at
from bpm.service.scenarios import embedded_scenario, split_name
from bpm.settings import settings

if TYPE_CHECKING:
    from bpm.simulator.run import SimulationResult

Progress = Callable[[float], None]
Sink = Callable[[int, EventLog], None]
HOW_TO_GET_ONE = (
    "no scenario: give one with --scenario, or put scenario.json beside the model (Prosimos JSON: arrivals, people, "
    "durations; see bpm/model/scenario.py), or learn one from a log with bpm calibrate"
)


def simulate(
    path: str | Path,
    *,
    scenario: str | Path | None = None,
    log: str | Path | None = None,
    cases: int = 1_000,
    replications: int = 30,
    seed: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[Procedure, SimulationResult]:
    """Simulate the one procedure at `path`; with `log` write its activities to a `.csv` or `.xes` file.

    Raises:
        ModelError: no such path, or not exactly one model there, or an unreadable one.
        ScenarioError: no scenario, or one that does not fit the model.
    """
    from bpm.simulator import simulate as play

    procedure = one_procedure(path)
    figures = scenario_of(procedure, scenario)
    with ExitStack() as stack:
        sink = None if log is None else stack.enter_context(LogWriter(Path(log), procedure, figures))
        result = play(
            procedure, figures, cases=cases, replications=replications, seed=seed, workers=workers,
            progress=progress, sink=sink, in_parts=True,
        )  # fmt: skip
    return procedure, result


def simulate_procedure(
    procedure: Procedure,
    *,
    scenario: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    cases: int = 1_000,
    replications: int = 30,
    seed: int = 1,
    workers: int = 1,
) -> dict[str, Any]:
    """The contract's JSON for a procedure that has been read, from wherever it came.

    Raises:
        ScenarioError: no scenario, or one that does not fit the model.
    """
    from bpm.simulator import simulate as play

    figures = scenario_of(procedure) if scenario is None else scenario_from(scenario)
    result = play(
        procedure, figures, cases=cases, replications=replications, seed=seed, workers=workers, progress=progress
    )
    return result.as_json()


def one_procedure(path: str | Path) -> Procedure:
    """The procedure at `path`. Raises ModelError if there is not exactly one with a model."""
    found = procedures_at(path)
    with_model = [procedure for procedure in found if procedure.process is not None]
    if len(with_model) == 1:
        return with_model[0]
    if with_model:
        names = ", ".join(procedure.path for procedure in with_model[:5])
        raise ModelError("several-models", f"{len(with_model)} models, name one of them: {names}", path=str(path))
    for procedure in found:
        for error in procedure.errors:
            raise ModelError(error.code, error.message, path=error.path, line=error.line, element=error.element)
    raise ModelError("no-model", "no BPMN model here", path=str(path))


def scenario_of(procedure: Procedure, given: str | Path | None = None) -> Scenario:
    """The given scenario (`FILE#ID` for one of several), else the one beside the model, else one inside it.

    Raises:
        ScenarioError: `no-scenario` if there is none, or one that means nothing.
    """
    if given is not None:
        name, wanted = (str(given), None) if Path(given).is_file() else split_name(str(given))
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            raise ScenarioError("unreadable-file", error.strerror or "cannot be opened", path=name) from None
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            inside = embedded_scenario(data, procedure, name, wanted)
            if inside is None:
                raise ScenarioError("no-scenario", "holds neither BPSim nor QBP", path=name)
            return inside
        return _read(data, name)
    if procedure.scenario is None:
        model = procedure.process
        inside = None if model is None else embedded_scenario(model.source, procedure, model.path)
        if inside is None:
            raise ScenarioError("no-scenario", HOW_TO_GET_ONE, path=procedure.path)
        return inside
    folder = Path(procedure.path)
    return _read(procedure.scenario, str((folder.parent if folder.suffix else folder) / "scenario.json"))


def scenario_from(content: Mapping[str, Any]) -> Scenario:
    """A scenario that came with a request. Raises ScenarioError."""
    return _read(content, "scenario")


def _read(content: bytes | Mapping[str, Any], path: str) -> Scenario:
    return read_scenario(content, path, time_zone=settings().timezone)


class LogWriter:
    """Writes the log of one replication after the other; the kind follows from the file's ending."""

    def __init__(self, path: Path, procedure: Procedure, scenario: Scenario) -> None:
        if path.suffix.lower() not in (".csv", ".xes"):
            raise ScenarioError("log-format", "--log writes .csv or .xes", path=str(path))
        assert procedure.process is not None
        nodes = procedure.process.main.nodes
        self._path, self._zone = path, scenario.time_zone
        self._names = {node.id: node.name for node in nodes}
        self._tasks = frozenset(node.id for node in nodes if isinstance(node, Task | CallActivity))
        self._csv = path.suffix.lower() == ".csv"
        self._cases: dict[str, list[tuple[str, ...]]] = {}

    def __enter__(self) -> LogWriter:
        try:
            self._file = self._path.open("wb")
        except OSError as error:
            why = error.strerror or "cannot be written"
            raise ScenarioError("unwritable-file", why, path=str(self._path)) from None
        if self._csv:
            self._file.write((",".join(COLUMNS) + "\n").encode())
        return self

    def __call__(self, number: int, log: EventLog) -> None:
        if self._csv:
            from bpm.simulator.rows import csv_blocks

            self._file.writelines(csv_blocks(log, self._names, self._tasks, self._zone, prefix=f"{number}-"))
            return
        rows = activity_rows(log, self._names, self._tasks, self._zone, prefix=f"{number}-")
        for row in rows:
            self._cases.setdefault(row[0], []).append(row)

    def __exit__(self, *failure: object) -> None:
        if not self._csv and failure[0] is None:
            from bpm.exchange.xes import write_xes

            write_xes(self._file, (row for events in self._cases.values() for row in events))
        self._file.close()
