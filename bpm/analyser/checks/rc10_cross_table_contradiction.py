"""Two tables, or a form and a table, settle the same fact differently for one case.

What it finds
Two tables, neither of which rests on the other, that look at a common input and give the same fact: in one procedure
they write the same variable (proven) or call an output by the same name (a guess: the name may mean two things); across
procedures they give an item that the city's registers hold (proven), an item definition of equal wording or an output
of equal name (a guess). Named are cases for which the rule that decides in one table says something else than the rule
that decides in the other, with the sources of both, their dates and the organ that may change each. Rules whose legal
bases are never in force on one day do not contradict each other; which one is out of date is said beside. A rule
without dates takes those of its decision. And forms that offer a figure as an ordinary choice for which the table has
no rule but the one that hands over to a person, though it has rules for other choices of the list (a guess). Rows that
hand the case to a person, rows that rest on a "may" alone, missing inputs and results that are formulas are left aside.

Why it costs
The outcome depends on which table is asked first; two offices answer one person differently, and one of them is wrong.

When to keep the step
The outputs only share a name (then give them two), or one table is the exception of the other (then let it require the
other). As each table stands, the other changes no decision in this table; both may serve as the text of their norms.

Example
By the ordinance a tree of 60 cm needs a permit, by the table of an office instruction it is free.

Source
DMN 1.5, 6.3 (requirement graphs); contradictions across tables: only rules of equal form in published tools.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from bpm.analyser.boxes import Budget
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.joint import Conflict, Joint, TooMuch, lay_over
from bpm.analyser.offers import Unruled, unruled
from bpm.analyser.rivals import Rivals, rivals
from bpm.analyser.rows import cited, dated, sources_of
from bpm.analyser.validity import law_date

DE = """Zwei Tabellen, oder ein Formular und eine Tabelle, legen dieselbe Tatsache für einen Fall verschieden fest.

Was gefunden wird
Zwei Tabellen, von denen keine auf der anderen beruht, die eine gemeinsame Angabe ansehen und dieselbe Tatsache
festlegen: In einem Verfahren schreiben sie dieselbe Variable (bewiesen) oder nennen ein Ergebnis gleich (Vermutung: Der
Name kann zweierlei bedeuten); über Verfahren hinweg geben sie eine Angabe, die Register der Stadt führen (bewiesen),
einen Datentyp gleichen Wortlauts oder ein Ergebnis gleichen Namens (Vermutung). Genannt werden Fälle, für die die
entscheidende Zeile der einen Tabelle etwas anderes sagt als die der anderen, mit den Quellen beider, ihrer Geltung und
dem Organ, das sie ändern darf. Regeln, deren Rechtsgrundlagen an keinem Tag zugleich gelten, widersprechen sich nicht;
welche veraltet ist, steht daneben. Eine Zeile ohne Daten nimmt die ihrer Entscheidung. Außerdem Formulare, die eine
Zahl als gewöhnliche Wahl anbieten, für die die Tabelle keine andere Regel hat als die, die an einen Menschen übergibt,
obwohl sie andere Werte der Auswahl regelt (Vermutung). Zeilen, die den Fall an einen Menschen geben, Zeilen, die allein
auf einem „kann“ beruhen, fehlende Angaben und Ergebnisse, die Formeln sind, bleiben außer Betracht.

Warum es kostet
Das Ergebnis hängt davon ab, welche Tabelle zuerst gefragt wird; zwei Stellen antworten einer Person verschieden, und
eine davon falsch.

Wann es bleiben soll
Die Ergebnisse heißen nur gleich (dann brauchen sie zwei Namen), oder eine Tabelle ist die Ausnahme der anderen (dann
soll sie die andere als Bedarf nennen). So wie jede dasteht, ändert die andere in dieser Tabelle keine Entscheidung;
beide können als Wortlaut ihrer Norm dienen.

Beispiel
Nach der Verordnung braucht ein Baum mit 60 cm eine Genehmigung, nach der Tabelle einer Dienstanweisung ist er frei.

