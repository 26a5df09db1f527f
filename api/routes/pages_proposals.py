"""The page "So sähe es aus": what a finding proposes beside today. Looking changes nothing."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from api import deps
from api.routes.pages import WORDS
from api.web.visit import Visit, Visiting
from bpm import texts
from bpm.service import proposals

router = APIRouter(include_in_schema=False)
Also = Annotated[list[str] | None, Query(max_length=20)]
PATH = "/verfahren/{key}/{version:int}/vorschlag/{fingerprint}"


@router.get(PATH)
def show(visit: Visiting, key: str, version: int, fingerprint: str, auch: Also = None) -> Response:
    wanted = [fingerprint, *(auch or ())]
    found = proposals.propose(visit.services, visit.actor, key, wanted, version)
    chosen = {one.fingerprint for one in found.wanted}
    others = [one for one in found.page.overview.questions if one.shows_process]
    more = urlencode([("auch", one) for one in auch or ()])
    return visit.show(
        "proposal.html",
        here="procedures",
        key=key,
        version=version,
        name=found.page.name,
        query=f"?{more}" if more else "",
        first=found.wanted[0],
        excluded=[one.as_json(visit.lang) for one in found.result.excluded],
        mechanical=found.mechanical,
        rows=found.rows(visit.lang),
        marks=found.marks(),
        words={kind: texts.translate(word, visit.lang) for kind, word in texts.CHANGE.items()},
        others=[(one, one.reported.fingerprint in chosen) for one in others if one.reported is not found.wanted[0]],
        wanted=wanted,
        newest=found.page.version == version,
        may_deploy=visit.actor.may("procedures.deploy"),
        **WORDS,
    )


@router.get(PATH + "/bpmn")
def bpmn(visit: Visiting, key: str, version: int, fingerprint: str, auch: Also = None) -> Response:
    found = proposals.propose(visit.services, visit.actor, key, [fingerprint, *(auch or ())], version)
    headers = {"Content-Disposition": f'attachment; filename="{key}-vorschlag.bpmn"'}
    return Response(found.model.source, media_type="application/xml", headers=headers)


@router.get(PATH + "/paket")
def package(visit: Visiting, key: str, version: int, fingerprint: str, auch: Also = None) -> Response:
    found = proposals.propose(visit.services, visit.actor, key, [fingerprint, *(auch or ())], version)
    headers = {"Content-Disposition": f'attachment; filename="{key}-vorschlag.zip"'}
    return Response(proposals.as_package(found), media_type="application/zip", headers=headers)


@router.post(PATH)
async def adopt(visit: Visiting, key: str, version: int, fingerprint: str, auch: Also = None) -> Response:
    await visit.form()
    await deps.in_thread(_adopt, visit, key, [fingerprint, *(auch or ())], version)
    return visit.go(f"/verfahren/{key}")


def _adopt(visit: Visit, key: str, wanted: list[str], version: int) -> None:
    proposals.adopt(visit.services, visit.actor, key, wanted, version)
