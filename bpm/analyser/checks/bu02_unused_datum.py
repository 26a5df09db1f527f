"""People are asked for something that nobody uses.

What it finds
A step that records a datum as given by a citizen or a business although no later step, rule, condition or message of
the procedure reads it. Steps that a hearing or another protected purpose demands are left alone, since what is said
there is heard, not processed. Only recorded data count: if a step further on records none, it could be the reader,
and the datum is undecided.

Why it costs
Each question costs minutes of all who apply, has to be explained and kept safe, and may not be asked at all if it is
not needed for the purpose.

When to keep the step
The datum is used outside the procedure: in a register, for statistics ordered by law, by a court. Then record who
reads it.

Example
The registration of a dog asks for its name; neither the tax nor any letter depends on it.

Source
GDPR Art. 5(1)(c) (data minimisation); Sunstein: Sludge audits, 2020.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.dataflow import DataFlow
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.likeness import titles
from bpm.analyser.protected import protection
from bpm.model.process import FlowNode

DE = """Menschen werden nach etwas gefragt, das niemand verwendet.

Was gefunden wird
Ein Schritt, bei dem eine Angabe von Bürgerinnen, Bürgern oder Unternehmen erfasst ist, die kein späterer Schritt, keine
Regel, keine Bedingung und keine Nachricht des Verfahrens liest. Was in einer Anhörung oder zu einem anderen geschützten
Zweck gesagt wird, bleibt unberührt: das wird gehört, nicht verarbeitet. Nur erfasste Daten zählen: hat ein Schritt
weiter hinten keine erfasst, könnte er der Leser sein, und die Angabe bleibt unentschieden.

Warum es kostet
Jede Frage kostet alle, die einen Antrag stellen, Minuten, muss erklärt und geschützt werden und darf gar nicht gestellt
werden, wenn der Zweck sie nicht braucht.

Wann es bleiben soll
Die Angabe wird außerhalb des Verfahrens gebraucht: in einem Register, für eine angeordnete Statistik, vor Gericht. Dann
gehört ins Modell, wer sie liest.

Beispiel
Die Anmeldung eines Hundes fragt nach seinem Namen; weder die Steuer noch ein Schreiben hängt davon ab.

Quelle
DSGVO Art. 5 Abs. 1 Buchst. c (Datenminimierung); Sunstein: Sludge audits, 2020.
"""

ASKED = ("citizen", "business")


@check(
    code="BU02",
    family="burden",
    severity="warning",
    basis="heuristic",
    title={"de": "Ungenutzte Angabe", "en": "unused datum"},
)
def find_unused_data(given: Given) -> Iterator[Outcome]:
    """One finding per asking step, in the order of the model."""
    for flow in given.dataflows:
        steps = flow.graph.steps()
        if steps and not any(use.how == "write" for uses in flow.uses.values() for use in uses):
            yield Skipped(
                reason={
                    "de": "kein Schritt hat erfasst, welche Angaben woher kommen",
                    "en": "no step records which data come from where",
                },
                element=flow.graph.process.id,
                path=given.path,
            )
            continue
        for node in flow.graph.process.nodes:
            items = [] if protection(node) is not None else _unused(flow, node)
            if not items:
                continue
            if silent := flow.possible_reader(node.id):
                yield _undecided(given, flow, node, items, silent)
            else:
                yield _finding(given, flow, node, items)


def _unused(flow: DataFlow, node: FlowNode) -> list[str]:
    asked = dict.fromkeys(use.item for use in flow.uses.get(node.id, ()) if use.how == "write" and use.origin in ASKED)
    return [item for item in asked if not any(use.how == "read" for use in flow.items[item])]


def _undecided(given: Given, flow: DataFlow, node: FlowNode, items: list[str], silent: str) -> Skipped:
    listed, name = ", ".join(items), titles(flow.graph, (silent,))
    return Skipped(
        reason={
            "de": f"{listed}: bei {name} ist nicht erfasst, welche Daten gelesen werden",
            "en": f"{listed}: {name} does not record which data it reads",
        },
        element=node.id,
        path=given.path,
    )


def _finding(given: Given, flow: DataFlow, node: FlowNode, items: list[str]) -> Finding:
    name, listed = titles(flow.graph, (node.id,)), ", ".join(items)
    return Finding(
        code="BU02",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(node.id,),
        message={
            "de": f"{name} fragt nach {listed}; kein Schritt, keine Regel und keine Nachricht verwendet das.",
            "en": f"{name} asks for {listed}; no step, rule or message uses it.",
        },
        question={
            "de": "Wer liest diese Angabe, und was würde ohne sie anders entschieden?",
            "en": "Who reads this datum, and what would be decided otherwise without it?",
        },
        evidence={"items": items, "reads": [], "documents": [document.name for document in node.facts.documents]},
        remedy=Remedy("note"),
        identity=tuple(sorted(items)),
        line=node.line,
    )
