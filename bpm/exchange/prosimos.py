"""Prosimos JSON into a `Scenario`: version 2 unchanged, older versions converted with a note or refused with reasons.

The format has no version field and drifted three times (see `bpm.exchange.laws`): parameter lists were SciPy's (shape,
location, scale), then became moments. What can be told apart by its form is converted and noted; where two readings are
possible, the file is refused and both are named. Nothing is replaced silently: what is dropped, guessed or repaired is
a `Note`.
Source: the parser of Prosimos 2.1.0 and pix-framework 0.15.0, and sample files of their repositories.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from bpm.errors import ScenarioError
from bpm.exchange.batches import batches_of
from bpm.exchange.laws import LawReader
from bpm.model.deadline import public_holidays
from bpm.model.process import Known
from bpm.model.scenario import (
    ALWAYS,
    DAYS,
    WEEK,
    Absence,
    AnyOf,
    ArrivalProcess,
    Attribute,
    Branch,
    Calendar,
    CalendarException,
    Condition,
    Distribution,
    ElementFigures,
    EventDelay,
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
    "known", "holidays", "batch_processing", "global_attributes", "calendar_exceptions", "absences", "arrival_rates",
    "arrival_times", "start_events", "flow_delays",
}  # fmt: skip
_REFUSED = ("multitask",)
_IGNORED = ("process_model", "start_time", "total_cases", "model_type", "gateway_execution_limit")
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


class _Reader(LawReader):
    def __init__(self, content: Mapping[str, Any], path: str, time_zone: str) -> None:
        super().__init__(path)
        self.content, self.zone = content, time_zone

    def scenario(self) -> Scenario:
        content = self.content
        ours = any(content.get(key) for key in ("arrival_times", "arrival_rates"))
        for key in (
            "resource_profiles",
            "resource_calendars",
            "task_resource_distribution",
            "arrival_time_distribution",
        ):
            if key not in content and not (ours and key == "arrival_time_distribution"):
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
            holidays=self._holidays(content.get("holidays") or ()),
            calibrated=content.get("calibrated") or None,
            known={key: known_of(raw) for key, raw in (content.get("known") or {}).items()},
            notes=tuple(self.notes),
            extras={key: content[key] for key in content if key not in _READ},
            digest=digest_of(content),
            path=self.path,
            **self._more(calendars, resources, activities),
        )

    def _more(
        self,
        calendars: Mapping[str, Calendar],
        resources: Mapping[str, Resource],
        activities: Mapping[str, tuple[Work, ...]],
    ) -> dict[str, Any]:
        """What Prosimos has beside, and most of what is ours alone."""
        content = self.content
        return {
            "exceptions": tuple(self._exception(one, calendars) for one in content.get("calendar_exceptions") or ()),
            "absences": tuple(self._absence(one, resources) for one in content.get("absences") or ()),
            "roles": self._together(resources),
            "batches": batches_of(content.get("batch_processing") or (), activities, self.error),
            "flow_delays": {
                str(one["flow_id"]): self.law(one, str(one["flow_id"]), time=True)
                for one in content.get("flow_delays") or ()
            },
            "shared": tuple(
                replace(self._attribute(raw), shared=True) for raw in content.get("global_attributes") or ()
            ),
            "starts": {
                str(one["event_id"]): self._process_of(one, str(one["event_id"]))
                for one in content.get("start_events") or ()
            },
        }

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
                works[who] = Work(who, self.law(entry, task, time=True))
            if task in found:
                self.note(task, "task_resource_distribution", task, None, "Aufgabe doppelt: der letzte Eintrag gilt")
            found[task] = tuple(works.values())
        return found

    def _together(self, resources: Mapping[str, Resource]) -> dict[str, tuple[tuple[str, ...], ...]]:
        found = {}
        raw = self.content["task_resource_distribution"]
        for one in () if isinstance(raw, Mapping) else raw:
            roles = tuple(tuple(str(name) for name in role) for role in one.get("together") or ())
            for name in (name for role in roles for name in role):
                if name not in resources:
                    raise self.error("scenario-resource", f"{one['task_id']}: no resource {name!r}", one["task_id"])
            if roles:
                found[str(one["task_id"])] = roles
        return found

    def _exception(self, one: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> CalendarException:
        calendar = str(one["calendar_id"])
        if calendar not in calendars:
            raise self.error("scenario-calendar", f"calendar_exceptions: no calendar {calendar!r}", calendar)
        periods = []
        for period in one.get("time_periods") or ():
            begin, end = self._clock(calendar, period["beginTime"]), self._clock(calendar, period["endTime"])
            if begin >= end:
                raise self.error("scenario-calendar", f"calendar {calendar}: {period} ends before it begins", calendar)
            periods.append((begin, end))
        first = self._date("calendar_exceptions", one["from"])
        last = self._date("calendar_exceptions", one.get("to", one["from"]))
        days = tuple((first + timedelta(days=k)).isoformat() for k in range((last - first).days + 1))
        if not days:
            raise self.error("scenario-calendar", f"calendar {calendar}: {last} is before {first}", calendar)
        return CalendarException(calendar, days, tuple(sorted(periods)))

    def _absence(self, one: Mapping[str, Any], resources: Mapping[str, Resource]) -> Absence:
        who, amount = str(one["resource_id"]), int(one.get("amount") or 0)
        if who not in resources or not 0 <= amount <= resources[who].amount:
            raise self.error("scenario-resource", f"absences: {who!r} has no {amount or 'such'} people", who)
        first, last = self._date("absences", one["from"]), self._date("absences", one["to"])
        if last < first:
            raise self.error("scenario-resource", f"absences: {last} is before {first}", who)
        return Absence(who, first.isoformat(), last.isoformat(), amount)

    def _process_of(self, raw: Mapping[str, Any], element: str) -> ArrivalProcess:
        """Arrivals at a further start event."""
        if raw.get("arrival_times"):
            return self._given_times(raw["arrival_times"])
        if raw.get("arrival_rates"):
            return self._at_rates(raw["arrival_rates"], element)
        periods = raw.get("arrival_time_calendar")
        calendar = self._calendar(element, periods) if periods else ALWAYS
        return ArrivalProcess(self.law(raw["arrival_time_distribution"], element, time=True), calendar)

    def _given_times(self, raw: Sequence[Any]) -> ArrivalProcess:
        times = []
        for text in raw:
            try:
                times.append(datetime.fromisoformat(str(text)).replace(tzinfo=None).isoformat())
            except ValueError:
                raise self.error("scenario-arrival-times", f"arrival_times: {text!r} is no time") from None
        return ArrivalProcess(Distribution("fix", (0.0,)), ALWAYS, tuple(sorted(times)))

    def _at_rates(self, raw: Sequence[Mapping[str, Any]], element: str) -> ArrivalProcess:
        spans: list[tuple[float, float, float]] = []
        for one in raw:
            rate = float(one["cases_per_hour"]) / 3600.0
            if not rate >= 0.0 or not math.isfinite(rate):
                raise self.error("scenario-arrival-rates", f"{element}: {one['cases_per_hour']} cases per hour")
            if rate > 0.0:
                spans += [(begin, end, rate) for begin, end in self._calendar(element, [one]).periods]
        spans.sort()
        if not spans or any(b[0] < a[1] for a, b in pairwise(spans)):
            raise self.error("scenario-arrival-rates", f"{element}: arrival_rates overlap, or no case ever comes")
        calendar = Calendar(element, tuple(span[:2] for span in spans), tuple(span[2] for span in spans))
        return ArrivalProcess(Distribution("exponential", (1.0, 0.0)), calendar)

    def _arrivals(self, calendars: Mapping[str, Calendar]) -> ArrivalProcess:
        if self.content.get("arrival_times"):
            return self._given_times(self.content["arrival_times"])
        if self.content.get("arrival_rates"):
            return self._at_rates(self.content["arrival_rates"], "arrival_rates")
        raw = self.content["arrival_time_distribution"]
        interval = self.law(raw, "arrival_time_distribution", time=True)
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
        own = [*(self.content.get("case_attributes") or ()), *(self.content.get("global_attributes") or ())]
        return own + [a for one in self.content.get("event_attributes") or () for a in one["attributes"]]

    def _events(self) -> dict[str, EventDelay]:
        found: dict[str, EventDelay] = {}
        for one in self.content.get("event_distribution") or ():
            event = str(one["event_id"])
            if event in found:
                self.note(event, "event_distribution", event, None, "Ereignis doppelt: der erste Eintrag gilt")
                continue
            found[event] = EventDelay(self.law(one, event, time=True), float(one.get("probability", 1.0)))
        return found

    def _results(self) -> dict[str, tuple[Attribute, ...]]:
        return {
            str(one["event_id"]): tuple(self._attribute(raw) for raw in one["attributes"])
            for one in self.content.get("event_attributes") or ()
        }

    def _attribute(self, raw: Mapping[str, Any]) -> Attribute:
        name, values = str(raw["name"]), raw["values"]
        if raw["type"] == "expression":
            return Attribute(name, expression=str(values))
        if raw["type"] == "continuous":
            return Attribute(name, distribution=self.law(values, name, time=False))
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
            duration = self.law(one["duration"], element, time=True) if one.get("duration") else None
            found[element] = ElementFigures(duration, **numbers)
        return found

    def _cases_per_year(self) -> float | None:
        raw = self.content.get("cases_per_year")
        if isinstance(raw, Mapping):
            raw = raw["value"]
        return None if raw is None else float(raw)

    def _holidays(self, raw: Any) -> tuple[str, ...]:
        """Dates, or those of a state."""
        if not isinstance(raw, Mapping):
            return tuple(self._date("holidays", one, "scenario-holiday").isoformat() for one in raw)
        days = public_holidays(str(raw["state"]), raw.get("category", "catholic"))
        first = date.fromisoformat(str(self.content.get("start", "2025-01-06"))[:10])
        number = round(365.25 * float(raw.get("years", 20)))
        return tuple(day.isoformat() for day in (first + timedelta(days=k) for k in range(number)) if day in days)

    def _date(self, field: str, raw: Any, code: str = "scenario-date") -> date:
        try:
            return date.fromisoformat(raw)
        except (TypeError, ValueError):
            raise self.error(code, f"{field}: {raw!r} is no date (YYYY-MM-DD)") from None


def known_of(raw: Mapping[str, Any]) -> Known:
    """How a figure is known, from `{known, by, on, source, low, high}`."""
    numbers = {key: None if raw.get(key) is None else float(raw[key]) for key in ("low", "high")}
    return Known(str(raw["known"]), raw.get("by"), raw.get("on"), raw.get("source"), **numbers)


def digest_of(content: Mapping[str, Any]) -> str:
    """`sha256:<hex>` of the canonical JSON (sorted keys, no white space)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
