"""S4: requests generated from the OpenAPI document, with a login of each role: no answer is a server error, and none
has a status, a media type or a body that the document does not name.

Half of the requests are about objects that exist, since a made-up id never comes further than "not found".
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import uvicorn
from hypothesis import HealthCheck, Phase
from starlette.testclient import TestClient

from tests.hostile.test_s6_access import ROLES, P, World, opened
from tests.proof import FULL, Proof, size
from tests.reliability.servers import free_port

SEED = 20261124
CLAIMED = "0 answers 5xx, 0 undocumented status, media type or body"


def operations(raw: TestClient) -> Iterator[Any]:
    import schemathesis

    schema = schemathesis.openapi.from_dict(raw.get("/api/openapi.json").json())
    for found in schema.get_all_operations():
        operation = found.ok()
        # its stream ends only when the computation does
        if not operation.path.endswith("/events"):
            yield operation


class Fuzz:
    """Sends generated cases and judges the answers."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address
        self.session = requests.Session()
        self.wrong: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.sent = 0
        self.dice = random.Random(SEED)

    def send(self, case: Any) -> None:
        """One generated request, as one of the roles."""
        from schemathesis.specs.openapi import checks

        # every other one by somebody who is let in everywhere, since a refusal is soon given
        who = "admin" if self.sent % 2 else ROLES[self.sent // 2 % len(ROLES)]
        self.sent += 1
        kind = case.operation.path.removeprefix(P).split("/")[1]
        if case.path_parameters and self.dice.random() < 0.5:
            known = {"id": self.world.ids.get(kind), "key": "regel" if kind == "decisions" else "antrag"}
            case.path_parameters |= {
                name: value for name, value in known.items() if value and name in case.path_parameters
            }
        if isinstance(case.body, dict) and "wait_s" in case.body:
            case.body["wait_s"] = 0
        try:
            answer = case.call(base_url=self.address, session=self.session, auth=(who, who), timeout=30)
        except ValueError:
            # a header or address that no client can send
            self.statuses[-1] += 1
            return
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != 503:
            self.wrong[f"{case.operation.label}: {answer.status_code}"] += 1
        for check in (
            checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance,
        ):  # fmt: skip
            try:
                case.validate_response(answer, checks=[check])
            except (AssertionError, BaseExceptionGroup) as error:
                said = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error
                self.wrong[f"{case.operation.label} {check.__name__}: {str(said)[:400]}"] += 1


@contextmanager
def listening(world: World) -> Iterator[str]:
    """The same service at a port of this machine."""
    port = free_port()
    config = uvicorn.Config(world.raw.app, host="127.0.0.1", port=port, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def fuzz(world: World, examples: int) -> Fuzz:
    """So many requests, spread over all operations."""
    with listening(world) as address:
        return _fuzz(world, address, examples)


def _fuzz(world: World, address: str, examples: int) -> Fuzz:
    found = Fuzz(world, address)
    offered = list(operations(world.raw))
    # operations without parameters have fewer different requests than asked for
    each = max(1, -(-examples * 5 // (4 * len(offered))))
    for number, operation in enumerate(offered):
        if operation.method.upper() != "GET":
            world.renew()

        @hypothesis.settings(
            max_examples=each, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @hypothesis.seed(SEED + number)
        @hypothesis.given(case=operation.as_strategy())
        def one(case: Any) -> None:
            found.send(case)

        one()
    return found


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="minutes of generated requests: make prove")
def test_no_generated_request_is_answered_otherwise_than_documented(
    sqlite_url: str, tmp_path: Path, proof: Proof
) -> None:
    examples = size(100, 2_000, 50_000)
    with opened(sqlite_url, tmp_path) as world:
        found = fuzz(world, examples)
    told = f"{found.sent} requests of {len(ROLES)} roles: {sum(found.wrong.values())} wrong"
    print(dict(found.statuses))
    proof("S4", CLAIMED, told, SEED)
    assert not found.wrong, "\n".join(f"{count} x {what}" for what, count in found.wrong.most_common(40))
    assert found.sent >= examples


@pytest.mark.skipif(not FULL, reason="the control of the one above")
def test_control_a_build_that_stumbles_or_says_what_is_not_documented_is_found_out(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bpm.service import cases, incidents

    with opened(sqlite_url, tmp_path) as world:
        monkeypatch.setattr(cases, "list_some", lambda *_, **__: 1 / 0)
        monkeypatch.setattr(incidents, "list_open", lambda *_, **__: {"items": 7})
        wrong = " ".join(fuzz(world, 300).wrong)
    assert "GET /api/v1/instances: 500" in wrong
    assert "GET /api/v1/incidents response_schema_conformance" in wrong
