"""R3: of several who complete one task at the same moment, exactly one wins."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bpm.store import ledger
from bpm.store.database import Database
from bpm.store.records import CompletionRow, InstanceRow
from bpm.store.unit_of_work import UnitOfWork
from tests.reliability.racing import CLIENTS, racing

FAIR = {200: 1, 409: CLIENTS - 1}


def race(url: str, folder: Path, rounds: int, application: str = "api.app:app") -> list[dict[int, int]]:
    """Statuses of every round; each round is about the next task of one case."""
    found: list[dict[int, int]] = []
    count = 2 if application == "api.app:app" else 1
    with racing(url, folder, rounds + 1, application, count) as racers:
        case = racers.first("/instances", {"procedure": "antrag"})
        for number in range(rounds):
            task = case["tasks"][0]["id"]
            answers = racers.send(
                f"/tasks/{task}/complete", {"variables": {}}, lambda client, number=number: f"{number}-{client}"
            )
            found.append(dict(Counter(status for status, _ in answers)))
            winners = [content for status, content in answers if status == 200]
            if not winners:
                break
            case = json.loads(winners[0])
    return found


def check_rows(url: str, rounds: int) -> None:
    """The database knows of as many completions, commands and ledger entries as there were rounds."""
    database = Database(url)
    with UnitOfWork(database, writes=False) as work:
        [instance] = work.where(InstanceRow)
        verified = ledger.verify(work, instance)
        assert (instance.version, verified.entries, verified.breaks) == (rounds + 1, rounds + 1, ())
        assert len(work.where(CompletionRow)) == rounds
    database.dispose()


@pytest.mark.slow
def test_exactly_one_of_eight_wins_in_every_round(sqlite_url: str, tmp_path: Path) -> None:
    rounds = 200
    found = race(sqlite_url, tmp_path, rounds)
    assert [one for one in found if one != FAIR] == []
    assert len(found) == rounds
    check_rows(sqlite_url, rounds)


@pytest.mark.slow
@pytest.mark.postgres
def test_exactly_one_of_eight_wins_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    rounds = 25
    found = race(postgres_url, tmp_path, rounds)
    assert [one for one in found if one != FAIR] == []
    assert len(found) == rounds
    check_rows(postgres_url, rounds)


@pytest.mark.slow
def test_a_build_without_guards_is_found_out(sqlite_url: str, tmp_path: Path) -> None:
    found = race(sqlite_url, tmp_path, 3, "tests.reliability.broken:careless")
    assert any(one != FAIR for one in found), found
