"""Whether anything was changed afterwards: the chain of every case, and the sealed checkpoints over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bpm.errors import Conflict
from bpm.service.access import Actor, require
from bpm.service.context import Services
from bpm.store import checkpoints, ledger, queries
from bpm.store.queries import Tenant
from bpm.store.records import CheckpointRow


def verify(services: Services, actor: Actor) -> dict[str, Any]:
    """Check the hash chain of every case of the office, and the checkpoints, which are of the whole database:
    `{"instances","entries","breaks":[...],"checkpoints":{"count","sealed","head","breaks"}}`."""
    require(actor, "audit.verify")
    return _verify(services, actor.tenant, {})


def verify_all(services: Services, heads: Mapping[int, str]) -> dict[str, Any]:
    """The same for every office, for whoever operates the machine; `heads` as reports have printed them."""
    return _verify(services, None, heads)


def seal(services: Services) -> bool:
    """Add a checkpoint if one is due; whether it was done, and by us."""
    with services.reading() as work:
        if not checkpoints.is_due(work):
            return False
    keys = checkpoints.read_keys(services.settings.seal_key_file)
    try:
        services.transact(lambda work: checkpoints.add(work, keys))
    except Conflict:
        # another worker was first
        return False
    return True


def head(services: Services) -> dict[str, Any] | None:
    """The last checkpoint as reports print it: `{"number","until","digest"}`."""
    with services.reading() as work:
        return _head(checkpoints.last(work))


def _verify(services: Services, tenant: Tenant | None, heads: Mapping[int, str]) -> dict[str, Any]:
    instances = entries = 0
    breaks: list[dict[str, Any]] = []
    cursor: str | None = None
    keys = checkpoints.read_keys(services.settings.seal_key_file)
    with services.reading() as work:
        while True:
            page = queries.instances(work, tenant, cursor=cursor)
            for row in page.items:
                result = ledger.verify(work, row)
                instances += 1
                entries += result.entries
                breaks += [asdict(one) for one in result.breaks]
            cursor = page.next
            if cursor is None:
                break
        found = checkpoints.verify(work, keys, heads)
    covered = {
        "count": found.checkpoints,
        "sealed": found.sealed,
        "head": _head(found.head),
        "breaks": list(found.breaks),
    }
    return {"instances": instances, "entries": entries, "breaks": breaks, "checkpoints": covered}


def _head(row: CheckpointRow | None) -> dict[str, Any] | None:
    return None if row is None else {"number": row.number, "until": row.until.isoformat(), "digest": row.digest}
