"""Two rules of a table meet one case and give it the same result.

What it finds
Pairs of rules under the hit policy UNIQUE, which promises one rule per case, whose conditions meet a common case and
whose outputs are equal. A rule that lies wholly inside another one is a question of its own, and rules whose legal
bases are never in force on one day do not overlap. Under ANY overlaps are announced and left alone.

Why it costs
The case has an answer but two reasons: whoever changes one rule must know of the other, and an engine that takes UNIQUE
at its word stops.

When to keep the step
Both rules state a norm of their own and are meant to stand side by side; then the hit policy ANY says so. To change the
hit policy, or to cut one rule short, changes no decision in this table; both rows may still serve as reasons given to
the applicant, for statistics or as evidence.

Example
"From 65 on: free" and "with a pass: free", in a table with the hit policy UNIQUE.

Source
DMN 1.5, 8.2.8 (hit policies UNIQUE and ANY).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.boxes import common, overlaps
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.rows import contains
from bpm.analyser.tableremedies import with_policy
from bpm.analyser.tables import Geometry, NotBoxes, differ, in_force_together, output_texts

DE = """Zwei Regeln einer Tabelle passen auf einen Fall und geben ihm dasselbe Ergebnis.

Was gefunden wird
Paare von Regeln unter der Trefferregel UNIQUE, die eine einzige Regel je Fall verspricht, deren Bedingungen einen
gemeinsamen Fall treffen und deren Ergebnisse gleich sind. Eine Regel, die ganz in einer anderen liegt, ist eine eigene
Frage; Regeln, deren Rechtsgrundlagen an keinem Tag zugleich gelten, überschneiden sich nicht. Unter ANY sind
Überschneidungen angekündigt und bleiben außer Betracht.

Warum es kostet
Der Fall hat eine Antwort, aber zwei Begründungen: Wer eine Zeile ändert, muss von der anderen wissen, und ein System,
das UNIQUE beim Wort nimmt, hält an.

Wann es bleiben soll
Beide Zeilen geben eine eigene Norm wieder und sollen nebeneinander stehen; das sagt dann die Trefferregel ANY. Sie zu
wechseln oder eine Zeile zu kürzen ändert in dieser Tabelle keine Entscheidung; beide Zeilen können weiter der
Begründung gegenüber Antragstellenden, der Statistik oder dem Nachweis dienen.

Beispiel
„Ab 65: frei“ und „mit Pass: frei“ in einer Tabelle mit der Trefferregel UNIQUE.

Quelle
DMN 1.5, 8.2.8 (Trefferregeln UNIQUE und ANY).
"""

MOST = 50
"""Pairs named per table; a table with more is one question, not hundreds."""

MOST_OVERLAPS = 200_000
"""Pairs looked at per table."""


@check(
    code="RC03",
    family="rule",
    severity="info",
    basis="proof",
    title={"de": "Überschneidung ohne Folgen", "en": "Harmless overlap"},
)
def find_overlaps(given: Given) -> Iterator[Outcome]:
    """One finding per pair of rules, with the box they share and their output."""
    for at, shape in given.geometries:
        if at.table.hit_policy != "UNIQUE" or len(at.table.rules) < 2:
            continue
        if isinstance(shape, NotBoxes):
            yield shape.skipped
            continue
        named = 0
        for looked_at, (first, second) in enumerate(overlaps(shape.boxes)):
            if named == MOST or looked_at == MOST_OVERLAPS:
                yield Skipped(
                    reason={
                        "de": f"„{at.name}“ hat sehr viele Überschneidungen; nicht alle sind genannt",
                        "en": f"{at.name!r} has very many overlaps; not all are listed",
                    },
                    element=at.owner,
                    path=at.model.path,
                )
                break
            if (
                differ(shape.outputs[first], shape.outputs[second]) is False
                and in_force_together(at.table.rules[first], at.table.rules[second])
                and not contains(shape, first, second)
                and not contains(shape, second, first)
            ):
                named += 1
                yield _finding(given, shape, first, second)


def _finding(given: Given, shape: Geometry, first: int, second: int) -> Finding:
    at = shape.at
    box = common(shape.boxes.box(first), shape.boxes.box(second))
    numbers = (first + 1, second + 1)
    outputs = [output_texts(at, rule) for rule in (first, second)]
    shown = ", ".join(outputs[0].values())
    return Finding(
        code="RC03",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[second].line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=numbers,
        message={
            "de": f"„{at.name}“: Die Zeilen {numbers[0]} und {numbers[1]} passen auf denselben Fall und ergeben "
            f"beide {shown}; UNIQUE verspricht nur eine.",
            "en": f"{at.name!r}: rules {numbers[0]} and {numbers[1]} meet the same case and both give {shown}; "
            "UNIQUE promises only one.",
        },
        question={
            "de": "Sind beide Zeilen gemeint (dann passt die Trefferregel ANY), oder ist eine zu weit gefasst?",
            "en": "Are both rules meant (then the hit policy ANY fits), or is one of them too wide?",
        },
        evidence={
            "boxes": [shape.texts(box)],
            "outputs": outputs,
            "example": shape.example(box),
            "hit_policy": {"found": "UNIQUE", "advised": "ANY"},
        },
        remedy=with_policy(given, at, "RC03", "ANY"),
        identity=shape.content((first, second)),
    )
