"""Bringing a database to the schema of this version, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bpm.errors import LichtungError
from bpm.store.database import Database

ROOT = Path(__file__).resolve().parents[2]
"""Where `migrations/` lies."""


def upgrade(database: Database) -> str:
    """Run the missing migrations and return the revision reached. Waits for another server that does the same."""
    config = _config()
    with database.engine.connect().execution_options(lichtung_writes=True) as connection, connection.begin():
        if database.is_postgresql:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5209811)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head()


def head() -> str:
    """The revision that this version of the code expects."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def check(database: Database) -> None:
    """Refuse to work on a schema of another version. Raises LichtungError."""
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != head():
        raise LichtungError(
            "wrong-schema", f"the database is at {current or 'nothing'}, the code at {head()}: bpm db upgrade"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config
