"""Protected steps: stated in the model or told by their label, never offered for removal."""

from __future__ import annotations

import datetime

import pytest

from bpm.analyser.protected import AS_OF, LIST, formally_served, protection, recognise, shield
from bpm.model.process import Facts, FlowNode, LegalBasis, StepFacts, Task, UserTask


def step(name: str, protected: str | None = None) -> UserTask:
    return UserTask(id="a", type="userTask", parent="p", name=name, facts=Facts(step=StepFacts(protected=protected)))


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Beteiligte anhören", "hearing"),
        ("Ablehnung mit Gründen bekannt geben", "reasons"),
        ("Bürger*in beraten", "advice"),
        ("Energieberatung anbieten", "advice"),
        ("Rechtsbehelfsbelehrung anfügen", "remedy-notice"),
        ("Bescheid förmlich zustellen", "formal-service"),
        ("Rechnung sachlich und rechnerisch richtig zeichnen", "payment-separation"),
        ("Auszahlung anordnen", "payment-separation"),
        ("Personalrat beteiligen", "staff-council"),
        ("SBV beteiligen", "disabled-employees"),
        ("Bezirksausschuss unterrichten", "district-committee"),
        ("Gemeindliches Einvernehmen einholen", "municipal-consent"),
    ],
)
def test_each_protected_right_is_told_by_a_label(label: str, key: str):
    found = recognise(label)
    assert found is not None
    assert found.key == key
    assert protection(step(label)) == found.name["de"]


@pytest.mark.parametrize("label", ["Antrag prüfen", "Ausweis drucken", "Zahlung verbuchen", "Akte ablegen", ""])
def test_everyday_steps_are_not_protected(label: str):
    assert recognise(label) is None
    assert protection(step(label)) is None


def test_what_the_model_states_goes_first():
    assert protection(step("Antrag prüfen", "Datenschutz")) == "Datenschutz"


def test_formal_service_is_told_by_label_or_stated_reason():
    assert formally_served(step("Bescheid verschicken", "förmliche Zustellung"))
    assert formally_served(step("Bescheid zustellen"))
    assert not formally_served(step("Zahlung verbuchen", "Trennung von Anordnung und Zahlung"))


def test_the_list_is_dated_and_every_entry_names_its_source_in_two_languages():
    assert datetime.date.fromisoformat(AS_OF)
    assert len({entry.key for entry in LIST}) == len(LIST) == 10
    for entry in LIST:
        assert entry.source
        assert set(entry.name) == {"de", "en"}


def test_a_protected_step_shows_its_reason_and_norm_stated_or_recognised() -> None:
    def task(name: str, stated: str | None = None, *bases: str) -> FlowNode:
        facts = Facts(
            step=StepFacts(protected=stated) if stated else None,
            legal_bases=tuple(LegalBasis(citation) for citation in bases),
        )
        return Task(id="a", type="userTask", name=name, parent="p", facts=facts)

    heard = shield(task("Betroffene anhören", None, "OWiG § 55"))
    assert heard is not None
    assert heard.norm.startswith("BayVwVfG Art. 28")
    assert heard.norm.endswith("OWiG § 55")
    assert heard.as_json("en") == {
        "reason": "hearing of those concerned", "norm": heard.norm, "stated": False, "verified": False, "as_of": AS_OF,
    }  # fmt: skip
    own = shield(task("Prüfen", "eigener Grund", "Satzung § 3"))
    assert own is not None
    assert (own.reason["de"], own.norm, own.stated) == ("eigener Grund", "Satzung § 3", True)
    assert shield(task("Antrag prüfen")) is None


def test_the_list_holds_every_right_and_duty_that_must_never_be_dropped() -> None:
    assert {entry.key for entry in LIST} >= {
        "hearing", "reasons", "advice", "remedy-notice", "formal-service", "payment-separation", "staff-council",
        "disabled-employees", "district-committee", "municipal-consent",
    }  # fmt: skip
