"""A rule waits for results that the decisions before it never give.

What it finds
Rules whose conditions no result of the required decision tables can meet: a table above never gives the value, or the
values of several tables above never occur together, because their rules would need one case to be two things. Rules of
the tables above that can never apply do not count. Formulas, lists and other logic than tables count as possible, a
missing result too where the cell takes one, and rules outside the allowed values of their own table are left alone.

Why it costs
Somebody maintains, teaches and checks a rule that decides nothing; often a value was renamed at one place only.

When to keep the step
The table above will give the value from a known day on, or another system writes it. To leave the rule out changes no
decision in this table; it may still serve as the wording of a norm. Then say so in an annotation.

Example
The dog's category is "dangerous" or "other"; the tax table has a row for "unknown".

Source
DMN 1.5, 6.3 (requirements); de Leoni, Felli, Montali, 2018 (decisions in data-aware processes).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser import unboxed
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given, TableAt
from bpm.analyser.tableremedies import without_rules
from bpm.analyser.upstream import Dead

DE = """Eine Regel wartet auf Ergebnisse, die die Entscheidungen davor nie geben.

Was gefunden wird
Regeln, deren Bedingungen kein Ergebnis der benötigten Entscheidungstabellen erfüllen kann: Eine Tabelle davor gibt den
Wert nie, oder die Werte mehrerer Tabellen davor kommen nie zusammen vor, weil ein Fall dafür zweierlei zugleich sein
müsste. Regeln der Tabellen davor, die nie zum Zug kommen, zählen nicht mit. Formeln, Listen und andere Logik als
Tabellen gelten als möglich, ein fehlendes Ergebnis auch, wo die Zelle es nimmt; Regeln außerhalb der erlaubten Werte
ihrer eigenen Tabelle bleiben außer Betracht.

Warum es kostet
Jemand pflegt, lehrt und prüft eine Regel, die nichts entscheidet; oft wurde ein Wert nur an einer Stelle umbenannt.

Wann es bleiben soll
Die Tabelle davor gibt den Wert ab einem bekannten Tag, oder ein anderes Verfahren schreibt ihn. Die Zeile wegzulassen
ändert in dieser Tabelle keine Entscheidung; sie kann weiter als Wortlaut einer Norm dienen. Dann gehört das in eine
Anmerkung.

Beispiel
Die Hundeart ist „Kampfhund“ oder „Hund“; die Steuertabelle hat eine Zeile für „unbekannt“.

Quelle
DMN 1.5, 6.3 (Bedarf); de Leoni, Felli, Montali, 2018 (Entscheidungen in Prozessen mit Daten).
"""


@check(
    code="RC09",
    family="rule",
    severity="warning",
    basis="proof",
    title={"de": "Regel ohne Zulieferung", "en": "Rule dead through the tables above"},
)
def find_dead(given: Given) -> Iterator[Outcome]:
    """One finding per rule, with the chain of decisions above."""
    for at, found in given.dead_upstream:
        if found is None:
            yield Skipped(
                reason={
                    "de": f"die Tabellen vor „{at.name}“ haben zu viele Zeilen, um alle zu verbinden",
                    "en": f"the tables above {at.name!r} have too many rules to try all together",
                },
                element=at.owner,
                path=at.model.path,
            )
        for dead in found or ():
            yield _finding(given, at, dead)
    yield from unboxed.find_dead_above(given)


def _finding(given: Given, at: TableAt, dead: Dead) -> Finding:
    names = {decision.id: decision.name for decision in at.model.decisions}
    rule = at.table.rules[dead.rule - 1]
    if dead.expression is not None:
        source, values = names[dead.chain[0]], ", ".join(dead.possible) or "null"
        de = f"„{dead.expression}“ kommt aus „{source}“ und ist dort nur {values}"
        en = f"{dead.expression!r} comes from {source!r} and is only {values} there"
    else:
        above = [names[id] for id in dead.chain]
        de = f"was {' und '.join(f'„{name}“' for name in above)} dafür geben müsste, kommt so nie zusammen vor"
        en = f"what {' and '.join(map(repr, above))} would have to give never occurs together"
    return Finding(
        code="RC09",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=rule.line,
        element_ids=(at.owner, *dead.chain),
        decision=at.owner,
        rules=(dead.rule,),
        message={
            "de": f"„{at.name}“: Zeile {dead.rule} kommt nie zum Zug, {de}.",
            "en": f"{at.name!r}: rule {dead.rule} never applies, {en}.",
        },
        question={
            "de": "Fehlt der Wert in der Tabelle davor, oder kann die Zeile entfallen?",
            "en": "Is the value missing in the table above, or can the rule go?",
        },
        evidence={
            "chain": [at.owner, *dead.chain],
            "boxes": [dict(zip([clause.expression for clause in at.table.inputs], rule.inputs, strict=False))],
            "input": dead.expression,
            "possible": list(dead.possible),
        },
        # it is dead by what another table says today, which no proof about this one may rest on
        remedy=without_rules(given, at, "RC09", (dead.rule - 1,), law=False),
        identity=(at.content(dead.rule),),
    )
