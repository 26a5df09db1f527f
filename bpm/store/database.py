"""Opening a database so that a commit means "on disk".

SQLite: write-ahead log, `synchronous=FULL` (a commit waits for the disk), foreign keys enforced, and writers begin with
`BEGIN IMMEDIATE`, so that two of them queue up instead of one failing half-way. PostgreSQL: its own defaults promise
the same; a server on which somebody switched them off is refused at start-up.
Sources: sqlite.org/pragma.html, sqlite.org/wal.html, postgresql.org/docs "Write Ahead Log" settings.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from bpm.clock import Clock, SystemClock
from bpm.errors import LichtungError, Unavailable

BUSY_MS = 5_000
"""How long a SQLite writer of one process waits for that of another."""


class Database:
    """An engine and what must be known about it: the dialect, the clock, and (SQLite) the queue of writers."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self.url = normalise(url)
        self.clock: Clock = clock or SystemClock()
        self.engine: Engine = _create(self.url)
        self.is_postgresql = self.engine.dialect.name == "postgresql"
        self.writers = threading.Lock()

    def now(self, connection: Connection) -> datetime:
        """The time by which leases and due dates are judged: one clock for all servers, the database's; on SQLite
        the machine's. A clock that was put in by hand wins."""
        if self.is_postgresql and isinstance(self.clock, SystemClock):
            value: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return value.astimezone(UTC)
        return self.clock.now()

    def check(self) -> None:
        """Refuse a database that may forget what it has acknowledged. Raises LichtungError or Unavailable."""
        try:
            with self.engine.connect() as connection:
                if not self.is_postgresql:
                    connection.execute(text("SELECT 1"))
                    return
                for name in ("fsync", "full_page_writes", "synchronous_commit"):
                    if connection.execute(text(f"SHOW {name}")).scalar_one() == "off":
                        raise LichtungError(
                            "unsafe-database", f"PostgreSQL runs with {name}=off: an answer could be lost"
                        )
        except DBAPIError as error:
            raise Unavailable("database-unavailable", "the database cannot be reached") from error

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def normalise(url: str) -> str:
    """A database address with the driver we ship. Raises LichtungError for other databases."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise LichtungError("unknown-database", "BPM_DATABASE_URL must name a SQLite file or a PostgreSQL database")
    return url


def _create(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=30)
    Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=10, max_overflow=40, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("lichtung_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
