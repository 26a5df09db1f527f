"""What a decision table says after some edits, as values: the same as reading the edited file, without a file.

Ids and lines of a new row are empty: they come with the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bpm.errors import InvalidRequest
from bpm.model.decision import DecisionTable, Rule
from bpm.model.edit.rules import (
    AddRule,
    MoveRule,
    RemoveInput,
    RemoveRule,
    ReplaceRules,
    SetCell,
    SetHitPolicy,
    TableEdit,
    Texts,
)
from bpm.model.edit.tablepatches import JOINT, TO_DECIDE


def edited(table: DecisionTable, edits: Sequence[TableEdit]) -> DecisionTable:
    """The table after edits that all mean it (see `bpm.model.edit.apply`; clashes are not looked for here).

    Raises:
        InvalidRequest: `edit-target` if an edit names a row or column that is not there.
    """
    rows: dict[int, Rule] = dict(enumerate(table.rules))
    order = list(rows)
    added: list[Rule] = []
    for edit in edits:
        match edit:
            case RemoveRule():
                _row(table, edit.rule)
                rows.pop(edit.rule - 1, None)
            case ReplaceRules():
                rows[edit.row - 1] = _merged(table, edit)
                for number in set(edit.rules) - {edit.row}:
                    rows.pop(number - 1, None)
            case MoveRule():
                _row(table, edit.rule)
                order.remove(edit.rule - 1)
                order.insert(len(order) if edit.before is None else order.index(edit.before - 1), edit.rule - 1)
            case AddRule():
                added.append(_new(table, edit))
            case SetCell():
                # several cells of one row may change
                _row(table, edit.rule)
                rows[edit.rule - 1] = _with_cell(table, rows[edit.rule - 1], edit)
            case SetHitPolicy():
                table = replace(table, hit_policy=edit.hit_policy, aggregation=edit.aggregation)
    changed = replace(table, rules=(*(rows[at] for at in order if at in rows), *added))
    return _without_columns(changed, {_one_line(edit.input) for edit in edits if isinstance(edit, RemoveInput)})


def _row(table: DecisionTable, number: int) -> Rule:
    if number > len(table.rules):
        raise InvalidRequest("edit-target", f"{table.id}: no row {number}")
    return table.rules[number - 1]


def _cells(table: DecisionTable, texts: Texts) -> tuple[str, ...]:
    names = [_one_line(clause.expression) for clause in table.inputs]
    wanted: Mapping[str, str] = {_one_line(name): text for name, text in texts}
    if set(wanted) - set(names):
        raise InvalidRequest("edit-target", f"{table.id}: no column over {', '.join(sorted(set(wanted) - set(names)))}")
    return tuple(wanted.get(name, "-") if names.index(name) == at else "-" for at, name in enumerate(names))


def _merged(table: DecisionTable, edit: ReplaceRules) -> Rule:
    rows = [_row(table, number) for number in sorted(set(edit.rules))]
    stays = _row(table, edit.row)
    longest = max(len(row.annotations) for row in rows)
    notes = [_joined(row.annotations[at] for row in rows if at < len(row.annotations)) for at in range(longest)]
    return replace(stays, inputs=_cells(table, edit.inputs), annotations=tuple(notes))


def _with_cell(table: DecisionTable, row: Rule, edit: SetCell) -> Rule:
    kind, name = edit.place
    if kind == "input":
        _cells(table, ((name, ""),))
        at = [_one_line(clause.expression) for clause in table.inputs].index(name)
        return replace(row, inputs=(*row.inputs[:at], edit.text, *row.inputs[at + 1 :]))
    names = [clause.name or clause.label for clause in table.outputs]
    if name not in names:
        raise InvalidRequest("edit-target", f"{table.id}: no output {name}")
    at = names.index(name)
    return replace(row, outputs=(*row.outputs[:at], edit.text, *row.outputs[at + 1 :]))


def _new(table: DecisionTable, edit: AddRule) -> Rule:
    given = dict(edit.outputs)
    names = [clause.name or clause.label for clause in table.outputs]
    texts = [next(iter(given.values()), None)] if len(names) == 1 else [given.get(name) for name in names]
    remark = (TO_DECIDE,) if None in texts else ()
    count = len(table.annotation_names)
    notes = (*(remark or ("",)), *[""] * (count - 1)) if count else remark
    return Rule("", _cells(table, edit.inputs), tuple(text or "" for text in texts), notes)


def _without_columns(table: DecisionTable, names: set[str]) -> DecisionTable:
    found = [_one_line(clause.expression) for clause in table.inputs]
    if names - set(found):
        raise InvalidRequest("edit-target", f"{table.id}: no column over {', '.join(sorted(names - set(found)))}")
    kept = [at for at, name in enumerate(found) if name not in names]
    if len(kept) == len(found):
        return table
    rules = tuple(replace(rule, inputs=tuple(rule.inputs[at] for at in kept)) for rule in table.rules)
    return replace(table, inputs=tuple(table.inputs[at] for at in kept), rules=rules)


def _joined(texts: Iterable[str]) -> str:
    return JOINT.join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())
