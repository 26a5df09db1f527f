"""Several rules of a table say the same and can be written as one.

What it finds
Rules with equal outputs that differ in one input only and whose conditions there can be joined: neighbouring ranges, or
any values of a text or yes-no input. Under FIRST and RULE ORDER only where no rule between them would change its
effect; where results are collected only where no case meets two of them. Rules that rest on different legal bases stay
apart.

Why it costs
Every row is read, maintained, tested and explained; rows that say the same hide what the decision depends on.

When to keep the step
To merge the rows changes no decision in this table. Apart they may still serve: they rest on different norms, give
different reasons, are counted separately for fees or statistics, are evidence of what was looked at, or one of them is
about to change.

Example
"Department RIT: cost centre 4711" and "Department ITM: cost centre 4711".

Source
Calvanese, Dumas, Laurson, Maggi, 2016 (simplification of tables by merging rules).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from bpm.analyser.boxes import Box, common, merge_groups
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.rows import bases_of
from bpm.analyser.tableremedies import merged
from bpm.analyser.tables import Geometry, NotBoxes, differ, output_texts

DE = """Mehrere Regeln einer Tabelle sagen dasselbe und lassen sich als eine schreiben.

Was gefunden wird
Regeln mit gleichem Ergebnis, die sich nur in einer Eingabe unterscheiden und deren Bedingungen sich dort
zusammenfassen lassen: benachbarte Bereiche oder beliebige Werte einer Text- oder Ja-Nein-Angabe. Unter FIRST und RULE
ORDER nur, wenn keine Regel dazwischen ihre Wirkung ändert; wo Ergebnisse gesammelt werden, nur, wenn kein Fall zwei
von ihnen trifft. Regeln mit verschiedenen Rechtsgrundlagen bleiben getrennt.

Warum es kostet
Jede Zeile wird gelesen, gepflegt, getestet und erklärt; gleiche Zeilen verdecken, wovon die Entscheidung abhängt.

Wann es bleiben soll
Die Zeilen zusammenzufassen ändert in dieser Tabelle keine Entscheidung. Getrennt können sie trotzdem dienen: Sie
beruhen auf verschiedenen Normen, nennen verschiedene Gründe, zählen für Gebühren oder Statistik einzeln, weisen nach,
was geprüft wurde, oder eine von ihnen ändert sich demnächst.

Beispiel
„Referat RIT: Kostenstelle 4711“ und „Referat ITM: Kostenstelle 4711“.

Quelle
Calvanese, Dumas, Laurson, Maggi, 2016 (Vereinfachung von Tabellen durch Zusammenfassen von Regeln).
"""


@check(
    code="RC07",
    family="rule",
    severity="info",
    basis="proof",
    title={"de": "Zusammenfassbare Regeln", "en": "Mergeable rules"},
)
def find_mergeable(given: Given) -> Iterator[Outcome]:
    """One finding per group of rules, with the merged rule as it would be written."""
    for at, shape in given.geometries:
        if len(at.table.rules) < 2:
            continue
        if isinstance(shape, NotBoxes):
            yield shape.skipped
            continue
        alike = [_likeness(shape, rule) for rule in range(shape.boxes.count)]
        groups, complete = merge_groups(shape.boxes, alike)
        if not complete:
            yield Skipped(
                reason={
                    "de": f"„{at.name}“ hat zu viele gleiche Zeilen; nicht alle sind verglichen",
                    "en": f"{at.name!r} has too many equal rules; not all are compared",
                },
                element=at.owner,
                path=at.model.path,
            )
        for group, box in groups:
            place = _place(shape, group)
            if place is not None:
                yield _finding(given, shape, group, box, place)


def _likeness(shape: Geometry, rule: int) -> Any:
    """What must be equal: the outputs, the norms the rule rests on, and whether it hands the case to a person."""
    return shape.outputs[rule], bases_of(shape.at.table.rules[rule])


def _place(shape: Geometry, group: tuple[int, ...]) -> int | None:
    """The row of the group where the merged rule can stand without changing any result; None if nowhere."""
    policy = shape.at.table.hit_policy
    boxes = shape.boxes
    if policy in {"COLLECT", "RULE ORDER", "OUTPUT ORDER"} and any(
        all(common(boxes.box(one), boxes.box(other))) for one, other in combinations(group, 2)
    ):
        return None
    if policy not in {"FIRST", "RULE ORDER"}:
        return group[0]
    return next((place for place in group if _order_allows(shape, group, place)), None)


def _order_allows(shape: Geometry, group: tuple[int, ...], place: int) -> bool:
    """Whether every other rule of the group may move to `place`: no unequal rule on the way meets its cases."""
    for rule in group:
        for other in range(min(rule, place) + 1, max(rule, place)):
            meets = all(common(shape.boxes.box(rule), shape.boxes.box(other)))
            if other not in group and meets and differ(shape.outputs[rule], shape.outputs[other]) is not False:
                return False
    return True


def _finding(given: Given, shape: Geometry, group: tuple[int, ...], box: Box, place: int) -> Finding:
    at = shape.at
    numbers = tuple(rule + 1 for rule in group)
    rows = ", ".join(map(str, numbers[:-1]))
    inputs = shape.texts(box)
    outputs = output_texts(at, group[0])
    return Finding(
        code="RC07",
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[group[0]].line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=numbers,
        message={
            "de": f"„{at.name}“: Die Zeilen {rows} und {numbers[-1]} ergeben dasselbe und passen in eine Zeile.",
            "en": f"{at.name!r}: rules {rows} and {numbers[-1]} give the same and fit into one row.",
        },
        question={
            "de": "Gibt es einen Grund, diese Zeilen getrennt zu führen?",
            "en": "Is there a reason to keep these rows apart?",
        },
        evidence={"merged": {"inputs": inputs, "outputs": outputs, "row": place + 1}},
        remedy=merged(given, shape, "RC07", group, place, box, outputs),
        identity=shape.content(group),
    )
