"""Attachments, deputies and kept filters: what a department's day needs beside the task itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_delegating import task_of

BEGIN, END = "2026-03-02T08:00:00+01:00", "2026-03-16T00:00:00+01:00"


def attach(
    api: Client, task: str, content: bytes, name: str = "Lageplan.pdf", as_: str = "kasse", **headers: str
) -> Any:
    given = {one.replace("_", "-"): value for one, value in headers.items()}
    file = (name, content, "text/html")
    return api.raw.post(f"/api/v1/tasks/{task}/attachments", files={"file": file}, auth=(as_, as_), headers=given)


def absence(api: Client, as_: str = "kasse", **changed: Any) -> Any:
    return api("POST", "/absences", {"deputy": "vertretung", "begins": BEGIN, "ends": END, **changed}, as_=as_)


def test_a_file_comes_back_as_it_was_put_in_and_only_as_a_download(api: Client) -> None:
    case, task = task_of(api)
    first = attach(api, task, b"<script>x</script>", Idempotency_Key="f")
    assert first.status_code == 201
    assert attach(api, task, b"<script>x</script>", Idempotency_Key="f").content == first.content
    (listed,) = api("GET", f"/tasks/{task}/attachments", as_="kasse").json()["items"]
    assert (listed["name"], listed["size"], listed["author"]) == ("Lageplan.pdf", 18, "kasse")
    given = api("GET", f"/tasks/{task}/attachments/{listed['id']}", as_="kasse")
    assert given.content == b"<script>x</script>"
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith("attachment;")
    assert given.headers["x-content-type-options"] == "nosniff"
    lines = api("GET", f"/instances/{case}/history").json()["items"]
    [told] = [one["detail"] for one in lines if one["kind"] == "attachment-added"]
    assert told == {"task": task, "attachment": listed["id"], "digest": listed["digest"]}
    assert api("GET", "/audit/verify", as_="auditor").json()["breaks"] == []


def test_files_that_are_empty_too_large_or_of_others_are_refused(api: Client) -> None:
    _, task = task_of(api)
    assert code(attach(api, task, b"")) == (422, "empty-attachment")
    assert code(attach(api, task, b"x" * (10 * 2**20 + 1))) == (422, "large-attachment")
    assert attach(api, task, b"x" * (12 * 2**20)).status_code == 413
    assert attach(api, task, b"x", "../../etc/passwd").json()["name"] == "passwd"
    kept = attach(api, task, b"y").json()["id"]
    path = f"/tasks/{task}/attachments/{kept}"
    assert code(attach(api, task, b"x", as_="auditor")) == (403, "forbidden")
    assert code(api("GET", path, as_="fremd")) == (404, "not-found")
    api.deploy(("m.bpmn", api.raw.get("/api/v1/procedures/antrag/bpmn", auth=("owner", "owner")).content))
    other = api.start("antrag")["tasks"][0]["id"]
    assert code(api("GET", f"/tasks/{other}/attachments/{kept}", as_="kasse")) == (404, "not-found")


def test_a_deputy_does_what_the_absent_person_holds_and_it_says_so(api: Client) -> None:
    case, task = task_of(api)
    assert code(api("POST", f"/tasks/{task}/complete", {}, as_="vertretung")) == (409, "task-held")
    assert api("GET", "/tasks", as_="vertretung").json()["items"] == []
    assert absence(api).status_code == 201
    (seen,) = api("GET", "/tasks", as_="vertretung").json()["items"]
    assert (seen["id"], seen["assignee"]) == (task, "kasse")
    done = api("POST", f"/tasks/{task}/complete", {}, as_="vertretung")
    assert done.json()["state"] == "completed"
    lines = api("GET", f"/instances/{case}/history").json()["items"]
    [line] = [one for one in lines if one["kind"] == "task-completed"]
    assert (line["actor"], line["detail"]["on_behalf_of"]) == ("vertretung", "kasse")
    assert api("GET", "/audit/verify", as_="auditor").json()["breaks"] == []


def test_nobody_stands_in_before_after_or_without_an_absence(api: Client) -> None:
    _, task = task_of(api)
    entered = absence(api, begins="2026-03-09T00:00:00+01:00").json()
    assert code(api("POST", f"/tasks/{task}/complete", {}, as_="vertretung")) == (409, "task-held")
    api.clock.advance(timedelta(days=10))
    assert api("GET", f"/tasks/{task}", as_="vertretung").status_code == 200
    api.clock.advance(timedelta(days=10))
    assert code(api("GET", f"/tasks/{task}", as_="vertretung")) == (403, "not-a-candidate")
    again = absence(api, begins=BEGIN, ends="2026-12-31T00:00:00+01:00").json()
    assert api("GET", f"/tasks/{task}", as_="vertretung").status_code == 200
    assert api("DELETE", f"/absences/{again['id']}", as_="kasse").status_code == 200
    assert code(api("GET", f"/tasks/{task}", as_="vertretung")) == (403, "not-a-candidate")
    assert entered["person"] == "kasse"


def test_an_absence_is_one_s_own_or_entered_by_who_oversees(api: Client) -> None:
    assert code(absence(api, as_="clerk", person="kasse")) == (403, "absence-of-another")
    assert absence(api, as_="leitung", person="kasse").json()["created_by"] == "leitung"
    assert code(absence(api, deputy="kasse")) == (422, "own-deputy")
    assert code(absence(api, deputy="fremd")) == (422, "no-such-person")
    assert code(absence(api, deputy="auditor")) == (422, "person-may-not")
    assert code(absence(api, begins=END, ends=BEGIN)) == (422, "bad-period")
    (seen,) = api("GET", "/absences", as_="vertretung").json()["items"]
    assert api("GET", "/absences", as_="clerk").json()["items"] == []
    assert code(api("DELETE", f"/absences/{seen['id']}", as_="vertretung")) == (404, "not-found")


def test_a_kept_filter_finds_the_tasks_it_asks_for(api: Client) -> None:
    _, task = task_of(api)
    kept = api("POST", "/filters", {"name": "Meine", "query": {"assignee": "kasse", "sort": "-created"}}, as_="kasse")
    assert kept.status_code == 201
    found = api("GET", f"/filters/{kept.json()['id']}/tasks", as_="kasse").json()["items"]
    assert [one["id"] for one in found] == [task]
    same = api("POST", "/filters", {"name": "Meine", "query": {}}, as_="kasse")
    assert code(same) == (409, "filter-exists")
    assert code(api("POST", "/filters", {"name": "x", "query": {"owner": "y"}}, as_="kasse")) == (422, "bad-filter")
    assert api("GET", "/filters", as_="clerk").json()["items"] == []
    path = f"/filters/{kept.json()['id']}"
    assert code(api("DELETE", path, as_="clerk")) == (404, "not-found")
    assert api("DELETE", path, as_="kasse").status_code == 200
    assert api("GET", "/filters", as_="kasse").json()["items"] == []
