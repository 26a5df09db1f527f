"""On which cases a share is measured: attributes, what steps set, and what decisions of the procedure make of both."""

from __future__ import annotations

import pytest

from bpm.decisions import decide
from bpm.model.procedure import Procedure
from bpm.model.reader import read
from bpm.question import Cases, cases_of, question_rules
from bpm.service.simulate import scenario_of
from tests.unit.question.test_question import CITY

KEYS = ("bewohnerparkausweis", "dienstreise", "hundesteuer", "wohnsitzanmeldung")


def procedure(key: str) -> Procedure:
    (found,) = read(CITY / key)
    return found


def cases(key: str, number: int = 200) -> Cases:
    found = procedure(key)
    return cases_of(found, scenario_of(found), number, 1)


@pytest.mark.parametrize("key", KEYS)
def test_every_rule_has_a_verdict_and_a_share_with_an_interval(key: str) -> None:
    found = procedure(key)
    questioned = question_rules(found, scenario_of(found), cases=300)
    assert {trial.word for trial in questioned.trials} <= {"decisive", "never-decisive"}
    for trial in questioned.trials:
        assert trial.share is not None, (trial.at.owner, trial.rule)
        assert trial.interval is not None
        assert trial.interval[0] <= trial.share <= trial.interval[1]


@pytest.mark.parametrize("key", KEYS)
def test_every_condition_has_a_verdict_and_a_share_or_a_note_that_says_why_not(key: str) -> None:
    found = procedure(key)
    questioned = question_rules(found, scenario_of(found), cases=300)
    assert {guard.trial.word for guard in questioned.guards} <= {"decisive", "never-decisive"}
    said = " ".join(note.why["de"] for note in questioned.notes)
    shares = [guard for guard in questioned.guards if guard.trial.share is not None]
    assert len(shares) > len(questioned.guards) / 2
    for guard in questioned.guards:
        assert guard.trial.share is not None or (guard.guards.gateway.name or guard.guards.gateway.id) in said


def test_what_a_decision_writes_follows_from_the_drawn_attributes() -> None:
    found = procedure("dienstreise")
    drawn = cases("dienstreise").values
    model, decision = found.decision("kostengrenze") or (None, None)
    assert model is not None
    assert decision is not None
    for number in range(0, 200, 20):
        data = {name: drawn[name][number] for name in ("kosten_geschaetzt", "auslandsreise")}
        assert drawn["kostenrahmen"][number] == decide(model, decision.id, data).result


def test_what_is_settled_twice_is_taken_from_the_first_place_and_measures_no_condition_between() -> None:
    drawn = cases("dienstreise")
    assert "leitweg" in drawn.mixed
    assert None not in drawn.values["leitweg"], "what the table leaves open is settled by hand"
    assert "leitweg" not in drawn.settled()
    found = procedure("dienstreise")
    (guard,) = [
        it for it in question_rules(found, scenario_of(found), cases=100).guards if it.guards.gateway.id == "gw_leitweg"
    ]
    assert guard.trial.share is None


def test_what_is_drawn_on_the_way_is_said() -> None:
    found = procedure("wohnsitzanmeldung")
    questioned = question_rules(found, scenario_of(found), cases=100)
    assert any("als käme jeder Fall dorthin" in note.why["de"] for note in questioned.notes)
