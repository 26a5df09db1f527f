"""Forms bound a table only where they alone write the input; gaps are then what trying each option shows."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.given import Given
from bpm.analyser.offers import bounded
from bpm.analyser.run import analyse
from bpm.decisions import decide
from bpm.model.procedure import Procedure
from bpm.model.process import DataUse, EventDefinition, Facts, FlowNode, Loop, ServiceTask, UserTask
from bpm.model.process import Event as EventNode
from bpm.model.reader import read
from tests.checks.fixtures import HERE

FIXTURE = HERE / "rc01" / "valid-form-offers-no-more"
SEED = 20_261_124


def procedure(path: Path = FIXTURE) -> Procedure:
    (found,) = read(path)
    return found


def with_node(found: Procedure, node: FlowNode) -> Procedure:
    assert found.process is not None
    main = found.process.main
    whole = replace(main, nodes=(*main.nodes, node))
    return replace(found, process=replace(found.process, processes=(whole,)))


def with_options(found: Procedure, options: list[Any]) -> Procedure:
    schema = dict(found.forms["forms/antrag.json"])
    (field,) = [dict(one) for one in schema["components"]]
    field["values"] = [{"label": str(value), "value": value} for value in options]
    return replace(found, forms={"forms/antrag.json": {**schema, "components": [field]}})


def test_gaps_within_what_a_form_offers_are_those_that_deciding_every_option_shows() -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    found = procedure()
    words = ["RIT", "ITM", "KVR", "POR", "RBS"]
    gaps = 0
    for _ in range(60):
        options = chance.sample(words, chance.randint(1, 5))
        case = with_options(found, options)
        uncovered = {word for word in options if not decide(case.decisions[0], "leitweg", {"referat": word}).matched}
        findings = analyse(case, ("RC01",)).findings
        assert bool(findings) == bool(uncovered), options
        if findings:
            assert findings[0].finding.evidence["example"]["referat"] in uncovered
        gaps += bool(uncovered)
    assert 10 < gaps < 60, "the cases try the claim"


OTHERS = {
    "a service that says nothing": ServiceTask(id="x", type="serviceTask", parent="p", topic="t"),
    "a service that writes it": ServiceTask(
        id="x", type="serviceTask", parent="p", topic="t", facts=Facts(writes=(DataUse("referat", "step"),))
    ),
    "a message": EventNode(
        id="x", type="intermediateCatchEvent", parent="p", definitions=(EventDefinition("message", "m"),)
    ),
    "a signal": EventNode(
        id="x", type="intermediateCatchEvent", parent="p", definitions=(EventDefinition("signal", "s"),)
    ),
    "a task without a form": UserTask(id="x", type="userTask", parent="p"),
    "a loop over it": UserTask(
        id="x",
        type="userTask",
        parent="p",
        facts=Facts(writes=(DataUse("anderes", "step"),)),
        loop=Loop("parallel", element_variable="referat"),
    ),
}


@pytest.mark.parametrize("who", OTHERS)
def test_whoever_else_may_write_the_input_leaves_it_unbounded(who: str) -> None:
    assert bounded(Given(procedure()), "referat") is not None
    other = with_node(procedure(), OTHERS[who])
    assert bounded(Given(other), "referat") is None
    assert analyse(other, ("RC01",)).findings != ()


def test_a_step_that_says_it_writes_something_else_does_not() -> None:
    silent = ServiceTask(
        id="x", type="serviceTask", parent="p", topic="t", facts=Facts(writes=(DataUse("anderes", "step"),))
    )
    assert bounded(Given(with_node(procedure(), silent)), "referat") is not None


def test_values_without_a_rule_that_no_form_offers_are_said_and_are_no_finding() -> None:
    analysis = analyse(procedure(), ("RC01",))
    assert analysis.findings == ()
    (skipped,) = analysis.skipped
    assert "kein Formular anbietet" in skipped.skipped.reason["de"]
