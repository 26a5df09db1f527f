"""Find the procedures at a path, in every format that the house reads."""

from __future__ import annotations

from pathlib import Path

from bpm.exchange import xprozess
from bpm.model.procedure import Procedure
from bpm.model.reader import read


def procedures_at(path: str | Path) -> tuple[Procedure, ...]:
    """Every procedure at `path` (BPMN, DMN, XProzess, package or folder); unreadable files are in `errors`.

    Raises:
        ModelError: `no-such-path`.
    """
    return read(path, xprozess.unpack)
