"""Remarks on a task: with the case, for those whose work it is, in no chain that must stay."""

from __future__ import annotations

import pytest
from sqlalchemy import text as sql

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_delegating import task_of
from tests.api.test_sessions import sign_in, token_of

REMARK = "Rückruf <script>alert(1)</script> erbeten"


def test_a_comment_is_kept_with_who_and_when_and_its_text_nowhere_else(api: Client) -> None:
    case, task = task_of(api)
    path, body = f"/tasks/{task}/comments", {"text": REMARK}
    first = api("POST", path, body, as_="kasse", Idempotency_Key="c")
    assert first.status_code == 201
    assert api("POST", path, body, as_="kasse", Idempotency_Key="c").content == first.content
    api("POST", path, {"text": "erledigt"}, as_="leitung")
    items = api("GET", path, as_="kasse").json()["items"]
    assert [(one["author"], one["text"]) for one in items] == [("kasse", REMARK), ("leitung", "erledigt")]
    assert (items[0]["instance"], items[0]["task"], items[0]["created_at"][:10]) == (case, task, "2026-03-02")
    lines = api("GET", f"/instances/{case}/history").json()["items"]
    told = [one["detail"] for one in lines if one["kind"] == "comment-added"]
    assert told == [{"task": task, "comment": one["id"]} for one in items]
    with api.raw.app.state.services.reading() as work:  # type: ignore[attr-defined]
        for table in ("ledger", "history"):
            rows = work.connection.execute(sql(f"SELECT * FROM {table}")).all()
            assert len(rows) > 2
            assert "Rückruf" not in str(rows)
    assert api("GET", "/audit/verify", as_="auditor").json()["breaks"] == []


def test_done_tasks_may_be_commented_but_ended_cases_not(api: Client) -> None:
    api.deploy(models.sequence())
    case = api.start("antrag")
    path = f"/tasks/{case['tasks'][0]['id']}"
    after = api("POST", f"{path}/complete", {}).json()
    assert api("POST", f"{path}/comments", {"text": "nachgereicht"}).status_code == 201
    api("POST", f"/instances/{case['id']}/suspend", as_="owner")
    assert api("POST", f"{path}/comments", {"text": "ruht"}).status_code == 201
    api("POST", f"/instances/{case['id']}/resume", as_="owner")
    api("POST", f"/tasks/{after['tasks'][0]['id']}/complete", {})
    assert code(api("POST", f"{path}/comments", {"text": "zu spät"})) == (409, "case-ended")
    assert len(api("GET", f"{path}/comments").json()["items"]) == 2


@pytest.mark.parametrize(
    ("name", "read", "write"),
    [
        ("kasse", (403, "not-a-candidate"), (403, "not-a-candidate")),
        ("auditor", (403, "forbidden"), (403, "forbidden")),
        ("fremd", (404, "not-found"), (404, "not-found")),
        ("owner", (200, ""), (201, "")),
    ],
)
def test_only_whose_work_it_is_reads_and_writes(
    api: Client, name: str, read: tuple[int, str], write: tuple[int, str]
) -> None:
    _, task = task_of(api, groups="Bauamt", as_=None)
    path = f"/tasks/{task}/comments"
    assert code(api("GET", path, as_=name)) == read
    assert code(api("POST", path, {"text": "x"}, as_=name)) == write


def test_a_comment_says_something_and_no_book(api: Client) -> None:
    _, task = task_of(api)
    path = f"/tasks/{task}/comments"
    assert code(api("POST", path, {"text": " \n"})) == (422, "empty-comment")
    for text in ("", "x" * 2001):
        assert code(api("POST", path, {"text": text})) == (422, "invalid-request")


def test_pages_show_comments_escaped_and_take_new_ones(api: Client) -> None:
    case, task = task_of(api)
    sign_in(api)
    form = {"csrf": token_of(api), "key": "k", "text": REMARK}
    for _ in range(2):
        sent = api.raw.post(f"/aufgaben/{task}/anmerkungen", data=form, follow_redirects=False)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/aufgaben/{task}#anmerkungen")
    for page in (f"/aufgaben/{task}", f"/faelle/{case}"):
        shown = api.raw.get(page).text
        assert shown.count("Rückruf &lt;script&gt;") == 1
        assert "<script>alert" not in shown
        assert "clerk, " in shown
    long = api.raw.post(f"/aufgaben/{task}/anmerkungen", data={**form, "text": "x" * 2001}, follow_redirects=False)
    assert long.status_code == 422
