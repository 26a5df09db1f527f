"""R1: the server is killed without warning while clients work; nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bpm.store import ledger, queries
from bpm.store.database import Database
from bpm.store.records import CompletionRow, HistoryRow, InstanceRow
from bpm.store.unit_of_work import UnitOfWork
from tests import models
from tests.proof import FULL, MINUTES, Proof, size
from tests.reliability.deploying import deploy
from tests.reliability.load import TASKS, Client, Journal
from tests.reliability.servers import Server

SEED = 20260302


@dataclass(frozen=True)
class Account:
    """What the journals say against what the database says."""

    acknowledged: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    uneven: tuple[str, ...]
    breaks: tuple[str, ...]
    unexpected: tuple[str, ...]


def compare(url: str, journals: Sequence[Journal]) -> Account:
    """Every acknowledged start and completion must be there, once; every case's version counts its commands."""
    database = Database(url)
    lost, doubled, uneven, breaks = [], [], [], []
    with UnitOfWork(database, writes=False) as work:
        instances = {row.id: row for row in work.where(InstanceRow)}
        completions = work.where(CompletionRow)
        done = {row.task_id: row for row in completions}
        for journal in journals:
            lost += [case for case in journal.started if case not in instances]
            lost += [task for tasks in journal.completed.values() for task in tasks if task not in done]
        for row in instances.values():
            own = [one for one in completions if one.instance_id == row.id]
            told = [
                one.detail["task"]
                for one in queries.history(work, row.id)
                if isinstance(one, HistoryRow) and one.kind == "task-completed" and one.detail
            ]
            doubled += [task for task in told if told.count(task) > 1]
            if row.version != 1 + len(own) or sorted(told) != sorted(one.task_id for one in own):
                uneven.append(row.id)
            if (row.state == "completed") != (len(own) == TASKS):
                uneven.append(row.id)
            breaks += [one.reason for one in ledger.verify(work, row).breaks]
    database.dispose()
    wrong = [line for journal in journals for line in journal.wrong]
    acknowledged = sum(journal.acknowledged for journal in journals)
    return Account(acknowledged, tuple(lost), tuple(doubled), tuple(uneven), tuple(breaks), tuple(wrong))


def kill_under_load(
    url: str, folder: Path, *, kills: int, enough: int, most_s: float, application: str = "api.app:app"
) -> tuple[Account, int, list[float]]:
    """4 clients at work; the server is killed after a random 0.1 to 1.5 s, `kills` times and until `enough` commands
    were acknowledged, or `most_s` have passed. Returns the account, the kills and the restart times."""
    dice = random.Random(SEED)
    server = Server(url, folder, application)
    clients = [Client(number, server.port, SEED) for number in range(4)]
    restarts: list[float] = []
    done = 0
    try:
        server.start()
        deploy(server.port, models.sequence(tasks=TASKS))
        time.sleep(0.5)  # the broken build commits late
        ends = time.monotonic() + most_s
        for client in clients:
            client.start()
        while (done < kills or sum(client.journal.acknowledged for client in clients) < enough) and (
            time.monotonic() < ends
        ):
            time.sleep(dice.uniform(0.1, 1.5))
            server.kill()
            done += 1
            restarts.append(server.start())
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(timeout=125)
    finally:
        for client in clients:
            client.stopping.set()
        server.kill()
    return compare(url, [client.journal for client in clients]), done, restarts


CLAIMED = "lost 0, doubled 0, version = completions, ledger verifies; ready again p95 <= 4 s"


def hold(account: Account, kills: int, restarts: list[float], proof: Proof, where: str) -> None:
    """Nothing was lost or doubled; say what was counted."""
    slowest = sorted(restarts)[max(0, math.ceil(0.95 * len(restarts)) - 1)]
    faults = sum(map(len, (account.lost, account.doubled, account.uneven, account.breaks, account.unexpected)))
    measured = (
        f"{where}: {kills} kills, {account.acknowledged} acknowledged, {faults} faults, ready p95 {slowest:.1f} s"
    )
    proof("R1", CLAIMED, measured, SEED, met=slowest <= 4)
    assert account == Account(account.acknowledged, (), (), (), (), ())


@pytest.mark.slow
def test_a_killed_server_has_lost_nothing_it_acknowledged(sqlite_url: str, tmp_path: Path, proof: Proof) -> None:
    least, enough, most_s = size(5, 20, 200), size(60, 300, 10_000), 300 + 60 * MINUTES
    account, kills, restarts = kill_under_load(
        sqlite_url, tmp_path / "server", kills=least, enough=enough, most_s=most_s
    )
    assert kills >= least or MINUTES
    assert account.acknowledged >= (enough if not MINUTES else 300)
    hold(account, kills, restarts, proof, "SQLite")


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.skipif(not FULL, reason="a minute of kills: make prove")
def test_a_killed_server_has_lost_nothing_on_postgresql(postgres_url: str, tmp_path: Path, proof: Proof) -> None:
    folder, most_s = tmp_path / "server", 300 + 60 * MINUTES
    account, kills, restarts = kill_under_load(postgres_url, folder, kills=20, enough=300, most_s=most_s)
    assert kills >= 20
    assert account.acknowledged >= 300
    hold(account, kills, restarts, proof, "PostgreSQL")


@pytest.mark.slow
def test_an_answer_before_the_commit_is_found_out(sqlite_url: str, tmp_path: Path) -> None:
    application = "tests.reliability.broken:early"
    folder = tmp_path / "server"
    account, _, _ = kill_under_load(sqlite_url, folder, kills=2, enough=0, most_s=90, application=application)
    assert account.lost, account
