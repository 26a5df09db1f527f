"""The inbox: who sees, takes, completes; retries and races by header."""

from __future__ import annotations

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code


def test_a_task_is_offered_to_its_group_only(api: Client) -> None:
    api.deploy(models.sequence(groups="Kasse"))
    api.deploy(models.sequence(key="anderes", groups="Bauamt"))
    mine = api.start("antrag")["tasks"][0]
    other = api.start("anderes")["tasks"][0]
    assert [one["id"] for one in api("GET", "/tasks", as_="kasse").json()["items"]] == [mine["id"]]
    assert {one["id"] for one in api("GET", "/tasks").json()["items"]} == {mine["id"], other["id"]}
    assert {one["id"] for one in api("GET", "/tasks", as_="leitung").json()["items"]} == {mine["id"], other["id"]}
    assert [one["id"] for one in api("GET", "/tasks?group=Bauamt").json()["items"]] == [other["id"]]
    assert [one["id"] for one in api("GET", "/tasks?procedure=antrag").json()["items"]] == [mine["id"]]
    assert code(api("GET", f"/tasks/{other['id']}", as_="kasse")) == (403, "not-a-candidate")
    assert code(api("POST", f"/tasks/{other['id']}/claim", as_="kasse")) == (403, "not-a-candidate")
    assert code(api("POST", f"/tasks/{other['id']}/complete", {}, as_="kasse")) == (403, "not-a-candidate")


def test_what_another_holds_cannot_be_taken_or_completed(api: Client) -> None:
    api.deploy(models.sequence())
    task = api.start("antrag")["tasks"][0]["id"]
    assert api("POST", f"/tasks/{task}/claim").json()["assignee"] == "clerk"
    for act in ("claim", "unclaim", "complete"):
        body = {} if act == "complete" else None
        assert code(api("POST", f"/tasks/{task}/{act}", body, as_="clerk2")) == (409, "task-held")
    assert [one["id"] for one in api("GET", "/tasks?assignee=clerk").json()["items"]] == [task]
    assert api("POST", f"/tasks/{task}/unclaim").json()["assignee"] is None
    assert api("POST", f"/tasks/{task}/complete", {}, as_="clerk2").status_code == 200
    assert code(api("POST", f"/tasks/{task}/complete", {})) == (409, "task-completed")


def test_the_same_key_gets_the_first_answer_and_no_second_effect(api: Client) -> None:
    api.deploy(models.sequence())
    task = api.start("antrag")["tasks"][0]["id"]
    path, body = f"/tasks/{task}/complete", {"variables": {"x": 0.1}}
    first = api("POST", path, body, Idempotency_Key="k1")
    second = api("POST", path, body, Idempotency_Key="k1")
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert code(api("POST", path, {"variables": {"x": 2}}, Idempotency_Key="k1")) == (422, "key-reused")
    assert code(api("POST", path, body, Idempotency_Key="k2")) == (409, "task-completed")
    assert api("GET", f"/instances/{first.json()['id']}").json()["revision"] == 2


def test_keys_belong_to_their_caller(api: Client) -> None:
    api.deploy(models.sequence())
    body = {"procedure": "antrag"}
    mine = api("POST", "/instances", body, Idempotency_Key="k").json()
    theirs = api("POST", "/instances", body, as_="clerk2", Idempotency_Key="k").json()
    again = api("POST", "/instances", body, Idempotency_Key="k")
    assert mine["id"] != theirs["id"]
    assert (again.status_code, again.json()["id"]) == (201, mine["id"])


def test_a_failed_command_leaves_its_key_free(api: Client) -> None:
    body = {"procedure": "antrag"}
    assert api("POST", "/instances", body, Idempotency_Key="k").status_code == 404
    api.deploy(models.sequence())
    assert api("POST", "/instances", body, Idempotency_Key="k").status_code == 201


def test_if_match_protects_against_what_one_has_not_seen(api: Client) -> None:
    api.deploy(models.sequence())
    case = api.start("antrag")
    task = case["tasks"][0]["id"]
    tag = api("GET", f"/tasks/{task}").headers["etag"]
    assert tag == '"1"'
    api("POST", f"/tasks/{task}/claim")
    assert code(api("POST", f"/tasks/{task}/complete", {}, If_Match=tag)) == (412, "stale")
    assert code(api("POST", f"/tasks/{task}/complete", {}, If_Match='"x"')) == (412, "stale")
    assert api("POST", f"/tasks/{task}/complete", {}, If_Match='"2"').status_code == 200
    path = f"/instances/{case['id']}"
    assert api("GET", path).headers["etag"] == '"3"'
    assert code(api("POST", f"{path}/cancel", as_="owner", If_Match='"2"')) == (412, "stale")


def test_a_task_shows_its_form_and_the_data_of_its_case(api: Client) -> None:
    form = b'{"type":"default","components":[{"type":"textfield","key":"name","label":"Name"}]}'
    model = models.sequence().replace(b'id="t1"', b'id="t1" camunda:formKey="forms/antrag.json"')
    api.deploy(("antrag.bpmn", model), ("forms/antrag.json", form))
    task = api.start("antrag", variables={"name": "Kim"})["tasks"][0]
    assert task["form"] == "forms/antrag.json"
    assert api("GET", f"/tasks/{task['id']}/form").json()["components"][0]["key"] == "name"
    assert api("GET", f"/tasks/{task['id']}").json()["variables"] == {"name": "Kim"}
    after = api("POST", f"/tasks/{task['id']}/complete", {}).json()
    assert code(api("GET", f"/tasks/{after['tasks'][0]['id']}/form")) == (404, "no-form")
