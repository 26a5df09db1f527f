"""The order of checks that costs least work: sum over the checks of cost times the share of cases still alive there.

Two ways to know who is still alive after some checks, in any order:

* `replayed`: verdicts per case and check, so that what hangs together stays together (common cases for all orders);
* `independent`: only the share that each check refuses; a fallback that overstates savings where refusals overlap.

Up to `MOST` checks every order that keeps `first` (pairs: the one stays before the other) is compared, by sets instead
of sequences (Held, Karp 1962); beyond, checks go by cost per refusal as far as `first` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from bpm.kpis import half_width

MOST = 8
Alive: TypeAlias = Callable[[frozenset[int]], float]


@dataclass(frozen=True, slots=True)
class Saving:
    """Work per case under the present and the best order; `mean` saved, `half_width` of its 95 % interval (None: the
    shares are not measured on common cases), `n` cases. `order` are the checks' numbers in the best order."""

    order: tuple[int, ...]
    before: float
    after: float
    mean: float
    half_width: float | None
    n: int

    @property
    def certain(self) -> bool:
        """Whether something is saved at all, chance aside."""
        return self.mean - (self.half_width or 0.0) > 1e-9


def work(order: Sequence[int], costs: Sequence[float], alive: Alive) -> float:
    """Expected work per case."""
    return sum(costs[one] * alive(frozenset(order[:place])) for place, one in enumerate(order))


def best_order(costs: Sequence[float], alive: Alive, first: Collection[tuple[int, int]] = ()) -> tuple[int, ...]:
    """The cheapest order; of equal ones that nearest to the present order (0, 1, 2, ...)."""
    number = len(costs)
    needs = [frozenset(a for a, b in first if b == one) for one in range(number)]
    if number > MOST:
        return _by_ratio(costs, alive, needs)
    best: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {frozenset(): (0.0, ())}
    for _ in range(number):
        longer: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {}
        for done, (cost, order) in best.items():
            share = alive(done)
            for one in range(number):
                if one in done or not needs[one] <= done:
                    continue
                candidate = (cost + costs[one] * share, (*order, one))
                held = longer.get(done | {one})
                if held is None or (candidate[0] + 1e-12 < held[0]):
                    longer[done | {one}] = candidate
        best = longer
    return next(iter(best.values()))[1] if best else tuple(range(number))


def _by_ratio(costs: Sequence[float], alive: Alive, needs: Sequence[frozenset[int]]) -> tuple[int, ...]:
    order: list[int] = []
    while len(order) < len(costs):
        free = [one for one in range(len(costs)) if one not in order and needs[one] <= set(order)]
        if not free:
            return tuple(range(len(costs)))  # a circle of "first": nothing may move
        order.append(min(free, key=lambda one: (_ratio(costs[one], 1.0 - alive(frozenset((one,)))), one)))
    return tuple(order)


def _ratio(cost: float, share: float) -> float:
    return cost / share if share > 0 else (0.0 if cost == 0 else float("inf"))


def independent(shares: Sequence[float]) -> Alive:
    """As if no refusal had to do with another one."""

    def alive(done: frozenset[int]) -> float:
        left = 1.0
        for one in sorted(done):
            left *= 1.0 - shares[one]
        return left

    return alive


def replayed(refused: Any) -> Alive:
    """`refused` [case, check]: who would be refused by which check."""

    def alive(done: frozenset[int]) -> float:
        return float(np.mean(~refused[:, sorted(done)].any(axis=1))) if done else 1.0

    return alive


def saving(costs: Sequence[float], refused: Any, first: Collection[tuple[int, int]] = ()) -> Saving:
    """The best order by replaying every case, with the paired interval of what it saves."""
    order = best_order(costs, replayed(refused), first)
    now, then = (_per_case(one, costs, refused) for one in (tuple(range(len(costs))), order))
    difference = now - then
    half = half_width(difference)
    return Saving(order, float(now.mean()), float(then.mean()), float(difference.mean()), half, len(now))


def guessed(costs: Sequence[float], shares: Sequence[float], first: Collection[tuple[int, int]] = ()) -> Saving:
    """The best order if refusals were independent."""
    alive = independent(shares)
    order = best_order(costs, alive, first)
    before, after = work(tuple(range(len(costs))), costs, alive), work(order, costs, alive)
    return Saving(order, before, after, before - after, None, 0)


def _per_case(order: Sequence[int], costs: Sequence[float], refused: Any) -> Any:
    total: Any = np.zeros(len(refused))
    alive: Any = np.ones(len(refused), bool)
    for one in order:
        total += np.where(alive, costs[one], 0.0)
        alive &= ~refused[:, one]
    return total
