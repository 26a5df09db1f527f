"""Put a question aside on its card, with a reason, and ask it again."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import deps
from api.web.visit import Visiting
from bpm.service import dismissals

router = APIRouter(include_in_schema=False)
PATH = "/verfahren/{key}/fragen/{fingerprint}"


@router.post(PATH + "/beiseite")
async def put_aside(visit: Visiting, key: str, fingerprint: str) -> Response:
    values = await visit.form()
    reason = str(values.get("grund", ""))
    await deps.in_thread(dismissals.dismiss, visit.services, visit.actor, key, fingerprint, reason)
    return visit.go(f"/verfahren/{key}#fragen")


@router.post(PATH + "/wieder")
async def ask_again(visit: Visiting, key: str, fingerprint: str) -> Response:
    await visit.form()
    await deps.in_thread(dismissals.take_back, visit.services, visit.actor, key, fingerprint)
    return visit.go(f"/verfahren/{key}#fragen")
