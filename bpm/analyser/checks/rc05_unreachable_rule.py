"""A rule of a table can never give its result.

What it finds
Rules that meet no case within the allowed values; under FIRST and PRIORITY rules whose every case goes to a stronger
rule, be it one or several together (the finding names a smallest set of them); under UNIQUE and ANY rules whose every
case also meets a rule with another result, so that they never decide one alone.

Why it costs
Somebody maintains, teaches and checks a rule that decides nothing, and may rely on it.

When to keep the step
To leave the rule out changes no decision in this table. It may still serve: it states a norm for the reader although
another one always comes first, gives a reason, is counted for statistics or kept as evidence, or it waits for values
that will be allowed later. Then say so in an annotation.

Example
FIRST: "over 500 euro: management", "up to 500 euro: team lead", "travel abroad: management". The third never applies.

Source
DMN 1.5, 8.2.8 (hit policies). Masking by several rules together: no published tool known to us.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser import unboxed
from bpm.analyser.boxes import Budget, Cover, cover, neighbours, with_missing
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.tableremedies import without_rules
from bpm.analyser.tables import Geometry, NotBoxes, differ, in_force_together, priorities

DE = """Eine Regel einer Tabelle kann ihr Ergebnis nie geben.

Was gefunden wird
Regeln, auf die innerhalb der erlaubten Werte kein Fall passt; unter FIRST und PRIORITY Regeln, deren Fälle sämtlich an
stärkere Regeln gehen, an eine oder an mehrere zusammen (genannt wird eine kleinste Menge davon); unter UNIQUE und ANY
Regeln, deren Fälle sämtlich auch auf eine Regel mit anderem Ergebnis passen, sodass sie nie allein entscheiden.

Warum es kostet
Jemand pflegt, lehrt und prüft eine Regel, die nichts entscheidet, und verlässt sich vielleicht auf sie.

Wann es bleiben soll
Die Zeile wegzulassen ändert in dieser Tabelle keine Entscheidung. Sie kann trotzdem dienen: Sie gibt für den Leser eine
Norm wieder, obwohl immer eine andere vorgeht, nennt einen Grund, zählt für die Statistik oder bleibt als Nachweis, oder
sie wartet auf Werte, die erst später zugelassen werden. Dann gehört das in eine Anmerkung.

Beispiel
FIRST: „über 500 Euro: Leitung“, „bis 500 Euro: Teamleitung“, „Auslandsreise: Leitung“. Die dritte kommt nie zum Zug.

