"""A law for measured times: fitted, tested, and what was measured itself where no law fits.

Candidates are fitted by maximum likelihood (closed forms; the gamma's shape by Newton's method) and compared with what
was measured by the Kolmogorov-Smirnov distance; the closest is taken if the test does not refuse it. Since parameters
come from the same data, the limits are those of Lilliefors (1967, 1969), 5 %: 0.886/sqrt(n) for two parameters and
1.06/sqrt(n) for one. If every candidate is refused, the law is empirical: up to 100 quantiles of the measured values,
each as likely, mean kept. Outliers are told, never dropped: beyond Tukey's far fence (3 interquartile ranges) on the
logarithm of the times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

FEW = 8
"""Fewer values are taken as they are: no test could refuse anything."""

POINTS = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A law tried: Prosimos name and parameters (moments), Kolmogorov-Smirnov distance, limit of the test."""

    name: str
    parameters: tuple[float, ...]
    distance: float
    limit: float

    @property
    def accepted(self) -> bool:
        return self.distance <= self.limit

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "parameters": [round(x, 6) for x in self.parameters],
            "ks": round(self.distance, 6), "limit": round(self.limit, 6), "accepted": self.accepted,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """What was measured (n, mean, quantiles, outliers) and the law that stands for it."""

    n: int
    mean: float
    quantiles: tuple[float, float, float]
    name: str
    parameters: tuple[float, ...]
    candidates: tuple[Candidate, ...]
    outliers: int
    fence: float | None
    largest: float

    def as_json(self) -> dict[str, Any]:
        p50, p90, p95 = (round(x, 3) for x in self.quantiles)
        return {
            "n": self.n, "mean_s": round(self.mean, 3), "p50_s": p50, "p90_s": p90, "p95_s": p95, "chosen": self.name,
            "candidates": [one.as_json() for one in self.candidates],
            "outliers": {"n": self.outliers, "beyond_s": None if self.fence is None else round(self.fence, 3),
                         "largest_s": round(self.largest, 3)},
        }  # fmt: skip

    def law(self) -> dict[str, Any]:
        """The law as Prosimos JSON writes it."""
        return {
            "distribution_name": self.name,
            "distribution_params": [{"value": round(x, 6)} for x in self.parameters],
        }


def fit(values: Any) -> Fit:
    """Fit a law to at least one measured time (seconds, not negative)."""
    values = np.sort(np.asarray(values, float))
    count, mean = len(values), float(values.mean())
    quantiles = tuple(float(x) for x in np.quantile(values, (0.5, 0.9, 0.95)))
    candidates: tuple[Candidate, ...] = ()
    if values[0] == values[-1]:
        name, parameters = _fixed(mean)
    else:
        if count >= FEW:
            candidates = tuple(sorted(_candidates(values), key=lambda one: one.distance))
        good = [one for one in candidates if one.accepted]
        name, parameters = (good[0].name, good[0].parameters) if good else ("empirical", _points(values))
    outliers, fence = _outliers(values)
    return Fit(
        count, mean, (quantiles[0], quantiles[1], quantiles[2]), name, parameters, candidates, outliers, fence,
        float(values[-1]),
    )  # fmt: skip


def _fixed(value: float) -> tuple[str, tuple[float, ...]]:
    return "fix", (value,)


def _candidates(values: Any) -> list[Candidate]:
    count, mean, spread = len(values), float(values.mean()), float(values.std())
    low, high = float(values[0]), float(values[-1])
    two, one = 0.886 / math.sqrt(count), 1.06 / math.sqrt(count)
    tried: list[tuple[str, tuple[float, ...], Callable[[Any], Any], float]] = [
        ("uniform", (low, high), lambda x: (x - low) / (high - low), two),
    ]
    from scipy.special import gammainc, ndtr

    if mean > 0.0:
        tried.append(("expon", (mean, 0.0, 1e300), lambda x: -np.expm1(-x / mean), one))
    if mean - 3.0 * spread > 0.0:  # the truncation at zero would move its mean
        tried.append(("norm", (mean, spread, 0.0, 1e300), lambda x: ndtr((x - mean) / spread), two))
    if low > 0.0:
        logs = np.log(values)
        middle, width = float(logs.mean()), float(logs.std())
        expected = math.exp(min(middle + width * width / 2.0, 600.0))
        variance = expected * expected * math.expm1(min(width * width, 100.0))
        tried.append(("lognorm", (expected, variance, 0.0, 1e300), lambda x: ndtr((np.log(x) - middle) / width), two))
        shape = _gamma_shape(math.log(mean) - middle)
        scale = mean / shape
        tried.append(("gamma", (mean, shape * scale * scale, 0.0, 1e300), lambda x: gammainc(shape, x / scale), two))
    return [Candidate(name, numbers, _ks(values, cdf), limit) for name, numbers, cdf, limit in tried]


def _gamma_shape(gap: float) -> float:
    """Maximum likelihood: log(shape) - digamma(shape) = log(mean) - mean of logs (Minka 2002)."""
    from scipy.special import polygamma

    gap = max(gap, 1e-9)
    shape = (3.0 - gap + math.sqrt((gap - 3.0) ** 2 + 24.0 * gap)) / (12.0 * gap)
    for _ in range(6):
        slope = 1.0 / shape - float(polygamma(1, shape))
        shape = 1.0 / (1.0 / shape + (-gap + math.log(shape) - float(polygamma(0, shape))) / (shape * shape * slope))
    return shape


def _ks(values: Any, cdf: Callable[[Any], Any]) -> float:
    """The largest distance of the measured distribution function from the law's; `values` ascending."""
    expected, steps = cdf(values), np.arange(len(values) + 1) / len(values)
    return float(max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])))


def _points(values: Any) -> tuple[float, ...]:
    """Means of up to `POINTS` equally large parts of the ascending values, so that their mean is that of all."""
    if len(values) <= POINTS:
        return tuple(float(x) for x in values)
    edges = np.linspace(0.0, len(values), POINTS + 1)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    whole = np.floor(edges).astype(np.int64)
    upto = sums[whole] + (edges - whole) * values[np.minimum(whole, len(values) - 1)]
    return tuple(float(x) for x in np.diff(upto) * POINTS / len(values))


def _outliers(values: Any) -> tuple[int, float | None]:
    positive = values[values > 0.0]
    if len(positive) < FEW:
        return 0, None
    low, high = (float(x) for x in np.quantile(np.log(positive), (0.25, 0.75)))
    fence = math.exp(min(high + 3.0 * (high - low), 700.0))
    return int(np.count_nonzero(values > fence)), fence


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Relative frequencies that sum to exactly what Prosimos demands, in the order given."""
    total = sum(counts.values())
    return {name: round(number / total, 6) for name, number in counts.items()} if total else {}
