"""How long steps take, and what of it was work, waiting for people, waiting by law, or the applicant's own time.

With start times: work is the time on duty between start and completion; what lies between the moment a step could
begin and its start, while the person was on duty and done with everything else, is a delay that no queue explains.
Without them nothing of this can be told apart. Then only the time that passed since the step before is known, and it is
called that: elapsed. A time that the model spends in a caught event on the way is that event's: a timer's is statutory,
a message's the applicant's own. Where a case passed several of them at once, the time is nobody's and left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpm.model.process import Event, FlowNode, Process
from bpm.simulator.calibration.following import Ways
from bpm.simulator.calibration.history import History
from bpm.simulator.calibration.hours import open_seconds
from bpm.simulator.calibration.people import Pool

OUTSIDE = ("receiveTask",)


@dataclass(slots=True)
class Measured:
    """Seconds by element id: `elapsed` since the step before, `work` on duty, `delay` that no queue explains, `events`
    of caught events; `unclear` rows whose time could be nobody's, `broken` starts after their completion."""

    elapsed: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    work: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    delay: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    events: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    unclear: int = 0
    broken: int = 0


def part_of(node: FlowNode | None) -> str:
    """Whose time an element's is: office, statutory or applicant."""
    if isinstance(node, Event):
        kinds = {definition.kind for definition in node.definitions}
        return "statutory" if "timer" in kinds else "applicant"
    return "applicant" if node is not None and node.type in OUTSIDE else "office"


def measure(
    history: History, element_of: Sequence[str | None], pools: Sequence[Pool], process: Process, ways: Ways,
    variant_of: Sequence[int],
) -> Measured:  # fmt: skip
    """Times of every recorded step that is an element of the model."""
    found = Measured()
    hours = {pool.group: pool.hours for pool in pools}
    ready = _ready(history)
    outside = {node.id for node in process.nodes if part_of(node) != "office"}
    position, case_before = 0, -1
    for row, case in enumerate(history.case.tolist()):
        if case != case_before:
            position, case_before = 0, case
        element = element_of[history.activity[row]]
        if element is None:
            continue
        caught = ways.passed.get((variant_of[case], position), ())
        position += 1
        completed, before = float(history.completed[row]), float(history.before[row])
        gap = 0.0 if history.first[row] else max(completed - before, 0.0)
        if len(caught) > 1:
            found.unclear += 1
        elif caught:
            until = float(history.started[row]) if history.starts else completed
            found.events[caught[0]].append(max((completed if np.isnan(until) else until) - before, 0.0))
        elif not history.starts or element in outside:
            found.elapsed[element].append(gap)
        if history.starts and element not in outside:
            _timed(found, history, row, element, hours, None if caught else ready[row])
    return found


def _timed(
    found: Measured, history: History, row: int, element: str, hours: Mapping[int, frozenset[int]], ready: Any
) -> None:
    started, completed = float(history.started[row]), float(history.completed[row])
    if np.isnan(started):
        return
    if started > completed:
        found.broken += 1
        return
    calendar = hours[int(history.group[row])]
    opened = open_seconds(calendar, np.array([started, completed]))
    found.work[element].append(float(opened[1] - opened[0]))
    if ready is not None and not np.isnan(ready):
        free = open_seconds(calendar, np.array([min(ready, started), started]))
        found.delay[element].append(float(free[1] - free[0]))


def _ready(history: History) -> Any:
    """The moment from which nothing recorded kept a step from beginning: enabled, and its person done with the rest."""
    enabled = np.where(np.isnan(history.enabled), history.before, history.enabled)
    enabled = np.where(history.first & np.isnan(enabled), history.started, enabled)
    ready = enabled.copy()
    order = np.lexsort((history.completed, history.started, history.person))
    person_before, busy = -1, -np.inf
    for row in order.tolist():
        person, started = int(history.person[row]), float(history.started[row])
        if person < 0 or np.isnan(started):
            continue
        if person != person_before:
            person_before, busy = person, -np.inf
        if busy <= started:
            ready[row] = np.fmax(ready[row], busy)
        else:
            ready[row] = started  # was at something else too: kept from beginning to the last
        busy = max(busy, float(history.completed[row]))
    return ready
