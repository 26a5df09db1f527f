"""QBP simulation data as BIMP and Apromore write them into a BPMN file, as our scenario JSON.

Stored durations are always seconds, whatever `timeUnit` says (it is for display). Which argument means what depends on
the law: EXPONENTIAL has its mean in `arg1` and a stale value in `mean`; LOGNORMAL and GAMMA have mean and **variance**;
TRIANGULAR the mode in `mean`; histogram shares are percent. Times carry an offset that is meant as none. An end at
23:59 is the end of the day. Nothing is replaced without a note; what means nothing is refused by element.

Codes: ``qbp-no-data``, ``qbp-value``, ``qbp-no-arrivals``, and those of the XML guard.
Source: QBPSchema.xsd and files of bimp-ui, scylla, Simod and pix-framework (read, nothing copied).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bpm.errors import ScenarioError
from bpm.model.process import CallActivity, Event, FlowNode, Gateway, Process, Task
from bpm.model.reader import guard
from bpm.model.scenario import DAYS, Note

NAMESPACE = "http://www.qbp-simulator.com/Schema201212"
TOP = 1e300
_KNOWN = {
    "arrivalRateDistribution", "timetables", "resources", "elements", "sequenceFlows", "variables", "casePriorities",
    "statsOptions", "errors", "holidays",
}  # fmt: skip

Law = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """`content` is our scenario JSON; `cases` the number of cases the file asks for (None: not said)."""

    content: dict[str, Any]
    notes: tuple[Note, ...]
    cases: int | None


def holds_qbp(data: bytes) -> bool:
    """Whether bytes speak of QBP at all; cheap, before anything is parsed."""
    return NAMESPACE.encode() in data


def import_qbp(data: bytes, process: Process, path: str = "") -> Imported:
    """Read the simulation data of a file for `process`.

    Raises:
        ScenarioError: no data, or values that mean nothing, located by element.
        ModelError: not readable as XML.
    """
    root = guard.parse(data, path, "bpmn")
    blocks = list(root.iter(f"{{{NAMESPACE}}}processSimulationInfo"))
    mine = [one for one in blocks if one.get("processId") in (None, "", process.id)] or blocks
    if not mine:
        raise ScenarioError("qbp-no-data", "no processSimulationInfo in this file", path=path)
    return _Importer(mine[0], process, path).imported(len(blocks))


class _Importer:
    def __init__(self, block: Any, process: Process, path: str) -> None:
        self.block, self.process, self.path = block, process, path
        self.nodes: dict[str, FlowNode] = {node.id: node for node in process.nodes}
        self.notes: list[Note] = []
        self.delays: list[Law] = []

    def note(self, element: str | None, field: str, found: Any, used: Any, why: str) -> None:
        self.notes.append(Note(element, field, found, used, why))

    def error(self, message: str, element: str | None, at: Any = None, code: str = "qbp-value") -> ScenarioError:
        return ScenarioError(code, message, path=self.path, line=getattr(at, "sourceline", None), element=element)

    def number(self, at: Any, name: str, element: str | None, absent: float | None = None) -> float | None:
        """A number; "" and NaN mean absent. Anything else is refused."""
        text = (at.get(name) or "").strip()
        if text in ("", "NaN"):
            return absent
        try:
            value = float(text)
        except ValueError:
            value = math.inf
        if not math.isfinite(value):
            raise self.error(f"{element}: {name} {text!r} is no number", element, at)
        return value

    def imported(self, blocks: int) -> Imported:
        if blocks > 1:
            self.note(None, "processSimulationInfo", blocks, 1, "Mehrere Blöcke: einer gilt für diesen Prozess")
        for child in _children(self.block):
            if _local(child) not in _KNOWN:
                self.note(None, _local(child), "…", None, "Unbekannte Angabe: mitgeführt, ohne Wirkung")
        cases = self.number(self.block, "processInstances", None)
        if (currency := self.block.get("currency")) not in (None, "", "EUR"):
            self.note(None, "currency", currency, "EUR", "Andere Währung: Beträge unverändert übernommen")
        start = str(self.block.get("startDateTime") or "")[:19]
        calendars, default = self._timetables()
        profiles = self._resources(calendars, default)
        content: dict[str, Any] = {
            "start": start or "2025-01-06T00:00:00",
            "resource_profiles": profiles,
            "resource_calendars": [
                {"id": id, "name": name, "time_periods": periods} for id, (name, periods) in calendars.items()
            ],
            **self._arrivals(calendars, default),
            **self._elements({profile["id"] for profile in profiles}),
            "gateway_branching_probabilities": self._flows(),
            "case_attributes": self._variables(),
        }
        content["flow_delays"] = self.delays
        self._others()
        if cases is not None:
            self.note(None, "processInstances", cases, f"--cases {cases:g}", "So viele Fälle verlangt die Datei")
        return Imported(content, tuple(self.notes), None if cases is None else int(cases))

    # --- calendars and people ----------------------------------------------------------------------------------

    def _timetables(self) -> tuple[dict[str, tuple[str, list[dict[str, str]]]], str | None]:
        found: dict[str, tuple[str, list[dict[str, str]]]] = {}
        default: str | None = None
        for table in self._inside("timetables", "timetable"):
            id = table.get("id") or f"timetable_{len(found) + 1}"
            if (table.get("default") or "").lower() == "true":
                default = id
            periods = [self._rule(rule, id) for rule in table.iter(f"{{{NAMESPACE}}}rule")]
            found[id] = (table.get("name") or id, [one for part in periods for one in part])
        if found and default is None:
            default = next(iter(found))
            self.note(
                default, "timetable", None, default, "Kein Kalender ist als Standard gekennzeichnet: der erste gilt"
            )
        if any(True for _ in self._inside("holidays", "holidays")):
            self.note(None, "holidays", "…", None, "Feiertage: kein Kalender verweist auf sie, ohne Wirkung")
        return found, default

    def _rule(self, rule: Any, id: str) -> list[dict[str, str]]:
        first = str(rule.get("fromWeekDay") or "").upper()
        last = str(rule.get("toWeekDay") or first).upper()
        if first not in DAYS or last not in DAYS:
            raise self.error(f"{id}: {first or last!r} is no week day", id, rule)
        begin, end = self._clock(rule, "fromTime", id), self._clock(rule, "toTime", id)
        if end in ("00:00:00", "23:59:00", "23:59:59"):
            if end != "00:00:00":
                self.note(id, "toTime", rule.get("toTime"), "24:00:00", "23:59 heißt Tagesende")
            end = "24:00:00"
        if end > begin:
            return [{"from": first, "to": last, "beginTime": begin, "endTime": end}]
        self.note(id, "toTime", end, "über Mitternacht", "Ende vor dem Anfang: bis zum nächsten Morgen gelesen")
        shifted = (DAYS.index(first) + 1) % 7, (DAYS.index(last) + 1) % 7
        return [
            {"from": first, "to": last, "beginTime": begin, "endTime": "24:00:00"},
            {"from": DAYS[shifted[0]], "to": DAYS[shifted[1]], "beginTime": "00:00:00", "endTime": end},
        ]

    def _clock(self, rule: Any, name: str, id: str) -> str:
        text = str(rule.get(name) or "")
        parts = text[:8].split(":")
        if len(parts) != 3 or not all(part.isdigit() for part in parts) or int(parts[0]) > 24 or int(parts[1]) > 59:
            raise self.error(f"{id}: {text!r} is no time of day", id, rule)
        return text[:8]

    def _resources(self, calendars: dict[str, Any], default: str | None) -> list[dict[str, Any]]:
        found = []
        for one in self._inside("resources", "resource"):
            id = one.get("id") or ""
            amount = self.number(one, "totalAmount", id)
            if amount is None:
                amount = 1.0
                self.note(id, "totalAmount", None, 1, "Anzahl fehlt: eine Person angenommen")
            if amount < 1 or amount != int(amount):
                raise self.error(f"{id}: totalAmount {amount:g} is no number of people", id, one)
            cost = self.number(one, "costPerHour", id)
            if cost is None:
                cost = 0.0
                self.note(id, "costPerHour", None, 0, "Stundensatz fehlt: 0 EUR")
            calendar = one.get("timetableId") or ""
            if calendar not in calendars:
                self.note(id, "timetableId", calendar or None, default, "Kalender fehlt: der Standardkalender gilt")
                if default is None:
                    raise self.error(f"{id}: no timetable", id, one)
                calendar = default
            name = one.get("name") or id
            person = {"id": id, "name": name, "amount": int(amount), "cost_per_hour": cost, "calendar": calendar}
            found.append({"id": id, "name": name, "resource_list": [person]})
        return found

    # --- arrivals ----------------------------------------------------------------------------------------------

    def _arrivals(self, calendars: dict[str, tuple[str, list[dict[str, str]]]], default: str | None) -> dict[str, Any]:
        given = next(self._named("arrivalRateDistribution"), None)
        if given is None:
            raise self.error("no arrivalRateDistribution: no case ever comes", None, self.block, "qbp-no-arrivals")
        streams = [one for one in given.iter(f"{{{NAMESPACE}}}distribution") if one.get("timetableId")]
        calendar = default
        if streams:
            given, calendar = streams[0], streams[0].get("timetableId")
            if len(streams) > 1:
                ids = [one.get("timetableId") for one in streams]
                self.note(None, "byTimetable", ids, ids[0], "Mehrere Ankunftsströme: nur der erste wird simuliert")
            if calendar not in calendars:
                raise self.error(f"arrivals: no timetable {calendar!r}", None, given)
        always = [{"from": "MONDAY", "to": "SUNDAY", "beginTime": "00:00:00", "endTime": "24:00:00"}]
        periods = calendars[calendar][1] if calendar else always
        law = self._law(given, "arrivalRateDistribution")
        if law is None:
            raise self.error("arrivalRateDistribution has no value", None, given, "qbp-no-arrivals")
        return {"arrival_time_distribution": law, "arrival_time_calendar": periods}

    # --- laws --------------------------------------------------------------------------------------------------

    def _law(self, given: Any, element: str) -> Law | None:
        """Seconds; None where nothing is given."""
        kind = str(given.get("type") or "").upper()
        mean, arg1, arg2 = (self.number(given, name, element) for name in ("mean", "arg1", "arg2"))
        if kind == "FIXED":
            return None if mean is None else _named("fix", self._time(mean, element, given))
        if kind == "EXPONENTIAL":
            return self._exponential(given, element, mean, arg1)
        if kind in ("HISTOGRAM", "EXACT"):
            return self._recorded(given, element, kind)
        if kind in ("NORMAL", "LOGNORMAL", "GAMMA"):
            if mean is None or arg1 is None or mean <= 0.0 or arg1 < 0.0:
                raise self.error(f"{element}: {kind} with mean {mean} and arg1 {arg1}", element, given)
            if arg1 == 0.0:
                return _named("fix", mean)
            if kind == "NORMAL":
                return _named("norm", mean, arg1, 0.0, TOP)
            unit = next((_text(one) for one in _children(given) if _local(one) == "timeUnit"), "seconds")
            if math.sqrt(arg1) < mean / 20.0 and unit != "seconds":
                self.note(element, "arg1", arg1, arg1, f"{kind}: arg1 ist die Varianz in s²; die Streuung wäre nur "
                          f"{math.sqrt(arg1):.3g} s bei {mean:.4g} s - vermutlich in {unit} eingegeben")  # fmt: skip
            return _named("lognorm" if kind == "LOGNORMAL" else "gamma", mean, arg1, 0.0, TOP)
        if kind in ("UNIFORM", "TRIANGULAR"):
            numbers = [arg1, mean, arg2] if kind == "TRIANGULAR" else [arg1, arg2]
            known = [x for x in numbers if x is not None]
            if len(known) != len(numbers) or known != sorted(known) or known[0] < 0.0:
                raise self.error(f"{element}: {kind} with {numbers} out of order", element, given)
            if known[0] == known[-1]:
                return _named("fix", known[0])
            return _named("triang" if kind == "TRIANGULAR" else "uniform", *known)
        if not kind and mean is None:
            return None
        raise self.error(f"{element}: unknown distribution {kind!r}", element, given)

    def _time(self, value: float, element: str, at: Any) -> float:
        if value < 0.0:
            raise self.error(f"{element}: a duration of {value:g} s", element, at)
        return value

    def _exponential(self, given: Any, element: str, mean: float | None, arg1: float | None) -> Law:
        if arg1:
            if mean not in (None, 0.0, arg1):
                self.note(element, "mean", mean, arg1, "EXPONENTIAL: das Mittel steht in arg1; mean ist ein alter Wert")
            return _named("expon", self._time(arg1, element, given), 0.0, TOP)
        if not mean:
            raise self.error(f"{element}: EXPONENTIAL without a mean", element, given)
        self.note(element, "arg1", arg1, mean, "EXPONENTIAL ohne arg1: mean genommen")
        return _named("expon", self._time(mean, element, given), 0.0, TOP)

    def _recorded(self, given: Any, element: str, kind: str) -> Law:
        """Recorded values, or a histogram in percent whose bins are laws: then their quantiles, weighted."""
        if kind == "EXACT":
            texts = [_text(one) for one in given.iter(f"{{{NAMESPACE}}}value")]
            try:
                values = [float(text) for text in texts]
            except ValueError:
                raise self.error(f"{element}: EXACT with {texts[:5]}", element, given) from None
            if not values:
                raise self.error(f"{element}: EXACT without values", element, given)
            return _named("empirical", *values)
        params: list[dict[str, float]] = []
        for one in given.iter(f"{{{NAMESPACE}}}histogramData"):
            share = self.number(one, "probability", element, 0.0) or 0.0
            law = next((self._law(it, element) for it in _children(one) if _local(it) == "distribution"), None)
            if law is None or share < 0.0:
                raise self.error(f"{element}: a histogram bin without a law or with a negative share", element, one)
            points = _points(law)
            params += [{"value": point, "weight": share / 100.0 / len(points)} for point in points]
        total = sum(one["weight"] for one in params)
        if total <= 0.0:
            raise self.error(f"{element}: the shares of the histogram sum to {100 * total:g} %", element, given)
        if abs(total - 1.0) > 1e-6:
            self.note(
                element, "histogramData", round(100 * total, 6), 100, "Summe ungleich 100 %: anteilig umgerechnet"
            )
        return {"distribution_name": "empirical", "distribution_params": params}

    # --- elements ----------------------------------------------------------------------------------------------

    def _elements(self, pools: set[str]) -> dict[str, Any]:
        work: list[dict[str, Any]] = []
        figures: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        seen = set()
        for one in self._inside("elements", "element"):
            id = one.get("elementId") or ""
            node = self.nodes.get(id)
            if node is None:
                self.note(id, "elementId", id, None, "Element fehlt im Modell; die Angabe bleibt ohne Wirkung")
                continue
            seen.add(id)
            given = next((it for it in _children(one) if _local(it) == "durationDistribution"), None)
            law = None if given is None else self._law(given, id)
            if isinstance(node, Event):
                if law is not None and node.type in ("intermediateCatchEvent", "boundaryEvent"):
                    events.append({"event_id": id, **law})
                continue
            who = self._who(one, id, pools)
            if law is None:
                law = _named("fix", 0.0)
                self.note(id, "durationDistribution", None, "0 s", "Dauer fehlt: 0 s")
            if (one.get("simulateAsTask") or "").lower() == "true":
                self.note(
                    id, "simulateAsTask", "true", None, "Teilprozess wie eine Aufgabe: hier wird sein Inhalt simuliert"
                )
            figure: dict[str, Any] = {"element_id": id}
            work.append({"task_id": id, "resources": [{"resource_id": name, **law} for name in who]})
            if not who:
                figure["duration"] = law
            if cost := self.number(one, "fixedCost", id):
                figure["fixed_cost_eur"] = cost
            for name in ("costThreshold", "durationThreshold"):
                if (limit := self.number(one, name, id)) is not None:
                    self.note(id, name, limit, None, "Schwellwert: nur für die Auswertung, ohne Wirkung")
            if len(figure) > 1:
                figures.append(figure)
        self._missing(seen, work, figures)
        return {"task_resource_distribution": work, "element_figures": figures, "event_distribution": events}

    def _who(self, one: Any, id: str, pools: set[str]) -> list[str]:
        names = [_text(it) for it in one.iter(f"{{{NAMESPACE}}}resourceId") if _text(it)]
        for name in names:
            if name not in pools:
                raise self.error(f"{id}: no resource {name!r}", id, one)
        if len(names) > 1:
            self.note(id, "resourceIds", names, names, "Mehrere Ressourcen: wer zuerst frei ist")
        return names

    def _missing(self, seen: set[str], work: list[dict[str, Any]], figures: list[dict[str, Any]]) -> None:
        for node in self.process.nodes:
            if isinstance(node, Task | CallActivity) and node.id not in seen:
                self.note(
                    node.id, "durationDistribution", None, "0 s", "Keine Simulationsangaben zu diesem Schritt: 0 s"
                )
                work.append({"task_id": node.id, "resources": []})
                figures.append({"element_id": node.id, "duration": _named("fix", 0.0)})

    def _flows(self) -> list[dict[str, Any]]:
        given: dict[str, float] = {}
        flows = {flow.id for flow in self.process.flows}
        for one in self._inside("sequenceFlows", "sequenceFlow"):
            id = one.get("elementId") or ""
            if id not in flows:
                self.note(id, "elementId", id, None, "Fluss fehlt im Modell; die Angabe bleibt ohne Wirkung")
                continue
            share = self.number(one, "executionProbability", id)
            if share is not None and not 0.0 <= share <= 1.0 + 1e-9:
                raise self.error(f"{id}: {share:g} is no probability", id, one)
            if share is not None:
                given[id] = share
            for it in _children(one):
                law = self._law(it, id) if _local(it) == "durationDistribution" else None
                if law is not None and law["distribution_params"] != [{"value": 0.0}]:
                    self.delays.append({"flow_id": id, **law})
        found = []
        for node in self.process.nodes:
            out = [flow.id for flow in self.process.flows if flow.source == node.id]
            if (
                not isinstance(node, Gateway)
                or node.type not in ("exclusiveGateway", "inclusiveGateway")
                or len(out) < 2
            ):
                continue
            if not any(flow in given for flow in out):
                continue
            ways = [{"path_id": flow, **({"value": given[flow]} if flow in given else {})} for flow in out]
            found.append({"gateway_id": node.id, "probabilities": ways})
        return found

    def _variables(self) -> list[dict[str, Any]]:
        found = []
        for one in self._inside("variables", "variable"):
            name, kind = one.get("name") or "", str(one.get("type") or "").upper()
            if kind != "ENUM":
                law = next((self._law(it, name) for it in _children(one) if _local(it).endswith("istribution")), None)
                if law is None:
                    self.note(name, "variable", kind, None, "Merkmal ohne lesbare Verteilung: ohne Wirkung")
                else:
                    found.append({"name": name, "type": "continuous", "values": law})
                continue
            values = [
                {"key": it.get("name") or "", "value": self.number(it, "assignmentProbability", name, 0.0)}
                for it in one.iter(f"{{{NAMESPACE}}}enum")
            ]
            if values:
                found.append({"name": name, "type": "discrete", "values": values})
        return found

    def _others(self) -> None:
        for one in self._named("casePriorities"):
            if len(list(_children(one))):
                self.note(None, "casePriorities", len(list(_children(one))), None, "Vorrangregeln: nicht gelesen")
        for one in self._named("statsOptions"):
            for name in ("trimStartProcessInstances", "trimEndProcessInstances"):
                if (value := self.number(one, name, None)) is not None:
                    self.note(None, name, value, None, "Fälle werden nicht abgeschnitten")

    def _named(self, name: str) -> Iterator[Any]:
        return (child for child in _children(self.block) if _local(child) == name)

    def _inside(self, holder: str, name: str) -> Iterator[Any]:
        return (child for one in self._named(holder) for child in _children(one) if _local(child) == name)


def _named(name: str, *numbers: float) -> Law:
    return {"distribution_name": name, "distribution_params": [{"value": x} for x in numbers]}


def _points(law: Law, count: int = 50) -> list[float]:
    """A law of a histogram's bin by equally likely quantiles."""
    n = [float(one["value"]) for one in law["distribution_params"]]
    name, shares = law["distribution_name"], [(k + 0.5) / count for k in range(count)]
    if name == "fix":
        return n
    if name == "uniform":
        return [n[0] + (n[1] - n[0]) * share for share in shares]
    if name == "triang":
        low, mode, high = n
        cut = (mode - low) / (high - low)
        return [
            low + math.sqrt(s * (high - low) * (mode - low)) if s < cut
            else high - math.sqrt((1.0 - s) * (high - low) * (high - mode))
            for s in shares
        ]  # fmt: skip
    if name == "expon":
        return [-n[0] * math.log1p(-share) for share in shares]
    from scipy.special import gammaincinv, ndtri

    if name == "gamma":
        shape = n[0] * n[0] / n[1]
        return [float(gammaincinv(shape, share)) * n[1] / n[0] for share in shares]
    if name == "lognorm":
        width = math.log1p(n[1] / (n[0] * n[0]))
        return [math.exp(math.log(n[0]) - width / 2.0 + math.sqrt(width) * float(ndtri(share))) for share in shares]
    return [max(n[0] + n[1] * float(ndtri(share)), 0.0) for share in shares]


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any) -> str:
    return (element.text or "").strip()


def _children(element: Any) -> Iterator[Any]:
    return (child for child in element if isinstance(child.tag, str))
