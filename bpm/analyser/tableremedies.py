"""Which edits of a decision table a finding may offer, and as what.

An edit is *mechanical* only if the table after it is proven to decide every case the same (`equivalence`), and nobody's
duty or right depends on the rows it touches: a rule that must be applied, one that hands the case to a person, rows
that speak of a protected right, or versions of a norm that are not all in force at the same time. Everything else is
for the *board*: somebody has to decide, whatever the proof says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bpm.analyser.boxes import Box
from bpm.analyser.equivalence import WORK, Proof, Prover
from bpm.analyser.finding import Remedy
from bpm.analyser.given import Given, TableAt, parts_of
from bpm.analyser.protected import recognise
from bpm.analyser.search import Budget
from bpm.analyser.tables import Geometry, in_force, names_in
from bpm.model.decision import Boxed, DecisionTable, LiteralExpression, Rule
from bpm.model.edit.edited import edited
from bpm.model.edit.rules import (
    AddRule,
    MoveRule,
    RemoveInput,
    RemoveRule,
    ReplaceRules,
    SetHitPolicy,
    TableEdit,
)


def offer(given: Given, at: TableAt, code: str, *edits: TableEdit, law: bool = True) -> Remedy:
    """The remedy that these edits of one table are. `law` False: what they remove rests on another law than what stays.
    The proofs of one check and table share a budget, so that what one check offers does not depend on the others."""
    proven = law and not concerns_rights(at, edits) and is_proven(given, at, code, edits)
    return Remedy("mechanical" if proven else "board", tuple(edit.as_json() for edit in edits))


def is_proven(given: Given, at: TableAt, code: str, edits: Sequence[TableEdit]) -> bool:
    """Whether the table decides every case the same after the edits."""
    prover, budgets = given.provers.setdefault(id(at), (Prover(at), {}))
    budget = budgets.setdefault(code, Budget(WORK))
    return isinstance(prover.compare(edited(at.table, edits), budget), Proof)


def concerns_rights(at: TableAt, edits: Iterable[TableEdit]) -> bool:
    """Whether somebody's duty or right depends on what the edits touch."""
    table = at.table
    touched = {number - 1 for edit in edits for number in _rows_of(edit, table)}
    rows = [table.rules[row] for row in sorted(touched) if row < len(table.rules)]
    bases = [*(at.decision.legal_bases if at.decision is not None else ())]
    bases += [basis for rule in rows for basis in rule.legal_bases]
    texts = [at.name, *(text for rule in rows for text in (*rule.annotations, *rule.outputs))]
    return (
        any(basis.force == "must" for basis in bases)
        or any(rule.handover is not None for rule in rows)
        or any(recognise(text) is not None for text in texts)
        or len({in_force(rule) for rule in table.rules}) > 1
    )


def _rows_of(edit: TableEdit, table: DecisionTable) -> Iterable[int]:
    match edit:
        case RemoveRule() | MoveRule():
            return (edit.rule,)
        case ReplaceRules():
            return edit.rules
        case AddRule():
            return ()
        case _:
            return range(1, len(table.rules) + 1)


def number_of(given: Given, at: TableAt) -> int:
    """Which of its owner's tables this is, 1-based."""
    beside = [it for it in given.tables if it.model is at.model and it.owner == at.owner]
    return next((n for n, it in enumerate(beside, start=1) if it.table is at.table), 1)


# --- the edits of the checks -----------------------------------------------------------------------------------


def without_rules(given: Given, at: TableAt, code: str, rules: Iterable[int], *, law: bool = True) -> Remedy:
    """0-based rules go."""
    table = number_of(given, at)
    return offer(
        given, at, code, *(RemoveRule(decision=at.owner, table=table, rule=rule + 1) for rule in rules), law=law
    )


def with_policy(given: Given, at: TableAt, code: str, policy: str, move: tuple[int, int] | None = None) -> Remedy:
    """Another hit policy; `move` sets one 0-based rule in front of another one first."""
    table = number_of(given, at)
    edits: list[TableEdit] = [SetHitPolicy(decision=at.owner, table=table, hit_policy=policy)]
    if move is not None:
        edits.insert(0, MoveRule(decision=at.owner, table=table, rule=move[0] + 1, before=move[1] + 1))
    return offer(given, at, code, *edits)


