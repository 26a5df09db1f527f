"""What if a rule or a step did not exist: asked for, watched, read, stopped."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse

from api import schemas
from api.deps import Key, Serving, SignedIn, reply
from api.routes import PROBLEMS
from api.routes.simulations import follow
from bpm.service import simulations
from bpm.service.simulations import QUESTION
from bpm.settings import settings

router = APIRouter(prefix="/questions", tags=["simulations"], responses=PROBLEMS)

Id = Annotated[str, Path(max_length=36)]
Lang = Annotated[str | None, Query(pattern="^(de|en)$")]


@router.post("", response_model=schemas.Questioning, status_code=202)
def request(services: Serving, actor: SignedIn, body: schemas.AskWithout, key: Key = None) -> Response:
    """Put every rule, condition and step of a procedure on trial: proofs, and both played with the same luck."""
    answer = simulations.request_question(
        services,
        actor,
        body.procedure,
        version=body.version,
        only=body.only,
        cases=body.cases,
        replications=body.replications,
        seed=body.seed,
        scenario=body.scenario,
        key=key,
    )
    return reply(answer.body, answer.status)


@router.get("/{id}", response_model=schemas.QuestioningWithResult)
def get(services: Serving, actor: SignedIn, id: Id, lang: Lang = None) -> Response:
    """Progress, and when it is done the answer as `bpm question` gives it, with texts in `lang`."""
    found = simulations.get(services, actor, id, kind=QUESTION)
    if found["result"] is not None:
        found["result"] = found["result"][lang or settings().lang]
    return reply(found)


@router.get("/{id}/events", response_class=StreamingResponse)
async def events(services: Serving, actor: SignedIn, id: Id) -> StreamingResponse:
    """Progress as server-sent events, the last one with the final state."""
    return await follow(partial(simulations.get, services, actor, id, kind=QUESTION))


@router.delete("/{id}", response_model=schemas.Questioning)
def cancel(services: Serving, actor: SignedIn, id: Id, key: Key = None) -> Response:
    """Stop it."""
    answer = simulations.cancel(services, actor, id, kind=QUESTION, key=key)
    return reply(answer.body, answer.status)
