"""Step-reduction reports kept in the database: drawn up once, read in any format, never changed."""

from __future__ import annotations

import json
from typing import Any

from bpm.service import audit, report
from bpm.service.access import Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.service.procedures import find
from bpm.store import queries
from bpm.store.ids import new_id
from bpm.store.records import ComputationRow
from bpm.store.unit_of_work import UnitOfWork

KIND = "report"


def make(
    services: Services,
    actor: Actor,
    procedure: str,
    *,
    lang: str,
    version: int | None = None,
    to_version: int | None = None,
    request: dict[str, int] | None = None,
    key: str | None = None,
) -> Answer:
    """Draw up and keep the report on a procedure; answers `{id, procedure, version, digest, created_at}`. `to_version`
    is the version that is to be."""
    require(actor, "reports.make")
    with services.reading() as work:
        row = find(work, actor, procedure, version)
        files = queries.files(work, row.id)
        later = queries.files(work, find(work, actor, procedure, to_version).id) if to_version is not None else None
        now = work.now
    asked = request or dict(report.DEFAULT_REQUEST)
    drawn = report.report(files, created=now, lang=lang, request=asked, to_be=later, ledger=audit.head(services))

    def do(work: UnitOfWork) -> Answer:
        kept = ComputationRow(
            id=new_id(work.now),
            city=actor.city,
            office=actor.office,
            kind=KIND,
            subject=row.key,
            request={"version": row.version, "to_version": to_version, "lang": lang, **asked},
            state="done",
            progress={},
            # as text: a report's numbers must come back with the bytes they went in with
            result={"digest": drawn["digest"], "text": report.write(drawn, "json").decode()},
            error=None,
            cancel_requested=False,
            lease_until=None,
            token=0,
            created_by=actor.name,
            created_at=now,
            ended_at=work.now,
        )
        work.add(kept)
        return Answer(_view(kept), 201)

    return perform(services, actor, do, key=key, request=[KIND, row.id, to_version, lang, asked])


def list_some(services: Services, actor: Actor, procedure: str) -> dict[str, Any]:
    """The last reports on a procedure, newest first."""
    require(actor, "reports.read")
    with services.reading() as work:
        rows = queries.computations(work, actor.tenant, KIND, procedure)
        return {"items": [_view(row) for row in rows], "next": None}


def get(services: Services, actor: Actor, id: str, format: str) -> bytes:
    """A report as pdf, html or json. Raises NotFound, or InvalidRequest for another format."""
    require(actor, "reports.read")
    with services.reading() as work:
        row = work.get(ComputationRow, id)
        own(actor, row if row is not None and row.kind == KIND else None, "report")
        assert row is not None
        assert row.result is not None
        drawn = json.loads(row.result["text"])
    return report.write(drawn, format)


def _view(row: ComputationRow) -> dict[str, Any]:
    assert row.result is not None
    return {
        "id": row.id,
        "procedure": row.subject,
        "version": row.request["version"],
        "digest": row.result["digest"],
        "created_at": row.created_at.isoformat(),
        "created_by": row.created_by,
    }
