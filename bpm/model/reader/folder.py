"""Files, folders and packages to procedures.

A folder with a BPMN file is a procedure; decisions, forms, cases and the rest below it belong to it, down to the next
folder with a BPMN file. A folder with a `layer.toml` is one too: what its base says with the local changes made
(`bpm.model.layer`); the places of what comes from the base are written `layer.toml!file`. DMN files outside of any such
folder stand alone. `registers.json` of the city may lie up to two folders above. Files are recognised by their root
element; other XML in a folder is none of our business.

Codes of its own: ``no-such-path``, ``not-a-model``, ``json-malformed``, ``text-encoding``, ``several-bpmn``,
``unreadable-file``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, TypeAlias

from bpm.errors import ModelError
from bpm.model.decision import DecisionModel
from bpm.model.form import Form
from bpm.model.layer import LAYER
from bpm.model.norms import read_norms
from bpm.model.principles import Principle, read_principles
from bpm.model.procedure import FileError, Procedure
from bpm.model.process import ProcessModel
from bpm.model.reader import Unpack, guard, read_bpmn, read_dmn
from bpm.model.reader.archive import read_archive
from bpm.model.reader.layered import Found, find_layers
from bpm.model.reader.names import BPMN

Load: TypeAlias = Callable[[], bytes]
_MODELS = (".bpmn", ".bpmn2", ".dmn", ".xml")
_CONTAINERS = (".zip", ".csv")
_RESERVED = frozenset(["scenario.json", "registers.json", "expected-findings.json", "package.json"])
_DMN = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")


def kind_of(data: bytes, path: str) -> str:
    """`bpmn`, `dmn`, `zip` or `other`, by content. Raises ModelError where it is not even XML."""
    if data[:4] == b"PK\x03\x04":
        return "zip"
    namespace, local = guard.root_name(data, path)
    if local == "definitions" and namespace == BPMN:
        return "bpmn"
    if local == "definitions" and namespace.startswith(_DMN):
        return "dmn"
    return "other"


def read_files(files: Mapping[str, bytes], path: str = "") -> Procedure:
    """The files of one procedure by relative name; a zip among them is opened. Raises ModelError, located."""
    given: dict[str, bytes] = {}
    for name, data in sorted(files.items()):
        if data[:4] == b"PK\x03\x04":
            given |= read_archive(data, f"{path}!{name}" if path else name)
        else:
            given[name] = data
    given = _without_common_folder(given)
    source = _Source({name: _constant(data) for name, data in given.items()}, f"{path}!" if path else "", strict=True)
    found = source.procedures()
    with_process = [procedure for procedure in found if procedure.process is not None]
    if len(with_process) > 1:
        raise ModelError("several-bpmn", f"{len(with_process)} BPMN files, a procedure has one", path=path)
    if with_process:
        return with_process[0]
    if not found:
        told = f"neither BPMN nor DMN among {', '.join(sorted(given)[:5]) or 'the files'}"
        raise ModelError("not-a-model", told, path=path)
    decisions = tuple(decision for procedure in found for decision in procedure.decisions)
    return Procedure(decisions[0].name, decisions[0].name, path, None, decisions, files=tuple(given))


def _without_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """A package often wraps everything in one folder; names are relative to it then."""
    first = {name.partition("/")[0] for name in files}
    if len(first) == 1 and all("/" in name for name in files) and first.isdisjoint({"forms", "cases"}):
        return {name.partition("/")[2]: data for name, data in files.items()}
    return files


def read(path: Path, unpack: Unpack | None) -> tuple[Procedure, ...]:
    """Every procedure at `path`. Raises ModelError `no-such-path` only."""
    if path.is_dir():
        files = {name: _loader(path / name) for name in _walk(path)}
        return _Source(files, f"{path.as_posix().rstrip('/')}/", unpack=unpack, above=path).procedures()
    if path.name == LAYER and path.is_file():
        return read(path.parent, unpack)
    if not path.is_file():
        raise ModelError("no-such-path", "no such file or folder", path=str(path))
    files = {path.name: _loader(path)}
    prefix = path.as_posix()[: -len(path.name)]
    for beside in (path.with_suffix(".json").name, "scenario.json"):
        if (path.parent / beside).is_file():
            files[beside] = _loader(path.parent / beside)
    return _Source(files, prefix, unpack=unpack, above=path.parent, only=path.name).procedures()


def _walk(root: Path) -> Iterable[str]:
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and (Path(folder) / name).is_file():
                yield (Path(folder) / name).relative_to(root).as_posix()


def _loader(path: Path) -> Load:
    def load() -> bytes:
        try:
            if path.stat().st_size > guard.LARGEST:
                raise ModelError("file-too-large", f"more than {guard.LARGEST} bytes", path=str(path))
            return path.read_bytes()
        except OSError as error:
            raise ModelError("unreadable-file", error.strerror or "cannot be opened", path=str(path)) from None

    return load


def _constant(data: bytes) -> Load:
    return lambda: data


@dataclass(slots=True)
class _Source:
    """A set of named files being sorted into procedures."""

    files: Mapping[str, Load]
    prefix: str
    unpack: Unpack | None = None
    above: Path | None = None
    only: str | None = None
    strict: bool = False
    enrich: Callable[[ProcessModel], ProcessModel] | None = None
    processes: dict[str, ProcessModel] = field(default_factory=dict)
    decisions: dict[str, DecisionModel] = field(default_factory=dict)
    errors: dict[str, list[FileError]] = field(default_factory=dict)
    inner: list[Procedure] = field(default_factory=list)
    layers: dict[str, Found] = field(default_factory=dict)

    def procedures(self) -> tuple[Procedure, ...]:
        """All procedures, in the order of their paths."""
        self._take_over()
        for name in self.files:
            suffix = PurePosixPath(name).suffix.lower()
            if name == self.only or suffix in _MODELS or (suffix in _CONTAINERS and self.only is None):
                self._read_model(name)
        by_folder: dict[str, list[str]] = {}
        for name in self.processes:
            by_folder.setdefault(_folder(name), []).append(name)
        found = [self._procedure(name, by_folder) for name in self.processes]
        for name, model in self.decisions.items():
            if self._owner(name, by_folder) is None:
                path = self.prefix + name
                found.append(Procedure(model.name, model.name, path, None, (model,), files=(name,)))
        for name, errors in self.errors.items():
            owner = self._owner(name, by_folder)
            if owner is None or len(by_folder[owner]) > 1:
                path = self.prefix + name
                found.append(Procedure("", PurePosixPath(name).stem, path, None, errors=tuple(errors), files=(name,)))
        return tuple(sorted([*found, *self.inner], key=lambda procedure: procedure.path))

    def _take_over(self) -> None:
        """Put what layers make of their bases among the files; a base that a package carries is no procedure of its
        own."""
        self.layers = {found.folder: found for found in find_layers(self.files, self.prefix, self.above is not None)}
        for found in self.layers.values():
            kept = {name: load for name, load in self.files.items() if not found.hides(name)}
            self.files = {**kept, **{name: _constant(data) for name, data in found.files.items()}}
            for error in found.errors:
                self._fail(found.name, ModelError(error.code, error.message, path=error.path, line=error.line))

    def place(self, name: str) -> str:
        """Where a file is: what comes from the base of a layer is named through the layer."""
        for found in self.layers.values():
            if name in found.inherited:
                return f"{self.prefix}{found.name}!{name[len(found.folder) :].lstrip('/')}"
        return self.prefix + name

    def _read_model(self, name: str) -> None:
        path = self.place(name)
        try:
            data = self.files[name]()
            # a table is no XML: what opens containers knows whether it is one of steps
            kind = "other" if name.lower().endswith(".csv") else kind_of(data, path)
            if kind == "bpmn":
                model = read_bpmn(data, path)
                self.processes[name] = self.enrich(model) if self.enrich else model
            elif kind == "dmn":
                self.decisions[name] = read_dmn(data, path)
            elif kind == "zip":
                members = {inner: _constant(content) for inner, content in read_archive(data, path).items()}
                self.inner.extend(_Source(members, f"{path}!", unpack=self.unpack).procedures())
            elif (inner := self.unpack(data, path) if self.unpack else None) is not None:
                members = {inner_name: _constant(content) for inner_name, content in inner.files.items()}
                self.inner.extend(_Source(members, f"{path}!", enrich=inner.enrich).procedures())
            elif name.lower().endswith(".csv"):
                # logs and lists lie beside models; alone, a table must be one of steps
                if name == self.only:
                    raise ModelError("not-a-model", "no column of this table is called Schritt", path=path, line=1)
            elif name == self.only or self.strict or not name.endswith(".xml"):
                raise ModelError("not-a-model", "the root element is neither BPMN nor DMN", path=path, line=1)
        except ModelError as error:
            self._fail(name, error)

    def _fail(self, name: str, error: ModelError) -> None:
        if self.strict:
            raise error
        place = error.path or self.place(name)
        self.errors.setdefault(name, []).append(FileError(error.code, error.message, place, error.line, error.element))

    def _owner(self, name: str, by_folder: Mapping[str, list[str]]) -> str | None:
        """The nearest folder at or above a file that holds a process; None if there is none."""
        folder = _folder(name)
        while folder not in by_folder:
            if not folder:
                return None
            folder = _folder(folder)
        return folder

    def _procedure(self, name: str, by_folder: Mapping[str, list[str]]) -> Procedure:
        model = self.processes[name]
        folder = _folder(name)
        alone = len(by_folder[folder]) == 1
        own = [other for other in self.files if self._owner(other, by_folder) == folder] if alone else []
        # several models in one folder share its decisions; which forms and cases are whose, nobody says
        parts = _Parts(self, folder, own)
        stem = str(PurePosixPath(name).with_suffix(".json"))
        errors = [error for other in own if other in self.errors for error in self.errors[other]]
        scenario = parts.one("scenario.json") or (self._json(stem, errors) if stem in self.files else None)
        if scenario is not None and not isinstance(scenario, dict):
            errors.append(FileError("json-malformed", "a scenario is a JSON object", self.prefix + folder))
        process = model.main if model.processes else None
        key = process.id if process else ""
        layer = self.layers.get(folder)
        inherited = layer.inherited if layer is not None else frozenset()
        registers = parts.one("registers.json") or self._city_registers(folder, errors)
        return Procedure(
            key=key,
            name=(process.name if process else "") or _pool_name(model, key) or key,
            path=self._path(folder, alone, name),
            process=model,
            decisions=tuple(
                self.decisions[other] for other in self.decisions if self._owner(other, by_folder) == folder
            ),
            forms=parts.forms(),
            registers=_registers(registers),
            scenario=scenario if isinstance(scenario, dict) else None,
            cases=parts.below("cases"),
            norms=parts.norms(model),
            principles=self._city_principles(folder, parts, errors),
            errors=(*errors, *parts.errors, *model.extras.get("problems", ())),
            files=tuple(other for other in own if other not in inherited) if alone else (name,),
            layer=layer.layer if layer is not None else None,
        )

    def _path(self, folder: str, alone: bool, name: str) -> str:
        """The folder where it is all one procedure's; else the file."""
        if self.strict:
            return self.prefix.rstrip("!") or name
        if not alone or self.only is not None or self.prefix.endswith("!"):
            return self.place(name)
        return (self.prefix + folder).rstrip("/") or "."

    def _json(self, name: str, errors: list[FileError]) -> Any:
        path = self.place(name)
        try:
            return read_json(self.files[name](), path)
        except ModelError as error:
            if self.strict:
                raise
            errors.append(FileError(error.code, error.message, error.path or path, error.line))
            return None

    def _city_principles(self, folder: str, parts: _Parts, errors: list[FileError]) -> tuple[Principle, ...]:
        """`principles.toml` beside the model, else in one of the two folders above."""
        name, text = f"{folder}/principles.toml".lstrip("/"), parts.text("principles.toml")
        path, depth = self.prefix + name, 0
        try:
            while text is None and folder and depth < 2:
                folder, depth = _folder(folder), depth + 1
                name = f"{folder}/principles.toml".lstrip("/")
                path = self.prefix + name
                text = _decode(self.files[name](), path) if name in self.files else None
            parents = [] if self.above is None else [self.above, *self.above.resolve().parents][: 3 - depth]
            for file in (parent / "principles.toml" for parent in parents):
                if text is None and file.is_file():
                    path = str(file)
                    text = _decode(_loader(file)(), path)
            return () if text is None else read_principles(text, path)
        except ModelError as error:
            if self.strict:
                raise
            errors.append(FileError(error.code, error.message, path, error.line))
            return ()

    def _city_registers(self, folder: str, errors: list[FileError]) -> Any:
        """`registers.json` in one of the two folders above: first among these files, then on the disk."""
        depth = 0
        while folder and depth < 2:
            folder = _folder(folder)
            depth += 1
            name = f"{folder}/registers.json".lstrip("/")
            if name in self.files:
                return self._json(name, errors)
        if self.above is None:
            return None
        for parent in [self.above, *self.above.resolve().parents][: 3 - depth]:
            file = parent / "registers.json"
            if file.is_file():
                try:
                    return read_json(_loader(file)(), str(file))
                except ModelError as error:
                    errors.append(FileError(error.code, error.message, str(file), error.line))
        return None


