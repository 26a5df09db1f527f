"""Forcing one of the two ways in which boxes are searched: plain Python, or machine code and sets of bits."""

from __future__ import annotations

import pytest

from bpm.analyser import nearness, search

NEVER = 10**12


def force(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first step on: `python` or `machine`. The second also takes the ways of finding neighbours that only
    large columns take, in blocks of three rules."""
    patience = {"python": NEVER, "machine": 0}[way]
    monkeypatch.setattr(search, "PATIENCE_LOADED", patience)
    monkeypatch.setattr(search, "PATIENCE_UNLOADED", patience)
    monkeypatch.setattr(search, "FEW", patience)
    if way == "machine":
        monkeypatch.setattr(nearness, "FEW_ATOMS", 0)
        monkeypatch.setattr(nearness, "BLOCK", 3)
        monkeypatch.setattr(nearness, "PAIRS", 2)
