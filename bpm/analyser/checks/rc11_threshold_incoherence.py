"""The same quantity is cut at different bounds in different places of a procedure.

What it finds
Two tables, or a table and a condition of the flow, that cut the same variable at the same value but count the value
itself to different sides (proven); and two that cut it at different values, neither holding all bounds of the other
(a guess: the bounds may have nothing to do with each other). Bounds of rules that are never in force on one day are
not compared, nor single values asked for by themselves, nor the ends of the allowed values. Across procedures only
tables are compared that give the same fact, or that cut an item which the city's registers hold.

Why it costs
The cases between the bounds fall into a class here and into another one there; they come back, are argued about, or are
decided twice.

When to keep the step
The bounds belong to different norms with different purposes. A bound alone changes no decision in this table; it may
serve as the wording of its norm. Then name the norm at both places.

Example
"Up to 500 euro: within the limit" in one table, "from 500 euro on: management" in another.

Source
DMN 1.5, 7.3.1 (comparison of ranges); comparing bounds across tables: no published tool known to us.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.rows import cited, dated, leaves_open, sources_of
from bpm.analyser.tables import agree, in_force
from bpm.analyser.thresholds import Cut, Place, canonical, places, shared_places
from bpm.feel.ranges import Interval, Region, to_text
from bpm.model.decision import Rule

DE = """Dieselbe Größe wird an verschiedenen Stellen eines Verfahrens verschieden begrenzt.

Was gefunden wird
Zwei Tabellen, oder eine Tabelle und eine Bedingung des Ablaufs, die dieselbe Angabe beim selben Wert teilen, den Wert
selbst aber verschiedenen Seiten zurechnen (bewiesen); und zwei, die sie bei verschiedenen Werten teilen, ohne dass eine
alle Grenzen der anderen enthält (Vermutung: Die Grenzen haben vielleicht nichts miteinander zu tun). Grenzen von
Regeln, die an keinem Tag zugleich gelten, werden nicht verglichen, ebenso wenig einzeln abgefragte Werte und die Enden
der erlaubten Werte. Über Verfahren hinweg werden nur Tabellen verglichen, die dieselbe Tatsache festlegen oder eine
Angabe teilen, die Register der Stadt führen.

Warum es kostet
Die Fälle zwischen den Grenzen zählen hier zu einer Gruppe und dort zu einer anderen; sie kommen zurück, werden
umstritten oder zweimal entschieden.

Wann es bleiben soll
Die Grenzen gehören zu verschiedenen Normen mit verschiedenem Zweck. Eine Grenze allein ändert in dieser Tabelle keine
Entscheidung; sie kann als Wortlaut ihrer Norm dienen. Dann gehört die Norm an beide Stellen.

Beispiel
„Bis 500 Euro: im Rahmen“ in einer Tabelle, „ab 500 Euro: Leitung“ in einer anderen.

