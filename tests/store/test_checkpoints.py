"""Sealed checkpoints: what one chain cannot show, all of them together do."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from bpm.clock import ManualClock
from bpm.errors import Conflict, LichtungError
from bpm.store import checkpoints, ledger, tables
from bpm.store.database import Database
from bpm.store.records import CheckpointRow, HistoryRow, InstanceRow, LedgerRow
from bpm.store.unit_of_work import UnitOfWork, transact
from tests.store.test_ledger import COMMANDS, change, fill

KEYS = {"2026": b"k" * 32}


def cover(database: Database, keys: checkpoints.Keys = KEYS) -> CheckpointRow:
    assert isinstance(database.clock, ManualClock)
    database.clock.advance(timedelta(minutes=3))
    return transact(database, lambda work: checkpoints.add(work, keys))


def check(database: Database, keys: checkpoints.Keys = KEYS, heads: Any = None) -> checkpoints.Sealed:
    with UnitOfWork(database, writes=False) as work:
        return checkpoints.verify(work, keys, heads)


def go_on(database: Database, instance: str) -> None:
    """One more command of a case."""

    def do(work: UnitOfWork) -> None:
        row = work.get(InstanceRow, instance)
        assert row is not None
        told = HistoryRow(
            instance_id=instance, number=0, position=0, at=work.now, actor="kim", kind="task-claimed", element="t1",
            detail=None,
        )  # fmt: skip
        ledger.append(work, [told])
        work.change(InstanceRow, instance, version=row.version)

    transact(database, do)


def filled(database: Database) -> str:
    """Two cases, three checkpoints."""
    instance = fill(database)
    cover(database)
    for _ in range(2):
        go_on(database, instance)
        cover(database)
    return instance


def test_untouched_ledgers_hold_and_are_sealed(database: Database) -> None:
    filled(database)
    found = check(database)
    assert (found.checkpoints, found.sealed, found.breaks) == (3, 3, ())
    assert found.head is not None
    assert check(database, heads={3: found.head.digest}).breaks == ()


def test_a_checkpoint_is_due_when_something_is_old_enough_and_not_before(database: Database) -> None:
    def due() -> bool:
        with UnitOfWork(database, writes=False) as work:
            return checkpoints.is_due(work)

    instance = fill(database)
    assert isinstance(database.clock, ManualClock)
    assert not due()
    cover(database)
    database.clock.advance(timedelta(hours=1))
    assert not due()
    go_on(database, instance)
    assert not due()
    database.clock.advance(timedelta(seconds=60))
    assert due()


def rehash(database: Database, first: int) -> None:
    """What someone with the whole table can do: alter an entry and compute every later digest anew."""

    def do(work: UnitOfWork) -> None:
        before = ledger.ORIGIN
        for link in work.where(LedgerRow):
            if link.number >= first:
                kind = "task-failed" if link.number == first else link.kind
                link = replace(link, kind=kind, previous=before)
                link = replace(link, digest=ledger.link_digest(link))
                where = (tables.ledger.c.instance_id == link.instance_id, tables.ledger.c.number == link.number)
                values = {"kind": link.kind, "previous": link.previous, "digest": link.digest}
                work.connection.execute(update(tables.ledger).where(*where).values(**values))
            before = link.digest

    transact(database, do)


def cut(database: Database, last: int) -> None:
    """The tail of a chain, and the case set back to it, as if nothing had happened since."""
    change(database, delete(tables.ledger).where(tables.ledger.c.number > last))
    change(database, delete(tables.history).where(tables.history.c.number > last))
    change(database, update(tables.instances).values(version=last))


@pytest.mark.parametrize("number", [1, 5, COMMANDS, COMMANDS + 1])
def test_a_suffix_that_was_computed_anew_is_found(database: Database, number: int) -> None:
    instance = filled(database)
    change(database, delete(tables.history))
    rehash(database, number)
    with UnitOfWork(database, writes=False) as work:
        row = work.get(InstanceRow, instance)
        assert row is not None
        assert ledger.verify(work, row).breaks == ()
    assert check(database).breaks


@pytest.mark.parametrize("last", [0, 5, COMMANDS, COMMANDS + 1])
def test_a_tail_that_was_cut_off_is_found(database: Database, last: int) -> None:
    instance = filled(database)
    cut(database, last)
    with UnitOfWork(database, writes=False) as work:
        row = work.get(InstanceRow, instance)
        assert row is not None
        assert ledger.verify(work, row).breaks == ()
    assert check(database).breaks


C = tables.checkpoints
TAMPERING: dict[str, Callable[[], Any]] = {
    "the last checkpoint is gone": lambda: delete(C).where(C.c.number == 3),
    "a checkpoint between is gone": lambda: delete(C).where(C.c.number == 2),
    "a digest is altered": lambda: update(C).where(C.c.number == 2).values(root="0" * 64),
    "a count is altered": lambda: update(C).where(C.c.number == 2).values(entries=9),
    "a seal is altered": lambda: update(C).where(C.c.number == 2).values(seal="0" * 64),
    "a seal is gone": lambda: update(C).where(C.c.number == 3).values(seal=None, key_name=None),
    "all is gone": lambda: delete(C),
}


@pytest.mark.parametrize("what", sorted(TAMPERING))
def test_who_has_a_printed_head_finds_what_was_done_to_checkpoints(database: Database, what: str) -> None:
    filled(database)
    head = check(database).head
    assert head is not None
    change(database, TAMPERING[what]())
    assert check(database, heads={head.number: head.digest}).breaks


def test_whoever_writes_the_whole_database_anew_lacks_the_key(database: Database) -> None:
    filled(database)
    rehash(database, 5)
    change(database, delete(C))
    assert isinstance(database.clock, ManualClock)
    cover(database, {"2026": b"x" * 32})
    assert check(database).breaks == ("checkpoint 1: the seal does not fit",)
    change(database, delete(C))
    cover(database, {})
    assert check(database).sealed == 0


def test_a_new_key_seals_and_the_old_one_still_verifies(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"2026:{'ab' * 32}\n")
    instance = fill(database)
    assert cover(database, checkpoints.read_keys(file)).key_name == "2026"
    file.write_text(f"2026:{'ab' * 32}\n2027:{'cd' * 32}\n")
    go_on(database, instance)
    both = checkpoints.read_keys(file)
    assert cover(database, both).key_name == "2027"
    assert check(database, both).breaks == ()
    assert check(database, {"2027": both["2027"]}).breaks == ("checkpoint 1: the key '2026' is not in the key file",)


@pytest.mark.parametrize("text", ["", "2026", "2026:zz", "2026:ab", f":{'ab' * 32}", f"a:{'ab' * 32} a:{'cd' * 32}"])
def test_a_key_file_that_cannot_be_used_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(LichtungError, match="bad-seal-key"):
        checkpoints.read_keys(tmp_path / "keys")


def test_of_two_who_cover_the_same_time_one_is_first(database: Database) -> None:
    fill(database)
    assert isinstance(database.clock, ManualClock)
    first = cover(database)
    with pytest.raises(Conflict):
        transact(database, lambda work: work.add(first))


def test_random_changes_are_all_found(database: Database) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    filled(database)
    with database.engine.connect() as connection:
        links = [dict(row) for row in connection.execute(select(tables.ledger)).mappings()]
    columns = [name for name in links[0] if name not in ("instance_id", "number")]
    # each change is undone by hand, so that one database serves them all
    for _ in range(20 if database.is_postgresql else 120):
        link = chance.choice(links)
        where = (tables.ledger.c.instance_id == link["instance_id"], tables.ledger.c.number == link["number"])
        kind = chance.choice(["flip", "delete"])
        if kind == "delete":
            change(database, delete(tables.ledger).where(*where))
        else:
            name = chance.choice(columns)
            other = link[name] + timedelta(seconds=1) if name == "at" else "f" * 64 if name != "kind" else "other"
            change(database, update(tables.ledger).where(*where).values({name: other}))
        chain = check_chain(database)
        assert chain or check(database).breaks, (kind, link)
        change(database, delete(tables.ledger).where(*where))
        change(database, insert(tables.ledger).values(**link))
    assert not check_chain(database)


def check_chain(database: Database) -> bool:
    with UnitOfWork(database, writes=False) as work:
        return any(ledger.verify(work, row).breaks for row in work.where(InstanceRow))
