"""One principle, all procedures: what rests on it is found and priced, and nothing is added up across addressees."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bpm.analyser.given import Given
from bpm.analyser.resting import resting
from bpm.errors import NotFound
from bpm.service.principles import Held, holding, listing
from tests.procedures.city import procedure


def held(key: str, **changed: object) -> Held:
    found = procedure(key)
    return Held(key, found.name, found.path, resting(Given(found)), found.principles, **changed)  # type: ignore[arg-type]


def entry(held_: list[Held], name: str) -> dict[str, object]:
    (found,) = listing(held_, name)["principles"]
    return found  # type: ignore[no-any-return]


def test_a_principle_names_its_steps_in_all_procedures_and_the_rules_that_send_cases_there() -> None:
    both = [held(key, figures=None, cases_per_year=None, why="x") for key in ("dienstreise", "hundesteuer")]
    four = entry(both, "Vier-Augen-Prinzip")
    assert {link["procedure"] for link in four["links"]} == {"dienstreise", "hundesteuer"}  # type: ignore[attr-defined]
    co = entry(both, "mitzeichnung")
    rules = [(link["element"], link["rule"], link["how"]) for link in co["links"] if link["kind"] == "rule"]  # type: ignore[attr-defined]
    assert ("genehmigende", 4, "leads-to") in rules
    assert ("genehmigende", 1, "leads-to") not in rules


def test_without_figures_the_price_is_null_and_the_reason_is_said() -> None:
    found = entry([held("dienstreise", figures=None, cases_per_year=None, why="kein Szenario")], "mitzeichnung")
    assert found["per_year"] is None
    assert found["notes"] == [{"procedure": "dienstreise", "why": "kein Szenario"}]


def test_city_business_and_citizen_stand_apart_and_protected_steps_too() -> None:
    per_case = {"executions": 1.0, "hours": 0.5, "cost_eur": 20.0, "business_hours": 0.25, "citizen_hours": 1.0}
    figures = {"budget_mitzeichnen": per_case, "abrechnung_feststellen": per_case}
    one = held("dienstreise", figures=figures, cases_per_year=100.0, why=None)
    assert entry([one], "mitzeichnung")["per_year"] == {
        "city": {"hours": 50.0, "cost_eur": 2000.0}, "business": {"hours": 25.0}, "citizen": {"hours": 100.0},
    }  # fmt: skip
    four = entry([one], "vier-augen")
    assert four["per_year"]["city"]["hours"] == 0.0  # type: ignore[index]
    assert four["per_year_protected"]["city"]["hours"] == 50.0  # type: ignore[index]


def test_a_misspelt_principle_is_refused() -> None:
    with pytest.raises(NotFound):
        listing([], "vieraugen")


def test_a_scenario_prices_the_steps() -> None:
    found = holding(procedure("dienstreise"))
    assert found.cases_per_year == 3000
    assert found.figures is not None
    assert found.figures["vorgesetzte_mitzeichnen"]["executions"] == pytest.approx(1.0, abs=0.2)
    json.dumps(listing([found]))


def test_a_citys_own_words_reach_its_procedures() -> None:
    (own,) = procedure("dienstreise").principles
    assert own.id == "mitzeichnung"
    assert "zuletzt anders" in own.description["de"]


def test_the_command_names_and_prices_one_principle() -> None:
    import typer

    from bpm.cli import question
    from tests.procedures.city import CITY

    app = typer.Typer()
    app.callback()(lambda: None)
    question.register(app)
    found = CliRunner().invoke(
        app, ["question", str(CITY / "dienstreise"), "--principle", "mitzeichnung", "--lang", "en"]
    )
    assert found.exit_code == 0, found.output
    assert "co-signature (mitzeichnung)" in found.output
    assert "A year, without protected steps: City" in found.output
