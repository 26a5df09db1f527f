"""What a person keeps for himself: absences with a deputy, and filters of the inbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api import schemas
from api.deps import Cursor, Key, Limit, Serving, SignedIn, person, reply
from api.routes import PROBLEMS
from bpm.service import absences, filters

router = APIRouter(tags=["people"], responses=PROBLEMS)

Id = Annotated[str, Path(max_length=36)]


@router.get("/absences", response_model=schemas.Absences)
def list_absences(services: Serving, actor: SignedIn) -> Response:
    """Absences that are not over: the caller's, those the caller stands in for; all for who oversees the office."""
    return reply(absences.list_known(services, actor))


@router.post("/absences", response_model=schemas.Absence, status_code=201)
def enter_absence(
    request: Request, services: Serving, actor: SignedIn, body: schemas.EnterAbsence, key: Key = None
) -> Response:
    """Enter an absence and who stands in."""
    deputy = person(request, actor, body.deputy)
    answer = absences.add(services, actor, body.person or actor.name, deputy, body.begins, body.ends, key=key)
    return reply(answer.body, answer.status)


@router.delete("/absences/{id}", response_model=schemas.Absence)
def remove_absence(services: Serving, actor: SignedIn, id: Id, key: Key = None) -> Response:
    """Take an absence back."""
    answer = absences.remove(services, actor, id, key=key)
    return reply(answer.body, answer.status)


@router.get("/filters", response_model=schemas.Filters)
def list_filters(services: Serving, actor: SignedIn) -> Response:
    """The caller's filters, by name."""
    return reply(filters.list_own(services, actor))


@router.post("/filters", response_model=schemas.Filter, status_code=201)
def keep_filter(services: Serving, actor: SignedIn, body: schemas.KeepFilter, key: Key = None) -> Response:
    """Keep a question to the inbox: `query` with the parameters of `GET /tasks`."""
    answer = filters.add(services, actor, body.name, body.query, key=key)
    return reply(answer.body, answer.status)


@router.get("/filters/{id}/tasks", response_model=schemas.Tasks)
def apply_filter(services: Serving, actor: SignedIn, id: Id, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """The tasks that the filter finds now."""
    return reply(filters.apply(services, actor, id, cursor=cursor, limit=limit))


@router.delete("/filters/{id}", response_model=schemas.Filter)
def remove_filter(services: Serving, actor: SignedIn, id: Id, key: Key = None) -> Response:
    """Forget a filter."""
    answer = filters.remove(services, actor, id, key=key)
    return reply(answer.body, answer.status)
