"""An activity that no case can ever reach.

What it finds
A task, sub-process or call activity that is never enabled, whatever the data and events: no path leads to it, or the
paths end before it (for example behind a join that never opens). Activities that are dead only because one before them
is dead are listed with it. Compensation handlers and the content of ad-hoc processes are not counted. A branch that is
rarely taken is not dead.

Why it costs
It is drawn, maintained and discussed, and readers believe that it is done.

When to keep the step
The way to it is about to be built, or another model starts it.

Example
A task without an incoming flow beside a start event; a task behind a parallel join of exclusive branches.

Source
van der Aalst et al.: Soundness of workflow nets, 2011 (no dead transitions); BPMN 2.0.2, chapter 13.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.remedies import offer
from bpm.model.edit.steps import RemoveStep
from bpm.model.graph import Graph

DE = """Ein Schritt, den kein Fall je erreicht.

Was gefunden wird
Eine Aufgabe, ein Teilprozess oder ein aufgerufener Prozess, der bei keinen Daten und Ereignissen an die Reihe kommt:
kein Weg führt hin, oder die Wege enden vorher (etwa hinter einer Zusammenführung, die sich nie öffnet). Schritte, die
nur deshalb tot sind, weil einer davor tot ist, stehen bei diesem. Kompensationen und der Inhalt von Ad-hoc-Prozessen
zählen nicht. Ein selten gegangener Weg ist nicht tot.

Warum es kostet
Er wird gezeichnet, gepflegt und besprochen, und wer das Modell liest, glaubt, dass er geschieht.

Wann es bleiben soll
Der Weg dorthin wird gerade gebaut, oder ein anderes Modell startet den Schritt.

Beispiel
Eine Aufgabe ohne Zugang neben einem Startereignis; eine Aufgabe hinter der parallelen Zusammenführung exklusiver
Zweige.

Quelle
van der Aalst u. a.: Soundness of workflow nets, 2011 (keine toten Transitionen); BPMN 2.0.2, Kapitel 13.
"""


@check(
    code="FL04", family="flow", severity="warning", basis="proof", title={"de": "Toter Schritt", "en": "dead activity"}
)
def find_dead_activities(given: Given) -> Iterator[Outcome]:
    """One finding per group of dead activities, at those that come first."""
    for verdict in given.verdicts:
        if reason := verdict.skipped or verdict.partial:
            yield Skipped(reason=reason, element=verdict.process, path=given.path)
            continue
        if not verdict.dead:
            continue
        process = next(process for process in given.processes if process.id == verdict.process)
        graph = next((it for it in given.graphs if it.process is process), None) or Graph(process)
        following = _following(graph, verdict.dead)
        for node in (node for node in verdict.dead if node not in {n for group in following.values() for n in group}):
            cause = _cause(graph, node)
            name = graph.nodes[node].name or node
            yield Finding(
                code="FL04",
                basis="proof",
                path=given.path,
                procedure=given.key,
                element_ids=(node, *following.get(node, ())),
                message={
                    "de": f"»{name}« kommt in keinem Fall an die Reihe.",
                    "en": f"»{name}« is never reached in any case.",
                },
                question={
                    "de": "Fehlt ein Weg hierher, oder kann der Schritt weg?",
                    "en": "Is a way to it missing, or can the step go?",
                },
                evidence={"trace": [], "cause": cause},
                remedy=None if _cause(graph, node) else offer(given, graph, RemoveStep(element=node)),
                line=graph.nodes[node].line,
            )


def _following(graph: Graph, dead: tuple[str, ...]) -> dict[str, list[str]]:
    """Dead activity -> the dead ones that come after it and are not already listed with an earlier one."""
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    firsts = sorted(dead, key=lambda node: -len(graph.after(node) & set(dead)))
    for node in firsts:
        if node in taken:
            continue
        after = [other for other in dead if other in graph.after(node) and other not in taken and other not in found]
        if after:
            found[node] = after
            taken.update(after)
    return found


def _cause(graph: Graph, node: str) -> list[str]:
    """The nearest nodes before it from which no token arrives; empty: nothing leads to it."""
    container = graph.nodes[node].parent
    before = [flow.source for flow in graph.incoming[node]]
    return before or ([container] if container in graph.nodes and graph.nodes[node] in graph.starts(container) else [])
