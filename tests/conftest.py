"""Databases for tests: every test that asks for `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpm.store.database import Database
from bpm.store.schema import upgrade
from bpm.store.tables import metadata
from tests import proof as proofs
from tests.postgres import Server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One PostgreSQL server for this process's tests. Never skips: a missing server is a broken set-up."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Server) -> str:
    """The name of a database at the newest schema, to be copied."""
    name = postgres_server.create()
    database = Database(postgres_server.url(name))
    upgrade(database)
    database.dispose()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "lichtung.db")
    return f"sqlite:///{tmp_path / 'lichtung.db'}"


@pytest.fixture(scope="session")
def postgres_shared(postgres_server: Server, postgres_template: str) -> Database:
    """One database for all tests of this process; emptied between them, which is faster than making a new one."""
    return Database(postgres_server.url(postgres_server.create(postgres_template)))


@pytest.fixture
def postgres_url(postgres_shared: Database) -> str:
    """The address of an empty PostgreSQL database."""
    with postgres_shared.engine.connect() as connection, connection.begin():
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    postgres_shared.dispose()
    return postgres_shared.url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database at the newest schema, once of each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """That database, opened."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> proofs.Proof:
    """Tells `make prove` what this test measured; the verdict is the test's own."""

    def told(id: str, claimed: str, measured: str, seed: int | None = None, *, met: bool = True) -> None:
        print(f"{id}: {claimed}: {measured}" + ("" if seed is None else f" (seed {seed})"))
        proofs.tell("figure", test=request.node.nodeid, id=id, claimed=claimed, measured=measured, seed=seed, met=met)

    return told


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tells `make prove` how each test ended."""
    if report.when == "call" or report.outcome != "passed":
        proofs.tell("test", test=report.nodeid, outcome=report.outcome)
