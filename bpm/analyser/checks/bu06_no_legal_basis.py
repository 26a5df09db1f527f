"""A step or rule rests on nothing, or on law that is no longer in force.

What it finds
A step or a rule of a table of which it is recorded that it has no source (`citation="keine"`, or the principle of habit
alone), or all of whose recorded sources went out of force before the date of law of the model. Where nothing is
recorded there is a question to the department and no finding. A rule that another one of its table with the same
conditions has followed, and one that never applies anyway, are left alone.

Why it costs
Somebody keeps to it, explains it and can lose in court over it, because nobody asked when the law changed.

When to keep the step
The norm was renewed and only the date is old, a transitional rule still holds for old cases, or it is a service that
needs no law.

Example
The threshold of 80 cm still stands in the table, its ordinance ended on 30 December 2025.

Source
Reservation of statutory powers (Art. 20 (3) of the Basic Law); Red Tape Challenge (UK, 2011).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given, TableAt
from bpm.analyser.likeness import titles
from bpm.analyser.rows import dated
from bpm.analyser.validity import cite, in_force, law_date, names_source
from bpm.model.decision import Rule
from bpm.model.graph import Graph
from bpm.model.process import LegalBasis, Task

DE = """Ein Schritt oder eine Regel ruht auf nichts, oder auf Recht, das nicht mehr gilt.

Was gefunden wird
Ein Schritt oder eine Zeile einer Tabelle, für die erfasst ist, dass es keine Grundlage gibt (`citation="keine"` oder
allein der Grundsatz der Gewohnheit), oder deren erfasste Grundlagen alle vor dem Rechtsstand des Modells außer Kraft
traten. Wo nichts erfasst ist, steht eine Frage an die Fachstelle und keine Feststellung. Eine Zeile, der in ihrer
Tabelle eine andere mit denselben Bedingungen nachfolgt, und eine, die ohnehin nie zum Zug kommt, bleiben unberührt.

Warum es kostet
Jemand hält sich daran, erklärt es und kann darüber einen Prozess verlieren, weil beim Ändern des Rechts niemand
nachfragte.

Wann es bleiben soll
Die Norm wurde erneuert und nur das Datum ist alt, eine Übergangsregel gilt für Altfälle, oder es ist ein Dienst, der
kein Gesetz braucht.

Beispiel
Die Schwelle von 80 cm steht noch in der Tabelle, ihre Verordnung endete am 30. Dezember 2025.

Quelle
Vorbehalt des Gesetzes (Art. 20 Abs. 3 GG); Red Tape Challenge (Vereinigtes Königreich, 2011).
"""

HABIT = "gewohnheit"
"""The principle "we have always done so"."""


@check(
    code="BU06",
    family="burden",
    severity="warning",
    basis="heuristic",
    title={"de": "Ohne geltende Rechtsgrundlage", "en": "no legal basis"},
)
def find_missing_bases(given: Given) -> Iterator[Outcome]:
    """One finding per step, then one per table and reason."""
    day = law_date(given)
    if day is None and _ends(given):
        yield Skipped(
            reason={
                "de": "kein Rechtsstand erfasst; ob Normen noch gelten, ist nicht zu sagen",
                "en": "no date of law recorded; whether norms are still in force cannot be said",
            },
            path=given.path,
        )
    for graph in given.graphs:
        for node in graph.steps():
            bases = node.facts.legal_bases
            habit = node.facts.step is not None and HABIT in node.facts.step.principles
            if (bases or habit) and not in_force(bases, day):
                yield _of_step(given, graph, node, day)
    for at in given.tables:
        yield from _of_table(given, at, day)


def _ends(given: Given) -> bool:
    steps = (basis for process in given.processes for node in process.nodes for basis in node.facts.legal_bases)
    rules = (basis for at in given.tables for rule in dated(at) for basis in rule.legal_bases)
    return any(basis.valid_to for bases in (steps, rules) for basis in bases)


def _why(bases: tuple[LegalBasis, ...], day: str | None) -> tuple[str, dict[str, str]]:
    ended = [basis for basis in bases if names_source(basis)]
    if not ended:
        return "none", {"de": "erfasst ist, dass es keine Grundlage gibt", "en": "it is recorded that it has no source"}
    last = max(basis.valid_to or "" for basis in ended)
    return "ended", {
        "de": f"{cite(ended)} galt bis {last}, Rechtsstand ist {day}",
        "en": f"{cite(ended)} was in force until {last}, the date of law is {day}",
    }


def _of_step(given: Given, graph: Graph, node: Task, day: str | None) -> Finding:
    bases, name = node.facts.legal_bases, titles(graph, (node.id,))
    reason, why = _why(bases, day)
    return Finding(
        code="BU06",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(node.id,),
        message={"de": f"{name}: {why['de']}.", "en": f"{name}: {why['en']}."},
        question=QUESTION,
        evidence=_evidence(bases, reason, day),
        remedy=Remedy("board"),
        identity=(reason, *(basis.citation for basis in bases)),
        line=node.line,
    )


def _of_table(given: Given, at: TableAt, day: str | None) -> Iterator[Finding]:
    rules = dated(at)
    groups: dict[tuple[str | None, ...], list[int]] = {}
    for number, rule in enumerate(rules, 1):
        if not rule.legal_bases or in_force(rule.legal_bases, day):
            continue
        if _followed(rule, rules, day) or (at.model.path, at.owner, rule.line, number) in given.needless:
            continue
        key = tuple(text for basis in rule.legal_bases for text in (basis.citation, basis.valid_to))
        groups.setdefault(key, []).append(number)
    for numbers in groups.values():
        bases = rules[numbers[0] - 1].legal_bases
        listed, (reason, why) = ", ".join(map(str, numbers)), _why(bases, day)
        yield Finding(
            code="BU06",
            basis="heuristic",
            path=at.model.path,
            procedure=given.key,
            element_ids=(at.owner,),
            decision=at.owner,
            rules=tuple(numbers),
            message={
                "de": f"„{at.name}“, Zeile {listed}: {why['de']}.",
                "en": f"{at.name!r}, rule {listed}: {why['en']}.",
            },
            question=QUESTION,
            evidence=_evidence(bases, reason, day),
            remedy=Remedy("board"),
            identity=tuple(at.content(number) for number in numbers),
            line=rules[numbers[0] - 1].line,
        )


def _followed(rule: Rule, rules: list[Rule], day: str | None) -> bool:
    """Whether another rule with the same conditions, whose source is in force, has taken its place."""
    cells = [" ".join(cell.split()) for cell in rule.inputs]
    return any(
        other is not rule
        and [" ".join(cell.split()) for cell in other.inputs] == cells
        and bool(in_force(other.legal_bases, day))
        for other in rules
    )


def _evidence(bases: tuple[LegalBasis, ...], reason: str, day: str | None) -> dict[str, object]:
    return {
        "reason": reason,
        "law_as_of": day,
        "sources": [{"citation": it.citation, "valid_from": it.valid_from, "valid_to": it.valid_to} for it in bases],
    }


QUESTION = {
    "de": "Welche geltende Norm verlangt das - und was geschähe, wenn es entfiele?",
    "en": "Which norm in force demands this - and what would happen if it went?",
}
