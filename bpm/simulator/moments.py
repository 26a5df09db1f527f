"""Texts that say when and how long, as seconds."""

from __future__ import annotations

import re
from datetime import datetime

from bpm.errors import ScenarioError
from bpm.model.scenario import Scenario

_DURATION = re.compile(
    r"P(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = {"Y": 365.2425 * 86400, "M": 365.2425 / 12 * 86400, "W": 604800, "D": 86400, "h": 3600, "m": 60, "s": 1}


def iso_seconds(text: str) -> tuple[float, bool] | None:
    """Seconds of an ISO duration in a timer's text and whether they are exact (months and years are not)."""
    found = _DURATION.search(text)
    if found is None or not any(found.groups()):
        return None
    parts = {name: float(value) for name, value in found.groupdict().items() if value}
    return sum(value * _SECONDS[name] for name, value in parts.items()), not parts.keys() & {"Y", "M"}


def start_of(scenario: Scenario) -> tuple[datetime, float]:
    """The scenario's local start and its seconds since Monday 00:00 of that week."""
    try:
        moment = datetime.fromisoformat(scenario.start).replace(tzinfo=None)
    except ValueError:
        raise ScenarioError("scenario-start", f"start {scenario.start!r} is no time", path=scenario.path) from None
    return moment, moment.weekday() * 86400.0 + moment.hour * 3600.0 + moment.minute * 60.0 + moment.second
