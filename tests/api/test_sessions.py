"""Sessions of pages: a signed cookie, a token for commands, an end."""

from __future__ import annotations

from datetime import timedelta

from api.deps import COOKIE, CSRF_HEADER
from tests import models
from tests.api.conftest import Client


def sign_in(api: Client, name: str = "clerk", password: str | None = None) -> int:
    """Fill in the page; returns its status. The browser keeps the cookie."""
    page = api.raw.get("/anmelden").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": token, "name": name, "password": password or name}
    status: int = api.raw.post("/anmelden", data=form, follow_redirects=False).status_code
    return status


def token_of(api: Client) -> str:
    page: str = api.raw.get("/anmelden").text
    return page.split('name="csrf" value="')[1].split('"')[0]


def test_a_signed_in_browser_reads_and_with_its_token_acts(api: Client) -> None:
    api.deploy(models.sequence())
    assert sign_in(api) == 303
    assert api.raw.get("/api/v1/tasks").status_code == 200
    body = {"procedure": "antrag"}
    refused = api.raw.post("/api/v1/instances", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert api.raw.post("/api/v1/instances", json=body, headers={CSRF_HEADER: "x"}).status_code == 403
    assert api.raw.post("/api/v1/instances", json=body, headers={CSRF_HEADER: token_of(api)}).status_code == 201


def test_a_wrong_password_opens_nothing(api: Client) -> None:
    assert sign_in(api, "clerk", "wrong") == 401
    assert sign_in(api, "niemand") == 401
    assert api.raw.get("/api/v1/tasks").status_code == 401


def test_a_session_ends(api: Client) -> None:
    sign_in(api)
    api.clock.advance(timedelta(hours=10, seconds=1))
    assert api.raw.get("/api/v1/tasks").status_code == 401


def test_a_cookie_that_was_changed_is_nobodys(api: Client) -> None:
    sign_in(api)
    cookie = api.raw.cookies[COOKIE]
    flipped = cookie[:-1] + ("0" if cookie[-1] != "0" else "1")
    renamed = "YWRtaW4=" + cookie[cookie.index(".") :]
    for forged in (flipped, renamed, "x", "ä.1"):
        api.raw.cookies.clear()
        sent = {"Cookie": f"{COOKIE}={forged}".encode()}
        assert api.raw.get("/api/v1/tasks", headers=sent).status_code == 401, forged


def test_signing_in_begins_a_new_session(api: Client) -> None:
    api.raw.get("/anmelden")
    before = api.raw.cookies[COOKIE]
    sign_in(api)
    assert api.raw.cookies[COOKIE] != before


def test_a_session_is_worth_nothing_elsewhere(api: Client) -> None:
    from fastapi.testclient import TestClient

    sign_in(api)
    away = TestClient(api.raw.app, base_url="http://127.0.0.1", client=("10.0.0.7", 50000))
    away.cookies.set(COOKIE, api.raw.cookies[COOKIE])
    assert away.get("/api/v1/tasks").status_code == 401
