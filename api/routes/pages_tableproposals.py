"""The page "So sähe es aus" of a decision table: today and the proposal, row by row. Looking changes nothing."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from api.routes.pages import WORDS
from api.web.visit import Visiting
from bpm.service import tableproposals

router = APIRouter(include_in_schema=False)
Also = Annotated[list[str] | None, Query(max_length=20)]
PATH = "/verfahren/{key}/{version:int}/regelvorschlag/{fingerprint}"


@router.get(PATH)
def show(visit: Visiting, key: str, version: int, fingerprint: str, auch: Also = None) -> Response:
    wanted = [fingerprint, *(auch or ())]
    found = tableproposals.propose(visit.services, visit.actor, key, wanted, version)
    decisions = {table.decision for table in found.tables}
    others = [
        one
        for one in found.page.overview.questions
        if one.shows_table and one.reported.finding.decision in decisions and one.reported.fingerprint != fingerprint
    ]
    more = urlencode([("auch", one) for one in auch or ()])
    return visit.show(
        "tableproposal.html",
        here="procedures",
        key=key,
        version=version,
        name=found.page.name,
        place=f"/verfahren/{key}/{version}/regelvorschlag/{fingerprint}",
        query=f"?{more}" if more else "",
        first=found.wanted[0],
        excluded=[one.as_json(visit.lang) for one in found.result.excluded],
        mechanical=found.mechanical,
        tables=found.tables,
        others=[(one, one.reported.fingerprint in wanted) for one in others],
        **WORDS,
    )


@router.get(PATH + "/paket")
def package(visit: Visiting, key: str, version: int, fingerprint: str, auch: Also = None) -> Response:
    found = tableproposals.propose(visit.services, visit.actor, key, [fingerprint, *(auch or ())], version)
    headers = {"Content-Disposition": f'attachment; filename="{key}-vorschlag.zip"'}
    return Response(found.as_package(), media_type="application/zip", headers=headers)