@dataclass(slots=True)
class _Parts:
    """The JSON and text files of one procedure."""

    source: _Source
    folder: str
    names: list[str]
    errors: list[FileError] = field(default_factory=list)

    def one(self, local: str) -> Any:
        name = f"{self.folder}/{local}".lstrip("/")
        return self.source._json(name, self.errors) if name in self.names else None

    def below(self, local: str) -> dict[str, Mapping[str, Any]]:
        """JSON objects in one sub-folder, by file name without its suffix."""
        prefix = f"{self.folder}/{local}/".lstrip("/")
        found: dict[str, Mapping[str, Any]] = {}
        for name in self.names:
            if name.startswith(prefix) and name.endswith(".json"):
                content = self.source._json(name, self.errors)
                if isinstance(content, dict):
                    found[name[len(prefix) : -len(".json")]] = content
        return found

    def forms(self) -> dict[str, Mapping[str, Any]]:
        """Form schemas by name relative to the procedure: below `forms/`, or beside the model (also `.form`)."""
        start = len(self.folder) + 1 if self.folder else 0
        found: dict[str, Mapping[str, Any]] = {}
        for name in self.names:
            local = name[start:]
            top = "/" not in local and local not in _RESERVED and f"{name[:-5]}.bpmn" not in self.names
            if local.endswith(".form") or (local.endswith(".json") and (local.startswith("forms/") or top)):
                content = self.source._json(name, self.errors)
                if isinstance(content, dict) and (top or self._is_form(content, name)):
                    found[local] = content
        return found

    def _is_form(self, content: Mapping[str, Any], name: str) -> bool:
        """Whether what calls itself a form can be filled in; else it is an error of the file, not of the first task."""
        try:
            Form.parse(content, self.source.place(name))
        except ModelError as error:
            if self.source.strict:
                raise
            self.errors.append(FileError(error.code, error.message, error.path or name, error.line, error.element))
            return False
        return True

    def norms(self, model: ProcessModel) -> str | None:
        """`norms.toml` as written; what it says of steps that are not in the model is an error of the file."""
        text = self.text("norms.toml")
        if text is not None:
            name = f"{self.folder}/norms.toml".lstrip("/")
            steps = {node.id for process in model.processes for node in process.nodes}
            try:
                read_norms(text, self.source.place(name), steps)
            except ModelError as error:
                if self.source.strict:
                    raise
                self.errors.append(FileError(error.code, error.message, error.path or name, error.line, error.element))
        return text

    def text(self, local: str) -> str | None:
        name = f"{self.folder}/{local}".lstrip("/")
        if name not in self.names:
            return None
        path = self.source.place(name)
        try:
            return _decode(self.source.files[name](), path)
        except ModelError as error:
            self.source._fail(name, error)
            self.errors.append(FileError(error.code, error.message, path, error.line))
            return None


