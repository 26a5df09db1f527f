"""Edits of decision tables as patches of a DMN file's text."""

from __future__ import annotations

from collections.abc import Sequence

from bpm.errors import InvalidRequest
from bpm.model.edit.rules import TableEdit


def apply(data: bytes, edits: Sequence[TableEdit], path: str = "") -> bytes:
    """The DMN file with the edits made; see `bpm.model.edit.apply`."""
    raise InvalidRequest("edit-target", "not yet")
