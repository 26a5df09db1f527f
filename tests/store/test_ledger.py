"""The ledger shows any later change."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from bpm.clock import ManualClock
from bpm.store import ledger, tables
from bpm.store.database import Database
from bpm.store.ids import new_id
from bpm.store.records import HistoryRow, InstanceRow, ProcedureRow
from bpm.store.unit_of_work import UnitOfWork, transact

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COMMANDS = 12


def fill(database: Database) -> str:
    """One case with a chain of so many commands; returns its id."""
    database.clock = ManualClock(NOW)

    def do(work: UnitOfWork) -> str:
        procedure = ProcedureRow(
            id=new_id(NOW), city="c", office="o", key="k", version=1, name="n", digest="d", execution={},
            message_starts={}, created_at=NOW, created_by="x",
        )  # fmt: skip
        instance = InstanceRow(
            id=new_id(NOW), city="c", office="o", procedure_id=procedure.id, procedure_key="k", procedure_version=1,
            business_key=None, state="active", version=COMMANDS, snapshot={}, variables={}, tokens={}, ends=[],
            started_at=NOW,
        )  # fmt: skip
        work.add(procedure)
        work.add(instance)
        for number in range(COMMANDS):
            rows = [
                HistoryRow(
                    instance_id=instance.id, number=0, position=position, at=NOW, actor="kim",
                    kind="task-completed", element="t1", detail={"n": number, "text": "ä", "x": 0.1},
                )
                for position in range(2)
            ]  # fmt: skip
            ledger.append(work, rows)
        return instance.id

    return transact(database, do)


def verify(database: Database, instance: str) -> ledger.Verified:
    with UnitOfWork(database, writes=False) as work:
        row = work.get(InstanceRow, instance)
        assert row is not None
        return ledger.verify(work, row)


def change(database: Database, statement: Any) -> None:
    transact(database, lambda work: work.connection.execute(statement))


def test_an_untouched_chain_holds(database: Database) -> None:
    assert verify(database, fill(database)) == ledger.Verified(1, COMMANDS, ())


L, H = tables.ledger, tables.history
TAMPERING: dict[str, Callable[[], Any]] = {
    "an entry is altered": lambda: update(L).where(L.c.number == 5).values(kind="task-failed"),
    "a time is altered": lambda: update(L).where(L.c.number == 5).values(at=datetime(2026, 3, 3, tzinfo=UTC)),
    "an entry is gone": lambda: delete(L).where(L.c.number == 5),
    "the tail is cut": lambda: delete(L).where(L.c.number > 9),
    "all is gone": lambda: delete(L),
    "a value in the history is altered": lambda: update(H).where(H.c.number == 5).values(detail={"n": 6}),
    "a name in the history is altered": lambda: update(H).where(H.c.number == 5).values(actor="alex"),
    "a line of the history is gone": lambda: delete(H).where(H.c.number == 5, H.c.position == 1),
    "a command is gone from the history": lambda: delete(H).where(H.c.number == 5),
    "entries are exchanged": lambda: text(
        "UPDATE ledger SET payload_digest = (SELECT payload_digest FROM ledger AS other WHERE other.number = 3)"
        " WHERE number = 4"
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_later_change_shows(database: Database, what: str) -> None:
    instance = fill(database)
    change(database, TAMPERING[what]())
    assert verify(database, instance).breaks


def test_any_flipped_character_shows(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    instance = fill(database)
    dice = random.Random(5)
    for _ in range(60):
        number, column = dice.randint(1, COMMANDS), dice.choice(["payload_digest", "previous", "digest"])
        with UnitOfWork(database) as work:
            before = work.connection.execute(text(f"SELECT {column} FROM ledger WHERE number = {number}")).scalar_one()
            place = dice.randrange(64)
            flipped = before[:place] + ("0" if before[place] != "0" else "1") + before[place + 1 :]
            work.connection.execute(update(L).where(L.c.number == number).values(**{column: flipped}))
            row = work.get(InstanceRow, instance)
            assert row is not None
            assert ledger.verify(work, row).breaks, (number, column, place)


def test_the_chain_holds_after_the_history_was_deleted_by_law(database: Database) -> None:
    instance = fill(database)
    change(database, delete(H))
    assert verify(database, instance).breaks == ()


def test_an_entry_names_no_person_and_no_value(database: Database) -> None:
    fill(database)
    with database.engine.connect() as connection:
        told = str(connection.execute(text("SELECT * FROM ledger")).fetchall())
    assert "kim" not in told
    assert "ä" not in told
