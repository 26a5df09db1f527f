"""Distributions of a scenario as `LAW` records, with truncation expressed in shares, so that inversion is exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bpm.errors import ScenarioError
from bpm.model.quantiles import rows_of, tabulated
from bpm.model.scenario import Distribution
from bpm.simulator import layout as L

HOPELESS = 1e-3
"""A gamma whose limits leave less than this share is refused: it would be drawn by rejection."""


class Laws:
    """Collects the laws of one program; equal laws are stored once."""

    def __init__(self) -> None:
        self.records: list[tuple[Any, ...]] = []
        self.values: list[tuple[float, float]] = []
        self._known: dict[Distribution, int] = {}

    def add(self, law: Distribution, element: str | None = None) -> int:
        """The index of a law; raises ScenarioError `scenario-distribution` if it means nothing."""
        if law not in self._known:
            try:
                record = self._record(law)
            except (ValueError, ZeroDivisionError, OverflowError) as error:
                raise ScenarioError(
                    "scenario-distribution",
                    f"{law.kind}{law.parameters} in [{law.low}, {law.high}] is no distribution: {error}",
                    element=element,
                ) from None
            self._known[law] = len(self.records)
            self.records.append(record)
        return self._known[law]

    def choice(self, numbers: Sequence[float], weights: Sequence[float]) -> int:
        """A law that gives one of `numbers`."""
        first, total, upto = len(self.values), sum(weights), 0.0
        for number, weight in zip(numbers, weights, strict=True):
            upto += weight
            self.values.append((number, upto / total))
        self.records.append((L.CHOICE, first, len(numbers), 0.0, 0.0, 0.0, -math.inf, math.inf, 0.0, 1.0))
        return len(self.records) - 1

    def arrays(self) -> tuple[Any, Any]:
        return np.array(self.records, L.LAW), np.array(self.values or [(0.0, 1.0)], np.float64)

    def _record(self, law: Distribution) -> tuple[Any, ...]:
        p, low, high = law.parameters, law.low, law.high
        if not all(math.isfinite(x) for x in p):
            raise ValueError("a parameter is not a number")
        if low > high:
            raise ValueError("the lower limit is above the upper one")
        if law.kind == "choice":
            index = self.choice(p[::2], p[1::2])
            return self.records.pop(index)
        if tabulated(law):
            rows = rows_of(law)
            self.values += rows
            return (L.TABLE, len(self.values) - len(rows), len(rows), 0.0, 0.0, 0.0, rows[0][0], rows[-1][0], 0.0, 1.0)
        kind, a, b, c = _shape(law.kind, p)
        if kind == L.FIX:
            if not low <= a <= high:
                raise ValueError("the only value lies outside the limits")
            return (kind, 0, 0, a, b, c, low, high, 0.0, 1.0)
        share = _share(kind, a, b, c)
        u_low, u_high = share(low), share(high)
        if u_high - u_low < (HOPELESS if kind == L.GAMMA else 1e-9):
            raise ValueError("the limits exclude nearly everything")
        return (kind, 0, 0, a, b, c, low, high, u_low, u_high)


def _shape(kind: str, p: tuple[float, ...]) -> tuple[int, float, float, float]:
    if kind == "fix":
        return L.FIX, p[0], 0.0, 0.0
    if kind == "uniform":
        return (L.UNIFORM, p[0], p[1], 0.0) if p[0] != p[1] else (L.FIX, p[0], 0.0, 0.0)
    if kind == "exponential":
        if p[0] < 0:
            raise ValueError("the mean is negative")
        return (L.EXPONENTIAL, p[0], p[1], 0.0) if p[0] > 0 else (L.FIX, p[1], 0.0, 0.0)
    if kind == "triangular":
        if not p[0] <= p[1] <= p[2]:
            raise ValueError("min, mode, max are not in order")
        return (L.TRIANGULAR, p[0], p[1], p[2]) if p[0] < p[2] else (L.FIX, p[0], 0.0, 0.0)
    if kind not in ("normal", "lognormal", "gamma"):
        raise ValueError("unknown kind")
    if p[1] < 0:
        raise ValueError("the spread is negative")
    if p[1] == 0:
        return L.FIX, p[0], 0.0, 0.0
    if kind == "normal":
        return L.NORMAL, p[0], p[1], 0.0
    if p[0] <= 0:
        raise ValueError("the mean is not positive")
    if kind == "lognormal":
        spread = math.log1p(p[1] / p[0] ** 2)
        return L.LOGNORMAL, math.log(p[0]) - spread / 2.0, math.sqrt(spread), 0.0
    return L.GAMMA, p[0] ** 2 / p[1], p[1] / p[0], 0.0


def _share(kind: int, a: float, b: float, c: float) -> Callable[[float], float]:
    """The cumulative distribution function."""

    def normal(x: float) -> float:
        return 0.5 * math.erfc(-(x - a) / b / math.sqrt(2.0))

    def triangular(x: float) -> float:
        if x <= a:
            return 0.0
        if x >= c:
            return 1.0
        return (x - a) ** 2 / ((c - a) * (b - a)) if x <= b and b > a else 1.0 - (c - x) ** 2 / ((c - a) * (c - b))

    def gamma(x: float) -> float:
        from scipy.special import gammainc

        return float(gammainc(a, max(x, 0.0) / b)) if x < math.inf else 1.0

    return {
        L.UNIFORM: lambda x: min(max((x - a) / (b - a), 0.0), 1.0),
        L.EXPONENTIAL: lambda x: -math.expm1(-max(x - b, 0.0) / a),
        L.NORMAL: normal,
        L.LOGNORMAL: lambda x: normal(math.log(x)) if x > 0.0 else 0.0,
        L.TRIANGULAR: triangular,
        L.GAMMA: gamma,
    }[kind]
