"""A step changes nothing: no outcome, no message and no duty rests on what it does.

What it finds
A step that is not in the backward slice of any outcome (end event), message or duty: nobody who matters for these
reads what it records, and no choice between ends depends on it. Left alone are steps that a norm demands or that are
protected, that do something outside the case (send, pay, print, hand over, delete), and that collect data from people
(BU02). Only steps whose results are recorded (li:writes) are looked at: if a later step records none, it could be the
reader, and the step is undecided.

Why it costs
Working time and waiting in every case, for a note that nobody opens.

When to keep the step
Its result is used outside the procedure - statistics, an audit, a register - or a norm demands it. Then record that.

Example
A co-signature leaves a note; the decision is taken the same way whatever the note says.

Source
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination); Weiser: Program slicing,
1981.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.dataflow import DataFlow
from bpm.analyser.effects import acts_outward
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.likeness import titles
from bpm.model.process import Task

DE = """Ein Schritt bewirkt nichts: weder ein Ausgang noch eine Nachricht noch eine Pflicht hängt an dem, was er tut.

Was gefunden wird
Ein Schritt, auf dem rückwärts gesehen kein Ausgang (Ende), keine Nachricht und keine Pflicht ruht: was er festhält,
liest niemand, der dafür zählt, und keine Weiche zwischen Ausgängen hängt daran. Außen vor bleiben Schritte, die eine
Norm verlangt oder die geschützt sind, die außerhalb des Falls etwas tun (versenden, zahlen, drucken, aushändigen,
löschen) und die Angaben von Menschen erheben (BU02). Nur Schritte mit erfassten Ergebnissen (li:writes) zählen: hat
ein späterer Schritt keine erfasst, könnte er der Leser sein, und der Schritt bleibt unentschieden.

Warum es kostet
Arbeits- und Wartezeit in jedem Fall, für einen Vermerk, den niemand aufschlägt.

Wann es bleiben soll
Das Ergebnis wird außerhalb des Verfahrens gebraucht - Statistik, Prüfung, Register - oder eine Norm verlangt es. Dann
gehört das ins Modell.

Beispiel
Eine Mitzeichnung hinterlässt einen Vermerk; entschieden wird gleich, was auch immer darin steht.

Quelle
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination); Weiser: Program slicing,
1981.
"""

ASKED = ("citizen", "business")


@check(
    code="RS02",
    family="step",
    severity="warning",
    basis="heuristic",
    title={"de": "Schritt ohne Wirkung", "en": "step without effect"},
)
def find_steps_without_effect(given: Given) -> Iterator[Outcome]:
    """One finding per step, in the order of the model."""
    for flow in given.dataflows:
        recorded = [step for step in flow.graph.steps() if step.facts.writes and flow.recorded(step.id)]
        if not recorded:
            if flow.graph.steps():
                yield Skipped(reason=NOTHING, element=flow.graph.process.id, path=given.path)
            continue
        reachable = flow.graph.reachable()
        for step in recorded:
            if step.id in flow.needed or step.id not in reachable or acts_outward(step) or _collects(step):
                continue
            if silent := flow.possible_reader(step.id):
                yield _undecided(given, flow, step, silent)
            else:
                yield _finding(given, flow, step)


NOTHING = {
    "de": "kein Schritt hat erfasst, welche Daten er schreibt",
    "en": "no step records which data it writes",
}


def _collects(step: Task) -> bool:
    return any(use.origin in ASKED for use in step.facts.writes)


def _undecided(given: Given, flow: DataFlow, step: Task, silent: str) -> Skipped:
    names = (titles(flow.graph, (step.id,)), titles(flow.graph, (silent,)))
    return Skipped(
        reason={
            "de": f"{names[0]}: bei {names[1]} ist nicht erfasst, ob das Ergebnis gebraucht wird",
            "en": f"{names[0]}: {names[1]} does not record whether the result is used",
        },
        element=step.id,
        path=given.path,
    )


def _finding(given: Given, flow: DataFlow, step: Task) -> Finding:
    written = sorted(flow.writes(step.id))
    readers = sorted(
        {reader for item in written for reader in flow.readers(step.id, item)}, key=lambda one: flow.graph.order[one]
    )
    name = titles(flow.graph, (step.id,))
    items = ", ".join(f"»{item}«" for item in written)
    german = f"was er festhält ({items}), ändert keinen Ausgang"
    english = f"what it records ({items}) changes no outcome"
    return Finding(
        code="RS02",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(step.id,),
        message={
            "de": f"An {name} hängt kein Ausgang, keine Nachricht und keine Pflicht: {german}.",
            "en": f"No outcome, message or duty rests on {name}: {english}.",
        },
        question={
            "de": "Was wäre anders, wenn dieser Schritt fehlte, und wer würde es merken?",
            "en": "What would be different without this step, and who would notice?",
        },
        evidence={
            "writes": written,
            "readers": readers,
            "slice": {"outcomes": len(flow.outcomes), "messages": len(flow.messages), "duties": len(flow.duties)},
        },
        remedy=Remedy("board", ({"do": "remove", "element": step.id},)),
        line=step.line,
    )
