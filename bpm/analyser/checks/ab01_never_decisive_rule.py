"""A rule changes no decision in this table: without it every case is decided the same.

What it finds
Rules for which it is proven that the table gives the same result without them, for every case, also where inputs are
missing: under FIRST and PRIORITY because the next rules (or the default) say the same, under UNIQUE and ANY because
others say it already, where results are added or the extreme counts because the rule adds nothing to them. Each rule is
looked at alone. Rules that RC04 or RC05 names are not named again, nor those that are needless only because of one of
them. Versions of a rule that are never in force on one day do not count against each other.

Why it costs
Somebody asks for the data, checks the condition, maintains and explains the row, and no result depends on it.

When to keep the step
To leave the rule out changes no decision in this table; the proof is about this model. The rule may still serve: it
names another norm, gives the reason that the applicant is told, carries a fee, is counted for statistics or kept as
evidence. Then say so in an annotation. What is needless alone may be needed when another row goes (see AB03).

Example
"Up to 30: 0 euro", "up to 300, without car: 0 euro", "up to 300, with car: 0 euro", "everything else: 0 euro".

Source
DMN 1.5, 8.2.8 (hit policies). Proof that a rule never decides: no published tool known to us.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser import unboxed
from bpm.analyser.ablation import Ablation
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.tableremedies import without_rules
from bpm.analyser.tables import NotBoxes, in_force_together
from bpm.model.decision import Rule

DE = """Eine Regel ändert in dieser Tabelle keine Entscheidung: Ohne sie wird jeder Fall gleich entschieden.

Was gefunden wird
Regeln, für die bewiesen ist, dass die Tabelle ohne sie dasselbe ergibt, für jeden Fall, auch wo Angaben fehlen: unter
FIRST und PRIORITY, weil die nächsten Regeln (oder der Vorgabewert) dasselbe sagen, unter UNIQUE und ANY, weil andere es
schon sagen, wo addiert wird oder der äußerste Wert zählt, weil die Regel nichts beiträgt. Jede Regel wird für sich
betrachtet. Regeln, die RC04 oder RC05 nennt, werden nicht noch einmal genannt, auch nicht solche, die nur ihretwegen
entbehrlich sind. Fassungen einer Regel, die an keinem Tag zugleich gelten, zählen nicht gegeneinander.

Warum es kostet
Jemand fragt die Angaben ab, prüft die Bedingung, pflegt und erklärt die Zeile, und kein Ergebnis hängt davon ab.

Wann es bleiben soll
Die Regel wegzulassen ändert in dieser Tabelle keine Entscheidung; der Beweis gilt für dieses Modell. Sie kann trotzdem
dienen: Sie nennt eine andere Norm, gibt die Begründung, die Antragstellende erhalten, trägt eine Gebühr, wird für die
Statistik gezählt oder bleibt als Nachweis. Dann gehört das in eine Anmerkung. Was allein entbehrlich ist, kann
gebraucht werden, wenn eine andere Zeile entfällt (siehe AB03).

Beispiel
„Bis 30: 0 Euro“, „bis 300 ohne Auto: 0 Euro“, „bis 300 mit Auto: 0 Euro“, „alles andere: 0 Euro“.

Quelle
DMN 1.5, 8.2.8 (hit policies). Beweis, dass eine Regel nie entscheidet: uns ist kein veröffentlichtes Werkzeug bekannt.
"""


@check(
    code="AB01",
    family="ablation",
    severity="info",
    basis="proof",
    title={"de": "Regel, die nie entscheidet", "en": "Rule that never decides"},
)
def find_never_decisive(given: Given) -> Iterator[Outcome]:
    """One finding per rule; a table where not every rule is decided is named as skipped."""
    for at, ablation in given.ablations:
        if isinstance(ablation, NotBoxes):
            yield from unboxed.find_never_decisive(given, at, ablation)
            continue
        verdicts = ablation.verdicts
        told = [(at.model.path, at.owner, rule.line, number) in given.needless for number, rule in _numbered(ablation)]
        for rule, verdict in enumerate(verdicts):
            if verdict.decisive is False and not told[rule] and _still(ablation, rule, told):
                yield _finding(given, ablation, rule)
        open_ones = [(rule + 1, it.reason) for rule, it in enumerate(verdicts) if it.decisive is None and it.reason]
        if open_ones:
            number, reason = open_ones[0]
            yield Skipped(
                reason={
                    "de": f"„{at.name}“: {len(open_ones)} Zeilen nicht entschieden, zuerst Zeile {number}: "
                    f"{reason['de']}",
                    "en": f"{at.name!r}: {len(open_ones)} rules undecided, rule {number} first: {reason['en']}",
                },
                element=at.owner,
                path=at.model.path,
            )


def _numbered(ablation: Ablation) -> Iterator[tuple[int, Rule]]:
    yield from enumerate(ablation.shape.at.table.rules, start=1)


def _still(ablation: Ablation, rule: int, told: list[bool]) -> bool:
    """Whether the rule never decides even if those named elsewhere go, and versions of other times do not count."""
    rules = ablation.shape.at.table.rules
    among = [not gone and in_force_together(rules[rule], other) for gone, other in zip(told, rules, strict=True)]
    if all(among[other] for other in ablation.near(rule)):
        return True
    return ablation.judge(rule, among).decisive is False


def _finding(given: Given, ablation: Ablation, rule: int) -> Finding:
    at = ablation.shape.at
    number = rule + 1
    return Finding(
        code="AB01",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[rule].line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=(number,),
        message={
            "de": f"„{at.name}“: Zeile {number} ändert in dieser Tabelle keine Entscheidung; ohne sie wird jeder Fall "
            "gleich entschieden.",
            "en": f"{at.name!r}: rule {number} changes no decision in this table; without it every case is decided the "
            "same.",
        },
        question={
            "de": "Wozu dient diese Zeile noch, etwa für Begründung, Gebühren, Statistik oder Nachweis?",
            "en": "What does this rule still serve, such as reasons given, fees, statistics or evidence?",
        },
        evidence={
            "boxes": [dict(zip([c.expression for c in at.table.inputs], at.table.rules[rule].inputs, strict=True))],
            "meets": [other + 1 for other in ablation.near(rule)],
        },
        remedy=without_rules(given, at, "AB01", (rule,)),
        identity=(at.content(number),),
    )
