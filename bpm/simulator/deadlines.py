"""Legal deadlines of a procedure against simulated cases: how often would the limit be exceeded?

First form: a deadline on the process or on one of its end events runs from the case's start (its receipt) to its end;
the day of receipt does not count, the deadline ends with its last day, and if that is a Saturday or Sunday, with the
next Monday (BGB 187, 188, 193). Local holidays, suspension and extension are not counted, which a note says.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np

from bpm.kpis import Counted, half_width, wilson
from bpm.model.process import Deadline, Process
from bpm.model.scenario import Note, Scenario
from bpm.simulator.zone import Clock

_LENGTH = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$")


class Deadlines:
    """The countable deadlines of a process; `notes` names the others."""

    def __init__(self, process: Process, scenario: Scenario) -> None:
        self.notes: list[Note] = []
        self._found: list[tuple[Deadline, str]] = []
        ends = {node.id for node in process.nodes if node.type == "endEvent" and node.parent == process.id}
        pairs = [(process.id, deadline) for deadline in process.facts.deadlines]
        pairs += [(node.id, deadline) for node in process.nodes for deadline in node.facts.deadlines]
        for element, deadline in pairs:
            if not deadline.length or not _LENGTH.match(deadline.length) or element not in {process.id, *ends}:
                self.notes.append(Note(element, "deadline", deadline.length, None,
                                       "Frist wird noch nicht gegen die Simulation gehalten"))  # fmt: skip
                continue
            self._found.append((deadline, element))
            self.notes.append(Note(element, "deadline", deadline.length, deadline.length,
                                   "Gezählt ab Beginn des Falls, ohne Feiertage, Hemmung, Verlängerung"))  # fmt: skip

    def measure(
        self, counted: tuple[Counted, ...], epoch: datetime, clock: Clock | None = None
    ) -> tuple[dict[str, Any], ...]:
        """The contract's `deadlines`; times in `counted` are elapsed seconds since `epoch`."""
        at = clock or Clock()
        return tuple(self._measure(deadline, element, counted, epoch, at) for deadline, element in self._found)

    def _measure(
        self, deadline: Deadline, element: str, counted: tuple[Counted, ...], epoch: datetime, clock: Clock
    ) -> dict[str, Any]:
        shares, hits, n = [], 0, 0
        for one in counted:
            times = one.times[~np.isnan(one.times[:, 1])]
            if not len(times):
                continue
            late = times[:, 1] >= clock.elapsed(due(clock.wall(times[:, 0]), deadline.length or "", epoch))
            hits, n = hits + int(late.sum()), n + len(late)
            shares.append(float(late.mean()))
        half = half_width(np.array(shares)) if len(shares) > 1 else None
        share = hits / n if n else None
        interval: tuple[float, float] | None = None
        if share is not None:
            interval = wilson(hits, n) if half is None else (max(share - half, 0.0), min(share + half, 1.0))
        return {
            "element": element, "limit": deadline.length, "p_exceed": share,
            "interval_95": list(interval) if interval else None,
        }  # fmt: skip


def due(starts: Any, length: str, epoch: datetime) -> Any:
    """The moments (seconds since `epoch`) at which deadlines of ISO `length` that begin at `starts` have run out."""
    found = _LENGTH.match(length)
    assert found is not None
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    base = np.datetime64(epoch, "s")
    day = (base + np.floor(starts).astype("timedelta64[s]")).astype("datetime64[D]")
    if years or months:
        month = day.astype("datetime64[M]")
        number = (day - month.astype("datetime64[D]")).astype(np.int64)
        later = month + np.timedelta64(12 * years + months, "M")
        last = ((later + 1).astype("datetime64[D]") - later.astype("datetime64[D]")).astype(np.int64) - 1
        day = later.astype("datetime64[D]") + np.minimum(number, last)
    day = day + np.timedelta64(7 * weeks + days, "D")
    weekday = (day.astype(np.int64) + 3) % 7
    day = day + np.where(weekday >= 5, 7 - weekday, 0)
    return ((day + 1).astype("datetime64[s]") - base).astype(np.float64)
