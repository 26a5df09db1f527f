"""A check is made again although nothing it looks at has changed.

What it finds
On one path, two business rule tasks that evaluate the same decision, or two steps of the same role that are called
checks, look at the same data and ask the same thing - and between them nothing writes these data and nobody waits. A
check that comes again because of a loop does not count. The second check is left out if a norm that says "must" asks
for it (four eyes, payment) or if it is protected. A gateway that asks once more for a result already there is
routing, not a check.

Why it costs
The second answer is known before it is given. It takes time, and people rely on each other: each check is done with
less care.

When to keep the step
A norm asks for two persons, the data may have changed outside the procedure, or the second check has a purpose of its
own.

Example
The cost limit is evaluated before the co-signatures and once more after them, with the same amount.

Source
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (control relocation, task elimination).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.likeness import (
    UNRECORDED,
    inputs_of,
    pairs,
    reads,
    required,
    role,
    says_check,
    similarity,
    subject,
    titles,
    unchanged,
    writes,
)
from bpm.analyser.remedies import offer
from bpm.model.edit.steps import RemoveStep
from bpm.model.graph import Graph
from bpm.model.process import BusinessRuleTask, Task

DE = """Eine Prüfung wird wiederholt, obwohl sich nichts geändert hat, worauf sie sieht.

Was gefunden wird
Auf einem Weg zwei Regelaufgaben mit derselben Entscheidung oder zwei Schritte derselben Stelle, die Prüfung heißen,
dieselben Daten lesen und dasselbe fragen - und dazwischen ändert nichts diese Daten, und niemand wartet. Eine
Prüfung, die wegen einer Schleife wiederkommt, zählt nicht. Die zweite Prüfung bleibt außen vor, wenn eine Muss-Norm
sie verlangt (vier Augen, Zahlung) oder sie geschützt ist. Eine Verzweigung, die ein vorhandenes Ergebnis nochmals
abfragt, ist keine Prüfung.

Warum es kostet
Die zweite Antwort steht fest, bevor sie gegeben wird. Sie kostet Zeit, und man verlässt sich aufeinander: jede Prüfung
wird weniger sorgfältig.

Wann es bleiben soll
Eine Norm verlangt zwei Personen, die Daten können sich außerhalb des Verfahrens geändert haben, oder die zweite Prüfung
dient einem eigenen Zweck.

Beispiel
Die Kostengrenze wird vor den Mitzeichnungen ausgewertet und danach mit demselben Betrag noch einmal.

Quelle
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (control relocation, task elimination).
"""

ALIKE = 0.8
"""From this similarity on two checks are about the same thing."""


@check(
    code="RS05",
    family="step",
    severity="warning",
    basis="heuristic",
    title={"de": "Wiederholte Prüfung", "en": "repeated check"},
)
def find_repeated_checks(given: Given) -> Iterator[Outcome]:
    """One finding per pair, the earlier check first, in the order of the model."""
    for graph in given.graphs:
        yield from _in_process(given, graph)


def _in_process(given: Given, graph: Graph) -> Iterator[Outcome]:
    groups: dict[Hashable, list[Task]] = {}
    for step in graph.steps():
        if isinstance(step, BusinessRuleTask) and step.decision:
            groups.setdefault(step.decision, []).append(step)
        elif says_check(step.name):
            unknown = None if reads(step) else subject(step.name)
            groups.setdefault((role(graph, step), reads(step), unknown), []).append(step)
    for first, second in pairs(graph, groups):
        if required(second):
            continue
        items = _compared(given, first, second)
        if items is None:
            continue
        path, decided = unchanged(graph, first.id, second.id, items)
        if not items or not decided:
            yield Skipped(
                reason=UNRECORDED if items else _nothing(graph, first, second), element=second.id, path=given.path
            )
        elif path is not None:
            yield _finding(given, graph, first, second, path, items)


def _compared(given: Given, first: Task, second: Task) -> frozenset[str] | None:
    """The data both checks of a group look at; None if they do not ask the same thing."""
    if isinstance(first, BusinessRuleTask) and isinstance(second, BusinessRuleTask):
        if reads(first) and reads(second) and reads(first) != reads(second):
            return None
        return inputs_of(given, first) | inputs_of(given, second)
    return reads(first) if _same_question(first, second) else None


def _same_question(first: Task, second: Task) -> bool:
    left, right = subject(first.name), subject(second.name)
    if writes(first) and writes(second) and writes(first) != writes(second) and left != right:
        return False
    if bool(writes(first)) and writes(first) == writes(second):
        return True
    return left == right or similarity(left, right) >= ALIKE


def _nothing(graph: Graph, first: Task, second: Task) -> dict[str, str]:
    names = titles(graph, (first.id, second.id))
    return {
        "de": f"{names}: es ist nicht erfasst, welche Daten geprüft werden",
        "en": f"{names}: the data that are checked are not recorded",
    }


def _finding(
    given: Given, graph: Graph, first: Task, second: Task, path: tuple[str, ...], items: frozenset[str]
) -> Finding:
    return Finding(
        code="RS05",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(first.id, second.id),
        message={
            "de": f"{titles(graph, (second.id,))} prüft noch einmal, was {titles(graph, (first.id,))} geprüft hat.",
            "en": f"{titles(graph, (second.id,))} checks once more what {titles(graph, (first.id,))} has checked.",
        },
        question={
            "de": "Welchen Fehler hat die zweite Prüfung schon gefunden, den die erste nicht sah?",
            "en": "Which error did the second check find that the first one missed?",
        },
        evidence={"path": list(path), "reads": sorted(items), "role": role(graph, second)},
        remedy=offer(given, graph, RemoveStep(element=second.id, keeps=first.id)),
        line=second.line,
    )
