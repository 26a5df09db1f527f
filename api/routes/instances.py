"""Instances: cases from start to end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api import schemas
from api.deps import Cursor, IfMatch, Key, Limit, Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.service import attachments, cases, moving, retention

router = APIRouter(prefix="/instances", tags=["instances"], responses=PROBLEMS)

Id = Annotated[str, Path(max_length=36)]
Text = Annotated[str | None, Query(max_length=200)]


@router.post("", response_model=schemas.WholeCase, status_code=201)
def start(services: Serving, actor: SignedIn, body: schemas.Start, key: Key = None) -> Response:
    """Start a case. 422 with the blockers when the procedure cannot be executed."""
    answer = cases.start(
        services,
        actor,
        body.procedure,
        body.variables,
        version=body.version,
        business_key=body.business_key,
        key=key,
    )
    return reply(answer.body, answer.status)


@router.get("", response_model=schemas.Cases)
def list_some(
    services: Serving,
    actor: SignedIn,
    state: Text = None,
    procedure: Text = None,
    business_key: Text = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Cases, filtered."""
    found = cases.list_some(
        services, actor, state=state, procedure=procedure, business_key=business_key, cursor=cursor, limit=limit
    )
    return reply(found)


@router.get("/{id}", response_model=schemas.WholeCase)
def get(services: Serving, actor: SignedIn, id: Id) -> Response:
    """A case with its live tasks, jobs, subscriptions and timers."""
    return reply(cases.get(services, actor, id))


@router.get("/{id}/history", response_model=schemas.Events)
def history(services: Serving, actor: SignedIn, id: Id) -> Response:
    """All that happened to a case, in order."""
    return reply(cases.history(services, actor, id))


@router.post("/{id}/cancel", response_model=schemas.WholeCase)
def cancel(
    services: Serving,
    actor: SignedIn,
    id: Id,
    body: schemas.Cancel | None = None,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """End a case by hand."""
    reason = body.reason if body else None
    answer = cases.cancel(services, actor, id, reason=reason, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/erase", response_model=schemas.Case)
def erase(services: Serving, actor: SignedIn, id: Id, key: Key = None) -> Response:
    """Erase an ended case now: everything personal goes, its ledger stays and verifies."""
    answer = retention.erase(services, actor, id, key=key)
    return reply(answer.body, answer.status)


@router.get("/{id}/archive", response_model=schemas.Anything)
def archived(services: Serving, actor: SignedIn, id: Id) -> Response:
    """An ended case whole, to be offered to the archive before it is erased."""
    return reply(retention.archived(services, actor, id))


@router.get("/{id}/attachments", response_model=schemas.Attachments)
def list_attachments(services: Serving, actor: SignedIn, id: Id) -> Response:
    """The files put to the tasks of the case, in order."""
    return reply(attachments.of_case(services, actor, id))


@router.post("/{id}/suspend", response_model=schemas.WholeCase)
def suspend(
    services: Serving,
    actor: SignedIn,
    id: Id,
    body: schemas.Suspend | None = None,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Stop a case for the time being: it takes no completions, jobs, timers or messages; due timers wait."""
    reason = body.reason if body else None
    answer = cases.suspend(services, actor, id, reason=reason, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/resume", response_model=schemas.WholeCase)
def resume(
    services: Serving,
    actor: SignedIn,
    id: Id,
    body: schemas.Suspend | None = None,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Let a suspended case go on."""
    reason = body.reason if body else None
    answer = cases.resume(services, actor, id, reason=reason, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/migrate", response_model=schemas.WholeCase)
def migrate(
    services: Serving,
    actor: SignedIn,
    id: Id,
    body: schemas.Migrate,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Move a case to another version of its procedure. 422 with every reason when it cannot be moved as a whole."""
    answer = moving.migrate(
        services,
        actor,
        id,
        version=body.version,
        mapping=body.mapping,
        reason=body.reason,
        if_match=if_match,
        key=key,
    )
    return reply(answer.body, answer.status)


@router.post("/{id}/modify", response_model=schemas.WholeCase)
def modify(
    services: Serving,
    actor: SignedIn,
    id: Id,
    body: schemas.Modify,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Set variables, cancel tokens and start before elements, in this order, all or nothing. 422 with the reasons
    where it would break a join or a sub-process."""
    instructions = [one.model_dump() for one in body.instructions]
    answer = moving.modify(services, actor, id, instructions, reason=body.reason, if_match=if_match, key=key)
    return reply(answer.body, answer.status)
