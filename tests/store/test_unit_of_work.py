"""All or nothing; and of two who change the same thing, one."""

from __future__ import annotations

import threading

import pytest

from bpm.errors import Conflict, Unavailable
from bpm.store.database import Database
from bpm.store.records import CompletionRow, InstanceRow
from bpm.store.unit_of_work import UnitOfWork, transact
from tests.store.test_ledger import NOW, fill


def completion(instance: str) -> CompletionRow:
    return CompletionRow(task_id="t", instance_id=instance, actor="kim", idempotency_key=None, number=1, at=NOW)


def count(database: Database) -> int:
    with UnitOfWork(database, writes=False) as work:
        return len(work.where(CompletionRow))


def test_leaving_without_a_commit_leaves_nothing(database: Database) -> None:
    instance = fill(database)
    with UnitOfWork(database) as work:
        work.add(completion(instance))
    assert count(database) == 0


def test_an_error_half_way_leaves_nothing(database: Database) -> None:
    instance = fill(database)

    def do(work: UnitOfWork) -> None:
        work.add(completion(instance))
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        transact(database, do)
    assert count(database) == 0


def test_a_task_is_completed_once_whoever_asks(database: Database) -> None:
    instance = fill(database)
    transact(database, lambda work: work.add(completion(instance)))
    with pytest.raises(Conflict):
        transact(database, lambda work: work.add(completion(instance)))
    assert count(database) == 1


def test_the_second_writer_of_a_version_is_told(database: Database) -> None:
    instance = fill(database)
    with UnitOfWork(database, writes=False) as work:
        seen = work.get(InstanceRow, instance)
    assert seen is not None
    transact(database, lambda work: work.change(InstanceRow, instance, version=seen.version, state="completed"))
    with pytest.raises(Conflict, match="another command"):
        transact(database, lambda work: work.change(InstanceRow, instance, version=seen.version, state="cancelled"))


def test_two_threads_that_change_a_case_both_get_through_one_after_the_other(database: Database) -> None:
    instance = fill(database)
    barrier = threading.Barrier(2)

    def bump() -> None:
        barrier.wait()

        def do(work: UnitOfWork) -> None:
            row = work.get(InstanceRow, instance, lock=True)
            assert row is not None
            work.change(InstanceRow, instance, version=row.version)

        for _ in range(10):
            transact(database, do)

    threads = [threading.Thread(target=bump) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with UnitOfWork(database, writes=False) as work:
        row = work.get(InstanceRow, instance)
        assert row is not None
        assert row.version == 12 + 20


def test_a_database_that_is_away_is_unavailable_not_an_accident(tmp_path: object) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(Unavailable):
        transact(database, lambda work: None)
    with pytest.raises(Unavailable):
        database.check()
