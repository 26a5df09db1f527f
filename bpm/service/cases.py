"""Cases: instances of a procedure, from start to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bpm.errors import Conflict, Stale
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record, record_note, record_start, require_running
from bpm.service.procedures import find
from bpm.store import queries
from bpm.store.ids import new_id
from bpm.store.records import InstanceRow, ProcedureRow
from bpm.store.unit_of_work import UnitOfWork


def start(
    services: Services,
    actor: Actor,
    procedure: str,
    variables: Mapping[str, Any],
    *,
    version: int | None = None,
    business_key: str | None = None,
    key: str | None = None,
) -> Answer:
    """Start a case on the newest (or the named) version. Raises NotExecutable with the blockers."""
    require(actor, "cases.start")

    def do(work: UnitOfWork) -> Answer:
        row = find(work, actor, procedure, version)
        instance = begin(services, work, actor.name, row, variables, business_key=business_key)
        return Answer(views.whole_case(work, instance), 201)

    request = ["start", procedure, version, business_key, variables]
    return perform(services, actor, do, key=key, request=request)


def begin(
    services: Services,
    work: UnitOfWork,
    actor: str,
    row: ProcedureRow,
    variables: Mapping[str, Any],
    *,
    business_key: str | None = None,
    start_event: str | None = None,
) -> InstanceRow:
    """Create the rows of a new case within a unit of work."""
    from bpm import engine

    model = services.model(work, row)
    outcome = engine.start(model.require(), variables, work.now, start=start_event)
    instance = InstanceRow(
        id=new_id(work.now),
        city=row.city,
        office=row.office,
        procedure_id=row.id,
        procedure_key=row.key,
        procedure_version=row.version,
        business_key=business_key,
        state=outcome.state,
        version=1,
        snapshot=outcome.snapshot,
        variables=outcome.variables,
        tokens=dict(outcome.tokens or {}),
        ends=list(outcome.ends),
        started_at=work.now,
        ended_at=work.now if outcome.state != "active" else None,
    )
    detail = {"variables": dict(variables), "procedure": row.key, "version": row.version}
    record_start(work, instance, outcome, Command("case-started", actor, start_event, detail))
    return instance


def get(services: Services, actor: Actor, instance_id: str) -> dict[str, Any]:
    """A case with its live tasks, jobs, subscriptions and timers."""
    require(actor, "cases.read")
    with services.reading() as work:
        row = work.get(InstanceRow, instance_id)
        own(actor, row, "case")
        assert row is not None
        return views.whole_case(work, row)


def list_some(
    services: Services,
    actor: Actor,
    *,
    state: str | None = None,
    procedure: str | None = None,
    business_key: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """Cases, filtered, in pages."""
    require(actor, "cases.read")
    with services.reading() as work:
        found = queries.instances(
            work,
            actor.tenant,
            state=state,
            procedure=procedure,
            business_key=business_key,
            cursor=cursor,
            limit=limit,
        )
        return views.page(found, views.case)


def history(services: Services, actor: Actor, instance_id: str) -> dict[str, Any]:
    """All that happened to a case, in order."""
    require(actor, "cases.history")
    with services.reading() as work:
        own(actor, work.get(InstanceRow, instance_id), "case")
        return views.listed(views.event(row) for row in queries.history(work, instance_id))


def cancel(
    services: Services,
    actor: Actor,
    instance_id: str,
    *,
    reason: str | None = None,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """End a case by hand; what is alive in it is closed."""
    from bpm import engine

    require(actor, "cases.cancel")

    def do(work: UnitOfWork) -> Answer:
        instance = locked(work, actor, instance_id, if_match)
        model = services.model_by_id(work, instance.procedure_id)
        outcome = engine.cancel(model.require(), instance.snapshot, work.now)
        outcome = replace(outcome, state="cancelled")
        detail = {"reason": reason} if reason else None
        command = Command("case-cancelled", actor.name, None, detail)
        after = record(work, instance, outcome, command, even_suspended=True)
        return Answer(views.whole_case(work, after))

    return perform(services, actor, do, key=key, request=["cancel", instance_id, reason])


def suspend(
    services: Services,
    actor: Actor,
    instance_id: str,
    *,
    reason: str | None = None,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """Stop a case for the time being: it takes no completions, job results, timers or messages until it is resumed.
    Timers whose time comes meanwhile fire then. Raises Conflict `case-suspended` when it is suspended already."""
    return _set_state(services, actor, instance_id, "suspended", reason, if_match, key)


def resume(
    services: Services,
    actor: Actor,
    instance_id: str,
    *,
    reason: str | None = None,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """Let a suspended case go on. Raises Conflict `case-not-suspended`."""
    return _set_state(services, actor, instance_id, "active", reason, if_match, key)


def _set_state(
    services: Services,
    actor: Actor,
    instance_id: str,
    state: str,
    reason: str | None,
    if_match: int | None,
    key: str | None,
) -> Answer:
    require(actor, "cases.suspend")
    kind = "case-suspended" if state == "suspended" else "case-resumed"

    def do(work: UnitOfWork) -> Answer:
        instance = locked(work, actor, instance_id, if_match)
        if state == "suspended":
            require_running(instance)
        elif instance.state != "suspended":
            raise Conflict("case-not-suspended", "the case is not suspended")
        command = Command(kind, actor.name, None, {"reason": reason} if reason else None)
        record_note(work, instance, command, state=state)
        after = work.get(InstanceRow, instance.id)
        assert after is not None
        return Answer(views.whole_case(work, after))

    return perform(services, actor, do, key=key, request=[kind, instance_id, reason])


def locked(work: UnitOfWork, actor: Actor, instance_id: str, if_match: int | None = None) -> InstanceRow:
    """A case of the actor's office that has not ended, locked. Raises NotFound, Stale or Conflict."""
    instance = queries.instance_of(work, instance_id)
    own(actor, instance, "case")
    assert instance is not None
    if if_match is not None and if_match != instance.version:
        raise Stale("stale", f"the case is at revision {instance.version}")
    if instance.state not in ("active", "suspended"):
        raise Conflict("case-ended", f"the case is {instance.state}")
    return instance
