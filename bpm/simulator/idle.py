"""Event sub-processes that nothing in a scenario ever triggers: they are left out, aloud."""

from __future__ import annotations

from dataclasses import replace

from bpm.model.process import Event, Process, SubProcess
from bpm.model.scenario import Note, Scenario


def without_idle(process: Process, scenario: Scenario) -> tuple[Process, list[Note]]:
    """The process without event sub-processes for which the scenario says no time and that have no timer of their own:
    like boundary events without a time they never occur. Others stay, and are refused where they cannot be played."""
    idle: set[str] = set()
    notes = []
    for node in process.nodes:
        if not isinstance(node, SubProcess) or not node.triggered_by_event:
            continue
        starts = [n for n in process.nodes if isinstance(n, Event) and n.parent == node.id and n.type == "startEvent"]
        timed = any(definition.kind == "timer" for start in starts for definition in start.definitions)
        if timed or any(start.id in scenario.events for start in starts):
            continue
        idle.add(node.id)
        why = "Ereignis-Teilprozess ohne Zeitangabe tritt in der Simulation nie ein"
        notes.append(Note(node.id, "event_distribution", None, None, why))
    if not idle:
        return process, []
    grown = True
    while grown:
        inside = {node.id for node in process.nodes if node.parent in idle} - idle
        idle |= inside
        grown = bool(inside)
    nodes = tuple(node for node in process.nodes if node.id not in idle)
    flows = tuple(flow for flow in process.flows if flow.source not in idle and flow.target not in idle)
    return replace(process, nodes=nodes, flows=flows), notes
