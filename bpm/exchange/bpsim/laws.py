"""BPSim values as laws of Prosimos JSON (moments of the variable, seconds for times).

Where the text of the specification is silent or odd the reading is noted: LogNormal gives the moments of the variable;
Erlang's `mean` is that of the whole; Beta's `shape` and `scale` are its two exponents. What has no place in the format
(Weibull, Beta, sums of several laws) becomes 500 equally likely quantiles, with a note.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from bpm.errors import ScenarioError
from bpm.exchange.bpsim.parameters import GivenValue

UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "hour": 3600.0, "day": 86400.0, "year": 31_557_600.0}
TOP = 1e300
POINTS = 500
_DURATION = re.compile(
    r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z"
)
_SECONDS = (31_556_952.0, 2_629_746.0, 604_800.0, 86_400.0, 3600.0, 60.0, 1.0)

Law = dict[str, Any]
Noting = Callable[[str, Any, Any, str], None]
"""(field, found, used, why)."""


def seconds_of(text: str) -> float | None:
    """Seconds of an ISO 8601 duration (months and years by their mean length); None if it is none."""
    found = _DURATION.match(text.strip())
    if found is None or not any(found.groups()):
        return None
    return sum(float(n) * s for n, s in zip(found.groups(), _SECONDS, strict=True) if n)


class LawReader:
    """Reads values of one scenario; `unit` is its base time unit in seconds."""

    def __init__(self, unit: float, path: str) -> None:
        self.unit, self.path = unit, path

    def refused(self, value: GivenValue, element: str | None, message: str) -> ScenarioError:
        return ScenarioError("bpsim-value", message, path=self.path, line=value.line, element=element)

    def number(self, value: GivenValue, name: str, element: str | None) -> float:
        text = value.attributes.get(name)
        try:
            number = float(text or "")
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            message = f"{element}: {value.kind} has no number {name} ({text!r})"
            raise self.refused(value, element, message) from None
        return number

    def law(self, value: GivenValue, element: str | None, note: Noting, *, time: bool) -> Law:
        """The law of one value; a time is in seconds. Raises ScenarioError `bpsim-value`, located."""
        scale = 1.0
        if time:
            unit = value.attributes.get("timeUnit")
            if unit is not None and unit not in UNITS:
                raise self.refused(value, element, f"{element}: unknown time unit {unit!r}")
            scale = UNITS[unit] if unit else self.unit
        kind = value.kind
        if kind == "DurationParameter":
            seconds = seconds_of(value.attributes.get("value", ""))
            if seconds is None:
                raise self.refused(value, element, f"{element}: {value.attributes.get('value')!r} is no duration")
            return fixed(seconds)
        if kind in ("NumericParameter", "FloatingParameter"):
            return fixed(self.number(value, "value", element) * scale)
        if kind == "EnumParameter":
            inner = [self.law(one, element, note, time=time) for one in value.inner]
            note(
                "EnumParameter",
                len(inner),
                "empirical",
                "Aufgezeichnete Werte werden gezogen, nicht der Reihe nach genommen",
            )
            return empirical([one["distribution_params"][0]["value"] for one in inner])
        if kind == "UserDistribution":
            return self._user(value, element, note, scale, time=time)
        return self._distribution(value, element, note, scale, time=time)

    def _distribution(self, value: GivenValue, element: str | None, note: Noting, scale: float, *, time: bool) -> Law:
        def get(name: str) -> float:
            return self.number(value, name, element)

        kind = value.kind.removesuffix("Distribution")
        floor = 0.0 if time else -TOP
        if kind == "NegativeExponential":
            law = named("expon", self._positive(value, element, get("mean")) * scale, 0.0, TOP)
        elif kind == "Uniform":
            law = named("uniform", *self._ordered(value, element, get("min") * scale, get("max") * scale))
        elif kind == "Triangular":
            low, mode, high = get("min") * scale, get("mode") * scale, get("max") * scale
            law = named("triang", *self._ordered(value, element, low, mode, high))
        elif kind in ("Normal", "TruncatedNormal"):
            low, high = floor, TOP
            if kind == "TruncatedNormal":
                low, high = self._ordered(value, element, get("min") * scale, get("max") * scale)
                low = max(low, floor)
            elif time:
                note("NormalDistribution", "unbeschränkt", "ab 0 s", "Dauern sind nie negativ: bei 0 abgeschnitten")
            law = named("norm", get("mean") * scale, get("standardDeviation") * scale, low, high)
        elif kind == "LogNormal":
            note("LogNormalDistribution", None, "Momente der Größe", "Die Norm sagt nicht, ob Momente oder Logarithmen")
            law = named("lognorm", get("mean") * scale, (get("standardDeviation") * scale) ** 2, 0.0, TOP)
        elif kind == "Gamma":
            shape, size = get("shape"), get("scale") * scale
            law = named("gamma", shape * size, shape * size * size, 0.0, TOP)
        elif kind == "Erlang":
            mean, stages = get("mean") * scale, self._positive(value, element, get("k"))
            note("ErlangDistribution", stages, "Mittel der Summe", "Die Norm lässt auch »k Stufen von je mean« zu")
            law = named("gamma", mean, mean * mean / stages, 0.0, TOP)
        else:
            law = self._sampled(value, element, note, scale, kind)
        return law

    def _positive(self, value: GivenValue, element: str | None, number: float) -> float:
        if number <= 0.0:
            raise self.refused(value, element, f"{element}: {value.kind} with {number:g}")
        return number

    def _ordered(self, value: GivenValue, element: str | None, *numbers: float) -> tuple[float, ...]:
        if list(numbers) != sorted(numbers):
            raise self.refused(value, element, f"{element}: {value.kind} with bounds out of order {list(numbers)}")
        return numbers

    def _sampled(self, value: GivenValue, element: str | None, note: Noting, scale: float, kind: str) -> Law:
        """Laws that the format has no name for, as equally likely quantiles."""

        def get(name: str) -> float:
            return self.number(value, name, element)

        shares = [(k + 0.5) / POINTS for k in range(POINTS)]
        if kind == "Weibull":
            shape, size = self._positive(value, element, get("shape")), get("scale")
            points = [size * (-math.log1p(-share)) ** (1.0 / shape) for share in shares]
        elif kind == "Beta":
            from scipy.special import betaincinv

            points = [float(betaincinv(get("shape"), get("scale"), share)) for share in shares]
        elif kind == "Poisson":
            points = _counted(shares, math.exp(-get("mean")), lambda k: get("mean") / (k + 1))
        elif kind == "Binomial":
            chance, trials = get("probability"), int(get("trials"))
            odds = chance / (1.0 - chance) if chance < 1.0 else math.inf
            points = _counted(shares, (1.0 - chance) ** trials, lambda k: (trials - k) / (k + 1) * odds)
        else:
            raise self.refused(value, element, f"{element}: unknown value {value.kind}")
        note(
            f"{kind}Distribution", value.attributes, f"{POINTS} Quantile", "Als gleich wahrscheinliche Quantile gelesen"
        )
        return empirical([point * scale for point in points])

    def _user(self, value: GivenValue, element: str | None, note: Noting, scale: float, *, time: bool) -> Law:
        points = []
        for one in value.inner:
            share = self.number(one, "probability", element)
            inner = one.inner[0] if one.inner else one
            law = self.law(inner, element, note, time=time)
            points.append((law["distribution_params"][0]["value"], share))
        total = sum(share for _, share in points)
        if not points or total <= 0.0 or min(share for _, share in points) < 0.0:
            raise self.refused(value, element, f"{element}: the probabilities sum to {total:g}")
        if abs(total - 1.0) > 1e-9:
            note("UserDistribution", total, 1, "Summe ungleich 1: anteilig umgerechnet")
        if value.attributes.get("discrete", "false").lower() == "true":
            return weighted([(x, share / total) for x, share in points])
        note("UserDistribution", "stetig", f"{POINTS} Quantile", "Zwischen den Punkten linear gelesen")
        return empirical(_interpolated([(x, share / total) for x, share in points]))


def _counted(shares: list[float], first: float, ratio: Callable[[int], float]) -> list[float]:
    points, k, mass, reached = [], 0, first, first
    for share in shares:
        while reached < share and k < 1_000_000:
            mass *= ratio(k)
            reached += mass
            k += 1
        points.append(float(k))
    return points


def _interpolated(points: list[tuple[float, float]]) -> list[float]:
    """Quantiles of a law whose distribution function is linear between the points, which come in order of value."""
    ordered, reached, found = sorted(points), 0.0, []
    steps = []
    for x, share in ordered:
        reached += share
        steps.append((reached, x))
    for k in range(POINTS):
        at, before = (k + 0.5) / POINTS, (0.0, steps[0][1])
        for step in steps:
            if step[0] >= at:
                width = step[0] - before[0]
                found.append(before[1] + (step[1] - before[1]) * ((at - before[0]) / width if width > 0.0 else 1.0))
                break
            before = step
        else:
            found.append(steps[-1][1])
    return found


def fixed(value: float) -> Law:
    return named("fix", value)


def named(name: str, *numbers: float) -> Law:
    return {"distribution_name": name, "distribution_params": [{"value": x} for x in numbers]}


def empirical(values: list[float]) -> Law:
    return named("empirical", *values)


def weighted(pairs: list[tuple[float, float]]) -> Law:
    params = [{"value": value, "weight": weight} for value, weight in pairs]
    return {"distribution_name": "empirical", "distribution_params": params}


def total(laws: list[Law], note: Noting) -> Law:
    """The law of a sum: exact for constants and a single law, 500 drawn values (seeded) otherwise."""
    rest = [law for law in laws if law["distribution_name"] != "fix"]
    constant = sum(law["distribution_params"][0]["value"] for law in laws if law["distribution_name"] == "fix")
    if not rest:
        return fixed(constant)
    if len(rest) == 1 and constant == 0.0:
        return rest[0]
    note("TimeParameters", len(laws), f"{POINTS} Werte", "Summe mehrerer Zeiten: durch gezogene Werte angenähert")
    luck = random.Random(1)
    return empirical([constant + sum(_drawn(law, luck) for law in rest) for _ in range(POINTS)])


def _drawn(law: Mapping[str, Any], luck: random.Random) -> float:
    n = [float(one["value"]) for one in law["distribution_params"]]
    name = law["distribution_name"]
    for _ in range(1000):
        if name == "uniform":
            return luck.uniform(n[0], n[1])
        if name == "triang":
            return luck.triangular(n[0], n[2], n[1])
        if name == "empirical":
            return luck.choice(n)
        if name == "expon":
            return luck.expovariate(1.0 / n[0])
        if name == "gamma":
            return luck.gammavariate(n[0] * n[0] / n[1], n[1] / n[0])
        if name == "lognorm":
            width = math.log1p(n[1] / (n[0] * n[0]))
            return luck.lognormvariate(math.log(n[0]) - width / 2.0, math.sqrt(width))
        drawn = luck.gauss(n[0], n[1])
        if n[2] <= drawn <= n[3]:
            return drawn
    return n[0]
