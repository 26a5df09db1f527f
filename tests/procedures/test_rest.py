"""Every case of the city's procedures, through plain HTTP calls alone: upload, start, work, pay, wait, end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Client, make_client
from tests.procedures.city import CITY, KEYS, case

__all__ = ["make_client"]


@pytest.fixture
def service(make_client: Callable[[str], Client], tmp_path: Path) -> Client:
    """The service on a fresh SQLite file."""
    return make_client(f"sqlite:///{tmp_path / 'cases.db'}")


def files(key: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted((CITY / key).rglob("*")):
        if path.suffix in (".bpmn", ".dmn") or path.parent.name == "forms":
            yield path.relative_to(CITY / key).as_posix(), path.read_bytes()


def accepted(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def do_job(api: Client, job: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    lock = {"topic": job["topic"], "worker": "w1", "max": 1, "lock_s": 60}
    [locked] = accepted(api("POST", "/jobs/lock", lock, as_="worker"))["items"]
    variables = dict(given)
    code = variables.pop("error", None)
    body: dict[str, Any] = {"token": locked["token"], "variables": variables}
    if code is None:
        accepted(api("POST", f"/jobs/{locked['id']}/complete", body, as_="worker"))
    else:
        accepted(api("POST", f"/jobs/{locked['id']}/error", {**body, "code": code}, as_="worker"))


def step(api: Client, state: Mapping[str, Any], left: dict[str, Any]) -> None:
    """Do the next thing that the case waits for, in the order of the case files."""
    for job in state["jobs"]:
        return do_job(api, job, left["jobs"][job["element"]])
    armed = {timer["element"]: timer for timer in state["timers"]}
    if left["timers"] and left["timers"][0] in armed:
        due = datetime.fromisoformat(armed[left["timers"].pop(0)]["due"])
        api.clock.advance(max(due - api.clock.now(), timedelta()) + timedelta(seconds=1))
        assert api.run_background() >= 1
        return None
    for task in state["tasks"]:
        given = left["tasks"][task["element"]]
        variables = given.pop(0) if isinstance(given, list) else given
        path = f"/tasks/{task['id']}"
        accepted(api("POST", f"{path}/claim"))
        if task["form"]:
            assert accepted(api("GET", f"{path}/form"))["components"]
        accepted(api("POST", f"{path}/complete", {"variables": variables}))
        return None
    message = left["messages"].pop(0)
    body = {"name": message["name"], "business_key": "Z-1", "variables": message["variables"]}
    accepted(api("POST", "/messages", body, as_="worker"))
    return None


@pytest.mark.parametrize("key", KEYS)
def test_every_case_runs_through_rest_from_start_to_its_expected_end(service: Client, key: str) -> None:
    uploaded = accepted(service.deploy(*files(key)))
    assert uploaded["key"] == key
    assert uploaded["execution"]["ready"] is True
    for path in sorted((CITY / key / "cases").glob("*.json")):
        left = case(key, path.stem)
        wanted = case(key, path.stem)
        running = service.start(key, variables=wanted["start"], business_key="Z-1")
        for _ in range(100):
            state = accepted(service("GET", f"/instances/{running['id']}"))
            if state["state"] != "active":
                break
            step(service, state, left)
        assert state["state"] == "completed", (path.stem, state)
        assert wanted["expected_end"] in state["ends"], path.stem
        for name, value in wanted["expected_variables"].items():
            assert state["variables"][name] == value, (path.stem, name)


def test_answers_that_break_the_form_are_refused_and_the_task_stays_open(service: Client) -> None:
    accepted(service.deploy(*files("bewohnerparkausweis")))
    [task] = service.start("bewohnerparkausweis")["tasks"]
    good = case("bewohnerparkausweis", "ausgestellt")["tasks"]["antrag_ausfuellen"]
    for broken in ({**good, "laufzeit_monate": 25}, {**good, "halterschaft_angabe": "geklaut"}, {"name": "Kim"}, {}):
        answer = service("POST", f"/tasks/{task['id']}/complete", {"variables": broken})
        assert (answer.status_code, answer.json()["code"]) == (422, "form-answers")
    assert service("GET", f"/tasks/{task['id']}").json()["state"] == "open"
    assert service("POST", f"/tasks/{task['id']}/complete", {"variables": good}).status_code == 200
