"""Fewer rules decide the same: several rows of a table can go together.

What it finds
Tables from which several rules can be left out together without changing any decision. The rules are deleted one after
the other, from the last to the first and again until none can be spared, each deletion proven. What is left is the
irredundant core: it decides every case the same, and none of it can go. It is not always the smallest such set, since
another order may keep others. Nothing is said where AB01, RC04 or RC05 has said it all: where every rule that goes is
named by RC04 or RC05, or one single rule goes and no other is in question. Tables with versions of a rule that are
never in force on one day are left out.

Why it costs
A table longer than its decisions is read, taught, tested and explained in full. The verdicts on single rules do not
add up: of two rules that each never decide, one may have to stay.

When to keep the step
To leave these rows out together changes no decision in this table; the proof is about this model. Rows may still serve
reasons given to applicants, fees, statistics or evidence, or state another norm; and a table that covers its cases row
by row may be easier to read than a shorter one.

Example
Five rows of which two repeat in parts what the others say: three decide the same.

Source
Irredundant covers, as in the minimisation of switching functions (Quine 1952); the proofs as in AB01.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.ablation import Ablation
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.tableremedies import without_rules
from bpm.analyser.tables import NotBoxes, in_force_together

DE = """Weniger Regeln entscheiden dasselbe: Mehrere Zeilen einer Tabelle können zusammen entfallen.

Was gefunden wird
Tabellen, aus denen mehrere Regeln zusammen entfallen können, ohne dass sich eine Entscheidung ändert. Die Regeln werden
nacheinander gestrichen, von der letzten zur ersten und noch einmal, bis keine mehr entbehrlich ist; jede Streichung ist
bewiesen. Übrig bleibt der Kern: Er entscheidet jeden Fall gleich, und nichts an ihm ist entbehrlich. Er ist nicht immer
die kleinste solche Menge, denn in anderer Reihenfolge können andere Zeilen bleiben. Nichts wird gesagt, wo AB01, RC04
oder RC05 schon alles gesagt hat: wo RC04 oder RC05 jede entfallende Zeile nennt oder nur eine einzige entfällt und
keine andere infrage steht. Tabellen mit Fassungen einer Regel, die an keinem Tag zugleich gelten, werden übergangen.

Warum es kostet
Eine Tabelle, die länger ist als ihre Entscheidungen, wird ganz gelesen, gelehrt, geprüft und erklärt. Die Urteile über
einzelne Regeln lassen sich nicht zusammenzählen: Von zwei Regeln, die je für sich nie entscheiden, muss womöglich eine
bleiben.

Wann es bleiben soll
Diese Zeilen zusammen wegzulassen ändert in dieser Tabelle keine Entscheidung; der Beweis gilt für dieses Modell. Zeilen
können trotzdem der Begründung, Gebühren, der Statistik oder als Nachweis dienen oder eine andere Norm wiedergeben; und
eine Tabelle, die ihre Fälle Zeile für Zeile nennt, kann leichter zu lesen sein als eine kürzere.

Beispiel
Fünf Zeilen, von denen zwei in Teilen wiederholen, was die anderen sagen: Drei entscheiden dasselbe.

Quelle
Irredundante Überdeckungen wie bei der Vereinfachung von Schaltfunktionen (Quine 1952); die Beweise wie bei AB01.
"""


@check(
    code="AB03",
    family="ablation",
    severity="info",
    basis="proof",
    title={"de": "Weniger Regeln genügen", "en": "Fewer rules suffice"},
)
def find_cores(given: Given) -> Iterator[Outcome]:
    """One finding per table; `rules` are those that can go together."""
    for at, ablation in given.ablations:
        if isinstance(ablation, NotBoxes):
            yield ablation.skipped
            continue
        rules = at.table.rules
        told = {n for n, it in enumerate(rules) if (at.model.path, at.owner, it.line, n + 1) in given.needless}
        dropped = ablation.core.dropped
        in_question = {n for n, verdict in enumerate(ablation.verdicts) if verdict.decisive is False} - told
        if set(dropped) <= told or (len(dropped) == 1 and len(in_question) <= 1):
            continue
        if not all(in_force_together(rules[one], rules[other]) for one in dropped for other in ablation.near(one)):
            yield Skipped(
                reason={
                    "de": f"„{at.name}“ enthält Fassungen von Regeln, die nicht zugleich gelten",
                    "en": f"{at.name!r} holds versions of rules that are not in force together",
                },
                element=at.owner,
                path=at.model.path,
            )
            continue
        yield _finding(given, ablation)


def _finding(given: Given, ablation: Ablation) -> Finding:
    at, core = ablation.shape.at, ablation.core
    numbers = tuple(rule + 1 for rule in core.dropped)
    listed = ", ".join(map(str, numbers))
    count = len(at.table.rules)
    return Finding(
        code="AB03",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=numbers,
        message={
            "de": f"„{at.name}“: {len(core.kept)} von {count} Zeilen entscheiden jeden Fall gleich; zusammen "
            f"entbehrlich: {listed}.",
            "en": f"{at.name!r}: {len(core.kept)} of {count} rules decide every case the same; needless together: "
            f"{listed}.",
        },
        question={
            "de": "Welche dieser Zeilen braucht noch jemand, und wofür?",
            "en": "Which of these rows does somebody still need, and what for?",
        },
        evidence={"core": [rule + 1 for rule in core.kept], "dropped": list(numbers), "complete": core.complete},
        remedy=without_rules(given, at, "AB03", core.dropped),
        identity=tuple(at.content(number) for number in numbers),
    )
