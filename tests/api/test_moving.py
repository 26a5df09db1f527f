"""Cases are moved to another version or refused with the reason, never changed silently, and then each ends."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_sessions import sign_in, token_of
from tests.models import document, flows
from tests.proof import Proof, size

CASES = size(11, 50, 200)
"""How many cases are started; most of them wait somewhere when they are moved."""


def office(*, with_second_look: bool) -> bytes:
    """An application: checked beside a register query, perhaps looked at twice, a message awaited with a deadline."""
    body = (
        '<startEvent id="start"/><parallelGateway id="teilen"/><userTask id="pruefen" name="Antrag prüfen"/>'
        '<serviceTask id="abfrage" camunda:type="external" camunda:topic="= register"/><parallelGateway id="sammeln"/>'
        '<eventBasedGateway id="warten"/><intermediateCatchEvent id="post"><messageEventDefinition messageRef="ref"/>'
        '</intermediateCatchEvent><intermediateCatchEvent id="frist"><timerEventDefinition>'
        "<timeDuration>P30D</timeDuration></timerEventDefinition></intermediateCatchEvent>"
        '<subProcess id="erlass"><userTask id="schreiben"/><userTask id="siegeln"/>'
        + flows(("schreiben", "siegeln"))
        + '</subProcess><boundaryEvent id="mahnen" attachedToRef="erlass" cancelActivity="false"><timerEventDefinition>'
        "<timeDuration>P7D</timeDuration></timerEventDefinition></boundaryEvent>"
        '<userTask id="anrufen"/><endEvent id="ende"/><endEvent id="gemahnt"/>'
    )
    pairs = [("start", "teilen"), ("teilen", "pruefen"), ("teilen", "abfrage"), ("pruefen", "sammeln")]
    pairs += [("abfrage", "sammeln"), ("warten", "post"), ("warten", "frist"), ("post", "erlass"), ("frist", "erlass")]
    pairs += [("erlass", "ende"), ("mahnen", "anrufen"), ("anrufen", "gemahnt")]
    if with_second_look:
        body += '<userTask id="zweitblick" name="Zweiter Blick"/>'
        pairs += [("sammeln", "zweitblick"), ("zweitblick", "warten")]
    else:
        pairs += [("sammeln", "warten")]
    return document("amt", body + flows(*pairs), '<message id="ref" name="Zahlung"/>')


def step(api: Client, case: dict[str, Any], rng: random.Random) -> None:
    """One thing that can happen to the case."""
    moves = [("task", task["id"]) for task in case["tasks"]] + [("job", job["topic"]) for job in case["jobs"]]
    moves += [("message", one["name"]) for one in case["subscriptions"]]
    kind, what = rng.choice(moves)
    if kind == "task":
        assert api("POST", f"/tasks/{what}/complete", {}, as_="admin").status_code == 200
    elif kind == "message":
        body = {"name": what, "business_key": case["business_key"], "variables": {}}
        assert api("POST", "/messages", body, as_="admin").status_code < 300
    else:
        job = api("POST", "/jobs/lock", {"topic": what, "worker": "w"}, as_="worker").json()["items"][0]
        done = api("POST", f"/jobs/{job['id']}/complete", {"token": job["token"]}, as_="worker")
        assert done.status_code == 200


def see(api: Client, id: str) -> dict[str, Any]:
    found: dict[str, Any] = api("GET", f"/instances/{id}", as_="admin").json()
    return found


def stands(case: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(case["tokens"]))


def cases_at_every_wait_state(api: Client, number: int) -> list[dict[str, Any]]:
    found = []
    for seed in range(number):
        rng = random.Random(seed)
        case = api.start("amt", business_key=f"f{seed}", variables={"register": f"r{seed}"})
        for _ in range(seed % 7):
            case = see(api, case["id"])
            if case["state"] == "active":
                step(api, case, rng)
        found.append(see(api, case["id"]))
    return [case for case in found if case["state"] == "active"]


def finish(api: Client, id: str) -> str:
    rng = random.Random(id)
    for _ in range(20):
        case = see(api, id)
        if case["state"] != "active":
            break
        step(api, case, rng)
    return str(see(api, id)["state"])


def migrate(api: Client, mode: str, **more: Any) -> Any:
    key = {"Idempotency_Key": more.pop("key")} if "key" in more else {}
    body = {"mode": mode, "procedure": "amt", "source": 1, **more}
    return api("POST", "/migrations", body, as_="owner", **key)


def test_cases_at_every_wait_state_are_moved_or_refused_and_then_each_ends(api: Client, proof: Proof) -> None:
    api.deploy(office(with_second_look=True))
    cases = cases_at_every_wait_state(api, CASES)
    assert len({stands(case) for case in cases}) >= 6
    api.deploy(office(with_second_look=False))
    second = [case["id"] for case in cases if "zweitblick" in case["tokens"]]
    plan = migrate(api, "plan").json()
    assert [one["element"] for one in plan["plan"] if one["becomes"] == "refused"] == ["zweitblick"]
    assert plan["items"] == []
    checked = migrate(api, "validate").json()
    assert {item["result"] for item in checked["items"]} == {"movable", "refused"}
    assert [see(api, case["id"]) for case in cases] == cases
    done = migrate(api, "execute", key="k", reason="Zweiter Blick entfällt").json()
    assert migrate(api, "execute", key="k", reason="Zweiter Blick entfällt").json() == done
    assert sorted(item["instance"] for item in done["items"] if item["result"] == "refused") == sorted(second)
    assert {item["reasons"][0]["reason"].split(":")[0] for item in done["items"] if item["reasons"]} == {"element-gone"}
    assert (done["moved"], done["refused"]) == (len(cases) - len(second), len(second))
    for before in cases:
        after = see(api, before["id"])
        assert {key: after[key] for key in ("tokens", "tasks", "timers", "subscriptions", "variables")} == {
            key: before[key] for key in ("tokens", "tasks", "timers", "subscriptions", "variables")
        }
        assert after["procedure_version"] == (1 if before["id"] in second else 2)
        last = api("GET", f"/instances/{before['id']}/history", as_="owner").json()["items"][-1]
        assert last["kind"] == ("case-not-migrated" if before["id"] in second else "case-migrated")
        assert (last["actor"], last["detail"]["version"]) == ("owner", 2)
    mapped = migrate(api, "execute", mapping={"zweitblick": "warten"}, instances=second).json()
    assert Counter(item["result"] for item in mapped["items"]) == {"moved": len(second)}
    assert {tuple(see(api, id)["tokens"]) for id in second} == {("warten",)}
    assert {finish(api, case["id"]) for case in cases} == {"completed"}
    verified = api("GET", "/audit/verify", as_="auditor").json()
    assert verified["breaks"] == []
    where = len({stands(case) for case in cases})
    proof(
        "R12",
        "cases at every wait state, a step removed, mapped and not: moved or refused with reason, each ends",
        f"{len(cases)} cases at {where} wait states: {done['moved']} moved and {done['refused']} refused unmapped, "
        f"{mapped['moved']} of these moved with it; 0 changed silently, all ended, the ledger verifies",
        0,
    )


def test_one_case_is_moved_by_whoever_owns_the_procedure_and_saw_it(api: Client) -> None:
    api.deploy(models.sequence(tasks=2))
    case = api.start("antrag")
    path = f"/instances/{case['id']}"
    task = case["tasks"][0]["id"]
    api("POST", f"/tasks/{task}/claim")
    api.deploy(models.sequence(tasks=2, groups="Kasse").replace(b"Aufgabe t1", b"Neuer Name"))
    assert code(api("POST", f"{path}/migrate", {})) == (403, "forbidden")
    assert code(api("POST", f"{path}/migrate", {}, as_="fremdadmin")) == (404, "not-found")
    assert code(api("POST", f"{path}/migrate", {}, as_="owner", If_Match='"1"')) == (412, "stale")
    moved = api("POST", f"{path}/migrate", {}, as_="owner", Idempotency_Key="m")
    assert moved.json()["procedure_version"] == 2
    assert api("POST", f"{path}/migrate", {}, as_="owner", Idempotency_Key="m").json() == moved.json()
    now = moved.json()["tasks"][0]
    assert (now["id"], now["name"], now["assignee"]) == (task, "Neuer Name", "clerk")
    assert now["candidate_groups"] == ["Kasse"]
    api("POST", f"/tasks/{task}/unclaim")
    assert [one["id"] for one in api("GET", "/tasks", as_="kasse").json()["items"]] == [task]
    assert code(api("POST", f"{path}/migrate", {}, as_="owner")) == (409, "same-version")
    assert code(api("POST", f"{path}/migrate", {"version": 9}, as_="owner")) == (404, "not-found")
    wrong = api("POST", f"{path}/migrate", {"version": 1, "mapping": {"x": "t1"}}, as_="owner")
    assert code(wrong) == (422, "mapping-unknown")


def test_a_refused_case_stays_as_it_was_and_its_history_says_why(api: Client) -> None:
    api.deploy(models.sequence(tasks=2))
    case = api.start("antrag")
    api("POST", f"/tasks/{case['tasks'][0]['id']}/complete", {})
    before = see(api, case["id"])
    api.deploy(models.sequence(tasks=1))
    refused = api("POST", f"/instances/{case['id']}/migrate", {"reason": "neu"}, as_="owner")
    assert code(refused) == (422, "not-movable")
    assert [one["element"] for one in refused.json()["blockers"]] == ["t2"]
    assert see(api, case["id"]) == {**before, "revision": before["revision"] + 1}
    last = api("GET", f"/instances/{case['id']}/history").json()["items"][-1]
    assert (last["kind"], last["detail"]["refused"][0]["element"]) == ("case-not-migrated", "t2")


def test_a_suspended_case_is_not_moved(api: Client) -> None:
    api.deploy(models.sequence("amt"))
    case = api.start("amt")["id"]
    api("POST", f"/instances/{case}/suspend", as_="owner")
    api.deploy(models.sequence("amt", tasks=3))
    assert code(api("POST", f"/instances/{case}/migrate", {}, as_="owner")) == (409, "case-suspended")
    done = migrate(api, "execute").json()
    assert [item["reasons"][0]["reason"].split(":")[0] for item in done["items"]] == ["case-suspended"]
    assert see(api, case)["state"] == "suspended"


def test_a_wrong_step_is_taken_back_by_hand(api: Client) -> None:
    api.deploy(office(with_second_look=True))
    case = api.start("amt", variables={"register": "r"})
    path = f"/instances/{case['id']}/modify"
    task = next(task["id"] for task in case["tasks"])
    api("POST", f"/tasks/{task}/complete", {}, as_="admin")
    back = {"instructions": [{"start_before": "pruefen"}]}
    assert code(api("POST", path, back)) == (403, "forbidden")
    refused = api("POST", path, back, as_="owner")
    assert (code(refused), refused.json()["blockers"][0]["reason"][:11]) == ((422, "not-movable"), "unreachable")
    assert code(api("POST", path, {"instructions": [{"cancel": "sammeln"}]}, as_="owner")) == (422, "not-movable")
    forward = [{"set": {"x": 1}}, {"cancel": "abfrage"}, {"start_before": "abfrage_sammeln"}]
    sent = {"instructions": forward, "reason": "Register gestört, Auskunft am Telefon"}
    done = api("POST", path, sent, as_="owner", Idempotency_Key="h").json()
    assert api("POST", path, sent, as_="owner", Idempotency_Key="h").json() == done
    assert (done["tokens"], done["jobs"], done["variables"]["x"]) == ({"zweitblick": 1}, [], 1)
    kinds = [line["kind"] for line in api("GET", f"{path[:-7]}/history").json()["items"] if line["position"] == 0]
    assert kinds == ["case-started", "task-completed", "case-modified"]
    assert code(api("POST", path, {"instructions": [{"jump": "x"}]}, as_="owner")) == (422, "invalid-request")
    assert finish(api, case["id"]) == "completed"


def test_an_owner_sees_in_words_what_would_become_of_a_case_and_confirms(api: Client) -> None:
    api.deploy(models.sequence(tasks=2))
    case = api.start("antrag")
    api("POST", f"/tasks/{case['tasks'][0]['id']}/complete", {})
    path = f"/faelle/{case['id']}"
    sign_in(api, "owner")
    assert "neuere Fassung" not in api.raw.get(path).text
    assert "keine neuere Fassung" in api.raw.get(f"{path}/fassung").text
    api.deploy(models.sequence(tasks=1))
    assert "Es gibt eine neuere Fassung" in api.raw.get(path).text
    page = api.raw.get(f"{path}/fassung").text
    assert "Aufgabe t2: fehlt in der neuen Fassung" in page
    assert "is gone in the new version" in api.raw.get(f"{path}/fassung?lang=en").text
    sent = {"csrf": token_of(api), "key": "k", "version": "2"}
    refused = api.raw.post(f"{path}/fassung?lang=de", data=sent)
    assert (refused.status_code, "nicht, wo es weitergeht" in refused.text) == (422, True)
    moved = api.raw.post(f"{path}/fassung", data={**sent, "key": "l", "nach:t2": "t1"}, follow_redirects=False)
    assert (moved.status_code, see(api, case["id"])["procedure_version"]) == (303, 2)
    assert "Fall in eine andere Fassung überführt" in api.raw.get(f"{path}?lang=de").text
