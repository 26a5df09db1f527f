"""Laws without a closed inverse as tables of their quantiles: SciPy's by name, histograms, mixtures.

A table holds 4,097 quantiles of a law of SciPy, evenly in the normal quantile between its shares 1e-9 and 1 - 1e-9,
with straight lines between; what lies outside is cut off. A law whose mean this changes by more than a thousandth is
refused, with the way out (a maximum). Mixtures are inverted as a whole, so that more luck stays a longer time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bpm.model.scenario import Distribution

POINTS = 4_097
EDGE = 1e-9
OFF = 1e-3
"""A table whose mean is off by a larger share is refused."""
VALUES = 100_000
"""Most values of a discrete law."""


def tabulated(law: Distribution) -> bool:
    return law.kind in ("histogram", "mixture") or law.kind.startswith("scipy:")


def rows_of(law: Distribution) -> list[tuple[float, float]]:
    """(value, share of values up to it), both rising. Raises ValueError for a law that means nothing."""
    if law.kind == "histogram":
        values, shares = np.array(law.parameters[::2]), np.array(law.parameters[1::2])
        if len(values) < 2 or (np.diff(values) < 0).any() or (np.diff(shares) < 0).any() or shares[-1] <= shares[0]:
            raise ValueError("the edges and shares do not rise")
        values, shares = _cut(values, (shares - shares[0]) / (shares[-1] - shares[0]), law.low, law.high)
    elif law.kind == "mixture":
        values, shares = _mixed(law)
        values, shares = _cut(values, shares, law.low, law.high)
    else:
        values, shares = _table(law)
    return list(zip(values.tolist(), shares.tolist(), strict=True))


def _cut(values: Any, shares: Any, low: float, high: float) -> tuple[Any, Any]:
    """The table within its limits."""
    if low <= values[0] and values[-1] <= high:
        return values, shares
    inner = (values > low) & (values < high)
    left, right = max(low, float(values[0])), min(high, float(values[-1]))
    first, last = float(np.interp(left, values, shares)), float(np.interp(right, values, shares))
    if last - first < EDGE:
        raise ValueError("the limits exclude nearly everything")
    inside = (shares[inner] - first) / (last - first)
    return np.array([left, *values[inner], right]), np.array([0.0, *np.clip(inside, 0.0, 1.0), 1.0])


def _frozen(law: Distribution) -> Any:
    """The law as SciPy has it."""
    from scipy import stats

    p = law.parameters
    if law.kind.startswith("scipy:"):
        found = getattr(stats, law.kind[6:], None)
        if not isinstance(found, stats.rv_continuous | stats.rv_discrete):
            raise ValueError("SciPy has no such distribution")
        shapes = (found.shapes or "").replace(" ", "").split(",") if found.shapes else []
        if not len(shapes) <= len(p) <= len(shapes) + 2:
            raise ValueError(f"takes {', '.join([*shapes, 'loc', 'scale'])}, not {len(p)} numbers")
        frozen = found(*p)
        mean = float(frozen.mean())
        if not math.isfinite(mean) and not math.isfinite(law.high):
            raise ValueError("it has no mean; give it a maximum, or look at its parameters")
        return frozen
    if law.kind == "uniform":
        return stats.uniform(p[0], p[1] - p[0])
    if law.kind == "exponential":
        return stats.expon(p[1], p[0])
    if law.kind == "normal":
        return stats.norm(p[0], p[1])
    if law.kind == "triangular":
        return stats.triang((p[1] - p[0]) / (p[2] - p[0]), p[0], p[2] - p[0])
    if law.kind == "gamma":
        return stats.gamma(p[0] ** 2 / p[1], scale=p[1] / p[0])
    if law.kind == "lognormal":
        spread = math.log1p(p[1] / p[0] ** 2)
        return stats.lognorm(math.sqrt(spread), scale=p[0] * math.exp(-spread / 2.0))
    raise ValueError("unknown kind")


def _table(law: Distribution) -> tuple[Any, Any]:
    from scipy.special import ndtr, ndtri

    frozen = _frozen(law)
    first, last = float(frozen.cdf(law.low)), float(frozen.cdf(law.high))
    if not last - first > EDGE:
        raise ValueError("the limits exclude nearly everything")
    if not hasattr(frozen.dist, "pdf"):
        return _steps(*_discrete(frozen, law))
    inner = ndtr(np.linspace(ndtri(EDGE), -ndtri(EDGE), POINTS))
    values = np.clip(frozen.ppf(first + inner * (last - first)), law.low, law.high)
    if not np.isfinite(values).all():
        raise ValueError("a quantile is no number")
    shares = (inner - inner[0]) / (inner[-1] - inner[0])
    if first == 0.0 and last == 1.0:
        mean, held = float(frozen.mean()), float(((values[1:] + values[:-1]) / 2.0 * np.diff(shares)).sum())
        spread = float(frozen.std())
        if abs(held - mean) > OFF * max(abs(mean), spread if math.isfinite(spread) else 0.0):
            raise ValueError(f"its tail is too heavy for a table (mean {mean:g}, held {held:g}); give it a maximum")
    return np.maximum.accumulate(values), shares


def _discrete(frozen: Any, law: Distribution) -> tuple[Any, Any]:
    least, most = max(float(frozen.ppf(EDGE)), law.low), min(float(frozen.ppf(1.0 - EDGE)), law.high)
    if most - least > VALUES:
        raise ValueError(f"more than {VALUES} values")
    values = np.arange(math.ceil(least), math.floor(most) + 1.0)
    weights = frozen.pmf(values)
    return values, weights / weights.sum()


def _steps(values: Any, weights: Any) -> tuple[Any, Any]:
    upto = np.cumsum(weights)
    upto[-1] = 1.0
    return np.repeat(values, 2), np.concatenate([[0.0], np.repeat(upto, 2)[:-1]])


def _part(law: Distribution) -> tuple[Any, Any]:
    """A component's table; single values are steps."""
    p = law.parameters
    if law.kind == "fix" or (law.kind != "choice" and not tabulated(law) and _spreadless(law)):
        return np.array([p[0], p[0]]), np.array([0.0, 1.0])
    if law.kind == "choice":
        order = np.argsort(p[::2])
        values, weights = np.array(p[::2])[order], np.array(p[1::2])[order]
        return _steps(values, weights / weights.sum())
    if tabulated(law) and law.kind != "mixture":
        rows = np.array(rows_of(law))
        return rows[:, 0], rows[:, 1]
    if law.kind == "mixture":
        raise ValueError("a mixture of mixtures: write one")
    return _table(law)


