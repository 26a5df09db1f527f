"""Scenarios of other tools, inside a model or in a file of their own, read for a procedure.

BPSim is found wherever a file holds it, QBP (BIMP, Apromore) likewise. A scenario of several in one file is named as
``FILE#ID``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bpm.errors import ScenarioError
from bpm.exchange.bpsim import holds_bpsim, import_bpsim
from bpm.exchange.prosimos import read_scenario
from bpm.exchange.qbp import holds_qbp, import_qbp
from bpm.model.procedure import Procedure
from bpm.model.scenario import Note, Scenario
from bpm.settings import settings


def embedded_scenario(data: bytes, procedure: Procedure, path: str, wanted: str | None = None) -> Scenario | None:
    """The scenario that XML bytes hold for a procedure; None if they hold none.

    Raises:
        ScenarioError: no scenario of that id, or one that means nothing.
        ModelError: not readable as XML.
    """
    assert procedure.process is not None
    if holds_bpsim(data):
        found = import_bpsim(data, procedure.process.main, path, wanted)
        return _read(found.content, found.notes, path)
    if holds_qbp(data):
        given = import_qbp(data, procedure.process.main, path)
        return _read(given.content, given.notes, path)
    return None


def export_scenario(path: str | Path, form: str, scenario: str | Path | None = None) -> tuple[bytes, tuple[Note, ...]]:
    """The model at `path` with its scenario inside, as `bpsim` or `qbp`, and what could not be said, by element.

    Raises:
        ModelError: not exactly one model there.
        ScenarioError: no scenario, or a file that cannot be added to.
    """
    from bpm.exchange.bpsim import export_bpsim
    from bpm.exchange.qbp_out import export_qbp
    from bpm.service.simulate import one_procedure, scenario_of

    procedure = one_procedure(path)
    figures = scenario_of(procedure, scenario)
    assert procedure.process is not None
    return (export_bpsim if form == "bpsim" else export_qbp)(procedure.process, figures)


def split_name(text: str) -> tuple[str, str | None]:
    """`FILE#ID` in its two parts; a name without `#` names no scenario."""
    name, mark, id = text.rpartition("#")
    return (name, id) if mark and name else (text, None)


def _read(content: dict[str, object], notes: tuple[Note, ...], path: str) -> Scenario:
    try:
        scenario = read_scenario(content, path, time_zone=settings().timezone)
    except ScenarioError as error:
        raise ScenarioError(error.code, error.message, path=path, line=error.line, element=error.element) from None
    return replace(scenario, notes=(*notes, *scenario.notes))
