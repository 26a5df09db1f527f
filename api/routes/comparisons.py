"""Comparisons of two versions or procedures with the same luck: asked for, watched, read, stopped."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response, StreamingResponse

from api import schemas
from api.deps import Key, Serving, SignedIn, reply
from api.routes import PROBLEMS
from api.routes.simulations import follow
from bpm.service import simulations
from bpm.service.simulations import COMPARISON

router = APIRouter(prefix="/comparisons", tags=["simulations"], responses=PROBLEMS)

Id = Annotated[str, Path(max_length=36)]


@router.post("", response_model=schemas.Comparison, status_code=202)
def request(services: Serving, actor: SignedIn, body: schemas.Compare, key: Key = None) -> Response:
    """Ask what changes from `version` to `to_be_version` (of `to_be`, else of the same procedure)."""
    answer = simulations.request_comparison(
        services,
        actor,
        body.procedure,
        version=body.version,
        to_be=body.to_be,
        to_be_version=body.to_be_version,
        cases=body.cases,
        replications=body.replications,
        seed=body.seed,
        scenario=body.scenario,
        key=key,
    )
    return reply(answer.body, answer.status)


@router.get("/{id}", response_model=schemas.ComparisonWithResult)
def get(services: Serving, actor: SignedIn, id: Id) -> Response:
    """Progress, and the result when it is done."""
    return reply(simulations.get(services, actor, id, kind=COMPARISON))


@router.get("/{id}/events", response_class=StreamingResponse)
async def events(services: Serving, actor: SignedIn, id: Id) -> StreamingResponse:
    """Progress as server-sent events, the last one with the final state."""
    return await follow(partial(simulations.get, services, actor, id, kind=COMPARISON))


@router.delete("/{id}", response_model=schemas.Comparison)
def cancel(services: Serving, actor: SignedIn, id: Id, key: Key = None) -> Response:
    """Stop it."""
    answer = simulations.cancel(services, actor, id, kind=COMPARISON, key=key)
    return reply(answer.body, answer.status)
