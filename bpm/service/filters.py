"""Questions to the inbox that a person keeps under a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpm.errors import Conflict, InvalidRequest, NotFound
from bpm.service import tasks, views
from bpm.service.access import Actor, require
from bpm.service.context import Answer, Services, perform
from bpm.store.ids import new_id
from bpm.store.records import FilterRow
from bpm.store.unit_of_work import UnitOfWork

FIELDS = frozenset({"group", "assignee", "procedure", "due_before", "sort"})
"""What a filter may ask for; the same words as `GET /tasks`."""
MOST = 50


def add(services: Services, actor: Actor, name: str, query: Mapping[str, str], *, key: str | None = None) -> Answer:
    """Keep a filter. Raises InvalidRequest `bad-filter`, Conflict `filter-exists` and `many-filters`."""
    require(actor, "tasks.read")
    unknown = sorted(set(query) - FIELDS)
    if unknown:
        raise InvalidRequest("bad-filter", f"a filter does not know {', '.join(unknown)}")

    def do(work: UnitOfWork) -> Answer:
        known = _own(work, actor)
        if any(row.name == name for row in known):
            raise Conflict("filter-exists", f"there is a filter {name!r} already")
        if len(known) >= MOST:
            raise Conflict("many-filters", f"a person keeps up to {MOST} filters")
        row = FilterRow(
            id=new_id(work.now),
            city=actor.city,
            office=actor.office,
            owner=actor.name,
            name=name,
            query=dict(query),
            created_at=work.now,
        )
        work.add(row)
        return Answer(views.kept_filter(row), 201)

    return perform(services, actor, do, key=key, request=["filter", name, dict(query)])


def list_own(services: Services, actor: Actor) -> dict[str, Any]:
    """One's filters, by name."""
    require(actor, "tasks.read")
    with services.reading() as work:
        return views.listed(views.kept_filter(row) for row in sorted(_own(work, actor), key=lambda row: row.name))


def apply(
    services: Services, actor: Actor, filter_id: str, *, cursor: str | None = None, limit: int = 100
) -> dict[str, Any]:
    """The tasks that a filter finds now. Raises NotFound."""
    require(actor, "tasks.read")
    with services.reading() as work:
        query = _one(work, actor, filter_id).query
    return tasks.list_open(services, actor, **query, cursor=cursor, limit=limit)


def remove(services: Services, actor: Actor, filter_id: str, *, key: str | None = None) -> Answer:
    """Forget a filter. Raises NotFound."""
    require(actor, "tasks.read")

    def do(work: UnitOfWork) -> Answer:
        row = _one(work, actor, filter_id)
        work.remove(FilterRow, row.id)
        return Answer(views.kept_filter(row))

    return perform(services, actor, do, key=key, request=["filter-removed", filter_id])


def _own(work: UnitOfWork, actor: Actor) -> list[FilterRow]:
    return work.where(FilterRow, city=actor.city, office=actor.office, owner=actor.name)


def _one(work: UnitOfWork, actor: Actor, filter_id: str) -> FilterRow:
    found = [row for row in _own(work, actor) if row.id == filter_id]
    if not found:
        raise NotFound("not-found", "no such filter")
    return found[0]
