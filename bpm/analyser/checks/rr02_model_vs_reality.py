"""The model and what really happens differ.

What it finds
In a real log (`--log`): a step of the model that no case ever had, though at least 300 cases came to where it is
decided; a rule of a decision table that none of at least 300 cases meets, the table being decided again with the data
of the log; and a decision whose recorded result differs from what its table says. A step counts as never done only if
every activity of the log was recognised - else the log may only call it otherwise.

Why it costs
What never happens is maintained, trained and explained for nothing; and a model that does not say what is done cannot
be questioned, simulated or trusted.

When to keep the step
What is rare can still be prescribed (hardship, emergency): that nothing was seen in n cases bounds its share only by
3/n. The log may hold another period, office or state of the law than the model.

Example
In 1,200 cases nobody used the hardship clause: with 95 % certainty fewer than one in 400 cases needs it.

Source
Hanley, Lippman-Hand: If nothing goes wrong, is everything all right?, 1983 (rule of three); van der Aalst: Process
Mining, 2nd ed. 2016 (conformance).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.observed import Observed, decimal
from bpm.analyser.reality import Replayed, reached, replayed
from bpm.kpis import exact_share

DE = """Modell und Wirklichkeit gehen auseinander.

Was gefunden wird
In einem echten Protokoll (`--log`): ein Schritt des Modells, den kein Fall je hatte, obwohl mindestens 300 Fälle an
die Stelle kamen, an der er entschieden wird; eine Regel einer Entscheidungstabelle, die keiner von mindestens 300
Fällen trifft, wenn man die Tabelle mit den Daten des Protokolls noch einmal entscheidet; und eine Entscheidung, deren
erfasstes Ergebnis von ihrer Tabelle abweicht. Als nie gemacht gilt ein Schritt nur, wenn jede Aktivität des Protokolls
erkannt ist - sonst heißt er dort vielleicht nur anders.

Warum es kostet
Was nie vorkommt, wird umsonst gepflegt, geschult und erklärt; und ein Modell, das nicht sagt, was getan wird, kann
niemand befragen, simulieren oder glauben.

Wann es bleiben soll
Seltenes kann vorgeschrieben sein (Härtefall, Notfall): nichts in n Fällen begrenzt seinen Anteil nur auf 3/n. Das
Protokoll kann einen anderen Zeitraum, ein anderes Amt oder einen anderen Rechtsstand haben als das Modell.

Beispiel
In 1.200 Fällen hat niemand die Härtefallregel gebraucht: mit 95 % Sicherheit braucht sie weniger als ein Fall von 400.

Quelle
Hanley, Lippman-Hand: If nothing goes wrong, is everything all right?, 1983 (rule of three); van der Aalst: Process
Mining, 2nd ed. 2016 (conformance).
"""

ENOUGH = 300


@check(
    code="RR02",
    family="reality",
    severity="info",
    basis="measurement",
    title={"de": "Modell und Wirklichkeit", "en": "model and reality"},
)
def find_differences(given: Given) -> Iterator[Outcome]:
    """Steps first, in the order of the model; then tables, rule by rule."""
    observed = given.observed
    if observed is None or given.graph is None:
        return
    if observed.unseen and observed.unmatched:
        yield Skipped(
            reason={
                "de": f"nicht erkannte Aktivitäten des Protokolls: {_few(observed.unmatched)}; ob die Schritte "
                f"{_few(observed.unseen)} darunter sind, sagt nur eine Lesehilfe",
                "en": f"activities of the log that were not recognised: {_few(observed.unmatched)}; whether the steps "
                f"{_few(observed.unseen)} are among them only a guide tells",
            },
            path=given.path,
        )
    elif observed.unseen:
        for element in observed.unseen:
            n = reached(observed, element)
            if n >= ENOUGH:
                yield _never(given, observed, element, n)
    for found in replayed(given, observed):
        if isinstance(found, Skipped):
            yield found
        else:
            yield from _tables(given, observed, found)


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"»{name}«" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown}, … ({len(names)})"


def _never(given: Given, observed: Observed, element: str, n: int) -> Finding:
    node = given.nodes[element]
    return Finding(
        code="RR02",
        basis="measurement",
        path=given.path,
        procedure=given.key,
        element_ids=(element,),
        message={
            "de": f"»{node.name or element}« kam in {n} Fällen, die es hätten haben können, nie vor; mit 95 % "
            f"Sicherheit braucht ihn weniger als {decimal(300 / n, 2, 'de')} % der Fälle.",
            "en": f"»{node.name or element}« never happened in {n} cases that could have had it; with 95 % certainty "
            f"less than {decimal(300 / n, 2, 'en')} % of the cases needs it.",
        },
        question={
            "de": "Gibt es den Schritt noch, und wenn ja: für welchen Fall wird er vorgehalten?",
            "en": "Does this step still exist, and if so, for which case is it kept ready?",
        },
        evidence={"n": n, "seen": 0, "bound_95": round(3 / n, 6), "log": observed.recorded.digest},
        identity=("never",),
        line=node.line,
    )


def _tables(given: Given, observed: Observed, found: Replayed) -> Iterator[Finding]:
    if found.compared >= ENOUGH and found.different:
        low, high = exact_share(found.different, found.compared)
        yield Finding(
            code="RR02",
            basis="measurement",
            path=given.path,
            procedure=given.key,
            element_ids=(found.element,),
            decision=found.decision,
            message={
                "de": f"In {found.different} von {found.compared} Fällen ist das erfasste Ergebnis nicht das, was die "
                f"Tabelle »{found.name}« sagt.",
                "en": f"In {found.different} of {found.compared} cases the recorded result is not what the table "
                f"»{found.name}« says.",
            },
            question={
                "de": "Wird anders entschieden, als die Regel sagt, oder ist die Regel nicht die, nach der entschieden "
                "wird?",
                "en": "Is it decided otherwise than the rule says, or is the rule not the one that is followed?",
            },
            evidence={
                "n": found.compared,
                "different": found.different,
                "interval_95": [round(low, 6), round(high, 6)],
                "log": observed.recorded.digest,
            },
            identity=("different",),
            line=given.nodes[found.element].line,
        )
    if found.cases < ENOUGH:
        return
    for number, hits in enumerate(found.hits, start=1):
        if hits == 0:
            yield _unmet(given, observed, found, number)


def _unmet(given: Given, observed: Observed, found: Replayed, number: int) -> Finding:
    n = found.cases
    return Finding(
        code="RR02",
        basis="measurement",
        path=found.path,
        procedure=given.key,
        element_ids=(found.element,),
        decision=found.decision,
        rules=(number,),
        message={
            "de": f"Keiner von {n} Fällen trifft Regel {number} von »{found.name}«; mit 95 % Sicherheit trifft sie "
            f"weniger als {decimal(300 / n, 2, 'de')} % der Fälle.",
            "en": f"None of {n} cases meets rule {number} of »{found.name}«; with 95 % certainty it meets less than "
            f"{decimal(300 / n, 2, 'en')} % of the cases.",
        },
        question={
            "de": "Für welchen Fall ist diese Regel da, und wann gab es ihn zuletzt?",
            "en": "For which case is this rule, and when was there one?",
        },
        evidence={"n": n, "seen": 0, "bound_95": round(3 / n, 6), "log": observed.recorded.digest},
        identity=(found.contents[number - 1],),
        line=found.line,
    )
