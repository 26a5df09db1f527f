"""Learn a scenario from a log of real cases; the answer of `bpm calibrate`.

The earlier two thirds of the cases are learned from first, the later third judges that (distances, cycle times); the
scenario that is given out is then learned from all cases.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpm.analyser.observed import Observed
from bpm.errors import LichtungError, ModelError, ScenarioError
from bpm.eventlog import Recorded
from bpm.exchange.prosimos import read_scenario
from bpm.model.graph import Graph
from bpm.model.layout import lay_out
from bpm.model.procedure import Procedure
from bpm.model.process import CallActivity, Task
from bpm.model.reader import read_bpmn
from bpm.model.scenario import Note
from bpm.model.writer import with_diagram
from bpm.service.logs import open_log
from bpm.service.simulate import one_procedure
from bpm.settings import settings
from bpm.simulator import calibration
from bpm.simulator import simulate as play
from bpm.simulator.calibration.standard import standard_minutes

DISCOVERED = (
    "Modell aus dem Protokoll gezeichnet (direkte Nachfolge, seltene Wege gefiltert): Nebeneinander erscheint als "
    "Nacheinander, der weitere Weg hängt nur vom letzten Schritt ab, das eine Ende sagt nichts über das Ergebnis"
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """`scenario` is Prosimos JSON; `model` the discovered BPMN with diagram (None: one was given)."""

    scenario: dict[str, Any]
    fit: list[dict[str, Any]]
    distances: dict[str, Any]
    notes: list[Note]
    model: bytes | None

    def as_json(self) -> dict[str, Any]:
        """The contract's form."""
        return {
            "scenario": self.scenario, "fit": self.fit, "distances": self.distances,
            "notes": [note.as_json() for note in self.notes],
        }  # fmt: skip


def calibrate(
    log: str | Path, *, model: str | Path | None = None, guide: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Calibration:  # fmt: skip
    """Learn a scenario from a log, on the model given or on one drawn from the log.

    Raises:
        ModelError: log, guide or model cannot be read; the log shows no step of the model (`log-fits-no-step`).
        ScenarioError: what was learned cannot be simulated on this model.
    """
    opened = open_log(log, guide)
    recorded, notes = opened.reading.recorded, list(opened.reading.notes)
    drawn: bytes | None = None
    if model is None:
        procedure, element_of, drawn, more = _drawn(recorded, Path(log))
        notes += more
    else:
        procedure = one_procedure(model)
        assert procedure.process is not None
        seen = Observed(recorded, opened.guide, Graph(procedure.process.main))
        element_of = list(seen.element)
        if not any(element_of):
            why = "no activity of the log is a step of the model; name them in the guide (--log-map, steps)"
            raise ModelError("log-fits-no-step", why, path=str(log))
        for name in seen.unmatched:
            notes.append(Note(None, "activity", name, None, "Aktivität des Protokolls ist kein Schritt des Modells"))
    assert procedure.process is not None
    process, zone = procedure.process.main, settings().timezone
    distances = _judge(procedure, recorded, element_of, zone, notes, progress)
    learned = calibration.learn(calibration.history_of(recorded), element_of, process, zone=zone)
    _check(procedure, learned.scenario)
    return Calibration(learned.scenario, learned.fit, distances, notes + learned.notes, drawn)


def _drawn(recorded: Recorded, log: Path) -> tuple[Procedure, list[str | None], bytes, list[Note]]:
    """A model from the log, with a diagram and assumed minutes on every step."""
    history = calibration.history_of(recorded)
    found = calibration.discover(history.traces(), recorded.log.nodes)
    key = (
        "".join(c if c.isalnum() and c.isascii() else "_" for c in log.name.partition(".")[0]).strip("_") or "protokoll"
    )
    minutes = {element: standard_minutes(recorded.log.nodes[number]) for number, element in found.element.items()}
    plain = found.xml(f"p_{key}" if key[0].isdigit() else key, log.name.partition(".")[0], minutes)
    drawn = with_diagram(plain, lay_out(read_bpmn(plain, log.name)))
    process = read_bpmn(drawn, f"{key}.bpmn")
    notes = [Note(None, "model", len(found.element), None, DISCOVERED)]
    if found.dropped or found.dropped_flows:
        left = {"activities": list(found.dropped), "flows": found.dropped_flows}
        notes.append(Note(None, "model", left, None, "Zu selten für die Zeichnung: weggelassen"))
    element_of = [found.element.get(number) for number in range(len(recorded.log.nodes))]
    return Procedure(key, process.main.name or key, f"{key}.bpmn", process), element_of, drawn, notes


def _judge(
    procedure: Procedure, recorded: Recorded, element_of: Sequence[str | None], zone: str, notes: list[Note],
    progress: Callable[[float], None] | None,
) -> dict[str, Any]:  # fmt: skip
    """Learn from the earlier cases, play as many as came later, and tell how far they are from what came."""
    earlier, later = calibration.split_in_time(recorded)
    if len(earlier) < 10 or len(later) < 5:
        notes.append(Note(None, "distances", len(recorded.log.case_start), None, "Zu wenige Fälle für eine Gegenprobe"))
        return {}
    assert procedure.process is not None
    process = procedure.process.main
    before = calibration.history_of(recorded, earlier)
    learned = calibration.learn(before, element_of, process, zone=zone)
    tasks = frozenset(node.id for node in process.nodes if isinstance(node, Task | CallActivity))
    judge = calibration.HeldOut(calibration.history_of(recorded, later), element_of, tasks)
    scenario = read_scenario({**learned.scenario, "start": judge.start}, "calibrated", time_zone=zone)
    try:
        play(
            procedure, scenario, cases=len(later), replications=calibration.REPLICATIONS, seed=1, sink=judge,
            progress=progress,
        )  # fmt: skip
    except ScenarioError as error:
        notes.append(Note(error.element, "distances", error.code, None, f"Gegenprobe nicht möglich: {error.message}"))
        return {}
    return judge.told(before)


def _check(procedure: Procedure, content: dict[str, Any]) -> None:
    """What is given out can be played. Raises ScenarioError."""
    from bpm.simulator.program import compile_program

    assert procedure.process is not None
    scenario = read_scenario(content, "calibrated", time_zone=settings().timezone)
    compile_program(procedure.process.main, procedure.decisions, scenario, procedure.path)


def write(found: Calibration, scenario: str | Path, discover: str | Path | None = None) -> None:
    """Write the scenario, and the discovered model if it is wanted. Raises LichtungError `unwritable-file`."""
    text = json.dumps(found.scenario, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    files: list[tuple[Path, bytes]] = [(Path(scenario), text.encode())]
    if discover is not None:
        assert found.model is not None
        files.append((Path(discover), found.model))
    for path, data in files:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise LichtungError("unwritable-file", error.strerror or "cannot be written", path=str(path)) from None
