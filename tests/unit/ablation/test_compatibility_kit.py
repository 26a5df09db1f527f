"""What is claimed about the tables of the public compatibility kit holds when they are decided."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpm.decisions import decide
from bpm.errors import LichtungError
from bpm.model.decision import DecisionTable, Rule
from bpm.question import Trial
from bpm.service.question import question

DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or Path(__file__).parents[4] / "shared" / "data") / "dmn-tck"


def alone(trial: Trial, rules: tuple[Rule, ...]) -> Any:
    """The result of the decision with these rules, other decisions taken away."""
    at = trial.at
    assert at.decision is not None
    inputs = {entry.id for entry in at.model.inputs}
    required = tuple(it for it in at.decision.requires if it in inputs)
    decision = replace(at.decision, requires=required, logic=replace(at.table, rules=rules))
    try:
        model = replace(at.model, decisions=(decision,))
        return decide(model, decision.id, dict(trial.witness or {})).result
    except LichtungError as error:
        return error.code


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no compatibility kit at {DATA}; set BPM_CONFORMANCE_DATA")
def test_every_witness_is_decided_otherwise_without_its_rule() -> None:
    answer = question(DATA)
    assert not answer.errors
    tried = 0
    for trial in (trial for one in answer.questioned for trial in one.trials):
        whole = trial.at.decision is not None and trial.at.decision.logic is trial.at.table
        if trial.witness is None or not whole or not isinstance(trial.at.table, DecisionTable):
            continue
        rules = trial.at.table.rules
        less = tuple(rule for number, rule in enumerate(rules, 1) if number != trial.rule)
        assert alone(trial, rules) != alone(trial, less), (trial.at.model.path, trial.at.owner, trial.rule)
        tried += 1
    assert tried >= 40
