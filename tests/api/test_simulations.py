"""Simulations through REST: asked for, carried out by a worker, kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bpm.service import simulations
from bpm.service.reading import files_of
from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code

PERMIT = Path(__file__).parents[2] / "processes" / "muenchen" / "bewohnerparkausweis"
REQUEST = {"procedure": "bewohnerparkausweis", "cases": 20, "replications": 3, "seed": 7}


def calculate(api: Client) -> bool:
    return simulations.run_next(api.raw.app.state.services)  # type: ignore[attr-defined]


@pytest.fixture
def ready(api: Client) -> Client:
    assert api.deploy(*files_of(PERMIT).items()).status_code == 201
    return api


def test_a_simulation_is_carried_out_and_kept(ready: Client) -> None:
    asked = ready("POST", "/simulations", REQUEST, as_="analyst", Idempotency_Key="k")
    assert (asked.status_code, asked.json()["state"], asked.json()["total"]) == (202, "queued", 3)
    again = ready("POST", "/simulations", REQUEST, as_="analyst", Idempotency_Key="k")
    assert again.json()["id"] == asked.json()["id"]
    assert calculate(ready) is True
    assert calculate(ready) is False
    path = f"/simulations/{asked.json()['id']}"
    done = ready("GET", path, as_="analyst").json()
    assert (done["state"], done["done"], done["result"]["cases"], done["result"]["seed"]) == ("done", 3, 20, 7)
    assert done["result"]["kpis"]["cycle_time_s"]["n"] == 3
    events = ready("GET", f"{path}/events", as_="analyst").text
    assert json.loads(events.split("data: ")[1])["state"] == "done"
    assert code(ready("DELETE", path, as_="analyst")) == (409, "computation-ended")


def test_the_same_request_gives_the_same_figures(ready: Client) -> None:
    ids = [ready("POST", "/simulations", REQUEST, as_="analyst").json()["id"] for _ in range(2)]
    assert [calculate(ready), calculate(ready)] == [True, True]
    first, second = (ready("GET", f"/simulations/{one}", as_="analyst").json()["result"] for one in ids)
    assert first == second


def test_a_cancelled_simulation_is_never_begun(ready: Client) -> None:
    path = f"/simulations/{ready('POST', '/simulations', REQUEST, as_='analyst').json()['id']}"
    assert ready("DELETE", path, as_="analyst").json()["state"] == "cancelled"
    assert calculate(ready) is False
    assert ready("GET", path, as_="analyst").json()["result"] is None


def test_what_cannot_be_simulated_is_refused_at_once(ready: Client) -> None:
    ready.deploy(models.sequence())
    assert code(ready("POST", "/simulations", {"procedure": "antrag"}, as_="analyst")) == (422, "no-scenario")
    assert code(ready("POST", "/simulations", {"procedure": "nix"}, as_="analyst")) == (404, "not-found")
    many = {**REQUEST, "cases": 10_000_000, "replications": 10_000}
    assert code(ready("POST", "/simulations", many, as_="analyst")) == (422, "too-many-cases")
    assert code(ready("POST", "/simulations", REQUEST)) == (403, "forbidden")
    assert code(ready("GET", "/simulations/nix", as_="analyst")) == (404, "not-found")


def test_the_simulation_of_a_dead_worker_is_taken_over(
    make_client: Callable[[str], Client], sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = make_client(sqlite_url)
    api.deploy(*files_of(PERMIT).items())
    id = api("POST", "/simulations", REQUEST, as_="analyst").json()["id"]
    monkeypatch.setattr(simulations, "_carry_out", lambda *_: None)
    assert calculate(api) is True
    assert calculate(api) is False
    monkeypatch.undo()
    api.clock.advance(simulations.LEASE * 2)
    assert calculate(api) is True
    assert api("GET", f"/simulations/{id}", as_="analyst").json()["state"] == "done"
