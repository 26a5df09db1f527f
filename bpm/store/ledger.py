"""The hash chain of one instance: every command adds one link, and any later change shows.

A link's digest covers the link before it, so one may not be altered, dropped, reordered or put in between without all
later ones failing. The payload digest binds the history rows of the same command under a random salt that lies with
the history: guessing a value from the ledger alone is hopeless, and deleting the history leaves the chain whole.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bpm.store import json_text, tables
from bpm.store.records import HistoryRow, InstanceRow, LedgerRow
from bpm.store.unit_of_work import UnitOfWork

ORIGIN = "0" * 64
"""What the first link of every chain points to."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold: `number` is the first link concerned."""

    instance: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of checking: how much was looked at, and every break found."""

    instances: int
    entries: int
    breaks: tuple[Break, ...]


def append(work: UnitOfWork, rows: Sequence[HistoryRow]) -> LedgerRow:
    """Write the history rows of one command and the link that binds them. The instance must be locked or versioned by
    the caller: the primary key refuses a second link with the same number."""
    command = rows[0]
    query = (
        select(tables.ledger)
        .where(tables.ledger.c.instance_id == command.instance_id)
        .order_by(tables.ledger.c.number.desc())
        .limit(1)
    )
    last = work.first(LedgerRow, query)
    number = last.number + 1 if last else 1
    salt = secrets.token_hex(16)
    numbered = [replace(row, number=number, salt=salt if row.position == 0 else None) for row in rows]
    link = _link(numbered, last.digest if last else ORIGIN)
    work.add(*numbered, link)
    return link


def _link(rows: Sequence[HistoryRow], previous: str) -> LedgerRow:
    command = rows[0]
    link = LedgerRow(
        instance_id=command.instance_id,
        number=command.number,
        at=command.at,
        kind=command.kind,
        element=command.element,
        payload_digest=payload_digest(rows),
        previous=previous,
        digest="",
    )
    return replace(link, digest=link_digest(link))


def payload_digest(rows: Sequence[HistoryRow]) -> str:
    """The salted digest of one command's history rows, in their order."""
    content: list[Mapping[str, Any]] = [
        {"kind": row.kind, "element": row.element, "actor": row.actor, "at": instant(row.at), "detail": row.detail}
        for row in rows
    ]
    return _sha256((rows[0].salt or "") + json_text.dump(content))


def link_digest(link: LedgerRow) -> str:
    """The digest of a link: everything in it but the digest itself."""
    return _sha256(
        json_text.dump(
            [
                link.instance_id,
                link.number,
                instant(link.at),
                link.kind,
                link.element,
                link.payload_digest,
                link.previous,
            ]
        )
    )


def instant(at: datetime) -> str:
    """A time as the ledger writes it: UTC, microseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def verify(work: UnitOfWork, instance: InstanceRow) -> Verified:
    """Check one chain from its origin to the instance's own command count."""
    links = work.where(LedgerRow, instance_id=instance.id)
    by_number: dict[int, list[HistoryRow]] = {}
    for row in work.where(HistoryRow, instance_id=instance.id):
        by_number.setdefault(row.number, []).append(row)
    # the history of a case may be deleted by law, but as a whole
    deleted = not by_number
    breaks: list[Break] = []
    previous = ORIGIN
    for position, link in enumerate(links, start=1):
        reason = _broken(link, position, previous, by_number.pop(link.number, []), deleted)
        if reason:
            breaks.append(Break(instance.id, position, reason))
            break
        previous = link.digest
    if not breaks and len(links) != instance.version:
        breaks.append(Break(instance.id, len(links) + 1, f"{instance.version} commands, {len(links)} entries"))
    if not breaks and by_number:
        breaks.append(Break(instance.id, min(by_number), "history without a ledger entry"))
    return Verified(1, len(links), tuple(breaks))


def _broken(link: LedgerRow, position: int, previous: str, rows: Sequence[HistoryRow], deleted: bool) -> str | None:
    if link.number != position:
        return f"entry {position} is missing"
    if link.previous != previous:
        return "does not continue the entry before"
    if link.digest != link_digest(link):
        return "the entry was changed"
    if not rows and not deleted:
        return "the history of this entry is missing"
    if rows and link.payload_digest != payload_digest(rows):
        return "the history was changed"
    return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
