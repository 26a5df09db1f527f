"""Checkpoints of the ledger: what all chains together looked like, sealed with a key that is not in the database.

A chain shows any change but one: whoever may write the whole table can compute a suffix anew, or cut it off. A
checkpoint covers the links of a stretch of time with one digest, continues the checkpoint before it, and is sealed by
HMAC-SHA256. Its head stands in exported reports, so that even a rewrite of everything is seen from outside. It names no
person and no value: it is computed from the links' own digests.

What was written within the last `LAG` is not covered yet: a command that began before may still commit.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from bpm.errors import LichtungError
from bpm.store import tables
from bpm.store.ledger import ORIGIN, instant
from bpm.store.records import CheckpointRow
from bpm.store.unit_of_work import UnitOfWork

LAG = timedelta(seconds=60)
EVERY = timedelta(seconds=60)
"""How much time a checkpoint covers at least."""

Keys = Mapping[str, bytes]
"""Sealing keys by name, in the order of the file: the last one seals, all of them verify."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The result of checking: how many checkpoints, how many of them sealed, the last one, and every break found."""

    checkpoints: int
    sealed: int
    head: CheckpointRow | None
    breaks: tuple[str, ...]


def read_keys(path: Path | None) -> Keys:
    """The keys of a file with one `name:hexadecimal` line each; a new key is added as the last line and the old ones
    stay. Raises LichtungError `bad-seal-key`."""
    if path is None:
        return {}
    keys: dict[str, bytes] = {}
    try:
        lines = path.read_text(encoding="ascii").split()
        for line in lines:
            name, _, text = line.partition(":")
            keys[name] = bytes.fromhex(text)
    except (OSError, ValueError) as error:
        raise LichtungError("bad-seal-key", f"the key file holds lines of name:hexadecimal ({error})") from error
    if not keys or len(keys) != len(lines) or any(len(key) < 32 or not name for name, key in keys.items()):
        raise LichtungError("bad-seal-key", "the key file holds lines of name:hexadecimal, 32 bytes or more a key")
    return keys


def is_due(work: UnitOfWork) -> bool:
    """Whether there is something old enough that is not covered yet, and the last checkpoint is not too near."""
    before, until = last(work), work.now - LAG
    if before is not None and until - before.until < EVERY:
        return False
    query = _written(before.until if before else None, until).limit(1)
    return work.connection.execute(query).first() is not None


def add(work: UnitOfWork, keys: Keys) -> CheckpointRow:
    """Cover what is old enough and not covered yet. Of two who do so at once the second gets Conflict."""
    before, until = last(work), work.now - LAG
    entries, root = _cover(work, before.until if before else None, until)
    row = CheckpointRow(
        number=before.number + 1 if before else 1,
        until=until,
        entries=entries,
        root=root,
        previous=before.digest if before else ORIGIN,
        digest="",
        key_name=None,
        seal=None,
    )
    row = replace(row, digest=_digest(row))
    if keys:
        name = list(keys)[-1]
        row = replace(row, key_name=name, seal=_seal(row, name, keys[name]))
    work.add(row)
    return row


def verify(work: UnitOfWork, keys: Keys, expected: Mapping[int, str] | None = None) -> Sealed:
    """Compute every checkpoint again. `expected` are heads by number as reports print them.

    Without the key of a seal nothing can be said about it, and that is a break: a seal that nobody checks is none.
    """
    rows = work.where(CheckpointRow)
    breaks: list[str] = []
    before: CheckpointRow | None = None
    for position, row in enumerate(rows, start=1):
        reason = _broken(work, row, position, before, keys)
        if reason:
            breaks.append(f"checkpoint {position}: {reason}")
            break
        before = row
    by_number = {row.number: row for row in rows}
    for number, head in sorted((expected or {}).items()):
        if number not in by_number or by_number[number].digest != head:
            breaks.append(f"checkpoint {number}: not the one that was printed")
    sealed = sum(row.seal is not None for row in rows)
    return Sealed(len(rows), sealed, rows[-1] if rows else None, tuple(breaks))


def _broken(
    work: UnitOfWork, row: CheckpointRow, position: int, before: CheckpointRow | None, keys: Keys
) -> str | None:
    if row.number != position:
        return "is missing"
    if row.previous != (before.digest if before else ORIGIN) or row.digest != _digest(row):
        return "was changed"
    if row.seal is None and before is not None and before.seal is not None:
        return "has lost its seal"
    if row.seal is not None:
        key = keys.get(row.key_name or "")
        if key is None:
            return f"the key {row.key_name!r} is not in the key file"
        if not hmac.compare_digest(row.seal, _seal(row, row.key_name or "", key)):
            return "the seal does not fit"
    if _cover(work, before.until if before else None, row.until) != (row.entries, row.root):
        return "the entries it covers were changed"
    return None


def last(work: UnitOfWork) -> CheckpointRow | None:
    """The newest checkpoint."""
    return work.first(CheckpointRow, select(tables.checkpoints).order_by(tables.checkpoints.c.number.desc()).limit(1))


def _cover(work: UnitOfWork, after: datetime | None, until: datetime) -> tuple[int, str]:
    """How many links were written in a stretch of time, and the digest of their digests."""
    links = tables.ledger.c
    query = _written(after, until).order_by(links.instance_id, links.number)
    count, found = 0, hashlib.sha256()
    for instance, number, digest in work.connection.execute(query):
        count += 1
        found.update(f"{instance}:{number}:{digest}\n".encode())
    return count, found.hexdigest()


def _written(after: datetime | None, until: datetime) -> Select[Any]:
    links = tables.ledger.c
    query = select(links.instance_id, links.number, links.digest).where(links.at <= until)
    return query if after is None else query.where(links.at > after)


def _digest(row: CheckpointRow) -> str:
    text = f"{row.number}|{instant(row.until)}|{row.entries}|{row.root}|{row.previous}"
    return hashlib.sha256(text.encode()).hexdigest()


def _seal(row: CheckpointRow, name: str, key: bytes) -> str:
    return hmac.new(key, f"{name}|{row.digest}".encode(), hashlib.sha256).hexdigest()
