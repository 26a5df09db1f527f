"""The worker's client against a real service: jobs are done once, errors take their way, the dead are replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bpm.client import BpmnError, Client, ClientError, Job
from bpm.service import cases, incidents, procedures
from bpm.service.access import DEMO
from tests import models
from tests.journeys.serving import Served, serving

TOPIC = "melderegister"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("client"), samples=False) as served:
        procedures.deploy(served.services, DEMO["owner"], {"m.bpmn": models.with_job()})
        yield served


@pytest.fixture
def case(served: Served) -> str:
    started = Client(served.address, user="clerk").start("auftrag", {"name": "Kim"}, business_key="A")
    return str(started["id"])


def now(served: Served, case: str) -> dict[str, Any]:
    return cases.get(served.services, DEMO["clerk"], case)


def work_once(served: Served, handler: Any, **options: Any) -> int:
    stop = threading.Event()

    def once(job: Job) -> Any:
        stop.set()
        return handler(job)

    return Client(served.address).work(TOPIC, once, stop=stop, wait_s=5, **options)


def test_a_handler_gets_the_case_and_its_result_is_recorded(served: Served, case: str) -> None:
    seen: list[Job] = []

    def handler(job: Job) -> dict[str, Any]:
        seen.append(job)
        return {"gemeldet": True}

    assert work_once(served, handler) == 1
    [job] = seen
    assert (job.instance, job.business_key, job.variables) == (case, "A", {"name": "Kim"})
    assert now(served, case)["variables"]["gemeldet"] is True


def test_an_error_of_the_procedure_takes_its_way_in_the_model(served: Served, case: str) -> None:
    def handler(job: Job) -> None:
        raise BpmnError("WEG", {"grund": "Wartung"})

    assert work_once(served, handler) == 1
    assert [job["topic"] for job in now(served, case)["jobs"]] == []


def test_a_handler_that_breaks_gives_the_job_back_until_a_person_looks(served: Served, case: str) -> None:
    def handler(job: Job) -> None:
        raise RuntimeError("Register antwortet nicht")

    for _ in range(3):
        assert work_once(served, handler) == 0
    [incident] = [
        one for one in incidents.list_open(served.services, DEMO["owner"])["items"] if one["instance"] == case
    ]
    assert incident["message"] == "RuntimeError: Register antwortet nicht"


def test_another_worker_takes_over_and_the_dead_one_is_too_late(served: Served, case: str) -> None:
    dead, living = Client(served.address), Client(served.address)
    [old] = dead.lock(TOPIC, lock_s=30)
    assert living.lock(TOPIC) == []
    served.clock.advance(timedelta(seconds=31))
    [new] = living.lock(TOPIC)
    assert (new.id, new.token) == (old.id, old.token + 1)
    living.complete(new, {"gemeldet": True})
    living.complete(new, {"gemeldet": True})
    with pytest.raises(ClientError) as refused:
        dead.complete(old)
    assert refused.value.status == 409


def test_a_long_job_is_held_while_its_handler_works(served: Served, case: str) -> None:
    def handler(job: Job) -> None:
        before = now(served, case)["jobs"][0]["locked_until"]
        served.clock.advance(timedelta(seconds=5))
        for _ in range(100):
            if now(served, case)["jobs"][0]["locked_until"] != before:
                return
            threading.Event().wait(0.05)
        raise AssertionError("the lock was not extended")

    assert work_once(served, handler, lock_s=0.6) == 1


def test_a_service_that_refuses_or_is_away_is_told_apart(served: Served, tmp_path: Path) -> None:
    with pytest.raises(ClientError) as refused:
        Client(served.address, user="clerk").lock(TOPIC)
    assert (refused.value.status, refused.value.code) == (403, "forbidden")
    with pytest.raises(ClientError) as away:
        Client("http://127.0.0.1:9").lock(TOPIC)
    assert (away.value.status, away.value.code) == (0, "not-reached")
    with pytest.raises(ClientError) as wrong:
        Client(served.address, token=lambda: "x").lock(TOPIC)
    assert wrong.value.status == 401
