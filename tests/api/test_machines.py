"""Jobs, messages, signals, timers, incidents: what goes on without a clerk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code

LOCK = {"topic": "melderegister", "worker": "w1", "max": 5, "lock_s": 60}


def test_a_job_is_locked_done_and_recorded_once(api: Client) -> None:
    api.deploy(models.with_job())
    case = api.start("auftrag", business_key="A", variables={"name": "Kim"})
    assert [job["topic"] for job in case["jobs"]] == ["melderegister"]
    [job] = api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"]
    assert (job["variables"], job["business_key"], job["token"]) == ({"name": "Kim"}, "A", 1)
    assert api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"] == []
    path, body = f"/jobs/{job['id']}/complete", {"token": 1, "variables": {"gemeldet": True}}
    assert api("POST", path, body, as_="worker").json()["instance_state"] == "active"
    assert code(api("POST", path, body, as_="worker")) == (409, "job-completed")
    after = api("GET", f"/instances/{case['id']}").json()
    assert after["variables"]["gemeldet"] is True
    assert [task["element"] for task in after["tasks"]] == ["pruefen"]


def test_a_worker_may_wait_for_the_first_job_and_gets_it_when_it_comes(api: Client) -> None:
    api.deploy(models.with_job())
    assert api("POST", "/jobs/lock", {**LOCK, "wait_s": 0.3}, as_="worker").json()["items"] == []
    with ThreadPoolExecutor(1) as others:
        asked = others.submit(api, "POST", "/jobs/lock", {**LOCK, "wait_s": 30}, as_="worker")
        case = api.start("auftrag")
        [job] = asked.result(timeout=20).json()["items"]
    assert job["instance"] == case["id"]
    assert api("POST", "/jobs/lock", {**LOCK, "wait_s": 61}, as_="worker").status_code == 422


def test_who_comes_back_after_the_lock_is_too_late(api: Client) -> None:
    api.deploy(models.with_job())
    api.start("auftrag")
    [old] = api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"]
    api.clock.advance(timedelta(seconds=61))
    [new] = api("POST", "/jobs/lock", {**LOCK, "worker": "w2"}, as_="worker").json()["items"]
    assert (new["id"], new["token"]) == (old["id"], 2)
    path = f"/jobs/{old['id']}"
    assert code(api("POST", f"{path}/complete", {"token": 1}, as_="worker")) == (409, "stale-token")
    assert code(api("POST", f"{path}/extend", {"token": 1, "lock_s": 9}, as_="worker")) == (409, "stale-token")
    assert api("POST", f"{path}/extend", {"token": 2, "lock_s": 90}, as_="worker").status_code == 200
    assert api("POST", f"{path}/complete", {"token": 2}, as_="worker").status_code == 200


def test_a_job_that_keeps_failing_becomes_an_incident_and_can_be_retried(api: Client) -> None:
    api.deploy(models.with_job())
    api.start("auftrag")
    for left in (2, 1, 0):
        [job] = api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"]
        body = {"token": job["token"], "error": "Register antwortet nicht"}
        assert api("POST", f"/jobs/{job['id']}/fail", body, as_="worker").json()["retries"] == left
    assert api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"] == []
    [incident] = api("GET", "/incidents", as_="owner").json()["items"]
    assert (incident["code"], incident["element"]) == ("job-failed", "abfrage")
    path = f"/incidents/{incident['id']}/retry"
    assert api("POST", path, as_="owner").json()["state"] == "retried"
    assert code(api("POST", path, as_="owner")) == (409, "incident-closed")
    assert len(api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"]) == 1
    assert api("GET", "/audit/verify", as_="auditor").json()["breaks"] == []


def test_an_error_of_a_job_takes_the_way_the_model_draws(api: Client) -> None:
    api.deploy(models.with_job())
    case = api.start("auftrag")
    [job] = api("POST", "/jobs/lock", LOCK, as_="worker").json()["items"]
    body = {"token": job["token"], "code": "WEG"}
    assert api("POST", f"/jobs/{job['id']}/error", body, as_="worker").json()["instance_state"] == "completed"
    assert api("GET", f"/instances/{case['id']}").json()["ends"] == ["gestoert"]


def test_a_message_finds_the_one_case_that_waits(api: Client) -> None:
    api.deploy(models.with_message())
    first = api.start("post", business_key="A", variables={"nummer": 1})
    second = api.start("post", business_key="B", variables={"nummer": 2})
    message = {"name": "Zahlung", "variables": {"betrag": 30}}
    assert code(api("POST", "/messages", message)) == (409, "ambiguous-message")
    assert api("POST", "/messages", {**message, "business_key": "A"}).json()["instance"] == first["id"]
    answer = api("POST", "/messages", {**message, "correlation": {"nummer": 2}}).json()
    assert answer == {"instance": second["id"], "state": "completed"}
    assert code(api("POST", "/messages", message)) == (404, "nobody-waits")
    assert api("GET", f"/instances/{first['id']}").json()["variables"]["betrag"] == 30


def test_a_message_starts_the_procedure_it_is_drawn_for(api: Client) -> None:
    api.deploy(models.message_start())
    answer = api("POST", "/messages", {"name": "Eingang", "variables": {"von": "Kim"}}).json()
    case = api("GET", f"/instances/{answer['instance']}").json()
    assert (case["variables"], [task["element"] for task in case["tasks"]]) == ({"von": "Kim"}, ["lesen"])


def test_a_sent_message_arrives_after_the_commit(api: Client) -> None:
    api.deploy(models.sender())
    api.deploy(models.message_start())
    assert api.start("absender", business_key="A")["state"] == "completed"
    assert api("GET", "/instances?procedure=eingang").json()["items"] == []
    assert api.run_background() == 1
    assert api.run_background() == 0
    [taken] = api("GET", "/instances?procedure=eingang").json()["items"]
    assert (taken["business_key"], taken["state"]) == ("A", "active")


def test_a_sent_message_that_nobody_takes_becomes_an_incident(api: Client) -> None:
    api.deploy(models.sender())
    api.start("absender")
    assert api.run_background() == 0
    api.clock.advance(timedelta(hours=25))
    api.run_background()
    [incident] = api("GET", "/incidents", as_="owner").json()["items"]
    assert incident["code"] == "nobody-waits"
    api.deploy(models.message_start())
    api("POST", f"/incidents/{incident['id']}/retry", as_="owner")
    assert api.run_background() == 1


def test_a_signal_reaches_all_that_wait(api: Client) -> None:
    api.deploy(models.with_message(kind="signal", name="Feierabend"))
    cases = [api.start("post")["id"] for _ in range(3)]
    reached = api("POST", "/signals", {"name": "Feierabend"}).json()["instances"]
    assert sorted(reached) == sorted(cases)
    assert api("POST", "/signals", {"name": "Feierabend"}).json()["instances"] == []
    assert {api("GET", f"/instances/{one}").json()["state"] for one in cases} == {"completed"}


def test_a_timer_fires_once_and_never_early(api: Client) -> None:
    api.deploy(models.with_timer())
    case = api.start("frist")
    assert case["timers"][0]["due"] == "2026-03-02T10:00:00+00:00"
    api.clock.advance(timedelta(minutes=59, seconds=59))
    assert api.run_background() == 0
    api.clock.advance(timedelta(seconds=1))
    assert api.run_background() == 1
    assert api.run_background() == 0
    after = api("GET", f"/instances/{case['id']}").json()
    assert (after["state"], after["ends"], after["tasks"]) == ("completed", ["abgelaufen"], [])
    assert code(api("POST", f"/tasks/{case['tasks'][0]['id']}/complete", {})) == (409, "task-cancelled")


def test_a_time_without_an_offset_is_the_time_of_the_city(api: Client) -> None:
    at_eight = models.with_timer("ortszeit").replace(
        b"<timeDuration>PT1H</timeDuration>", b"<timeDate>2026-07-01T08:00:00</timeDate>"
    )
    api.deploy(at_eight)
    assert api.start("ortszeit")["timers"][0]["due"] == "2026-07-01T06:00:00+00:00"


def test_a_timer_of_a_finished_task_never_fires(api: Client) -> None:
    api.deploy(models.with_timer())
    case = api.start("frist")
    api("POST", f"/tasks/{case['tasks'][0]['id']}/complete", {})
    api.clock.advance(timedelta(hours=2))
    assert api.run_background() == 0
    assert api("GET", f"/instances/{case['id']}").json()["ends"] == ["ende"]
