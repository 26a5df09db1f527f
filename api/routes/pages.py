"""The workbench for reading: procedures, their rules, forms and the catalogue of questions. No account is needed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.web.visit import Visit, Visiting
from bpm import texts
from bpm.service import explain, reports, simulations, workbench
from bpm.service import principles as principles_service
from bpm.service.overview import heat
from bpm.service.workbench import Page

router = APIRouter(include_in_schema=False)
WORDS: dict[str, Any] = {
    "kinds": texts.KIND,
    "known_words": texts.KNOWN,
    "organ_words": texts.ORGAN,
    "linked_words": texts.HOW_LINKED,
    "force_words": texts.FORCE,
    "source_words": texts.SOURCE,
    "basis_words": texts.BASIS,
    "coverage_words": texts.COVERAGE,
    "hit_policy_words": texts.HIT_POLICY,
    "state_words": texts.STATE,
    "locally_words": texts.LOCALLY,
}


@router.get("/")
def home() -> Response:
    return RedirectResponse("/verfahren")


@router.get("/verfahren")
def procedures(visit: Visiting) -> Response:
    return visit.show(
        "procedures.html",
        here="procedures",
        procedures=workbench.lines(visit.services, visit.actor),
        may_deploy=visit.actor.may("procedures.deploy"),
    )


@router.get("/verfahren/{key}")
def procedure(visit: Visiting, key: str, fassung: int | None = None) -> Response:
    page = workbench.page(visit.services, visit.actor, key, fassung)
    run = simulations.latest_result(visit.services, visit.actor, key, page.version)
    return visit.show(
        "procedure.html",
        here="procedures",
        it=page.overview,
        version=page.version,
        digest=page.digest,
        ready=page.ready,
        blockers=page.explained(visit.lang),
        has_scenario=page.has_scenario,
        forms=sorted(page.procedure.forms),
        names=page.names(visit.lang),
        run=run,
        calibrated=run is not None and all(note["field"] != "calibrated" for note in run["notes"]),
        heat=[{"element": id, "level": level} for id, level in heat(run["nodes"])] if run else [],
        pins=pins(visit, page),
        dismissed=page.dismissed,
        may_dismiss=visit.actor.may("findings.dismiss"),
        layer=page.procedure.layer,
        **WORDS,
    )


def pins(visit: Visit, page: Page) -> list[dict[str, Any]]:
    """Pins as the diagram takes them."""
    titles = {one.number: one.reported.check.title[visit.lang] for one in page.overview.questions}
    return [
        {"element": element, "number": ", ".join(map(str, numbers)), "title": "; ".join(titles[one] for one in numbers)}
        for element, numbers in page.overview.pins.items()
    ]


@router.get("/verfahren/{key}/regeln/{decision}")
def decision(visit: Visiting, key: str, decision: str) -> Response:
    page = workbench.page(visit.services, visit.actor, key)
    view = workbench.table(page, decision)
    file = view.path.rpartition("!")[2].rpartition("/")[2]
    skipped = [one for one in page.overview.analysis.skipped if one.skipped.element == decision]
    return visit.show(
        "decision.html",
        here="procedures",
        key=key,
        name=page.name,
        version=page.version,
        view=view,
        file=file,
        skipped=skipped,
        **WORDS,
    )


@router.get("/verfahren/{key}/formulare/{file:path}")
def form(visit: Visiting, key: str, file: str) -> Response:
    page = workbench.page(visit.services, visit.actor, key)
    fields = workbench.form(page, file).fields
    return visit.show(
        "form.html", here="procedures", key=key, name=page.name, version=page.version, file=file, fields=fields
    )


@router.get("/verfahren/{key}/{version:int}/bpmn")
def bpmn(visit: Visiting, key: str, version: int) -> Response:
    content = workbench.source(visit.services, visit.actor, key, version, "bpmn")
    return Response(content, media_type="application/xml")


@router.get("/verfahren/{key}/{version:int}/dmn/{name:path}")
def dmn(visit: Visiting, key: str, version: int, name: str) -> Response:
    content = workbench.source(visit.services, visit.actor, key, version, "dmn", name)
    return Response(content, media_type="application/xml")


@router.get("/verfahren/{key}/{version:int}/formulare/{name:path}")
def form_file(visit: Visiting, key: str, version: int, name: str) -> Response:
    content = workbench.source(visit.services, visit.actor, key, version, "form", name)
    return Response(content, media_type="application/json")


@router.get("/verfahren/{key}/quellen")
def sources(visit: Visiting, key: str) -> Response:
    page = workbench.page(visit.services, visit.actor, key)
    text = workbench.sources(visit.services, visit.actor, key)
    return visit.show("sources.html", here="procedures", key=key, name=page.name, text=text)


@router.get("/katalog")
def catalogue(visit: Visiting) -> Response:
    return visit.show("catalogue.html", here="catalogue", checks=explain.catalogue(visit.lang))


@router.get("/grundsaetze")
def principles(visit: Visiting) -> Response:
    found = principles_service.list_all(visit.services, visit.actor, visit.lang)
    listed, as_of = found["items"], found["as_of"]
    return visit.show("principles.html", here="principles", as_of=as_of, principles=listed, **WORDS)


@router.get("/verfahren/{key}/bericht")
def report(visit: Visiting, key: str) -> Response:
    page = workbench.page(visit.services, visit.actor, key)
    may = visit.actor.may("reports.make")
    made = reports.list_some(visit.services, visit.actor, key)["items"] if may else []
    return visit.show("report.html", here="procedures", key=key, name=page.name, may_report=may, reports=made)
