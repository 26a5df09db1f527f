"""Large tables are decided exactly, and those that cannot be are given up, not guessed."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from bpm.analyser.boxes import Boxes, Budget, column, cover, gaps, overlaps
from bpm.feel.ranges import Interval, Region

Leaf = list[tuple[int, int]]


def partition(seed: int, rules: int, columns: int) -> list[Leaf]:
    """A space of 0 to 1000 in every column, split at random until there are so many boxes."""
    pick = random.Random(seed)
    leaves: list[Leaf] = [[(0, 1000)] * columns]
    while len(leaves) < rules:
        leaf = leaves.pop(pick.randrange(len(leaves)))
        c = pick.randrange(columns)
        low, high = leaf[c]
        if high - low < 2:
            leaves.append(leaf)
            continue
        middle = pick.randint(low + 1, high - 1)
        leaves += [[*leaf[:c], part, *leaf[c + 1 :]] for part in ((low, middle), (middle, high))]
    pick.shuffle(leaves)
    return leaves


def boxes(leaves: list[Leaf]) -> Boxes:
    whole = Region((Interval(Decimal(0), Decimal(1000), True, False),))
    columns = []
    for c in range(len(leaves[0])):
        cells = [Region((Interval(Decimal(leaf[c][0]), Decimal(leaf[c][1]), True, False),)) for leaf in leaves]
        columns.append(column(f"c{c}", "number", cells, domain=whole))
    return Boxes(tuple(columns), len(leaves))


def test_a_partition_of_the_space_has_no_gap_and_no_overlap() -> None:
    table = boxes(partition(1, 400, 6))
    assert gaps(table).exists is False
    assert list(overlaps(table)) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_rule_taken_out_of_a_partition_is_the_gap(seed: int) -> None:
    leaves = partition(seed, 200, 4)
    whole = boxes(leaves)
    table = boxes(leaves[1:])
    found = gaps(table)
    texts = [[entry.region(mask) for entry, mask in zip(table.columns, box, strict=True)] for box in found.boxes]
    missing = [entry.region(mask) for entry, mask in zip(whole.columns, whole.box(0), strict=True)]
    assert (found.exists, found.complete) == (True, True), f"seed {seed}"
    assert [[part.intervals for part in text] for text in texts] == [[part.intervals for part in missing]]


def test_every_rule_but_one_does_not_cover_its_box() -> None:
    table = boxes(partition(3, 60, 4))
    whole = table.domain()
    assert cover(table, whole, range(table.count)).covered
    assert len(cover(table, whole, range(table.count)).by) == table.count
    assert cover(table, whole, range(1, table.count)).covered is False


def test_questions_that_share_a_budget_stop_together() -> None:
    table = boxes(partition(3, 200, 4))
    budget = Budget(300)
    assert cover(table, table.domain(), range(table.count), budget=budget).covered is None
    assert budget.left == 0
    assert cover(table, table.domain(), range(table.count), budget=budget).covered is None
