"""Machine code and plain Python search boxes alike: same boxes, same order, same work; none are proven sooner."""

from __future__ import annotations

import random

import pytest

from bpm.analyser import cutting, nearness, search
from bpm.analyser.boxes import Box, Boxes, Budget, Column, gaps, neighbours, overlaps
from bpm.analyser.search import Widening, Within, pieces, widen
from bpm.analyser.warm import warm
from tests.unit.boxes.test_scale import boxes, partition
from tests.unit.boxes.ways import force

LIMITS = (1, 7, 10_000)


def scattered(seed: int, rules: int, columns: int, atoms: int) -> tuple[Box, list[Box]]:
    """A box and rules that meet it, with holes in the cells and more atoms than a word has."""
    pick = random.Random(seed)
    whole = tuple((1 << pick.randint(1, atoms)) - 1 for _ in range(columns))
    found: list[Box] = []
    while len(found) < rules:
        rule = tuple(held if pick.random() < 0.5 else pick.getrandbits(held.bit_length() + 3) for held in whole)
        if all(one & other for one, other in zip(rule, whole, strict=True)):
            found.append(rule)
    return whole, found


def both(
    whole: Box, rules: list[Box], work: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[list[Box], bool, int]]:
    """Pieces, whether exhausted, and the work left, by either way."""
    found = []
    for way in ("python", "machine"):
        force(way, monkeypatch)
        budget = Budget(work)
        left, exhausted = pieces(whole, rules, budget, limit)
        found.append((left, exhausted, budget.left))
    return found


def agree(slow: tuple[list[Box], bool, int], quick: tuple[list[Box], bool, int], where: str) -> None:
    """The same, except that machine code may prove with less work that there are no boxes."""
    if not quick[0] and not quick[1]:
        assert slow[0] == [], where
    else:
        assert slow == quick, where


@pytest.mark.parametrize("seed", range(60))
def test_both_ways_find_the_same_boxes_in_the_same_order_for_the_same_work(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, rules = scattered(seed, 1 + seed % 20, 1 + seed % 5, 200)
    for limit in LIMITS:
        slow, quick = both(whole, rules, 20_000, limit, monkeypatch)
        agree(slow, quick, f"seed {seed}, limit {limit}")


def test_both_ways_agree_on_large_tables_and_give_up_at_the_same_step(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = set()
    for seed in range(6):
        table = boxes(partition(seed, 150, 5)[seed * 5 :])
        rules = [table.box(rule) for rule in range(table.count)]
        for work in (0, 100, 151, 3_000, 2_000_000):
            slow, quick = both(table.domain(), rules, work, 300, monkeypatch)
            agree(slow, quick, f"seed {seed}, work {work}")
            ends.add((bool(slow[0]), slow[1]))
    assert ends == {(False, False), (True, False), (False, True), (True, True)}, "every ending was met"


def test_machine_code_proves_with_little_work_that_there_is_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    table = boxes(partition(1, 400, 6))
    rules = [table.box(rule) for rule in range(table.count)]
    slow, quick = both(table.domain(), rules, 2_000_000, 1, monkeypatch)
    assert slow[:2] == quick[:2] == ([], False)
    assert 2_000_000 - quick[2] < (2_000_000 - slow[2]) / 3
    rules.remove(max(rules))
    slow, quick = both(table.domain(), rules, 2_000_000, 1, monkeypatch)
    assert slow == quick
    assert len(quick[0]) == 1


def test_the_largest_gaps_are_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(4):
        table = boxes(partition(seed, 150, 4)[15:])
        found = []
        for way in ("python", "machine"):
            force(way, monkeypatch)
            found += [[gaps(table, most=most, paths=paths) for most, paths in ((10, 300), (1_000, 40), (1, 1))]]
        assert found[0] == found[1], f"seed {seed}"
        assert found[0][0].exists


def test_pieces_widen_as_far_by_bits_as_rule_by_rule() -> None:
    wider = 0
    for seed in range(80):
        whole, rules = scattered(seed, 1 + seed % 12, 1 + seed % 4, 90)
        left, _ = pieces(whole, rules, Budget(20_000), 50)
        widening = Widening(whole, rules)
        for piece in left:
            assert widening(piece) == widen(piece, whole, rules), f"seed {seed}"
            wider += widening(piece) != piece
    assert wider > 100


def test_boxes_within_a_box_are_those_it_holds_in_every_column() -> None:
    _, found = scattered(3, 40, 2, 4)
    within = Within(found)
    held = 0
    for outer in found:
        expected = [all(i & o == i for i, o in zip(inner, outer, strict=True)) for inner in found]
        assert [bool(within.inside(outer) >> position & 1) for position in range(len(found))] == expected
        held += sum(expected)
    assert held > len(found), "some box lies in another"


@pytest.mark.parametrize("memory", [0, 1 << 26])
@pytest.mark.parametrize("few", [0, 1_000])
def test_neighbours_are_the_pairs_that_share_an_atom_in_every_column(
    few: int, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearness, "FEW_ATOMS", few)
    monkeypatch.setattr(nearness, "MEMORY", memory)
    met = 0
    for seed in range(30):
        pick = random.Random(seed)
        columns, rules = [], pick.randint(1, 300)
        for c in range(pick.randint(1, 4)):
            size = pick.randint(1, 200)
            whole = (1 << size) - 1
            holes = pick.random() < 0.5
            cells = [_cell(pick, size, holes) for _ in range(rules)]
            columns.append(Column(f"c{c}", "number", (), whole, 0, 0, 0, tuple(cells)))
        table = Boxes(tuple(columns), rules)
        expected = [
            [j for j in range(rules) if j != i and all(entry.masks[i] & entry.masks[j] for entry in columns)]
            for i in range(rules)
        ]
        assert list(neighbours(table)) == list(enumerate(expected)), f"seed {seed}"
        met += len(list(overlaps(table)))
    assert met > 1_000


def _cell(pick: random.Random, size: int, holes: bool) -> int:
    if pick.random() < 0.05:
        return 0
    low, high = sorted((pick.randrange(size), pick.randrange(size)))
    whole = (1 << high + 1) - (1 << low)
    return whole & pick.getrandbits(size) & pick.getrandbits(size) if holes else whole


def test_a_small_question_does_not_load_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("machine code was asked")

    monkeypatch.setattr(cutting, "cut", refuse)
    small, large = boxes(partition(1, 12, 3)), boxes(partition(1, 400, 6))
    assert gaps(small).exists is False
    monkeypatch.setattr(search, "PATIENCE_UNLOADED", 0)  # negative control: the refusal is met when it is asked
    monkeypatch.setattr(search, "PATIENCE_LOADED", 0)
    with pytest.raises(AssertionError, match="machine code was asked"):
        gaps(large)


def test_warming_up_cuts_a_box_by_machine() -> None:
    assert warm()
