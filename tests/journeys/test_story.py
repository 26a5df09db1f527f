"""A department's story by plain HTTP: twenty cases, people and machines, a dead worker, a deadline, a disturbance,
and a new version with one step less for the cases that are open."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.request import Request, urlopen

import pytest

from bpm.client import Client, ClientError
from bpm.service.background import run_round
from tests.journeys.serving import Served, serving
from tests.models import document, flows

CASES = 20


def office(*, countersigned: bool) -> bytes:
    """Check (reminded after three days), ask a register, wait for the payment, perhaps countersign, send."""
    body = (
        '<startEvent id="start"/><userTask id="pruefen" name="Antrag prüfen" camunda:candidateGroups="Amt"/>'
        '<boundaryEvent id="nach_drei_tagen" attachedToRef="pruefen" cancelActivity="false"><timerEventDefinition>'
        "<timeDuration>P3D</timeDuration></timerEventDefinition></boundaryEvent>"
        '<userTask id="erinnern" name="An die Prüfung erinnern" camunda:candidateGroups="Leitung"/>'
        '<serviceTask id="abfragen" camunda:type="external" camunda:topic="register"/>'
        '<intermediateCatchEvent id="zahlung"><messageEventDefinition messageRef="ref"/></intermediateCatchEvent>'
        '<userTask id="versenden" name="Bescheid versenden" camunda:candidateGroups="Amt"/>'
        '<endEvent id="erinnert"/><endEvent id="ende"/>'
    )
    pairs = [("start", "pruefen"), ("nach_drei_tagen", "erinnern"), ("erinnern", "erinnert"), ("pruefen", "abfragen")]
    pairs += [("abfragen", "zahlung"), ("versenden", "ende")]
    if countersigned:
        body += '<userTask id="mitzeichnen" name="Mitzeichnen" camunda:candidateGroups="Amt"/>'
        pairs += [("zahlung", "mitzeichnen"), ("mitzeichnen", "versenden")]
    else:
        pairs += [("zahlung", "versenden")]
    return document("vorgang", body + flows(*pairs), '<message id="ref" name="Zahlung"/>', name="Vorgang")


class Department:
    """Everybody's calls, by name; the password of a demo user is the name."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.people = {name: Client(served.address, user=name) for name in ("clerk", "clerk2", "owner", "worker")}

    def __call__(self, who: str, method: str, path: str, body: Any = None) -> Any:
        return self.people[who].call(method, path, body)

    def deploy(self, model: bytes) -> Any:
        edge = "edge"
        part = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="procedure.bpmn"\r\n\r\n'.encode()
        headers = {
            "Authorization": self.people["owner"]._credentials(),
            "Content-Type": f"multipart/form-data; boundary={edge}",
        }
        sent = part + model + f"\r\n--{edge}--\r\n".encode()
        with urlopen(Request(f"{self.served.address}/api/v1/procedures", sent, headers)) as answer:
            assert answer.status == 201
            return json.load(answer)

    def case(self, id: str) -> Any:
        return self("clerk", "GET", f"/instances/{id}")

    def task(self, case: str, element: str) -> str:
        return next(one["id"] for one in self.case(case)["tasks"] if one["element"] == element)

    def do(self, who: str, case: str, element: str, variables: Any = None) -> Any:
        task = self.task(case, element)
        self(who, "POST", f"/tasks/{task}/claim")
        return self(who, "POST", f"/tasks/{task}/complete", {"variables": variables or {}})


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    with serving(tmp_path_factory.mktemp("story"), samples=False) as served:
        yield Department(served)


