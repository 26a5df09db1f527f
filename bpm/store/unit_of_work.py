"""One command, one transaction; the only module that commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, insert, select, true, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bpm.errors import Conflict, InvalidRequest, Unavailable
from bpm.store.database import Database
from bpm.store.records import TABLE

R = TypeVar("R")


class UnitOfWork:
    """A context that ends in a rollback unless `commit` was called. `writes` tells SQLite to queue up at once."""

    def __init__(self, database: Database, *, writes: bool = True) -> None:
        self.database = database
        self.writes = writes

    def __enter__(self) -> UnitOfWork:
        if self._queues:
            self.database.writers.acquire()
        try:
            connection = self.database.engine.connect()
            self.connection: Connection = connection.execution_options(lichtung_writes=self.writes)
            self.connection.begin()
        except (DBAPIError, PoolTimeout) as error:
            if self._queues:
                self.database.writers.release()
            raise Unavailable("database-unavailable", "the database cannot be reached or is busy") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.connection.close()
        finally:
            if self._queues:
                self.database.writers.release()
        if isinstance(error, IntegrityError):
            raise Conflict("conflict", "another command came first") from error
        if isinstance(error, DataError):
            raise InvalidRequest("bad-value", "a value that cannot be stored") from error
        if isinstance(error, OperationalError):
            raise Unavailable("database-unavailable", "the database cannot be reached or is busy") from error

    @property
    def _queues(self) -> bool:
        return self.writes and not self.database.is_postgresql

    def commit(self) -> None:
        """Make it durable. What was answered before this line would be a lie."""
        self.connection.commit()

    @cached_property
    def now(self) -> datetime:
        """The command's one time, by the database's clock."""
        return self.database.now(self.connection)

    # --- rows ------------------------------------------------------------------------------------------------

    def add(self, *records: Any) -> None:
        """Insert records, those of one kind in one statement."""
        by_kind: dict[type[Any], list[dict[str, Any]]] = {}
        for record in records:
            by_kind.setdefault(type(record), []).append(_values(record))
        for kind, values in by_kind.items():
            self.connection.execute(insert(TABLE[kind]), values)

    def get(self, kind: type[R], key: str, *, lock: bool = False) -> R | None:
        """The record with this id, or None. `lock` keeps others from changing it until the end (PostgreSQL; on SQLite
        the whole unit is alone anyway)."""
        query = select(TABLE[kind]).where(TABLE[kind].c.id == key)
        return self.first(kind, query.with_for_update() if lock else query)

    def first(self, kind: type[R], query: Select[Any]) -> R | None:
        """The first record of a query, or None."""
        row = self.connection.execute(query).mappings().first()
        return None if row is None else _record(kind, row)

    def all(self, kind: type[R], query: Select[Any]) -> list[R]:
        """The records of a query."""
        return [_record(kind, row) for row in self.connection.execute(query).mappings()]

    def where(self, kind: type[R], **equal: Any) -> list[R]:
        """The records with these column values, in the order of their primary key."""
        table = TABLE[kind]
        query = select(table).where(_equal(table, equal)).order_by(*table.primary_key.columns)
        return self.all(kind, query)

    def change(self, kind: type[Any], key: str, *, version: int | None = None, **values: Any) -> None:
        """Update one row by id. With `version`, only if it is still that one, and it becomes the next: otherwise
        somebody else was first (Conflict)."""
        table = TABLE[kind]
        condition = table.c.id == key
        if version is not None:
            condition = and_(condition, table.c.version == version)
            values["version"] = version + 1
        if self.connection.execute(update(table).where(condition).values(**values)).rowcount != 1:
            raise Conflict("changed-meanwhile", "another command changed this first")

    def remove(self, kind: type[Any], key: str) -> None:
        """Delete one row by id."""
        table = TABLE[kind]
        self.connection.execute(delete(table).where(table.c.id == key))

    def close(self, kind: type[Any], keys: Sequence[str], state: str, **values: Any) -> None:
        """End rows that wait: their state, and when; further `values` as given."""
        if keys:
            table = TABLE[kind]
            ended = {"state": state, "ended_at": self.now, **values}
            self.connection.execute(update(table).where(table.c.id.in_(keys)).values(**ended))


def transact(database: Database, do: Callable[[UnitOfWork], R]) -> R:
    """Do something in one unit of work and answer after its commit; what `do` raises leaves nothing behind."""
    with UnitOfWork(database) as work:
        result = do(work)
        work.commit()
    return result


def _values(record: Any) -> dict[str, Any]:
    return {one.name: getattr(record, one.name) for one in fields(record)}


def _record(kind: type[R], row: RowMapping) -> R:
    return kind(**row)


def _equal(table: Any, equal: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(true(), *(table.c[name] == value for name, value in equal.items()))
