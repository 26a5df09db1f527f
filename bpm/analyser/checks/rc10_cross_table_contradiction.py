"""Two decision tables settle the same fact differently for one case.

What it finds
Two tables of a procedure, neither of which rests on the other, that look at a common input and give the same fact: they
write the same variable (proven), or call an output by the same name (a guess: the name may mean two things). Named are
cases for which the rule that decides in one table says something else than the rule that decides in the other, with the
sources of both. Rules whose legal bases are never in force on one day do not contradict each other; a rule without
dates takes those of its decision. Missing inputs and results that are formulas are left aside.

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
from itertools import combinations
from typing import Any

from bpm.analyser.boxes import Budget
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given, TableAt
from bpm.analyser.joint import Conflict, Joint, Side, TooMuch, dated, lay_over
from bpm.analyser.rows import sources_of
from bpm.analyser.tables import NotBoxes
from bpm.model.process import BusinessRuleTask

DE = """Zwei Entscheidungstabellen legen dieselbe Tatsache für einen Fall verschieden fest.

Was gefunden wird
Zwei Tabellen eines Verfahrens, von denen keine auf der anderen beruht, die eine gemeinsame Angabe ansehen und dieselbe
Tatsache festlegen: Sie schreiben dieselbe Variable (bewiesen) oder nennen ein Ergebnis gleich (Vermutung: Der Name kann
zweierlei bedeuten). Genannt werden Fälle, für die die entscheidende Zeile der einen Tabelle etwas anderes sagt als die
der anderen, mit den Quellen beider. Regeln, deren Rechtsgrundlagen an keinem Tag zugleich gelten, widersprechen sich
nicht; eine Zeile ohne Daten nimmt die ihrer Entscheidung. Fehlende Angaben und Ergebnisse, die Formeln sind, bleiben
außer Betracht.

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

ONE_RESULT = {"UNIQUE", "ANY", "FIRST", "PRIORITY"}


@check(
    code="RC10",
    family="rule",
    severity="warning",
    basis="proof",
    title={"de": "Widerspruch zwischen Tabellen", "en": "Contradiction between tables"},
)
def find_contradictions(given: Given) -> Iterator[Outcome]:
    """One finding per pair of tables and fact."""
    seen: set[tuple[int, int, int, int]] = set()
    budget = Budget()
    for (fact, proven), sides in _facts(given).items():
        for first, second in combinations(sides, 2):
            key = (id(first.at), first.output, id(second.at), second.output)
            if first.at is second.at or key in seen or _rests_on(first.at, second.at):
                continue
            if len(seen) == MOST_PAIRS:
                yield Skipped(
                    reason={
                        "de": f"mehr als {MOST_PAIRS} Paare von Tabellen",
                        "en": f"more than {MOST_PAIRS} pairs of tables",
                    }
                )
                return
            seen.add(key)
            try:
                joint = lay_over(first, second, budget)
                conflicts = [] if joint is None else _some(joint, budget)
            except TooMuch:
                yield Skipped(
                    reason={
                        "de": f"„{first.at.name}“ und „{second.at.name}“ sind zusammen zu groß",
                        "en": f"{first.at.name!r} and {second.at.name!r} are too large together",
                    },
                    element=first.at.owner,
                    path=first.at.model.path,
                )
                if budget.left <= 0:
                    return
                continue
            if joint is not None and conflicts:
                yield _finding(given, fact, proven, joint, conflicts)


def _some(joint: Joint, budget: Budget) -> list[Conflict]:
    found: list[Conflict] = []
    for conflict in joint.conflicts(budget):
        found.append(conflict)
        if len(found) > MOST_CASES:
            break
    return found


