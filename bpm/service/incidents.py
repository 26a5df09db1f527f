"""Where cases are stuck, and trying again."""

from __future__ import annotations

from typing import Any

from bpm.errors import Conflict
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import RETRIES, Command, record_note
from bpm.store import queries
from bpm.store.records import IncidentRow, JobRow, OutboxRow
from bpm.store.unit_of_work import UnitOfWork


def list_open(services: Services, actor: Actor, *, cursor: str | None = None, limit: int = 100) -> dict[str, Any]:
    """Open incidents, in pages."""
    require(actor, "incidents.read")
    with services.reading() as work:
        return views.page(queries.incidents(work, actor.tenant, cursor, limit), views.incident)


def retry(services: Services, actor: Actor, incident_id: str, *, key: str | None = None) -> Answer:
    """Close an incident and let its timer, message or job be tried again."""
    require(actor, "incidents.retry")

    def do(work: UnitOfWork) -> Answer:
        seen = work.get(IncidentRow, incident_id)
        own(actor, seen, "incident")
        assert seen is not None
        instance = queries.instance_of(work, seen.instance_id)
        row = work.get(IncidentRow, incident_id, lock=True)
        assert instance is not None
        assert row is not None
        if row.state != "open":
            raise Conflict("incident-closed", "the incident is closed")
        work.close(IncidentRow, [row.id], "retried")
        if row.kind == "job":
            work.change(JobRow, row.ref, retries=RETRIES, locked_until=None)
        elif row.kind == "message":
            work.change(OutboxRow, row.ref, state="waiting", next_at=work.now, ended_at=None)
        record_note(work, instance, Command("incident-retried", actor.name, row.element, {"incident": row.id}))
        after = work.get(IncidentRow, row.id)
        assert after is not None
        return Answer(views.incident(after))

    return perform(services, actor, do, key=key, request=["retry", incident_id])
