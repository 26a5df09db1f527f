"""Calendars, people, queues and figures of a scenario as arrays: what a program needs beside the model's structure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from bpm.errors import ScenarioError
from bpm.model.process import Activity, FlowNode, Process, SubProcess
from bpm.model.scenario import ALWAYS, Calendar, ElementFigures, Scenario
from bpm.simulator import layout as L
from bpm.simulator.moments import start_of
from bpm.simulator.weeks import CLOSED, OPEN, WEEKLY, weekly_until
from bpm.simulator.zone import Clock

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
    return _flat(serves)


def help_queues(
    nodes: Any, roles: Sequence[tuple[int, int]], members: Sequence[int], resources: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """The same for queues whose items may need the resource as a further person."""
    helps: list[set[int]] = [set() for _ in range(resources)]
    for node in nodes:
        for first, length in roles[node["first_role"] : node["first_role"] + node["roles"]]:
            for member in members[first : first + length]:
                helps[member].add(int(node["queue"]))
    return _flat(helps)


def _flat(numbers: Sequence[set[int]]) -> tuple[list[tuple[int, int]], list[int]]:
    spans: list[tuple[int, int]] = []
    flat: list[int] = []
    for one in numbers:
        spans.append((len(flat), len(one)))
        flat += sorted(one)
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


def calendars(scenario: Scenario, arrivals: Mapping[str, Calendar], clock: Clock) -> tuple[Any, Any, dict[str, int]]:
    """Calendars (those of `arrivals` too), their periods with the open seconds before each, and indices by id."""
    rows: list[tuple[int, int, int, float, int, int]] = []
    periods: list[tuple[float, float, float, float, float, int]] = []
    index: dict[str, int] = {}
    for name, calendar in {**arrivals, **scenario.calendars}.items():
        if not calendar.periods:
            raise ScenarioError("scenario-calendar", f"calendar {calendar.id!r} is never open", path=scenario.path)
        index[name] = len(rows)
        rates = calendar.rates or (1.0,) * len(calendar.periods)
        total = sum((end - begin) * rate for (begin, end), rate in zip(calendar.periods, rates, strict=True))
        first = len(periods)
        before = 0.0
        for (begin, end), rate in zip(calendar.periods, rates, strict=True):
            periods.append((begin, end, before, rate, 0.0, 0))
            before += (end - begin) * rate
        spans = _spans(calendar, scenario, clock)
        at = len(periods)
        rows.append((first, len(calendar.periods), int(calendar.always and not calendar.rates), total, at, len(spans)))
        _append_spans(periods, np.array(rows[-1:], L.CALENDAR)[0], spans)
    return np.array(rows, L.CALENDAR), np.array(periods, L.PERIOD), index


def _append_spans(periods: list[Any], calendar: Any, spans: Sequence[tuple[float, float, float, int]]) -> None:
    before, week = 0.0, np.array(periods, L.PERIOD)
    for begin, end, shift, kind in spans:
        periods.append((begin, end, before, 1.0, shift, kind))
        if kind == OPEN:
            before += end - begin
        elif kind == WEEKLY and end < math.inf:
            until = weekly_until(calendar, week, end + shift)
            before += until - weekly_until(calendar, week, begin + shift)


def _spans(calendar: Calendar, scenario: Scenario, clock: Clock) -> list[tuple[float, float, float, int]]:
    """Begin, end, shift and kind of what tiles the time from 0 on; none if every week is the same."""
    special: dict[int, tuple[tuple[float, float], ...]] = {}
    if not calendar.always:
        special = dict.fromkeys(holidays(scenario), ())
    special |= {day: hours for day, hours in _exceptions(scenario, calendar.id).items() if day >= 0}
    around = calendar.always and not calendar.rates  # the wall clock is all the same to who is always open
    if not special and (around or len(clock.moments) == 1):
        return []
    cuts: dict[float, int] = {0.0: WEEKLY}
    for day, hours in sorted(special.items()):
        edges = clock.elapsed(np.array([day * DAY, (day + 1) * DAY]))
        cuts[float(edges[0])] = CLOSED
        cuts.setdefault(float(edges[1]), WEEKLY)
        for begin, end in hours:
            opening = clock.elapsed(np.array([day * DAY + begin, day * DAY + end]))
            cuts[float(opening[0])] = OPEN
            cuts[float(opening[1])] = CLOSED if opening[1] < edges[1] else cuts[float(edges[1])]
    kinds = sorted(cuts.items())
    for moment in clock.moments:
        cuts.setdefault(moment, [kind for begin, kind in kinds if begin <= moment][-1])
    begins = sorted(cuts)
    found = []
    for begin, end in zip(begins, [*begins[1:], math.inf], strict=True):
        shift = float(clock.wall(begin)) - begin
        found.append((begin, end, shift, cuts[begin]))
    return found


def _exceptions(scenario: Scenario, calendar: str) -> dict[int, tuple[tuple[float, float], ...]]:
    """Days on which a calendar is open otherwise, to their hours."""
    return {
        day_number(scenario, day): exception.periods
        for exception in scenario.exceptions
        if exception.calendar == calendar
        for day in exception.days
    }


def day_number(scenario: Scenario, day: str) -> int:
    """A day counted from the Monday of the week in which the scenario starts."""
    start, offset = start_of(scenario)
    return (date.fromisoformat(day) - (start - timedelta(seconds=offset)).date()).days


def holidays(scenario: Scenario) -> list[int]:
    """Closed days, counted as by `day_number`; those before are left out."""
    days = {day_number(scenario, day) for day in scenario.holidays}
    return sorted(day for day in days if day >= 0)


def absences(scenario: Scenario, clock: Clock) -> list[tuple[int, float, float, int]]:
    """Resource, begin, end (elapsed seconds) and number of people who are away."""
    order = list(scenario.resources)
    found = []
    for absence in scenario.absences:
        away = absence.amount or scenario.resources[absence.resource].amount
        first, last = day_number(scenario, absence.first), day_number(scenario, absence.last)
        edges = clock.elapsed(np.array([first * DAY, (last + 1) * DAY]))
        if edges[1] > 0.0:
            found.append((order.index(absence.resource), max(float(edges[0]), 0.0), float(edges[1]), away))
    return found


def resources(
    scenario: Scenario, spans: Sequence[tuple[int, int]], helps: Sequence[tuple[int, int]], index: Mapping[str, int]
) -> Any:
    """`RESOURCE` records in the scenario's order."""
    pools: dict[str, int] = {}
    rows = []
    for resource, served, helped in zip(scenario.resources.values(), spans, helps, strict=True):
        pool = pools.setdefault(resource.pool, len(pools))
        if pool >= POOLS:
            raise ScenarioError("simulation-unsupported", f"more than {POOLS} pools", path=scenario.path)
        rows.append((index[resource.calendar], resource.amount, pool, *served, *helped, resource.cost_per_hour))
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
