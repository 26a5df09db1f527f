"""A decision table has no rule for cases that can come in.

What it finds
Inputs within the allowed values that no rule of a table meets and no default answers. The boxes of the finding are the
largest such regions; `complete` tells whether they are all of it. Where forms alone write an input, only what they
offer counts. Tables that collect results without adding them up answer an empty list there and are left alone, and a
row that hands the case to a person answers. A missing (null) input is a question of its own and no gap.

Why it costs
A case without a rule stops at somebody's desk: it is sent round, decided by habit, or an automatic step fails.

When to keep the step
The missing case cannot occur for a reason outside the model (then write it down as allowed values), or it is meant to
be decided by a person (then add a row that hands it over, with li:handover and the reason). The proof is about this
model; how many cases it concerns is measured, or not recorded.

Example
A fee for "up to 12" and for "more than 12 to 24" months, none for longer ones.

Source
Calvanese, Dumas, Laurson, Maggi: Semantics and analysis of DMN decision tables, 2016 (missing rules).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bpm.analyser import unboxed
from bpm.analyser.boxes import Gaps, gaps
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given, TableAt
from bpm.analyser.offers import as_offered
from bpm.analyser.tableremedies import closed
from bpm.analyser.tables import Geometry, NotBoxes

DE = """Eine Entscheidungstabelle hat für mögliche Fälle keine Regel.

Was gefunden wird
Eingaben innerhalb der erlaubten Werte, auf die keine Regel der Tabelle passt und für die kein Standardergebnis steht.
Genannt werden die größten solchen Bereiche; `complete` sagt, ob das alle sind. Wo allein Formulare eine Angabe
schreiben, zählt nur, was sie anbieten. Tabellen, die Ergebnisse nur sammeln, antworten dort mit einer leeren Liste und
bleiben außer Betracht, und eine Zeile, die den Fall an einen Menschen gibt, ist eine Antwort. Eine fehlende Angabe
(null) ist eine eigene Frage und keine Lücke.

Warum es kostet
Ein Fall ohne Regel bleibt auf einem Schreibtisch liegen: Er wird herumgereicht, nach Gewohnheit entschieden, oder ein
automatischer Schritt scheitert.

Wann es bleiben soll
Der fehlende Fall kann aus einem Grund außerhalb des Modells nicht vorkommen (dann gehört er in die erlaubten Werte),
oder ein Mensch soll ihn entscheiden (dann fehlt die Zeile, die ihn übergibt, mit li:handover und Begründung). Der
Beweis gilt für dieses Modell; wie viele Fälle es trifft, ist gemessen oder nicht erfasst.

Beispiel
Eine Gebühr für „bis 12“ und für „über 12 bis 24“ Monate, keine für längere Laufzeiten.

Quelle
Calvanese, Dumas, Laurson, Maggi: Semantics and analysis of DMN decision tables, 2016 (missing rules).
"""

ANSWERS_NOTHING_WELL = {"COLLECT", "RULE ORDER", "OUTPUT ORDER"}
"""Hit policies for which no match is an answer, unless the results are summed up or compared."""


@check(
    code="RC01",
    family="rule",
    severity="warning",
    basis="proof",
    title={"de": "Fälle ohne Regel", "en": "Cases without a rule"},
)
def find_gaps(given: Given) -> Iterator[Outcome]:
    """One finding per table, with the largest boxes that no rule covers and one example."""
    for at, shape in given.geometries:
        table = at.table
        if table.outputs and all(clause.default for clause in table.outputs):
            continue
        if table.hit_policy in ANSWERS_NOTHING_WELL and table.aggregation not in {"SUM", "MIN", "MAX"}:
            continue
        if isinstance(shape, NotBoxes):
            yield from unboxed.find_gap(given, at, shape)
            continue
        narrowed = as_offered(given, shape)
        found = gaps(shape.boxes)
        if found.exists is None:
            yield Skipped(
                reason={"de": f"„{at.name}“ ist zu groß", "en": f"{at.name!r} is too large"}, element=at.owner
            )
            continue
        if found.exists and narrowed is not shape:
            all_boxes, found = found.boxes, gaps(narrowed.boxes)
            if found.exists is False:
                yield _only_unoffered(at, shape.texts(all_boxes[0]))
        if found.exists:
            yield _finding(given, shape, narrowed, found)


def _only_unoffered(at: TableAt, box: Mapping[str, str]) -> Skipped:
    """Cases without a rule that no form lets in are no gap, but are said."""
    shown = ", ".join(f"{name}: {tests}" for name, tests in box.items())
    return Skipped(
        reason={
            "de": f"„{at.name}“ hat nur für Werte keine Regel, die kein Formular anbietet ({shown})",
            "en": f"{at.name!r} lacks rules only for values that no form offers ({shown})",
        },
        element=at.owner,
        path=at.model.path,
    )


def _finding(given: Given, whole: Geometry, shape: Geometry, found: Gaps) -> Finding:
    """`shape` is the table for what forms let in, `whole` the table as it stands."""
    at = shape.at
    example = shape.example(found.boxes[0])
    case = ", ".join(f"{name} = {_shown(value)}" for name, value in example.items())
    pairs = zip(shape.boxes.columns, whole.boxes.columns, strict=True)
    bounds = {
        entry.expression: sorted({offer.form for offer in given.offers[entry.expression]})
        for entry, before in pairs
        if entry is not before
    }
    return Finding(
        code="RC01",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.line,
        element_ids=(at.owner,),
        decision=at.owner,
        message={
            "de": f"„{at.name}“ hat für manche Fälle keine Regel, zum Beispiel für {case}.",
            "en": f"{at.name!r} has no rule for some cases, for example for {case}.",
        },
        question={
            "de": "Kommt dieser Fall vor, und was soll dann gelten?",
            "en": "Does this case occur, and what should apply then?",
        },
        evidence={
            "exists": True,
            "boxes": [shape.texts(box) for box in found.boxes],
            "complete": found.complete,
            "example": example,
            **({"forms": bounds} if bounds else {}),
        },
        remedy=closed(given, shape, found.boxes),
    )


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
