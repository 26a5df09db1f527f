"""Something is written in a decision model that cannot be meant.

What it finds
A requirement that points to nothing, decisions that require themselves, and decisions that have the name of an input;
cells in another language than FEEL, that are no FEEL, or that call a function nobody defines; cells and results outside
the declared type or the allowed values of their column (a range counts if none of its values is allowed); forms of the
procedure that give an input another type, or let in values that are not allowed; figures that mean nothing. Where a
requirement leads into an imported file that was not handed over, nothing is said.

Why it costs
Deciding stops, or goes on with an empty value that no rule expected; the rest of the model is read as it stands.

When to keep the step
The defect changes no decision in this table only as long as no case reaches it. A row for a value that will be allowed
later may serve as a reminder; then allow the value, or keep the row in a draft.

Example
The column allows "RIT" and "KVR", a row asks for "RTI".

Source
DMN 1.5, 6.3 (requirements), 7.3 (types and allowed values), 8.3 (cells); comparable checks in KIE and dmn-check.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.defects import (
    Defect,
    callable_names,
    cycles,
    dangling,
    misfits,
    namesakes,
    unfit_forms,
    unreadable,
    unreadable_logic,
)
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.tables import MOST_RULES, names_of
from bpm.model.decision import BusinessKnowledgeModel, Decision, DecisionModel

DE = """In einem Entscheidungsmodell steht etwas, das so nicht gemeint sein kann.

Was gefunden wird
Ein Bedarf, der ins Leere zeigt, Entscheidungen, die sich selbst brauchen oder wie eine Eingabe heißen; Zellen in einer
anderen Sprache als FEEL, die kein FEEL sind oder eine Funktion rufen, die es nicht gibt; Zellen und Ergebnisse
außerhalb des angegebenen Typs oder der erlaubten Werte ihrer Spalte (ein Bereich zählt, wenn keiner seiner Werte
erlaubt ist); Formulare des Verfahrens, die einer Angabe einen anderen Typ geben oder Werte zulassen, die nicht erlaubt
sind; Angaben, die nichts bedeuten. Wo ein Bedarf in eine importierte Datei führt, die nicht mitgegeben wurde, wird
nichts gesagt.

Warum es kostet
Die Entscheidung hält an oder läuft mit einem leeren Wert weiter, mit dem keine Regel rechnet; der Rest des Modells wird
gelesen, wie er dasteht.

Wann es bleiben soll
Der Fehler ändert nur so lange in dieser Tabelle keine Entscheidung, wie ihn kein Fall erreicht. Eine Zeile für einen
Wert, der erst später zugelassen wird, kann der Erinnerung dienen; dann den Wert zulassen oder die Zeile im Entwurf
halten.

Beispiel
Die Spalte erlaubt „RIT“ und „KVR“, eine Zeile fragt nach „RTI“.

Quelle
DMN 1.5, 6.3 (Bedarf), 7.3 (Typen und erlaubte Werte), 8.3 (Zellen); vergleichbare Prüfungen in KIE und dmn-check.
"""

MOST = 100
"""Defects named per file; a file with more has one reason for most of them."""

QUESTIONS = {
    "outside": ("Ist der Wert verschrieben, oder fehlt er in der Liste?", "Is the value misspelt, or not in the list?"),
    "type": ("Welcher Typ ist hier gemeint?", "Which type is meant here?"),
    "cycle": ("Welche dieser Entscheidungen fällt zuerst?", "Which of these decisions comes first?"),
    "dangling": ("Was war hier gemeint, und wo steht es jetzt?", "What was meant here, and where is it now?"),
    "form": ("Was soll gelten: das Formular oder die Tabelle?", "Which shall apply: the form or the table?"),
    "name": ("Welche der beiden ist gemeint, wo der Name steht?", "Which of the two is meant where the name stands?"),
    "function": ("Welche Funktion ist gemeint?", "Which function is meant?"),
}


@check(
    code="RC12",
    family="rule",
    severity="error",
    basis="proof",
    title={"de": "Fehler im Entscheidungsmodell", "en": "Defect in the decision model"},
)
def find_defects(given: Given) -> Iterator[Outcome]:
    """One finding per place."""
    models = given.procedure.decisions
    by_namespace = {model.namespace: model for model in models}
    known = callable_names(models)
    for model in models:
        found = list(islice(_defects(given, model, by_namespace, known), MOST + 1))
        yield from (_finding(given, model, defect) for defect in found[:MOST])
        if len(found) > MOST:
            yield Skipped(
                reason={
                    "de": f"„{model.name}“ hat mehr als {MOST} Fehler; nicht alle sind genannt",
                    "en": f"{model.name!r} has more than {MOST} defects; not all are listed",
                },
                path=model.path,
            )


def _defects(
    given: Given, model: DecisionModel, others: dict[str, DecisionModel], known: frozenset[str]
) -> Iterator[Defect]:
    yield from dangling(model, others)
    yield from cycles(model)
    yield from namesakes(model)
    for problem in model.problems:
        said = {"de": f"Angabe ohne Bedeutung ({problem.message})", "en": f"meaningless entry ({problem.message})"}
        yield Defect("entry", problem.element, said, f"{problem.code} {problem.message}", line=problem.line)
    names = names_of(model)
    elements: tuple[Decision | BusinessKnowledgeModel, ...] = (*model.decisions, *model.knowledge)
    for element in elements:
        yield from unreadable_logic(element.id, element.logic, names, known)
    for at in given.tables:
        if at.model is model and len(at.table.rules) <= MOST_RULES:
            yield from unreadable(at, known)
            if not at.table.foreign:
                yield from misfits(at)
                yield from unfit_forms(given, at)


def _finding(given: Given, model: DecisionModel, defect: Defect) -> Finding:
    elements: tuple[Decision | BusinessKnowledgeModel, ...] = (*model.decisions, *model.knowledge)
    name = next((it.name for it in elements if it.id == defect.owner), "") or defect.owner or model.name
    row = "" if defect.rule is None else f", Zeile {defect.rule}"
    rule = "" if defect.rule is None else f", rule {defect.rule}"
    de, en = QUESTIONS.get(defect.kind, ("Was ist hier gemeint?", "What is meant here?"))
    return Finding(
        code="RC12",
        basis="proof",
        path=model.path,
        procedure=given.key,
        line=defect.line,
        element_ids=(*((defect.owner,) if defect.owner else ()), *defect.elements),
        decision=defect.owner if any(it.id == defect.owner for it in model.decisions) else None,
        rules=() if defect.rule is None else (defect.rule,),
        message={"de": f"„{name}“{row}: {defect.text['de']}.", "en": f"{name!r}{rule}: {defect.text['en']}."},
        question={"de": de, "en": en},
        evidence={"kind": defect.kind, **defect.evidence},
        remedy=Remedy("note"),
        identity=(defect.kind, defect.stable),
    )
