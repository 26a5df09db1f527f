"""A table asks for an input on which its decision does not depend.

What it finds
Inputs of a table such that any two cases that differ only in this input get the same result: the column is all dashes,
or its conditions cancel each other out. Proven over all allowed values; a missing (null) input counts only where a cell
names it. Inputs that can have one value only, and inputs that occur in a result formula, are left alone. Each input is
judged by itself: of two that repeat each other both may be spared, but not together.

Why it costs
Somebody asks for it, types it in, proves it, and stores it, and no decision needs it.

When to keep the step
To leave the input out changes no decision in this table. It may still serve another table, the reasons given, a fee,
statistics, or evidence that it was looked at; or a rule that uses it is about to come.

Example
A fee by duration that also asks for the district, with the same fee in every district.

Source
DMN 1.5, 8.2 (decision tables); irrelevance of an input as independence of a function of one of its arguments.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from bpm.analyser.boxes import Budget, Column
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given, TableAt
from bpm.analyser.relevance import Deciding, is_irrelevant
from bpm.analyser.suppliers import suppliers
from bpm.analyser.tableremedies import without_input
from bpm.analyser.tables import Geometry, NotBoxes, names_in, output_of, priorities

DE = """Eine Tabelle fragt nach einer Angabe, von der ihre Entscheidung nicht abhängt.

Was gefunden wird
Eingaben einer Tabelle, bei denen je zwei Fälle, die sich nur darin unterscheiden, dasselbe Ergebnis bekommen: Die
Spalte enthält nur Striche, oder ihre Bedingungen heben sich auf. Bewiesen über alle erlaubten Werte; eine fehlende
Angabe (null) zählt nur, wo eine Zelle sie nennt. Eingaben, die nur einen Wert haben können oder in einer Formel des
Ergebnisses vorkommen, bleiben außer Betracht. Jede Eingabe ist für sich beurteilt: Von zweien, die einander
wiederholen, ist jede entbehrlich, aber nicht beide zugleich.

Warum es kostet
Jemand fragt danach, tippt sie ein, belegt und speichert sie, und keine Entscheidung braucht sie.

Wann es bleiben soll
Die Eingabe wegzulassen ändert in dieser Tabelle keine Entscheidung. Sie kann trotzdem einer anderen Tabelle, der
Begründung, einer Gebühr, der Statistik oder dem Nachweis dienen, dass sie geprüft wurde; oder eine Regel, die sie
braucht, steht bevor.

Beispiel
Eine Gebühr nach Laufzeit, die auch nach dem Stadtbezirk fragt, mit gleicher Gebühr in jedem Bezirk.

Quelle
DMN 1.5, 8.2 (Entscheidungstabellen); Unabhängigkeit einer Funktion von einem ihrer Argumente.
"""

NOTHING = ("nothing",)


@check(
    code="RC08",
    family="rule",
    severity="info",
    basis="proof",
    title={"de": "Angabe ohne Einfluss", "en": "Irrelevant input"},
)
def find_irrelevant(given: Given) -> Iterator[Outcome]:
    """One finding per input, with who supplies it."""
    for at, shape in given.geometries:
        if not at.table.rules or not at.table.inputs:
            continue
        if isinstance(shape, NotBoxes):
            yield shape.skipped
            continue
        deciding = _deciding(shape)
        if deciding is None:
            continue
        budget = Budget()
        for position, entry in enumerate(shape.boxes.columns):
            if _has_one_value(entry) or _is_in_a_formula(shape, entry):
                continue
            irrelevant = is_irrelevant(shape.boxes, position, deciding, budget=budget)
            if irrelevant:
                yield _finding(given, at, entry)
            elif irrelevant is None:
                yield Skipped(
                    reason={
                        "de": f"„{at.name}“ ist zu verflochten; ab „{entry.expression}“ ist nicht entschieden",
                        "en": f"{at.name!r} is too entangled; undecided from the input {entry.expression!r} on",
                    },
                    element=at.owner,
                    path=at.model.path,
                )
                break


def _deciding(shape: Geometry) -> Deciding | None:
    """How the table decides; None where an output is no FEEL or a priority is not known."""
    table = shape.at.table
    if any(cell[0] == "text" for row in shape.outputs for cell in row):
        return None
    order: tuple[int, ...] = tuple(range(len(table.rules)))
    if table.hit_policy == "PRIORITY":
        ranks = [rank for rank in priorities(shape) if rank is not None]
        if len(ranks) != len(order):
            return None
        order = tuple(sorted(order, key=lambda rule: (ranks[rule], rule)))
    defaults = [clause.default for clause in table.outputs]
    nothing: Hashable = NOTHING
    if defaults and all(defaults) and table.hit_policy != "COLLECT":
        nothing = tuple(output_of(text or "") for text in defaults)
    return Deciding(table.hit_policy, shape.outputs, nothing, order)


def _has_one_value(entry: Column) -> bool:
    """Nothing else can come in: that is the model's word, and no question about this input."""
    return (
        entry.exists & (entry.exists - 1) == 0
        and bool(entry.bounds)
        and all(interval.is_point for interval in entry.domain().intervals)
    )


def _is_in_a_formula(shape: Geometry, entry: Column) -> bool:
    table = shape.at.table
    formulas = [cell[1] for row in shape.outputs for cell in row if cell[0] == "formula"]
    formulas += [
        found[1] for found in (output_of(it.default or "null") for it in table.outputs) if found[0] != "constant"
    ]
    if not formulas:
        return False
    own = names_in(entry.expression)
    return any(isinstance(formula, str) or own & names_in(formula) for formula in formulas)


def _finding(given: Given, at: TableAt, entry: Column) -> Finding:
    clause = next(it for it in at.table.inputs if " ".join(it.expression.split()) == entry.expression)
    label = clause.label or entry.expression
    supplied = suppliers(given, at, entry.expression)
    return Finding(
        code="RC08",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=clause.line or at.table.line,
        element_ids=(at.owner,),
        decision=at.owner,
        message={
            "de": f"„{at.name}“: Die Angabe „{label}“ ändert in dieser Tabelle keine Entscheidung.",
            "en": f"{at.name!r}: the input {label!r} changes no decision in this table.",
        },
        question={
            "de": "Wozu wird diese Angabe noch gebraucht?",
            "en": "What else is this input needed for?",
        },
        evidence={"input": entry.expression, "supplied_by": supplied},
        remedy=without_input(given, at, "RC08", entry.expression),
        identity=(entry.expression,),
    )
