"""Money and time that one execution of a step takes, as arrays for counting: the city's cost apart from citizens' and
businesses' time, never added up. Work costs the scenario's rate per hour, a step may have a fixed cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rates:
    """What counting needs to know beside a log. Arrays over nodes: `kind` (1 task, 2 other, 0 not shown), `fixed_cost`
    in euro, `citizen_s`, `citizen_eur`, `business_s`, `business_eur` per execution, `outcome` (number of the end
    event or -1). Array over resources: `per_hour` in euro."""

    kind: Any
    fixed_cost: Any
    citizen_s: Any
    citizen_eur: Any
    business_s: Any
    business_eur: Any
    outcome: Any
    per_hour: Any


def work_cost(worked: Any, per_hour: Any) -> Any:
    """Euro of `worked` seconds at `per_hour` euro."""
    return worked / 3600.0 * per_hour
