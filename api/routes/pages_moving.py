"""The page on which an owner moves a case to the newest version: what would become of it in words, then to confirm."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api import deps
from api.web.visit import Visit, Visiting
from bpm import texts
from bpm.errors import NotMovable
from bpm.service import moving, workbench

router = APIRouter(include_in_schema=False)

TO = "nach:"
"""Prefix of the fields that say where the case goes on instead of an element that is gone."""


def show_page(visit: Visit, id: str, tried: dict[str, str] | None = None, status: int = 200) -> Response:
    found = moving.preview(visit.services, visit.actor, id, visit.lang, mapping=tried or {})
    case = found["case"]
    old = workbench.page(visit.services, visit.actor, case["procedure"], case["procedure_version"])
    return visit.show(
        "moving.html",
        here="cases",
        status=status,
        found=found,
        case=case,
        names=old.names(visit.lang),
        words=texts.BECOMES,
        tried=tried or {},
        to=TO,
        key=deps.new_key(),
    )


@router.get("/faelle/{id}/fassung")
def show(visit: Visiting, id: str) -> Response:
    return show_page(visit, id)


@router.post("/faelle/{id}/fassung")
async def move(visit: Visiting, id: str) -> Response:
    form = await visit.form()
    return await deps.in_thread(_move, visit, id, form)


def _move(visit: Visit, id: str, form: dict[str, Any]) -> Response:
    mapping = {name.removeprefix(TO): str(value) for name, value in form.items() if name.startswith(TO) and value}
    try:
        moving.migrate(
            visit.services,
            visit.actor,
            id,
            version=int(form["version"]) if str(form.get("version", "")).isdecimal() else None,
            mapping=mapping,
            reason=str(form.get("reason") or "").strip()[:2000] or None,
            key=str(form.get("key") or "") or None,
        )
    except NotMovable:
        return show_page(visit, id, mapping, 422)
    return visit.go(f"/faelle/{id}")
