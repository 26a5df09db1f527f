"""Two rules of a table meet one case and give it different results.

What it finds
Pairs of rules under the hit policies UNIQUE and ANY whose conditions meet a common case and whose outputs differ. Rules
whose legal bases are never in force on one day do not contradict each other. Where outputs are formulas, that they
differ is not proven, and the finding is marked as a heuristic. A row that hands the case to a person counts too: where
two rows match under these policies, deciding stops before anybody is asked.

Why it costs
The decision fails or depends on who reads the table first; equal cases are treated unequally, and objections follow.

When to keep the step
The rules are two versions of one norm (then give both their dates), or one is meant as the exception of the other (then
the hit policy FIRST or PRIORITY says so). The proof is about this model: it says that both rows match one case, not
that such a case ever came, and not which norm prevails.

Example
Felling a tree needs a permit from 60 cm on by one rule, and is free below 80 cm by another.

Source
DMN 1.5, 8.2.8 (hit policies); Calvanese, Dumas, Laurson, Maggi, 2016 (overlapping rules).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser import unboxed
from bpm.analyser.boxes import common, overlaps
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.rows import contains
from bpm.analyser.tableremedies import with_policy
from bpm.analyser.tables import Geometry, NotBoxes, differ, in_force_together, output_texts

DE = """Zwei Regeln einer Tabelle passen auf einen Fall und geben ihm verschiedene Ergebnisse.

Was gefunden wird
Paare von Regeln unter den Trefferregeln UNIQUE und ANY, deren Bedingungen einen gemeinsamen Fall treffen und deren
Ergebnisse verschieden sind. Regeln, deren Rechtsgrundlagen an keinem Tag zugleich gelten, widersprechen sich nicht. Wo
Ergebnisse Formeln sind, ist die Verschiedenheit nicht bewiesen; die Feststellung ist dann als Vermutung gekennzeichnet.
Auch eine Zeile, die an einen Menschen übergibt, zählt: Wo zwei Zeilen passen, hält die Entscheidung an, bevor jemand
gefragt wird.

Warum es kostet
Die Entscheidung scheitert oder hängt davon ab, wer welche Zeile zuerst liest; gleiche Fälle werden ungleich behandelt,
Widersprüche folgen.

Wann es bleiben soll
Die Regeln sind zwei Fassungen einer Norm (dann fehlen ihre Geltungsdaten), oder eine ist als Ausnahme der anderen
gemeint (dann sagt das die Trefferregel FIRST oder PRIORITY). Der Beweis gilt für dieses Modell: Er sagt, dass beide
Zeilen auf einen Fall passen, nicht, dass ein solcher Fall vorkam, und nicht, welche Norm vorgeht.

Beispiel
Eine Baumfällung braucht nach einer Zeile ab 60 cm eine Genehmigung und ist nach einer anderen unter 80 cm frei.

Quelle
DMN 1.5, 8.2.8 (hit policies); Calvanese, Dumas, Laurson, Maggi, 2016 (overlapping rules).
"""

MOST = 200
"""Pairs named per table; a table with more is one question, not thousands."""

MOST_OVERLAPS = 500_000
"""Pairs looked at per table."""


@check(
    code="RC02",
    family="rule",
    severity="error",
    basis="proof",
    title={"de": "Widersprüchliche Regeln", "en": "Contradicting rules"},
)
def find_contradictions(given: Given) -> Iterator[Outcome]:
    """One finding per pair of rules, with the box they share and both outputs."""
    for at, shape in given.geometries:
        if at.table.hit_policy not in {"UNIQUE", "ANY"} or len(at.table.rules) < 2:
            continue
        if isinstance(shape, NotBoxes):
            yield from unboxed.find_contradictions(given, at, shape)
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
            unequal = differ(shape.outputs[first], shape.outputs[second])
            if unequal is not False and in_force_together(at.table.rules[first], at.table.rules[second]):
                named += 1
                yield _finding(given, shape, first, second, unequal is True)


def _finding(given: Given, shape: Geometry, first: int, second: int, proven: bool) -> Finding:
    at = shape.at
    box = common(shape.boxes.box(first), shape.boxes.box(second))
    numbers = (first + 1, second + 1)
    outputs = [output_texts(at, rule) for rule in (first, second)]
    shown = [", ".join(texts.values()) for texts in outputs]
    return Finding(
        code="RC02",
        basis="proof" if proven else "heuristic",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[second].line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=numbers,
        message={
            "de": f"„{at.name}“: Die Zeilen {numbers[0]} und {numbers[1]} passen auf denselben Fall, "
            f"ergeben aber {shown[0]} und {shown[1]}.",
            "en": f"{at.name!r}: rules {numbers[0]} and {numbers[1]} meet the same case "
            f"but give {shown[0]} and {shown[1]}.",
        },
        question={"de": "Welche der beiden Regeln soll gelten?", "en": "Which of the two rules should apply?"},
        evidence={"boxes": [shape.texts(box)], "outputs": outputs, "example": shape.example(box)},
        remedy=_remedy(given, shape, first, second),
        identity=shape.content((first, second)),
    )


def _remedy(given: Given, shape: Geometry, first: int, second: int) -> Remedy:
    """What stands first decides, the narrower of the two rules first: for the board to say whether that is meant."""
    narrower = contains(shape, first, second) and not contains(shape, second, first)
    return with_policy(given, shape.at, "RC02", "FIRST", (second, first) if narrower else None)
