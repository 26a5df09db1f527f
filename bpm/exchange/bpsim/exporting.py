"""A scenario as a minimal, valid BPSim 2.0 block inside the model it belongs to.

The model's bytes stay as they are: resources go before the first process, the block before the end. What BPSim (or
this small part of it) cannot say is handed back by element id.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from xml.sax.saxutils import quoteattr

from bpm.errors import ScenarioError
from bpm.model.process import ProcessModel
from bpm.model.scenario import AnyOf, Attribute, Calendar, Condition, Distribution, Note, Scenario

NAMESPACE = "http://www.bpsim.org/schemas/2.0"
_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")
_MONDAY = datetime(2024, 1, 1)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def export_bpsim(
    model: ProcessModel, scenario: Scenario, *, replications: int = 30, seed: int = 1, horizon_s: float | None = None
) -> tuple[bytes, tuple[Note, ...]]:
    """The model's file with the scenario inside, and what was lost.

    Raises:
        ScenarioError: `export-encoding`, the file is in an encoding that cannot be added to.
    """
    writer = _Writer(model, scenario)
    block = writer.block(replications, seed, horizon_s)
    return _placed(model, writer.resources(), block), tuple(writer.notes)


def _placed(model: ProcessModel, resources: str, block: str) -> bytes:
    source = model.source
    end = source.rfind(b"</")
    first = re.search(rb"<((?:[\w.-]+:)?)(?:process|collaboration)[\s>]", source)
    if end < 0 or first is None or b"definitions" not in source[end:]:
        raise ScenarioError("export-encoding", "only files in an ASCII-like encoding can be added to", path=model.path)
    prefix = first.group(1).decode()
    into = resources.replace("<@", f"<{prefix}"), block.replace("<@", f"<{prefix}").replace("</@", f"</{prefix}")
    texts = [text.encode("ascii", "xmlcharrefreplace") for text in into]
    return source[: first.start()] + texts[0] + source[first.start() : end] + texts[1] + source[end:]


class _Writer:
    def __init__(self, model: ProcessModel, scenario: Scenario) -> None:
        self.model, self.process, self.scenario = model, model.main, scenario
        self.notes: list[Note] = []
        self.ids = {id: id if _NAME.match(id) else f"resource_{k}" for k, id in enumerate(scenario.resources, start=1)}
        self.parameters: dict[str, dict[str, list[str]]] = {}

    def lost(self, element: str | None, field: str, found: object, why: str) -> None:
        self.notes.append(Note(element, field, str(found), None, why))

    def put(self, element: str, group: str, text: str) -> None:
        self.parameters.setdefault(element, {}).setdefault(group, []).append(text)

    def resources(self) -> str:
        return "".join(
            f"<@resource id={quoteattr(self.ids[one.id])} name={quoteattr(one.name)}/>"
            for one in self.scenario.resources.values()
        )

    def block(self, replications: int, seed: int, horizon_s: float | None) -> str:
        scenario = self.scenario
        self._arrivals()
        self._people()
        self._steps()
        self._flows()
        self._events()
        self._data()
        for flow, delay in scenario.flow_delays.items():
            self.lost(flow, "flow_delays", delay.kind, "Liegezeit auf dem Fluss: nicht geschrieben")
        for way in self.process.flows:
            if way.condition is not None and way.source not in scenario.gateways:
                why = "Bedingung des Modells: BPSim wertet sie nicht aus"
                self.lost(way.id, "conditionExpression", way.condition.text, why)
        for batch in scenario.batches:
            self.lost(batch, "batch_processing", "…", "Stapel kennt BPSim nicht")
        for priority in scenario.priorities:
            self.lost(None, "prioritisation_rules", priority.level, "Vorrang nach Falldaten kennt BPSim nicht")
        for day in scenario.holidays:
            self.lost(None, "holidays", day, "Feiertage stehen nicht in Wochenkalendern")
        lasts = (
            ""
            if horizon_s is None
            else f'<b:Duration><b:DurationParameter value="PT{round(horizon_s)}S"/></b:Duration>'
        )
        start = f'<b:Start><b:DateTimeParameter value="{scenario.start}"/></b:Start>'
        elements = "".join(self._element(id, groups) for id, groups in self.parameters.items())
        calendars = "".join(self._calendar(one) for one in scenario.calendars.values() if not one.always)
        calendar = scenario.arrivals.calendar
        if calendar is not None and not calendar.always and calendar.id not in scenario.calendars:
            calendars += self._calendar(calendar)
        target = quoteattr(self.process.id)
        return (
            f'<@relationship type="BPSimData"><@extensionElements><b:BPSimData xmlns:b="{NAMESPACE}">'
            f'<b:Scenario id="lichtung"><b:ScenarioParameters replication="{replications}" seed="{seed}" '
            f'baseTimeUnit="s" baseCurrencyUnit="EUR">{start}{lasts}</b:ScenarioParameters>{elements}{calendars}'
            f"</b:Scenario></b:BPSimData></@extensionElements><@source>{target[1:-1]}</@source>"
            f"<@target>{target[1:-1]}</@target></@relationship>"
        )

    _GROUPS = ("TimeParameters", "ControlParameters", "ResourceParameters", "CostParameters", "PropertyParameters")

    def _element(self, id: str, groups: dict[str, list[str]]) -> str:
        inner = "".join(f"<b:{name}>{''.join(groups[name])}</b:{name}>" for name in self._GROUPS if name in groups)
        return f"<b:ElementParameters elementRef={quoteattr(id)}>{inner}</b:ElementParameters>"

    # --- parts -------------------------------------------------------------------------------------------------

    def _arrivals(self) -> None:
        starts = [n for n in self.process.nodes if n.type == "startEvent" and n.parent == self.process.id]
        plain = [n for n in starts if not getattr(n, "definitions", ())]
        arrivals = self.scenario.arrivals
        if not starts:
            self.lost(self.process.id, "arrival_time_distribution", "…", "Kein Startereignis, an dem Fälle ankommen")
            return
        id = (plain or starts)[0].id
        calendar = arrivals.calendar
        law = self._law(arrivals.interval, id)
        if law is None:
            return
        if calendar is not None and not calendar.always:
            law = law.replace(" ", f" validFor={quoteattr(_shift(calendar.id))} ", 1)
            self.lost(
                id, "arrival_time_calendar", calendar.id, "Abstände zählen in BPSim auch außerhalb der Eingangszeit"
            )
        self.put(id, "ControlParameters", f"<b:InterTriggerTimer>{law}</b:InterTriggerTimer>")

    def _people(self) -> None:
        for one in self.scenario.resources.values():
            calendar = self.scenario.calendars[one.calendar]
            valid = "" if calendar.always else f" validFor={quoteattr(_shift(one.calendar))}"
            none = "" if calendar.always else '<b:NumericParameter value="0"/>'
            amount = f'<b:NumericParameter{valid} value="{one.amount}"/>'
            id = self.ids[one.id]
            self.put(id, "ResourceParameters", f"<b:Quantity>{none}{amount}</b:Quantity>")
            cost = f'<b:UnitCost><b:FloatingParameter value="{one.cost_per_hour / 3600.0:.12g}"/></b:UnitCost>'
            self.put(id, "CostParameters", cost)

    def _steps(self) -> None:
        for task, works in self.scenario.activities.items():
            laws = dict.fromkeys(work.duration for work in works)
            if len(laws) > 1:
                self.lost(
                    task, "task_resource_distribution", len(laws), "Dauern je Person: BPSim kennt eine je Schritt"
                )
            if works:
                self._processing(task, next(iter(laws)))
                chosen = [f"bpsim:getResource('{self.ids[work.resource]}', 1)" for work in works]
                text = chosen[0] if len(chosen) == 1 else f"bpsim:orResource({', '.join(chosen)})"
                selection = f"<b:Selection><b:ExpressionParameter value={quoteattr(text)}/></b:Selection>"
                self.put(task, "ResourceParameters", selection)
        for id, figures in self.scenario.figures.items():
            if figures.duration is not None and not self.scenario.activities.get(id):
                self._processing(id, figures.duration)
            if figures.fixed_cost_eur:
                cost = f'<b:FixedCost><b:FloatingParameter value="{figures.fixed_cost_eur:.12g}"/></b:FixedCost>'
                self.put(id, "CostParameters", cost)
            for name in ("citizen_minutes", "citizen_cost_eur", "business_minutes", "business_cost_eur"):
                if (value := getattr(figures, name)) is not None:
                    self.lost(id, name, value, "Zeit und Kosten anderer kennt BPSim nicht")

    def _processing(self, id: str, law: Distribution) -> None:
        text = self._law(law, id)
        if text is not None:
            self.put(id, "TimeParameters", f"<b:ProcessingTime>{text}</b:ProcessingTime>")

    def _flows(self) -> None:
        for branches in self.scenario.gateways.values():
            for branch in branches:
                if branch.rule is not None:
                    text = _condition(branch.rule)
                    value = f"<b:Condition><b:ExpressionParameter value={quoteattr(text)}/></b:Condition>"
                    self.put(branch.flow, "ControlParameters", value)
                    if branch.probability is not None:
                        self.lost(
                            branch.flow, "value", branch.probability, "Anteil neben einer Bedingung kennt BPSim nicht"
                        )
                elif branch.probability is not None:
                    share = f'<b:FloatingParameter value="{branch.probability:.12g}"/>'
                    self.put(branch.flow, "ControlParameters", f"<b:Probability>{share}</b:Probability>")

    def _events(self) -> None:
        for id, event in self.scenario.events.items():
            text = self._law(event.delay, id)
            if text is None:
                continue
            if event.probability != 1.0:
                share = f'<b:Probability><b:FloatingParameter value="{event.probability:.12g}"/></b:Probability>'
                self.put(id, "ControlParameters", share)
            self.put(id, "ControlParameters", f"<b:InterTriggerTimer>{text}</b:InterTriggerTimer>")

    def _data(self) -> None:
        starts = [n.id for n in self.process.nodes if n.type == "startEvent" and n.parent == self.process.id]
        if starts:
            for attribute in self.scenario.attributes:
                self._property(starts[0], attribute)
        for id, attributes in self.scenario.results.items():
            for attribute in attributes:
                self._property(id, attribute)

    def _property(self, id: str, attribute: Attribute) -> None:
        law = attribute.distribution
        if attribute.choices:
            points = "".join(
                f'<b:UserDistributionDataPoint probability="{share:.12g}">{_constant(value)}'
                "</b:UserDistributionDataPoint>"
                for value, share in attribute.choices
            )
            text: str | None = f'<b:UserDistribution discrete="true">{points}</b:UserDistribution>'
        elif law is not None:
            text = self._law(law, id)
        else:
            self.lost(id, attribute.name, "…", "Gerechnetes Merkmal: nicht geschrieben")
            text = None
        if text is not None:
            self.put(id, "PropertyParameters", f"<b:Property name={quoteattr(attribute.name)}>{text}</b:Property>")

    def _law(self, law: Distribution, id: str) -> str | None:
        n, kind = law.parameters, law.kind
        if kind == "fix":
            return f'<b:FloatingParameter value="{n[0]:.12g}"/>'
        if kind == "exponential" and n[1] == 0.0:
            return self._bounded(law, id, f'<b:NegativeExponentialDistribution mean="{n[0]:.12g}"/>')
        if kind == "uniform":
            return f'<b:UniformDistribution min="{n[0]:.12g}" max="{n[1]:.12g}"/>'
        if kind == "triangular":
            return f'<b:TriangularDistribution mode="{n[1]:.12g}" min="{n[0]:.12g}" max="{n[2]:.12g}"/>'
        if kind == "normal":
            low, high = (max(min(x, 1e300), -1e300) for x in (law.low, law.high))
            return (f'<b:TruncatedNormalDistribution mean="{n[0]:.12g}" standardDeviation="{n[1]:.12g}" '
                    f'min="{low:.12g}" max="{high:.12g}"/>')  # fmt: skip
        if kind == "lognormal":
            text = f'<b:LogNormalDistribution mean="{n[0]:.12g}" standardDeviation="{math.sqrt(n[1]):.12g}"/>'
            return self._bounded(law, id, text)
        if kind == "gamma":
            text = f'<b:GammaDistribution shape="{n[0] * n[0] / n[1]:.12g}" scale="{n[1] / n[0]:.12g}"/>'
            return self._bounded(law, id, text)
        if kind == "choice":
            points = "".join(
                f'<b:UserDistributionDataPoint probability="{share:.12g}"><b:FloatingParameter value="{value:.12g}"/>'
                "</b:UserDistributionDataPoint>"
                for value, share in zip(n[::2], n[1::2], strict=True)
            )
            return f'<b:UserDistribution discrete="true">{points}</b:UserDistribution>'
        self.lost(id, kind, n, "Diese Verteilung kennt BPSim nicht: nicht geschrieben")
        return None

    def _bounded(self, law: Distribution, id: str, text: str) -> str:
        if law.low > 0.0 or law.high < 1e9:
            self.lost(id, law.kind, [law.low, law.high], "Grenzen dieser Verteilung kennt BPSim nicht")
        return text

    def _calendar(self, calendar: Calendar) -> str:
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:Lichtung"]
        for k, (begin, end) in enumerate(calendar.periods):
            first, last = _MONDAY + timedelta(seconds=begin), _MONDAY + timedelta(seconds=end)
            day = _DAYS[int(begin // 86_400.0) % 7]
            lines += ["BEGIN:VEVENT", f"UID:{k}@lichtung", f"DTSTAMP:{_MONDAY:%Y%m%dT%H%M%S}",
                      f"DTSTART:{first:%Y%m%dT%H%M%S}", f"DTEND:{last:%Y%m%dT%H%M%S}",
                      f"RRULE:FREQ=WEEKLY;BYDAY={day}", "END:VEVENT"]  # fmt: skip
        id, name = quoteattr(_shift(calendar.id)), quoteattr(calendar.id)
        return f"<b:Calendar id={id} name={name}>" + "\n".join([*lines, "END:VCALENDAR"]) + "</b:Calendar>"


def _shift(id: str) -> str:
    """A calendar's id as XML demands it."""
    return id if _NAME.match(id) else "cal_" + re.sub(r"[^A-Za-z0-9_.-]", "_", id)


def _constant(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return f'<b:BooleanParameter value="{str(value).lower()}"/>'
    if isinstance(value, str):
        return f"<b:StringParameter value={quoteattr(value)}/>"
    return f'<b:FloatingParameter value="{value:.12g}"/>'


def _condition(rule: AnyOf) -> str:
    if not rule:
        return "false()"
    return " or ".join(_all(together) for together in rule)


def _all(conditions: Iterable[Condition]) -> str:
    parts = []
    for one in conditions:
        name = f"getProperty('{one.attribute}')"
        if isinstance(one.value, tuple):
            low, high = one.value
            parts.append(f"{name} >= {low:.12g} and {name} <= {high:.12g}")
        elif isinstance(one.value, bool):
            parts.append(f"{name} {one.comparison} {'true()' if one.value else 'false()'}")
        elif isinstance(one.value, str):
            quote = '"' if "'" in one.value else "'"
            parts.append(f"{name} {one.comparison} {quote}{one.value}{quote}")
        else:
            parts.append(f"{name} {one.comparison} {one.value:.12g}")
    return "(" + " and ".join(parts) + ")" if parts else "true()"