def _facts(given: Given) -> dict[tuple[str, bool], list[Side]]:
    """Tables by the fact they give, and whether that is one variable: those first, then outputs of equal name."""
    variables: dict[tuple[str, bool], list[Side]] = {}
    names: dict[tuple[str, bool], list[Side]] = {}
    written: dict[str, set[str]] = {}
    for process in given.processes:
        for node in process.nodes:
            if isinstance(node, BusinessRuleTask) and node.decision and node.result_variable:
                found = given.procedure.decision(node.decision)
                if found is not None:
                    written.setdefault(found[1].id, set()).add(node.result_variable)
    for at, shape in given.geometries:
        if isinstance(shape, NotBoxes) or at.decision is None or at.decision.logic is not at.table:
            continue
        if at.table.hit_policy not in ONE_RESULT:
            continue
        single = len(at.table.outputs) == 1
        # what a process stores the result under is what counts there; elsewhere it is the decision's own variable
        for variable in sorted(written.get(at.decision.id) or {at.decision.variable}):
            for position, clause in enumerate(at.table.outputs):
                fact = variable if single else f"{variable}.{clause.name}"
                variables.setdefault((fact, True), []).append(Side(shape, position))
        for position, clause in enumerate(at.table.outputs):
            if clause.name:
                names.setdefault((clause.name, False), []).append(Side(shape, position))
    return {**variables, **names}


def _rests_on(first: TableAt, second: TableAt) -> bool:
    """Whether one of two decisions requires the other, directly or through others."""
    if first.model is not second.model:
        return False
    requires = {decision.id: decision.requires for decision in first.model.decisions}
    for start, goal in ((first.owner, second.owner), (second.owner, first.owner)):
        todo, seen = [start], {start}
        while todo:
            for id in requires.get(todo.pop(), ()):
                if id == goal:
                    return True
                if id not in seen:
                    seen.add(id)
                    todo.append(id)
    return False


def _finding(given: Given, fact: str, proven: bool, joint: Joint, conflicts: list[Conflict]) -> Finding:
    first, second = joint.first, joint.second
    cases = [_case(joint, conflict) for conflict in conflicts[:MOST_CASES]]
    shown = ", ".join(f"{name} = {_value(value)}" for name, value in cases[0]["example"].items())
    one, other = (entry["output"] for entry in cases[0]["rules"])
    rows = [entry["rule"] for entry in cases[0]["rules"]]
    return Finding(
        code="RC10",
        basis="proof" if proven else "heuristic",
        path=first.at.model.path,
        procedure=given.key,
        line=first.at.table.rules[conflicts[0].first].line,
        element_ids=(first.at.owner, second.at.owner),
        decision=first.at.owner,
        rules=tuple(sorted({conflict.first + 1 for conflict in conflicts[:MOST_CASES]})),
        message={
            "de": f"„{first.at.name}“ (Zeile {rows[0]}) und „{second.at.name}“ (Zeile {rows[1]}) legen „{fact}“ für "
            f"{shown} verschieden fest: {one} und {other}.",
            "en": f"{first.at.name!r} (rule {rows[0]}) and {second.at.name!r} (rule {rows[1]}) settle {fact!r} "
            f"differently for {shown}: {one} and {other}.",
        },
        question={
            "de": "Welche der beiden Quellen gilt für diesen Fall, und wer kann die andere ändern?",
            "en": "Which of the two sources applies to this case, and who can change the other one?",
        },
        evidence={"fact": fact, "cases": cases, "complete": len(conflicts) <= MOST_CASES},
        identity=(
            fact,
            *(first.shape.content(tuple(sorted({conflict.first for conflict in conflicts[:MOST_CASES]})))),
            *(second.shape.content(tuple(sorted({conflict.second for conflict in conflicts[:MOST_CASES]})))),
        ),
    )


def _case(joint: Joint, conflict: Conflict) -> dict[str, Any]:
    sides = ((joint.first, conflict.first), (joint.second, conflict.second))
    return {
        "box": joint.texts(conflict.box),
        "example": joint.example(conflict.box),
        "rules": [
            {
                "decision": side.at.owner,
                "rule": rule + 1,
                "output": side.at.table.rules[rule].outputs[side.output],
                "sources": sources_of(dated(side.at)[rule]),
            }
            for side, rule in sides
        ],
    }


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
