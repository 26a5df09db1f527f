"""A BPSim scenario as our scenario JSON, on the model it stands beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpm.errors import ScenarioError
from bpm.exchange.bpsim import expressions
from bpm.exchange.bpsim.laws import UNITS, Law, LawReader, Noting, fixed, seconds_of, total
from bpm.exchange.bpsim.parameters import ElementGiven, GivenScenario, GivenValue, find_scenarios, resolved
from bpm.exchange.bpsim.shifts import WEEK, read_shifts
from bpm.model.process import CallActivity, Event, FlowNode, Gateway, Process, SubProcess, Task
from bpm.model.scenario import DAYS, Note

_DURATION = ("SetUpTime", "ProcessingTime", "ValidationTime", "ReworkTime")
_LAG = ("TransferTime", "QueueTime", "WaitTime")
_RESULTS_ONLY = ("LagTime", "Duration", "ElapsedTime", "QueueLength")
_WORDS = ("StringParameter", "BooleanParameter")
_ALWAYS = "rund_um_die_uhr"
_CATCHES = ("intermediateCatchEvent", "boundaryEvent")


@dataclass(frozen=True, slots=True)
class Imported:
    """`content` is our scenario JSON; `scenarios` are all ids that could have been chosen; `horizon_s` is how long the
    scenario lasts, `cases` how many come in that time (None: not said)."""

    content: dict[str, Any]
    notes: tuple[Note, ...]
    id: str
    scenarios: tuple[str, ...]
    horizon_s: float | None
    cases: int | None
    replications: int | None
    seed: int | None


def holds_bpsim(data: bytes) -> bool:
    """Whether bytes speak of BPSim at all; cheap, before anything is parsed."""
    return b"http://www.bpsim.org/schemas/" in data


def import_bpsim(data: bytes, process: Process, path: str = "", scenario: str | None = None) -> Imported:
    """Read one scenario (the first that is no result, if none is named) for `process`.

    Raises:
        ScenarioError: no such scenario, a value or expression that means nothing, no arrivals.
        ModelError: not readable as XML.
    """
    found = find_scenarios(data, path)
    inputs = [one for one in found if one.result is None]
    if not found:
        raise ScenarioError("bpsim-no-data", "no BPSim scenario in this file", path=path)
    chosen = next((one for one in inputs if scenario in (None, one.id)), None)
    if chosen is None:
        names = ", ".join(one.id for one in inputs) or "none that is an input"
        raise ScenarioError("bpsim-no-scenario", f"no scenario {scenario!r}; there is {names}", path=path)
    return _Importer(resolved(found, chosen, path), process, path, tuple(one.id for one in inputs)).imported()


class _Importer:
    def __init__(self, given: GivenScenario, process: Process, path: str, ids: tuple[str, ...]) -> None:
        self.given, self.process, self.path, self.ids = given, process, path, ids
        self.notes: list[Note] = list(given.notes)
        self.nodes: dict[str, FlowNode] = {node.id: node for node in process.nodes}
        unit = given.attributes.get("baseTimeUnit")
        if unit is not None and unit not in UNITS:
            raise ScenarioError("bpsim-value", f"unknown baseTimeUnit {unit!r}", path=path, element=given.id)
        if unit is None:
            self.note(None, "baseTimeUnit", None, "min", "Nicht angegeben: Minuten" + (
                " (so die Norm)" if given.version == "2.0" else ", wie in Fassung 2.0"))  # fmt: skip
        self.unit = UNITS[unit or "min"]
        self.laws = LawReader(self.unit, path)
        self.calendars: dict[str, list[tuple[float, float]]] = {}
        self.delays: list[Law] = []

    # --- notes and values --------------------------------------------------------------------------------------

    def note(self, element: str | None, field: str, found: Any, used: Any, why: str) -> None:
        self.notes.append(Note(element, field, found, used, why))

    def error(self, code: str, message: str, element: str | None) -> ScenarioError:
        node = self.nodes.get(element or "")
        return ScenarioError(code, message, path=self.path, line=node.line if node else None, element=element)

    def parameters(self, element: str) -> ElementGiven:
        return self.given.elements.get(element) or ElementGiven()

    def value(self, given: ElementGiven, name: str, element: str) -> GivenValue | None:
        """The default value of a parameter; others that hold for a calendar only are noted."""
        values = [one for one in given.values.get(name, ()) if "result" not in one.attributes]
        plain = [one for one in values if one.valid_for is None]
        timed = [one for one in values if one.valid_for is not None]
        if timed:
            self.note(element, name, len(timed), "Standardwert" if plain else timed[0].valid_for,
                      "Werte je Kalender sind hier nicht vorgesehen")  # fmt: skip
        return plain[-1] if plain else timed[0] if timed else None

    def law(self, value: GivenValue, element: str, *, time: bool = True) -> Law:
        return self.laws.law(value, element, self._noting(element), time=time)

    def _noting(self, element: str) -> Noting:
        return lambda field, found, used, why: self.note(element, field, found, used, why)

    def number(self, value: GivenValue, element: str) -> float:
        if value.kind not in ("NumericParameter", "FloatingParameter"):
            raise self.error("bpsim-value", f"{element}: {value.kind} where a number is needed", element)
        return self.laws.number(value, "value", element)

    # --- the whole ---------------------------------------------------------------------------------------------

    def imported(self) -> Imported:
        given = self.given
        self._calendars()
        horizon = self._whole("Duration")
        warmup = self._whole("Warmup")
        if warmup:
            self.note(None, "Warmup", f"{warmup:g} s", None, "Anlaufzeit wird nicht abgeschnitten")
        start = given.whole.values.get("Start", ())
        arrivals, calendar, cases = self._arrivals(horizon)
        pools, profiles = self._resources()
        content: dict[str, Any] = {
            "start": str(start[0].attributes.get("value", "")).rstrip("Z") if start else "2025-01-06T00:00:00",
            "resource_profiles": profiles,
            "resource_calendars": [
                {"id": id, "name": self.given.calendars.get(id, (id, ""))[0] or id, "time_periods": _periods(spans)}
                for id, spans in self.calendars.items() if spans
            ],
            "arrival_time_distribution": arrivals,
            "arrival_time_calendar": _periods(calendar),
            **self._steps(pools),
            **self._flows(),
            "event_distribution": self._events(),
            "case_attributes": self._case_data(),
            "event_attributes": self._event_data(),
        }  # fmt: skip
        content["flow_delays"] = self.delays
        self._unused()
        if len(self.ids) > 1:
            others = ", ".join(one for one in self.ids if one != given.id)
            self.note(
                None, "Scenario", given.id, given.id, f"Weitere Szenarien in der Datei: {others} (--scenario DATEI#ID)"
            )
        if horizon is not None and cases is not None:
            self.note(None, "Duration", f"{horizon:g} s", f"{cases} Fälle",
                      f"So viele kommen im Mittel (--cases {cases}); gerechnet wird bis zum letzten Fall")  # fmt: skip
        return Imported(
            content, tuple(self.notes), given.id, self.ids, horizon, cases,
            self._integer("replication"), self._integer("seed"),
        )  # fmt: skip

    def _integer(self, name: str) -> int | None:
        text = self.given.attributes.get(name, "")
        return int(text) if text.isdigit() else None

    def _whole(self, name: str) -> float | None:
        values = self.given.whole.values.get(name, ())
        return seconds_of(values[0].attributes.get("value", "")) if values else None

    def _calendars(self) -> None:
        for id, (_, text) in self.given.calendars.items():
            spans, left = read_shifts(text)
            self.calendars[id] = spans
            for one in left:
                self.note(id, "Calendar", one, None, "Nicht wöchentlich: ohne Wirkung")
        self.calendars[_ALWAYS] = [(0.0, WEEK)]

    # --- arrivals ----------------------------------------------------------------------------------------------

    def _arrivals(self, horizon: float | None) -> tuple[Law, list[tuple[float, float]], int | None]:
        starts = [n for n in self.process.nodes if n.type == "startEvent" and n.parent == self.process.id]
        timed = [n for n in starts if self.parameters(n.id).values.get("InterTriggerTimer")]
        if not timed:
            ids = ", ".join(node.id for node in starts) or self.process.id
            raise self.error(
                "bpsim-no-arrivals", f"no InterTriggerTimer at {ids}: then no case ever comes (BPSim: unset = never)",
                starts[0].id if starts else None,
            )  # fmt: skip
        node = timed[0]
        for other in timed[1:]:
            self.note(other.id, "InterTriggerTimer", other.id, None, "Fälle beginnen nur am ersten Startereignis")
        values = [v for v in self.parameters(node.id).values["InterTriggerTimer"] if "result" not in v.attributes]
        plain = [one for one in values if one.valid_for is None]
        timed_values = [one for one in values if one.valid_for in self.calendars]
        for one in values:
            if one.valid_for is not None and one.valid_for not in self.calendars:
                self.note(node.id, "validFor", one.valid_for, None, "Kalender fehlt: der Wert zählt nicht")
        law = self.law(plain[-1] if plain else values[0], node.id)
        calendar = [(0.0, WEEK)]
        if len(timed_values) == 1 and not plain:  # outside its calendar there is none: the office's hours
            calendar = self.calendars[timed_values[0].valid_for or ""]
            law = self.law(timed_values[0], node.id)
        elif timed_values:
            law = self._mean_arrivals(node.id, law, timed_values)
        limit = self.value(self.parameters(node.id), "TriggerCount", node.id)
        cases = None
        mean = mean_of(law)
        if horizon is not None and mean > 0.0:
            cases = int(horizon / mean + 1e-9) + 1  # the first comes at the start, one at the end still counts
        if limit is not None:
            most = int(self.number(limit, node.id))
            cases = most if cases is None else min(cases, most)
            self.note(node.id, "TriggerCount", most, f"--cases {most}", "Höchstzahl der Fälle")
        return law, calendar, cases

    def _mean_arrivals(self, element: str, default: Law, values: Sequence[GivenValue]) -> Law:
        """One rate for the week that brings as many cases as the shifts do together."""
        rest, arriving = WEEK, 0.0
        for value in values:
            opened = sum(end - begin for begin, end in self.calendars[value.valid_for or ""])
            arriving += opened / mean_of(self.law(value, element))
            rest -= opened
        if rest > 1.0:
            arriving += rest / mean_of(default)
        interval = WEEK / arriving
        found = {v.valid_for: v.attributes.get("value") for v in values}
        self.note(element, "InterTriggerTimer", found, f"{interval:g} s",
                  "Ankünfte je Schicht: mit ihrem Wochenmittel gerechnet")  # fmt: skip
        return fixed(interval)

    # --- people ------------------------------------------------------------------------------------------------

    def _resources(self) -> tuple[dict[str, list[str]], list[dict[str, Any]]]:
        pools: dict[str, list[str]] = {}
        profiles = []
        for element, given in self.given.elements.items():
            quantity = [v for v in given.values.get("Quantity", ()) if "result" not in v.attributes]
            if element in self.nodes:
                if quantity or given.values.get("Availability"):
                    found = [v.attributes.get("value") for v in (*quantity, *given.values.get("Availability", ()))]
                    self.note(element, "ResourceParameters", found, None,
                              "Menge und Verfügbarkeit gehören an eine Ressource: ohne Wirkung")  # fmt: skip
                continue
            if not quantity and not given.values.get("UnitCost") and not given.values.get("Role"):
                continue
            rate = self._hourly(given, element)
            members = []
            for id, amount, calendar in self._shifts(element, quantity):
                members.append({"id": id, "name": id, "amount": amount, "cost_per_hour": rate, "calendar": calendar})
            if members:
                profiles.append({"id": element, "name": element, "resource_list": members})
                pools[element] = [str(one["id"]) for one in members]
                for role in given.values.get("Role", ()):
                    pools.setdefault(role.attributes.get("value", ""), []).extend(pools[element])
        return pools, profiles

    def _shifts(self, element: str, quantity: Sequence[GivenValue]) -> list[tuple[str, int, str]]:
        """(id, amount, calendar) per shift of a resource. A shift is a resource of its own: its work rests outside."""
        if not quantity:
            return [(element, 1, _ALWAYS)]
        found = []
        for value in quantity:
            amount = self.number(value, element)
            if amount < 0.0 or amount != int(amount):
                raise self.error("bpsim-value", f"{element}: {amount:g} is no number of people", element)
            calendar = value.valid_for
            if calendar is not None and calendar not in self.calendars:
                self.note(element, "validFor", calendar, None, "Kalender fehlt: die Menge zählt nicht")
            elif amount and calendar is None and len(quantity) > 1:
                self.note(element, "Quantity", amount, None, "Menge außerhalb aller Schichten: ohne Wirkung")
            elif amount:
                found.append((f"{element}@{calendar}" if calendar else element, int(amount), calendar or _ALWAYS))
        if len(found) > 1:
            self.note(
                element, "Quantity", len(found), None, "Jede Schicht ist eine Gruppe: begonnene Arbeit bleibt bei ihr"
            )
        return found

    def _hourly(self, given: ElementGiven, element: str) -> float:
        unit = self.value(given, "UnitCost", element)
        if unit is None:
            return 0.0
        currency = self.given.attributes.get("baseCurrencyUnit", "USD")
        if currency != "EUR":
            self.note(element, "UnitCost", currency, "EUR", "Andere Währung: Beträge unverändert übernommen")
        return self.number(unit, element) * 3600.0 / self.unit

    # --- steps -------------------------------------------------------------------------------------------------

    def _steps(self, pools: Mapping[str, list[str]]) -> dict[str, Any]:
        work, figures = [], []
        untimed = 0
        for node in self.process.nodes:
            inside = any(other.parent == node.id for other in self.process.nodes)
            if not isinstance(node, Task | CallActivity) and (not isinstance(node, SubProcess) or inside):
                continue
            given = self.parameters(node.id)
            law = self._duration(node, given)
            untimed += law is None
            who = self._selection(node, given, pools)
            law = law or fixed(0.0)
            figure: dict[str, Any] = {"element_id": node.id}
            work.append({"task_id": node.id, "resources": [{"resource_id": one, **law} for one in who]})
            if not who:
                figure["duration"] = law
            if (cost := self.value(given, "FixedCost", node.id)) is not None:
                figure["fixed_cost_eur"] = self.number(cost, node.id)
            if given.values.get("UnitCost"):
                self.note(node.id, "UnitCost", given.values["UnitCost"][0].attributes.get("value"), None,
                          "Kosten je Zeit gehören an eine Ressource, nicht an einen Schritt: ohne Wirkung")  # fmt: skip
            for name in ("Priority", "Interruptible"):
                if given.values.get(name):
                    self.note(
                        node.id,
                        name,
                        given.values[name][0].attributes.get("value"),
                        None,
                        "Vorrang je Schritt: ohne Wirkung",
                    )
            figures.append(figure)
        if untimed:
            self.note(None, "TimeParameters", untimed, "0 s", "Schritte ohne Zeitangabe dauern 0 s (so die Norm)")
        return {"task_resource_distribution": work, "element_figures": [one for one in figures if len(one) > 1]}

    def _duration(self, node: FlowNode, given: ElementGiven) -> Law | None:
        parts = [v for name in _DURATION if (v := self.value(given, name, node.id)) is not None]
        lags = [v for name in _LAG if (v := self.value(given, name, node.id)) is not None]
        if lags:
            before = total([self.law(lag, node.id) for lag in lags], self._noting(node.id))
            ways = [flow.id for flow in self.process.flows if flow.target == node.id]
            self.delays += [{"flow_id": flow, **before} for flow in ways]
        if given.values.get("InterTriggerTimer"):
            self.note(
                node.id,
                "InterTriggerTimer",
                None,
                None,
                "Ein Schritt mit Vorgänger löst nicht selbst aus: ohne Wirkung",
            )
        if not parts:
            return None

        return total([self.law(part, node.id) for part in parts], self._noting(node.id))

    def _selection(self, node: FlowNode, given: ElementGiven, pools: Mapping[str, list[str]]) -> list[str]:
        value = self.value(given, "Selection", node.id)
        if value is None:
            return []
        text = value.attributes.get("value", "")
        try:
            chosen = expressions.resources_of(text)
        except expressions.Unreadable as error:
            raise self.error("bpsim-expression", f"{node.id}: {text!r}: {error}", node.id) from None
        found: list[str] = []
        for name, count in chosen:
            if name not in pools:
                raise self.error("bpsim-value", f"{node.id}: no resource or role {name!r} with a quantity", node.id)
            if count != 1:
                self.note(node.id, "Selection", count, 1, "Mehrere auf einmal: es wird einer gebraucht")
            found += [one for one in pools[name] if one not in found]
        if len(chosen) > 1:
            self.note(node.id, "Selection", text, found, "Wer zuerst frei ist; eine Rangfolge gibt es nicht")
        return found

    # --- flows and events --------------------------------------------------------------------------------------

    def _flows(self) -> dict[str, Any]:
        gateways, rules = [], []
        for node in self.process.nodes:
            out = [flow.id for flow in self.process.flows if flow.source == node.id]
            if len(out) < 2 or (isinstance(node, Gateway) and node.type in ("parallelGateway", "eventBasedGateway")):
                continue
            shares = {flow: self._share(flow) for flow in out}
            conditions = {flow: self._condition(flow) for flow in out}
            if all(x is None for x in shares.values()) and all(x is None for x in conditions.values()):
                continue
            known = [x for x in shares.values() if x is not None]
            if any(x > 1.0 for x in known):
                shares = {flow: None if x is None else x / 100.0 for flow, x in shares.items()}
                self.note(node.id, "Probability", known, "Prozent", "Werte über 1: als Prozent gelesen")
                known = [x for x in shares.values() if x is not None]
            if (
                node.type != "inclusiveGateway"
                and len(known) == len(out)
                and abs(sum(known) - 1.0) > 1e-9
                and sum(known) > 0
            ):
                self.note(node.id, "Probability", round(sum(known), 9), 1, "Summe ungleich 1: anteilig umgerechnet")
                shares = {flow: (x or 0.0) / sum(known) for flow, x in shares.items()}
            ways = []
            for flow in out:
                way: dict[str, Any] = {"path_id": flow}
                if shares[flow] is not None:
                    way["value"] = shares[flow]
                if (condition := conditions[flow]) is not None:
                    way["condition_id"] = f"bpsim:{flow}"
                    rules.append({"id": way["condition_id"], "rules": condition})
                ways.append(way)
            gateways.append({"gateway_id": node.id, "probabilities": ways})
        return {"gateway_branching_probabilities": gateways, "branch_rules": rules}

    def _share(self, flow: str) -> float | None:
        value = self.value(self.parameters(flow), "Probability", flow)
        if value is None:
            return None
        share = self.number(value, flow)
        if share < 0.0 or share > 100.0:
            raise self.error("bpsim-value", f"{flow}: {share:g} is no probability", flow)
        return share

    def _condition(self, flow: str) -> list[list[dict[str, Any]]] | None:
        value = self.value(self.parameters(flow), "Condition", flow)
        if value is None:
            return None
        text = value.attributes.get("value", "")
        if value.kind == "BooleanParameter":
            return [[]] if text.strip() in ("true", "1") else []
        try:
            return expressions.rules_of(text)
        except expressions.Unreadable as error:
            raise self.error("bpsim-expression", f"{flow}: {text!r}: {error}", flow) from None

    def _events(self) -> list[dict[str, Any]]:
        found = []
        for node in self.process.nodes:
            if not isinstance(node, Event):
                continue
            given = self.parameters(node.id)
            self._event_times(node, given)
            listening = node.type == "startEvent" and node.parent != self.process.id and bool(node.definitions)
            if node.type not in _CATCHES and not listening:
                continue
            timer = self.value(given, "InterTriggerTimer", node.id)
            limit = self.value(given, "TriggerCount", node.id)
            if limit is not None:
                self.note(
                    node.id, "TriggerCount", limit.attributes.get("value"), None, "Tritt je Fall höchstens einmal ein"
                )
            if timer is None and node.type == "intermediateCatchEvent":
                kinds = {definition.kind for definition in node.definitions}
                if kinds & {"link", "timer"}:
                    continue
                self.note(node.id, "InterTriggerTimer", None, "nie", "Nicht angegeben: tritt nie ein (so die Norm)")
                found.append({"event_id": node.id, **fixed(0.0), "probability": 0.0})
            elif timer is not None:
                chance = self._share(node.id)
                entry = {"event_id": node.id, **self.law(timer, node.id)}
                if chance is not None:
                    entry["probability"] = chance / 100.0 if chance > 1.0 else chance
                found.append(entry)
        return found

    def _event_times(self, node: Event, given: ElementGiven) -> None:
        held = [name for name in (*_DURATION, *_LAG) if given.values.get(name)]
        if held:
            self.note(
                node.id,
                ", ".join(held),
                len(held),
                None,
                "Zeiten stehen an Schritten, nicht an Ereignissen: ohne Wirkung",
            )

    # --- data --------------------------------------------------------------------------------------------------

    def _properties(self, given: ElementGiven, element: str) -> list[dict[str, Any]]:
        found = []
        for key, values in given.values.items():
            if not key.startswith("Property:") or not values:
                continue
            name, value = key.removeprefix("Property:"), values[-1]
            found.append(self._attribute(name, value, given.types.get(name) or self._typed(name), element))
        return found

    def _typed(self, name: str) -> str | None:
        return next((one.types[name] for one in self.given.elements.values() if name in one.types), None)

    def _attribute(self, name: str, value: GivenValue, kind: str | None, element: str) -> dict[str, Any]:
        text = value.attributes.get("value", "")
        if value.kind in ("StringParameter", "BooleanParameter"):
            key: Any = text if value.kind == "StringParameter" else text.strip() in ("true", "1")
            return {"name": name, "type": "discrete", "values": [{"key": key, "value": 1.0}]}
        if value.kind == "UserDistribution" and any(one.inner and one.inner[0].kind in _WORDS for one in value.inner):
            return {"name": name, "type": "discrete", "values": [self._point(one, element) for one in value.inner]}
        if value.kind == "ExpressionParameter":
            try:
                feel, _ = expressions.feel_of(text)
            except expressions.Unreadable as error:
                raise self.error("bpsim-expression", f"{element}: {text!r}: {error}", element) from None
            return {"name": name, "type": "expression", "values": feel}
        law = self.law(value, element, time=kind == "duration")
        if kind == "long" and law["distribution_name"] not in ("fix", "empirical"):
            self.note(
                element, f"Property {name}", law["distribution_name"], "ganze Zahlen", "Typ long: gerundet gezogen"
            )
            return {"name": name, "type": "discrete", "values": whole_numbers(law)}
        return {"name": name, "type": "continuous", "values": law}

    def _point(self, point: GivenValue, element: str) -> dict[str, Any]:
        """One value of a discrete datum with its chance."""
        inner = point.inner[0] if point.inner else point
        text = inner.attributes.get("value", "")
        key: Any = text
        if inner.kind == "BooleanParameter":
            key = text.strip() in ("true", "1")
        elif inner.kind != "StringParameter":
            key = self.number(inner, element)
        return {"key": key, "value": self.laws.number(point, "probability", element)}

    def _case_data(self) -> list[dict[str, Any]]:
        """What the process and its start event set before anything else."""
        found = {one["name"]: one for one in self._properties(self.given.whole, self.process.id)}
        start = [n.id for n in self.process.nodes if n.type == "startEvent" and n.parent == self.process.id]
        for element in (self.process.id, *start):
            found |= {one["name"]: one for one in self._properties(self.parameters(element), element)}
        return list(found.values())

    def _event_data(self) -> list[dict[str, Any]]:
        found = []
        for node in self.process.nodes:
            if node.type == "startEvent" and node.parent == self.process.id:
                continue
            attributes = self._properties(self.parameters(node.id), node.id)
            if attributes:
                found.append({"event_id": node.id, "attributes": attributes})
        return found

    def _unused(self) -> None:
        flows = {flow.id for flow in self.process.flows}
        for element, given in self.given.elements.items():
            known = element in self.nodes or element in flows or element == self.process.id
            people = any(given.values.get(name) for name in ("Quantity", "UnitCost", "Role", "Availability"))
            if not known and not people and any(given.values.values()):
                self.note(
                    element,
                    "elementRef",
                    element,
                    None,
                    "Element fehlt im simulierten Prozess (unbekannt oder anderer Pool): ohne Wirkung",
                )


def mean_of(law: Law) -> float:
    """The mean of a law, truncation left aside."""
    n = [float(one["value"]) for one in law["distribution_params"]]
    name = law["distribution_name"]
    if name == "uniform":
        return (n[0] + n[1]) / 2.0
    if name == "triang":
        return sum(n) / 3.0
    if name == "empirical":
        weights = [float(one.get("weight", 1.0)) for one in law["distribution_params"]]
        return sum(x * w for x, w in zip(n, weights, strict=True)) / sum(weights)
    return n[0]


def whole_numbers(law: Law) -> list[dict[str, float]]:
    """Chances of the whole numbers that a law's values round to (normal and uniform only)."""
    n = [float(one["value"]) for one in law["distribution_params"]]
    low, high = (n[2], n[3]) if law["distribution_name"] == "norm" else (n[0], n[-1])
    if law["distribution_name"] == "norm":
        low, high = max(low, n[0] - 12.0 * n[1]), min(high, n[0] + 12.0 * n[1])

        def reached(x: float) -> float:
            return 0.5 * math.erfc((n[0] - x) / (n[1] * math.sqrt(2.0)))
    elif law["distribution_name"] == "uniform":

        def reached(x: float) -> float:
            return (x - low) / (high - low)
    else:
        raise ScenarioError("bpsim-value", f"whole numbers from {law['distribution_name']} are not read")
    whole = reached(high) - reached(low)
    found = []
    for k in range(math.floor(low + 0.5), math.floor(high + 0.5) + 1):
        share = (reached(min(k + 0.5, high)) - reached(max(k - 0.5, low))) / whole
        if share > 1e-12:
            found.append({"key": float(k), "value": share})
    return found


def _periods(spans: Sequence[tuple[float, float]]) -> list[dict[str, str]]:
    """Spans of the week as Prosimos' periods, cut at midnight."""
    found: list[dict[str, str]] = []
    for begin, end in spans:
        while begin < end:
            day = int(begin // 86_400.0)
            until = min(end, (day + 1) * 86_400.0)
            found.append({"from": DAYS[day], "to": DAYS[day], "beginTime": _clock(begin - day * 86_400.0),
                          "endTime": _clock(until - day * 86_400.0)})  # fmt: skip
            begin = until
    return found


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
