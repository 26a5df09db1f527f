"""Boxes say of a table what trying every atomic cell says."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from bpm.analyser.boxes import Box, Boxes, Budget, _is_one_interval, common, cover, gaps, merge_groups, overlaps
from tests.unit.boxes.tables import Sample, holds, sample
from tests.unit.boxes.ways import force

SEEDS = range(int(os.environ.get("BPM_TABLES", "1000")))
CHUNK = 250


class Inside:
    """Whether a case lies in a box, by the regions the box is written down as."""

    def __init__(self, table: Sample) -> None:
        self.columns = table.boxes.columns
        self.known: dict[tuple[int, int, Any], bool] = {}

    def __call__(self, box: Box, case: tuple[Any, ...]) -> bool:
        return all(self._one(c, mask, value) for c, (mask, value) in enumerate(zip(box, case, strict=True)))

    def _one(self, c: int, mask: int, value: Any) -> bool:
        key = (c, mask, value)
        if key not in self.known:
            entry = self.columns[c]
            self.known[key] = entry.region(mask).contains(value) if value is not None else bool(mask & entry.null)
        return self.known[key]


def agree(seed: int) -> None:
    table = sample(seed)
    boxes, cases, inside = table.boxes, table.cases(), Inside(table)
    met = [rules for _, rules in cases]

    pairs = {(i, j) for rules in met for i in rules for j in rules if i < j}
    assert set(overlaps(boxes)) == pairs, f"seed {seed}: overlaps"
    for i, j in sorted(pairs)[:5]:
        shared = common(boxes.box(i), boxes.box(j))
        for case, rules in cases:
            assert inside(shared, case) == (i in rules and j in rules), f"seed {seed}: common {i} {j} {case}"

    for rule in range(boxes.count):
        assert boxes.is_empty(rule) == (not any(rule in rules for rules in met)), f"seed {seed}: empty {rule}"
        check_cover(seed, boxes, rule, met)

    found = gaps(boxes, most=1_000)
    assert found.exists == any(not rules and None not in case for case, rules in cases), f"seed {seed}: gap"
    assert found.complete, f"seed {seed}: complete"
    for case, rules in cases:
        if None not in case:
            in_gap = any(inside(box, case) for box in found.boxes)
            assert in_gap == (not rules), f"seed {seed}: gap boxes at {case}"

    for group, box in merge_groups(boxes, [0] * boxes.count)[0]:
        assert len(group) > 1
        for case, rules in cases:
            assert inside(box, case) == bool(set(group) & set(rules)), f"seed {seed}: merge {group} at {case}"


def check_cover(seed: int, boxes: Boxes, rule: int, met: list[list[int]]) -> None:
    if boxes.is_empty(rule):
        return
    earlier = list(range(rule))
    found = cover(boxes, boxes.box(rule), earlier)
    mine = [rules for rules in met if rule in rules]
    assert found.covered == all(set(rules) & set(earlier) for rules in mine), f"seed {seed}: cover {rule}"
    if found.covered:
        assert all(set(rules) & set(found.by) for rules in mine), f"seed {seed}: maskers of {rule}"
        for spared in found.by:
            rest = set(found.by) - {spared}
            assert not all(set(rules) & rest for rules in mine), f"seed {seed}: {spared} can be spared for {rule}"


@pytest.mark.parametrize("way", ["python", "machine"])
@pytest.mark.parametrize("start", range(SEEDS.start, SEEDS.stop, CHUNK))
def test_boxes_agree_with_trying_every_cell(start: int, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    force(way, monkeypatch)
    for seed in range(start, start + CHUNK):
        agree(seed)


def test_the_generator_knows_every_question() -> None:
    """Negative control: a property over tables without gaps, covers and merges would prove nothing."""
    kinds = {"gap": 0, "whole": 0, "single": 0, "union": 0, "merge": 0, "null": 0, "empty": 0}
    for seed in range(600):
        boxes = sample(seed).boxes
        kinds["gap" if gaps(boxes).exists else "whole"] += 1
        kinds["merge"] += len(merge_groups(boxes, [0] * boxes.count)[0])
        kinds["null"] += any(column.null for column in boxes.columns)
        for rule in range(boxes.count):
            kinds["empty"] += boxes.is_empty(rule)
            found = cover(boxes, boxes.box(rule), range(rule))
            if not boxes.is_empty(rule) and found.covered:
                kinds["single" if len(found.by) == 1 else "union"] += 1
    assert all(count >= 10 for count in kinds.values()), kinds


def test_a_budget_too_small_is_said_and_never_guessed() -> None:
    seed = next(s for s in SEEDS if len(sample(s).boxes.columns) == 3 and sample(s).boxes.count == 8)
    boxes = sample(seed).boxes
    found = gaps(boxes, budget=Budget(0))
    assert (found.exists, found.complete) == (None, False)


def test_null_meets_a_cell_by_three_valued_logic() -> None:
    for seed in range(300):
        table = sample(seed)
        for entry, cells in zip(table.boxes.columns, table.cells, strict=True):
            for mask, tests in zip(entry.masks, cells, strict=True):
                if entry.null:
                    assert bool(mask & entry.null) == (holds(tests, None) is True), f"seed {seed}"


def test_atoms_are_one_interval_where_they_are_written_as_one() -> None:
    answers = {False: 0, True: 0}
    for seed in range(400):
        pick = random.Random(seed)
        for entry in sample(seed).boxes.columns:
            for _ in range(4):
                mask = pick.getrandbits(12) & entry.exists
                if pick.random() < 0.6 and mask:
                    mask = (1 << mask.bit_length()) - (mask & -mask) & entry.exists
                expected = len(entry.region(mask).intervals) == 1
                assert _is_one_interval(entry, mask) == expected, f"seed {seed}: {mask:b}"
                answers[expected] += 1
    assert min(answers.values()) > 200
