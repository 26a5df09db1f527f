"""For whoever operates: is the process alive, can it work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from api import schemas
from api.deps import Serving, is_local, reply, signed_in
from api.problems import Unauthenticated
from api.routes import PROBLEMS
from bpm.service import metrics
from bpm.service.context import check_ready

router = APIRouter(tags=["health"])


@router.get("/health/live", response_model=schemas.Health)
def live() -> Response:
    """The process answers."""
    return reply({"status": "live"})


@router.get("/health/ready", response_model=schemas.Health, responses={503: PROBLEMS[503]})
def ready(services: Serving) -> Response:
    """The database answers, is safe and at the right schema."""
    check_ready(services)
    return reply({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse, responses={code: PROBLEMS[code] for code in (401, 403, 503)})
def tell_metrics(request: Request, services: Serving) -> Response:
    """Counts in Prometheus' text format: of all offices to this machine itself, of their office to administrators."""
    if is_local(request):
        text = metrics.of_all(services)
    else:
        actor = signed_in(request)
        if actor is None:
            raise Unauthenticated("sign in first")
        text = metrics.of_office(services, actor)
    return Response(text, media_type=metrics.MEDIA_TYPE)
