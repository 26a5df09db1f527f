"""Many cases moved to another version at once: planned, validated, carried out."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api import schemas
from api.deps import Key, Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.service import moving

router = APIRouter(prefix="/migrations", tags=["instances"], responses=PROBLEMS)


@router.post("", response_model=schemas.Migrations)
def migrate(services: Serving, actor: SignedIn, body: schemas.MigrateMany, key: Key = None) -> Response:
    """`plan` says what becomes of cases at each element, `validate` looks at every case of the version `source`,
    `execute` moves those that can be moved, in one transaction, and tells why the others cannot."""
    answer = moving.migrate_many(
        services,
        actor,
        body.procedure,
        mode=body.mode,
        source=body.source,
        version=body.version,
        mapping=body.mapping,
        instances=body.instances,
        cursor=body.cursor,
        reason=body.reason,
        key=key,
    )
    return reply(answer.body, answer.status)