def _spreadless(law: Distribution) -> bool:
    p = law.parameters
    return p[0] == p[-1] if law.kind in ("uniform", "triangular") else law.kind != "exponential" and p[1] == 0.0


def _mixed(law: Distribution) -> tuple[Any, Any]:
    total = sum(weight for weight, _ in law.parts)
    if not law.parts or total <= 0.0 or min(weight for weight, _ in law.parts) < 0.0:
        raise ValueError("the weights of the parts are no shares")
    tables = [(weight / total, *_part(part)) for weight, part in law.parts]
    grid = np.unique(np.concatenate([values for _, values, _ in tables]))
    before, upto = np.zeros(len(grid)), np.zeros(len(grid))
    for weight, values, shares in tables:
        low, high = _around(grid, values, shares)
        before += weight * low
        upto += weight * high
    values = np.repeat(grid, 2)
    shares = np.stack([before, upto], axis=1).reshape(-1)
    kept = np.concatenate([[True], (np.diff(values) > 0) | (np.diff(shares) > 0)])
    return values[kept], np.clip(shares[kept], 0.0, 1.0)


def _around(grid: Any, values: Any, shares: Any) -> tuple[Any, Any]:
    """Shares of a part below, and up to, every grid point."""
    left, right = np.searchsorted(values, grid, side="left"), np.searchsorted(values, grid, side="right")
    below = np.where(left == 0, 0.0, np.interp(grid, values, shares))
    there = right > left  # a value of the table itself: its first and its last share
    low = np.where(there, shares[np.minimum(left, len(values) - 1)], below)
    high = np.where(there, shares[np.maximum(right - 1, 0)], below)
    return np.where(left == len(values), 1.0, low), np.where(left == len(values), 1.0, high)
