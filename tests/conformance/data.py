"""Where the conformance data of other projects lies; tests that need it skip aloud without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def folder(name: str) -> Path:
    """The folder `name` of the conformance data (`BPM_CONFORMANCE_DATA`, else `../shared/data`); skips if absent."""
    root = Path(os.environ.get("BPM_CONFORMANCE_DATA") or PROJECT.parent / "shared" / "data")
    found = root / name
    if not found.is_dir():
        pytest.skip(f"conformance data absent: {found} (set BPM_CONFORMANCE_DATA)")
    return found
