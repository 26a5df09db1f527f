"""R2: the database goes away under load, several times: nothing acknowledged is lost, meanwhile the answer is 503."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from bpm.store.database import Database
from bpm.store.schema import upgrade
from tests import models
from tests.postgres import Server as Postgres
from tests.proof import FULL, MINUTES, Proof
from tests.reliability.deploying import deploy
from tests.reliability.load import TASKS, Client
from tests.reliability.servers import GONE, Connection, Server
from tests.reliability.test_kill import Account, compare

SEED = 20261125
CLAIMED = "lost 0; 503 meanwhile, never 200 nor 500; serving <= 5 s after the database is back"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.skipif(not FULL, reason="half a minute of outages: make prove"),
]


def _serving_again(port: int) -> float:
    began = time.monotonic()
    while time.monotonic() - began < 60:
        try:
            if Connection(port, timeout=5).call("GET", "/health/ready")[0] == 200:
                break
        except GONE:
            pass
        time.sleep(0.05)
    return time.monotonic() - began


def lose_database(
    folder: Path, *, outages: int, enough: int, application: str = "api.app:app"
) -> tuple[Account, list[float], int]:
    """4 clients at work while PostgreSQL is ended without a checkpoint and started again after 0 to 2 s; the server
    runs on. Returns the account, the seconds until it served again, and how often a probe was told 503 meanwhile."""
    dice = random.Random(SEED)
    postgres = Postgres()
    server = Server(postgres.url(postgres.create()), folder, application)
    database = Database(server.url)
    clients = [Client(number, server.port, SEED) for number in range(4)]
    recovered, refused = [], 0
    try:
        upgrade(database)
        database.dispose()
        server.start()
        deploy(server.port, models.sequence(tasks=TASKS))
        for client in clients:
            client.start()
        ends = time.monotonic() + 120 + 60 * MINUTES
        while (
            len(recovered) < outages or sum(one.journal.acknowledged for one in clients) < enough
        ) and time.monotonic() < ends:
            time.sleep(dice.uniform(3, 8))
            postgres.lose()
            away = time.monotonic() + dice.uniform(0.2, 2)
            while time.monotonic() < away:
                status, _ = Connection(server.port).call("GET", "/api/v1/tasks")
                assert status == 503, status
                refused += 1
                time.sleep(0.1)
            postgres.start()
            recovered.append(_serving_again(server.port))
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(timeout=125)
        account = compare(server.url, [client.journal for client in clients])
    finally:
        for client in clients:
            client.stopping.set()
        server.kill()
        postgres.stop()
    return account, recovered, refused


def test_a_lost_database_has_lost_nothing_that_was_acknowledged(tmp_path: Path, proof: Proof) -> None:
    account, recovered, refused = lose_database(tmp_path, outages=3, enough=10_000 if MINUTES else 300)
    faults = sum(map(len, (account.lost, account.doubled, account.uneven, account.breaks, account.unexpected)))
    slowest = max(recovered)
    measured = (
        f"{len(recovered)} outages, {account.acknowledged} acknowledged, {faults} faults, {refused} probes told 503, "
        f"serving after {slowest:.1f} s"
    )
    proof("R2", CLAIMED, measured, SEED, met=slowest <= 5)
    assert account == Account(account.acknowledged, (), (), (), (), ())
    assert account.acknowledged >= 300


def test_control_an_answer_before_the_commit_is_found_out(tmp_path: Path) -> None:
    account, _, _ = lose_database(tmp_path, outages=2, enough=0, application="tests.reliability.broken:early")
    assert account.lost or account.unexpected, account
