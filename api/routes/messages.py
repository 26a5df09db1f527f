"""Messages to one case, signals to all."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api import schemas
from api.deps import Key, Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.service import messages

router = APIRouter(tags=["messages"], responses=PROBLEMS)


@router.post("/messages", response_model=schemas.Correlated)
def correlate(services: Serving, actor: SignedIn, body: schemas.Message, key: Key = None) -> Response:
    """Give a message to the one case that waits for it, else start the procedure that it starts."""
    answer = messages.correlate(
        services,
        actor,
        body.name,
        body.variables,
        correlation=body.correlation,
        business_key=body.business_key,
        key=key,
    )
    return reply(answer.body, answer.status)


@router.post("/signals", response_model=schemas.Reached)
def broadcast(services: Serving, actor: SignedIn, body: schemas.Signal, key: Key = None) -> Response:
    """Give a signal to every case that waits for it."""
    answer = messages.broadcast(services, actor, body.name, body.variables, key=key)
    return reply(answer.body, answer.status)
