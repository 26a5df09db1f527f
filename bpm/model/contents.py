"""What named files are, as one digest: the same names and bytes, the same digest, whatever their order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def digest(content: bytes) -> str:
    """SHA-256 of one file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def content_digest(files: Mapping[str, bytes]) -> str:
    """`sha256:<hex>` over names and contents, independent of their order."""
    lines = "".join(f"{digest(content)} {name}\n" for name, content in sorted(files.items()))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"
