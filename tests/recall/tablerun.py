"""One mutant of a decision table: inject, look, judge every finding by the oracle."""

from __future__ import annotations

from random import Random

from bpm.analyser.finding import Finding
from bpm.analyser.run import analyse
from bpm.model.reader import read_files
from tests.recall.tableops import OPERATORS, Aim, base, shuffled
from tests.recall.tables import Style, Table, written
from tests.recall.truth import Defect, Looked, defects, irrelevant, mergeable, misleads, silenced, unreachable
from tests.recall.verdict import Outcome, new_findings

SINGLE = ("RC01", "RC02", "RC03", "RC04", "RC05", "RC06", "RC07", "RC08")
ALONG = {
    "RC05": {"RC12": "a cell for values outside the domain is a cell outside the allowed values"},
    "RC12": {
        "RC01": "a cell that means nothing lets its cases go",
        "RC05": "a rule for a value that cannot come in is never reached",
        "RC09": "a result that the table does not allow is one the next table does not wait for",
        "RC07": "rows are compared without what means nothing",
    },
}
"""Findings that come along with an injected defect that the oracle does not see, and why they are true."""


def run(code: str, seed: str, ignore: tuple[str, ...] = ()) -> Outcome:
    """Inject a defect of `code` into a clean table and say what the analyser made of it."""
    random = Random(seed)
    while True:
        clean = base(random, code)
        operator = random.choice(OPERATORS[code])
        made = operator(random, clean) if clean is not None else None
        if clean is not None and made is not None:
            break
    varied = random.random() < 1 / 3
    tables, aim = shuffled(random, *made) if varied else made
    looked = {table.id: Looked(table) for table in tables}
    truths = {table.id: defects(table, looked[table.id]) for table in tables}
    outcome = Outcome(code, operator.__name__, seed, "missed", varied)
    wanted = _wanted(code, aim, truths)
    if not wanted:
        outcome.state = "equivalent"
    procedure = read_files({"regeln.dmn": written(tables, Style(random, varied))}, "regeln")
    analysis = analyse(procedure, ignore=("AB", *ignore))
    for one in new_findings(analysis, None):
        it = one.finding
        hit = it.code == code and _at_place(it, aim, wanted, tables)
        if hit and outcome.state == "missed":
            outcome.state = "found"
        if hit or _is_true(it, looked) or it.code in ALONG.get(code, {}):
            outcome.true.append(it.code)
        else:
            outcome.false.append(it.code)
            outcome.note += f"{it.code} {it.decision} {it.rules} "
    return outcome


def _wanted(code: str, aim: Aim, truths: dict[str, set[Defect]]) -> list[Defect]:
    """What the oracle says of the injected code at its table; the aim itself where the oracle has no say."""
    if code not in SINGLE:
        return [(code, aim.rules)]
    found = [one for one in truths[aim.decision] if one[0] == code]
    if code == "RC03":  # inside one another is RC04, which says more
        inside = {rules for name, rules in truths[aim.decision] if name == "RC04"}
        found = [one for one in found if one[1] not in inside]
    if code == "RC06":  # what is never reached is RC05, which says more
        gone = {n for name, rules in truths[aim.decision] if name == "RC05" for n in rules}
        found = [one for one in found if not one[1] & gone]
    if aim.rules:
        found = [one for one in found if one[1] <= aim.rules]
    return found


def _at_place(it: Finding, aim: Aim, wanted: list[Defect], tables: tuple[Table, ...]) -> bool:
    if it.decision not in (aim.decision, *aim.also) and not (it.decision is None and aim.also):
        return False
    if it.code in ("RC02", "RC03", "RC04", "RC06", "RC07"):
        return any(rules <= set(it.rules) for _, rules in wanted)
    if it.code in ("RC05", "RC09", "RC12") and aim.rules:
        return bool(aim.rules & set(it.rules[:1] if it.code == "RC05" else it.rules))
    if it.code == "RC08":
        table = next(table for table in tables if table.id == it.decision)
        names = [column.variable for column in table.columns]
        return aim.column is None or _names(it, aim.column, names)
    return True


def _names(it: Finding, column: str, names: list[str]) -> bool:
    """Whether the finding is about this column: its evidence or identity has its name and no other one's."""
    text = f"{it.evidence} {it.identity}"
    return column in text or not any(name in text for name in names)


def _is_true(it: Finding, looked: dict[str, Looked]) -> bool:
    """Whether the definition holds where the finding points."""
    at = looked.get(it.decision or "")
    if at is None or it.code not in SINGLE:
        return False
    rules = it.rules
    if it.code == "RC01":
        return any(not numbers for numbers in at.met.values())
    if it.code in ("RC02", "RC03"):
        return any(set(rules) <= set(numbers) for numbers in at.met.values()) and (
            (len({at.row(n).output for n in rules}) == 1) == (it.code == "RC03")
        )
    if it.code == "RC04":
        one, covers = rules[0], rules[1:]
        return any(at.boxes[one] <= at.boxes[n] and at.row(one).output == at.row(n).output for n in covers)
    if it.code == "RC05":
        return unreachable(at, rules[0]) or silenced(at, rules[0])
    if it.code == "RC06":
        return any(misleads(at, strong, rules[0]) for strong in rules[1:])
    if it.code == "RC07":
        return mergeable(at, rules)
    return any(irrelevant(at, c) and _names(it, column.variable, []) for c, column in enumerate(at.table.columns))
