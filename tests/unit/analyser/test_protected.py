"""Protected steps: stated in the model or told by their label, never offered for removal."""

from __future__ import annotations

import datetime

import pytest

from bpm.analyser.protected import AS_OF, LIST, formally_served, protection, recognise
from bpm.model.process import Facts, StepFacts, UserTask


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
