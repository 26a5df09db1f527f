"""Uploading procedures: whole or not at all, numbered by content."""

from __future__ import annotations

import io
import zipfile

from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code


def test_the_same_content_is_the_same_version(api: Client) -> None:
    first = api.deploy(models.sequence())
    again = api.deploy(models.sequence())
    changed = api.deploy(models.sequence(tasks=3))
    assert [one.status_code for one in (first, again, changed)] == [201, 200, 201]
    assert [one.json()["version"] for one in (first, again, changed)] == [1, 1, 2]
    assert first.json()["digest"] == again.json()["digest"] != changed.json()["digest"]
    assert first.json()["execution"]["ready"] is True
    assert first.json()["key"] == "antrag"
    assert isinstance(first.json()["findings"], list)


def test_an_unreadable_file_stores_nothing(api: Client) -> None:
    for content in (b"no xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', b"", b"<a/>"):
        refused = api.deploy(models.sequence(), ("second.dmn", content))
        assert refused.status_code == 422, content
        assert refused.json()["code"]
    assert api("GET", "/procedures").json() == {"items": [], "next": None}


def test_names_that_leave_the_folder_are_refused(api: Client) -> None:
    for name in ("../x.bpmn", "/etc/x.bpmn", "a/../../x.bpmn"):
        assert code(api.deploy((name, models.sequence()))) == (422, "unsafe-name"), name
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../x.bpmn", models.sequence())
    assert code(api.deploy(("p.zip", packed.getvalue()))) == (422, "archive-path")
    assert api("GET", "/procedures").json()["items"] == []


def test_a_zip_is_a_procedure(api: Client) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("antrag/antrag.bpmn", models.sequence())
        archive.writestr("antrag/regeln.dmn", models.DECISION)
    assert api.deploy(("p.zip", packed.getvalue())).json()["key"] == "antrag"
    found = api("POST", "/decisions/antrag/evaluate", {"decision": "Gebuehr", "inputs": {"monate": 24}})
    assert (found.status_code, found.json()["result"], found.json()["matched"]) == (200, 61.4, [2])


def test_a_decision_says_what_it_lacks(api: Client) -> None:
    api.deploy(models.sequence(), ("regeln.dmn", models.DECISION))
    assert code(api("POST", "/decisions/antrag/evaluate", {"decision": "nix", "inputs": {}})) == (404, "not-found")
    assert code(api("POST", "/decisions/nix/evaluate", {"decision": "x", "inputs": {}})) == (404, "not-found")


def test_a_version_is_read_in_all_its_forms(api: Client) -> None:
    model = models.sequence()
    api.deploy(model)
    api.deploy(models.sequence(tasks=5))
    for path in ("/procedures/antrag", "/procedures/antrag/versions/1"):
        assert api("GET", path).json()["versions"] == [1, 2]
    assert api("GET", "/procedures/antrag").json()["version"] == 2
    old = "/procedures/antrag/versions/1"
    assert api("GET", f"{old}/bpmn").content == model
    assert api("GET", f"{old}/bpmn").headers["content-security-policy"].startswith("default-src 'none'")
    assert api("GET", f"{old}/svg").text.startswith("<svg")
    assert len(api("GET", f"{old}/steps").json()["items"]) == 4
    assert len(api("GET", "/procedures/antrag/steps").json()["items"]) == 7
    told = {"checks_run", "findings", "dismissed", "skipped", "not_recorded"}
    assert set(api("GET", f"{old}/findings").json()) == told
    assert code(api("GET", "/procedures/antrag/versions/9/bpmn")) == (404, "not-found")


def test_deploying_twice_with_one_key_answers_once(api: Client) -> None:
    first = api.deploy(models.sequence(), Idempotency_Key="k")
    second = api.deploy(models.sequence(), Idempotency_Key="k")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert code(api.deploy(models.sequence(tasks=3), Idempotency_Key="k")) == (422, "key-reused")
