"""Pools from a log: the groups it names (or the whole office), how many were there in a usual week, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bpm.costs.table import table
from bpm.simulator.calibration.history import History
from bpm.simulator.calibration.hours import time_periods, weekly_hours

WEEK = 604_800.0
SHARE = 0.05
"""A group that did less of an activity is not one of those who do it."""

OFFICE = "gesamte Stelle"
CLOCK = "rund_um_die_uhr"


@dataclass(frozen=True, slots=True)
class Pool:
    """A group under its number in the log (-1: nobody told apart); `hours` of the week, `inside` the share of what it
    did in them, `seen` how many persons there ever were (0: not recorded)."""

    id: str
    name: str
    group: int
    amount: int
    seen: int
    hours: frozenset[int]
    inside: float


def pools_of(history: History) -> tuple[Pool, ...]:
    """Groups in the log's order. Persons are counted, never told apart: their numbers are medians over weeks."""
    groups = history.recorded.groups
    present = [k for k in range(len(groups)) if bool(np.any(history.group == k))]
    if not present or bool(np.any(history.group < 0)):
        present.append(-1)
    found: list[Pool] = []
    for group in present:
        rows = history.group == group
        if not rows.any():
            continue
        moments = history.completed[rows]
        if history.starts:
            started = history.started[rows]
            moments = np.concatenate([moments, started[~np.isnan(started)]])
        hours, inside = weekly_hours(moments)
        persons, weeks = history.person[rows], np.floor(history.completed[rows] / WEEK)
        known = persons >= 0
        weekly = [len(np.unique(persons[known & (weeks == week)])) for week in np.unique(weeks[known])]
        amount = max(round(float(np.median(weekly))), 1) if weekly else 1
        name = groups[group] if group >= 0 else OFFICE
        found.append(
            Pool(f"stelle_{len(found) + 1}", name, group, amount, len(np.unique(persons[known])), hours, inside)
        )
    return tuple(found)


def doers(history: History, pools: tuple[Pool, ...], activities: frozenset[int]) -> list[Pool]:
    """The pools that did some activities, those with a small share left out."""
    rows = np.isin(history.activity, sorted(activities))
    counts = Counter(history.group[rows].tolist())
    total = sum(counts.values())
    return [pool for pool in pools if counts[pool.group] >= max(SHARE * total, 1.0)]


def profiles(pools: tuple[Pool, ...], *, around_the_clock: bool) -> Mapping[str, object]:
    """Prosimos' `resource_profiles` and `resource_calendars`; an hour costs the average of the dated table.

    `around_the_clock`: nights and queues are already in the time that passed; to wait for them again would count twice.
    """
    rate = table().wage(None)
    always = [{"from": "MONDAY", "to": "SUNDAY", "beginTime": "00:00:00", "endTime": "24:00:00"}]
    clock = [{"id": CLOCK, "name": "rund um die Uhr", "time_periods": always}] if around_the_clock else []
    return {
        "resource_profiles": [
            {"id": pool.id, "name": pool.name, "resource_list": [
                {"id": pool.id, "name": pool.name, "amount": pool.amount, "cost_per_hour": rate,
                 "calendar": CLOCK if around_the_clock else f"dienst_{pool.id}"}]}
            for pool in pools
        ],
        "resource_calendars": clock + [
            {"id": f"dienst_{pool.id}", "name": f"Dienstzeit {pool.name}", "time_periods": time_periods(pool.hours)}
            for pool in pools
        ],
    }  # fmt: skip
