"""What checks say about tables that are no boxes: by proof of the solver where the extra `verify` is installed.

Each function stands for the part of a check that boxes cannot do and yields what that check yields. Without the extra,
or where something is not said exactly to a solver, that is the reason the boxes gave; a question that the solver leaves
open is named. A case shown has been put to the evaluator before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from bpm.analyser.chains import chains
from bpm.analyser.check import Outcome, Skipped
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given, TableAt
from bpm.analyser.proofs import Proofs, Shown
from bpm.analyser.tables import NotBoxes, in_force_together, output_texts
from bpm.errors import MissingExtra, NotTranslatable

MOST_PAIRS = 2_000
"""Pairs of rules that the solver is asked about per table."""

MOST_NAMED = 200


def proofs_of(given: Given, at: TableAt) -> Proofs | None:
    """The table before the solver, made once; None where there is none or it cannot be told what the table says."""
    if id(at) not in given.solved:
        try:
            given.solved[id(at)] = Proofs(at)
        except (MissingExtra, NotTranslatable):
            given.solved[id(at)] = None
    return given.solved[id(at)]


def find_gap(given: Given, at: TableAt, shape: NotBoxes) -> Iterator[Outcome]:
    """RC01."""
    proofs = proofs_of(given, at)
    if proofs is None:
        yield shape.skipped
        return
    found = proofs.gap()
    if found.possible is None:
        yield _open(at)
    elif found.possible:
        yield _finding(
            given, at, "RC01", (), found,
            ("hat für manche Fälle keine Regel", "has no rule for some cases"),
            ("Kommt dieser Fall vor, und was soll dann gelten?", "Does this case occur, and what should apply then?"),
            {"exists": True, "boxes": [], "complete": False},
        )  # fmt: skip


def find_contradictions(given: Given, at: TableAt, shape: NotBoxes) -> Iterator[Outcome]:
    """RC02."""
    proofs = proofs_of(given, at)
    if proofs is None:
        yield shape.skipped
        return
    rules, asked, named, open_ones = at.table.rules, 0, 0, False
    for first, second in combinations(range(len(rules)), 2):
        if not in_force_together(rules[first], rules[second]):
            continue
        asked += 1
        if asked > MOST_PAIRS or named == MOST_NAMED:
            open_ones = True
            break
        try:
            found = proofs.contradiction(first, second)
        except NotTranslatable:
            yield shape.skipped
            return
        open_ones = open_ones or found.possible is None
        if found.possible:
            named += 1
            outputs = [output_texts(at, rule) for rule in (first, second)]
            shown = [", ".join(texts.values()) for texts in outputs]
            yield _finding(
                given, at, "RC02", (first, second), found,
                (f"Die Zeilen {first + 1} und {second + 1} passen auf denselben Fall, ergeben aber {shown[0]} und "
                 f"{shown[1]}", f"rules {first + 1} and {second + 1} meet the same case but give {shown[0]} and "
                 f"{shown[1]}"),
                ("Welche der beiden Regeln soll gelten?", "Which of the two rules should apply?"),
                {"boxes": [_cells(at, rule) for rule in (first, second)], "outputs": outputs},
            )  # fmt: skip
    if open_ones:
        yield _open(at)


def find_unreachable(given: Given, at: TableAt, shape: NotBoxes) -> Iterator[Outcome]:
    """RC05, for FIRST, and everywhere for rules that no case meets."""
    proofs = proofs_of(given, at)
    if proofs is None:
        yield shape.skipped
        return
    first, open_ones = at.table.hit_policy == "FIRST", at.table.hit_policy in ("PRIORITY", "UNIQUE", "ANY")
    for rule in range(len(at.table.rules)):
        if proofs.alive(rule) is False:
            found = Shown(False)
        elif first:
            found = proofs.alone(rule, range(rule))
        else:
            continue
        open_ones = open_ones or found.possible is None
        if found.possible is False:
            rows = [str(other + 1) for other in found.rules]
            why = (
                (f"die Zeilen {', '.join(rows)} gehen in jedem ihrer Fälle vor", f"rules {', '.join(rows)} come first "
                 "in each of its cases")
                if rows
                else ("auf sie passt kein Fall", "no case meets it")
            )  # fmt: skip
            yield _finding(
                given, at, "RC05", (rule, *found.rules), found,
                (f"Zeile {rule + 1} kommt nie zum Zug, {why[0]}", f"rule {rule + 1} never applies, {why[1]}"),
                ("Wird diese Zeile noch gebraucht, oder fehlt anderswo eine Einschränkung?",
                 "Is this rule still needed, or does another one lack a restriction?"),
                {"boxes": [_cells(at, rule)]},
            )  # fmt: skip
    if open_ones:
        yield _open(at)


def find_never_decisive(given: Given, at: TableAt, shape: NotBoxes) -> Iterator[Outcome]:
    """AB01, for tables whose rules are all in force on one day."""
    proofs = proofs_of(given, at)
    rules = at.table.rules
    if proofs is None or not all(in_force_together(*pair) for pair in combinations(rules, 2)):
        yield shape.skipped
        return
    if any((path, owner) == (at.model.path, at.owner) for path, owner, _, _ in given.needless):
        yield _open(at)  # what is said elsewhere may go first, and then another rule may be needed
        return
    open_ones = False
    for rule in range(len(rules)):
        try:
            found = proofs.decisive(rule)
        except NotTranslatable:
            yield shape.skipped
            return
        open_ones = open_ones or found.possible is None
        if found.possible is False:
            yield _finding(
                given, at, "AB01", (rule,), found,
                (f"Zeile {rule + 1} ändert in dieser Tabelle keine Entscheidung; ohne sie wird jeder Fall gleich "
                 "entschieden", f"rule {rule + 1} changes no decision in this table; without it every case is decided "
                 "the same"),
                ("Wozu dient diese Zeile noch, etwa für Begründung, Gebühren, Statistik oder Nachweis?",
                 "What does this rule still serve, such as reasons given, fees, statistics or evidence?"),
                {"boxes": [_cells(at, rule)]},
            )  # fmt: skip
    if open_ones:
        yield _open(at)


def find_dead_above(given: Given) -> Iterator[Outcome]:
    """RC09, where the decisions above calculate."""
    told = {(id(at), dead.rule) for at, found in given.dead_upstream for dead in found or ()}
    for at, chain in chains(given.tables):
        names = {decision.id: decision.name for decision in at.model.decisions}
        above = [names[id] for id in chain.ids]
        for rule in chain.dead():
            if (id(at), rule + 1) in told:
                continue
            found = _finding(
                given, at, "RC09", (rule,), Shown(False),
                (f"Zeile {rule + 1} kommt nie zum Zug: was {' und '.join(f'„{name}“' for name in above)} dafür geben "
                 "müsste, kommt so nie vor",
                 f"rule {rule + 1} never applies: what {' and '.join(map(repr, above))} would have to give never "
                 "occurs"),
                ("Fehlt der Wert in der Tabelle davor, oder kann die Zeile entfallen?",
                 "Is the value missing in the table above, or can the rule go?"),
                {"chain": [at.owner, *chain.ids], "boxes": [_cells(at, rule)], "input": None, "possible": []},
            )  # fmt: skip
            yield replace(
                found,
                element_ids=(at.owner, *chain.ids),
                remedy=Remedy("board", ({"do": "remove-rule", "decision": at.owner, "rule": rule + 1},)),
            )


def _cells(at: TableAt, rule: int) -> dict[str, str]:
    return dict(zip([clause.expression for clause in at.table.inputs], at.table.rules[rule].inputs, strict=True))


def _finding(
    given: Given, at: TableAt, code: str, rules: tuple[int, ...], found: Shown,
    says: tuple[str, str], asks: tuple[str, str], evidence: dict[str, Any],
) -> Finding:  # fmt: skip
    case = "" if found.case is None else ", ".join(f"{name} = {_text(it)}" for name, it in found.case.items())
    example = {"de": f", zum Beispiel für {case}" if case else "", "en": f", for example for {case}" if case else ""}
    return Finding(
        code=code,
        basis="proof",
        path=at.model.path,
        procedure=given.key,
        line=at.table.rules[rules[-1]].line if rules else at.table.line,
        element_ids=(at.owner,),
        decision=at.owner,
        rules=tuple(rule + 1 for rule in rules),
        message={
            "de": f"„{at.name}“: {says[0]}{example['de']}.",
            "en": f"{at.name!r}: {says[1]}{example['en']}.",
        },
        question={"de": asks[0], "en": asks[1]},
        evidence={**evidence, "proven_by": "z3", **({"example": dict(found.case)} if found.case is not None else {})},
        identity=tuple(at.content(rule + 1) for rule in rules),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _open(at: TableAt) -> Skipped:
    return Skipped(
        reason={
            "de": f"„{at.name}“ rechnet; nicht jede Frage dazu ist entschieden",
            "en": f"{at.name!r} calculates; not every question about it is decided",
        },
        element=at.owner,
        path=at.model.path,
    )
