"""A base and a layer to the files of an ordinary procedure: pure, bytes in, bytes out; the base's bytes stay theirs.

Every change is made where its id stands, or it is an error at its line of `layer.toml`; the others are made all the
same, so that one look shows everything that does not fit any more. Decision tables change by the edits of
`bpm.model.edit`, other XML by patches of its text, forms and the scenario as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from bpm.errors import InvalidRequest, ModelError
from bpm.model.contents import content_digest
from bpm.model.edit import apply
from bpm.model.edit.rules import AddRule, RemoveRule, SetCell, TableEdit
from bpm.model.layer import BASE, LAYER, OF_BASIS, Change, Done, Layer
from bpm.model.procedure import FileError
from bpm.model.source import Part, Patch, Source, text_of

OURS: Final = "urn:lichtung:bpmn:1"
_MODELS: Final = (".bpmn", ".bpmn2", ".dmn", ".xml", ".form")
_OF_CITY: Final = frozenset(["registers.json", "principles.toml", "expected-findings.json", "package.json"])
REPLACED: Final = ("scenario.json", "norms.toml")
"""What a city may write anew as a whole."""


Refusal: TypeAlias = tuple[str, str]


class _Unknown(Exception):
    """An id of a change is not in the base; the text says which."""


@dataclass(frozen=True, slots=True)
class Layered:
    """The files of the procedure by name, and the layer with what of it was done. `errors` say what was not, and why;
    `inherited` are the names that come from the base."""

    files: Mapping[str, bytes]
    layer: Layer
    errors: tuple[FileError, ...] = ()
    inherited: frozenset[str] = frozenset()


def inherited(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What of a base's files a layer builds on: models, forms, scenario, norms. The rest is each city's own."""
    return {name: data for name, data in files.items() if is_inherited(name)}


def is_inherited(name: str) -> bool:
    """Whether a file of a base, by its name relative to it, belongs to what layers build on."""
    folder, _, local = name.rpartition("/")
    if folder:
        return folder == "forms" and local.endswith((".json", ".form"))
    return local == "norms.toml" or (local.endswith((*_MODELS, ".json")) and local not in _OF_CITY)


def layered(layer: Layer, base: Mapping[str, bytes], own: Mapping[str, bytes], path: str = LAYER) -> Layered:
    """The procedure that `layer` makes of `base` (names relative to it) and the city's `own` files beside the layer.

    Nothing is raised for what does not fit: it stands in `errors`, at its line of the layer (`path`).
    """
    errors: list[FileError] = []

    def tell(code: str, message: str, line: int | None, element: str | None = None) -> None:
        errors.append(FileError(code, message, path, line, element))

    files = inherited(base)
    if not any(name.endswith((".bpmn", ".bpmn2")) and "/" not in name for name in files):
        tell("layer-base", f"no BPMN file in the base {layer.base!r}", layer.base_line)
        return Layered({}, layer, tuple(errors))
    now = content_digest(files)
    if now != layer.digest:
        told = f"the base is not the one that was looked through: it is now {now}"
        tell("layer-base-changed", told, layer.digest_line)
    for name in sorted(own):
        if name != LAYER and is_inherited(name) and name not in REPLACED:
            tell("layer-copy", f"{name} lies beside the layer; a layer changes by id and copies nothing", 1, name)
    work = _Work(dict(files), tell)
    work.files.update({name: own[name] for name in REPLACED if name in own})
    done = work.make(layer.changes)
    kept = {name: data for name, data in own.items() if not is_inherited(name) and name != LAYER}
    return Layered({**work.files, **kept}, replace(layer, done=done), tuple(errors), frozenset(files))


