"""S6: every role at every operation of the OpenAPI document, and what belongs to another city or office.

The table says which permission each operation asks for. A role that lacks it gets 403 whatever it sends, one that has
it never does, and at least one of those succeeds; an operation that is not in the table fails.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from bpm.service import access
from bpm.service.access import PERMISSIONS, Actor
from bpm.service.reading import files_of
from bpm.settings import Settings
from tests import models
from tests.proof import FULL, Proof

ROLES = (
    "citizen", "clerk", "lead", "analyst", "process_owner", "board", "legal", "staff_council", "dpo", "auditor",
    "worker", "admin",
)  # fmt: skip

ALL = frozenset(ROLES)
PEOPLE = {
    **{role: Actor(role, frozenset({role}), None) for role in ROLES},
    "strange-role": Actor("strange-role", frozenset({"mayor"}), None),
    "no-role": Actor("no-role", frozenset(), None),
    "augsburg": Actor("augsburg", ALL, None, city="augsburg"),
    "other-office": Actor("other-office", ALL, None, office="anderes"),
}
OPEN = "open"
"""Answers anybody."""

P = "/api/v1"
DATES = {"begins": "2030-01-01T00:00:00Z", "ends": "2030-01-02T00:00:00Z"}
PERMIT = Path(__file__).parents[2] / "processes" / "muenchen" / "bewohnerparkausweis"
# given with the request: a procedure that has one is simulated when its principles are asked for
SCENARIO = json.loads((PERMIT / "scenario.json").read_text(encoding="utf-8"))
SIMULATE = {"procedure": PERMIT.name, "cases": 1, "replications": 1, "scenario": SCENARIO}


@dataclass(frozen=True)
class Cell:
    """What an operation asks for, a body that is right, and whether nothing is there to succeed with."""

    permission: str
    body: Any = None
    fails: bool = False


def upload(name: str = "m.bpmn", content: bytes | None = None) -> Any:
    return {"files": [("files", (name, content or models.sequence()))]}


READING = ("", "/bpmn", "/svg", "/steps", "/findings")
OPERATIONS: Mapping[str, Cell] = {
    f"POST {P}/procedures": Cell("procedures.deploy", upload()),
    f"GET {P}/procedures": Cell("procedures.read"),
    f"POST {P}/procedures/{{key}}/redesign": Cell("procedures.read", {"apply": ["all-mechanical"]}),
    **{f"GET {P}/procedures/{{key}}{path}": Cell("procedures.read") for path in ("/versions/{version}", *READING)},
    **{f"GET {P}/procedures/{{key}}/versions/{{version}}{path}": Cell("procedures.read") for path in READING},
    f"POST {P}/procedures/{{key}}/findings/{{fingerprint}}/dismissal": Cell("findings.dismiss", {"reason": "x"}, True),
    f"DELETE {P}/procedures/{{key}}/findings/{{fingerprint}}/dismissal": Cell("findings.dismiss", fails=True),
    f"GET {P}/procedures/{{key}}/dismissals": Cell("procedures.read"),
    f"GET {P}/principles": Cell("pages.read"),
    f"POST {P}/instances": Cell("cases.start", {"procedure": "antrag"}),
    f"GET {P}/instances": Cell("cases.read"),
    f"GET {P}/instances/{{id}}": Cell("cases.read"),
    f"GET {P}/instances/{{id}}/history": Cell("cases.history"),
    f"POST {P}/instances/{{id}}/cancel": Cell("cases.cancel", {}),
    f"POST {P}/instances/{{id}}/erase": Cell("cases.erase", fails=True),
    f"GET {P}/instances/{{id}}/archive": Cell("cases.erase", fails=True),
    f"GET {P}/instances/{{id}}/attachments": Cell("cases.history"),
    f"POST {P}/instances/{{id}}/suspend": Cell("cases.suspend", {}),
    f"POST {P}/instances/{{id}}/resume": Cell("cases.suspend", {}, fails=True),
    f"POST {P}/instances/{{id}}/migrate": Cell("cases.migrate", {"version": 1}, fails=True),
    f"POST {P}/instances/{{id}}/modify": Cell("cases.modify", {"instructions": [{"set": {"a": 1}}]}),
    f"POST {P}/migrations": Cell(
        "cases.migrate", {"mode": "plan", "procedure": "antrag", "source": 1, "version": 1}, True
    ),
    f"GET {P}/tasks": Cell("tasks.read"),
    f"GET {P}/tasks/{{id}}": Cell("tasks.read"),
    f"GET {P}/tasks/{{id}}/form": Cell("tasks.read", fails=True),
    f"POST {P}/tasks/{{id}}/claim": Cell("tasks.work"),
    f"POST {P}/tasks/{{id}}/unclaim": Cell("tasks.work", fails=True),
    f"GET {P}/tasks/{{id}}/comments": Cell("tasks.read"),
    f"POST {P}/tasks/{{id}}/comments": Cell("tasks.comment", {"text": "x"}),
    f"GET {P}/tasks/{{id}}/attachments": Cell("tasks.read"),
    f"POST {P}/tasks/{{id}}/attachments": Cell("tasks.comment", {"files": [("file", ("a.txt", b"a"))]}),
    f"GET {P}/tasks/{{id}}/attachments/{{attachment}}": Cell("tasks.read"),
    f"POST {P}/tasks/{{id}}/delegate": Cell("tasks.delegate", {"assignee": "clerk"}),
    f"POST {P}/tasks/{{id}}/draft": Cell("tasks.work", {"variables": {}}),
    f"POST {P}/tasks/{{id}}/complete": Cell("tasks.work", {}),
    f"POST {P}/tasks/{{id}}/error": Cell("tasks.work", {"code": "X"}, fails=True),
    f"GET {P}/absences": Cell("tasks.work"),
    f"POST {P}/absences": Cell("tasks.work", {"deputy": "clerk", **DATES}),
    f"DELETE {P}/absences/{{id}}": Cell("tasks.work"),
    f"GET {P}/filters": Cell("tasks.read"),
    f"POST {P}/filters": Cell("tasks.read", {"name": "neu", "query": {}}),
    f"GET {P}/filters/{{id}}/tasks": Cell("tasks.read", fails=True),
    f"DELETE {P}/filters/{{id}}": Cell("tasks.read", fails=True),
    f"POST {P}/jobs/lock": Cell("jobs.work", {"topic": "t", "worker": "w"}),
    f"POST {P}/jobs/{{id}}/complete": Cell("jobs.work", {"token": 1}),
    f"POST {P}/jobs/{{id}}/fail": Cell("jobs.work", {"token": 1}),
    f"POST {P}/jobs/{{id}}/extend": Cell("jobs.work", {"token": 1, "lock_s": 5}),
    f"POST {P}/jobs/{{id}}/error": Cell("jobs.work", {"token": 1, "code": "WEG"}),
    f"POST {P}/messages": Cell("messages.send", {"name": "Eingang"}),
    f"POST {P}/signals": Cell("messages.send", {"name": "S"}),
    f"POST {P}/decisions/{{key}}/evaluate": Cell(
        "decisions.evaluate", {"decision": "gebuehr", "inputs": {"monate": 3}}
    ),
    f"GET {P}/incidents": Cell("incidents.read"),
    f"POST {P}/incidents/{{id}}/retry": Cell("incidents.retry"),
    f"GET {P}/audit/verify": Cell("audit.verify"),
    f"POST {P}/reports": Cell("reports.make", {"procedure": "nichts"}, fails=True),
    f"GET {P}/reports/{{id}}.{{format}}": Cell("reports.read", fails=True),
    **{
        f"{method} {P}/{kind}{path}": Cell(
            f"simulations.{right}", SIMULATE if method == "POST" else None, method == "DELETE"
        )
        for kind in ("simulations", "questions")
        for method, path, right in (("POST", "", "run"), ("GET", "/{id}", "read"), ("DELETE", "/{id}", "run"))
    },
    **{
        f"GET {P}/{kind}/{{id}}/events": Cell("simulations.read")
        for kind in ("simulations", "questions", "comparisons")
    },
    f"POST {P}/comparisons": Cell("simulations.run", {**SIMULATE, "version": 1, "to_be_version": 1}),
    f"GET {P}/comparisons/{{id}}": Cell("simulations.read"),
    f"DELETE {P}/comparisons/{{id}}": Cell("simulations.run", fails=True),
    "GET /health/live": Cell(OPEN),
    "GET /health/ready": Cell(OPEN),
    "GET /metrics": Cell(OPEN),
}


class World:
    """One service with an object of every kind, put back for each question that changes something."""

    def __init__(self, raw: TestClient, file: Path) -> None:
        self.raw = raw
        self.file = file
        self.deploy(models.sequence())
        self.deploy(models.with_job(topic="t"))
        self.deploy(models.message_start())
        self.deploy(models.sequence("regel"), models.DECISION)
        self.deploy(models.sequence(tasks=3))
        named = [("files", one) for one in files_of(PERMIT).items() if one[0] != "scenario.json"]
        assert raw.post(f"{P}/procedures", files=named, auth=("admin", "admin")).status_code == 201
        self.ids: dict[str, str] = {}
        self.fill()
        connection = sqlite3.connect(file)
        connection.execute("VACUUM INTO ?", (f"{file}.kept",))
        connection.close()

    def renew(self) -> None:
        """The objects as they were, so that what the last question did matters to no other."""
        self.raw.app.state.services.database.dispose()  # type: ignore[attr-defined]
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copy(f"{self.file}.kept", self.file)

    def deploy(self, *files: bytes) -> None:
        named = [("files", (f"m{index}.{'dmn' if index else 'bpmn'}", one)) for index, one in enumerate(files)]
        assert self.raw.post(f"{P}/procedures", files=named, auth=("admin", "admin")).status_code in (200, 201)

    def call(self, method: str, path: str, body: Any = None, who: str | None = "admin") -> Any:
        given: dict[str, Any] = body if isinstance(body, dict) and "files" in body else {"json": body}
        return self.raw.request(method, path, auth=(who, who) if who else None, **given)

    def made(self, path: str, body: Any) -> Any:
        answer = self.call("POST", P + path, body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    def fill(self) -> None:
        """An object of every kind."""
        case = self.made("/instances", {"procedure": "antrag", "version": 1})
        self.made("/instances", {"procedure": "auftrag"})
        task = case["tasks"][0]["id"]
        attachment = self.made(f"/tasks/{task}/attachments", {"files": [("file", ("a.txt", b"a"))]})
        [job] = self.made("/jobs/lock", {"topic": "t", "worker": "w"})["items"]
        self.ids = {"instances": case["id"], "tasks": task, "attachment": attachment["id"], "jobs": job["id"]}
        failing = self.made("/instances", {"procedure": "auftrag"})
        for _ in range(failing["jobs"][0]["retries"]):
            [taken] = self.made("/jobs/lock", {"topic": "t", "worker": "w"})["items"]
            self.made(f"/jobs/{taken['id']}/fail", {"token": taken["token"], "error": "x"})
        incidents = self.call("GET", f"{P}/incidents").json()["items"]
        self.ids["incidents"] = next(one["id"] for one in incidents if one["instance"] == failing["id"])
        for kind in ("simulations", "questions", "comparisons"):
            body = {**SIMULATE, "version": 1, "to_be_version": 1} if kind == "comparisons" else SIMULATE
            self.ids[kind] = self.made(f"/{kind}", body)["id"]
            # ended: its events are not waited for
            self.call("DELETE", f"{P}/{kind}/{self.ids[kind]}")
        self.made("/instances", {"procedure": "auftrag"})
        self.ids["absences"] = self.made("/absences", {"deputy": "clerk", **DATES})["id"]
        self.ids["filters"] = self.made("/filters", {"name": "f", "query": {}})["id"]

    def ask(self, operation: str, who: str | None) -> Any:
        """The answer to an operation about these objects."""
        method, path = operation.split()
        kind = path.removeprefix(P).split("/")[1]
        values = {
            "key": "regel" if kind == "decisions" else "antrag",
            "version": "1",
            "format": "json",
            "fingerprint": "0" * 16,
        }
        values |= {"id": self.ids.get(kind, "none"), "attachment": self.ids["attachment"]}
        for name, value in values.items():
            path = path.replace("{" + name + "}", value)
        return self.call(method, path, OPERATIONS[operation].body, who)


@contextmanager
def opened(url: str, folder: Path) -> Iterator[World]:
    """A service with these people, as a server of its own machine."""
    app = create_app(Settings(database_url=url, data_dir=folder, embedded_worker=False), None, PEOPLE)
    local = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000), raise_server_exceptions=False)
    with local:
        yield World(local, Path(url.removeprefix("sqlite:///")))


def operations(world: World) -> list[str]:
    """What the OpenAPI document offers."""
    document = world.raw.get("/api/openapi.json").json()
    return [f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item]


def asked_of(number: int, permission: str) -> list[str | None]:
    """Whom an operation is asked by: everybody, in the suite nobody and two who may and two who may not, by turns."""
    everybody: list[str | None] = [None, *ROLES, "strange-role", "no-role"]
    if FULL:
        return everybody
    may = [who for who in everybody if permission == OPEN or who in PERMISSIONS.get(permission, ())]
    not_may = [who for who in everybody[1:] if who not in may]
    chosen = [group[(number + turn) % len(group)] for group in (may, not_may) if group for turn in (0, 1)]
    return [None, *dict.fromkeys(chosen)]


def differences(world: World, offered: list[str], known: Mapping[str, Cell] = OPERATIONS) -> tuple[int, list[str]]:
    """Cells asked, and those that are not as the table says."""
    wrong = [f"{one} is not in the table" for one in offered if one not in known]
    cells = 0
    for number, operation in enumerate(offered):
        if operation not in known:
            continue
        cell = known[operation]
        succeeded = False
        for who in asked_of(number, cell.permission):
            allowed = cell.permission == OPEN or who in PERMISSIONS.get(cell.permission, ())
            if allowed and not succeeded and not operation.startswith("GET"):
                world.renew()
            answer = world.ask(operation, who)
            cells += 1
            refused = answer.status_code in (401, 403)
            expected = 401 if who is None else 403
            succeeded |= answer.status_code < 300
            if allowed == refused or (refused and answer.status_code != expected) or answer.status_code >= 500:
                wrong.append(f"{operation} as {who}: {answer.status_code} {answer.text[:150]}")
        if FULL and not succeeded and not cell.fails:
            wrong.append(f"{operation}: nobody succeeds: {answer.text[:150]}")
    return cells, wrong


CLAIMED = "every role at every operation as the table says; foreign objects 404"


@pytest.mark.slow
def test_every_role_may_do_what_the_table_says_and_nothing_else(sqlite_url: str, tmp_path: Path, proof: Proof) -> None:
    with opened(sqlite_url, tmp_path) as world:
        offered = operations(world)
        cells, wrong = differences(world, offered)
    proof("S6", CLAIMED, f"{cells} cells of {len(offered)} operations, {len(wrong)} unlike the table")
    assert wrong == []


def foreign(world: World) -> tuple[int, list[str]]:
    """Questions about objects of an office by people of another city and another office, and answers that tell of
    them."""
    wrong, asked = [], 0
    for operation in operations(world):
        if "{" not in operation or operation not in OPERATIONS:
            continue
        for who in ("augsburg", "other-office"):
            answer = world.ask(operation, who)
            asked += 1
            if answer.status_code != 404:
                wrong.append(f"{operation} as {who}: {answer.status_code} {answer.text[:150]}")
    for operation in (f"POST {P}/instances", f"POST {P}/simulations", f"POST {P}/questions", f"POST {P}/comparisons"):
        asked += 1
        if world.ask(operation, "augsburg").status_code != 404:
            wrong.append(operation)
    for name in ("instances", "tasks", "procedures", "incidents", "absences", "filters"):
        asked += 1
        if world.call("GET", f"{P}/{name}", who="augsburg").json()["items"]:
            wrong.append(f"GET {name}")
    return asked, wrong


@pytest.mark.slow
def test_what_belongs_to_others_does_not_exist(sqlite_url: str, tmp_path: Path, proof: Proof) -> None:
    with opened(sqlite_url, tmp_path) as world:
        asked, wrong = foreign(world)
    proof("S6", CLAIMED, f"{asked} questions from another city or office, {len(wrong)} answered otherwise")
    assert wrong == []


def _let_all(actor: Actor, operation: str) -> None:
    pass


CONTROLS: Mapping[str, Callable[[World, list[str]], list[str]]] = {
    "nobody is refused": lambda world, some: differences(world, some)[1],
    "an operation nobody knows": lambda world, _: differences(world, ["GET /new"])[1],
}


@pytest.mark.parametrize("name", CONTROLS)
def test_control_a_build_without_the_guard_is_found_out(
    name: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bpm.service import cases

    monkeypatch.setattr(cases, "require", _let_all)
    with opened(sqlite_url, tmp_path) as world:
        assert CONTROLS[name](world, [f"GET {P}/instances"])


def test_control_a_build_that_forgets_the_office_is_found_out(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bpm.service import cases

    monkeypatch.setattr(cases, "own", lambda *_: None)
    with opened(sqlite_url, tmp_path) as world:
        assert foreign(world)[1]


def test_every_permission_names_roles_that_exist() -> None:
    assert {role for roles in access.PERMISSIONS.values() for role in roles} <= ALL
