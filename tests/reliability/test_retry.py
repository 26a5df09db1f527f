"""R4: equal requests with one key have one effect and equal answers, at once and after a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpm.store.database import Database
from bpm.store.records import CompletionRow, InstanceRow
from bpm.store.unit_of_work import UnitOfWork
from tests.reliability.racing import Racers, racing
from tests.reliability.servers import Connection


def retry(racers: Racers, rounds: int) -> list[tuple[str, bytes]]:
    """Path and first answer of each round. Raises AssertionError when eight equal requests are answered unequally."""
    kept = []
    case = racers.first("/instances", {"procedure": "antrag"})
    for number in range(rounds):
        path = f"/tasks/{case['tasks'][0]['id']}/complete"
        answers = racers.send(path, {"variables": {"n": number}}, lambda _, number=number: f"key-{number}")
        assert {status for status, _ in answers} == {200}, answers
        assert len({content for _, content in answers}) == 1
        status, content = racers.connections[0].call(
            "POST", f"/api/v1{path}", {"variables": {"n": -1}}, f"key-{number}"
        )
        assert (status, json.loads(content)["code"]) == (422, "key-reused")
        kept.append((path, answers[0][1]))
        case = json.loads(answers[0][1])
    return kept


def run(url: str, folder: Path, rounds: int) -> None:
    """The rounds, a restart, the same requests again, and what the database then knows."""
    with racing(url, folder, rounds + 1) as racers:
        kept = retry(racers, rounds)
        racers.servers[0].kill()
        racers.servers[0].start()
        connection = Connection(racers.servers[0].port)
        for number, (path, first) in enumerate(kept):
            again = connection.call("POST", f"/api/v1{path}", {"variables": {"n": number}}, f"key-{number}")
            assert again == (200, first)
        connection.close()
    database = Database(url)
    with UnitOfWork(database, writes=False) as work:
        [instance] = work.where(InstanceRow)
        assert (instance.version, len(work.where(CompletionRow))) == (rounds + 1, rounds)
    database.dispose()


@pytest.mark.slow
def test_equal_requests_have_one_effect_and_equal_answers(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, tmp_path, 100)


@pytest.mark.slow
@pytest.mark.postgres
def test_equal_requests_have_one_effect_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    run(postgres_url, tmp_path, 15)


@pytest.mark.slow
def test_a_build_that_ignores_keys_is_found_out(sqlite_url: str, tmp_path: Path) -> None:
    with (
        racing(sqlite_url, tmp_path, 4, "tests.reliability.broken:keyless", 1) as racers,
        pytest.raises(AssertionError),
    ):
        retry(racers, 3)