Quelle
DMN 1.5, 6.3 (Bedarf); Widersprüche über Tabellen hinweg: in veröffentlichten Werkzeugen nur Regeln gleicher Form.
"""

MOST_CASES = 10
"""Cases named per pair of tables."""

MOST_PAIRS = 500
"""Pairs of tables laid over each other."""


@check(
    code="RC10",
    family="rule",
    severity="warning",
    basis="proof",
    title={"de": "Widerspruch zwischen Tabellen", "en": "Contradiction between tables"},
)
def find_contradictions(given: Given) -> Iterator[Outcome]:
    """One finding per pair of tables and fact, and one per form field and table."""
    budget, day = Budget(), law_date(given)
    for number, pair in enumerate(rivals(given)):
        if number == MOST_PAIRS:
            yield Skipped(
                reason={"de": f"mehr als {MOST_PAIRS} Paare von Tabellen", "en": f"more than {MOST_PAIRS} table pairs"}
            )
            break
        try:
            joint = lay_over(pair.first, pair.second, budget)
            conflicts = [] if joint is None else _some(joint, budget)
        except TooMuch:
            yield _too_large(pair)
            if budget.left <= 0:
                break
            continue
        if joint is not None:
            if conflicts:
                yield _finding(given, pair, joint, conflicts)
            yield from _outdated(joint, day)
    for found in unruled(given):
        yield _of_form(given, found)


def _some(joint: Joint, budget: Budget) -> list[Conflict]:
    found: list[Conflict] = []
    for conflict in joint.conflicts(budget):
        found.append(conflict)
        if len(found) > MOST_CASES:
            break
    return found


def _too_large(pair: Rivals) -> Skipped:
    first, second = pair.first.at, pair.second.at
    return Skipped(
        reason={
            "de": f"„{first.name}“ und „{second.name}“ sind zusammen zu groß",
            "en": f"{first.name!r} and {second.name!r} are too large together",
        },
        element=first.owner,
        path=first.model.path,
    )


def _outdated(joint: Joint, day: str | None) -> Iterator[Skipped]:
    """What is not compared: it is out of force since another table decides it differently, or will be after `day`."""
    found = joint.outdated()
    for side, other in ((joint.first, joint.second), (joint.second, joint.first)):
        mine = [entry for entry in found if entry.side is side]
        for ended in sorted({entry.ended for entry in mine}):
            rows = ", ".join(str(entry.rule + 1) for entry in mine if entry.ended == ended)
            german, english = f"„{side.at.name}“ (Zeile {rows})", f"{side.at.name!r} (rule {rows})"
            if day is not None and ended >= day:
                german = f"{german} gilt bis {ended}; danach gilt „{other.at.name}“"
                english = f"{english} applies until {ended}; after that {other.at.name!r}"
            else:
                german = f"{german} ist veraltet seit {_day_after(ended)}; es gilt „{other.at.name}“"
                english = f"{english} is out of date since {_day_after(ended)}; {other.at.name!r} applies"
            yield Skipped(
                reason={"de": german, "en": english},
                element=side.at.owner,
                path=side.at.model.path,
            )


def _day_after(text: str) -> str:
    try:
        return (date.fromisoformat(text) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return text


def _finding(given: Given, pair: Rivals, joint: Joint, conflicts: list[Conflict]) -> Finding:
    first, second = joint.first, joint.second
    cases = [_case(pair, joint, conflict) for conflict in conflicts[:MOST_CASES]]
    shown = ", ".join(f"{name} = {_value(value)}" for name, value in cases[0]["example"].items())
    one, other = (entry["output"] for entry in cases[0]["rules"])
    rows = [entry["rule"] for entry in cases[0]["rules"]]
    rules = [dated(side.at)[row - 1] for side, row in zip((first, second), rows, strict=True)]
    recorded = any(rule.legal_bases for rule in rules)
    law = {lang: [f" – {cited(rule, lang)}" if recorded else "" for rule in rules] for lang in ("de", "en")}
    where = "" if pair.other is None else pair.other.procedure.name or pair.other.key
    elsewhere = {"de": f" im Verfahren „{where}“" if where else "", "en": f" of {where!r}" if where else ""}
    return Finding(
        code="RC10",
        basis="proof" if pair.proven else "heuristic",
        path=first.at.model.path,
        procedure=given.key,
        line=first.at.table.rules[conflicts[0].first].line,
        element_ids=(first.at.owner, second.at.owner) if pair.other is None else (first.at.owner,),
        decision=first.at.owner,
        rules=tuple(sorted({conflict.first + 1 for conflict in conflicts[:MOST_CASES]})),
        message={
            "de": f"„{first.at.name}“ (Zeile {rows[0]}) und „{second.at.name}“{elsewhere['de']} (Zeile {rows[1]}) "
            f"legen „{pair.fact}“ für {shown} verschieden fest: {one}{law['de'][0]}; "
            f"{other}{law['de'][1]}.",
            "en": f"{first.at.name!r} (rule {rows[0]}) and {second.at.name!r}{elsewhere['en']} (rule {rows[1]}) "
            f"settle {pair.fact!r} differently for {shown}: {one}{law['en'][0]}; {other}{law['en'][1]}.",
        },
        question={
            "de": "Welche der beiden Quellen gilt für diesen Fall, und wer kann die andere ändern?",
            "en": "Which of the two sources applies to this case, and who can change the other one?",
        },
        evidence={"fact": pair.fact, "cases": cases, "complete": len(conflicts) <= MOST_CASES},
        remedy=Remedy("note"),
        identity=(
            pair.fact,
            *([] if pair.other is None else [pair.other.key]),
            *(first.shape.content(tuple(sorted({conflict.first for conflict in conflicts[:MOST_CASES]})))),
            *(second.shape.content(tuple(sorted({conflict.second for conflict in conflicts[:MOST_CASES]})))),
        ),
    )


def _case(pair: Rivals, joint: Joint, conflict: Conflict) -> dict[str, Any]:
    sides = ((joint.first, conflict.first, None), (joint.second, conflict.second, pair.other))
    return {
        "box": joint.texts(conflict.box),
        "example": joint.example(conflict.box),
        "rules": [
            {
                "decision": side.at.owner,
                "rule": rule + 1,
                "output": side.at.table.rules[rule].outputs[side.output],
                "sources": sources_of(dated(side.at)[rule]),
                **({} if other is None else {"procedure": other.key}),
            }
            for side, rule, other in sides
        ],
    }


def _of_form(given: Given, found: Unruled) -> Finding:
    at, offer = found.at, found.offer
    values = ", ".join(_value(value) for value in found.values)
    return Finding(
        code="RC10",
        basis="heuristic",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[found.rule].line,
        element_ids=(offer.element, at.owner),
        decision=at.owner,
        rules=(found.rule + 1,),
        message={
            "de": f"Das Formular bei „{offer.element_name}“ bietet für „{offer.field.label}“ {values} an; "
            f"„{at.name}“ regelt nur die anderen Werte und übergibt hier an einen Menschen (Zeile {found.rule + 1}).",
            "en": f"The form at {offer.element_name!r} offers {values} for {offer.field.label!r}; "
            f"{at.name!r} settles the other values only and hands over to a person here (rule {found.rule + 1}).",
        },
        question={
            "de": "Soll das Formular den Wert anbieten, und wer legt fest, was dann gilt?",
            "en": "Should the form offer this value, and who settles what applies then?",
        },
        evidence={
            "fact": offer.field.key,
            "form": offer.form,
            "offered": [_value(value) for value in offer.listed],
            "handed_over": [_value(value) for value in found.values],
        },
        remedy=Remedy("note"),
        identity=(offer.field.key, *(_value(value) for value in found.values)),
    )


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
