"""The page "Was wäre ohne …": every rule and step on trial, asked for by an analyst, carried out by a worker."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api import deps
from api.routes.pages import WORDS
from api.web.visit import Visit, Visiting
from bpm import texts
from bpm.errors import InvalidRequest
from bpm.service import simulations, workbench
from bpm.service.simulations import QUESTION

router = APIRouter(include_in_schema=False)


@router.get("/verfahren/{key}/was-waere-ohne")
def show(visit: Visiting, key: str) -> Response:
    page = workbench.page(visit.services, visit.actor, key)
    runs: list[dict[str, Any]] = []
    if visit.actor.may("simulations.read"):
        runs = simulations.list_some(visit.services, visit.actor, key, kind=QUESTION)["items"]
    latest = simulations.latest_result(visit.services, visit.actor, key, page.version, kind=QUESTION)
    result = latest[visit.lang] if latest else None
    return visit.show(
        "without.html",
        here="procedures",
        key=key,
        name=page.name,
        names=page.names(visit.lang),
        may_run=visit.actor.may("simulations.run"),
        run=runs[0] if runs else None,
        result=result,
        tables=by_table(result["rules"]) if result else [],
        values={"cases": 1_000, "replications": 30, "seed": 1},
        joint=result["joint"] if result and result["joint"].get("saving") else None,
        verdict_words=texts.VERDICT,
        **WORDS,
    )


def by_table(rules: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Trials grouped by decision, in the order of the files."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in rules:
        found.setdefault(one["decision"], []).append(one)
    return list(found.items())


@router.post("/verfahren/{key}/was-waere-ohne")
async def ask(visit: Visiting, key: str) -> Response:
    given = await visit.form()
    try:
        cases, replications, seed = (int(given[name]) for name in ("cases", "replications", "seed"))
    except (KeyError, ValueError):
        raise InvalidRequest("bad-number", "cases, replications and seed are whole numbers") from None
    await deps.in_thread(request, visit, key, cases, replications, seed)
    return visit.go(f"/verfahren/{key}/was-waere-ohne")


def request(visit: Visit, key: str, cases: int, replications: int, seed: int) -> None:
    simulations.request_question(visit.services, visit.actor, key, cases=cases, replications=replications, seed=seed)


@router.get("/verfahren/{key}/was-waere-ohne/{id}/fortschritt")
def progress(visit: Visiting, key: str, id: str) -> Response:
    run = simulations.get(visit.services, visit.actor, id, kind=QUESTION)
    response = visit.show("without_progress.html", run=run)
    if run["state"] not in ("queued", "running"):
        response.headers["HX-Refresh"] = "true"
    return response
