"""The migrations and the tables in code are one schema, on both databases."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bpm.errors import LichtungError
from bpm.store.database import Database, normalise
from bpm.store.records import TABLE
from bpm.store.schema import HEAD, check, config, upgrade
from bpm.store.tables import metadata
from tests.postgres import Server


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def test_the_migrated_schema_is_the_schema_in_code(database: Database) -> None:
    assert differences(database) == []


def test_a_missing_column_would_be_seen(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.engine.connect().execution_options(lichtung_writes=True) as connection, connection.begin():
        connection.exec_driver_sql("ALTER TABLE work_items DROP COLUMN priority")
    assert len(differences(database)) == 1


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database)
    check(database)
    assert differences(database) == []


def test_a_database_without_our_schema_is_refused(tmp_path: object) -> None:
    with pytest.raises(LichtungError, match="bpm db upgrade"):
        check(Database(f"sqlite:///{tmp_path}/empty.db"))


def test_the_expected_revision_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [HEAD]


def test_every_record_has_exactly_the_columns_of_its_table() -> None:
    assert {table.name for table in TABLE.values()} == set(metadata.tables)
    for kind, table in TABLE.items():
        assert [one.name for one in fields(kind)] == list(table.columns.keys()), kind


def test_sqlite_waits_for_the_disk_and_enforces_keys(sqlite_url: str) -> None:
    with Database(sqlite_url).engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


@pytest.mark.postgres
def test_a_postgresql_server_that_may_forget_is_refused(postgres_server: Server) -> None:
    name = postgres_server.create()
    database = Database(postgres_server.url(name))
    database.check()
    with database.engine.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off').close()
        connection.exec_driver_sql("COMMIT")
    database.dispose()
    with pytest.raises(LichtungError, match="synchronous_commit=off"):
        database.check()
    database.dispose()
    postgres_server.drop(name)


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(LichtungError, match="SQLite file or a PostgreSQL"):
        normalise(url)


def test_rows_of_the_first_schema_survive_the_upgrade(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    settings = config()
    with database.engine.connect().execution_options(lichtung_writes=True) as connection, connection.begin():
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        connection.exec_driver_sql(
            "INSERT INTO idempotency (city, office, actor, key, body_digest, created_at)"
            " VALUES ('c', 'o', 'a', 'k', 'd', '2026-01-01')"
        )
    upgrade(database)
    check(database)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT key FROM idempotency").scalar_one() == "k"
        assert connection.exec_driver_sql("SELECT count(draft) FROM work_items").scalar_one() == 0
    assert differences(database) == []
    database.dispose()
