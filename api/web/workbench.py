"""Put the workbench on an application: pages, static files, security headers, and errors as pages for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from api import problems
from api.routes import (
    pages,
    pages_dismissals,
    pages_moving,
    pages_proposals,
    pages_tableproposals,
    pages_without,
    pages_work,
)
from api.web.rendering import HERE, PACKAGES
from api.web.visit import Visit
from bpm.errors import Forbidden, LichtungError, NotExecutable
from bpm.service.workbench import reason
from bpm.texts import REFUSED, translate

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Scripts only from this server. Styles may stand in attributes: the viewers place their shapes with them."""

MACHINES = ("/api/", "/health/", "/metrics")


def mount(app: FastAPI) -> None:
    """Add the workbench to `app`; JSON clients keep their problem documents."""
    app.include_router(pages.router)
    app.include_router(pages_work.router)
    app.include_router(pages_moving.router)
    app.include_router(pages_without.router)
    app.include_router(pages_dismissals.router)
    app.include_router(pages_proposals.router)
    app.include_router(pages_tableproposals.router)
    for name, folder in PACKAGES.items():
        files = StaticFiles(directory=HERE / "node_modules" / folder, check_dir=False)
        app.mount(f"/static/vendor/{name}", files, name=f"vendor-{name}")
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.middleware("http")(_with_headers)
    app.add_exception_handler(LichtungError, _error)
    app.add_exception_handler(HTTPException, _error)


async def _with_headers(request: Request, follow: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await follow(request)
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def _error(request: Request, error: Exception) -> Response:
    """A page that says what happened; whoever is not signed in and may not is asked to sign in first."""
    for_machine = request.url.path.startswith(MACHINES)
    if isinstance(error, HTTPException):
        if for_machine:
            return problems.answer_http(request, error)
        return _page(request, error.status_code, str(error.detail), ())
    assert isinstance(error, LichtungError)
    if for_machine:
        return problems.answer(request, error)
    details = [str(error)] if error.path or error.line else []
    visit = Visit(request)
    if isinstance(error, NotExecutable):
        details = [f"{one.element}: {reason(one.reason, visit.lang)}" for one in error.blockers]
    if isinstance(error, Forbidden) and not visit.signed_in and request.method == "GET":
        return RedirectResponse(f"/anmelden?next={request.url.path}", status_code=303)
    return _page(request, problems.status_of(error), error.message, details)


def _page(request: Request, status: int, message: str, details: object) -> Response:
    title = REFUSED.get(status, REFUSED[422])
    visit = Visit(request)
    return visit.show("error.html", status=status, title=translate(title, visit.lang), message=message, details=details)
