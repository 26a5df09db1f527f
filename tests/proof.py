"""What a test measured, told to `make prove`: one JSON line per figure and one per test that ended.

The file is named by `BPM_PROOF`; without it nothing is written. `FULL` says whether the full sizes are asked for, and
`MINUTES` how long the soaking ones may take (0: not at all).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol

FULL = os.environ.get("BPM_PROVE_FULL") == "1"
"""Whether tests take their full sizes (`make prove`, `make soak`)."""

MINUTES = float(os.environ.get("BPM_SOAK_MINUTES") or 0)
"""How long each soaking test may take."""


def size(small: int, full: int, soak: int | None = None) -> int:
    """How many: in the suite, in `make prove`, in `make soak`."""
    if MINUTES:
        return soak or full
    return full if FULL else small


class Proof(Protocol):
    """Tells that `id` (R1 to S13) claims something and what was measured of it; `met`: whether a time or rate that
    depends on the machine was reached (what must never be otherwise is asserted instead)."""

    def __call__(self, id: str, claimed: str, measured: str, seed: int | None = None, *, met: bool = True) -> None: ...


def tell(kind: str, **values: Any) -> None:
    """Append one line to the file, if one is asked for."""
    name = os.environ.get("BPM_PROOF")
    if name:
        # one write of one line: processes append side by side
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **values}, sort_keys=True) + "\n")