Quelle
DMN 1.5, 7.3.1 (Vergleich von Bereichen); Grenzen über Tabellen hinweg: uns ist kein veröffentlichtes Werkzeug bekannt.
"""

ALWAYS = ("", "9999")

MOST = 50
"""Findings per procedure."""

MOST_PAIRS = 50_000
"""Pairs of places looked at."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is cut differently: on which scale, per place the cuts concerned, and the cases between
    as unary tests."""

    kind: str
    proven: bool
    first: tuple[Cut, ...]
    second: tuple[Cut, ...]
    between: tuple[str, ...]


@check(
    code="RC11",
    family="rule",
    severity="warning",
    basis="proof",
    title={"de": "Uneinheitliche Grenze", "en": "Incoherent threshold"},
)
def find_incoherent(given: Given) -> Iterator[Outcome]:
    """One finding per quantity and pair of places."""
    named = 0
    for looked_at, (first, second, other) in enumerate(_pairs(given), 1):
        difference = _difference(first, second)
        if named == MOST or looked_at == MOST_PAIRS:
            yield Skipped(
                reason={
                    "de": "es gibt sehr viele Stellen mit Grenzen; nicht alle sind verglichen",
                    "en": "there are very many places with bounds; not all are compared",
                }
            )
            return
        if difference is not None:
            named += 1
            yield _finding(given, first, second, other, difference)


def _pairs(given: Given) -> Iterator[tuple[Place, Place, Given | None]]:
    for found in places(given).values():
        yield from ((first, second, None) for first, second in combinations(found, 2))
    yield from shared_places(given)


def _difference(first: Place, second: Place) -> Difference | None:
    if not (agree(first.kind, second.kind) or agree(second.kind, first.kind)):
        return None
    kind = "integer" if "integer" in (first.kind, second.kind) else first.kind
    ours, theirs = _comparable(first, second, kind), _comparable(second, first, kind)
    sides = sorted(value for value in ours if value in theirs and ours[value] != theirs[value])
    if sides:
        return Difference(
            kind,
            True,
            tuple(Cut(value, ours[value]) for value in sides),
            tuple(Cut(value, theirs[value]) for value in sides),
            tuple(to_text(Region((Interval(value, value, True, True),))) for value in sides),
        )
    mine, other = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if not mine or not other:
        return None
    pairs = [_nearest(value, ours[value], other, theirs) for value in mine]
    return Difference(
        kind,
        False,
        tuple(Cut(value, ours[value]) for value in mine),
        tuple(Cut(value, theirs[value]) for value in other),
        tuple(dict.fromkeys(pairs)),
    )


def _comparable(place: Place, other: Place, kind: str) -> dict[Any, bool]:
    """Cuts by value that may be in force together with some cut of the other place; a value cut on both sides is a
    value asked for by itself."""
    theirs = _in_force(other, {rule for made in other.cuts.values() for rule in made})
    sides: dict[Any, set[bool]] = {}
    for cut, rules in place.cuts.items():
        settling = {rule for rule in rules if place.at is None or not leaves_open(place.at.table.rules[rule - 1])}
        if rules and not settling:
            continue  # a row that leaves the case to a person draws no bound for others
        mine = _in_force(place, settling)
        if any(start <= until and since <= end for start, end in mine for since, until in theirs):
            found = canonical(cut, kind)
            sides.setdefault(found.value, set()).add(found.upper)
    return {value: min(upper) for value, upper in sides.items() if len(upper) == 1}


def _in_force(place: Place, rules: set[int]) -> set[tuple[str, str]]:
    """When rules of a place are in force; a condition of the flow always is."""
    return {ALWAYS} if place.at is None else {in_force(place.at.table.rules[rule - 1]) for rule in rules}


def _nearest(value: Any, upper: bool, others: list[Any], sides: dict[Any, bool]) -> str:
    """The cases between a bound and the next one of the other place."""
    nearest = next((entry for entry in others if entry > value), others[-1])
    (low, low_upper), (high, high_upper) = sorted(((value, upper), (nearest, sides[nearest])))
    return to_text(Region((Interval(low, high, low_upper, not high_upper),)))


def _finding(given: Given, first: Place, second: Place, other: Given | None, difference: Difference) -> Finding:
    shown = {
        lang: [", ".join(cut.texts()[lang] for cut in cuts) for cuts in (difference.first, difference.second)]
        for lang in ("de", "en")
    }
    decision = first if first.at is not None else second
    rules = _rules(decision, difference.first if decision is first else difference.second, difference.kind)
    name = "" if other is None else other.procedure.name or other.key
    where = {"de": f" im Verfahren „{name}“", "en": f" of {name!r}"} if name else {"de": "", "en": ""}
    law = {
        lang: _law(((first, difference.first), (second, difference.second)), difference.kind, lang) for lang in where
    }
    return Finding(
        code="RC11",
        basis="proof" if difference.proven else "heuristic",
        path=first.path,
        procedure=given.key,
        line=first.line,
        element_ids=(first.id, second.id) if other is None else (first.id,),
        decision=decision.id if decision.at is not None else None,
        rules=tuple(rules),
        message={
            "de": f"„{first.quantity}“ wird verschieden begrenzt: „{first.name}“ trennt {shown['de'][0]}, "
            f"„{second.name}“{where['de']} {shown['de'][1]}.{law['de']}",
            "en": f"{first.quantity!r} is cut differently: {first.name!r} parts {shown['en'][0]}, "
            f"{second.name!r}{where['en']} {shown['en'][1]}.{law['en']}",
        },
        question={
            "de": "Ist dieselbe Grenze gemeint, und zu welcher Seite gehört der Wert?"
            if difference.proven
            else "Ist dieselbe Grenze gemeint, und welche gilt?",
            "en": "Is the same bound meant, and to which side does the value belong?"
            if difference.proven
            else "Is the same bound meant, and which one applies?",
        },
        evidence={
            "quantity": first.quantity,
            "bounds": [
                _bounds(place, cuts, difference.kind, elsewhere)
                for place, cuts, elsewhere in (
                    (first, difference.first, None),
                    (second, difference.second, other),
                )
            ],
            "cases_between": list(difference.between),
        },
        remedy=Remedy("note"),
        identity=(
            first.quantity,
            *([] if other is None else [other.key]),
            *(f"{cut.value} {cut.upper}" for cut in (*difference.first, *difference.second)),
        ),
    )


def _rules(place: Place, cuts: tuple[Cut, ...], kind: str) -> list[int]:
    """The rules of a place that make some cuts."""
    return sorted({rule for cut, made in place.cuts.items() if canonical(cut, kind) in cuts for rule in made})


def _made_by(place: Place, cuts: tuple[Cut, ...], kind: str) -> list[Rule]:
    """The rules that make some cuts, with the law of their decision where they name none."""
    if place.at is None:
        return []
    rules = dated(place.at)
    return [rules[number - 1] for number in _rules(place, cuts, kind)]


def _law(sides: tuple[tuple[Place, tuple[Cut, ...]], ...], kind: str, lang: str) -> str:
    """The sources of both sides in words, if any is recorded."""
    told = [
        "; ".join(dict.fromkeys(cited(rule, lang) for rule in _made_by(place, cuts, kind) if rule.legal_bases))
        for place, cuts in sides
    ]
    if not any(told):
        return ""
    unknown = cited(Rule("", (), ()), lang)
    return f" {'Quellen' if lang == 'de' else 'Sources'}: {' – '.join(text or unknown for text in told)}."


def _bounds(place: Place, cuts: tuple[Cut, ...], kind: str, other: Given | None) -> dict[str, Any]:
    sources = [source for rule in _made_by(place, cuts, kind) for source in sources_of(rule)]
    return {
        "place": place.id,
        "rules": _rules(place, cuts, kind),
        "cuts": [cut.texts() for cut in cuts],
        "sources": [source for number, source in enumerate(sources) if source not in sources[:number]],
        **({} if other is None else {"procedure": other.key}),
    }
