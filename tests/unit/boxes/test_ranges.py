"""A cell as a region means what evaluating the cell means, and can be written back as a cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpm.feel import matches, parse_expression, parse_unary_tests
from bpm.feel.ranges import Region, complement, constant, intersection, region, to_text, union

NUMBERS = [Decimal(n) / 2 for n in range(-4, 26)]
TEXTS = ["", "a", "b", "c", "zz"]
DAYS = [
    constant(parse_expression(f'date("{day}")')) for day in ("2024-12-31", "2025-01-01", "2025-01-02", "2025-06-30")
]
CELLS: dict[str, list[Any]] = {
    "-": NUMBERS,
    "5": NUMBERS,
    "-1.5": NUMBERS,
    "< 5": NUMBERS,
    ">= 2": NUMBERS,
    "[1..5)": NUMBERS,
    "(1..5]": NUMBERS,
    "]1..5[": NUMBERS,
    "[5..1]": NUMBERS,
    "1, 2, [4..6]": NUMBERS,
    "not(1, [3..5))": NUMBERS,
    "not(< 3)": NUMBERS,
    "not(5)": NUMBERS,
    "null": NUMBERS,
    "5, null": NUMBERS,
    "not(null)": NUMBERS,
    "not(5, null)": NUMBERS,
    "? > 2 and ? <= 4": NUMBERS,
    "? = 2 or 7 < ?": NUMBERS,
    "not(? > 2)": NUMBERS,
    "? in [1..3]": NUMBERS,
    "? between 2 and 4": NUMBERS,
    "2 * 3": NUMBERS,
    "[1, 2, 3]": NUMBERS,
    "[5, [1..3]]": NUMBERS,
    "not([5, [1..3)])": NUMBERS,
    "? in [[1..3], 5]": NUMBERS,
    "not(? in [[1..3], 5])": NUMBERS,
    '"a"': TEXTS,
    '"a", "b"': TEXTS,
    'not("a", "b")': TEXTS,
    '> "b"': TEXTS,
    "true": [True, False],
    "not(true)": [True, False],
    "false, true": [True, False],
    '<= date("2025-01-01")': DAYS,
    '@"2025-01-01"': DAYS,
    '[date("2025-01-01")..date("2025-01-02")]': DAYS,
    'not(date("2025-01-01"))': DAYS,
    ">= date(2025, 1, 2)": DAYS,
    '< duration("P1D")': [constant(parse_expression(f'duration("{text}")')) for text in ("PT1H", "P1D", "P2D")],
    '[duration("P1M")..duration("P1Y")]': [
        constant(parse_expression(f'duration("{text}")')) for text in ("P0M", "P1M", "P12M", "P13M")
    ],
    '>= time("08:00:00")': [constant(parse_expression(f'time("{text}")')) for text in ("07:59:59", "08:00:00")],
    '< date and time("2025-01-01T12:00:00")': [
        constant(parse_expression(f'date and time("2025-01-01T{text}")')) for text in ("11:59:59", "12:00:00")
    ],
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_region_holds_what_the_cell_matches(cell: str) -> None:
    tests = parse_unary_tests(cell)
    found = region(tests)
    assert found is not None
    for value in [*CELLS[cell], None]:
        assert found.contains(value) == (matches(tests, value, {}) is True), f"{cell} at {value}"


@pytest.mark.parametrize("cell", CELLS)
def test_a_region_is_written_as_a_cell_that_means_the_same(cell: str) -> None:
    found = region(parse_unary_tests(cell))
    assert found is not None
    again = region(parse_unary_tests(to_text(found)))
    assert again is not None
    assert [again.contains(value) for value in CELLS[cell]] == [found.contains(value) for value in CELLS[cell]]


@pytest.mark.parametrize(
    "cell", ["< grenze", 'contains(?, "a")', "? + 1 > 3", "abs(?) > 2", '5, "a"', '[1.."a"]', "date(?) > x"]
)
def test_what_is_no_set_of_values_is_no_box(cell: str) -> None:
    assert region(parse_unary_tests(cell)) is None


def test_regions_obey_the_laws_of_sets() -> None:
    numeric = [cell for cell, values in CELLS.items() if values is NUMBERS]
    regions: list[Region] = [found for found in (region(parse_unary_tests(cell)) for cell in numeric) if found]
    for left in regions:
        assert complement(complement(left)).intervals == left.intervals
        for right in regions:
            for value in NUMBERS:
                mine, other = left.contains(value), right.contains(value)
                assert union(left, right).contains(value) == (mine or other)
                assert intersection(left, right).contains(value) == (mine and other)
            outside = complement(union(left, right)).intervals
            assert outside == intersection(complement(left), complement(right)).intervals, "De Morgan"
