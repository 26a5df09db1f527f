"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562 sections 5.7 and 6.2, method 2)."""

from __future__ import annotations

import secrets
import threading
import uuid
from datetime import datetime

_lock = threading.Lock()
_last = 0


def new_id(now: datetime) -> str:
    """A fresh UUIDv7 as text. Those of one process and one millisecond ascend, so rows keep the order of a command."""
    global _last
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(61)
    with _lock:
        if value >> 80 == _last >> 80 and value <= _last:
            value = _last + 1
        _last = value
    return str(uuid.UUID(int=value))
