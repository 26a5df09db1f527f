"""A case can get stuck: steps wait for each other and nothing can happen any more.

What it finds
A reachable state of a process in which something is still open, but no step, event or gateway can go on. The trace is a
shortest way there. Every outcome of a guard counts as possible, unless an earlier guard on the same datum rules it out
and no step in between may have changed it; every event may occur.

Why it costs
The case never ends. Somebody has to notice, search and repair it by hand, and the citizen waits meanwhile.

When to keep the step
The guards can never combine in the way of the trace. Then say so in the model: use one gateway for one decision.

Example
An exclusive gateway opens two branches, a parallel gateway joins them: it waits for the branch that was not chosen.

Source
van der Aalst et al.: Soundness of workflow nets, 2011; BPMN 2.0.2, chapter 13 (execution semantics).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.remedies import repair
from bpm.model.edit.steps import ChangeGateway
from bpm.model.graph import Graph
from bpm.model.process import Process

DE = """Ein Fall kann stecken bleiben: Schritte warten aufeinander, und nichts geht mehr weiter.

Was gefunden wird
Ein erreichbarer Stand eines Ablaufs, in dem noch etwas offen ist, aber kein Schritt, kein Ereignis und keine
Verzweigung weiterkann. Gezeigt wird ein kürzester Weg dorthin. Jeder Ausgang einer Bedingung gilt als möglich, es sei
denn, eine frühere Bedingung an dieselbe Angabe schließt ihn aus und kein Schritt dazwischen kann sie geändert haben;
jedes Ereignis kann eintreten.

Warum es kostet
Der Fall endet nie. Jemand muss ihn bemerken, suchen und von Hand richten; so lange warten die Bürgerinnen und Bürger.

Wann es bleiben soll
Die Bedingungen können nie so zusammentreffen wie auf dem gezeigten Weg. Dann gehört das ins Modell: eine Entscheidung,
eine Verzweigung.

Beispiel
Eine exklusive Verzweigung öffnet zwei Zweige, eine parallele führt sie zusammen: sie wartet auf den nicht gewählten.

Quelle
van der Aalst u. a.: Soundness of workflow nets, 2011; BPMN 2.0.2, Kapitel 13 (Ausführungssemantik).
"""


@check(code="FL01", family="flow", severity="error", basis="proof", title={"de": "Sackgasse", "en": "deadlock"})
def find_deadlocks(given: Given) -> Iterator[Outcome]:
    """One finding per process: its first deadlock in breadth-first order."""
    for verdict in given.verdicts:
        if verdict.deadlock is None:
            if reason := verdict.skipped or verdict.partial:
                yield Skipped(reason=reason, element=verdict.process, path=given.path)
            continue
        process = next(process for process in given.processes if process.id == verdict.process)
        nodes = {node.id: node for node in process.nodes}
        at = verdict.deadlock.at
        names = ", ".join(f"»{nodes[node].name or node}«" for node in at if node in nodes)
        yield Finding(
            code="FL01",
            basis="proof",
            path=given.path,
            procedure=given.key,
            element_ids=at,
            message={
                "de": f"Der Ablauf kann stecken bleiben: bei {names} ist noch etwas offen, aber nichts geht weiter.",
                "en": f"The process can get stuck: something is open at {names}, but nothing can go on.",
            },
            question={
                "de": "Wie soll der Fall an dieser Stelle weitergehen?",
                "en": "How is the case meant to go on from here?",
            },
            evidence={"trace": list(verdict.deadlock.trace), "shortest": verdict.deadlock.shortest},
            remedy=_remedy(given, process, at),
            line=next((nodes[node].line for node in at if node in nodes), None),
        )


def _remedy(given: Given, process: Process, at: tuple[str, ...]) -> Remedy | None:
    """Let a join that waits for ever join in another way, if that makes the process sound."""
    graph = next((it for it in given.graphs if it.process is process), None) or Graph(process)
    joins = [node for node in at if node in graph.nodes and graph.nodes[node].type == "parallelGateway"]
    joins = [node for node in joins if len(graph.outgoing[node]) == 1]
    return repair(
        given, graph, (ChangeGateway(element=node, kind=kind) for node in joins for kind in ("exclusive", "inclusive"))
    )
