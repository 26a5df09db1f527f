"""Where compiled code is kept: a folder named after the sources it was made from.

Numba keeps compiled functions by the time stamp of their own file and does not see that a function they call has
changed in another file. A kernel spread over several files would then run with stale parts after an update, silently.
So all compiled modules take `njit` from here, and the cache folder carries a digest of every one of them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numba

_PACKAGE = Path(__file__).parent.parent


def _digest() -> str:
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    rooms = ("analyser", "decisions", "simulator")
    sources = (source for room in rooms for source in sorted((_PACKAGE / room).glob("*.py")))
    for source in (_PACKAGE / "feel" / "machine.py", *sources):
        content = source.read_bytes()
        if b"@njit" in content or source.name == "layout.py":
            digest.update(content)
    return digest.hexdigest()


if not numba.config.CACHE_DIR:  # an address given by the environment (NUMBA_CACHE_DIR) is respected
    numba.config.CACHE_DIR = str(_PACKAGE / "simulator" / "__pycache__" / f"numba-{_digest()}")

njit: Any = numba.njit
"""`numba.njit`, with the cache folder set."""
