"""Decisions of a procedure, without a case."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from api import schemas
from api.deps import Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.service import decisions

router = APIRouter(prefix="/decisions", tags=["decisions"], responses=PROBLEMS)


@router.post("/{key}/evaluate", response_model=schemas.Anything)
def evaluate(
    services: Serving, actor: SignedIn, key: Annotated[str, Path(max_length=200)], body: schemas.Evaluate
) -> Response:
    """As `bpm decide`."""
    return reply(decisions.evaluate(services, actor, key, body.decision, body.inputs))
