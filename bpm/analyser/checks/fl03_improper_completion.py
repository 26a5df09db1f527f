"""One flow can carry two tokens at once: the steps behind it run twice for one case.

What it finds
A reachable state in which the same sequence flow holds two tokens, or the same sub-process runs twice at once. The
trace is a shortest way there. Several ends of parallel branches are proper, and so is an end event that several
branches reach one after the other; an end that terminates the rest does so on purpose. A non-interrupting event is
taken to occur at most once per case.

Why it costs
Steps behind that point are done twice, letters go out twice, and the case may be counted as ended while work goes on.

When to keep the step
The two rounds are wanted, and the steps behind them know how to tell them apart.

Example
A parallel gateway opens two branches, an exclusive gateway joins them: each branch goes on alone, the decision is
sent twice.

Source
van der Aalst et al.: Soundness of workflow nets, 2011 (safeness, proper completion); BPMN 2.0.2, 10.5.3 and 13.4.
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

DE = """Ein Weg kann zwei Marken zugleich tragen: die Schritte dahinter laufen in einem Fall doppelt.

Was gefunden wird
Ein erreichbarer Stand, in dem derselbe Sequenzfluss zwei Marken trägt oder derselbe Teilprozess zweimal zugleich läuft.
Gezeigt wird ein kürzester Weg dorthin. Mehrere Enden paralleler Zweige sind in Ordnung, ebenso ein Ende, das mehrere
Zweige nacheinander erreichen; ein Ende, das alles Übrige abbricht, tut das mit Absicht. Ein nicht unterbrechendes
Ereignis tritt für diese Prüfung höchstens einmal je Fall ein.

Warum es kostet
Die Schritte dahinter werden zweimal erledigt, Schreiben gehen zweimal hinaus, und der Fall gilt womöglich schon als
beendet, während noch gearbeitet wird.

Wann es bleiben soll
Die zwei Durchläufe sind gewollt, und die Schritte dahinter können sie auseinanderhalten.

Beispiel
Eine parallele Verzweigung öffnet zwei Zweige, eine exklusive führt sie zusammen: der Bescheid geht zweimal hinaus.

Quelle
van der Aalst u. a.: Soundness of workflow nets, 2011 (Sicherheit, sauberes Ende); BPMN 2.0.2, 10.5.3 und 13.4.
"""


@check(
    code="FL03",
    family="flow",
    severity="error",
    basis="proof",
    title={"de": "Doppelter Durchlauf", "en": "improper completion"},
)
def find_double_tokens(given: Given) -> Iterator[Outcome]:
    """One finding per process: the first place that two tokens can share, in breadth-first order."""
    for verdict in given.verdicts:
        if verdict.unsafe is None:
            if verdict.skipped:
                yield Skipped(reason=verdict.skipped, element=verdict.process, path=given.path)
            continue
        process = next(process for process in given.processes if process.id == verdict.process)
        (place,) = verdict.unsafe.at
        flow = next((flow for flow in process.flows if flow.id == place), None)
        nodes = {node.id: node for node in process.nodes}
        where = nodes.get(flow.source if flow is not None else place)
        name = (where.name or where.id) if where is not None else place
        yield Finding(
            code="FL03",
            basis="proof",
            path=given.path,
            procedure=given.key,
            element_ids=tuple(dict.fromkeys((place, *((where.id,) if where is not None else ())))),
            message={
                "de": f"Ab »{name}« kann derselbe Fall zweimal nebeneinander weiterlaufen.",
                "en": f"From »{name}« on, one case can go on twice at the same time.",
            },
            question={
                "de": "Sollen die Zweige hier aufeinander warten, oder soll wirklich alles Folgende doppelt geschehen?",
                "en": "Should the branches wait for each other here, or is all that follows meant to happen twice?",
            },
            evidence={"trace": list(verdict.unsafe.trace), "shortest": verdict.unsafe.shortest},
            remedy=_remedy(given, process, where.id if where is not None else place),
            line=flow.line if flow is not None else (where.line if where is not None else None),
        )


def _remedy(given: Given, process: Process, place: str) -> Remedy | None:
    """Let the exclusive join from which two tokens go on wait for both, if that makes the process sound."""
    graph = next((it for it in given.graphs if it.process is process), None) or Graph(process)
    if place not in graph.nodes or graph.nodes[place].type != "exclusiveGateway" or len(graph.outgoing[place]) != 1:
        return None
    return repair(given, graph, (ChangeGateway(element=place, kind=kind) for kind in ("parallel", "inclusive")))
