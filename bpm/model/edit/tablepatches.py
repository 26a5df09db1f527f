"""Edits of decision tables as patches of a DMN file's text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bpm.errors import InvalidRequest
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
from bpm.model.source import Part, Patch, Source, text_of

TO_DECIDE = "Zu entscheiden: Diese Fälle regelt bisher keine Zeile."
"""What stands in a new row until somebody has decided its outputs."""

JOINT = "; "
"""Between annotations of rows that became one."""


def apply(data: bytes, edits: Sequence[TableEdit], path: str = "") -> bytes:
    """The DMN file with the edits made; see `bpm.model.edit.apply`."""
    source = Source(data, path, "dmn")
    groups: dict[tuple[str, int], list[TableEdit]] = {}
    for edit in edits:
        groups.setdefault((edit.decision, edit.table), []).append(edit)
    patches: list[Patch] = []
    for (owner, number), group in groups.items():
        patches += _Table(source, _find(source, owner, number), f"{owner} table {number}").patches(group)
    return source.patched(patches)


def _find(source: Source, owner: str, number: int) -> Part:
    """The table, by the reader's rule that a decision without an id goes by its name."""
    for holder in source.root.children:
        called = holder.id or holder.attributes.get("name", "")
        known = holder.name in ("decision", "businessKnowledgeModel") and holder.namespace == source.root.namespace
        if known and called == owner:
            tables = list(_tables(holder))
            if number <= len(tables):
                return tables[number - 1]
    raise InvalidRequest("edit-target", f"no decision table {number} in {owner[:80]!r}", path=source.path)


def _tables(holder: Part) -> Iterator[Part]:
    for part in holder.children:
        if part.namespace == holder.namespace and part.name == "decisionTable":
            yield part
        elif part.name != "extensionElements":
            yield from _tables(part)


