"""Errors as `application/problem+json` (RFC 9457): the one place that knows both our error tree and HTTP."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from bpm.errors import (
    Conflict,
    DecisionError,
    Forbidden,
    LichtungError,
    NotExecutable,
    NotFound,
    NotMovable,
    Stale,
    Unavailable,
)
from bpm.service.context import to_json

log = logging.getLogger(__name__)

STATUS: tuple[tuple[type[LichtungError], int], ...] = (
    (Stale, 412),
    (Conflict, 409),
    (NotFound, 404),
    (Forbidden, 403),
    (Unavailable, 503),
    (LichtungError, 422),
)
"""The first class that fits decides."""

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    422: "Cannot be done",
    500: "Our mistake",
    503: "Not available now",
}


class Unauthenticated(Exception):
    """Nobody is signed in, or the credentials are wrong."""


def status_of(error: LichtungError) -> int:
    """The HTTP status of one of our errors."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """A problem document. `code` is stable; `detail` is for people."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "code": code} | more
    content = to_json({**body, "detail": detail})
    return Response(content, status, dict(headers or {}), media_type=MEDIA_TYPE)


def answer(_request: Request, error: Exception) -> Response:
    """One of our errors as a problem document."""
    assert isinstance(error, LichtungError)
    more: dict[str, Any] = {
        name: value for name in ("path", "line", "element") if (value := getattr(error, name)) is not None
    }
    if isinstance(error, NotExecutable | NotMovable):
        more["blockers"] = [{"element": one.element, "line": one.line, "reason": one.reason} for one in error.blockers]
    if isinstance(error, DecisionError):
        more["rules"] = list(error.rules)
    status = status_of(error)
    headers = {"Retry-After": "1"} if status == 503 else None
    return problem(status, error.code, error.message, headers, **more)


def _unauthenticated(_request: Request, error: Exception) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="Lichtung", charset="UTF-8"'}
    return problem(401, "not-signed-in", str(error), headers)


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"at": ".".join(str(part) for part in one["loc"]), "message": one["msg"], "type": one["type"]}
        for one in error.errors()
    ]
    return problem(422, "invalid-request", f"{len(found)} field(s) of the request are wrong", errors=found)


def answer_http(_request: Request, error: Exception) -> Response:
    """The framework's own errors (no such route, method not allowed) as problem documents."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, f"http-{error.status_code}", str(error.detail), error.headers)


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    return problem(500, "internal", "an error that we did not expect; nothing was changed")


def install(app: FastAPI) -> None:
    """Let the application answer every error as a problem document."""
    app.add_exception_handler(LichtungError, answer)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(Exception, _unexpected)
