"""A finding that people put aside, with a reason, stays aside when the procedure comes in anew."""

from __future__ import annotations

import pytest

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_sessions import sign_in, token_of

WHY = "Der Ausschuss hat es am 3. März so beschlossen <b>"
NEVER = '<userTask id="nie"/><userTask id="nirgends"/>' + models.flows(("nie", "nie"), ("nirgends", "nirgends"))
BODY = '<startEvent id="start"/><endEvent id="ende"/><userTask id="t1" name="{}"/>' + models.flows(
    ("start", "t1"), ("t1", "ende")
)


def version(name: str) -> bytes:
    """A procedure with two steps that nobody ever comes to; `name` makes it another version."""
    return models.document("antrag", BODY.format(name) + NEVER)


def asked(api: Client) -> list[str]:
    return [one["fingerprint"] for one in api("GET", "/procedures/antrag/findings", as_="analyst").json()["findings"]]


def test_a_dismissal_survives_a_new_version_and_can_be_taken_back(api: Client) -> None:
    found = api.deploy(version("Prüfen")).json()["findings"]
    assert [one["code"] for one in found] == ["FL04", "FL04"]
    first, second = (one["fingerprint"] for one in found)
    path = f"/procedures/antrag/findings/{first}/dismissal"
    made = api("POST", path, {"reason": WHY}, as_="analyst", Idempotency_Key="d")
    assert made.status_code == 201
    assert api("POST", path, {"reason": WHY}, as_="analyst", Idempotency_Key="d").content == made.content
    assert asked(api) == [second]
    again = api.deploy(version("Noch einmal anders")).json()
    assert again["version"] == 2
    assert [one["fingerprint"] for one in again["findings"]] == [second]
    aside = api("GET", "/procedures/antrag/findings", as_="analyst").json()["dismissed"]
    assert [(one["fingerprint"], one["dismissal"]["reason"], one["dismissal"]["author"]) for one in aside] == [
        (first, WHY, "analyst")
    ]
    assert aside[0]["dismissal"]["created_at"][:10] == "2026-03-02"
    assert api("DELETE", path, as_="owner").status_code == 200
    assert asked(api) == [first, second]
    assert code(api("DELETE", path, as_="owner")) == (404, "not-dismissed")
    told = api("GET", "/procedures/antrag/dismissals", as_="auditor").json()["items"]
    assert [(one["dismissed"], one["author"]) for one in told] == [(True, "analyst"), (False, "owner")]


@pytest.mark.parametrize(
    ("name", "reason", "expected"),
    [
        ("analyst", "   ", (422, "empty-reason")),
        ("clerk", WHY, (403, "forbidden")),
        ("auditor", WHY, (403, "forbidden")),
        ("fremdadmin", WHY, (404, "not-found")),
    ],
)
def test_nobody_dismisses_without_a_reason_or_without_leave(
    api: Client, name: str, reason: str, expected: tuple[int, str]
) -> None:
    first = api.deploy(version("Prüfen")).json()["findings"][0]["fingerprint"]
    assert code(api("POST", f"/procedures/antrag/findings/{first}/dismissal", {"reason": reason}, as_=name)) == expected
    assert len(asked(api)) == 2


def test_what_is_not_found_cannot_be_dismissed(api: Client) -> None:
    api.deploy(version("Prüfen"))
    path = "/procedures/antrag/findings/0123456789abcdef/dismissal"
    assert code(api("POST", path, {"reason": WHY}, as_="analyst")) == (404, "no-such-finding")


def test_a_question_is_put_aside_on_its_card_and_asked_again(api: Client) -> None:
    first = api.deploy(version("Prüfen")).json()["findings"][0]["fingerprint"]
    sign_in(api, "analyst")
    page = api.raw.get("/verfahren/antrag")
    form = f"/verfahren/antrag/fragen/{first}/beiseite"
    assert form in page.text
    api.raw.post(form, data={"csrf": token_of(api), "grund": WHY})
    after = api.raw.get("/verfahren/antrag").text
    assert form not in after
    assert "Beiseitegelegte Fragen" in after
    assert WHY.replace("<", "&lt;").replace(">", "&gt;") in after
    api.raw.post(f"/verfahren/antrag/fragen/{first}/wieder", data={"csrf": token_of(api)})
    assert form in api.raw.get("/verfahren/antrag").text


def test_whoever_may_not_dismiss_sees_no_form(api: Client) -> None:
    api.deploy(version("Prüfen"))
    assert "/beiseite" not in api.raw.get("/verfahren/antrag").text
