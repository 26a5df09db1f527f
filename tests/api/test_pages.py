"""Pages as text: what they say, in the reader's language (how they look and work is tested in a browser)."""

from __future__ import annotations

import re
from pathlib import Path

from bpm.service.reading import files_of
from tests import models
from tests.api.conftest import Client
from tests.api.test_sessions import sign_in, token_of


def test_a_procedure_says_in_the_readers_language_why_it_is_not_executed(api: Client) -> None:
    [blocker] = api.deploy(models.with_script()).json()["execution"]["blockers"]
    assert blocker["reason"].startswith("script: a script is never run")
    german, english = (api.raw.get(f"/verfahren/skript?lang={lang}").text for lang in ("de", "en"))
    assert "Skripte werden nie ausgeführt" in german
    assert "a script is never run" not in german
    assert "a script is never run" in english


def test_a_case_that_cannot_begin_says_why(api: Client) -> None:
    api.deploy(models.with_script())
    sign_in(api)
    refused = api.raw.post("/verfahren/skript/beginnen", data={"csrf": token_of(api), "key": "k"})
    assert refused.status_code == 422
    assert "rechnen: Skripte werden nie ausgeführt" in refused.text


def test_what_nobody_verified_is_marked_on_every_card_and_deadline_that_rests_on_it(api: Client) -> None:
    folder = Path(__file__).resolve().parents[2] / "processes" / "muenchen" / "dienstreise"
    assert api.deploy(*files_of(folder).items()).status_code == 201
    page = api.raw.get("/verfahren/dienstreise").text
    cards = re.findall(r'<li class="card".*?</li>', page, re.S)
    resting = [card for card in cards if "Dienstanweisung Reisen" in card]
    assert resting
    assert all("zu prüfen" in card for card in resting)
    assert any("zu prüfen" not in card for card in cards), "the mark says nothing if all carry it"
