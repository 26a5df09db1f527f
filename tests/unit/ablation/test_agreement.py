"""What is proven about a rule is what trying every kind of case shows."""

from __future__ import annotations

from typing import Any

import pytest

from bpm.analyser.ablation import Ablation
from bpm.analyser.given import TableAt
from bpm.analyser.tables import Geometry, geometry
from bpm.decisions import decide
from bpm.errors import DecisionError
from bpm.feel import to_json
from tests.unit.ablation.trials import CONFLICT, POLICIES, Trial, trial, without

TABLES = 2_200
CHUNK = 200


def ablation(at: TableAt) -> Ablation:
    shape = geometry(at)
    assert isinstance(shape, Geometry), shape
    return Ablation(shape)


def deciding(found: Trial) -> dict[int, set[tuple[Any, ...]]]:
    """By rule, the cases that are decided otherwise without it."""
    cases: dict[int, set[tuple[Any, ...]]] = {rule: set() for rule in range(len(found.outputs))}
    for values, matched in found.cases():
        whole = found.result(values, matched)
        for rule in matched:
            if not same(whole, found.result(values, [other for other in matched if other != rule])):
                cases[rule].add(values)
    return cases


def same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def decided(at: TableAt, values: dict[str, Any]) -> Any:
    try:
        return to_json(decide(at.model, "d", values).result)
    except DecisionError as error:
        return CONFLICT, error.code


@pytest.mark.parametrize("start", range(0, TABLES, CHUNK))
def test_verdicts_are_those_of_brute_force(start: int) -> None:
    undecided = 0
    for seed in range(start, start + CHUNK):
        found = trial(seed)
        cases = deciding(found)
        for rule, verdict in enumerate(ablation(found.at).verdicts):
            where = f"seed {seed}, rule {rule + 1}: {found.at.table}"
            if verdict.decisive is None:
                assert found.formulas, where
                undecided += 1
            else:
                assert verdict.decisive == bool(cases[rule]), where
                complete = any(None not in values for values in cases[rule])
                assert not (verdict.only_missing and complete), where
                assert not verdict.decisive or verdict.only_missing or complete or found.formulas, where
    assert undecided < CHUNK, "most is decided"


@pytest.mark.parametrize("start", range(0, 440, 110))
def test_a_witness_is_decided_otherwise_without_the_rule(start: int) -> None:
    tried = 0
    for seed in range(start, start + 110):
        found = trial(seed)
        of = ablation(found.at)
        for rule, verdict in enumerate(of.verdicts):
            if verdict.decisive and verdict.box is not None:
                case = of.example(verdict.box)
                with_rule, less = decided(found.at, case), decided(without(found.at, rule), case)
                assert with_rule != less, f"seed {seed}, rule {rule + 1}, {case}: {found.at.table}"
                missing = any(value is None for value in case.values())
                assert verdict.only_missing == missing or found.formulas, f"seed {seed}"
                tried += 1
    assert tried > 100


@pytest.mark.parametrize("start", range(0, TABLES, CHUNK))
def test_a_core_decides_the_same_and_none_of_it_can_be_spared(start: int) -> None:
    smaller = 0
    for seed in range(start, start + CHUNK):
        found = trial(seed)
        core = ablation(found.at).core
        kept = set(core.kept)
        assert sorted((*core.kept, *core.dropped)) == list(range(len(found.outputs)))
        needed: set[int] = set()
        for values, matched in found.cases():
            whole = found.result(values, matched)
            left = [rule for rule in matched if rule in kept]
            assert same(whole, found.result(values, left)), f"seed {seed}, {values}: {found.at.table}"
            needed |= {
                rule for rule in left if not same(whole, found.result(values, [it for it in left if it != rule]))
            }
        assert not core.complete or needed == kept, f"seed {seed}: {found.at.table}"
        assert core.complete or found.formulas, f"seed {seed}"
        smaller += bool(core.dropped)
    assert smaller > CHUNK / 10


def test_one_case_is_judged_as_the_table_decides_it() -> None:
    for seed in range(330):
        found = trial(seed)
        of = ablation(found.at)
        for values, matched in found.cases()[:60]:
            whole = found.result(values, matched)
            for rule in matched:
                told = of.changes(matched, rule)
                truth = not same(whole, found.result(values, [other for other in matched if other != rule]))
                assert told == truth or (told is None and found.formulas), f"seed {seed}, rule {rule + 1}, {values}"


def test_every_hit_policy_is_tried() -> None:
    tables = [trial(seed).at.table for seed in range(len(POLICIES))]
    assert {(table.hit_policy, table.aggregation) for table in tables} == set(POLICIES)


def test_a_wrong_verdict_would_be_noticed() -> None:
    """Negative control: with a rule's neighbours hidden from the proof, brute force disagrees soon."""
    wrong = 0
    for seed in range(55):
        found = trial(seed)
        of = ablation(found.at)
        blind = [ablation(without(found.at, *[it for it in range(len(found.outputs)) if it != rule])).verdicts[0]
                 for rule in range(len(found.outputs))]  # fmt: skip
        truth = deciding(found)
        wrong += sum(verdict.decisive is not bool(truth[rule]) for rule, verdict in enumerate(blind))
        assert len(of.verdicts) == len(blind)
    assert wrong > 20
