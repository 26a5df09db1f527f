"""What is kept of a case, how long, and that the ledger bears its erasure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from bpm.service.retention import run_due
from bpm.store.tables import metadata
from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_people import attach

SECRET = "Kim-Beispiel-4711"


def done(api: Client, life: str | None = "P180D") -> str:
    """An ended case with something personal in every place that takes it."""
    model = models.sequence(tasks=1, groups="Kasse")
    if life is not None:
        space = b'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
        said = f'<process camunda:historyTimeToLive="{life}" '.encode()
        model = model.replace(b"<definitions ", b"<definitions " + space + b" ", b"camunda=" not in model)
        model = model.replace(b"<process ", said)
    api.deploy(model)
    answer = api(
        "POST",
        "/instances",
        {"procedure": "antrag", "business_key": SECRET, "variables": {"name": SECRET}},
        Idempotency_Key="start",
    )
    case = answer.json()
    task = case["tasks"][0]["id"]
    api("POST", f"/tasks/{task}/claim", as_="kasse")
    api("POST", f"/tasks/{task}/draft", {"variables": {"x": SECRET}}, as_="kasse")
    api("POST", f"/tasks/{task}/comments", {"text": SECRET}, as_="kasse")
    attach(api, task, SECRET.encode(), f"{SECRET}.txt")
    ended = api("POST", f"/tasks/{task}/complete", {"variables": {"y": SECRET}}, as_="kasse", Idempotency_Key="end")
    assert ended.json()["state"] == "completed"
    return str(case["id"])


def rows(api: Client) -> str:
    """Everything that stands in the database, but who deployed and who signed in."""
    found = []
    with api.raw.app.state.services.reading() as work:  # type: ignore[attr-defined]
        for table in metadata.sorted_tables:
            if table.name not in ("procedures", "procedure_files", "people"):
                found += [str(tuple(row)) for row in work.connection.execute(sql(f"SELECT * FROM {table.name}"))]
    return "\n".join(found)


def verified(api: Client) -> bool:
    found = api("GET", "/audit/verify", as_="auditor").json()
    return found["breaks"] == [] and found["checkpoints"]["breaks"] == []


def test_after_its_time_nothing_personal_is_left_and_the_ledger_verifies(api: Client) -> None:
    case = done(api)
    api.clock.advance(timedelta(minutes=5))
    api.run_background()
    api.clock.advance(timedelta(days=179))
    assert run_due(api.raw.app.state.services) == 0  # type: ignore[attr-defined]
    assert SECRET in rows(api)
    api.clock.advance(timedelta(days=2))
    assert run_due(api.raw.app.state.services) == 1  # type: ignore[attr-defined]
    assert run_due(api.raw.app.state.services) == 0  # type: ignore[attr-defined]
    left = rows(api)
    assert SECRET not in left
    assert "kasse" not in left
    after = api("GET", f"/instances/{case}").json()
    assert (after["state"], after["variables"], after["business_key"]) == ("completed", {}, None)
    assert after["erased_at"] is not None
    assert api("GET", f"/instances/{case}/history").json()["items"] == []
    api.clock.advance(timedelta(minutes=5))
    api.run_background()
    assert verified(api)


@pytest.mark.parametrize(
    ("life", "kept"), [(None, True), ("P10Y", True), ("bald", True), ("30", False), ("P1M", False)]
)
def test_only_what_a_procedure_says_ends_its_cases(api: Client, life: str | None, kept: bool) -> None:
    done(api, life)
    api.clock.advance(timedelta(days=40))
    run_due(api.raw.app.state.services)  # type: ignore[attr-defined]
    assert (SECRET in rows(api)) is kept


def test_the_data_protection_officer_archives_and_erases_ended_cases_only(api: Client) -> None:
    case = done(api)
    assert code(api("POST", f"/instances/{case}/erase", as_="clerk")) == (403, "forbidden")
    whole = api("GET", f"/instances/{case}/archive", as_="dpo").json()
    assert whole["case"]["variables"]["name"] == SECRET
    assert [one["text"] for one in whole["comments"]] == [SECRET]
    assert [one["name"] for one in whole["attachments"]] == [f"{SECRET}.txt"]
    erased = api("POST", f"/instances/{case}/erase", as_="dpo", Idempotency_Key="e")
    assert erased.status_code == 200
    assert api("POST", f"/instances/{case}/erase", as_="dpo", Idempotency_Key="e").content == erased.content
    assert code(api("POST", f"/instances/{case}/erase", as_="dpo")) == (409, "case-erased")
    assert code(api("GET", f"/instances/{case}/archive", as_="dpo")) == (409, "case-erased")
    running = api.start("antrag")["id"]
    assert code(api("POST", f"/instances/{running}/erase", as_="dpo")) == (409, "case-not-ended")
    assert SECRET not in rows(api)
    assert verified(api)


def test_old_keys_are_forgotten_and_young_ones_not(api: Client) -> None:
    api.deploy(models.sequence())
    body = {"procedure": "antrag"}
    first = api("POST", "/instances", body, Idempotency_Key="k").json()["id"]
    api.clock.advance(timedelta(days=29))
    run_due(api.raw.app.state.services)  # type: ignore[attr-defined]
    assert api("POST", "/instances", body, Idempotency_Key="k").json()["id"] == first
    api.clock.advance(timedelta(days=2))
    run_due(api.raw.app.state.services)  # type: ignore[attr-defined]
    assert api("POST", "/instances", body, Idempotency_Key="k").json()["id"] != first