def moved(given: Given, at: TableAt, code: str, rule: int, before: int) -> Remedy:
    """A 0-based rule goes in front of another one."""
    table = number_of(given, at)
    return offer(given, at, code, MoveRule(decision=at.owner, table=table, rule=rule + 1, before=before + 1))


def merged(
    given: Given, shape: Geometry, code: str, group: tuple[int, ...], place: int, box: Box, outputs: Mapping[str, str]
) -> Remedy:
    """One row for a group of them. Where the shortest cells would let more in than the rows did (a missing input, a
    value nobody allows), the cells of the rows are listed instead if that is proven."""
    at = shape.at
    offers = []
    for inputs in _merged_cells(shape, group, box):
        edit = ReplaceRules(
            decision=at.owner,
            table=number_of(given, at),
            rules=tuple(rule + 1 for rule in group),
            row=place + 1,
            cells=(("inputs", tuple(inputs.items())), ("outputs", tuple(outputs.items()))),
        )
        offers.append(offer(given, at, code, edit, law=_rest_alike([at.table.rules[rule] for rule in group])))
    return next((it for it in offers if it.applicability == "mechanical"), offers[0])


def _merged_cells(shape: Geometry, group: Sequence[int], box: Box) -> tuple[dict[str, str], dict[str, str]]:
    """The shortest cells, and those that list what the rows say; what all rows say alike stays as it is written."""
    short = shape.texts(box)
    listed = dict(short)
    table = shape.at.table
    names = [" ".join(clause.expression.split()) for clause in table.inputs]
    for position, name in enumerate(names):
        cells = list(dict.fromkeys(table.rules[rule].inputs[position].strip() for rule in group))
        if names.count(name) > 1:
            continue
        if len(cells) == 1:
            short[name] = listed[name] = cells[0]
        elif not any(cell in ("", "-") or cell.startswith("not") for cell in cells):
            listed[name] = ", ".join(cells)
    return short, listed


def _rest_alike(rows: Sequence[Rule]) -> bool:
    """Whether all rows rest on the same law, in every respect but the place in the file."""
    return (
        len(
            {
                tuple((it.citation, it.organ, it.force, it.valid_from, it.valid_to) for it in rule.legal_bases)
                for rule in rows
            }
        )
        == 1
    )


def closed(given: Given, shape: Geometry, boxes: Sequence[Box]) -> Remedy:
    """A new row for each of the largest gaps that share no case; what it gives is for the board to say."""
    at = shape.at
    chosen: list[Box] = []
    for box in boxes:
        if all(any(one & other == 0 for one, other in zip(box, it, strict=True)) for it in chosen):
            chosen.append(box)
    names = [clause.name or clause.label or at.name for clause in at.table.outputs]
    edits = [
        AddRule(
            decision=at.owner,
            table=number_of(given, at),
            cells=(
                ("inputs", tuple((name, text) for name, text in shape.texts(box).items() if text != "-")),
                ("outputs", tuple((name, None) for name in names)),
            ),
        )
        for box in chosen
    ]
    return Remedy("board", tuple(edit.as_json() for edit in edits))


def without_input(given: Given, at: TableAt, code: str, expression: str) -> Remedy:
    """A column goes; where anybody else may read its data, that is more than this table's affair."""
    edit = RemoveInput(decision=at.owner, table=number_of(given, at), input=expression)
    return offer(given, at, code, edit, law=not _read_elsewhere(given, at, expression))


def _read_elsewhere(given: Given, at: TableAt, expression: str) -> bool:
    """Whether a process stands around the table, or another expression of its models names the same data."""
    if given.process is not None:
        return True
    names = names_in(expression)
    own = {id(clause) for clause in at.table.inputs if " ".join(clause.expression.split()) == expression}
    texts: list[str] = []
    for other in given.tables:
        texts += [clause.expression for clause in other.table.inputs if id(clause) not in own]
        texts += [text for rule in other.table.rules for text in rule.outputs]
    for model in given.procedure.decisions:
        logic: list[Boxed | None] = [decision.logic for decision in model.decisions]
        logic += [knowledge.logic for knowledge in model.knowledge]
        texts += _literals(logic)
    return any(name in texts_of for texts_of in texts for name in names)


def _literals(logic: list[Boxed | None]) -> Iterator[str]:
    stack = list(logic)
    while stack:
        value = stack.pop()
        if isinstance(value, LiteralExpression):
            yield value.text
        elif value is not None and not isinstance(value, DecisionTable):
            stack.extend(parts_of(value))
