"""Calendars, people, queues and figures of a scenario as arrays: what a program needs beside the model's structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from bpm.errors import ScenarioError
from bpm.model.process import Activity, FlowNode, Process, SubProcess
from bpm.model.scenario import ALWAYS, Calendar, ElementFigures, Scenario
from bpm.simulator import layout as L
from bpm.simulator.moments import start_of

DAY = 86_400.0
POOLS = 64
"""Pools are bits of a token's memory of who had the case last."""
NOTHING = ElementFigures()
_ASKED = {
    "citizen_time_s": "citizen_minutes",
    "citizen_cost_eur": "citizen_cost_eur",
    "business_time_s": "business_minutes",
    "business_cost_eur": "business_cost_eur",
}
"""Sums to the figures of `ElementFigures` they rest on; minutes may stand in `li:step` as well."""


def queues(
    nodes: Any, candidates: Sequence[tuple[int, int]], resources: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """Per resource the queues it serves, as (first, number) into one list."""
    serves: list[set[int]] = [set() for _ in range(resources)]
    for node in nodes:
        for k in range(node["first_candidate"], node["first_candidate"] + node["candidates"]):
            serves[candidates[k][0]].add(int(node["queue"]))
    spans: list[tuple[int, int]] = []
    flat: list[int] = []
    for numbers in serves:
        spans.append((len(flat), len(numbers)))
        flat += sorted(numbers)
    return spans, flat


def arrival_calendar(process: Process, scenario: Scenario) -> Calendar:
    """The scenario's calendar of arrivals, else when anybody who may do one of the first steps is on duty."""
    if scenario.arrivals.calendar is not None:
        return scenario.arrivals.calendar
    kinds = {node.id: node for node in process.nodes}
    waiting = [node.id for node in process.nodes if node.type == "startEvent" and node.parent == process.id]
    seen: set[str] = set()
    spans: list[tuple[float, float]] = []
    while waiting:
        id = waiting.pop()
        if id in seen or id not in kinds:
            continue
        seen.add(id)
        for work in scenario.activities.get(id, ()):
            spans += scenario.calendars[scenario.resources[work.resource].calendar].periods
        if isinstance(kinds[id], SubProcess):
            waiting += [node.id for node in process.nodes if node.parent == id and node.type == "startEvent"]
        elif not isinstance(kinds[id], Activity):
            waiting += [flow.target for flow in process.flows if flow.source == id]
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return Calendar("arrivals", tuple(merged)) if merged else ALWAYS


def calendars(scenario: Scenario, arrivals: Calendar) -> tuple[Any, Any, dict[str, int]]:
    """Calendars, their periods with the open seconds before each, and indices by id ("" is that of arrivals)."""
    rows: list[tuple[int, int, int, float, int, int]] = []
    periods: list[tuple[float, float, float]] = []
    days = holidays(scenario)
    index: dict[str, int] = {}
    for name, calendar in {"": arrivals, **scenario.calendars}.items():
        if not calendar.periods:
            raise ScenarioError("scenario-calendar", f"calendar {calendar.id!r} is never open", path=scenario.path)
        index[name] = len(rows)
        total = sum(end - begin for begin, end in calendar.periods)
        closed = 0 if calendar.always else len(days)
        first = len(periods)
        rows.append((first, len(calendar.periods), int(calendar.always), total, first + len(calendar.periods), closed))
        before = 0.0
        for begin, end in calendar.periods:
            periods.append((begin, end, before))
            before += end - begin
        taken = 0.0
        for day in days[:closed]:
            periods.append((day * DAY, (day + 1) * DAY, taken))
            weekday = day % 7 * DAY
            taken += sum(max(min(end, weekday + DAY) - max(begin, weekday), 0.0) for begin, end in calendar.periods)
    return np.array(rows, L.CALENDAR), np.array(periods, L.PERIOD), index


def holidays(scenario: Scenario) -> list[int]:
    """Closed days, counted from the Monday of the week in which the scenario starts; those before are left out."""
    start, offset = start_of(scenario)
    monday = (start - timedelta(seconds=offset)).date()
    days = {(date.fromisoformat(day) - monday).days for day in scenario.holidays}
    return sorted(day for day in days if day >= 0)


def resources(scenario: Scenario, spans: Sequence[tuple[int, int]], index: Mapping[str, int]) -> Any:
    """`RESOURCE` records in the scenario's order."""
    pools: dict[str, int] = {}
    rows = []
    for resource, (first, number) in zip(scenario.resources.values(), spans, strict=True):
        pool = pools.setdefault(resource.pool, len(pools))
        if pool >= POOLS:
            raise ScenarioError("simulation-unsupported", f"more than {POOLS} pools", path=scenario.path)
        rows.append((index[resource.calendar], resource.amount, pool, first, number, resource.cost_per_hour))
    return np.array(rows, L.RESOURCE).reshape(len(rows))


def fill_figures(order: Sequence[FlowNode], nodes: Any, scenario: Scenario) -> None:
    """Costs of an execution, and what it asks of citizens and businesses: the scenario's, else those of `li:step`."""
    for record, node in zip(nodes, order, strict=True):
        figures, step = scenario.figures.get(node.id, NOTHING), node.facts.step
        citizen, business = figures.citizen_minutes, figures.business_minutes
        if step is not None:
            citizen = step.citizen_minutes if citizen is None else citizen
            business = step.business_minutes if business is None else business
        record["fixed_cost"] = figures.fixed_cost_eur or 0.0
        record["citizen_s"], record["business_s"] = (citizen or 0.0) * 60.0, (business or 0.0) * 60.0
        record["citizen_eur"] = figures.citizen_cost_eur or 0.0
        record["business_eur"] = figures.business_cost_eur or 0.0


def recorders(order: Sequence[FlowNode], scenario: Scenario) -> dict[str, set[str]]:
    """Which nodes say something about each sum that may be unknown."""
    found: dict[str, set[str]] = {}
    for figure, field in _ASKED.items():
        named = {id for id, figures in scenario.figures.items() if getattr(figures, field) is not None}
        found[figure] = {
            node.id for node in order if node.id in named or getattr(node.facts.step, field, None) is not None
        }
    return found


def recorded(order: Sequence[FlowNode], scenario: Scenario) -> Mapping[str, bool]:
    """Which sums rest on at least one recorded figure; the others are not recorded, never zero."""
    return {figure: bool(nodes) for figure, nodes in recorders(order, scenario).items()}


def nested(scopes: Sequence[str], parents: Mapping[str, str]) -> Any:
    """[outer, inner]: whether a scope lies in another (or is it)."""
    inside: Any = np.zeros((len(scopes), len(scopes)), np.bool_)
    for k, scope in enumerate(scopes):
        outer: str | None = scope
        while outer is not None:
            inside[scopes.index(outer), k] = True
            outer = parents.get(outer)
    return inside
