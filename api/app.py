"""The application: `uvicorn api.app:app`, or `create_app` with settings, clock and users of one's own.

Nothing heavy is imported here: a restarted server must answer again within seconds, so the engine, the compiler and
the typesetter load with the first request that needs them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import problems
from api.body import LimitBody
from api.deps import session_key
from api.issuer import Issuer
from api.routes import (
    comparisons,
    decisions,
    health,
    instances,
    jobs,
    messages,
    migrations,
    operations,
    people,
    principles,
    procedures,
    questions,
    reports,
    simulations,
    tasks,
)
from api.schemas import Problem
from api.web import workbench
from bpm import __version__
from bpm.service.access import DEMO, Actor
from bpm.service.background import Background
from bpm.service.context import open_services
from bpm.settings import Settings
from bpm.settings import settings as read_settings

PREFIX = "/api/v1"
REST = (
    procedures,
    principles,
    instances,
    migrations,
    tasks,
    people,
    jobs,
    messages,
    decisions,
    simulations,
    comparisons,
    questions,
    reports,
    operations,
)


def create_app(
    settings: Settings | None = None, clock: Any = None, users: Mapping[str, Actor] | None = None
) -> FastAPI:
    """The REST service. `clock` and `users` are for tests: a clock moved by hand, people of other offices."""
    chosen = settings or read_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = open_services(chosen, clock)
        app.state.session_key = session_key(chosen.data_dir)
        background = Background(app.state.services) if chosen.embedded_worker else None
        if background:
            background.start()
        yield
        if background:
            background.stop()
        app.state.services.database.dispose()

    app = FastAPI(
        title="Lichtung",
        version=__version__,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        # the interactive pages load scripts from elsewhere, and this service sends nobody elsewhere
        docs_url=None,
        redoc_url=None,
    )
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    # with an issuer nobody signs in by a password of this service, and the demo users do not exist
    app.state.issuer = Issuer(chosen.oidc_issuer, chosen.oidc_audience) if chosen.oidc_issuer else None
    app.state.users = {} if app.state.issuer else dict(users or DEMO)
    app.add_middleware(LimitBody)
    problems.install(app)
    for module in REST:
        app.include_router(module.router, prefix=PREFIX)
    app.include_router(health.router)
    workbench.mount(app)
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with the one schema that all errors share."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        app.openapi_schema = document
    return app.openapi_schema


@cache
def _default() -> FastAPI:
    return create_app()


def __getattr__(name: str) -> Any:
    # made on first use, so that importing this module reads no environment and opens no database
    if name == "app":
        return _default()
    raise AttributeError(name)
