"""Who is away, and who stands in: the deputy sees and does what the absent person holds or is named for.

What a deputy does is recorded as the deputy's, on behalf of the person: where four eyes are asked for, both count.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bpm.errors import Forbidden, InvalidRequest, NotFound
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.store import queries
from bpm.store.ids import new_id
from bpm.store.records import AbsenceRow
from bpm.store.unit_of_work import UnitOfWork


def add(
    services: Services,
    actor: Actor,
    person: str,
    deputy: Actor | None,
    begins: datetime,
    ends: datetime,
    *,
    key: str | None = None,
) -> Answer:
    """Enter an absence: one's own, or anybody's for who oversees the office.

    Raises Forbidden `absence-of-another`, InvalidRequest `no-such-person` (the deputy), `person-may-not`,
    `own-deputy` and `bad-period`.
    """
    require(actor, "tasks.work")
    if person != actor.name and not actor.oversees:
        raise Forbidden("absence-of-another", "whoever oversees the office enters the absence of another")
    if deputy is None or deputy.tenant != actor.tenant:
        raise InvalidRequest("no-such-person", "nobody here has the deputy's name")
    if deputy.name == person:
        raise InvalidRequest("own-deputy", "nobody stands in for himself")
    if not deputy.may("tasks.work"):
        raise InvalidRequest("person-may-not", f"{deputy.name} may not work on tasks")
    if begins.tzinfo is None or ends.tzinfo is None or not begins < ends:
        raise InvalidRequest("bad-period", "an absence begins before it ends, both with their offset")

    def do(work: UnitOfWork) -> Answer:
        row = AbsenceRow(
            id=new_id(work.now),
            city=actor.city,
            office=actor.office,
            person=person,
            deputy=deputy.name,
            begins=begins,
            ends=ends,
            created_at=work.now,
            created_by=actor.name,
        )
        work.add(row)
        return Answer(views.absence(row), 201)

    request = ["absence", person, deputy.name, begins.isoformat(), ends.isoformat()]
    return perform(services, actor, do, key=key, request=request)


def list_known(services: Services, actor: Actor) -> dict[str, Any]:
    """The absences that are not over: one's own and those one stands in for; all for who oversees the office."""
    require(actor, "tasks.work")
    with services.reading() as work:
        rows = queries.absences(work, actor.tenant, after=work.now)
        seen = [row for row in rows if actor.oversees or actor.name in (row.person, row.deputy)]
        return views.listed(views.absence(row) for row in seen)


def remove(services: Services, actor: Actor, absence_id: str, *, key: str | None = None) -> Answer:
    """Take an absence back. Raises NotFound."""
    require(actor, "tasks.work")

    def do(work: UnitOfWork) -> Answer:
        row = work.get(AbsenceRow, absence_id)
        own(actor, row, "absence")
        assert row is not None
        if row.person != actor.name and not actor.oversees:
            raise NotFound("not-found", "no such absence")
        work.remove(AbsenceRow, row.id)
        return Answer(views.absence(row))

    return perform(services, actor, do, key=key, request=["absence-removed", absence_id])