def as_plain(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a package, its layer applied if it carries one: what an ordinary procedure would have. Raises
    ModelError where the layer does not fit."""
    from bpm.model.layer import read_layer

    if LAYER not in files:
        return dict(files)
    layer = read_layer(files[LAYER].decode("utf-8", "replace"), LAYER)
    base, own = split(files)
    found = layered(layer, base, own)
    for error in found.errors:
        raise ModelError(error.code, error.message, path=error.path, line=error.line, element=error.element)
    return dict(found.files)


def split(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The base that a package carries, by names relative to it, and the other files."""
    prefix = f"{BASE}/"
    base = {name[len(prefix) :]: data for name, data in files.items() if name.startswith(prefix)}
    return base, {name: data for name, data in files.items() if not name.startswith(prefix)}


# --- making changes ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """The files while they change. Rows first, by edits that all mean the base; then texts by id."""

    files: dict[str, bytes]
    tell: Callable[..., None]
    sources: dict[str, Source] = field(default_factory=dict)
    indices: dict[str, dict[str, list[Part]]] = field(default_factory=dict)
    patches: dict[str, list[Patch]] = field(default_factory=dict)
    parsed: dict[str, Any] = field(default_factory=dict)

    def make(self, changes: Sequence[Change]) -> tuple[Done, ...]:
        done: dict[int, Done] = {}
        self.edit_rows(changes, done)
        for number, change in enumerate(changes):
            if change.do in _BY_PATCH or change.do in _IN_JSON:
                try:
                    was, now = (_BY_PATCH.get(change.do) or _IN_JSON[change.do])(self, change)
                except _Unknown as error:
                    self.tell("layer-unknown", f"{change.do}: {error}", change.line, change.target)
                    continue
                done[number] = Done(change, was, now)
        for name, patches in self.patches.items():
            self.files[name] = self.sources[name].patched(patches)
        for name, content in self.parsed.items():
            self.files[name] = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
        return tuple(done[number] for number in sorted(done))

    # --- decision tables ---------------------------------------------------------------------------------------

    def edit_rows(self, changes: Sequence[Change], done: dict[int, Done]) -> None:
        """Cells and rows: all edits of one file at once, so that none shifts the rows of another."""
        edits: dict[str, list[tuple[int, TableEdit]]] = {}
        for number, change in enumerate(changes):
            if change.do not in ("set-cell", "remove-rule", "add-rule"):
                continue
            try:
                name, edit, was = self.edit_of(change)
            except _Unknown as error:
                self.tell("layer-unknown", f"{change.do}: {error}", change.line, change.target)
                continue
            now = change.text("text") if change.do == "set-cell" else _row_text(change)
            edits.setdefault(name, []).append((number, edit))
            done[number] = Done(change, was, now)
        self.sources.clear()
        self.indices.clear()
        for name, wanted in edits.items():
            try:
                self.files[name] = apply(self.files[name], [edit for _, edit in wanted], name)
            except (InvalidRequest, ModelError) as error:
                first = changes[wanted[0][0]]
                self.tell("layer-clash", error.message, first.line, first.target)
                for number, _ in wanted:
                    done.pop(number, None)
                continue
            added = [changes[number] for number, edit in wanted if isinstance(edit, AddRule)]
            for decision in dict.fromkeys(change.text("decision") for change in added):
                self.complete(name, decision, [it for it in added if it.text("decision") == decision])

    def edit_of(self, change: Change) -> tuple[str, TableEdit, str]:
        if change.do == "add-rule":
            owner = change.text("decision")
            name, holder = self.find(owner, (".dmn",))
            table = _table(holder)
            for key, known in (("inputs", _expressions(table)), ("outputs", _outputs(table))):
                strange = sorted(set(change.says[key]) - set(known))
                if strange:
                    raise _Unknown(f"no {key[:-1]} {strange[0]!r} in {owner!r}")
            if set(change.says["outputs"]) != set(_outputs(table)):
                raise _Unknown(f"a row of {owner!r} says {', '.join(_outputs(table))}")
            cells = tuple((key, tuple(change.says[key].items())) for key in ("inputs", "outputs"))
            return name, AddRule(decision=owner, cells=cells), ""
        name, row = self.find(change.text("rule"), (".dmn",), "rule")
        table = row.parent or row
        owner, number = _owner(row), table.all("rule").index(row) + 1
        if change.do == "remove-rule":
            return name, RemoveRule(decision=owner, rule=number), _row_said(row)
        kind = "input" if "input" in change.says else "output"
        wanted, names = change.text(kind), _expressions(table) if kind == "input" else _outputs(table)
        if wanted not in names:
            raise _Unknown(f"no {kind} {wanted!r} in {owner!r}")
        was = _said(row.all(f"{kind}Entry")[names.index(wanted)])
        column, result = (wanted, None) if kind == "input" else (None, wanted)
        edit = SetCell(decision=owner, rule=number, text=change.text("text"), input=column, output=result)
        return name, edit, was

    def complete(self, name: str, decision: str, changes: Sequence[Change]) -> None:
        """New rows, the last of their table, get what only this vocabulary says: their note and their law."""
        source = Source(self.files[name], name, "dmn")
        holder = next(part for part in source.root.walk() if part.id == decision)
        patches: list[Patch] = []
        for row, change in zip(_table(holder).all("rule")[-len(changes) :], changes, strict=True):
            prefix = source.prefix(row)
            law = f"<{prefix}extensionElements>{_basis(change.says['basis'])}</{prefix}extensionElements>"
            patches.append((row.inner, row.inner, law))
            note, entries = change.text("note"), row.all("annotationEntry")
            if note and entries:
                patches.append(source.content(entries[0], f"<{prefix}text>{text_of(note)}</{prefix}text>"))
        self.files[name] = source.patched(patches)

    # --- texts of XML files ------------------------------------------------------------------------------------

    def find(self, id: str, suffixes: Sequence[str], kind: str | None = None) -> tuple[str, Part]:
        for name in sorted(self.files):
            if not name.endswith(tuple(suffixes)):
                continue
            for part in self.index(name).get(id, ()):
                if kind is None or part.name == kind:
                    return name, part
        raise _Unknown(f"nothing is called {id!r}")

    def index(self, name: str) -> dict[str, list[Part]]:
        """The parts of a file by id; legal bases by what they cite."""
        if name not in self.indices:
            found: dict[str, list[Part]] = {}
            for part in self.source(name).root.walk():
                key = f"cites {part.attributes.get('citation', '')}" if _is_basis(part) else part.id
                found.setdefault(key, []).append(part)
            self.indices[name] = found
        return self.indices[name]

    def source(self, name: str) -> Source:
        if name not in self.sources:
            self.sources[name] = Source(self.files[name], name, "dmn" if name.endswith(".dmn") else "bpmn")
        return self.sources[name]

    def patch(self, name: str, *patches: Patch) -> None:
        self.patches.setdefault(name, []).extend(patches)

    def set_note(self, change: Change) -> Refusal:
        name, row = self.find(change.text("rule"), (".dmn",), "rule")
        entries = row.all("annotationEntry")
        if not entries:
            raise _Unknown(f"the row {row.id!r} has no annotation")
        prefix = self.source(name).prefix(row)
        written = f"<{prefix}text>{text_of(change.text('text'))}</{prefix}text>"
        self.patch(name, self.source(name).content(entries[0], written))
        return _said(entries[0]), change.text("text")

    def set_values(self, change: Change) -> Refusal:
        name, holder = self.find(change.text("decision"), (".dmn",))
        table = _table(holder)
        if change.text("input") not in _expressions(table):
            raise _Unknown(f"no input {change.text('input')!r} in {holder.id!r}")
        column = table.all("input")[_expressions(table).index(change.text("input"))]
        values = column.first("inputValues")
        if values is None:
            raise _Unknown(f"the input {change.text('input')!r} lists no values")
        prefix = self.source(name).prefix(column)
        written = f"<{prefix}text>{text_of(change.text('text'))}</{prefix}text>"
        self.patch(name, self.source(name).content(values, written))
        return _said(values), change.text("text")

    def set_name(self, change: Change) -> Refusal:
        name, part = self.find(change.text("element"), (".bpmn", ".bpmn2"))
        was, now = part.attributes.get("name", ""), change.text("text")
        self.patch(name, self.source(name).attribute(part, "name", now))
        if part.name == "lane" and was:
            self.rename_role(was, now)
        return was, now

    def set_text(self, change: Change) -> Refusal:
        name, part = self.find(change.text("element"), (".bpmn", ".bpmn2"))
        told = part.first("documentation")
        if told is None:
            raise _Unknown(f"{part.id!r} has no documentation")
        self.patch(name, self.source(name).content(told, text_of(change.text("text"))))
        return told.text.strip(), change.text("text")

    def rename_role(self, was: str, now: str) -> None:
        """What names the role of a lane besides the lane: candidate groups, rows that hand over, pools of people."""
        for name in sorted(self.files):
            if name.endswith((".bpmn", ".bpmn2", ".dmn")):
                source = self.source(name)
                for part in source.root.walk():
                    groups = [key for key in part.attributes if key.endswith("}candidateGroups")]
                    if any(part.attributes[key] == was for key in groups):
                        self.patch(name, _foreign(source, part, "candidateGroups", was, now))
                    if part.namespace == OURS and part.name == "handover" and part.attributes.get("to") == was:
                        self.patch(name, source.attribute(part, "to", now))
        if "scenario.json" in self.files:
            for pool in self.json("scenario.json").get("resource_profiles", ()):
                for entry in (pool, *pool.get("resource_list", ())):
                    if entry.get("name") == was:
                        entry["name"] = now

    def set_basis(self, change: Change) -> Refusal:
        wanted, now = change.says.get("citation"), str(change.says["basis"]["citation"])
        if "element" not in change.says:
            return self.replace_basis(change.text("citation"), change.says["basis"]), now
        name, part = self.find(change.text("element"), (".bpmn", ".bpmn2", ".dmn"))
        holder = part.first("extensionElements")
        laws = [it for it in holder.children if _is_basis(it)] if holder else []
        named = [law for law in laws if wanted is None or law.attributes.get("citation") == wanted]
        if len(named) != 1:
            cited = ", ".join(law.attributes.get("citation", "") for law in laws) or "none"
            raise _Unknown(f"which basis of {part.id!r}? It has: {cited}")
        self.patch(name, (named[0].start, named[0].end, _basis(change.says["basis"])))
        return named[0].attributes.get("citation", ""), now

    def replace_basis(self, citation: str, basis: Mapping[str, Any]) -> str:
        found = 0
        for name in sorted(self.files):
            if name.endswith((".bpmn", ".bpmn2", ".dmn")):
                for part in self.index(name).get(f"cites {citation}", ()):
                    self.patch(name, (part.start, part.end, _basis(basis)))
                    found += 1
        if not found:
            raise _Unknown(f"nothing rests on {citation!r}")
        return citation

    # --- forms and scenario ------------------------------------------------------------------------------------

    def json(self, name: str) -> Any:
        if name not in self.parsed:
            try:
                self.parsed[name] = json.loads(self.files[name])
            except ValueError:
                raise _Unknown(f"{name} is no JSON") from None
        return self.parsed[name]

    def set_field(self, change: Change) -> Refusal:
        form = change.text("form")
        name = next((it for it in (f"forms/{form}.json", f"{form}.json", f"{form}.form") if it in self.files), None)
        if name is None:
            raise _Unknown(f"no form {form!r}")
        fields = [it for it in _components(self.json(name)) if change.text("field") in (it.get("key"), it.get("id"))]
        if not fields:
            raise _Unknown(f"no field {change.text('field')!r} in the form {form!r}")
        was: dict[str, Any] = {}
        for key, value in change.says["with"].items():
            holder, place = _place_of(fields[0], key)
            new = (
                [it if isinstance(it, dict) else {"label": str(it), "value": it} for it in value]
                if (key == "options")
                else value
            )
            was[key] = holder.get(place)
            holder[place] = new
        return _plain(was), _plain(change.says["with"])

    def set_figure(self, change: Change) -> Refusal:
        if "scenario.json" not in self.files:
            raise _Unknown("the base has no scenario")
        steps = change.text("at").split("/")
        found = self.json("scenario.json")
        for step in steps[:-1]:
            found = _inside(found, step, change)
        if isinstance(found, dict) and steps[-1] in found:
            was = found[steps[-1]]
            found[steps[-1]] = change.says["value"]
            return _plain(was), _plain(change.says["value"])
        raise _Unknown(f"no figure at {change.text('at')!r}")


_BY_PATCH: Final[Mapping[str, Callable[[_Work, Change], Refusal]]] = {
    "set-note": _Work.set_note,
    "set-values": _Work.set_values,
    "set-name": _Work.set_name,
    "set-text": _Work.set_text,
    "set-basis": _Work.set_basis,
}
_IN_JSON: Final[Mapping[str, Callable[[_Work, Change], Refusal]]] = {
    "set-field": _Work.set_field,
    "set-figure": _Work.set_figure,
}
_IDS: Final = ("id", "element_id", "event_id", "task_id", "resource_id", "name")


def _inside(found: Any, step: str, change: Change) -> Any:
    """The entry of an object by name, of a list by its id or, where it has none, by its number from 1."""
    if isinstance(found, dict) and step in found:
        return found[step]
    if isinstance(found, list):
        for entry in found:
            if isinstance(entry, dict) and any(entry.get(key) == step for key in _IDS):
                return entry
        if step.isdigit() and 1 <= int(step) <= len(found):
            return found[int(step) - 1]
    raise _Unknown(f"no {step!r} on the way of {change.text('at')!r}")


def _components(form: Any) -> Iterator[dict[str, Any]]:
    for component in form.get("components", ()) if isinstance(form, dict) else ():
        if isinstance(component, dict):
            yield component
            yield from _components(component)


def _place_of(component: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """Where a form-js component keeps what is called `key` here."""
    if key == "label":
        return component, "text" if component.get("type") == "text" else (
            "dateLabel" if component.get("type") == "datetime" else "label"
        )
    if key == "options":
        return component, "values"
    rules = component.setdefault("validate", {})
    return rules, key


def _is_basis(part: Part) -> bool:
    return (part.namespace, part.name) == (OURS, "legalBasis")


def _basis(basis: Mapping[str, Any]) -> str:
    """A legal basis, complete in itself: the prefix of the file around it does not matter."""
    said = [(key, basis[key]) for key in OF_BASIS if key in basis]
    values = [(key, str(value).lower() if isinstance(value, bool) else str(value)) for key, value in said]
    attributes = "".join(f' {key}="{text_of(value).replace(chr(34), "&quot;")}"' for key, value in values)
    return f'<li:legalBasis xmlns:li="{OURS}"{attributes}/>'


def _foreign(source: Source, part: Part, local: str, was: str, now: str) -> Patch:
    """An attribute with a prefix says something else."""
    head = source.written(part.start, part.inner)
    start = next(at for at in range(len(head)) if head.startswith(f':{local}="{text_of(was)}"', at))
    begin = len(head[: start + len(local) + 3].encode())
    value = text_of(now).replace('"', "&quot;")
    return part.start + begin, part.start + begin + len(text_of(was).encode()), value


def _table(holder: Part) -> Part:
    found = next((part for part in holder.walk() if part.name == "decisionTable"), None)
    if found is None:
        raise _Unknown(f"{holder.id!r} has no decision table")
    return found


def _owner(row: Part) -> str:
    """The decision that holds a row, as the reader calls it."""
    part: Part | None = row
    while part is not None and part.name not in ("decision", "businessKnowledgeModel"):
        part = part.parent
    if part is None:
        raise _Unknown(f"the row {row.id!r} is in no decision")
    return part.id or part.attributes.get("name", "")


def _said(entry: Part) -> str:
    text = entry.first("text")
    return text.text if text is not None else ""


def _expressions(table: Part) -> list[str]:
    columns = (column.first("inputExpression") for column in table.all("input"))
    return [" ".join(_said(column).split()) if column is not None else "" for column in columns]


def _outputs(table: Part) -> list[str]:
    return [part.attributes.get("name") or part.attributes.get("label") or "" for part in table.all("output")]


def _row_said(row: Part) -> str:
    cells = [_said(entry) for entry in row.all("inputEntry")], [_said(entry) for entry in row.all("outputEntry")]
    return f"{', '.join(cells[0])} → {', '.join(cells[1])}"


def _row_text(change: Change) -> str:
    if change.do == "remove-rule":
        return ""
    sides = (", ".join(change.says[key].values()) for key in ("inputs", "outputs"))
    return " → ".join(sides)


def _plain(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:
        return _plain(next(iter(value.values())))
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
