"""Questioning rules through REST and on its page: durable, watched, in both languages, with shares and the core."""

from __future__ import annotations

import json
import re

import pytest

from bpm.service.reading import files_of
from tests.api.conftest import Client
from tests.api.test_cases import code
from tests.api.test_decision_pages import CITY
from tests.api.test_sessions import sign_in, token_of
from tests.api.test_simulations import calculate

KEY = "dienstreise"
REQUEST = {"procedure": KEY, "only": "rules", "cases": 200, "seed": 7}


@pytest.fixture
def ready(api: Client) -> Client:
    assert api.deploy(*files_of(CITY / KEY).items()).status_code == 201
    return api


def test_rules_are_questioned_by_a_worker_and_the_answer_is_that_of_the_command(ready: Client) -> None:
    asked = ready("POST", "/questions", REQUEST, as_="analyst", Idempotency_Key="k")
    found = asked.json()
    assert (asked.status_code, found["state"], found["only"]) == (202, "queued", "rules")
    assert ready("POST", "/questions", REQUEST, as_="analyst", Idempotency_Key="k").json()["id"] == found["id"]
    assert [calculate(ready), calculate(ready)] == [True, False]
    path = f"/questions/{found['id']}"
    done = ready("GET", path, as_="analyst").json()
    assert (done["state"], done["done"], done["total"]) == ("done", 1, 1)
    result = done["result"]
    assert {"rules", "irredundant_core", "guards", "steps", "joint", "notes"} <= result.keys()
    verdicts = {(one["decision"], one["rule"]): one["verdict"] for one in result["rules"]}
    assert verdicts["genehmigende", 5] == "never-decisive"
    assert 5 not in result["irredundant_core"]["genehmigende"]
    assert any(one["changed_share"] is not None and one["interval_95"] for one in result["rules"])
    assert "lassen sich nicht zusammenzählen" in result["joint"]["remark"]
    english = ready("GET", f"{path}?lang=en", as_="analyst").json()["result"]
    assert "do not add up" in english["joint"]["remark"]
    assert json.loads(ready("GET", f"{path}/events", as_="analyst").text.split("data: ")[1])["state"] == "done"
    assert code(ready("DELETE", path, as_="analyst")) == (409, "computation-ended")


def test_a_question_is_no_simulation_and_can_be_stopped(ready: Client) -> None:
    question = ready("POST", "/questions", REQUEST, as_="analyst").json()["id"]
    assert code(ready("GET", f"/simulations/{question}", as_="analyst")) == (404, "not-found")
    assert ready("DELETE", f"/questions/{question}", as_="analyst").json()["state"] == "cancelled"
    assert calculate(ready) is False


def test_whoever_may_not_simulate_may_not_question_either(ready: Client) -> None:
    assert ready("POST", "/questions", REQUEST, as_="clerk").status_code == 403
    assert ready("POST", "/questions", {**REQUEST, "procedure": "nirgends"}, as_="analyst").status_code == 404
    assert ready("POST", "/questions", {**REQUEST, "only": "alles"}, as_="analyst").status_code == 422


def test_the_page_asks_and_shows_verdicts_shares_core_and_the_remark(ready: Client) -> None:
    place = f"/verfahren/{KEY}/was-waere-ohne"
    assert "Analyst anmelden" in ready.raw.get(place).text
    sign_in(ready, "analyst")
    sent = ready.raw.post(
        place, data={"csrf": token_of(ready), "cases": "150", "replications": "3", "seed": "7"}, follow_redirects=True
    )
    assert sent.status_code == 200
    assert "Wird berechnet" in sent.text
    assert calculate(ready)
    page = ready.raw.get(place).text
    assert "lassen sich nicht zusammenzählen" in page
    assert "entscheidet nie" in page
    assert "entscheidet wenig, kostet viel" in page
    assert "geschützt: kein Vorschlag zum Wegfall" in page
    assert "nicht kalibriert" in page
    assert "Summe der einzelnen" in page
    assert "decides-" not in page
    assert re.search(r"Es genügen die Zeilen 1, 2, 3, 4 \(4 von 5\)|Zusammen entbehrlich", page)
    assert re.search(r"\d+(,\d+)? %", page)
    english = ready.raw.get(f"{place}?lang=en").text
    assert "do not add up" in english
    assert "never decides" in english