@dataclass(slots=True)
class _Table:
    """One table and what happens to it. `gone` are rows (0-based) that leave their place."""

    source: Source
    part: Part
    called: str
    gone: set[int] = field(default_factory=set)
    out: list[Patch] = field(default_factory=list)

    @property
    def rows(self) -> list[Part]:
        return self.part.all("rule")

    def patches(self, edits: Sequence[TableEdit]) -> list[Patch]:
        columns = {name for edit in edits if isinstance(edit, RemoveInput) for name in (_one_line(edit.input),)}
        kept = [at for at, name in enumerate(self.expressions()) if name not in columns]
        if len(columns) > len({name for name in self.expressions() if name in columns}):
            raise self.wrong("no column over one of " + ", ".join(sorted(columns)))
        moves = [edit for edit in edits if isinstance(edit, MoveRule)]
        for edit in edits:
            self.rewrite(edit, kept)
        self.remove_columns(kept, moves)
        self.move(moves, kept)
        for at in sorted(self.gone):
            self.cut(self.rows[at])
        for edit in edits:
            if isinstance(edit, AddRule):
                self.add(edit, kept)
        return self.out

    def rewrite(self, edit: TableEdit, kept: Sequence[int]) -> None:
        """Everything that changes rows or the table where they stand."""
        match edit:
            case RemoveRule():
                self.row(edit.rule)
                self.gone.add(edit.rule - 1)
            case ReplaceRules():
                self.replace(edit, kept)
            case SetCell():
                self.write(self.cell(edit), edit.text)
            case SetHitPolicy():
                self.out.append(self.source.attribute(self.part, "hitPolicy", edit.hit_policy))
                if edit.aggregation is not None or "aggregation" in self.part.attributes:
                    # two insertions into one tag go in this order
                    self.out.append(self.source.attribute(self.part, "aggregation", edit.aggregation))

    # --- rows ------------------------------------------------------------------------------------------------

    def row(self, number: int) -> Part:
        if number > len(self.rows):
            raise self.wrong(f"no row {number}")
        return self.rows[number - 1]

    def cell(self, edit: SetCell) -> Part:
        kind, name = edit.place
        row = self.row(edit.rule)
        if kind == "input":
            at = next(iter(self.cells(((name, ""),))))
        else:
            names = [part.attributes.get("name") or part.attributes.get("label") or "" for part in self.outputs]
            if name not in names:
                raise self.wrong(f"no output {name}")
            at = names.index(name)
        entries = row.all(f"{kind}Entry")
        if at >= len(entries):
            raise self.wrong(f"row {edit.rule} has no such cell")
        return entries[at]

    @property
    def outputs(self) -> list[Part]:
        return self.part.all("output")

    def cut(self, part: Part) -> None:
        self.out.append((self.source.blank_before(part), part.end, ""))

    def replace(self, edit: ReplaceRules, kept: Sequence[int]) -> None:
        rows = [self.row(number) for number in sorted(set(edit.rules))]
        stays = self.row(edit.row)
        cells = self.cells(edit.inputs)
        for at, entry in enumerate(stays.all("inputEntry")):
            if at in kept:
                self.write(entry, cells.get(at, "-"))
        self.join_notes(stays, rows)
        self.gone |= {number - 1 for number in edit.rules if number != edit.row}

    def join_notes(self, stays: Part, rows: Sequence[Part]) -> None:
        """No annotation or description is lost: different ones stand one after the other."""
        own = stays.all("annotationEntry")
        for at, entry in enumerate(own):
            said = [self.said(row.all("annotationEntry")[at]) for row in rows if at < len(row.all("annotationEntry"))]
            self.write(entry, _joined(said))
        lost = [row for row in rows if len(row.all("annotationEntry")) > len(own)]
        for at in range(len(own), max((len(row.all("annotationEntry")) for row in lost), default=0)):
            said = [self.said(row.all("annotationEntry")[at]) for row in lost if at < len(row.all("annotationEntry"))]
            if _joined(said):
                prefix = self.source.prefix(stays)
                self.insert_last(stays, self.element(prefix, "annotationEntry", _joined(said)))
        described = [self.source.written(it.inner, it.closing) for row in rows if (it := row.first("description"))]
        together = JOINT.join(dict.fromkeys(text.strip() for text in described if text.strip()))
        own_description = stays.first("description")
        if own_description is not None and len(described) > 1:
            if self.source.written(own_description.inner, own_description.closing).strip() != together:
                self.out.append(self.source.content(own_description, together))
        elif own_description is None and together:
            name = f"{self.source.prefix(stays)}description"
            self.out.append((stays.inner, stays.inner, f"{self.inner_indent(stays)}<{name}>{together}</{name}>"))

    def said(self, entry: Part) -> str:
        """A cell's text, without markup."""
        text = entry.first("text")
        return "" if text is None else text.text

    def write(self, entry: Part, value: str) -> None:
        """A cell's text becomes `value`, unless it says so already."""
        text = entry.first("text")
        if text is None:
            name = f"{self.source.prefix(entry)}text"
            self.out.append(self.source.content(entry, f"<{name}>{text_of(value)}</{name}>"))
        elif text.text != value:
            self.out.append(self.source.content(text, text_of(value)))

    def move(self, moves: Sequence[MoveRule], kept: Sequence[int]) -> None:
        """Rows that change their place are cut and stand again, as written, in front of the next row that stays."""
        order = list(range(len(self.rows)))
        for edit in moves:
            self.row(edit.rule)
            order.remove(edit.rule - 1)
            if edit.before is not None:
                self.row(edit.before)
            order.insert(len(order) if edit.before is None else order.index(edit.before - 1), edit.rule - 1)
        moved = {edit.rule - 1 for edit in moves}
        waiting: list[str] = []
        for at in order:
            row = self.rows[at]
            if at in moved:
                waiting.append(
                    self.source.written(self.source.blank_before(row), row.start) + self.shortened(row, kept)
                )
                continue
            if waiting:
                place = self.source.blank_before(row)
                self.out.insert(0, (place, place, "".join(waiting)))
            waiting = []
        if waiting:
            self.out.append((self.rows[-1].end, self.rows[-1].end, "".join(waiting)))
        self.gone |= moved

    def shortened(self, row: Part, kept: Sequence[int]) -> str:
        """A row as written, without the cells of columns that go."""
        text, start = "", row.start
        for at, entry in enumerate(row.all("inputEntry")):
            if at not in kept:
                text += self.source.written(start, self.source.blank_before(entry))
                start = entry.end
        return text + self.source.written(start, row.end)

    def add(self, edit: AddRule, kept: Sequence[int]) -> None:
        """The new row, indented as the last one, after all that stands there."""
        cells, prefix = self.cells(edit.inputs), self.source.prefix(self.part)
        given = dict(edit.outputs)
        names = [part.attributes.get("name") or part.attributes.get("label") or "" for part in self.outputs]
        unknown = set(given) - set(names)
        if unknown and len(names) > 1:
            raise self.wrong("no output " + ", ".join(sorted(unknown)))
        outputs = [next(iter(given.values()), None)] if len(names) == 1 else [given.get(name) for name in names]
        remark = TO_DECIDE if any(text is None for text in outputs) else ""
        notes = len(self.part.all("annotation"))
        parts = [f"<{prefix}description>{text_of(remark)}</{prefix}description>"] if remark and not notes else []
        parts += [self.element(prefix, "inputEntry", cells.get(at, "-"), self.new_id()) for at in kept]
        parts += [self.element(prefix, "outputEntry", text or "", self.new_id()) for text in outputs]
        parts += [self.element(prefix, "annotationEntry", "" if at else remark) for at in range(notes)]
        rows = self.rows
        last = rows[-1] if rows else next(reversed(self.part.children), None)
        outer = self.line_indent(last) if last is not None else ""
        inner = self.line_indent(rows[-1].children[0]) if rows and rows[-1].children else ""
        body = "".join(inner + part for part in parts) + (outer if inner else "")
        place = self.part.inner if last is None else last.end
        row = f'<{prefix}rule id="{self.new_id()}">{body}</{prefix}rule>'
        self.out.append((place, place, outer + row))

    def new_id(self) -> str:
        """An id that the file does not have; the same file gives the same ids."""
        taken = self.source.ids
        number = len(taken)
        while f"neu_{number}" in taken:
            number += 1
        taken.add(f"neu_{number}")
        return f"neu_{number}"

    def element(self, prefix: str, name: str, text: str, id: str = "") -> str:
        named = f' id="{id}"' if id else ""
        return f"<{prefix}{name}{named}><{prefix}text>{text_of(text)}</{prefix}text></{prefix}{name}>"

    def insert_last(self, part: Part, text: str) -> None:
        last = part.children[-1]
        self.out.append((last.end, last.end, self.line_indent(last) + text))

    def line_indent(self, part: Part) -> str:
        """White space before an element if it stands on a line of its own; a new element beside it gets the same."""
        found = self.source.indent(part)
        # what stands between this row and the one before may be several empty lines
        cut = found.rfind("\n")
        return "" if cut < 0 else ("\r" if found[cut - 1 : cut] == "\r" else "") + found[cut:]

    def inner_indent(self, part: Part) -> str:
        return self.line_indent(part.children[0]) if part.children else ""

    # --- columns ---------------------------------------------------------------------------------------------

    def expressions(self) -> list[str]:
        """The input expressions, on one line each."""
        found = []
        for part in self.part.all("input"):
            expression = part.first("inputExpression")
            found.append(_one_line(self.said(expression)) if expression is not None else "")
        return found

    def cells(self, texts: Texts) -> Mapping[int, str]:
        """Texts by column; of several columns over one expression the first says it, the others match everything."""
        names = self.expressions()
        wanted = {_one_line(name): text for name, text in texts}
        unknown = set(wanted) - set(names)
        if unknown:
            raise self.wrong("no column over " + ", ".join(sorted(unknown)))
        return {names.index(name): text for name, text in wanted.items()}

    def remove_columns(self, kept: Sequence[int], moves: Sequence[MoveRule]) -> None:
        columns = self.part.all("input")
        for at, column in enumerate(columns):
            if at not in kept:
                self.cut(column)
        if len(kept) == len(columns):
            return
        elsewhere = self.gone | {edit.rule - 1 for edit in moves}
        for number, row in enumerate(self.rows):
            for at, entry in enumerate(row.all("inputEntry")):
                if at not in kept and number not in elsewhere:
                    self.cut(entry)

    def wrong(self, what: str) -> InvalidRequest:
        return InvalidRequest("edit-target", f"{self.called}: {what}", path=self.source.path)


def _joined(texts: Sequence[str]) -> str:
    return JOINT.join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())
