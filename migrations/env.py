"""Runs migrations on the connection it is given, or on BPM_DATABASE_URL when a developer calls Alembic by hand."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

from bpm.settings import settings
from bpm.store.database import Database
from bpm.store.tables import Instant, Json, metadata


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations name plain types only: a later change of our own types must not rewrite the past."""
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=_render,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with Database(settings().database_url).engine.connect() as opened, opened.begin():
        _run(opened)
