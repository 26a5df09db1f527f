"""Principles over REST and on their page: everybody may read them, addressees stand apart."""

from __future__ import annotations

from pathlib import Path

from bpm.service.reading import files_of
from tests.api.conftest import Client

CITY = Path(__file__).parents[2] / "processes" / "muenchen"


def test_principles_link_steps_and_name_what_is_not_priced(api: Client) -> None:
    files = {name: content for name, content in files_of(CITY / "dienstreise").items() if name != "scenario.json"}
    assert "principles.toml" in files
    assert api.deploy(*files.items()).status_code == 201
    answer = api("GET", "/principles?name=mitzeichnung", as_="analyst")
    assert answer.status_code == 200
    (one,) = answer.json()["items"]
    assert one["steps"] == 3
    assert one["per_year"] is None
    assert one["notes"], "it is said why nothing is priced"
    assert "zuletzt anders" in one["description"]
    assert api("GET", "/principles?name=gibtesnicht", as_="analyst").status_code == 404
    assert api("GET", "/principles", as_=None).status_code == 401


def test_the_page_is_open_to_everybody(api: Client) -> None:
    shown = api.raw.get("/grundsaetze")
    assert shown.status_code == 200
    assert "Vier-Augen-Prinzip" in shown.text
    assert "Kein Schritt und keine Regel nennt diesen Grundsatz." in shown.text
