"""Procedures: upload, list, read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, UploadFile
from fastapi.responses import JSONResponse, Response

from api import schemas
from api.deps import Key, Serving, SignedIn, reply
from api.routes import PROBLEMS
from bpm.errors import ModelError
from bpm.service import dismissals, procedures
from bpm.service import redesign as redesigning
from bpm.service.access import Actor
from bpm.service.context import Services

router = APIRouter(prefix="/procedures", tags=["procedures"], responses=PROBLEMS)

ProcedureKey = Annotated[str, Path(max_length=200)]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
Fingerprint = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Read = Callable[[Services, Actor, str, int | None], Response]


@router.post("", response_model=schemas.Deployed, status_code=201)
def deploy(services: Serving, actor: SignedIn, files: list[UploadFile], key: Key = None) -> Response:
    """Upload BPMN, DMN and forms, or one zip. 200 when exactly this content is already there."""
    given: dict[str, bytes] = {}
    for file in files:
        name = file.filename or ""
        if name in given:
            raise ModelError("duplicate-name", f"the file {name[:80]!r} was sent twice")
        given[name] = file.file.read()
    answer = procedures.deploy(services, actor, given, key=key)
    return reply(answer.body, answer.status)


@router.post("/{key}/redesign", response_model=schemas.Anything)
def redesign(
    services: Serving,
    actor: SignedIn,
    key: ProcedureKey,
    body: schemas.Redesigning,
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """What the procedure would be with the remedies of these findings: what was applied, what excludes each other and
    why, which tables decide the same. Nothing is stored; with `Accept: application/zip` the answer is the to-be
    procedure as a package, which `POST /procedures` takes as a new version."""
    draft = redesigning.draft(services, actor, key, body.apply, body.version)
    if "application/zip" in accept:
        headers = {"Content-Disposition": 'attachment; filename="to-be.zip"', "X-Content-Type-Options": "nosniff"}
        return Response(draft.as_package(), media_type="application/zip", headers=headers)
    return reply(draft.as_json(services.settings.lang))


@router.post("/{key}/findings/{fingerprint}/dismissal", response_model=schemas.Anything, status_code=201)
def dismiss(
    services: Serving,
    actor: SignedIn,
    key: ProcedureKey,
    fingerprint: Fingerprint,
    body: schemas.Dismiss,
    idempotency: Key = None,
) -> Response:
    """Put a finding aside, with a reason; it stays aside in later versions that say the same at this place."""
    answer = dismissals.dismiss(services, actor, key, fingerprint, body.reason, key=idempotency)
    return reply(answer.body, answer.status)


@router.delete("/{key}/findings/{fingerprint}/dismissal", response_model=schemas.Anything)
def take_back(
    services: Serving, actor: SignedIn, key: ProcedureKey, fingerprint: Fingerprint, idempotency: Key = None
) -> Response:
    """Ask the question again; who put it aside, and why, stays on record."""
    answer = dismissals.take_back(services, actor, key, fingerprint, key=idempotency)
    return reply(answer.body, answer.status)


@router.get("/{key}/dismissals", response_model=schemas.Anything)
def list_dismissals(services: Serving, actor: SignedIn, key: ProcedureKey) -> Response:
    """What was put aside and taken back, by whom, when and why."""
    return reply(dismissals.of_procedure(services, actor, key))


@router.get("", response_model=schemas.Procedures)
def list_all(services: Serving, actor: SignedIn) -> Response:
    """The newest version of every procedure."""
    return reply(procedures.list_all(services, actor))


def _newest_and_versioned(path: str, model: Any, read: Read) -> None:
    """Serve the same reading for the newest version and for a named one."""

    def newest(services: Serving, actor: SignedIn, key: ProcedureKey) -> Response:
        return read(services, actor, key, None)

    def versioned(services: Serving, actor: SignedIn, key: ProcedureKey, version: Version) -> Response:
        return read(services, actor, key, version)

    for place, endpoint in (("/{key}", newest), ("/{key}/versions/{version}", versioned)):
        router.add_api_route(
            place + path,
            endpoint,
            name=f"{read.__name__}_{endpoint.__name__}",
            description=read.__doc__,
            response_model=model,
            response_class=JSONResponse if model else Response,
        )


def _get(services: Services, actor: Actor, key: str, version: int | None) -> Response:
    """One version, by default the newest."""
    return reply(procedures.get(services, actor, key, version))


def _bpmn(services: Services, actor: Actor, key: str, version: int | None) -> Response:
    """The BPMN file, byte for byte as it was uploaded."""
    return _file(procedures.bpmn(services, actor, key, version), "application/xml")


def _svg(services: Services, actor: Actor, key: str, version: int | None) -> Response:
    """The diagram."""
    return _file(procedures.svg(services, actor, key, version).encode(), "image/svg+xml")


def _steps(services: Services, actor: Actor, key: str, version: int | None) -> Response:
    """The text twin of the diagram: the steps in order."""
    return reply(procedures.steps(services, actor, key, version))


def _findings(services: Services, actor: Actor, key: str, version: int | None) -> Response:
    """What is questionable about a version, as `bpm check` says it."""
    return reply(procedures.findings(services, actor, key, version))


def _file(content: bytes, media_type: str) -> Response:
    # what strangers uploaded is shown as data: no sniffing, no script, no frame
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(content, media_type=media_type, headers=headers)


_newest_and_versioned("", schemas.ProcedureWithVersions, _get)
_newest_and_versioned("/bpmn", None, _bpmn)
_newest_and_versioned("/svg", None, _svg)
_newest_and_versioned("/steps", schemas.Anything, _steps)
_newest_and_versioned("/findings", schemas.Anything, _findings)
