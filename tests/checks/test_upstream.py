"""A rule called dead through the tables above is met by no case when the model is decided, and the others are."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal

from bpm.analyser.catalogue import load
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.decisions import decide
from bpm.model.decision import Decision, DecisionModel, DecisionTable, InputClause, InputData, OutputClause, Rule
from bpm.model.procedure import Procedure

MODELS = 300
SEED = 20_260_301
NUMBERS = ("-", "1", "< 1", ">= 1", "[1..2]", "> 2", "not(1)")
TEXTS = ("-", '"a"', '"b"', '"a","c"', 'not("a")', "null")
XS = [None, *(Decimal(n) / 2 for n in range(7))]


def table(pick: random.Random, id: str, inputs: tuple[str, ...], policy: str, results: tuple[str, ...]) -> Decision:
    """A decision with cells of numbers for x and y, of texts for the results of others."""
    clauses = tuple(InputClause(f"{id}{name}", name, name, "number" if name in "xy" else None) for name in inputs)
    rules = tuple(
        Rule(
            f"{id}r{number}",
            tuple(pick.choice(NUMBERS if name in "xy" else TEXTS) for name in inputs),
            (pick.choice(results),),
        )
        for number in range(pick.randint(1, 4))
    )
    default = pick.choice((None, None, '"a"')) if policy == "FIRST" else None
    logic = DecisionTable(f"t{id}", policy, None, clauses, (OutputClause(f"o{id}", "", default=default),), rules)
    data = tuple(f"in_{name}" for name in inputs if name in "xy")
    return Decision(id, id, id, None, logic, (*(name for name in inputs if name not in "xy"), *data), data)


def model(seed: int) -> DecisionModel:
    pick = random.Random(seed)
    words = ('"a"', '"b"', '"c"')
    upper = table(pick, "a", ("x", "y"), "FIRST", words)
    middle = table(pick, "b", pick.choice((("x",), ("a",), ("a", "x"))), "FIRST", words)
    lower = table(pick, "c", ("a", "b", "x"), "RULE ORDER", words)
    data = tuple(InputData(f"in_{name}", name, "number") for name in "xy")
    return DecisionModel("t.dmn", "", "t", "urn:t", (upper, middle, lower), data)


def dead(found: DecisionModel) -> set[int]:
    outcomes = load("RC09").find(Given(Procedure("p", "p", "t.dmn", None, (found,))))
    return {outcome.rules[0] for outcome in outcomes if isinstance(outcome, Finding) and outcome.decision == "c"}


def met(found: DecisionModel) -> set[int]:
    return {rule for x, y in itertools.product(XS, XS) for rule in decide(found, "c", {"x": x, "y": y}).matched}


def raw_only(found: DecisionModel) -> set[int]:
    """Rules that ask nothing of the tables above."""
    rules = found.decisions[2].logic.rules  # type: ignore[union-attr]
    return {number for number, rule in enumerate(rules, 1) if rule.inputs[:2] == ("-", "-")}


def test_a_rule_called_dead_is_met_by_no_case_and_few_unmet_rules_are_missed() -> None:
    print(f"seeds {SEED} to {SEED + MODELS - 1}")
    claimed = missed = 0
    for seed in range(SEED, SEED + MODELS):
        found = model(seed)
        called, alive = dead(found), met(found)
        assert not called & alive, f"seed {seed}: {called & alive}"
        claimed += len(called)
        missed += len(set(range(1, len(found.decisions[2].logic.rules) + 1)) - alive - called - raw_only(found))  # type: ignore[union-attr]
    assert claimed > MODELS / 4, "the models try the claim"
    assert missed < claimed / 3, f"{missed} unmet rules were not called dead, {claimed} were"
