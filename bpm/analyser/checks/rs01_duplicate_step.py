"""The same step is done twice in one case.

What it finds
Two steps of the same role with the same data read and written and (nearly) the same label, one after the other on one
path, while nothing in between changes the data and nobody waits. Of two messages, the words for the way they take
(letter, inbox, mail) do not count. Steps in branches of which a case takes only one do
not count, nor does a step that comes again because of a loop. Required or protected steps are left out.

Why it costs
The work is done twice, and where the second result differs somebody has to find out which one holds.

When to keep the step
A norm asks for the second step, another person has to do it, or the repetition protects against a known error.

Example
The approval is mailed before booking and once more after it, with the same data; the offer of a place goes out as a
letter and as a message.

Source
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination).
"""

from __future__ import annotations

import re
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
einem Weg hintereinander, ohne dass dazwischen etwas an den Daten geändert oder gewartet wird. Bei zwei Mitteilungen
zählen Wörter für den Weg (Brief, Postfach, E-Mail) nicht mit. Schritte in Zweigen, von denen ein Fall nur einen nimmt,
zählen nicht, ebenso wenig ein Schritt, der wegen einer Schleife wiederkommt.
Vorgeschriebene und geschützte Schritte bleiben außen vor.

Warum es kostet
Die Arbeit geschieht doppelt, und wo das zweite Ergebnis abweicht, muss jemand klären, welches gilt.

Wann es bleiben soll
Eine Norm verlangt den zweiten Schritt, eine andere Person muss ihn tun, oder er schützt vor einem bekannten Fehler.

Beispiel
Die Genehmigung wird vor der Buchung gemailt und danach noch einmal mit denselben Angaben; die Zusage eines Platzes geht
als Brief und als Nachricht hinaus.

Quelle
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination).
"""

WAYS = re.compile(
    r"(per|als|ins|im|by|as|via|schriftlich|elektronisch|digital|online|papier|post|postalisch|postweg|brief|briefpost|mail|"
    r"mailen|e|email|sms|fax|nachricht|mitteilung|postfach|portal|letter|inbox|message|mailbox|paper)"
)
"""Words for the way a message takes, as `words` levels them."""


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


def _alike(first: Task, second: Task) -> float:
    """How much two labels say the same; of messages without the words for their way, if something is left."""
    plain = similarity(first.name, second.name)
    if first.type != "sendTask" or second.type != "sendTask":
        return plain
    said = [" ".join(word for word in words(step.name) if not WAYS.fullmatch(word)) for step in (first, second)]
    # what is left must say more than that something is sent
    return max(plain, similarity(*said)) if all(len(text.split()) > 1 for text in said) else plain


def _in_process(given: Given, graph: Graph) -> Iterator[Outcome]:
    groups: dict[Hashable, list[Task]] = {}
    for step in graph.steps():
        data = (reads(step), writes(step))
        key = (role(graph, step), data, None if any(data) else words(step.name))
        groups.setdefault(key, []).append(step)
    for first, second in pairs(graph, groups):
        if _alike(first, second) < SAME or required(second):
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
            "similarity": round(_alike(first, second), 2),
        },
        remedy=offer(given, graph, RemoveStep(element=second.id, keeps=first.id)),
        line=second.line,
    )
