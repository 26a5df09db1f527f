"""A procedure taken over with a layer: stored with its base, shown with its changes, handed on as a package."""

from __future__ import annotations

import shutil
from pathlib import Path

from bpm.service.access import DEMO
from bpm.service.procedures import export, load_samples
from bpm.service.reading import files_of
from tests.api.conftest import Client

PROCESSES = Path(__file__).parents[2] / "processes"
OURS = PROCESSES / "musterstadt" / "hundesteuer"


def test_the_page_shows_what_the_city_changed_and_why(api: Client) -> None:
    answer = api.deploy(*files_of(OURS).items())
    assert (answer.status_code, answer.json()["execution"]["ready"]) == (201, True)
    shown = api.raw.get("/verfahren/hundesteuer")
    assert shown.status_code == 200
    for text in (
        "Aus einem anderen Verfahren übernommen; hier anders",
        "Steueramt",
        "Der Stadtrat hat den Satz 2024 gesenkt.",
    ):
        assert text in shown.text
    table = api.raw.get("/verfahren/hundesteuer/regeln/steuersatz")
    assert "480" in table.text
    assert "800" not in table.text
    stored = api.raw.get("/api/v1/procedures/hundesteuer/bpmn", auth=("analyst", "analyst"))
    assert "Steueramt" in stored.text
    assert "Stadtkämmerei" not in stored.text


def test_a_package_carries_base_and_layer_and_means_the_same_elsewhere(api: Client) -> None:
    first = api.deploy(*files_of(OURS).items()).json()
    content = export(api.raw.app.state.services, DEMO["owner"], "hundesteuer")  # type: ignore[attr-defined]
    again = api.deploy(("hundesteuer.zip", content))
    assert (again.status_code, again.json()["digest"]) == (200, first["digest"])


def test_a_layer_whose_base_changed_is_not_stored(api: Client) -> None:
    files = files_of(OURS)
    files["base/decisions.dmn"] = files["base/decisions.dmn"].replace(b">800<", b">900<")
    answer = api.deploy(*files.items())
    assert answer.status_code == 422
    assert answer.json()["code"] == "layer-base-changed"


def test_samples_of_a_city_of_layers_are_its_layers(api: Client) -> None:
    services = api.raw.app.state.services  # type: ignore[attr-defined]
    assert load_samples(services, DEMO["owner"], OURS.parent) == 2
    assert "Steueramt" in api.raw.get("/verfahren/hundesteuer").text


def test_samples_of_several_cities_are_the_references(api: Client, tmp_path: Path) -> None:
    for city in ("muenchen", "musterstadt"):
        shutil.copytree(PROCESSES / city / "hundesteuer", tmp_path / city / "hundesteuer")
    services = api.raw.app.state.services  # type: ignore[attr-defined]
    assert load_samples(services, DEMO["owner"], tmp_path) == 1
    assert "Stadtkämmerei Hundesteuer" in api.raw.get("/verfahren/hundesteuer").text
