"""What edits change in a decision table, row by row: for people who look at both tables side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bpm.model.decision import DecisionTable
from bpm.model.edit.edited import edited
from bpm.model.edit.rules import MoveRule, RemoveInput, ReplaceRules, TableEdit


@dataclass(frozen=True, slots=True)
class RowBefore:
    """A row as it stands: `kind` is empty, removed, merged (into another one), changed or moved."""

    number: int
    kind: str
    into: int | None = None


@dataclass(frozen=True, slots=True)
class RowAfter:
    """A row as it would stand, `was` its number before (None: new). `cells` are the columns of the table after the
    edits whose texts differ, `results` its outputs; `notes` whether its annotations do."""

    number: int
    was: int | None
    kind: str
    cells: tuple[int, ...] = ()
    notes: bool = False
    results: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TableDifference:
    """Both tables and their rows. `gone` are the columns (0-based, of the table before) that go."""

    before: DecisionTable
    after: DecisionTable
    rows_before: tuple[RowBefore, ...]
    rows_after: tuple[RowAfter, ...]
    gone: tuple[int, ...]

    @property
    def policy_changes(self) -> bool:
        return (self.before.hit_policy, self.before.aggregation) != (self.after.hit_policy, self.after.aggregation)


def table_difference(before: DecisionTable, edits: Sequence[TableEdit]) -> TableDifference:
    """The difference that edits of one table make. Raises InvalidRequest as `edited` does."""
    # the number of a row is its name while rows come and go
    named = replace(before, rules=tuple(replace(rule, id=str(n)) for n, rule in enumerate(before.rules, start=1)))
    after = edited(named, edits)
    merged = {row: it.row for it in edits if isinstance(it, ReplaceRules) for row in it.rules if row != it.row}
    moved = {it.rule for it in edits if isinstance(it, MoveRule)}
    names = {" ".join(it.input.split()) for it in edits if isinstance(it, RemoveInput)}
    gone = tuple(at for at, it in enumerate(before.inputs) if " ".join(it.expression.split()) in names)
    rows: list[RowAfter] = []
    for number, rule in enumerate(after.rules, start=1):
        if not rule.id:
            rows.append(RowAfter(number, None, "new"))
            continue
        was = int(rule.id)
        old = before.rules[was - 1]
        inputs = [text for at, text in enumerate(old.inputs) if at not in gone]
        cells = tuple(at for at, (one, other) in enumerate(zip(inputs, rule.inputs, strict=True)) if one != other)
        notes = old.annotations != rule.annotations
        pairs = enumerate(zip(old.outputs, rule.outputs, strict=True))
        results = tuple(at for at, (one, other) in pairs if one != other)
        kind = "changed" if cells or notes or results else "moved" if was in moved else ""
        rows.append(RowAfter(number, was, kind, cells, notes, results))
    kinds = {row.was: row.kind for row in rows if row.was is not None}
    numbers = {row.was: row.number for row in rows if row.was is not None}
    old_rows = tuple(
        RowBefore(n, kinds.get(n, "merged" if n in merged else "removed"), numbers.get(merged.get(n, 0)))
        for n in range(1, len(before.rules) + 1)
    )
    ids = [rule.id for rule in before.rules]
    plain = tuple(replace(rule, id=ids[int(rule.id) - 1] if rule.id else "") for rule in after.rules)
    return TableDifference(before, replace(after, rules=plain), old_rows, tuple(rows), gone)
