"""Signing in with tokens of an OpenID Connect issuer: what is accepted, what is refused, and sessions of browsers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from api.app import create_app
from api.issuer import Issuer
from bpm.clock import ManualClock
from bpm.errors import LichtungError
from bpm.settings import Settings
from tests import models
from tests.api.issuing import NOW, SYMMETRIC, TestIssuer, issuing


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture
def client(tmp_path: Path, issuer: TestIssuer) -> Iterator[TestClient]:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/t.db", data_dir=tmp_path, embedded_worker=False, oidc_issuer=issuer.address
    )
    app = create_app(settings, ManualClock(datetime.fromtimestamp(NOW, UTC)))
    # from elsewhere: with an issuer nothing depends on where a request comes from
    with TestClient(app, base_url="http://127.0.0.1", client=("10.0.0.7", 50000)) as client:
        yield client


def get(client: TestClient, token: str, path: str = "/tasks") -> Any:
    return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


def test_a_token_says_who_what_roles_and_whose_rows(client: TestClient, issuer: TestIssuer) -> None:
    assert get(client, issuer.token()).json() == {"items": [], "next": None}
    assert get(client, issuer.token(), "/incidents").status_code == 403
    owner = issuer.token(preferred_username="olga", roles=None, realm_access={"roles": ["process_owner", "x"]})
    files = {"files": ("m.bpmn", models.sequence(groups="Kasse"))}
    headers = {"Authorization": f"Bearer {owner}"}
    assert client.post("/api/v1/procedures", files=files, headers=headers).status_code == 201
    started = client.post("/api/v1/instances", json={"procedure": "antrag"}, headers=headers).json()
    assert [one["instance"] for one in get(client, issuer.token()).json()["items"]] == [started["id"]]
    assert get(client, issuer.token(groups=["/Bauamt"])).json()["items"] == []
    assert get(client, issuer.token(office="anderes", groups=["Kasse"])).json()["items"] == []
    assert get(client, issuer.token(roles=None)).status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another-service"},
        {"aud": None},
        {"exp": NOW - 31},
        {"exp": None},
        {"nbf": NOW + 31},
        {"city": None},
        {"office": ""},
        {"preferred_username": None, "sub": None},
        {"preferred_username": "kim\nadmin"},
    ],
    ids=lambda changed: "-".join(changed),
)
def test_a_token_that_does_not_fit_is_refused(client: TestClient, issuer: TestIssuer, changed: dict[str, Any]) -> None:
    refused = get(client, issuer.token(**changed))
    assert (refused.status_code, refused.json()["code"]) == (401, "not-signed-in")


def test_who_signed_decides_and_not_what_the_token_says_of_it(client: TestClient, issuer: TestIssuer) -> None:
    assert get(client, issuer.token()).status_code == 200
    stranger = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)
    body = issuer.token().split(".")[1]
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    head, _, signature = issuer.token().split(".")
    raised = base64.urlsafe_b64encode(b'{"roles":["admin"]}').decode().rstrip("=")
    for token in (
        issuer.token(stranger),
        issuer.token(SYMMETRIC, "HS256"),
        f"{unsigned}.{body}.",
        f"{head}.{raised}.{signature}",
        "x",
        "",
        "a.b.c",
        "ä",
    ):
        assert client.get("/api/v1/tasks", headers={"Authorization": f"Bearer {token}".encode()}).status_code == 401


def test_a_new_key_is_found_and_a_withdrawn_one_forgotten(client: TestClient, issuer: TestIssuer) -> None:
    clock: ManualClock = client.app.state.services.database.clock  # type: ignore[attr-defined]
    before = issuer.key
    assert get(client, issuer.token()).status_code == 200
    issuer.key = RSAKey.generate_key(2048, {"kid": "k2"}, private=True)
    issuer.published = [issuer.key]
    fresh = issuer.token(header={"kid": "k2"}, exp=NOW + 9000)
    try:
        asked = issuer.asked.count("/keys")
        assert [get(client, fresh).status_code for _ in range(3)] == [401, 401, 401]
        assert issuer.asked.count("/keys") == asked
        clock.advance(timedelta(seconds=31))
        assert get(client, fresh).status_code == 200
        assert get(client, issuer.token(before, exp=NOW + 9000)).status_code == 401
    finally:
        issuer.key, issuer.published = before, [before]


def test_demo_users_do_not_exist_beside_an_issuer(client: TestClient) -> None:
    assert client.get("/api/v1/tasks", auth=("admin", "admin")).status_code == 401
    local = TestClient(client.app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
    assert local.get("/api/v1/tasks", auth=("admin", "admin")).status_code == 401


def test_a_browser_signs_in_at_the_issuer_and_has_a_session(client: TestClient, issuer: TestIssuer) -> None:
    page = client.get("/anmelden?next=/aufgaben").text
    assert "Kennwort" not in page
    token = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": token, "next": "/aufgaben"}
    sent = client.post("/anmelden/weiter", data=form, follow_redirects=False).headers["location"]
    status, back = issuer.answer("/authorize", _query(sent), {})
    assert status == 302
    arrived = client.get(_local(back), follow_redirects=False)
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/aufgaben")
    assert client.get("/api/v1/tasks").status_code == 200
    assert client.get(_local(back), follow_redirects=False).status_code == 401


def test_a_sign_in_that_another_began_is_refused(client: TestClient, issuer: TestIssuer) -> None:
    token = client.get("/anmelden").text.split('name="csrf" value="')[1].split('"')[0]
    sent = client.post("/anmelden/weiter", data={"csrf": token}, follow_redirects=False).headers["location"]
    _, back = issuer.answer("/authorize", _query(sent), {})
    assert client.get(_local(back).replace("state=", "state=x"), follow_redirects=False).status_code == 401
    other = TestClient(client.app, base_url="http://127.0.0.1")
    assert other.get(_local(back), follow_redirects=False).status_code == 401
    assert client.get("/api/v1/tasks").status_code == 401


def test_people_who_signed_in_can_be_handed_tasks(client: TestClient, issuer: TestIssuer) -> None:
    owner = {"Authorization": f"Bearer {issuer.token(preferred_username='olga', roles=['process_owner'])}"}
    client.post("/api/v1/procedures", files={"files": ("m.bpmn", models.sequence(groups="Kasse"))}, headers=owner)
    started = client.post("/api/v1/instances", json={"procedure": "antrag"}, headers=owner).json()
    path = f"/api/v1/tasks/{started['tasks'][0]['id']}/delegate"
    assert client.post(path, json={"assignee": "kim"}, headers=owner).json()["code"] == "no-such-person"
    get(client, issuer.token())
    assert client.post(path, json={"assignee": "kim"}, headers=owner).json()["assignee"] == "kim"


def test_an_issuer_over_an_open_line_or_out_of_reach_is_told() -> None:
    with pytest.raises(LichtungError, match="https"):
        Issuer("http://issuer.example", "lichtung")
    with pytest.raises(LichtungError, match="cannot be asked"):
        Issuer("http://127.0.0.1:9", "lichtung").actor("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.eA", NOW)


def _query(address: str) -> dict[str, str]:
    from urllib.parse import parse_qs

    return {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}


def _local(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
