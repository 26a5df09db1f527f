"""What somebody typed without completing the task waits for them, and nowhere else."""

from __future__ import annotations

import json

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_sessions import sign_in, token_of

FORM = json.dumps(
    {
        "type": "default",
        "components": [
            {"type": "textfield", "key": "name", "label": "Name", "validate": {"required": True}},
            {"type": "textarea", "key": "grund", "label": "Grund"},
        ],
    }
).encode()


def open_task(api: Client) -> tuple[str, str]:
    """A case and its task with a form, taken by clerk."""
    model = models.sequence(tasks=1).replace(b'id="t1"', b'id="t1" camunda:formKey="forms/antrag.json"')
    api.deploy(("antrag.bpmn", model), ("forms/antrag.json", FORM))
    case = api.start("antrag")
    task = case["tasks"][0]["id"]
    assert api("POST", f"/tasks/{task}/claim").status_code == 200
    return case["id"], task


def test_a_draft_is_kept_with_the_task_replaced_and_gone_when_it_ends(api: Client) -> None:
    case, task = open_task(api)
    path = f"/tasks/{task}/draft"
    body = {"variables": {"grund": "Umzug nach 0.10"}}
    saved = api("POST", path, body, Idempotency_Key="d")
    assert (saved.status_code, saved.json()["revision"], "draft" in saved.json()) == (200, 3, False)
    assert api("POST", path, body, Idempotency_Key="d").content == saved.content
    shown = api("GET", f"/tasks/{task}").json()
    assert (shown["draft"], shown["variables"], shown["revision"]) == (body["variables"], {}, 3)
    assert api("GET", f"/instances/{case}").json()["variables"] == {}
    assert code(api("POST", path, {"variables": {}}, If_Match='"2"')) == (412, "stale")
    api("POST", path, {"variables": {"name": "Kim"}}, If_Match='"3"')
    assert api("GET", f"/tasks/{task}").json()["draft"] == {"name": "Kim"}
    # a draft answers nothing by itself
    assert code(api("POST", f"/tasks/{task}/complete", {})) == (422, "form-answers")
    ended = api("POST", f"/tasks/{task}/complete", {"variables": {"name": "Kim"}}).json()
    assert ended["variables"] == {"name": "Kim"}
    assert api("GET", f"/tasks/{task}").json()["draft"] is None
    assert code(api("POST", path, body)) == (409, "task-completed")
    history = api("GET", f"/instances/{case}/history")
    assert [one["kind"] for one in history.json()["items"]].count("task-draft-saved") == 2
    assert "Umzug" not in history.text
    assert api("GET", "/audit/verify", as_="auditor").json()["breaks"] == []


def test_an_empty_draft_drops_it_and_so_does_the_end_of_the_case(api: Client) -> None:
    case, task = open_task(api)
    for body in ({"grund": "x"}, {}):
        api("POST", f"/tasks/{task}/draft", {"variables": body})
    assert api("GET", f"/tasks/{task}").json()["draft"] is None
    api("POST", f"/instances/{case}/suspend", as_="owner")
    assert api("POST", f"/tasks/{task}/draft", {"variables": {"grund": "y"}}).json()["suspended"] is True
    api("POST", f"/instances/{case}/cancel", as_="owner")
    assert api("GET", f"/tasks/{task}").json()["draft"] is None


def test_only_whose_work_it_is_drafts(api: Client) -> None:
    _, task = open_task(api)
    path, body = f"/tasks/{task}/draft", {"variables": {"grund": "x"}}
    assert code(api("POST", path, body, as_="clerk2")) == (409, "task-held")
    assert code(api("POST", path, body, as_="owner")) == (403, "forbidden")
    assert code(api("POST", path, body, as_="fremd")) == (404, "not-found")
    assert code(api("POST", path)) == (422, "invalid-request")
    api("POST", f"/tasks/{task}/unclaim")
    assert code(api("POST", path, body, as_="kasse")) == (403, "not-a-candidate")


def test_the_page_saves_a_draft_and_fills_it_in_again(api: Client) -> None:
    _, task = open_task(api)
    sign_in(api)
    page = f"/aufgaben/{task}"
    assert f'formaction="{page}/entwurf"' in api.raw.get(page).text
    form = {"csrf": token_of(api), "key": "k", "name": "", "grund": "Umzug <b>"}
    saved = api.raw.post(f"{page}/entwurf", data=form, follow_redirects=False)
    assert (saved.status_code, saved.headers["location"]) == (303, page)
    shown = api.raw.get(page).text
    assert "Umzug &lt;b&gt;" in shown
    assert "Der gespeicherte Entwurf ist eingesetzt." in shown
    done = api.raw.post(f"{page}/erledigen", data={**form, "name": "Kim"}, follow_redirects=False)
    assert done.status_code == 303
    assert api.raw.post(f"{page}/entwurf", data=form).status_code == 409
