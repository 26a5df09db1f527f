"""A suspended case stands still, whoever pushes, and goes on where it stood."""

from __future__ import annotations

from datetime import timedelta

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_machines import LOCK

STANDS = (409, "case-suspended")


def suspend(api: Client, case: str, act: str = "suspend", **headers: str) -> object:
    return api("POST", f"/instances/{case}/{act}", {"reason": "Anhörung"}, as_="leitung", **headers)


def test_a_suspended_case_takes_no_work_and_lists_and_history_say_so(api: Client) -> None:
    api.deploy(models.sequence(tasks=1))
    case = api.start("antrag")
    task = case["tasks"][0]["id"]
    stopped = suspend(api, case["id"], Idempotency_Key="a").json()  # type: ignore[attr-defined]
    assert (stopped["state"], stopped["revision"], stopped["tasks"][0]["suspended"]) == ("suspended", 2, True)
    assert suspend(api, case["id"], Idempotency_Key="a").json() == stopped  # type: ignore[attr-defined]
    assert code(suspend(api, case["id"])) == STANDS
    for act in ("claim", "complete"):
        assert code(api("POST", f"/tasks/{task}/{act}", {} if act == "complete" else None)) == STANDS
    assert code(api("POST", f"/tasks/{task}/error", {"code": "X"})) == STANDS
    assert [one["suspended"] for one in api("GET", "/tasks").json()["items"]] == [True]
    assert api("GET", f"/tasks/{task}").json()["suspended"] is True
    assert [one["id"] for one in api("GET", "/instances?state=suspended").json()["items"]] == [case["id"]]
    assert suspend(api, case["id"], "resume").json()["state"] == "active"  # type: ignore[attr-defined]
    assert code(suspend(api, case["id"], "resume")) == (409, "case-not-suspended")
    assert [one["suspended"] for one in api("GET", "/tasks").json()["items"]] == [False]
    assert api("POST", f"/tasks/{task}/complete", {}).json()["state"] == "completed"
    lines = api("GET", f"/instances/{case['id']}/history").json()["items"]
    commands = [(line["kind"], line["actor"], line["detail"]) for line in lines if line["position"] == 0]
    assert commands[1] == ("case-suspended", "leitung", {"reason": "Anhörung"})
    assert commands[2][0] == "case-resumed"
    assert api("GET", "/audit/verify", as_="auditor").json()["entries"] == 4
    assert api("GET", "/audit/verify", as_="auditor").json()["breaks"] == []


def test_only_who_oversees_suspends_and_only_what_was_seen(api: Client) -> None:
    api.deploy(models.sequence())
    path = f"/instances/{api.start('antrag')['id']}"
    for act in ("suspend", "resume"):
        assert code(api("POST", f"{path}/{act}")) == (403, "forbidden")
        assert code(api("POST", f"{path}/{act}", as_="fremdadmin")) == (404, "not-found")
        assert code(api("POST", f"{path}/{act}", as_="owner", If_Match='"7"')) == (412, "stale")
    assert api("POST", f"{path}/suspend", as_="owner").status_code == 200
    assert api("POST", f"{path}/cancel", as_="owner").json()["state"] == "cancelled"
    assert code(api("POST", f"{path}/suspend", as_="owner")) == (409, "case-ended")


def test_timers_wait_and_fire_after_the_resumption(api: Client) -> None:
    api.deploy(models.with_timer())
    case = api.start("frist")["id"]
    suspend(api, case)
    api.clock.advance(timedelta(hours=2))
    assert api.run_background() == 0
    assert api("GET", f"/instances/{case}").json()["state"] == "suspended"
    suspend(api, case, "resume")
    assert api.run_background() == 1
    assert api("GET", f"/instances/{case}").json()["ends"] == ["abgelaufen"]


def test_jobs_of_a_suspended_case_are_not_handed_out_and_results_not_taken(api: Client) -> None:
    api.deploy(models.with_job())
    case = api.start("auftrag")["id"]
    suspend(api, case)
    assert api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"] == []
    suspend(api, case, "resume")
    [job] = api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"]
    suspend(api, case)
    path, token = f"/jobs/{job['id']}", {"token": job["token"]}
    assert code(api("POST", f"{path}/complete", token, as_="worker")) == STANDS
    assert code(api("POST", f"{path}/error", {**token, "code": "WEG"}, as_="worker")) == STANDS
    assert api("POST", f"{path}/extend", {**token, "lock_s": 600}, as_="worker").status_code == 200
    suspend(api, case, "resume")
    assert api("POST", f"{path}/complete", token, as_="worker").status_code == 200


def test_messages_are_refused_or_kept_and_a_missed_signal_is_on_record(api: Client) -> None:
    api.deploy(models.with_message())
    api.deploy(models.with_message("ruf", "signal", "Alarm"))
    waiting, calling = api.start("post")["id"], api.start("ruf")["id"]
    suspend(api, waiting)
    suspend(api, calling)
    assert code(api("POST", "/messages", {"name": "Zahlung"})) == STANDS
    assert api("POST", "/signals", {"name": "Alarm"}).json() == {"instances": []}
    lines = api("GET", f"/instances/{calling}/history").json()["items"]
    assert (lines[-1]["kind"], lines[-1]["detail"]) == ("signal-missed", {"name": "Alarm"})
    api.deploy(models.sender(name="Zahlung"))
    api.start("absender")
    api.clock.advance(timedelta(hours=30))
    api.run_background()
    assert api("GET", "/incidents", as_="owner").json()["items"] == []
    suspend(api, waiting, "resume")
    api.clock.advance(timedelta(minutes=1))
    assert api.run_background() == 1
    assert api("GET", f"/instances/{waiting}").json()["state"] == "completed"
