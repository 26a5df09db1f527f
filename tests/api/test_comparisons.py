"""Comparisons through REST: two versions of a procedure, played with the same luck by a worker."""

from __future__ import annotations

import json

import pytest

from bpm.service.reading import files_of
from tests import models
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_simulations import PERMIT, calculate

REQUEST = {"procedure": "bewohnerparkausweis", "version": 1, "cases": 20, "replications": 3, "seed": 7}


def faster(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same procedure, every piece of work done in a second: another version with figures of its own."""
    scenario = json.loads(files["scenario.json"])
    for task in scenario["task_resource_distribution"]:
        for resource in task["resources"]:
            resource["distribution_name"], resource["distribution_params"] = "fix", [{"value": 1}]
    return {**files, "scenario.json": json.dumps(scenario).encode()}


@pytest.fixture
def ready(api: Client) -> Client:
    files = dict(files_of(PERMIT))
    assert api.deploy(*files.items()).status_code == 201
    second = api.deploy(*faster(files).items())
    assert (second.status_code, second.json()["version"]) == (201, 2)
    return api


def test_two_versions_are_compared_and_the_difference_kept(ready: Client) -> None:
    asked = ready("POST", "/comparisons", REQUEST, as_="analyst", Idempotency_Key="k")
    found = asked.json()
    assert (asked.status_code, found["state"], found["version"], found["to_be_version"]) == (202, "queued", 1, 2)
    assert ready("POST", "/comparisons", REQUEST, as_="analyst", Idempotency_Key="k").json()["id"] == found["id"]
    assert [calculate(ready), calculate(ready)] == [True, False]
    path = f"/comparisons/{found['id']}"
    done = ready("GET", path, as_="analyst").json()
    assert (done["state"], done["done"], done["to_be"]) == ("done", 3, "bewohnerparkausweis")
    result = done["result"]
    assert result.keys() == {"as_is", "to_be", "difference", "steps"}
    assert result["difference"]["processing_time_s"]["mean"] < 0.0
    assert result["steps"]["as_is"] == result["steps"]["to_be"]
    events = ready("GET", f"{path}/events", as_="analyst").text
    assert json.loads(events.split("data: ")[1])["state"] == "done"
    assert code(ready("DELETE", path, as_="analyst")) == (409, "computation-ended")


def test_a_comparison_is_no_simulation_and_the_other_way_round(ready: Client) -> None:
    comparison = ready("POST", "/comparisons", REQUEST, as_="analyst").json()["id"]
    simulation = ready("POST", "/simulations", REQUEST, as_="analyst").json()["id"]
    assert code(ready("GET", f"/simulations/{comparison}", as_="analyst")) == (404, "not-found")
    assert code(ready("GET", f"/comparisons/{simulation}", as_="analyst")) == (404, "not-found")
    assert ready("DELETE", f"/comparisons/{comparison}", as_="analyst").json()["state"] == "cancelled"
    assert [calculate(ready), calculate(ready)] == [True, False]


def test_a_version_compared_with_itself_differs_in_nothing(ready: Client) -> None:
    id = ready("POST", "/comparisons", {**REQUEST, "to_be_version": 1}, as_="analyst").json()["id"]
    assert calculate(ready) is True
    difference = ready("GET", f"/comparisons/{id}", as_="analyst").json()["result"]["difference"]
    assert {one["mean"] for one in difference.values()} == {0.0, None}


def test_what_cannot_be_compared_is_refused_at_once(ready: Client) -> None:
    ready.deploy(models.sequence())
    assert code(ready("POST", "/comparisons", {"procedure": "antrag"}, as_="analyst")) == (422, "no-scenario")
    for missing in ({"to_be": "nix"}, {"to_be_version": 9}):
        assert code(ready("POST", "/comparisons", {**REQUEST, **missing}, as_="analyst")) == (404, "not-found")
    many = {**REQUEST, "cases": 10_000_000, "replications": 10_000}
    assert code(ready("POST", "/comparisons", many, as_="analyst")) == (422, "too-many-cases")
    assert code(ready("POST", "/comparisons", REQUEST)) == (403, "forbidden")
