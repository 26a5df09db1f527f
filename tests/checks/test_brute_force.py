"""What the checks of rules prove by boxes is what trying every case of a small table shows; a wrong proof is worst."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from itertools import combinations, permutations

import pytest

from bpm.analyser.catalogue import load
from bpm.analyser.finding import Finding
from tests.checks.small_tables import Small, small_table

TABLES = int(os.environ.get("BPM_TABLES", "400"))
SEED = 20_260_101


def found(small: Small, code: str) -> list[Finding]:
    outcomes = list(load(code).find(small.given()))
    assert all(isinstance(outcome, Finding) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Finding)]


def inside(small: Small, inner: int, outer: int) -> bool:
    """Every case of one rule meets the other, missing inputs included."""
    return all(outer in met for _, met in small.with_null if inner in met)


def met_by(small: Small, rule: int) -> list[list[int]]:
    return [met for _, met in small.cases if rule in met]


def overlapping_pairs(small: Small) -> set[tuple[int, ...]]:
    return {
        (first + 1, second + 1)
        for first, second in combinations(range(len(small.table.rules)), 2)
        if small.output(first) == small.output(second)
        and any(second in met for met in met_by(small, first))
        and not inside(small, first, second)
        and not inside(small, second, first)
    }


def subsumed_rules(small: Small) -> set[int]:
    """Rules inside another one with their output, without which no case, even one with gaps, is decided otherwise."""
    found = set()
    for rule, other in permutations(range(len(small.table.rules)), 2):
        if small.output(rule) != small.output(other) or not met_by(small, rule) or not inside(small, rule, other):
            continue
        if rule < other and inside(small, other, rule):
            continue
        if small.table.hit_policy == "FIRST" and rule < other:
            between = range(rule + 1, other)
            if any(
                small.output(one) != small.output(rule)
                and any(one in met and rule in met for _, met in small.with_null)
                for one in between
            ):
                continue
        found.add(rule + 1)
    return found


def misleading_rules(small: Small) -> set[tuple[int, ...]]:
    rules = range(len(small.table.rules))
    columns = range(len(small.table.inputs))
    values = [{case[column] for case, _ in small.cases} - {None} for column in columns]

    def is_open(rule: int, column: int) -> bool:
        return {case[column] for case, met in small.cases if rule in met} - {None} == values[column]

    restricted = [c for c in columns if any(met_by(small, rule) and not is_open(rule, c) for rule in rules)]
    # a rule that no case meets restricts a column too, by the cell that no value meets
    return {
        (rule + 1, *by)
        for rule in rules
        if met_by(small, rule)
        and not any(is_open(rule, column) for column in restricted)
        and (
            by := [
                other + 1
                for other in rules
                if small.output(other) != small.output(rule)
                and any(is_open(other, column) for column in restricted)
                and any(other in met and small.strongest(sorted((rule, other))) == other for met in met_by(small, rule))
            ]
        )
        and any(small.strongest(met) == rule for met in met_by(small, rule))
    }


def irrelevant_inputs(small: Small) -> set[str]:
    found = set()
    for position, clause in enumerate(small.table.inputs):
        groups: dict[object, set[object]] = {}
        for case, met in small.cases:
            groups.setdefault((*case[:position], *case[position + 1 :]), set()).add(small.result(met))
        if all(len(results) == 1 for results in groups.values()):
            found.add(clause.expression)
    return found


def tables(code: str, policies: tuple[str, ...]) -> list[tuple[int, Small]]:
    print(f"{code}: seeds {SEED} to {SEED + TABLES - 1}")
    return [(seed, small_table(seed, policies)) for seed in range(SEED, SEED + TABLES)]


def test_harmless_overlaps_are_those_that_trying_every_case_shows() -> None:
    hits = 0
    for seed, small in tables("RC03", ("UNIQUE",)):
        expected = overlapping_pairs(small)
        assert {finding.rules for finding in found(small, "RC03")} == expected, f"seed {seed}"
        hits += len(expected)
    assert hits > TABLES / 4, "the tables try the claim"


def test_subsumed_rules_are_those_that_trying_every_case_shows() -> None:
    hits = 0
    for seed, small in tables("RC04", ("UNIQUE", "ANY", "FIRST", "PRIORITY")):
        expected = subsumed_rules(small)
        assert {finding.rules[0] for finding in found(small, "RC04")} == expected, f"seed {seed}"
        hits += len(expected)
    assert hits > TABLES / 4, "the tables try the claim"


@pytest.mark.parametrize("policy", ["ANY", "FIRST", "PRIORITY"])
def test_without_a_subsumed_rule_every_case_is_decided_as_before(policy: str) -> None:
    for seed, small in tables("RC04", (policy,)):
        for finding in found(small, "RC04"):
            rule = finding.rules[0] - 1
            for case, met in small.with_null:
                left = [other for other in met if other != rule]
                assert small.result(left) == small.result(met), f"seed {seed}: {case}"


def test_misleading_rules_are_those_that_trying_every_case_shows() -> None:
    hits = 0
    for seed, small in tables("RC06", ("FIRST", "PRIORITY")):
        expected = misleading_rules(small)
        assert {finding.rules for finding in found(small, "RC06")} == expected, f"seed {seed}"
        hits += len(expected)
    assert hits > TABLES / 40, "the tables try the claim"


def test_irrelevant_inputs_are_those_that_trying_every_case_shows() -> None:
    hits = 0
    for seed, small in tables("RC08", ("UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT", "RULE ORDER")):
        expected = irrelevant_inputs(small)
        assert {finding.evidence["input"] for finding in found(small, "RC08")} == expected, f"seed {seed}"
        hits += len(expected)
    assert hits > TABLES / 10, "the tables try the claim"


ORACLES: list[tuple[str, Callable[[Small], object]]] = [
    ("RC03", overlapping_pairs),
    ("RC04", subsumed_rules),
    ("RC06", misleading_rules),
    ("RC08", irrelevant_inputs),
]


@pytest.mark.parametrize(("code", "oracle"), ORACLES, ids=[code for code, _ in ORACLES])
def test_a_check_that_looked_at_another_table_would_be_found_out(code: str, oracle: Callable[[Small], object]) -> None:
    seeds = random.Random(1).sample(range(SEED, SEED + 1000), 200)
    policies = ("UNIQUE",) if code == "RC03" else ("FIRST",)
    differing = [
        seed for seed in seeds if oracle(small_table(seed, policies)) != oracle(small_table(seed + 1, policies))
    ]
    assert len(differing) > 10
