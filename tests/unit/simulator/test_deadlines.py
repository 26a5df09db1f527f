"""Legal deadlines end with a calendar day, not after so many seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from bpm.model.process import Deadline, Facts
from bpm.simulator import simulate
from bpm.simulator.deadlines import due
from tests.unit.simulator.drawn import draw, fix, law, scenario

MONDAY = datetime(2025, 1, 6)


@pytest.mark.parametrize(
    ("start", "length", "last_day"),
    [
        (datetime(2025, 1, 6, 10), "P14D", "2025-01-20"),
        (datetime(2025, 1, 31, 23), "P1M", "2025-02-28"),
        (datetime(2025, 1, 8), "P3D", "2025-01-13"),  # the 11th is a Saturday
        (datetime(2025, 1, 15), "P3M", "2025-04-15"),
        (datetime(2028, 2, 29), "P1Y", "2029-02-28"),
        (datetime(2025, 1, 6), "P2W", "2025-01-20"),
    ],
)
def test_a_deadline_has_run_out_when_its_last_working_day_is_over(start: datetime, length: str, last_day: str) -> None:
    seconds = np.array([(start - MONDAY).total_seconds()])
    end = (datetime.fromisoformat(last_day) - MONDAY).total_seconds() + 86400
    assert due(seconds, length, MONDAY)[0] == end


def test_the_share_of_cases_past_the_deadline_has_an_interval() -> None:
    procedure = draw("f1: s -> t1\nf2: t1 -> e")
    assert procedure.process is not None
    process = replace(procedure.process.main, facts=Facts(deadlines=(Deadline("p", None, "P7D"),)))
    procedure = replace(procedure, process=replace(procedure.process, processes=(process,)))
    # due at the end of the 13th; half of the durations end later
    figures = scenario({"t1": law("uniform", 0, 16 * 86400)}, arrivals=fix(1))
    result = simulate(procedure, figures, cases=400, replications=5)
    (found,) = result.deadlines
    assert (found["element"], found["limit"]) == ("p", "P7D")
    low, high = found["interval_95"]
    assert low <= 0.5 <= high
    assert found["p_exceed"] == pytest.approx(0.5, abs=0.05)
    assert any(note.field == "deadline" for note in result.notes)
