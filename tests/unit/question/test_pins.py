"""Findings about rules are pins in the rows of the table they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpm.analyser.run import analyse
from bpm.model.reader import read
from bpm.service.overview import look

CHECKS = Path(__file__).parents[2] / "checks"


@pytest.mark.parametrize(
    ("code", "file", "row"),
    [
        ("AB01", "ab01/invalid-falls-through.dmn", 1),
        ("AB03", "ab03/invalid-two-together.dmn", 2),
        ("RC05", "rc05/invalid-union.dmn", 5),
    ],
)
def test_a_finding_is_a_pin_in_the_row_of_its_rule(code: str, file: str, row: int) -> None:
    [procedure] = read(CHECKS / file)
    overview = look(procedure, analyse(procedure))
    [view] = overview.tables
    numbers = {question.number for question in overview.questions if question.reported.finding.code == code}
    assert numbers & set(view.marked[row])
    unnamed = len(view.table.rules) + 1
    assert unnamed not in view.marked, "negative control: a row without finding has no pin"
