"""A case can go round for ever: work goes on, but no end can be reached any more.

What it finds
A reachable state of a process from which no end is reachable, although nothing is stuck: something can always happen,
and whatever is chosen, the case comes round again. Shown are a shortest way into the loop and one round of it. Every
outcome of a guard counts as possible; a loop that has a way out, however seldom it is taken, is no finding.

Why it costs
The case is never over. It is worked on again and again and never decided, and it is missing in every count of open
and closed cases.

When to keep the step
The process is meant to run for ever (a standing duty, no case), or it is ended from outside. Then draw that end: an
event with its own way out, or an end event that terminates.

Example
Of two branches one ends, the other returns a file for completion and asks for it again, without a way to give up.

Source
van der Aalst et al.: Soundness of workflow nets, 2011 (option to complete); BPMN 2.0.2, chapter 13.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given

DE = """Ein Fall kann sich ewig im Kreis drehen: es wird gearbeitet, aber kein Ende ist mehr erreichbar.

Was gefunden wird
Ein erreichbarer Stand eines Ablaufs, von dem aus kein Ende mehr zu erreichen ist, obwohl nichts feststeckt: immer kann
noch etwas geschehen, und wie man auch wählt, der Fall kommt wieder vorbei. Gezeigt werden ein kürzester Weg hinein und
eine Runde. Jeder Ausgang einer Bedingung gilt als möglich; eine Schleife mit einem Ausweg, und sei er noch so selten,
wird nicht gemeldet.

Warum es kostet
Der Fall ist nie zu Ende. Er wird immer wieder bearbeitet und nie entschieden, und in jeder Zählung offener und
abgeschlossener Fälle fehlt er.

Wann es bleiben soll
Der Ablauf soll ewig laufen (eine Daueraufgabe, kein Fall), oder er wird von außen beendet. Dann gehört dieses Ende ins
Bild: ein Ereignis mit eigenem Ausweg oder ein Ende, das alles abbricht.

Beispiel
Von zwei Zweigen endet einer, der andere gibt die Akte zur Ergänzung zurück und fordert sie wieder an, ohne Ausweg.

Quelle
van der Aalst u. a.: Soundness of workflow nets, 2011 (Option zu enden); BPMN 2.0.2, Kapitel 13.
"""


@check(code="FL02", family="flow", severity="error", basis="proof", title={"de": "Endlosschleife", "en": "livelock"})
def find_livelocks(given: Given) -> Iterator[Outcome]:
    """One finding per process: its first trap in breadth-first order, with a shortest round inside it."""
    for verdict in given.verdicts:
        trap = verdict.livelock
        if trap is None:
            if reason := verdict.skipped or verdict.partial:
                yield Skipped(reason=reason, element=verdict.process, path=given.path)
            continue
        process = next(process for process in given.processes if process.id == verdict.process)
        round_trip = tuple(node.id for node in process.nodes if node.id in trap.loop)
        nodes = {node.id: node for node in process.nodes}
        named = [node for node in dict.fromkeys(trap.loop) if nodes[node].name] or list(round_trip)
        names = ", ".join(f"»{nodes[node].name or node}«" for node in named)
        yield Finding(
            code="FL02",
            basis="proof",
            path=given.path,
            procedure=given.key,
            element_ids=round_trip,
            message={
                "de": f"Der Ablauf kann sich ewig im Kreis drehen ({names}); kein Ende ist dann mehr zu erreichen.",
                "en": f"The process can go round for ever ({names}); no end can be reached then.",
            },
            question={
                "de": "Wann und durch wen soll ein Fall diese Runde verlassen?",
                "en": "When, and by whom, is a case meant to leave this round?",
            },
            evidence={
                "trace": [*trap.trace, *trap.approach],
                "loop": list(trap.loop),
                "no_end_after": len(trap.trace),
                "shortest": trap.shortest,
            },
            line=next((nodes[node].line for node in round_trip), None),
        )
