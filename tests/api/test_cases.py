"""A case through REST: upload, start, claim, complete, history."""

from __future__ import annotations

from datetime import timedelta

from tests import models
from tests.api.conftest import Client


def code(response: object) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")  # type: ignore[attr-defined]


def test_a_case_runs_from_start_to_end(api: Client) -> None:
    api.deploy(models.sequence())
    case = api.start("antrag", business_key="A-1", variables={"name": "Kim", "betrag": 30.7})
    assert case["state"] == "active"
    assert [task["element"] for task in case["tasks"]] == ["t1"]
    assert case["tasks"][0]["candidate_groups"] == ["Sachbearbeitung"]
    after = api("POST", f"/tasks/{case['tasks'][0]['id']}/complete", {"variables": {"geprueft": True}}).json()
    assert [task["element"] for task in after["tasks"]] == ["t2"]
    assert after["variables"] == {"name": "Kim", "betrag": 30.7, "geprueft": True}
    ended = api("POST", f"/tasks/{after['tasks'][0]['id']}/complete", {}).json()
    assert (ended["state"], ended["ends"], ended["tasks"]) == ("completed", ["ende"], [])
    assert ended["revision"] == 3
    again = api("GET", f"/instances/{case['id']}").json()
    assert again == ended


def test_the_history_says_who_did_what_and_the_ledger_holds(api: Client) -> None:
    api.deploy(models.sequence(tasks=1))
    case = api.start("antrag")
    task = case["tasks"][0]["id"]
    api("POST", f"/tasks/{task}/claim")
    api("POST", f"/tasks/{task}/complete", {"variables": {"x": 1}})
    lines = api("GET", f"/instances/{case['id']}/history").json()["items"]
    commands = [(line["number"], line["actor"], line["kind"]) for line in lines if line["position"] == 0]
    assert commands == [(1, "clerk", "case-started"), (2, "clerk", "task-claimed"), (3, "clerk", "task-completed")]
    none_yet = {"count": 0, "sealed": 0, "head": None, "breaks": []}
    verified = {"instances": 1, "entries": 3, "breaks": [], "checkpoints": none_yet}
    assert api("GET", "/audit/verify", as_="auditor").json() == verified
    api.clock.advance(timedelta(minutes=3))
    api.run_background()
    covered = api("GET", "/audit/verify", as_="auditor").json()["checkpoints"]
    assert (covered["count"], covered["sealed"], covered["breaks"]) == (1, 0, [])


def test_cases_are_listed_by_state_procedure_and_key_in_pages(api: Client) -> None:
    api.deploy(models.sequence())
    ids = [api.start("antrag", business_key=f"A-{number}")["id"] for number in range(5)]
    first = api("GET", "/instances?state=active&limit=2").json()
    second = api("GET", f"/instances?state=active&limit=2&cursor={first['next']}").json()
    third = api("GET", f"/instances?state=active&limit=2&cursor={second['next']}").json()
    assert [one["id"] for page in (first, second, third) for one in page["items"]] == ids
    assert third["next"] is None
    assert [one["id"] for one in api("GET", "/instances?business_key=A-3").json()["items"]] == [ids[3]]
    assert api("GET", "/instances?procedure=other").json() == {"items": [], "next": None}


def test_a_case_keeps_the_version_it_started_on(api: Client) -> None:
    api.deploy(models.sequence(tasks=2))
    old = api.start("antrag")
    assert api.deploy(models.sequence(tasks=1)).json()["version"] == 2
    new = api.start("antrag")
    assert (old["procedure_version"], new["procedure_version"]) == (1, 2)
    after = api("POST", f"/tasks/{old['tasks'][0]['id']}/complete", {}).json()
    assert [task["element"] for task in after["tasks"]] == ["t2"]
    assert api.start("antrag", version=1)["procedure_version"] == 1


def test_a_cancelled_case_has_no_live_work(api: Client) -> None:
    api.deploy(models.sequence())
    case = api.start("antrag")
    path = f"/instances/{case['id']}/cancel"
    assert code(api("POST", path)) == (403, "forbidden")
    ended = api("POST", path, {"reason": "zurückgezogen"}, as_="owner").json()
    assert (ended["state"], ended["tasks"]) == ("cancelled", [])
    assert code(api("POST", path, as_="owner")) == (409, "case-ended")
    assert code(api("POST", f"/tasks/{case['tasks'][0]['id']}/complete", {})) == (409, "task-cancelled")


def test_a_model_that_cannot_be_executed_is_kept_but_not_started(api: Client) -> None:
    uploaded = api.deploy(models.with_script())
    assert uploaded.status_code == 201
    assert uploaded.json()["execution"]["ready"] is False
    refused = api("POST", "/instances", {"procedure": "skript"})
    assert code(refused) == (422, "not-executable")
    assert [one["element"] for one in refused.json()["blockers"]] == ["rechnen"]
    assert api("GET", "/instances").json()["items"] == []


def test_what_is_not_there_is_not_found(api: Client) -> None:
    api.deploy(models.sequence())
    for path in ("/instances/nix", "/instances/nix/history", "/tasks/nix", "/tasks/nix/form", "/procedures/nix"):
        assert code(api("GET", path)) == (404, "not-found"), path
    assert code(api("POST", "/instances", {"procedure": "nix"})) == (404, "not-found")
    assert code(api("POST", "/instances", {"procedure": "antrag", "version": 7})) == (404, "not-found")
    assert code(api("POST", "/tasks/nix/complete", {})) == (404, "not-found")
    assert api("GET", "/nix").status_code == 404


def test_a_request_that_means_nothing_is_refused_with_its_place(api: Client) -> None:
    api.deploy(models.sequence())
    unknown = api("POST", "/instances", {"procedure": "antrag", "vorrang": 1})
    assert code(unknown) == (422, "invalid-request")
    assert unknown.json()["errors"][0]["at"] == "body.vorrang"
    assert unknown.headers["content-type"] == "application/problem+json"
    assert code(api("POST", "/instances", {"procedure": "a\nb"})) == (422, "invalid-request")
    deep: object = 1
    for _ in range(60):
        deep = [deep]
    assert code(api("POST", "/instances", {"procedure": "antrag", "variables": {"x": deep}})) == (
        422,
        "invalid-request",
    )
    assert code(api("GET", "/instances?limit=0")) == (422, "invalid-request")
    assert api("GET", "/instances?business_key=%00").status_code in (200, 422)


def test_a_body_without_end_is_refused(api: Client) -> None:
    big = {"procedure": "antrag", "variables": {"x": "x" * 3_000_000}}
    assert code(api("POST", "/instances", big)) == (413, "too-large")


def test_health_tells_whether_the_service_can_work(api: Client) -> None:
    assert api.raw.get("/health/live").json() == {"status": "live"}
    assert api.raw.get("/health/ready").json() == {"status": "ready"}


def test_every_operation_is_documented(api: Client) -> None:
    document = api.raw.get("/api/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), (method, path)
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "code", "detail"]
    assert "/api/v1/tasks/{id}/complete" in document["paths"]
    assert api.raw.get("/docs").status_code == 404
