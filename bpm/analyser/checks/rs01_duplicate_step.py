"""The same step is done twice in one case.

What it finds
Two steps of the same role with the same data read and written and (nearly) the same label, one after the other on one
path, while nothing in between changes the data and nobody waits. Steps in branches of which a case takes only one do
not count, nor does a step that comes again because of a loop. Required or protected steps are left out.

Why it costs
The work is done twice, and where the second result differs somebody has to find out which one holds.

When to keep the step
A norm asks for the second step, another person has to do it, or the repetition protects against a known error.

Example
The approval is mailed before booking and once more after it, with the same data.

Source
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.likeness import (
    SAME,
    UNRECORDED,
    pairs,
    reads,
    required,
    role,
    similarity,
    titles,
    unchanged,
    words,
    writes,
)
from bpm.analyser.remedies import offer
from bpm.model.edit.steps import RemoveStep
from bpm.model.graph import Graph
from bpm.model.process import Task

DE = """Derselbe Schritt geschieht in einem Fall zweimal.

Was gefunden wird
Zwei Schritte derselben Stelle mit denselben gelesenen und geschriebenen Daten und (fast) derselben Bezeichnung, auf
einem Weg hintereinander, ohne dass dazwischen etwas an den Daten geändert oder gewartet wird. Schritte in Zweigen,
von denen ein Fall nur einen nimmt, zählen nicht, ebenso wenig ein Schritt, der wegen einer Schleife wiederkommt.
Vorgeschriebene und geschützte Schritte bleiben außen vor.

Warum es kostet
Die Arbeit geschieht doppelt, und wo das zweite Ergebnis abweicht, muss jemand klären, welches gilt.

Wann es bleiben soll
Eine Norm verlangt den zweiten Schritt, eine andere Person muss ihn tun, oder er schützt vor einem bekannten Fehler.

Beispiel
Die Genehmigung wird vor der Buchung gemailt und danach noch einmal mit denselben Angaben.

Quelle
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination).
"""


@check(
    code="RS01",
    family="step",
    severity="warning",
    basis="heuristic",
    title={"de": "Doppelter Schritt", "en": "duplicate step"},
)
def find_duplicate_steps(given: Given) -> Iterator[Outcome]:
    """One finding per pair of like steps, in the order of the model."""
    for graph in given.graphs:
        yield from _in_process(given, graph)


def _in_process(given: Given, graph: Graph) -> Iterator[Outcome]:
    groups: dict[Hashable, list[Task]] = {}
    for step in graph.steps():
        data = (reads(step), writes(step))
        key = (role(graph, step), data, None if any(data) else words(step.name))
        groups.setdefault(key, []).append(step)
    for first, second in pairs(graph, groups):
        if similarity(first.name, second.name) < SAME or required(second):
            continue
        items = reads(first)
        if not items and not writes(first):
            yield Skipped(
                reason={
                    "de": f"{titles(graph, (first.id, second.id))}: gelesene und geschriebene Daten sind nicht erfasst",
                    "en": f"{titles(graph, (first.id, second.id))}: data read and written are not recorded",
                },
                element=second.id,
                path=given.path,
            )
            continue
        path, decided = unchanged(graph, first.id, second.id, items)
        if not decided:
            yield Skipped(reason=UNRECORDED, element=second.id, path=given.path)
        elif path is not None:
            yield _finding(given, graph, first, second, path)


def _finding(given: Given, graph: Graph, first: Task, second: Task, path: tuple[str, ...]) -> Finding:
    return Finding(
        code="RS01",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(first.id, second.id),
        message={
            "de": f"{titles(graph, (first.id, second.id))}: zweimal derselbe Schritt mit denselben Angaben.",
            "en": f"{titles(graph, (first.id, second.id))}: the same step with the same data, twice in one case.",
        },
        question={
            "de": "Was ginge verloren, wenn der zweite Schritt entfällt?",
            "en": "What would be lost without the second step?",
        },
        evidence={
            "path": list(path),
            "role": role(graph, first),
            "reads": sorted(reads(first)),
            "writes": sorted(writes(first)),
            "similarity": round(similarity(first.name, second.name), 2),
        },
        remedy=offer(given, graph, RemoveStep(element=second.id, keeps=first.id)),
        line=second.line,
    )