def test_the_story_of_a_department(department: Department) -> None:
    assert department.deploy(office(countersigned=True))["version"] == 1
    cases = [
        department("clerk", "POST", "/instances", {"procedure": "vorgang", "business_key": f"AZ-{n}", "variables": {}})
        for n in range(CASES)
    ]
    ids = [case["id"] for case in cases]
    first, second, third, *others = ids

    # one clerk begins, keeps a draft and hands the task on; the other finds the draft and completes
    task = department.task(first, "pruefen")
    department("clerk", "POST", f"/tasks/{task}/claim")
    department("clerk", "POST", f"/tasks/{task}/draft", {"variables": {"vollstaendig": True}})
    department("clerk", "POST", f"/tasks/{task}/delegate", {"assignee": "clerk2"})
    with pytest.raises(ClientError) as late:
        department("clerk", "POST", f"/tasks/{task}/complete", {"variables": {}})
    assert late.value.status == 409
    draft = department("clerk2", "GET", f"/tasks/{task}")["draft"]
    department("clerk2", "POST", f"/tasks/{task}/complete", {"variables": draft})

    # the worker who takes the job dies; when its lock is over another one takes it, and the dead one is too late
    [dead] = department.people["worker"].lock("register", lock_s=60)
    department.served.clock.advance(timedelta(seconds=61))
    [living] = Client(department.served.address).lock("register")
    assert living.id == dead.id
    department.people["worker"].complete(living, {"gemeldet": True})
    with pytest.raises(ClientError):
        department.people["worker"].complete(dead)

    # the second case is disturbed: the register fails three times, an owner repairs it
    department.do("clerk", second, "pruefen")
    for _ in range(3):
        [job] = department.people["worker"].lock("register")
        department.people["worker"].fail(job, "Register antwortet nicht")
    [incident] = department("owner", "GET", "/incidents")["items"]
    assert (incident["instance"], incident["element"]) == (second, "abfragen")
    department("owner", "POST", f"/incidents/{incident['id']}/retry")
    [job] = department.people["worker"].lock("register")
    department.people["worker"].complete(job)

    # nobody checks the other cases: after three days somebody is asked to remind, and the check stays open
    department.served.clock.advance(timedelta(days=3))
    run_round(department.served.services)
    assert Counter(one["element"] for one in department.case(third)["tasks"]) == {"pruefen": 1, "erinnern": 1}
    for id in (third, *others):
        department.do("clerk", id, "erinnern")

    # the payment for the first case arrives
    department("clerk", "POST", "/messages", {"name": "Zahlung", "business_key": "AZ-0", "variables": {"betrag": 30}})
    assert [one["element"] for one in department.case(first)["tasks"]] == ["mitzeichnen"]

    # the countersignature falls: who stands at it is sent on, all others go on as they are
    assert department.deploy(office(countersigned=False))["version"] == 2
    move = {"procedure": "vorgang", "source": 1, "version": 2, "mapping": {}}
    planned = department("owner", "POST", "/migrations", {**move, "mode": "validate"})
    refused = [one["instance"] for one in planned["items"] if one["result"] == "refused"]
    assert refused == [first]
    mapped = {**move, "mapping": {"mitzeichnen": "versenden"}, "reason": "Die Mitzeichnung entfällt"}
    assert department("owner", "POST", "/migrations", {**mapped, "mode": "validate"})["refused"] == 0
    assert department("owner", "POST", "/migrations", {**mapped, "mode": "execute"})["moved"] == CASES
    assert {department.case(id)["procedure_version"] for id in ids} == {2}

    # every case ends, none of them with a countersignature
    for id in (third, *others):
        department.do("clerk", id, "pruefen")
    while jobs := department.people["worker"].lock("register", maximum=50):
        for job in jobs:
            department.people["worker"].complete(job)
    for number, id in enumerate(ids):
        if id != first:
            body = {"name": "Zahlung", "business_key": f"AZ-{number}", "variables": {}}
            department("clerk", "POST", "/messages", body)
        department.do("clerk2", id, "versenden")
    ended = [department.case(id) for id in ids]
    assert {case["state"] for case in ended} == {"completed"}

    # the history says who did what under which version, and nothing was changed afterwards
    history = department("clerk", "GET", f"/instances/{first}/history")["items"]
    told = [(one["kind"], one["actor"]) for one in history if one["position"] == 0]
    for line in (
        ("task-claimed", "clerk"),
        ("task-draft-saved", "clerk"),
        ("task-delegated", "clerk"),
        ("task-completed", "clerk2"),
        ("job-completed", "worker"),
    ):
        assert line in told, told
    [moved] = [one for one in history if one["kind"] == "case-migrated"]
    assert (moved["actor"], moved["detail"]["reason"]) == ("owner", "Die Mitzeichnung entfällt")
    assert (moved["detail"]["source"], moved["detail"]["version"]) == (1, 2)
    auditor = Client(department.served.address, user="auditor")
    assert auditor.call("GET", "/audit/verify")["breaks"] == []
