"""The data of a case go wrong on some path: a datum is missing, lost, changed at once, or not destroyed as planned.

What it finds
*Missing*: a rule or guard needs a datum that has no value yet on some path, or a step reads one that cannot have a
value on any. *Lost*: a value is overwritten before anybody could read it. *Inconsistent*: a step writes a datum while
another one uses it at the same time, so that chance decides what is seen. *Never or twice destroyed*: of data that some
step deletes, a path to an end without it, or with it twice, or on which it is read afterwards. Only recorded data
count; where a step that records none could heal the flaw, it is said to be undecided.

Why it costs
Rules give no result, people ask again for what was lost, and decisions rest on whichever value came first.

When to keep the step
The value comes from outside the model: then record where. Two writers at once may be wanted if they never concern the
same case part.

Example
The fee table needs the zone, but the zone is determined only on the way of first applications.

Source
Trčka, van der Aalst, Sidorova: Data-flow anti-patterns, 2009.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.dataflaws import Flaw, Flaws, Undecided
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.likeness import titles
from bpm.model.graph import Graph

DE = """Die Daten eines Falls geraten auf einem Weg durcheinander: eine Angabe fehlt, geht verloren, wird zugleich
geändert oder nicht wie vorgesehen gelöscht.

Was gefunden wird
*Fehlt*: eine Regel oder Bedingung braucht eine Angabe, die auf einem Weg noch keinen Wert hat, oder ein Schritt liest
eine, die auf keinem Weg einen haben kann. *Verloren*: ein Wert wird überschrieben, bevor ihn jemand lesen konnte.
*Widersprüchlich*: ein Schritt schreibt eine Angabe, während ein anderer sie zur selben Zeit verwendet; was er sieht,
entscheidet der Zufall. *Nie oder zweimal gelöscht*: bei Angaben, die ein Schritt löscht, ein Weg zu einem Ende ohne
oder mit doppeltem Löschen, oder einer, auf dem Gelöschtes noch gelesen wird. Nur erfasste Daten zählen; wo ein Schritt
ohne erfasste Daten es richten könnte, heißt es »nicht entschieden«.

Warum es kostet
Regeln geben kein Ergebnis, Verlorenes wird noch einmal erfragt, und Entscheidungen ruhen auf dem Wert, der zuerst kam.

Wann es bleiben soll
Der Wert kommt von außerhalb des Modells: dann gehört dazu, woher. Zwei zugleich Schreibende können gewollt sein, wenn
sie nie denselben Teil des Falls betreffen.

Beispiel
Die Gebührentabelle braucht die Zone, aber die Zone wird nur auf dem Weg der Erstanträge bestimmt.

Quelle
Trčka, van der Aalst, Sidorova: Data-flow anti-patterns, 2009.
"""

MESSAGES = {
    "missing": (
        "{first} braucht »{item}«, das dort noch keinen Wert haben kann.",
        "{first} needs »{item}«, which may have no value there yet.",
    ),
    "lost": (
        "Was {first} als »{item}« festhält, überschreibt {others}, bevor es jemand verwendet.",
        "What {first} records as »{item}« is overwritten by {others} before anybody uses it.",
    ),
    "inconsistent": (
        "{first} ändert »{item}«, während {others} es zur selben Zeit verwendet.",
        "{first} changes »{item}« while {others} uses it at the same time.",
    ),
    "never-destroyed": (
        "Der Fall kann bei {first} enden, ohne dass »{item}« gelöscht wurde; das tut sonst {others}.",
        "The case can end at {first} without »{item}« having been deleted, which {others} does elsewhere.",
    ),
    "destroyed-early": (
        "{first} braucht »{item}«, das {others} vorher gelöscht haben kann.",
        "{first} needs »{item}«, which {others} may have deleted before.",
    ),
    "destroyed-twice": (
        "»{item}« kann zweimal gelöscht werden, zuletzt bei {first}.",
        "»{item}« can be deleted twice, the second time at {first}.",
    ),
}
QUESTIONS = {
    "missing": (
        "Woher kommt diese Angabe auf dem gezeigten Weg?",
        "Where does this datum come from on the path shown?",
    ),
    "lost": ("Wozu wird der erste Wert erhoben?", "What is the first value taken for?"),
    "inconsistent": (
        "Welcher der beiden Schritte soll zuerst kommen?",
        "Which of the two steps is meant to come first?",
    ),
    "never-destroyed": (
        "Wer löscht die Angabe auf diesem Weg, und wann?",
        "Who deletes the datum on this path, and when?",
    ),
    "destroyed-early": (
        "Muss die Angabe so früh gelöscht werden, oder wird sie danach nicht mehr gebraucht?",
        "Must the datum be deleted this early, or is it not needed any more afterwards?",
    ),
    "destroyed-twice": ("Welches der beiden Löschen ist nötig?", "Which of the two deletions is needed?"),
}
WHY = {
    "unrecorded": (
        "»{item}«: bei {where} ist nicht erfasst, welche Daten verwendet werden",
        "»{item}«: {where} does not record which data it uses",
    ),
    "too-many": ("»{item}«: zu viele Zustände bei {where}", "»{item}«: too many states at {where}"),
    "foreign": ("ein Element wird nicht gedeutet (siehe FL01)", "an element is not interpreted (see FL01)"),
}


@check(
    code="FL05",
    family="flow",
    severity="warning",
    basis="proof",
    title={"de": "Fehler im Datenfluss", "en": "data-flow defect"},
)
def find_data_flow_defects(given: Given) -> Iterator[Outcome]:
    """One finding per flaw, by item; what could not be decided once per item."""
    for flow in given.dataflows:
        if not any(use.said != "guard" for uses in flow.uses.values() for use in uses):
            if flow.graph.steps():
                yield Skipped(
                    reason={
                        "de": "kein Schritt hat erfasst, welche Daten er liest oder schreibt",
                        "en": "no step records which data it reads or writes",
                    },
                    element=flow.graph.process.id,
                    path=given.path,
                )
            continue
        told: set[str] = set()
        for found in Flaws(flow).find():
            if isinstance(found, Flaw):
                yield _finding(given, flow.graph, found)
            elif found.item not in told:
                told.add(found.item)
                yield _undecided(given, flow.graph, found)


def _undecided(given: Given, graph: Graph, found: Undecided) -> Skipped:
    where = titles(graph, (found.element,)) if found.element in graph.nodes else found.element
    german, english = (text.format(item=found.item, where=where) for text in WHY[found.why])
    return Skipped(reason={"de": german, "en": english}, element=found.element, path=given.path)


def _finding(given: Given, graph: Graph, flaw: Flaw) -> Finding:
    words = {
        "item": flaw.item,
        "first": titles(graph, flaw.elements[:1]),
        "others": titles(graph, flaw.elements[1:]),
    }
    german, english = (text.format(**words) for text in MESSAGES[flaw.kind])
    question = QUESTIONS[flaw.kind]
    return Finding(
        code="FL05",
        basis="proof",
        path=given.path,
        procedure=given.key,
        element_ids=flaw.elements,
        message={"de": german, "en": english},
        question={"de": question[0], "en": question[1]},
        evidence={"kind": flaw.kind, "item": flaw.item, "path": list(flaw.path)},
        identity=(flaw.kind, flaw.item),
        line=graph.nodes[flaw.elements[0]].line,
    )
