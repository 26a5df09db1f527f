"""A rule with a dash takes cases away from a rule that names them precisely.

What it finds
Under PRIORITY and FIRST: a rule that restricts every input, some of whose cases go to a stronger rule which leaves one
of these inputs open (a dash, or all allowed values) and gives another result. The reader finds the precise rule and
takes it for the answer. A rule that loses all its cases is unreachable, which is a question of its own; rules whose
legal bases are never in force on one day do not meet.

Why it costs
Clerks and applicants read the row that fits best and get an answer that does not apply; the error shows in the
objection.

When to keep the step
The wide rule is a ground that always comes first, such as a refusal for every case, and people know it. To narrow the
precise rule to the cases it decides changes no decision in this table and says what the order hides; as it stands it
may still serve as the text of the norm.

Example
PRIORITY: "over 500 euro, any department: management", "department RIT, 100 to 900 euro: team lead".

Source
DMN 1.5, 8.2.8 (PRIORITY); the check of this name in KIE's analysis of decision tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.boxes import Boxes, Budget, common, cover, neighbours
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.rows import stronger
from bpm.analyser.tableremedies import moved
from bpm.analyser.tables import Geometry, NotBoxes, differ, in_force_together, output_texts, priorities

DE = """Eine Regel mit Strich nimmt einer Regel Fälle weg, die diese genau benennt.

Was gefunden wird
Unter PRIORITY und FIRST: eine Regel, die jede Eingabe einschränkt, deren Fälle aber zum Teil an eine stärkere Regel
gehen, die eine dieser Eingaben offen lässt (Strich oder alle erlaubten Werte) und ein anderes Ergebnis gibt. Wer liest,
findet die genaue Zeile und hält sie für die Antwort. Eine Regel, die alle ihre Fälle verliert, ist eine eigene Frage;
Regeln, deren Rechtsgrundlagen an keinem Tag zugleich gelten, begegnen sich nicht.

Warum es kostet
Sachbearbeitung und Antragstellende lesen die Zeile, die am besten passt, und damit eine Antwort, die nicht gilt; der
Irrtum zeigt sich im Widerspruch.

Wann es bleiben soll
Die weite Zeile ist ein Grund, der immer vorgeht, etwa eine Ablehnung für alle Fälle, und das ist bekannt. Die genaue
Zeile auf die Fälle zu kürzen, die sie entscheidet, ändert in dieser Tabelle keine Entscheidung und sagt, was die
Reihenfolge verbirgt; so wie sie steht, kann sie weiter als Wortlaut der Norm dienen.

Beispiel
PRIORITY: „über 500 Euro, jedes Referat: Leitung“, „Referat RIT, 100 bis 900 Euro: Teamleitung“.

Quelle
DMN 1.5, 8.2.8 (PRIORITY); die gleichnamige Prüfung in der Tabellenanalyse von KIE.
"""

WORK = 100_000
"""Looks at a box that one table may cost."""

MOST_NAMED = 10
"""Stronger rules that one finding names."""


@check(
    code="RC06",
    family="rule",
    severity="info",
    basis="proof",
    title={"de": "Irreführende Regel", "en": "Misleading rule"},
)
def find_misleading(given: Given) -> Iterator[Outcome]:
    """One finding per precise rule; `rules` is that one first, then those that override it."""
    for at, shape in given.geometries:
        if at.table.hit_policy not in {"FIRST", "PRIORITY"} or len(at.table.rules) < 2:
            continue
        if isinstance(shape, NotBoxes):
            yield shape.skipped
            continue
        ranks = priorities(shape) if at.table.hit_policy == "PRIORITY" else None
        open_in = _open_inputs(shape.boxes)
        budget = Budget(WORK)
        for rule, near in neighbours(shape.boxes):
            if open_in[rule] or shape.boxes.is_empty(rule):
                continue
            above = stronger(shape, rule, near, ranks)
            by = [other for other in above if open_in[other] and _overrides(shape, other, rule)]
            if not by:
                continue
            found = cover(shape.boxes, shape.boxes.box(rule), above, budget=budget)
            if found.covered is False:
                yield _finding(given, shape, rule, tuple(by[:MOST_NAMED]))
            elif found.covered is None:
                yield Skipped(
                    reason={
                        "de": f"„{at.name}“ ist zu verflochten; ab Zeile {rule + 1} ist nicht alles entschieden",
                        "en": f"{at.name!r} is too entangled; from rule {rule + 1} on not everything is decided",
                    },
                    element=at.owner,
                    path=at.model.path,
                )
                break


def _open_inputs(boxes: Boxes) -> list[bool]:
    """Per rule whether it leaves an input open that some rule of the table restricts."""
    restricted = [entry for entry in boxes.columns if any(mask & entry.values != entry.values for mask in entry.masks)]
    return [
        any(entry.masks[rule] & entry.values == entry.values for entry in restricted) for rule in range(boxes.count)
    ]


def _overrides(shape: Geometry, wide: int, precise: int) -> bool:
    rules = shape.at.table.rules
    return differ(shape.outputs[wide], shape.outputs[precise]) is True and in_force_together(
        rules[wide], rules[precise]
    )


def _finding(given: Given, shape: Geometry, rule: int, by: tuple[int, ...]) -> Finding:
    at = shape.at
    number = rule + 1
    box = shape.boxes.box(rule)
    shared = [common(box, shape.boxes.box(other)) for other in by]
    rows = ", ".join(str(other + 1) for other in by)
    example = shape.example(shared[0])
    return Finding(
        code="RC06",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[rule].line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=(number, *(other + 1 for other in by)),
        message={
            "de": f"„{at.name}“: Zeile {number} benennt Fälle genau, über die {'Zeile' if len(by) == 1 else 'Zeilen'} "
            f"{rows} mit offener Eingabe und anderem Ergebnis entscheidet.",
            "en": f"{at.name!r}: rule {number} names cases precisely that {'rule' if len(by) == 1 else 'rules'} "
            f"{rows}, with an open input and another result, decides.",
        },
        question={
            "de": "Soll die weite Zeile hier wirklich vorgehen, und woran erkennt das, wer die genaue liest?",
            "en": "Should the wide rule really come first here, and how does a reader of the precise one know?",
        },
        evidence={
            "boxes": [shape.texts(entry) for entry in shared],
            "outputs": [output_texts(at, entry) for entry in (rule, *by)],
            "example": example,
        },
        remedy=moved(given, at, "RC06", rule, min(by)) if at.table.hit_policy == "FIRST" else Remedy("note"),
        identity=shape.content((rule, *by)),
    )
