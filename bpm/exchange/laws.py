"""Distributions of a scenario file: moments, the older orders of parameters, SciPy's names, tables, mixtures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from bpm.errors import ScenarioError
from bpm.model.scenario import Distribution, Note

_NAMES = {
    "fix": "fix", "uniform": "uniform", "expon": "exponential", "exponential": "exponential", "norm": "normal",
    "normal": "normal", "lognorm": "lognormal", "lognormal": "lognormal", "gamma": "gamma", "triang": "triangular",
    "triangular": "triangular", "empirical": "choice",
}  # fmt: skip


class LawReader:
    """Reads laws and remembers what was not taken as written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.notes: list[Note] = []

    def note(self, element: str | None, field: str, found: Any, used: Any, why: str) -> None:
        self.notes.append(Note(element, field, found, used, why))

    def error(self, code: str, message: str, element: str | None = None) -> ScenarioError:
        return ScenarioError(code, message, path=self.path, element=element)

    def law(self, raw: Mapping[str, Any], element: str, *, time: bool) -> Distribution:
        """One distribution; `time` ones never go below 0."""
        name = str(raw.get("distribution_name", "histogram_sampling" if "histogram_data" in raw else ""))
        kind = _NAMES.get(name)
        if kind is None:
            return self._other(name, raw, element, time)
        parameters = raw.get("distribution_params") or []
        plain = bool(parameters) and not any(isinstance(one, Mapping) for one in parameters)
        numbers = [float(one if plain else one["value"]) for one in parameters]
        if not all(math.isfinite(x) for x in numbers):
            raise self.error("scenario-distribution", f"{element}: {name} {numbers} holds no numbers", element)
        if kind == "choice":
            law = self._measured(parameters, numbers, element)
        else:
            law = self._scipy(kind, numbers, element) if plain else self._moments(kind, numbers, element)
        if time and law.low < 0.0 and law.kind != "choice":
            law = Distribution(law.kind, law.parameters, 0.0, law.high)
            below = 0.5 * math.erfc(law.parameters[0] / law.parameters[1] / math.sqrt(2)) if kind == "normal" else 0.0
            if below > 0.001:
                self.note(element, "distribution_params", numbers, "min 0",
                          f"Zeiten unter 0 gibt es nicht: {below:.1%} der Verteilung sind abgeschnitten")  # fmt: skip
        return law

    def _other(self, name: str, raw: Mapping[str, Any], element: str, time: bool) -> Distribution:
        """Histograms, values seen, mixtures, and what SciPy has."""
        low = float(raw.get("min", 0.0 if time else -math.inf))
        high = float(raw.get("max", math.inf))
        try:
            if name == "histogram_sampling":
                return Distribution("choice", _midpoints(raw["histogram_data"]), -math.inf)
            if name == "histogram":
                edges, shares = [float(x) for x in raw["edges"]], [float(x) for x in raw["shares"]]
                upto = [0.0, *accumulate(shares)]
                pairs = [x for pair in zip(edges, upto, strict=True) for x in pair]
                law = Distribution("histogram", tuple(pairs), low, high)
            elif name == "mixture":
                parts = tuple((float(one["weight"]), self.law(one, element, time=time)) for one in raw["parts"])
                law = Distribution("mixture", (), low, high, parts)
            else:
                numbers = [float(x["value"] if isinstance(x, Mapping) else x) for x in raw["distribution_params"]]
                law = Distribution("scipy:" + name.removeprefix("scipy."), tuple(numbers), low, high)
            from bpm.model.quantiles import rows_of

            rows = rows_of(law)
        except (ValueError, ZeroDivisionError) as error:
            raise self.error("scenario-distribution", f"{element}: {name}: {error}", element) from None
        self.note(element, "distribution_name", name, [rows[0][0], rows[-1][0]],
                  "Als Tabelle ihrer Quantile; Werte außerhalb dieser Grenzen kommen nicht vor")  # fmt: skip
        return law

    def _measured(self, parameters: Sequence[Any], numbers: list[float], element: str) -> Distribution:
        """Values as they were measured, each as likely unless it has a weight."""
        weights = [float(one.get("weight", 1.0)) if isinstance(one, Mapping) else 1.0 for one in parameters]
        total = sum(weights)
        if not numbers or min(weights) < 0.0 or not 0.0 < total < math.inf:
            raise self.error("scenario-probability", f"{element}: the weights sum to {total:g}", element)
        pairs = zip(numbers, weights, strict=True)
        return Distribution("choice", tuple(x for value, weight in pairs for x in (value, weight / total)), -math.inf)

    def _limits(self, numbers: Sequence[float], at: int) -> tuple[float, float]:
        low = numbers[at] if len(numbers) > at else 0.0
        return low, numbers[at + 1] if len(numbers) > at + 1 else math.inf

    def _moments(self, kind: str, n: list[float], element: str) -> Distribution:
        """Version 2, and version 1 where the number of parameters gives it away."""
        size = len(n)
        form = f"{kind}{n}"
        if kind == "fix" and size >= 1:
            return Distribution(kind, (n[0],), -math.inf)
        if kind == "uniform" and size == 2:
            return Distribution(kind, (n[0], n[1]), n[0], n[1])
        if kind == "exponential" and size in (1, 2, 3):
            low, high = self._limits(n, 1)
            if low > high:
                raise self.error(
                    "scenario-distribution",
                    f"{element}: {form} can be read as mean {n[0]:g}, min {low:g}, max {high:g} (impossible) or as an "
                    f"older version's location {n[0]:g}, scale {n[1]:g}, minimum {n[2]:g}; say which",
                    element,
                )
            if n[0] < low:
                raise self.error(
                    "scenario-distribution", f"{element}: the mean of {form} is below its minimum", element
                )
            return Distribution(kind, (n[0] - low, low), low, high)
        if kind == "normal" and size in (2, 4):
            low, high = self._limits(n, 2)
            return Distribution(kind, (n[0], n[1]), low if size == 4 else -math.inf, high)
        if kind in ("lognormal", "gamma") and size in (2, 4):
            return Distribution(kind, (n[0], n[1]), *self._limits(n, 2))
        if kind == "triangular" and size == 3:
            return Distribution(kind, (n[0], n[1], n[2]), n[0], n[2])
        if size == {"exponential": 4, "uniform": 4, "lognormal": 5, "gamma": 5, "triangular": 5}.get(kind):
            law = self._scipy(kind, n[:-2], element, quiet=True)
            low, high = max(law.low, n[-2]), min(law.high, n[-1])
            used = Distribution(law.kind, law.parameters, low, high)
            self.note(element, "distribution_params", n, [law.kind, *law.parameters],
                      "Ältere Fassung (Reihenfolge von SciPy, dann min und max): umgerechnet")  # fmt: skip
            return used
        raise self.error(
            "scenario-distribution", f"{element}: {form} has {size} parameters, which fits no version", element
        )

    def _scipy(self, kind: str, n: list[float], element: str, *, quiet: bool = False) -> Distribution:
        """Version 0: plain numbers in SciPy's order (shape, location, scale)."""
        try:
            law = _from_scipy(kind, n)
        except (IndexError, ValueError):
            raise self.error("scenario-distribution", f"{element}: {kind}{n} fits no version", element) from None
        if not quiet:
            self.note(element, "distribution_params", n, [law.kind, *law.parameters],
                      "Älteste Fassung (nackte SciPy-Parameter): umgerechnet")  # fmt: skip
        return law


