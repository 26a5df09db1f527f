"""Conditions at exclusive gateways are on trial like the rules of a table."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.ablation import Ablation
from bpm.analyser.guards import Guards, guards_of
from bpm.feel import evaluate, parse_expression
from bpm.model.process import Expression, Gateway, Process, SequenceFlow
from bpm.model.reader import read
from bpm.question import question_rules
from bpm.service.question import Answer, Asked
from bpm.service.simulate import scenario_of

CITY = Path(__file__).parents[3] / "processes" / "muenchen"


def gateway(*ways: tuple[str | None, str], default: str | None = None, language: str = "feel") -> Guards | None:
    """Flows with a condition (or none) and a target; `default` is the target of a default flow."""
    flows = [
        SequenceFlow(f"f{n}", "g", target, "p", condition=None if text is None else Expression(text, language, None))
        for n, (text, target) in enumerate(ways)
    ]
    if default is not None:
        flows.append(SequenceFlow("fd", "g", default, "p"))
    node = Gateway(id="g", type="exclusiveGateway", name="G", parent="p", default="fd" if default else None)
    return next(guards_of(Process(id="p", name="", executable=True, nodes=(node,), flows=tuple(flows)), "p.bpmn"), None)


def decisive(found: Guards | None) -> list[bool | None]:
    assert found is not None
    assert found.shape is not None, found.reason
    return [verdict.decisive for verdict in Ablation(found.shape).verdicts]


def test_a_condition_for_the_way_of_the_default_never_decides() -> None:
    assert decisive(gateway(('x = "a"', "A"), ('x = "b"', "B"), default="B")) == [True, False]
    assert decisive(gateway(('x = "a"', "A"), ('x = "b"', "B"))) == [True, True], (
        "without default a case would be stuck"
    )


def test_a_condition_behind_others_that_leave_nothing_never_decides() -> None:
    ways = (("x < 10", "A"), ("x >= 10 and y", "B"), ("x >= 10 and not(y)", "C"), ("x > 3 and y = true", "D"))
    assert decisive(gateway(*ways)) == [True, True, True, False]


def test_a_missing_datum_meets_no_comparison() -> None:
    found = gateway(("x = true", "A"), ("x = false", "B"), ("x = null", "C"), default="D")
    assert decisive(found) == [True, True, True]
    assert found is not None
    assert found.shape is not None
    verdict = Ablation(found.shape).verdicts[2]
    assert verdict.only_missing


def test_juel_is_read_and_other_languages_are_not() -> None:
    assert decisive(gateway(("${x == 'a'}", "A"), ("${x == 'b' && y > 3}", "B"), default="C")) == [True, True]
    other = gateway(("x", "A"), ("y", "B"), language="javascript")
    assert other is not None
    assert other.shape is None
    assert "kein FEEL" in (other.reason or {})["de"]


def test_what_is_no_conjunction_is_left_open_with_the_reason() -> None:
    for text in ("x = 1 or y = 2", "x < y", "count(x) > 2", "x = 1 and x.y = 2"):
        found = gateway((text, "A"), ("z = 1", "B"))
        assert found is not None
        assert found.shape is None, text
        assert set(found.reason or {}) == {"de", "en"}


def test_a_gateway_that_only_joins_is_not_asked() -> None:
    assert gateway((None, "A")) is None
    assert gateway((None, "A"), (None, "B")) is None


PARTS = ("x = 1", "x < 2", "x >= 1", "x in [0..2)", "x != 2", 's = "a"', 's != "b"', 's in ("a","b")', "b", "not(b)")
VALUES: dict[str, tuple[Any, ...]] = {
    "x": (*(Decimal(n) / 2 for n in range(-1, 6)), None),
    "s": ("a", "b", "c", None),
    "b": (True, False, None),
}


@pytest.mark.parametrize("seed", range(150))
def test_verdicts_are_those_of_evaluating_the_conditions(seed: int) -> None:
    pick = random.Random(seed)
    texts = [" and ".join(pick.sample(PARTS, pick.randint(1, 3))) for _ in range(pick.randint(2, 5))]
    targets = [pick.choice("ABC") for _ in texts]
    default = pick.choice(("A", "B", None))
    found = gateway(*zip(texts, targets, strict=True), default=default)
    needed = set()
    for case in itertools.product(*VALUES.values()):
        scope = dict(zip(VALUES, case, strict=True))
        true = [n for n, text in enumerate(texts) if evaluate(parse_expression(text), scope) is True]
        if true:
            after = targets[true[1]] if len(true) > 1 else default
            needed |= {true[0]} if targets[true[0]] != after else set()
    assert decisive(found) == [n in needed for n in range(len(texts))], f"seed {seed}: {texts} -> {targets}, {default}"


def test_the_answer_lists_guards_with_shares_where_the_data_are_attributes() -> None:
    [procedure] = read(CITY / "wohnsitzanmeldung")
    questioned = question_rules(procedure, scenario_of(procedure), cases=1_000)
    answer = Answer((Asked(questioned, None),), ()).as_json("de")
    by_gateway = {entry["gateway"]: entry for entry in answer["guards"]}
    moved = by_gateway["gw_zuzug"]
    assert (moved["verdict"], moved["condition"]) == ("decisive", "zuzug_aus_deutschland = true")
    assert moved["interval_95"][0] <= moved["changed_share"] <= moved["interval_95"][1]
    assert by_gateway["gw_weg"]["changed_share"] is not None, "a step on the way sets what it asks for"
    less = question_rules(procedure, replace(scenario_of(procedure), results={}), cases=100)
    alone = Answer((Asked(less, None),), ()).as_json("de")
    assert {one["gateway"]: one["changed_share"] for one in alone["guards"]}["gw_daten"] is None
    assert any("Verzweigungen" in note["why"] for note in alone["notes"])
