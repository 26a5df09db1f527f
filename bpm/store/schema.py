"""Bringing a database to the schema of this version, by Alembic.

Alembic is loaded only when there is something to migrate: a server that is started again after a crash must answer
within seconds, and finds its schema as it left it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from bpm.errors import LichtungError
from bpm.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0007"
"""The revision that this version of the code expects; a test holds it to the newest migration."""

ROOT = Path(__file__).resolve().parents[2]
"""Where `migrations/` lies."""


def upgrade(database: Database) -> str:
    """Run the missing migrations and return the revision reached. Waits for another server that does the same."""
    if current(database) == HEAD:
        return HEAD
    from alembic import command

    settings = config()
    with database.engine.connect().execution_options(lichtung_writes=True) as connection, connection.begin():
        if database.is_postgresql:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5209811)")
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    return HEAD


def current(database: Database) -> str | None:
    """The revision the database is at; None for an empty one."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def check(database: Database) -> None:
    """Refuse to work on a schema of another version. Raises LichtungError."""
    found = current(database)
    if found != HEAD:
        raise LichtungError("wrong-schema", f"the database is at {found or 'nothing'}, not at {HEAD}: bpm db upgrade")


def config() -> Config:
    """Alembic's settings: where the migrations lie."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(ROOT / "migrations"))
    return found
