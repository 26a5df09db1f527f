"""One person does several steps in a row that could be one.

What it finds
A figure of a process rather than an alarm: runs of steps of people in one role, each directly after the one before,
with nobody else and no wait in between. One finding per process, at the runs, with their number. Left out: steps that
law may want apart (a norm that says must, a deadline, a principle, a protected step), steps that can be interrupted or
repeated, and runs of which roles or data are not recorded.

Why it costs
Each step is a task of its own to take up, to open and to close, and looks like a station where none is.

When to keep the step
The steps are done on different days, are counted apart, need different rights, or the next one may be done by a
colleague.

Example
"Open the file", "enter the address" and "close the file" are three tasks of the same clerk.

Source
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task composition).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.adjacent import described, following, loose, previous
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.dataflow import DataFlow
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.likeness import role, titles
from bpm.analyser.remedies import offer
from bpm.model.edit.steps import MergeSteps
from bpm.model.graph import Graph
from bpm.model.process import Task, UserTask

DE = """Eine Person erledigt mehrere Schritte hintereinander, die einer sein könnten.

Was gefunden wird
Eher eine Kennzahl des Ablaufs als ein Alarm: Folgen von Schritten derselben Stelle, die Menschen direkt hintereinander
erledigen, ohne dass dazwischen jemand anderes an der Reihe ist oder gewartet wird. Ein Hinweis je Ablauf, an den
Folgen, mit ihrer Zahl. Außen vor bleiben Schritte, die das Recht getrennt wollen kann (Muss-Norm, Frist, Prinzip,
geschützter Schritt), solche, die unterbrochen oder wiederholt werden können, und Folgen ohne erfasste Stellen oder
Daten.

Warum es kostet
Jeder Schritt ist eine eigene Aufgabe, die man aufnimmt, öffnet und abschließt, und sieht nach einer Station aus, wo
keine ist.

Wann es bleiben soll
Die Schritte geschehen an verschiedenen Tagen, werden getrennt gezählt, brauchen verschiedene Rechte, oder den nächsten
kann eine Kollegin oder ein Kollege übernehmen.

Beispiel
»Akte öffnen«, »Anschrift eintragen« und »Akte schließen« sind drei Aufgaben derselben Sachbearbeitung.

Quelle
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task composition).
"""


@check(
    code="RS09",
    family="step",
    severity="info",
    basis="heuristic",
    title={"de": "Zusammenlegbare Schritte", "en": "composition"},
)
def find_compositions(given: Given) -> Iterator[Outcome]:
    """One finding per process that has such runs."""
    for flow in given.dataflows:
        yield from _in_process(given, flow)


def _in_process(given: Given, flow: DataFlow) -> Iterator[Outcome]:
    graph = flow.graph
    runs: list[list[Task]] = []
    silent: dict[str, None] = {}
    taken: set[str] = set()
    for step in graph.steps():
        if step.id in taken or not loose(graph, step):
            continue
        run = _run(flow, step, silent)
        before = previous(graph, step)
        if len(run) > 1 and (before is None or not _goes_on(flow, before, step)):
            runs.append(run)
            taken.update(node.id for node in run)
    if silent:
        yield Skipped(
            reason={
                "de": f"Stelle oder Daten sind nicht erfasst bei: {titles(graph, silent)}",
                "en": f"role or data are not recorded at: {titles(graph, silent)}",
            },
            element=graph.process.id,
            path=given.path,
        )
    if runs:
        yield _finding(given, graph, runs)


def _run(flow: DataFlow, first: Task, silent: dict[str, None]) -> list[Task]:
    """The steps of one role from `first` on with nothing between them."""
    found = [first]
    while True:
        behind = following(flow.graph, found[-1])
        if behind is None or not loose(flow.graph, behind) or behind in found:
            return found
        unknown = [node.id for node in (found[-1], behind) if not described(flow, node)]
        if unknown:
            silent.update(dict.fromkeys(unknown))
            return found
        if not _goes_on(flow, found[-1], behind):
            return found
        found.append(behind)


def _goes_on(flow: DataFlow, first: Task, second: Task) -> bool:
    """Whether one person can go on with the second step: same role, both recorded, nothing ties them apart."""
    graph = flow.graph
    known = described(flow, first) and described(flow, second) and loose(graph, first) and loose(graph, second)
    return known and first.type == second.type and role(graph, first) == role(graph, second)


def _finding(given: Given, graph: Graph, runs: list[list[Task]]) -> Finding:
    steps = [node for run in runs for node in run]
    edits = [MergeSteps(elements=(run[0].id, run[1].id)) for run in runs if _one_form(run[0], run[1])]
    remedy = offer(given, graph, *edits) if edits else None
    return Finding(
        code="RS09",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=tuple(node.id for node in steps),
        message={
            "de": f"{len(steps)} Schritte in {len(runs)} Folgen erledigt dieselbe Stelle direkt hintereinander: "
            f"{titles(graph, (node.id for node in steps))}.",
            "en": f"{len(steps)} steps in {len(runs)} runs are done by one role directly one after the other: "
            f"{titles(graph, (node.id for node in steps))}.",
        },
        question={
            "de": "Welche davon würde niemand vermissen, wenn sie ein Arbeitsgang wären?",
            "en": "Which of them would nobody miss if they were one piece of work?",
        },
        evidence={
            "runs": [[node.id for node in run] for run in runs],
            "roles": [role(graph, run[0]) for run in runs],
            "steps": len(steps),
        },
        remedy=remedy or Remedy("note"),
        line=steps[0].line,
    )


def _one_form(first: Task, second: Task) -> bool:
    """Whether one form is enough: two forms become one by people, not by an edit."""
    forms = {node.form for node in (first, second) if isinstance(node, UserTask) and node.form}
    return len(forms) < 2
