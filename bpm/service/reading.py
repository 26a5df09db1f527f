"""Find the procedures at a path, in every format that the house reads, and the files that belong to one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bpm.exchange import stepsheet, xprozess
from bpm.model.layer import BASE, LAYER
from bpm.model.procedure import Procedure
from bpm.model.reader import Unpacked, read
from bpm.model.reader.layered import base_of

KEPT = (".bpmn", ".bpmn2", ".dmn", ".xml", ".json", ".toml", ".form", ".md", ".csv")
"""What belongs to a procedure; other files of a folder are left where they are."""

OF_CITY = ("registers.json", "principles.toml")
"""What a city keeps once, beside its procedures."""


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of one procedure's folder by name relative to it, and what its city keeps once; with a layer its base
    too, in a folder of that name. Raises ModelError where there is no such base."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in KEPT
    }
    for name in OF_CITY:
        shared = folder.resolve().parent / name
        if shared.is_file():
            found.setdefault(name, shared.read_bytes())
    if LAYER in found:
        base = base_of(found[LAYER], folder)
        found = {name: data for name, data in found.items() if not name.startswith(f"{BASE}/")}
        found |= {f"{BASE}/{name}": data for name, data in base.items()}
    return found


def folders_of(path: Path) -> list[Path]:
    """The folders of procedures below `path`: those with a BPMN file or a layer. A base that lies in the folder of its
    layer is none."""
    held = {one.parent for suffix in ("*.bpmn", "*.bpmn2", LAYER) for one in path.rglob(suffix)}
    carried = {folder / BASE for folder in held if (folder / LAYER).is_file()}
    return sorted(held - carried)


def procedures_at(path: str | Path) -> tuple[Procedure, ...]:
    """Every procedure at `path` (BPMN, DMN, XProzess, step table, package or folder); unreadable files are in `errors`.

    Raises:
        ModelError: `no-such-path`.
    """
    return read(path, unpack)


def unpack(data: bytes, path: str) -> Unpacked | None:
    """Open a file of another kind that holds models; None when it holds none."""
    return stepsheet.unpack(data, path) if path.lower().endswith(".csv") else xprozess.unpack(data, path)


def as_models(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files with, beside each table of steps, the draft that it stands for."""
    found = dict(files)
    for name, data in files.items():
        inner = stepsheet.unpack(data, name) if name.lower().endswith(".csv") else None
        for model, content in (inner.files if inner else {}).items():
            found.setdefault(model, content)
    return found