Quelle
DMN 1.5, 8.2.8 (hit policies). Verdeckung durch mehrere Regeln zusammen: uns ist kein veröffentlichtes Werkzeug bekannt.
"""


OUTPUTS_WORK = 5
"""What comparing the outputs of two rules costs, counted in looks at a box."""


@check(
    code="RC05",
    family="rule",
    severity="warning",
    basis="proof",
    title={"de": "Regel ohne Wirkung", "en": "Unreachable rule"},
)
def find_unreachable(given: Given) -> Iterator[Outcome]:
    """One finding per rule; `rules` is the affected one first, then those that mask it."""
    upstream = {id(at): {dead.rule - 1 for dead in found or ()} for at, found in given.dead_upstream}
    for at, shape in given.geometries:
        if isinstance(shape, NotBoxes):
            yield from unboxed.find_unreachable(given, at, shape)
            continue
        strength = priorities(shape) if at.table.hit_policy == "PRIORITY" else None
        budget = Budget()
        for rule, near in neighbours(shape.boxes):
            if shape.boxes.is_empty(rule):
                if rule not in upstream.get(id(at), ()):  # else another table is why, which is a question of its own
                    yield _finding(given, shape, rule, ())
                continue
            found = Cover(None)
            if budget.take(len(near) * (OUTPUTS_WORK if at.table.hit_policy in {"UNIQUE", "ANY"} else 1)):
                found = cover(shape.boxes, shape.boxes.box(rule), _stronger(shape, rule, near, strength), budget=budget)
            if found.covered:
                yield _finding(given, shape, rule, found.by)
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


def _stronger(shape: Geometry, rule: int, near: list[int], strength: tuple[int | None, ...] | None) -> list[int]:
    """Rules of `near` that take a common case away from this one.

    A table is read as it stands today: under FIRST and PRIORITY the dates of a norm give no row precedence; under
    UNIQUE and ANY versions of a norm do not contradict each other.
    """
    policy = shape.at.table.hit_policy
    rules = shape.at.table.rules
    if policy == "FIRST":
        return [other for other in near if other < rule]
    if policy == "PRIORITY" and strength is not None:
        mine = strength[rule]
        return [
            other
            for other, theirs in ((other, strength[other]) for other in near)
            if mine is not None and theirs is not None and (theirs < mine or (theirs == mine and other < rule))
        ]
    if policy in {"UNIQUE", "ANY"}:
        return [
            other
            for other in near
            if differ(shape.outputs[other], shape.outputs[rule])
            and in_force_together(rules[other], rules[rule])
            and shape.boxes.box(other) != shape.boxes.box(rule)  # two rows against each other are RC02, no more
        ]
    return []


def _needless_when_missing(shape: Geometry, rule: int, by: tuple[int, ...]) -> bool:
    """Whether the rule has no effect where an input is missing either: only then may it go without being discussed."""
    boxes = with_missing(shape.boxes)
    if not by:
        return boxes.is_empty(rule)
    return cover(boxes, boxes.box(rule), list(by), budget=Budget()).covered is True


def _finding(given: Given, shape: Geometry, rule: int, by: tuple[int, ...]) -> Finding:
    at = shape.at
    number = rule + 1
    names = [str(other + 1) for other in by]
    if not by:
        why = {
            "de": "auf sie passt kein erlaubter Wert",
            "en": "no allowed value meets it",
        }
    elif at.table.hit_policy in {"UNIQUE", "ANY"}:
        why = {
            "de": f"jeder ihrer Fälle passt auch auf {_rows_de(names)} mit anderem Ergebnis",
            "en": f"each of its cases also meets {_rows_en(names)} with another result",
        }
    else:
        why = {
            "de": f"{_rows_de(names)} {'trifft' if len(by) == 1 else 'treffen zusammen'} immer vorher",
            "en": f"{_rows_en(names)} {'always comes' if len(by) == 1 else 'together always come'} first",
        }
    always = _needless_when_missing(shape, rule, by)
    if not always:
        why = {"de": f"{why['de']}, solange keine Angabe fehlt", "en": f"{why['en']}, as long as no input is missing"}
    certain = at.table.hit_policy not in {"UNIQUE", "ANY"} or not by
    return Finding(
        code="RC05",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[rule].line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=(number, *(other + 1 for other in by)),
        message={
            "de": f"„{at.name}“: Zeile {number} kommt nie zum Zug, {why['de']}.",
            "en": f"{at.name!r}: rule {number} never applies, {why['en']}.",
        },
        question={
            "de": "Wird diese Zeile noch gebraucht, oder fehlt anderswo eine Einschränkung?",
            "en": "Is this rule still needed, or does another one lack a restriction?",
        },
        evidence={
            "boxes": [dict(zip([c.expression for c in at.table.inputs], at.table.rules[rule].inputs, strict=True))]
        },
        remedy=without_rules(given, at, "RC05", (rule,)) if certain else Remedy("note"),
        identity=shape.content((rule, *by)),
    )


def _rows_de(names: list[str]) -> str:
    return f"Zeile {names[0]}" if len(names) == 1 else f"die Zeilen {', '.join(names[:-1])} und {names[-1]}"


def _rows_en(names: list[str]) -> str:
    return f"rule {names[0]}" if len(names) == 1 else f"rules {', '.join(names[:-1])} and {names[-1]}"