def read_json(data: bytes, path: str) -> Any:
    """JSON of at most 5 MB without NaN, Infinity or deep nesting. Raises ModelError `json-malformed`, located."""

    def refuse(line: int | None, message: str) -> NoReturn:
        raise ModelError("json-malformed", message, path=path, line=line)

    if len(data) > 5 * guard.MEGABYTE:
        raise ModelError("file-too-large", f"{len(data)} bytes of JSON", path=path)
    text = _decode(data, path)
    try:
        return json.loads(text, parse_constant=lambda name: refuse(None, f"{name} is not JSON"))
    except json.JSONDecodeError as error:
        refuse(error.lineno, error.msg)
    except (RecursionError, ValueError):
        refuse(None, "nested too deep, or a number too long")


def _decode(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ModelError("text-encoding", f"not UTF-8 at byte {error.start}", path=path, line=line) from None


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _pool_name(model: ProcessModel, key: str) -> str:
    return next((pool.name for pool in model.participants if pool.process == key and pool.name), "")


def _registers(content: Any) -> dict[str, tuple[str, ...]]:
    """{item: [register]}; a single register may be written without the list."""
    if not isinstance(content, dict):
        return {}
    return {
        str(item): tuple(str(name) for name in (names if isinstance(names, list) else [names]))
        for item, names in content.items()
    }
