"""Who comes where: the arrivals of a scenario as streams, one for the first start event and one for each further."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from bpm.errors import ScenarioError
from bpm.model.process import Process
from bpm.model.scenario import ALWAYS, ArrivalProcess, Calendar, Distribution, Scenario
from bpm.simulator import layout as L
from bpm.simulator.laws import Laws
from bpm.simulator.moments import start_of
from bpm.simulator.splits import key_of
from bpm.simulator.tables import arrival_calendar
from bpm.simulator.zone import Clock


def streams_of(
    process: Process, scenario: Scenario, laws: Laws, index: Mapping[str, int], clock: Clock
) -> tuple[Any, Any, dict[str, Calendar]]:
    """STREAM records, given moments of arrival, and the calendars of arrivals by the name they are indexed with.

    Raises:
        ScenarioError: `scenario-start-event`, `scenario-arrival-times`.
    """
    records: list[tuple[Any, ...]] = []
    moments: list[float] = []
    calendars: dict[str, Calendar] = {}
    ours = {node.id for node in process.nodes if node.type == "startEvent" and node.parent == process.id}
    named = {id: arrivals for id, arrivals in scenario.starts.items() if id in index}
    for id, arrivals in {"": scenario.arrivals, **named}.items():
        if id and id not in ours:
            raise ScenarioError(
                "scenario-start-event", f"{id} is no start event of the process", path=scenario.path, element=id
            )
        calendars[id] = arrival_calendar(process, scenario) if not id else arrivals.calendar or ALWAYS
        given = _moments(arrivals, scenario, clock)
        law = laws.add(Distribution("fix", (0.0,)) if given else arrivals.interval, id or "arrival_time_distribution")
        node = index[id] if id else -1
        key = key_of(f"arrivals:{id}" if id else "arrivals")
        records.append((law, len(records), node, len(moments), len(given), key))
        moments += given
    return np.array(records, L.STREAM), np.array(moments or [0.0], np.float64), calendars


def _moments(arrivals: ArrivalProcess, scenario: Scenario, clock: Clock) -> list[float]:
    start, offset = start_of(scenario)
    monday = start - timedelta(seconds=offset)
    walls = [(datetime.fromisoformat(text).replace(tzinfo=None) - monday).total_seconds() for text in arrivals.times]
    if any(b < a for a, b in zip([offset, *walls], walls, strict=False)):
        why = "arrival_times are before the start or not in order"
        raise ScenarioError("scenario-arrival-times", why, path=scenario.path)
    return [float(moment) for moment in clock.elapsed(np.array(walls))] if walls else []
