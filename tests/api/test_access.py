"""Who may do what; what belongs to others does not exist."""

from __future__ import annotations

import pytest

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code


def test_nobody_does_anything_without_signing_in(api: Client) -> None:
    refused = api("GET", "/tasks", as_=None)
    assert code(refused) == (401, "not-signed-in")
    assert refused.headers["www-authenticate"].startswith("Basic")
    assert api.raw.get("/api/v1/tasks", auth=("clerk", "wrong")).status_code == 401
    assert api.raw.get("/api/v1/tasks", headers={"Authorization": "Basic %%%"}).status_code == 401
    assert api.raw.get("/api/v1/tasks", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("citizen", "/tasks", 403),
        ("citizen", "/procedures", 403),
        ("analyst", "/procedures", 200),
        ("analyst", "/instances", 403),
        ("auditor", "/instances", 200),
        ("auditor", "/tasks", 403),
        ("worker", "/tasks", 403),
        ("clerk", "/audit/verify", 403),
        ("board", "/audit/verify", 200),
        ("clerk", "/incidents", 403),
        ("admin", "/incidents", 200),
    ],
)
def test_roles_decide(api: Client, name: str, path: str, status: int) -> None:
    assert api("GET", path, as_=name).status_code == status


def test_only_owners_and_analysts_deploy_and_only_workers_lock(api: Client) -> None:
    assert code(api.deploy(models.sequence(), as_="clerk")) == (403, "forbidden")
    assert code(api("POST", "/jobs/lock", {"topic": "x", "worker": "w"})) == (403, "forbidden")
    assert api("POST", "/jobs/lock", {"topic": "x", "worker": "w"}, as_="worker").json()["items"] == []


def test_what_belongs_to_another_city_or_office_does_not_exist(api: Client) -> None:
    api.deploy(models.sequence())
    case = api.start("antrag", business_key="A")
    task = case["tasks"][0]["id"]
    for name in ("fremd", "fremdadmin"):
        assert api("GET", "/tasks", as_=name).json()["items"] == []
        assert api("GET", "/instances", as_=name).json()["items"] == []
        assert api("GET", "/procedures", as_=name).json()["items"] == []
        for method, path in (
            ("GET", f"/tasks/{task}"),
            ("POST", f"/tasks/{task}/claim"),
            ("POST", f"/tasks/{task}/complete"),
            ("GET", f"/instances/{case['id']}"),
            ("GET", f"/instances/{case['id']}/history"),
            ("GET", "/procedures/antrag/bpmn"),
        ):
            assert code(api(method, path, as_=name)) == (404, "not-found"), (name, path)
    assert code(api("POST", f"/instances/{case['id']}/cancel", as_="fremdadmin")) == (404, "not-found")


def test_two_offices_may_use_the_same_key(api: Client) -> None:
    assert api.deploy(models.sequence()).json()["version"] == 1
    assert api.deploy(models.sequence(tasks=3), as_="fremdadmin").json()["version"] == 1
    assert len(api("GET", "/procedures/antrag/steps", as_="fremdadmin").json()["items"]) == 5
    assert len(api("GET", "/procedures/antrag/steps").json()["items"]) == 4


def test_demo_users_exist_on_this_machine_only(api: Client) -> None:
    from fastapi.testclient import TestClient

    app = api.raw.app
    away = TestClient(app, base_url="http://127.0.0.1", client=("10.0.0.7", 50000))
    assert away.get("/api/v1/tasks", auth=("clerk", "clerk")).status_code == 401
    bound = TestClient(app, base_url="http://10.0.0.1", client=("127.0.0.1", 50000))
    assert bound.get("/api/v1/tasks", auth=("clerk", "clerk")).status_code == 401
