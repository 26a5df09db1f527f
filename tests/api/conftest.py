"""A client of the whole service, on SQLite and on PostgreSQL, with people of two offices and a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from bpm.clock import ManualClock
from bpm.service.access import DEMO, Actor
from bpm.settings import Settings

PEOPLE = {
    **DEMO,
    "fremd": replace(DEMO["clerk"], name="fremd", city="augsburg"),
    "fremdadmin": replace(DEMO["admin"], name="fremdadmin", office="anderes"),
    "kasse": Actor("kasse", frozenset({"clerk"}), ("Kasse",)),
    "vertretung": Actor("vertretung", frozenset({"clerk"}), ("Poststelle",)),
    "dpo": Actor("dpo", frozenset({"dpo"}), ()),
    "leitung": Actor("leitung", frozenset({"lead"}), ()),
}


class Client:
    """Calls of one service; `api(method, path, as_=name)` returns the response."""

    def __init__(self, raw: TestClient, clock: ManualClock) -> None:
        self.raw = raw
        self.clock = clock

    def __call__(self, method: str, path: str, body: Any = None, *, as_: str | None = "clerk", **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        auth = (as_, as_) if as_ else None
        return self.raw.request(method, f"/api/v1{path}", json=body, auth=auth, headers=given)

    def deploy(self, *files: bytes | tuple[str, bytes], as_: str = "owner", **headers: str) -> Any:
        named = [one if isinstance(one, tuple) else (f"m{index}.bpmn", one) for index, one in enumerate(files)]
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.raw.post(
            "/api/v1/procedures", files=[("files", one) for one in named], auth=(as_, as_), headers=given
        )

    def start(self, procedure: str, **more: Any) -> Any:
        answer = self("POST", "/instances", {"procedure": procedure, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def run_background(self) -> int:
        from bpm.service.background import run_round

        return run_round(self.raw.app.state.services)  # type: ignore[attr-defined]


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[Callable[[str], Client]]:
    """Opens services on a database address; they end with the test."""
    opened: list[TestClient] = []

    def make(url: str) -> Client:
        settings = Settings(database_url=url, data_dir=tmp_path / "data", embedded_worker=False)
        clock = ManualClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
        app = create_app(settings, clock, PEOPLE)
        raw = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000), raise_server_exceptions=False)
        raw.__enter__()
        opened.append(raw)
        return Client(raw, clock)

    yield make
    for raw in opened:
        raw.__exit__(None, None, None)


@pytest.fixture
def api(make_client: Callable[[str], Client], database_url: str) -> Client:
    """The service on a fresh database, once of each kind."""
    return make_client(database_url)
