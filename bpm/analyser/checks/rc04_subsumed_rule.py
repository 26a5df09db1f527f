"""A rule of a table says what another one of the table says already.

What it finds
Rules whose every case, missing inputs included, also meets another rule with equal outputs, so that the table decides
the same without them: exact duplicates (the later one is named) and special cases of a wider rule. Under FIRST a rule
before the wider one counts only if no rule between them would answer one of its cases differently. Where results are
collected, added up or counted each row counts, and nothing is claimed. Rules whose legal bases are never in force on
one day are versions, not duplicates.

Why it costs
The same rule is read, maintained and explained twice, and one day it is changed in one place only.

When to keep the step
To leave the rule out changes no decision in this table. It may still serve: it names another norm, gives the reason
that is told to the applicant, is counted separately for statistics or fees, or is kept as evidence. Then say so in an
annotation.

Example
"Up to 10 years: free" beside "up to 18 years: free".

Source
Calvanese, Dumas, Laurson, Maggi, 2016; Corea, Blatt, Delfmann, 2019 (subsumed rules).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.boxes import neighbours
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.rows import bases_of, contains, meet, sources_of
from bpm.analyser.tableremedies import without_rules
from bpm.analyser.tables import Geometry, NotBoxes, differ, in_force_together, output_texts

DE = """Eine Regel einer Tabelle sagt, was eine andere der Tabelle schon sagt.

Was gefunden wird
Regeln, deren Fälle sämtlich, auch die mit fehlenden Angaben, ebenso auf eine andere Regel mit gleichem Ergebnis passen,
sodass die Tabelle ohne sie gleich entscheidet: genaue Doppel (genannt wird das spätere) und Sonderfälle einer weiteren
Regel. Unter FIRST zählt eine Regel vor der weiteren nur, wenn keine dazwischen einen ihrer Fälle anders beantwortet. Wo
Ergebnisse gesammelt, addiert oder gezählt werden, zählt jede Zeile, und es wird nichts behauptet. Regeln, deren
Rechtsgrundlagen an keinem Tag zugleich gelten, sind Fassungen und keine Doppel.

Warum es kostet
Dieselbe Regel wird zweimal gelesen, gepflegt und erklärt, und eines Tages nur an einer Stelle geändert.

Wann es bleiben soll
Die Zeile wegzulassen ändert in dieser Tabelle keine Entscheidung. Sie kann trotzdem dienen: Sie nennt eine andere Norm,
gibt die Begründung für Antragstellende, wird für Statistik oder Gebühren getrennt gezählt oder bleibt als Nachweis.
Dann gehört das in eine Anmerkung.

Beispiel
„Bis 10 Jahre: frei“ neben „bis 18 Jahre: frei“.

Quelle
Calvanese, Dumas, Laurson, Maggi, 2016; Corea, Blatt, Delfmann, 2019 (enthaltene Regeln).
"""

MOST_PAIRS = 500_000
"""Pairs of rules looked at per table."""


@check(
    code="RC04",
    family="rule",
    severity="info",
    basis="proof",
    title={"de": "Doppelte oder enthaltene Regel", "en": "Duplicate or subsumed rule"},
)
def find_subsumed(given: Given) -> Iterator[Outcome]:
    """One finding per rule; `rules` is the one that can be spared first, then the one that says it already."""
    for at, shape in given.geometries:
        table = at.table
        if len(table.rules) < 2 or table.hit_policy in {"RULE ORDER", "OUTPUT ORDER"}:
            continue
        if table.hit_policy == "COLLECT" and table.aggregation not in {"MIN", "MAX"}:
            continue
        if isinstance(shape, NotBoxes):
            yield shape.skipped
            continue
        looked_at = 0
        for rule, near in neighbours(shape.boxes):
            looked_at += len(near)
            if looked_at > MOST_PAIRS:
                yield Skipped(
                    reason={
                        "de": f"„{at.name}“ ist zu groß; ab Zeile {rule + 1} ist nicht verglichen",
                        "en": f"{at.name!r} is too large; from rule {rule + 1} on nothing is compared",
                    },
                    element=at.owner,
                    path=at.model.path,
                )
                break
            if shape.boxes.is_empty(rule):
                continue
            wider = next((other for other in near if _says_it(shape, rule, other)), None)
            if wider is not None:
                yield _finding(given, shape, rule, wider)


def _says_it(shape: Geometry, rule: int, other: int) -> bool:
    """Whether the table decides the same without `rule`, because `other` answers all its cases equally."""
    rules = shape.at.table.rules
    if differ(shape.outputs[rule], shape.outputs[other]) is not False or not contains(shape, other, rule):
        return False
    if not in_force_together(rules[rule], rules[other]) or (rule < other and contains(shape, rule, other)):
        return False
    if shape.at.table.hit_policy != "FIRST" or other < rule:
        return True
    return not any(
        differ(shape.outputs[rule], shape.outputs[between]) is not False and meet(shape, rule, between)
        for between in range(rule + 1, other)
    )


def _finding(given: Given, shape: Geometry, rule: int, wider: int) -> Finding:
    at = shape.at
    rows = at.table.rules
    numbers = (rule + 1, wider + 1)
    duplicate = contains(shape, rule, wider)
    same_law = bases_of(rows[rule]) == bases_of(rows[wider])
    outputs = [output_texts(at, number) for number in (rule, wider)]
    return Finding(
        code="RC04",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=rows[rule].line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=numbers,
        message={
            "de": f"„{at.name}“: Zeile {numbers[0]} {'sagt dasselbe wie' if duplicate else 'ist enthalten in'} "
            f"Zeile {numbers[1]}; ohne sie ändert sich in dieser Tabelle keine Entscheidung.",
            "en": f"{at.name!r}: rule {numbers[0]} {'says the same as' if duplicate else 'is contained in'} "
            f"rule {numbers[1]}; without it no decision in this table changes.",
        },
        question={
            "de": "Wozu dient diese Zeile noch: Begründung, Statistik, Nachweis einer anderen Norm?",
            "en": "What does this rule still serve: reasons given, statistics, evidence of another norm?",
        },
        evidence={
            "boxes": [shape.texts(shape.boxes.box(number)) for number in (rule, wider)],
            "outputs": outputs,
            "duplicate": duplicate,
            "sources": [sources_of(rows[number]) for number in (rule, wider)],
        },
        remedy=without_rules(given, at, "RC04", (rule,), law=same_law),
        identity=shape.content((rule, wider)),
    )
