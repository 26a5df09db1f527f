"""Every case of every procedure runs through REST alone: plain HTTP calls of a clerk and a worker."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bpm.service.background import run_round
from tests.journeys.serving import ROOT, Served, serving
from tests.procedures.walk import Sight, Waiting, sight_of, walk_in

ALL = ("bewohnerparkausweis", "dienstreise", "hundesteuer", "wohnsitzanmeldung")
"""Procedures all of whose cases run through REST; of the others one does: the bare engine runs every case elsewhere."""


def cases() -> list[Path]:
    found: list[Path] = []
    for folder in sorted((ROOT / "processes").glob("*/*/cases")):
        if (folder.parent / "layer.toml").exists():
            continue  # the service of this test is that of the city the layer builds on
        paths = sorted(folder.glob("*.json"))
        found += paths if folder.parent.name in ALL else paths[:1]
    return found


CASES = cases()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("rest")) as served:
        yield served


class Rest:
    """A case seen and moved by HTTP requests only; the clock stands in for days that pass."""

    def __init__(self, served: Served, procedure: str, reference: str) -> None:
        self.served = served
        self.procedure = procedure
        self.reference = reference
        self.instance = ""

    def call(self, method: str, path: str, body: Any = None, name: str = "clerk") -> Any:
        request = urllib.request.Request(
            f"{self.served.address}/api/v1{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={
                "Authorization": "Basic " + base64.b64encode(f"{name}:{name}".encode()).decode(),
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def start(self, variables: Mapping[str, Any]) -> Sight:
        body = {"procedure": self.procedure, "business_key": self.reference, "variables": dict(variables)}
        self.instance = self.call("POST", "/instances", body)["id"]
        return self.look()

    def finish(self, job: Waiting, variables: Mapping[str, Any]) -> Sight:
        self.call("POST", f"/jobs/{job.id}/complete", {"token": self.lock(job), "variables": dict(variables)}, "worker")
        return self.look()

    def fail(self, job: Waiting, code: str, variables: Mapping[str, Any]) -> Sight:
        body = {"token": self.lock(job), "code": code, "variables": dict(variables)}
        self.call("POST", f"/jobs/{job.id}/error", body, "worker")
        return self.look()

    def lock(self, job: Waiting) -> int:
        topic = next(
            one["topic"] for one in self.call("GET", f"/instances/{self.instance}")["jobs"] if one["id"] == job.id
        )
        body = {"topic": topic, "worker": "w1", "max": 100, "lock_s": 60}
        locked = self.call("POST", "/jobs/lock", body, "worker")["items"]
        return int(next(one["token"] for one in locked if one["id"] == job.id))

    def fire(self, timer: Waiting) -> Sight:
        due = next(one["due"] for one in self.now()["timers"] if one["id"] == timer.id)
        wait = datetime.fromisoformat(due) - self.served.clock.now()
        self.served.clock.advance(wait)
        run_round(self.served.services)
        return self.look()

    def complete(self, task: Waiting, variables: Mapping[str, Any]) -> Sight:
        self.call("POST", f"/tasks/{task.id}/claim")
        self.call("POST", f"/tasks/{task.id}/complete", {"variables": dict(variables)})
        return self.look()

    def send(self, message: Waiting, variables: Mapping[str, Any]) -> Sight:
        body = {"name": message.element, "business_key": self.reference, "variables": dict(variables)}
        self.call("POST", "/messages", body)
        return self.look()

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/instances/{self.instance}")
        return found

    def look(self) -> Sight:
        return sight_of(self.now())


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_case_runs_from_start_to_its_expected_end(served: Served, path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    world = Rest(served, path.parts[-3], f"AZ-{path.stem}")
    walk_in(world, case)
    end = world.now()
    assert end["state"] == "completed"
    assert case["expected_end"] in end["ends"]
    assert {name: end["variables"].get(name) for name in case["expected_variables"]} == case["expected_variables"]
    history = world.call("GET", f"/instances/{world.instance}/history")["items"]
    assert {"case-started", "task-completed"} <= {event["kind"] for event in history}


def test_there_are_cases_to_run() -> None:
    assert len(CASES) >= 16
