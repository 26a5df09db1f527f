"""What an operator watches: counts, for this machine and for administrators, of no person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from bpm.errors import Forbidden
from bpm.service import metrics
from tests import models
from tests.api.conftest import PEOPLE, Client


def figures(text: str) -> dict[str, int]:
    """The samples of a Prometheus text."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: int(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_what_waits_is_counted_without_a_name(api: Client) -> None:
    api.deploy(models.with_timer())
    api.deploy(models.sender())
    first, second = api.start("frist", business_key="Geheim-1"), api.start("frist", variables={"name": "Kim"})
    api.start("absender")
    api("POST", f"/instances/{second['id']}/suspend", as_="owner")
    api("POST", f"/tasks/{first['tasks'][0]['id']}/claim")
    api.clock.advance(timedelta(hours=2))
    answer = api.raw.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = figures(answer.text)
    assert found['lichtung_cases_open{state="active"}'] == found['lichtung_cases_open{state="suspended"}'] == 1
    assert found["lichtung_tasks_open"] == 2
    assert found["lichtung_timers_due"] == 1
    assert found["lichtung_outbox_waiting"] == 1
    assert found["lichtung_incidents_open"] == 0
    assert found['lichtung_computations{kind="simulation",state="failed"}'] == 0
    for word in ("Geheim", "Kim", "clerk", first["id"], "frist"):
        assert word not in answer.text
    named = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    assert {name.partition("{")[0] for name in found} == named


def test_from_elsewhere_nobody_reads_them_without_signing_in(api: Client) -> None:
    away = TestClient(api.raw.app, base_url="http://127.0.0.1", client=("10.0.0.7", 50000))
    assert away.get("/metrics").status_code == 401
    assert away.get("/metrics", auth=("admin", "admin")).status_code == 401


def test_administrators_count_their_own_office_and_others_nothing(api: Client) -> None:
    api.deploy(models.sequence())
    api.start("antrag")
    services = api.raw.app.state.services  # type: ignore[attr-defined]
    assert figures(metrics.of_office(services, PEOPLE["admin"]))["lichtung_tasks_open"] == 1
    assert figures(metrics.of_office(services, PEOPLE["fremdadmin"]))["lichtung_tasks_open"] == 0
    with pytest.raises(Forbidden):
        metrics.of_office(services, PEOPLE["owner"])
