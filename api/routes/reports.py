"""Step-reduction reports: drawn up, read in a format, for auditors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from api import schemas
from api.deps import Key, Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.service import reports
from bpm.settings import settings

router = APIRouter(prefix="/reports", tags=["reports"], responses=PROBLEMS)
MEDIA = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}


@router.post("", response_model=schemas.Report, status_code=201)
def make(services: Serving, actor: SignedIn, body: schemas.MakeReport, key: Key = None) -> Response:
    """Draw up the report on a procedure."""
    answer = reports.make(
        services,
        actor,
        body.procedure,
        lang=body.lang or settings().lang,
        version=body.version,
        to_version=body.to_version,
        request={"cases": body.cases, "replications": body.replications, "seed": body.seed},
        key=key,
    )
    return reply(answer.body, answer.status)


@router.get(
    "/{id}.{format}",
    response_class=Response,
    responses={200: {"content": {media.partition(";")[0]: {} for media in MEDIA.values()}}},
)
def read(
    services: Serving,
    actor: SignedIn,
    id: Annotated[str, Path(max_length=36)],
    format: Annotated[str, Path(pattern=f"^({'|'.join(MEDIA)})$")],
) -> Response:
    """A report in one of its formats."""
    return file(reports.get(services, actor, id, format), id, format)


def file(content: bytes, id: str, format: str) -> Response:
    """A report as a download."""
    headers = {"Content-Disposition": f'attachment; filename="bericht-{id}.{format}"'}
    return Response(content, media_type=MEDIA[format], headers=headers)
