"""Incidents and the ledger: for those who operate and those who audit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from api import schemas
from api.deps import Cursor, Key, Limit, Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.service import audit, incidents

router = APIRouter(tags=["operations"], responses=PROBLEMS)


@router.get("/incidents", response_model=schemas.Incidents)
def list_open(services: Serving, actor: SignedIn, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Where cases are stuck."""
    return reply(incidents.list_open(services, actor, cursor=cursor, limit=limit))


@router.post("/incidents/{id}/retry", response_model=schemas.Incident)
def retry(services: Serving, actor: SignedIn, id: Annotated[str, Path(max_length=36)], key: Key = None) -> Response:
    """Try again."""
    answer = incidents.retry(services, actor, id, key=key)
    return reply(answer.body, answer.status)


@router.get("/audit/verify", response_model=schemas.Verified)
def verify(services: Serving, actor: SignedIn) -> Response:
    """Check the hash chain of every case, and the sealed checkpoints over all of them."""
    return reply(audit.verify(services, actor))
