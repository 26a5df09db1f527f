"""Odd values in every place of a request are an answer with a code, never an accident of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import models
from tests.api.conftest import Client

ODD = ("%00", "%ff", "a%0Ab", "x" * 300, "%2e%2e%2f", "1e999", "'; DROP TABLE ledger; --", "%F0%9F%8C%B3")
PATHS = (
    "/procedures/{}", "/procedures/{}/bpmn", "/procedures/antrag/versions/{}", "/instances/{}", "/instances/{}/history",
    "/instances?state={}", "/instances?procedure={}", "/instances?business_key={}", "/instances?cursor={}",
    "/instances?limit={}", "/tasks/{}", "/tasks/{}/form", "/tasks?group={}", "/tasks?assignee={}",
    "/tasks?due_before={}", "/tasks?cursor={}", "/simulations/{}", "/comparisons/{}", "/incidents?cursor={}",
)  # fmt: skip
BODIES: tuple[Any, ...] = (
    None, [], "x", 1, {"variables": []}, {"variables": {"x": "\ud800"}}, {"variables": {"\ud800": 1}},
    {"variables": {"x": 10**400}}, {"variables": {"x": "\0"}}, {"token": 2**63}, {"token": -1}, {"name": "\0"},
    {"name": "x", "correlation": {"a": {"b": [None]}}}, {"procedure": "\u202e", "variables": {}},
    {"topic": "x", "worker": "w", "max": 10**9}, {"decision": "x", "inputs": {"a": "\0"}},
)  # fmt: skip
COMMANDS = (
    "/instances", "/instances/nix/cancel", "/tasks/{task}/complete", "/tasks/{task}/error", "/jobs/lock",
    "/jobs/nix/complete", "/jobs/nix/fail", "/jobs/nix/extend", "/jobs/nix/error", "/messages", "/signals",
    "/decisions/antrag/evaluate", "/simulations", "/comparisons", "/procedures",
)  # fmt: skip


def coded(response: Any) -> bool:
    """Whether an answer is fine, or a problem with a code."""
    if response.status_code < 400:
        return True
    return response.status_code < 500 and bool(response.json()["code"])


@pytest.mark.parametrize("path", PATHS)
def test_odd_places_are_answered(api: Client, path: str) -> None:
    api.deploy(models.sequence())
    for value in ODD:
        response = api("GET", path.format(value), as_="admin")
        assert coded(response), (value, response.text)


def test_odd_bodies_are_answered(api: Client) -> None:
    api.deploy(models.sequence(tasks=40))
    case = api.start("antrag")
    for path in COMMANDS:
        for body in BODIES:
            task = api("GET", f"/instances/{case['id']}").json()["tasks"][0]["id"]
            response = api.raw.post(
                "/api/v1" + path.format(task=task),
                content=json.dumps(body),
                headers={"Content-Type": "application/json"},
                auth=("admin", "admin"),
            )
            assert coded(response), (path, body, response.status_code, response.text)
    assert api("GET", "/audit/verify", as_="admin").json()["breaks"] == []


@pytest.mark.parametrize(
    "raw", [b"{", b'{"a":NaN}', b'{"variables":{"x":Infinity}}', b"[" * 100_000, b"\xff", b"1" * 9000]
)
def test_bodies_that_are_no_json_are_answered(api: Client, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = api.raw.post("/api/v1/instances", content=raw, headers=headers, auth=("clerk", "clerk"))
    assert response.status_code in (400, 422), response.text
    assert response.json()["code"]


def test_odd_keys_are_answered(api: Client) -> None:
    api.deploy(models.sequence())
    for key in ("x" * 201, "ä", " ", "a" * 200):
        headers = {"Idempotency-Key": key.encode("latin-1")}
        response = api.raw.post(
            "/api/v1/instances", json={"procedure": "antrag"}, headers=headers, auth=("clerk", "clerk")
        )
        assert coded(response), (key, response.text)
