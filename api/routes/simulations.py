"""Simulations: asked for, watched, read, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response, StreamingResponse

from api import schemas
from api.deps import Key, Serving, SignedIn, in_thread, reply
from api.routes import PROBLEMS
from bpm.service import simulations
from bpm.service.context import to_json

router = APIRouter(prefix="/simulations", tags=["simulations"], responses=PROBLEMS)

Id = Annotated[str, Path(max_length=36)]
ASK_AGAIN_S = 0.5


@router.post("", response_model=schemas.Simulation, status_code=202)
def request(services: Serving, actor: SignedIn, body: schemas.Simulate, key: Key = None) -> Response:
    """Ask for a simulation."""
    answer = simulations.request(
        services,
        actor,
        body.procedure,
        version=body.version,
        cases=body.cases,
        replications=body.replications,
        seed=body.seed,
        scenario=body.scenario,
        key=key,
    )
    return reply(answer.body, answer.status)


@router.get("/{id}", response_model=schemas.SimulationWithResult)
def get(services: Serving, actor: SignedIn, id: Id) -> Response:
    """Progress, and the result when it is done."""
    return reply(simulations.get(services, actor, id))


@router.get("/{id}/events", response_class=StreamingResponse)
async def events(services: Serving, actor: SignedIn, id: Id) -> StreamingResponse:
    """Progress as server-sent events, the last one with the final state."""
    return await follow(partial(simulations.get, services, actor, id))


async def follow(read: Callable[[], dict[str, Any]]) -> StreamingResponse:
    """What `read` says of a computation, each time it changes, until it has ended."""
    first = await in_thread(read)

    async def stream() -> AsyncIterator[str]:
        told: dict[str, Any] | None = None
        now = first
        while True:
            seen = {name: now[name] for name in ("id", "state", "done", "total", "error")}
            if seen != told:
                told = seen
                yield f"event: progress\ndata: {to_json(seen)}\n\n"
            if now["state"] not in ("queued", "running"):
                return
            await asyncio.sleep(ASK_AGAIN_S)
            now = await in_thread(read)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.delete("/{id}", response_model=schemas.Simulation)
def cancel(services: Serving, actor: SignedIn, id: Id, key: Key = None) -> Response:
    """Stop it."""
    answer = simulations.cancel(services, actor, id, key=key)
    return reply(answer.body, answer.status)
