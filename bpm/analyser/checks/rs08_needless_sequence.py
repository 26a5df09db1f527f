"""Steps wait for each other although neither needs the other.

What it finds
Steps of people in different roles, each directly after the one before, of which none reads or changes what another
writes. Left out: steps whose order law may want (a norm that says must, a deadline, a principle, a protected step), and
steps that can be interrupted or repeated. Roles and data must be recorded, and it must be possible to draw the steps
side by side without a case getting stuck; else nothing is claimed.

Why it costs
The case lies in one office after the other: its time is the sum of both, and would be that of the longer one.

When to keep the step
The second office would work in vain on cases that the first one ends, an order exists that nobody recorded, or the
person asked first is meant to spare the second one the question.

Example
The tax office and the waste office are heard one after the other; neither looks at what the other said.

Source
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (parallelism, resequencing).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.adjacent import described, following, loose
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.dataflow import DataFlow
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.likeness import role, titles
from bpm.analyser.remedies import offer
from bpm.model.edit.steps import ParalleliseSteps
from bpm.model.graph import Graph
from bpm.model.process import Task

DE = """Schritte warten aufeinander, obwohl keiner den anderen braucht.

Was gefunden wird
Schritte von Menschen verschiedener Stellen, die direkt aufeinanderfolgen und von denen keiner liest oder ändert, was
ein anderer schreibt. Außen vor bleiben Schritte, deren Reihenfolge das Recht wollen kann (Muss-Norm, Frist, Prinzip,
geschützter Schritt), und solche, die unterbrochen oder wiederholt werden können. Stellen und Daten müssen erfasst sein,
und die Schritte müssen sich nebeneinander zeichnen lassen, ohne dass ein Fall stecken bleibt; sonst wird nichts
behauptet.

Warum es kostet
Der Fall liegt erst bei der einen, dann bei der anderen Stelle: er dauert so lange wie beide zusammen und könnte so
lange dauern wie die längere.

Wann es bleiben soll
Die zweite Stelle arbeitete umsonst an Fällen, die die erste beendet, eine Reihenfolge ist nur nicht erfasst, oder die
zuerst gefragte Stelle soll der zweiten die Frage ersparen.

Beispiel
Steueramt und Abfallwirtschaft werden nacheinander gehört; keines sieht an, was das andere gesagt hat.

Quelle
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (parallelism, resequencing).
"""


@check(
    code="RS08",
    family="step",
    severity="info",
    basis="heuristic",
    title={"de": "Unnötiges Nacheinander", "en": "needless sequence"},
)
def find_needless_sequences(given: Given) -> Iterator[Outcome]:
    """One finding per longest chain of steps that do not need each other, in the order of the model."""
    for flow in given.dataflows:
        yield from _in_process(given, flow)


def _in_process(given: Given, flow: DataFlow) -> Iterator[Outcome]:
    graph = flow.graph
    taken: set[str] = set()
    silent: list[str] = []
    for step in graph.steps():
        if step.id in taken:
            continue
        chain = _chain(flow, step, silent)
        while len(chain) > 1:
            remedy = offer(given, graph, ParalleliseSteps(elements=tuple(node.id for node in chain)))
            if remedy is not None:
                taken.update(node.id for node in chain)
                yield _finding(given, graph, chain, remedy)
                break
            chain = chain[:-1]
    if silent:
        yield Skipped(
            reason={
                "de": f"Stelle oder Daten sind nicht erfasst bei: {titles(graph, dict.fromkeys(silent))}",
                "en": f"role or data are not recorded at: {titles(graph, dict.fromkeys(silent))}",
            },
            element=graph.process.id,
            path=given.path,
        )


def _chain(flow: DataFlow, first: Task, silent: list[str]) -> list[Task]:
    """The longest chain from `first` on in which no step needs an earlier one."""
    found = [first]
    while loose(flow.graph, found[-1]):
        behind = following(flow.graph, found[-1])
        if behind is None or not loose(flow.graph, behind):
            break
        unknown = [node.id for node in (*found, behind) if not described(flow, node)]
        if unknown:
            silent += unknown
            break
        roles = {role(flow.graph, node) for node in found}
        if role(flow.graph, behind) in roles or any(flow.depends(node.id, behind.id) for node in found):
            break
        found.append(behind)
    return found


def _finding(given: Given, graph: Graph, chain: list[Task], remedy: Remedy) -> Finding:
    names = titles(graph, (node.id for node in chain))
    minutes = [node.facts.step.minutes if node.facts.step is not None else None for node in chain]
    known = [value for value in minutes if value is not None]
    return Finding(
        code="RS08",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=tuple(node.id for node in chain),
        message={
            "de": f"{names}: die Schritte warten aufeinander, obwohl keiner etwas vom anderen braucht.",
            "en": f"{names}: the steps wait for each other although neither needs anything from the other.",
        },
        question={
            "de": "Was spricht dagegen, diese Stellen zugleich zu beteiligen?",
            "en": "What speaks against asking these offices at the same time?",
        },
        evidence={
            "roles": [role(graph, node) for node in chain],
            "minutes": minutes,
            "saved_minutes_at_most": sum(known) - max(known) if len(known) == len(chain) else None,
        },
        remedy=remedy,
        line=chain[0].line,
    )
