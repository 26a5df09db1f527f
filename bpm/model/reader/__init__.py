"""Hostile bytes to models, or a located error: the only way into the house.

Every file passes `guard` (bytes, then a stream) before a tree is built; the tree becomes frozen dataclasses and is
forgotten. Nothing is executed, fetched or guessed: what a model says wrongly is kept and reported where it stands,
what cannot be read is a `ModelError` with code, path and line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bpm.model.decision import DecisionModel
from bpm.model.procedure import Procedure
from bpm.model.process import ProcessModel

__all__ = ["Unpack", "Unpacked", "read", "read_bpmn", "read_dmn", "read_files"]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A container of other people, opened: inner files by name, and what it knows about each model inside."""

    files: Mapping[str, bytes]
    enrich: Callable[[ProcessModel], ProcessModel]


Unpack: TypeAlias = Callable[[bytes, str], Unpacked | None]
"""Opens one kind of container: (bytes, path) to its content, or None when it is of another kind."""


def read_bpmn(data: bytes, path: str) -> ProcessModel:
    """One BPMN 2.0 file as a model. Raises ModelError, located."""
    from bpm.model.reader.bpmn import read_bpmn as read_one

    return read_one(data, path)


def read_dmn(data: bytes, path: str) -> DecisionModel:
    """One DMN file (1.1 to 1.5) as a model. Raises ModelError, located."""
    from bpm.model.reader.dmn import read_dmn as read_one

    return read_one(data, path)


def read_files(files: Mapping[str, bytes], path: str = "") -> Procedure:
    """The files of one procedure by name relative to it. Raises ModelError when any of them is unreadable."""
    from bpm.model.reader.folder import read_files as read_all

    return read_all(files, path)


def read(path: str | Path, unpack: Unpack | None = None) -> tuple[Procedure, ...]:
    """Every procedure at `path`: a file, a package or a folder, searched through.

    Unreadable files are entries in `Procedure.errors`; only a path that does not exist raises (ModelError
    `no-such-path`). `unpack` opens containers of other people's formats (XProzess).
    """
    from bpm.model.reader.folder import read as read_all

    return read_all(Path(path), unpack)
