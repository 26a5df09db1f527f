"""For whoever operates: is the process alive, can it work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api import schemas
from api.deps import Serving, reply
from api.routes import PROBLEMS
from bpm.service.context import check_ready

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", response_model=schemas.Health)
def live() -> Response:
    """The process answers."""
    return reply({"status": "live"})


@router.get("/ready", response_model=schemas.Health, responses={503: PROBLEMS[503]})
def ready(services: Serving) -> Response:
    """The database answers, is safe and at the right schema."""
    check_ready(services)
    return reply({"status": "ready"})
