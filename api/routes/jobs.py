"""Jobs: work for programs outside, with a fencing token."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api import schemas
from api.deps import Key, Serving, SignedIn, in_thread, reply
from api.routes import PROBLEMS
from bpm.service import jobs

router = APIRouter(prefix="/jobs", tags=["jobs"], responses=PROBLEMS)

Id = Annotated[str, Path(max_length=36)]


ASK_AGAIN_S = 0.25
"""How often a waiting worker's question is asked again."""


@router.post("/lock", response_model=schemas.LockedJobs)
async def lock(request: Request, services: Serving, actor: SignedIn, body: schemas.Lock, key: Key = None) -> Response:
    """Lock jobs of a topic for a time; with `wait_s`, wait for the first one."""
    # waiting takes neither a thread nor the database, only the look in between does
    left = body.wait_s
    while left > 0 and not await in_thread(jobs.is_waiting, services, actor, body.topic):
        await asyncio.sleep(min(ASK_AGAIN_S, left))
        left -= ASK_AGAIN_S
        if await request.is_disconnected():
            return reply({"items": [], "next": None})
    answer = await in_thread(
        jobs.lock, services, actor, body.topic, body.worker, maximum=body.max, lock_s=body.lock_s, key=key
    )
    return reply(answer.body, answer.status)


@router.post("/{id}/complete", response_model=schemas.JobDone)
def complete(services: Serving, actor: SignedIn, id: Id, body: schemas.JobComplete, key: Key = None) -> Response:
    """Record the result; 409 for a stale token."""
    answer = jobs.complete(services, actor, id, body.token, body.variables, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/fail", response_model=schemas.Job)
def fail(services: Serving, actor: SignedIn, id: Id, body: schemas.JobFail, key: Key = None) -> Response:
    """Give the job back; with no retries left it becomes an incident."""
    answer = jobs.fail(services, actor, id, body.token, body.error, retry_in_s=body.retry_in_s, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/extend", response_model=schemas.Job)
def extend(services: Serving, actor: SignedIn, id: Id, body: schemas.JobExtend, key: Key = None) -> Response:
    """Hold the job longer."""
    answer = jobs.extend(services, actor, id, body.token, body.lock_s, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/error", response_model=schemas.JobDone)
def error(services: Serving, actor: SignedIn, id: Id, body: schemas.JobError, key: Key = None) -> Response:
    """End the job with a BPMN error that the model catches."""
    answer = jobs.raise_error(services, actor, id, body.token, body.code, body.variables, key=key)
    return reply(answer.body, answer.status)
