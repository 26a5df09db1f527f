"""`batch_processing` of Prosimos into `Batch`: which rules gather work, and what a batch saves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bpm.errors import ScenarioError
from bpm.model.scenario import DAYS, Batch, FiringRule, Work

Fail = Callable[[str, str, str], ScenarioError]
_TYPES = ("sequential", "concurrent", "parallel")
_FIELDS = {"size": "size", "ready_wt": "ready", "large_wt": "old", "daily_hour": "hour"}


def batches_of(
    raw: Iterable[Mapping[str, Any]], activities: Mapping[str, tuple[Work, ...]], fail: Fail
) -> dict[str, Batch]:
    """Batches by task. Raises ScenarioError `scenario-batch`, located, for what cannot be meant."""
    found = {}
    for one in raw:
        task, kind = str(one["task_id"]), str(one["type"]).lower()
        if kind not in _TYPES:
            raise fail("scenario-batch", f"{task}: unknown type {one['type']!r}", task)
        if not activities.get(task):
            raise fail("scenario-batch", f"{task}: a batch needs people who do it", task)
        rules = tuple(_rule(together, task, fail) for together in one.get("firing_rules") or ())
        if not rules:
            raise fail("scenario-batch", f"{task}: a batch without firing_rules would never begin", task)
        sizes = {int(pair["key"]): float(pair["value"]) for pair in one.get("size_distrib") or ()}
        total = sum(sizes.values())
        factors = sorted((float(pair["key"]), float(pair["value"])) for pair in one.get("duration_distrib") or ())
        factors = [(1.0, 1.0)] * (1.0 not in {size for size, _ in factors}) + factors
        found[task] = Batch(kind, rules, tuple(sorted(factors)), sizes.get(1, 0.0) / total if total > 0.0 else 0.0)
    return found


def _rule(together: Iterable[Mapping[str, Any]], task: str, fail: Fail) -> FiringRule:
    bounds = {"size": (1.0, math.inf), "ready": (0.0, math.inf), "old": (0.0, math.inf), "hour": (0.0, 24.0)}
    day = None
    for condition in together:
        attribute, comparison, value = (str(condition[key]) for key in ("attribute", "comparison", "value"))
        if attribute == "week_day" and comparison == "=" and value.upper() in DAYS:
            day = DAYS.index(value.upper())
            continue
        field = _FIELDS.get(attribute)
        if field is None or comparison not in ("=", "<", "<=", ">", ">="):
            raise fail("scenario-batch", f"{task}: firing rule {attribute} {comparison} {value} is unknown", task)
        low, high = bounds[field]
        least, most = _bounds(comparison, float(value), attribute)
        bounds[field] = max(low, least), min(high, most)
    if any(low > high for low, high in bounds.values()):
        raise fail("scenario-batch", f"{task}: a firing rule can never hold", task)
    return FiringRule(**bounds, day=day)


def _bounds(comparison: str, value: float, attribute: str) -> tuple[float, float]:
    """Least and most; hours are half-open, so that 12 is from 12:00 to 13:00."""
    if attribute == "daily_hour":
        return {
            "=": (value, value + 1), "<": (0.0, value), "<=": (0.0, value + 1), ">": (value + 1, 24.0),
            ">=": (value, 24.0),
        }[comparison]  # fmt: skip
    step = 1.0 if attribute == "size" else 0.0
    return {
        "=": (value, value), "<": (-math.inf, value - step), "<=": (-math.inf, value), ">": (value + step, math.inf),
        ">=": (value, math.inf),
    }[comparison]  # fmt: skip
