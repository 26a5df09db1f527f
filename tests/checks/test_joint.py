"""Contradictions between two tables are those that trying every case shows, and their example is one of them."""

from __future__ import annotations

from dataclasses import replace

from bpm.analyser.catalogue import load
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.model.decision import Decision, DecisionModel, DecisionTable
from bpm.model.procedure import Procedure
from tests.checks.small_tables import Small, small_table

TABLES = 1000
SEED = 20_260_501


def halves(small: Small) -> tuple[DecisionTable, DecisionTable]:
    """The rules of one table dealt to two, so that both look at the same inputs."""
    middle = len(small.table.rules) // 2
    outputs = tuple(replace(clause, default=None) for clause in small.table.outputs)
    return (
        replace(small.table, id="t1", outputs=outputs, rules=small.table.rules[:middle]),
        replace(small.table, id="t2", outputs=outputs, rules=small.table.rules[middle:]),
    )


def found(small: Small) -> list[Finding]:
    first, second = halves(small)
    decisions = (Decision("d1", "D1", "one", None, first), Decision("d2", "D2", "two", None, second))
    model = DecisionModel("t.dmn", "", "t", "urn:t", decisions)
    outcomes = list(load("RC10").find(Given(Procedure("p", "p", "t.dmn", None, (model,)))))
    assert all(isinstance(outcome, Finding) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Finding)]


def contradicting(small: Small) -> set[tuple[int, int]]:
    """Pairs of rules (1-based in their tables) that decide one case differently; of missing inputs nothing is said."""
    middle = len(small.table.rules) // 2
    pairs = set()
    for case, met in small.cases:
        ours, theirs = [rule for rule in met if rule < middle], [rule for rule in met if rule >= middle]
        if None in case or not ours or not theirs:
            continue
        one, other = small.strongest(ours), small.strongest(theirs)
        if small.output(one) != small.output(other):
            pairs.add((one + 1, other - middle + 1))
    return pairs


def test_contradictions_are_those_that_trying_every_case_shows() -> None:
    print(f"seeds {SEED} to {SEED + TABLES - 1}")
    hits = 0
    for seed in range(SEED, SEED + TABLES):
        small = small_table(seed, ("FIRST", "PRIORITY"))
        expected = contradicting(small)
        named = {
            (case["rules"][0]["rule"], case["rules"][1]["rule"])
            for finding in found(small)
            for case in finding.evidence["cases"]
        }
        assert named == expected, f"seed {seed}"
        hits += len(expected)
    assert hits > TABLES / 4, "the tables try the claim"


def test_a_table_beside_itself_contradicts_nothing() -> None:
    for seed in range(SEED, SEED + 100):
        small = small_table(seed, ("FIRST",))
        twice = replace(small, table=replace(small.table, rules=small.table.rules * 2))
        assert found(twice) == [], f"seed {seed}"
