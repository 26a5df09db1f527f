"""A task is handed on by who holds it or oversees the office, to somebody who may do it."""

from __future__ import annotations

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code


def task_of(api: Client, groups: str = "Kasse", as_: str | None = "kasse") -> tuple[str, str]:
    """A case and its task, taken by somebody."""
    api.deploy(models.sequence(tasks=1, groups=groups))
    case = api.start("antrag")
    task = case["tasks"][0]["id"]
    if as_:
        assert api("POST", f"/tasks/{task}/claim", as_=as_).status_code == 200
    return case["id"], task


def test_the_holder_hands_a_task_on_and_cannot_complete_it_any_more(api: Client) -> None:
    case, task = task_of(api)
    path, body = f"/tasks/{task}/delegate", {"assignee": "clerk2"}
    api("POST", f"/tasks/{task}/draft", {"variables": {"x": 1}}, as_="kasse")
    given = api("POST", path, body, as_="kasse", Idempotency_Key="d", If_Match='"3"')
    assert (given.status_code, given.json()["assignee"], given.json()["revision"]) == (200, "clerk2", 4)
    assert api("POST", path, body, as_="kasse", Idempotency_Key="d").content == given.content
    assert code(api("POST", path, body, as_="kasse")) == (409, "task-held")
    assert code(api("POST", f"/tasks/{task}/complete", {}, as_="kasse")) == (409, "task-held")
    assert api("GET", f"/tasks/{task}", as_="clerk2").json()["draft"] == {"x": 1}
    assert api("POST", f"/tasks/{task}/complete", {}, as_="clerk2").json()["state"] == "completed"
    lines = api("GET", f"/instances/{case}/history").json()["items"]
    [line] = [one for one in lines if one["kind"] == "task-delegated"]
    assert (line["actor"], line["detail"]) == ("kasse", {"task": task, "from": "kasse", "to": "clerk2"})
    assert api("GET", "/audit/verify", as_="auditor").json()["breaks"] == []


def test_who_oversees_hands_on_what_others_hold_or_nobody_does(api: Client) -> None:
    case, task = task_of(api)
    path = f"/tasks/{task}/delegate"
    for name, to in (("leitung", "clerk"), ("owner", "leitung"), ("admin", "kasse")):
        assert api("POST", path, {"assignee": to}, as_=name).json()["assignee"] == to
    assert api("POST", path, {"assignee": "kasse"}, as_="admin").json()["revision"] == 5
    api("POST", f"/tasks/{task}/unclaim", as_="kasse")
    assert code(api("POST", path, {"assignee": "clerk"}, as_="kasse")) == (409, "task-not-held")
    assert api("POST", path, {"assignee": "clerk"}, as_="leitung").json()["assignee"] == "clerk"
    api("POST", f"/instances/{case}/suspend", as_="owner")
    assert code(api("POST", path, {"assignee": "kasse"}, as_="leitung")) == (409, "case-suspended")


def test_whom_the_task_is_not_offered_to_or_who_is_not_there_gets_none(api: Client) -> None:
    _, task = task_of(api, groups="Bauamt", as_="clerk")
    path = f"/tasks/{task}/delegate"
    for name in ("niemand", "fremd", "fremdadmin"):
        assert code(api("POST", path, {"assignee": name})) == (422, "no-such-person"), name
    for name in ("kasse", "citizen", "worker", "auditor"):
        assert code(api("POST", path, {"assignee": name})) == (422, "person-may-not"), name
    assert api("GET", f"/tasks/{task}").json()["assignee"] == "clerk"
    for name, expected in (("auditor", (403, "forbidden")), ("fremd", (404, "not-found"))):
        assert code(api("POST", path, {"assignee": "clerk2"}, as_=name)) == expected
    assert code(api("POST", path, {"assignee": "clerk2"}, If_Match='"1"')) == (412, "stale")