def _midpoints(data: Mapping[str, Any]) -> tuple[float, ...]:
    shares = [float(x) for x in data["cdf"]]
    middles = [float(x) for x in data["bin_midpoints"]]
    weights = [b - a for a, b in zip([0.0, *shares], shares, strict=False)]
    if len(shares) != len(middles) or min(weights, default=-1.0) < 0.0 or shares[-1] <= 0.0:
        raise ValueError("the histogram's cdf does not rise")
    return tuple(x for pair in zip(middles, weights, strict=True) for x in pair)


def _from_scipy(kind: str, n: Sequence[float]) -> Distribution:
    if kind == "fix":
        return Distribution(kind, (n[0],), -math.inf)
    if kind == "uniform":
        return Distribution(kind, (n[0], n[0] + n[1]), n[0], n[0] + n[1])
    if kind == "exponential":
        return Distribution(kind, (n[1], n[0]), n[0])
    if kind == "normal":
        return Distribution(kind, (n[0], n[1]), -math.inf)
    if kind == "triangular":
        low, span = n[1], n[2]
        return Distribution(kind, (low, low + n[0] * span, low + span), low, low + span)
    shape, location, scale = n[0], n[1], n[2]
    if location != 0.0:
        raise ValueError("a shifted law has no place in the present form")
    if kind == "gamma":
        return Distribution(kind, (shape * scale, shape * scale**2))
    mean = scale * math.exp(shape**2 / 2.0)
    return Distribution(kind, (mean, mean**2 * math.expm1(shape**2)))
