"""Prosimos JSON into a `Scenario`: version 2 unchanged, older versions converted with a note or refused with reasons.

The format has no version field and drifted three times (see `_law`): parameter lists were SciPy's (shape, location,
scale), then became moments. What can be told apart by its form is converted and noted; where two readings are possible,
the file is refused and both are named. Nothing is replaced silently: what is dropped, guessed or repaired is a `Note`.
Source: the parser of Prosimos 2.1.0 and pix-framework 0.15.0, and sample files of their repositories.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from bpm.errors import ScenarioError
from bpm.model.process import Known
from bpm.model.scenario import (
    DAYS,
    WEEK,
    AnyOf,
    ArrivalProcess,
    Attribute,
    Branch,
    Calendar,
    Condition,
    Distribution,
    ElementFigures,
    EventDelay,
    Note,
    Priority,
    Resource,
    Scenario,
    Value,
    Work,
)

_READ = {
    "resource_profiles", "resource_calendars", "task_resource_distribution", "arrival_time_distribution",
    "arrival_time_calendar", "gateway_branching_probabilities", "branch_rules", "event_distribution", "case_attributes",
    "event_attributes", "prioritisation_rules", "cases_per_year", "start", "time_zone", "calibrated", "element_figures",
    "known", "holidays",
}  # fmt: skip
_REFUSED = ("batch_processing", "multitask", "global_attributes")
_IGNORED = ("process_model", "start_time", "total_cases", "model_type", "gateway_execution_limit")
_NAMES = {
    "fix": "fix", "uniform": "uniform", "expon": "exponential", "exponential": "exponential", "norm": "normal",
    "normal": "normal", "lognorm": "lognormal", "lognormal": "lognormal", "gamma": "gamma", "triang": "triangular",
    "triangular": "triangular", "empirical": "choice",
}  # fmt: skip
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "in")


def read_scenario(content: bytes | Mapping[str, Any], path: str = "", *, time_zone: str = "Europe/Berlin") -> Scenario:
    """Read a scenario from bytes or parsed JSON. Raises ScenarioError, located by path and element."""
    if isinstance(content, bytes | bytearray):
        try:
            content = json.loads(content.decode("utf-8-sig"))
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            raise ScenarioError("scenario-json", f"not JSON: {error}", path=path, line=line) from None
    if not isinstance(content, Mapping):
        raise ScenarioError("scenario-json", "a scenario is a JSON object", path=path)
    try:
        return _Reader(content, path, time_zone).scenario()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise ScenarioError("scenario-form", f"not a Prosimos scenario: {what}", path=path) from None


class _Reader:
    def __init__(self, content: Mapping[str, Any], path: str, time_zone: str) -> None:
        self.content, self.path, self.zone = content, path, time_zone
        self.notes: list[Note] = []

    def note(self, element: str | None, field: str, found: Any, used: Any, why: str) -> None:
        self.notes.append(Note(element, field, found, used, why))

    def error(self, code: str, message: str, element: str | None = None) -> ScenarioError:
        return ScenarioError(code, message, path=self.path, element=element)

    def scenario(self) -> Scenario:
        content = self.content
        for key in (
            "resource_profiles",
            "resource_calendars",
            "task_resource_distribution",
            "arrival_time_distribution",
        ):
            if key not in content:
                raise self.error("scenario-form", f"{key} is missing")
        self._refuse()
        calendars = self._calendars()
        resources = self._resources(calendars)
        activities = self._activities(resources)
        return Scenario(
            arrivals=self._arrivals(calendars),
            calendars=calendars,
            resources=resources,
            activities=activities,
            gateways=self._gateways(),
            events=self._events(),
            attributes=tuple(self._attribute(raw) for raw in content.get("case_attributes") or ()),
            results=self._results(),
            priorities=tuple(
                Priority(int(raw["priority_level"]), self._any_of(raw["rules"], f"priority {raw['priority_level']}"))
                for raw in content.get("prioritisation_rules") or ()
            ),
            figures=self._figures(),
            cases_per_year=self._cases_per_year(),
            start=str(content.get("start", "2025-01-06T00:00:00")),
            time_zone=str(content.get("time_zone", self.zone)),
            holidays=tuple(self._holiday(raw) for raw in content.get("holidays") or ()),
            calibrated=content.get("calibrated") or None,
            known={key: known_of(raw) for key, raw in (content.get("known") or {}).items()},
            notes=tuple(self.notes),
            extras={key: content[key] for key in content if key not in _READ},
            digest=digest_of(content),
            path=self.path,
        )

    def _refuse(self) -> None:
        for key in _REFUSED:
            if self.content.get(key):
                raise self.error("scenario-unsupported", f"{key} cannot be simulated yet")
        if self.content.get("model_type") == "FUZZY":
            raise self.error(
                "scenario-unsupported", "model_type FUZZY (probabilistic calendars) cannot be simulated yet"
            )
        for key in self.content:
            if key in _IGNORED and key != "model_type":
                self.note(None, key, self.content[key], None, "Prosimos wertet dieses Feld nicht aus; hier ebenso")
            elif key not in _READ and key not in _REFUSED and key not in _IGNORED:
                self.note(None, key, "…", None, "Unbekanntes Feld: mitgeführt, ohne Wirkung")

    # --- calendars and people --------------------------------------------------------------------------------

    def _calendars(self) -> dict[str, Calendar]:
        raw = self.content["resource_calendars"]
        found: dict[str, Calendar] = {}
        pairs = raw.items() if isinstance(raw, Mapping) else ((one["id"], one["time_periods"]) for one in raw)
        for id, periods in pairs:
            if id in found:
                self.note(str(id), "resource_calendars", id, None, "Kalender doppelt: der letzte gilt")
            found[str(id)] = self._calendar(str(id), periods)
        return found

    def _calendar(self, id: str, periods: Sequence[Mapping[str, Any]]) -> Calendar:
        spans: list[tuple[float, float]] = []
        snapped = False
        for period in periods:
            first, last = self._day(id, period["from"]), self._day(id, period["to"])
            begin, end = self._clock(id, period["beginTime"]), self._clock(id, period["endTime"])
            if end == 0.0 or (86399.0 <= end < 86400.0) or end == 86340.0:
                snapped = snapped or end == 86340.0
                end = 86400.0
            if end <= begin:
                raise self.error("scenario-calendar", f"calendar {id}: {period['beginTime']} is not before "
                                 f"{period['endTime']}; write two periods for a night shift", id)  # fmt: skip
            days = range(first, last + 1 if last >= first else last + 8)
            spans += [(day % 7 * 86400.0 + begin, day % 7 * 86400.0 + end) for day in days]
        if snapped:
            self.note(id, "endTime", "23:59:00", "24:00:00", "23:59 heißt Tagesende")
        merged: list[tuple[float, float]] = []
        for begin, end in sorted(spans):
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        if merged and merged[-1][1] > WEEK:
            raise self.error("scenario-calendar", f"calendar {id} runs past the week", id)
        return Calendar(id, tuple(merged))

    def _day(self, id: str, text: Any) -> int:
        day = str(text).upper()
        if day not in DAYS:
            raise self.error("scenario-calendar", f"calendar {id}: {text!r} is no week day", id)
        if day != text:
            self.note(id, "from/to", text, day, "Wochentag in Großbuchstaben gelesen")
        return DAYS.index(day)

    def _clock(self, id: str, text: Any) -> float:
        parts = str(text).split(":")
        try:
            hours, minutes = int(parts[0]), int(parts[1])
            seconds = float(parts[2]) if len(parts) > 2 else 0.0
        except (ValueError, IndexError):
            raise self.error("scenario-calendar", f"calendar {id}: {text!r} is no time of day", id) from None
        total = hours * 3600.0 + minutes * 60.0 + seconds
        if not (0 <= minutes < 60 and 0.0 <= seconds < 60.0 and 0.0 <= total <= 86400.0) or len(parts) > 3:
            raise self.error("scenario-calendar", f"calendar {id}: {text!r} is no time of day", id)
        return total

    def _resources(self, calendars: Mapping[str, Calendar]) -> dict[str, Resource]:
        raw = self.content["resource_profiles"]
        profiles = [{"id": key, **value} for key, value in raw.items()] if isinstance(raw, Mapping) else raw
        found: dict[str, Resource] = {}
        for profile in profiles:
            pool = str(profile.get("id", profile.get("name")))
            listed = profile["resource_list"]
            people = [{"id": key, **value} for key, value in listed.items()] if isinstance(listed, Mapping) else listed
            for one in people:
                id = str(one["id"])
                if id in found:
                    self.note(id, "resource_list", pool, pool, "Ressource steht in zwei Pools: der letzte gilt")
                amount, rate = float(one.get("amount", 1)), float(one.get("cost_per_hour") or 0.0)
                if amount < 1 or amount != int(amount) or amount > 100_000:
                    raise self.error(
                        "scenario-resource", f"resource {id}: amount {amount:g} is no number of people", id
                    )
                if rate < 0.0 or not math.isfinite(rate):
                    raise self.error("scenario-resource", f"resource {id}: cost_per_hour {rate:g}", id)
                calendar = str(one["calendar"])
                if calendar not in calendars:
                    raise self.error("scenario-resource", f"resource {id}: no calendar {calendar!r}", id)
                found[id] = Resource(id, str(one.get("name", id)), pool, int(amount), rate, calendar)
        return found

    def _activities(self, resources: Mapping[str, Resource]) -> dict[str, tuple[Work, ...]]:
        raw = self.content["task_resource_distribution"]
        if isinstance(raw, Mapping):
            raw = [
                {"task_id": task, "resources": [{"resource_id": who, **law} for who, law in laws.items()]}
                for task, laws in raw.items()
            ]
        found: dict[str, tuple[Work, ...]] = {}
        for one in raw:
            task = str(one["task_id"])
            works: dict[str, Work] = {}
            for entry in one["resources"]:
                who = str(entry["resource_id"])
                if who not in resources:
                    raise self.error("scenario-resource", f"{task}: no resource {who!r}", task)
                works[who] = Work(who, self._law(entry, task, time=True))
            if task in found:
                self.note(task, "task_resource_distribution", task, None, "Aufgabe doppelt: der letzte Eintrag gilt")
            found[task] = tuple(works.values())
        return found

    def _arrivals(self, calendars: Mapping[str, Calendar]) -> ArrivalProcess:
        raw = self.content["arrival_time_distribution"]
        if "histogram_data" in raw:
            data = raw["histogram_data"]
            shares = [float(x) for x in data["cdf"]]
            middles = [float(x) for x in data["bin_midpoints"]]
            weights = [b - a for a, b in zip([0.0, *shares], shares, strict=False)]
            if len(shares) != len(middles) or min(weights, default=-1.0) < 0.0 or shares[-1] <= 0.0:
                raise self.error(
                    "scenario-distribution", "arrival_time_distribution: the histogram's cdf does not rise"
                )
            pairs = [x for pair in zip(middles, weights, strict=True) for x in pair]
            interval = Distribution("choice", tuple(pairs), -math.inf)
        else:
            interval = self._law(raw, "arrival_time_distribution", time=True)
        periods = self.content.get("arrival_time_calendar")
        if periods:
            return ArrivalProcess(interval, self._calendar("arrival_time_calendar", periods))
        why = "Kein Kalender für Eingänge angegeben: wie die Dienstzeiten der ersten Schritte"
        self.note(None, "arrival_time_calendar", None, "first tasks", why)
        return ArrivalProcess(interval, None)

    # --- gateways, events, data ------------------------------------------------------------------------------

    def _gateways(self) -> dict[str, tuple[Branch, ...]]:
        raw = self.content.get("gateway_branching_probabilities") or []
        if isinstance(raw, Mapping):
            raw = [
                {"gateway_id": gateway, "probabilities": [{"path_id": k, "value": v} for k, v in ways.items()]}
                for gateway, ways in raw.items()
            ]
        rules = {
            str(one["id"]): self._any_of(one["rules"], str(one["id"])) for one in self.content.get("branch_rules") or ()
        }
        found: dict[str, tuple[Branch, ...]] = {}
        for one in raw:
            gateway = str(one["gateway_id"])
            branches = []
            for way in one["probabilities"]:
                value = way.get("value")
                share = None if value is None or value == "" else float(value)
                if share is not None and not (0.0 <= share <= 1.0 + 1e-9):
                    raise self.error("scenario-probability", f"{gateway}: {value} is no probability", gateway)
                rule_id = way.get("condition_id")
                rule = rules.get(str(rule_id)) if rule_id else None
                if rule_id and rule is None:
                    rule = ((),)
                    self.note(gateway, "condition_id", rule_id, True, "Regel fehlt; Prosimos liest das als immer wahr")
                branches.append(Branch(str(way["path_id"]), share, rule))
            found[gateway] = tuple(branches)
        return found

    def _any_of(self, raw: Iterable[Iterable[Mapping[str, Any]]], element: str) -> AnyOf:
        return tuple(tuple(self._condition(one, element) for one in together) for together in raw)

    def _condition(self, raw: Mapping[str, Any], element: str) -> Condition:
        comparison, value = str(raw["comparison"]), raw["value"]
        if comparison not in _COMPARISONS:
            raise self.error("scenario-rule", f"{element}: unknown comparison {comparison!r}", element)
        if comparison == "in":
            low, high = (math.inf if end == "inf" else float(end) for end in value)
            return Condition(str(raw["attribute"]), comparison, (low, min(high, 1e300)))
        return Condition(str(raw["attribute"]), comparison, self._typed(str(raw["attribute"]), value))

    def _typed(self, name: str, value: Any) -> Value:
        """Texts compare as numbers where the attribute is numeric, as Prosimos does."""
        numeric = any(one["name"] == name and one["type"] == "continuous" for one in self._all_attributes())
        if isinstance(value, str) and numeric:
            return float(value)
        return value if isinstance(value, bool | str) else float(value)

    def _all_attributes(self) -> list[Mapping[str, Any]]:
        own = list(self.content.get("case_attributes") or ())
        return own + [a for one in self.content.get("event_attributes") or () for a in one["attributes"]]

    def _events(self) -> dict[str, EventDelay]:
        found: dict[str, EventDelay] = {}
        for one in self.content.get("event_distribution") or ():
            event = str(one["event_id"])
            if event in found:
                self.note(event, "event_distribution", event, None, "Ereignis doppelt: der erste Eintrag gilt")
                continue
            found[event] = EventDelay(self._law(one, event, time=True), float(one.get("probability", 1.0)))
        return found

    def _results(self) -> dict[str, tuple[Attribute, ...]]:
        return {
            str(one["event_id"]): tuple(self._attribute(raw) for raw in one["attributes"])
            for one in self.content.get("event_attributes") or ()
        }

    def _attribute(self, raw: Mapping[str, Any]) -> Attribute:
        name, values = str(raw["name"]), raw["values"]
        if raw["type"] == "continuous":
            return Attribute(name, distribution=self._law(values, name, time=False))
        if raw["type"] != "discrete" or isinstance(values, Mapping):
            raise self.error(
                "scenario-unsupported", f"attribute {name}: type {raw['type']!r} cannot be simulated yet", name
            )
        choices = []
        for one in values:
            key = one["key"]
            choices.append((key if isinstance(key, bool | str) else float(key), float(one["value"])))
        total = sum(weight for _, weight in choices)
        if not choices or min(weight for _, weight in choices) < 0.0 or total <= 0.0:
            raise self.error("scenario-probability", f"attribute {name}: the probabilities sum to {total:g}", name)
        if abs(total - 1.0) > 1e-6:
            self.note(name, "case_attributes", total, 1, "Summe ungleich 1: anteilig umgerechnet")
        return Attribute(name, tuple(choices))

    def _figures(self) -> dict[str, ElementFigures]:
        found = {}
        names = ("fixed_cost_eur", "citizen_minutes", "citizen_cost_eur", "business_minutes", "business_cost_eur")
        for one in self.content.get("element_figures") or ():
            element = str(one["element_id"])
            numbers = {name: None if one.get(name) is None else float(one[name]) for name in names}
            duration = self._law(one["duration"], element, time=True) if one.get("duration") else None
            found[element] = ElementFigures(duration, **numbers)
        return found

    def _cases_per_year(self) -> float | None:
        raw = self.content.get("cases_per_year")
        if isinstance(raw, Mapping):
            raw = raw["value"]
        return None if raw is None else float(raw)

    def _holiday(self, raw: Any) -> str:
        try:
            return date.fromisoformat(raw).isoformat()
        except (TypeError, ValueError):
            raise self.error("scenario-holiday", f"holidays: {raw!r} is no date (YYYY-MM-DD)") from None

    # --- distributions ---------------------------------------------------------------------------------------

    def _law(self, raw: Mapping[str, Any], element: str, *, time: bool) -> Distribution:
        """One distribution; `time` ones never go below 0."""
        name = str(raw["distribution_name"])
        kind = _NAMES.get(name)
        if kind is None:
            raise self.error("scenario-distribution", f"{element}: unknown distribution {name!r}", element)
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


def known_of(raw: Mapping[str, Any]) -> Known:
    """How a figure is known, from `{known, by, on, source, low, high}`."""
    numbers = {key: None if raw.get(key) is None else float(raw[key]) for key in ("low", "high")}
    return Known(str(raw["known"]), raw.get("by"), raw.get("on"), raw.get("source"), **numbers)


def digest_of(content: Mapping[str, Any]) -> str:
    """`sha256:<hex>` of the canonical JSON (sorted keys, no white space)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
