"""Find the layers among files, and the bases they build on: beside them, in the package, or on the disk.

What counts is the digest that the layer names, not the place: a package carries its base in the folder `base`, so that
the same `layer.toml` holds in both cities. From a disk only the files that a base consists of are read, never what
lies below or above. Codes: those of `bpm.model.layer`, and ``layer-many``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bpm.errors import ModelError
from bpm.model.layer import BASE, LAYER, Layer, read_layer
from bpm.model.layering import REPLACED, is_inherited, layered
from bpm.model.procedure import FileError
from bpm.model.reader import guard
from bpm.model.reader.archive import read_archive

Load: TypeAlias = Callable[[], bytes]
MOST_CARRIED = 20
"""Layers of one package; each costs reading its base."""


@dataclass(frozen=True, slots=True)
class Found:
    """A layer in `folder` (its file is `name`), with the files of the procedure it makes, by name among the others.
    `inherited` are those that come from the base; `carried` whether the base lies in the folder itself."""

    folder: str
    name: str
    layer: Layer | None
    files: Mapping[str, bytes]
    inherited: frozenset[str] = frozenset()
    errors: tuple[FileError, ...] = ()
    carried: bool = False

    def hides(self, name: str) -> bool:
        """Whether a file only carries the base of this layer, or is replaced by what the layer makes of it."""
        return self.carried and name.startswith(f"{self.folder}/{BASE}/".lstrip("/"))


def find_layers(files: Mapping[str, Load], prefix: str, on_disk: bool) -> Iterator[Found]:
    """Every layer among `files`. `prefix` leads to them; only with `on_disk` may a base be read from there."""
    names = [name for name in sorted(files) if name.rpartition("/")[2] == LAYER]
    holders = {it.rpartition("/")[0] for it in files if it.endswith((".bpmn", ".bpmn2", LAYER))} if names else set()
    for number, name in enumerate(names):
        if number >= MOST_CARRIED and not on_disk:
            told = FileError("layer-many", f"a package carries at most {MOST_CARRIED} layers", prefix + name, 1)
            yield Found(name.rpartition("/")[0], name, None, {}, errors=(told,))
        else:
            yield _found(files, prefix, on_disk, name, holders)


def base_of(text: bytes, folder: Path) -> dict[str, bytes]:
    """The base that the layer `text` in `folder` builds on, by names relative to it. Raises ModelError."""
    path = (folder / LAYER).as_posix()
    layer = read_layer(_decode(text, path), path)
    carried = folder / BASE
    return _of_folder(carried) if carried.is_dir() else _on_disk(folder / layer.base, layer, path)


def _found(files: Mapping[str, Load], prefix: str, on_disk: bool, name: str, holders: Collection[str]) -> Found:
    path, folder = prefix + name, name.rpartition("/")[0]
    try:
        layer = read_layer(_decode(files[name](), path), path)
        carried = _below(files, f"{folder}/{BASE}".lstrip("/"))
        base = carried or _base(files, prefix, on_disk, folder, layer, path)
    except ModelError as error:
        told = FileError(error.code, error.message, error.path or path, error.line)
        return Found(folder, name, None, {}, errors=(told,))
    inside = f"{folder}/" if folder else ""
    mine = [it for it in files if it.startswith(inside) and not it.startswith(f"{inside}{BASE}/")]
    names = [it[len(inside) :] for it in mine if not _is_nested(holders, folder, it)]
    try:
        # of the city's own files only those say something here that take the place of the base's
        own = {it: files[inside + it]() if it in REPLACED else b"" for it in names}
    except ModelError as error:
        return Found(folder, name, None, {}, errors=(FileError(error.code, error.message, error.path or path),))
    made = layered(layer, base, own, path)
    return Found(
        folder,
        name,
        made.layer,
        {inside + it: data for it, data in made.files.items() if it in made.inherited or it in REPLACED},
        frozenset(inside + it for it in made.inherited if it not in own),
        made.errors,
        bool(carried),
    )


def _is_nested(holders: Collection[str], outer: str, name: str) -> bool:
    """Whether a file belongs to another procedure further down."""
    folder = name.rpartition("/")[0]
    while len(folder) > len(outer):
        if folder in holders:
            return True
        folder = folder.rpartition("/")[0]
    return False


def _base(
    files: Mapping[str, Load], prefix: str, on_disk: bool, folder: str, layer: Layer, path: str
) -> dict[str, bytes]:
    place = posixpath.normpath(f"{folder}/{layer.base}".lstrip("/"))
    if place in files:
        return _package(files[place](), prefix + place)
    if found := _below(files, place):
        return found
    if on_disk:
        return _on_disk(Path(prefix or ".") / folder / layer.base, layer, path)
    raise ModelError("layer-base", f"the base {layer.base!r} is not there", path=path, line=layer.base_line)


def _on_disk(place: Path, layer: Layer, path: str) -> dict[str, bytes]:
    if place.is_file():
        return _package(_read(place), str(place))
    if place.is_dir():
        return _of_folder(place)
    raise ModelError("layer-base", f"the base {layer.base!r} is not there", path=path, line=layer.base_line)


def _of_folder(place: Path) -> dict[str, bytes]:
    inner = [it for it in sorted(place.iterdir()) if it.is_file()]
    inner += [it for it in sorted((place / "forms").glob("*")) if it.is_file()]
    names = {it.relative_to(place).as_posix(): it for it in inner}
    return {name: _read(it) for name, it in names.items() if is_inherited(name)}


def _below(files: Mapping[str, Load], folder: str) -> dict[str, bytes]:
    inner = {name[len(folder) + 1 :]: load for name, load in files.items() if name.startswith(f"{folder}/")}
    return {name: load() for name, load in inner.items() if is_inherited(name)}


def _package(data: bytes, path: str) -> dict[str, bytes]:
    found = read_archive(data, path)
    first = {name.partition("/")[0] for name in found}
    if len(first) == 1 and all("/" in name for name in found) and first.isdisjoint({"forms", "cases"}):
        found = {name.partition("/")[2]: content for name, content in found.items()}
    return {name: content for name, content in found.items() if is_inherited(name)}


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > guard.LARGEST:
            raise ModelError("file-too-large", f"more than {guard.LARGEST} bytes", path=str(path))
        return path.read_bytes()
    except OSError as error:
        raise ModelError("unreadable-file", error.strerror or "cannot be opened", path=str(path)) from None


def _decode(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ModelError("text-encoding", f"not UTF-8 at byte {error.start}", path=path, line=line) from None
