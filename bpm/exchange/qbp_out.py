"""A scenario as QBP simulation data (BIMP dialect) inside the model it belongs to; what QBP cannot say, by element."""

from __future__ import annotations

import math
from xml.sax.saxutils import quoteattr

from bpm.errors import ScenarioError
from bpm.exchange.qbp import NAMESPACE
from bpm.model.process import ProcessModel
from bpm.model.scenario import DAYS, Calendar, Distribution, Note, Scenario

_DEFAULT = ' default="true"'
_ALWAYS = "rund_um_die_uhr"


def export_qbp(model: ProcessModel, scenario: Scenario, *, cases: int = 1_000) -> tuple[bytes, tuple[Note, ...]]:
    """The model's file with the simulation data as a child of `definitions`, and what was lost.

    Raises:
        ScenarioError: `export-encoding`, the file is in an encoding that cannot be added to.
    """
    source = model.source
    end = source.rfind(b"</")
    if end < 0 or b"definitions" not in source[end:]:
        raise ScenarioError("export-encoding", "only files in an ASCII-like encoding can be added to", path=model.path)
    writer = _Writer(model, scenario)
    block = writer.block(cases)
    return source[:end] + block.encode("ascii", "xmlcharrefreplace") + source[end:], tuple(writer.notes)


class _Writer:
    def __init__(self, model: ProcessModel, scenario: Scenario) -> None:
        self.process, self.scenario = model.main, scenario
        self.notes: list[Note] = []

    def lost(self, element: str | None, field: str, found: object, why: str) -> None:
        self.notes.append(Note(element, field, str(found), None, why))

    def block(self, cases: int) -> str:
        scenario = self.scenario
        arrivals = self._law(scenario.arrivals.interval, "arrivalRateDistribution", "arrivalRateDistribution")
        parts = [
            arrivals or "",
            self._timetables(),
            self._resources(),
            self._elements(),
            self._flows(),
            self._variables(),
        ]
        for flow in self.process.flows:
            if flow.condition is not None and flow.source not in scenario.gateways:
                self.lost(
                    flow.id,
                    "conditionExpression",
                    flow.condition.text,
                    "Bedingung des Modells: QBP wertet sie nicht aus",
                )
        for batch in scenario.batches:
            self.lost(batch, "batch_processing", "…", "Stapel kennt QBP nicht")
        for priority in scenario.priorities:
            self.lost(None, "prioritisation_rules", priority.level, "Vorrangregeln werden nicht geschrieben")
        for day in scenario.holidays:
            self.lost(None, "holidays", day, "Feiertage kennt QBP nur ohne Bezug")
        for event, attributes in scenario.results.items():
            for attribute in attributes:
                self.lost(event, attribute.name, "…", "Daten, die ein Schritt setzt, kennt QBP nicht")
        start = f'startDateTime="{scenario.start}.000+00:00"'
        return (
            f'<qbp:processSimulationInfo xmlns:qbp="{NAMESPACE}" id="qbp_lichtung" processInstances="{cases}" '
            f'currency="EUR" {start}>{"".join(parts)}</qbp:processSimulationInfo>'
        )

    def _timetables(self) -> str:
        arrivals = self.scenario.arrivals.calendar
        default = arrivals if arrivals is not None else next(iter(self.scenario.calendars.values()), None)
        if arrivals is None:
            why = "Eingänge ohne eigenen Kalender: der erste Kalender gilt als Standard"
            self.lost(None, "arrival_time_calendar", None, why)
        tables = dict(self.scenario.calendars)
        tables.setdefault(_ALWAYS, Calendar(_ALWAYS, ((0.0, 604_800.0),)))
        if default is not None:
            tables[default.id] = default
        return "<qbp:timetables>" + "".join(
            f"<qbp:timetable id={quoteattr(id)} name={quoteattr(id)}"
            f"{_DEFAULT if default is not None and id == default.id else ''}><qbp:rules>{_rules(one)}</qbp:rules>"
            "</qbp:timetable>"
            for id, one in tables.items()
        ) + "</qbp:timetables>"  # fmt: skip

    def _resources(self) -> str:
        return "<qbp:resources>" + "".join(
            f'<qbp:resource id={quoteattr(one.id)} name={quoteattr(one.name)} totalAmount="{one.amount}" '
            f'costPerHour="{one.cost_per_hour:.12g}" timetableId={quoteattr(one.calendar)}/>'
            for one in self.scenario.resources.values()
        ) + "</qbp:resources>"  # fmt: skip

    def _elements(self) -> str:
        found = []
        scenario = self.scenario
        for id in dict.fromkeys([*scenario.activities, *scenario.figures, *scenario.events]):
            works, figures = scenario.activities.get(id, ()), scenario.figures.get(id)
            event = scenario.events.get(id)
            law = works[0].duration if works else figures.duration if figures else None
            law = event.delay if event is not None and law is None else law
            if event is not None and event.probability != 1.0:
                self.lost(id, "probability", event.probability, "Dass ein Ereignis ausbleibt, kennt QBP nicht")
            if len(works) > 1:
                self.lost(id, "resources", [work.resource for work in works[1:]], "QBP kennt eine Ressource je Schritt")
            text = "" if law is None else self._law(law, id, "durationDistribution") or ""
            who = f"<qbp:resourceId>{_plain(works[0].resource)}</qbp:resourceId>" if works else ""
            text += f"<qbp:resourceIds>{who}</qbp:resourceIds>" if who else ""
            cost = (figures.fixed_cost_eur or 0.0) if figures else 0.0
            found.append(f'<qbp:element elementId={quoteattr(id)} fixedCost="{cost:.12g}">{text}</qbp:element>')
            for name in ("citizen_minutes", "citizen_cost_eur", "business_minutes", "business_cost_eur"):
                if figures is not None and (value := getattr(figures, name)) is not None:
                    self.lost(id, name, value, "Zeit und Kosten anderer kennt QBP nicht")
        return f"<qbp:elements>{''.join(found)}</qbp:elements>"

    def _flows(self) -> str:
        found = []
        for branches in self.scenario.gateways.values():
            for branch in branches:
                if branch.rule is not None:
                    self.lost(branch.flow, "condition_id", "…", "Bedingungen über Falldaten kennt QBP nicht")
                if branch.probability is not None:
                    share = f'executionProbability="{branch.probability:.12g}"'
                    found.append(f"<qbp:sequenceFlow elementId={quoteattr(branch.flow)} {share}/>")
        for flow, delay in self.scenario.flow_delays.items():
            self.lost(flow, "flow_delays", delay.kind, "Liegezeit auf dem Fluss: in diesem Dialekt nicht geschrieben")
        return f"<qbp:sequenceFlows>{''.join(found)}</qbp:sequenceFlows>"

    def _variables(self) -> str:
        found = []
        for one in self.scenario.attributes:
            if not one.choices:
                self.lost(None, one.name, "…", "Merkmale mit Verteilung werden nicht geschrieben")
                continue
            enums = "".join(
                f'<qbp:enum name={quoteattr(str(value))} assignmentProbability="{share:.12g}"/>'
                for value, share in one.choices
            )
            found.append(f'<qbp:variable name={quoteattr(one.name)} type="ENUM">{enums}</qbp:variable>')
        return f"<qbp:variables>{''.join(found)}</qbp:variables>" if found else ""

    def _law(self, law: Distribution, element: str, tag: str) -> str | None:
        n, kind = law.parameters, law.kind
        place = None if tag == "arrivalRateDistribution" else element
        if kind == "choice":
            bins = "".join(
                f'<qbp:histogramData probability="{100.0 * share:.12g}">'
                f'<qbp:distribution type="FIXED" mean="{x:.12g}"/></qbp:histogramData>'
                for x, share in zip(n[::2], n[1::2], strict=True)
            )
            return f'<qbp:{tag} type="HISTOGRAM"><qbp:histogramDataBins>{bins}</qbp:histogramDataBins></qbp:{tag}>'
        given = _arguments(kind, n)
        if given is None:
            self.lost(place, kind, n, "Diese Verteilung kennt QBP nicht: nicht geschrieben")
            return None
        if kind == "exponential" and n[1]:
            self.lost(place, kind, n[1], "Versatz einer Exponentialverteilung kennt QBP nicht: Mittel erhalten")
        if kind in ("normal", "exponential", "lognormal", "gamma") and (law.low > 0.0 or law.high < 1e9):
            self.lost(place, kind, [law.low, law.high], "Grenzen einer Verteilung kennt QBP nicht")
        name, numbers = given
        mean, arg1, arg2 = ("NaN" if math.isnan(x) else f"{x:.12g}" for x in numbers)
        return (f'<qbp:{tag} type="{name}" mean="{mean}" arg1="{arg1}" arg2="{arg2}"><qbp:timeUnit>seconds'
                f"</qbp:timeUnit></qbp:{tag}>")  # fmt: skip


def _arguments(kind: str, n: tuple[float, ...]) -> tuple[str, tuple[float, float, float]] | None:
    """QBP's type and its mean, arg1, arg2 (nan: unused); None for a law that it does not have."""
    none = math.nan
    if kind in ("fix", "normal", "lognormal", "gamma"):
        return {"fix": "FIXED"}.get(kind, kind.upper()), (n[0], none if kind == "fix" else n[1], none)
    if kind == "exponential":
        return "EXPONENTIAL", (none, n[0] + n[1], none)
    if kind == "uniform":
        return "UNIFORM", (none, n[0], n[1])
    return ("TRIANGULAR", (n[1], n[0], n[2])) if kind == "triangular" else None


def _rules(calendar: Calendar) -> str:
    found = []
    for begin, end in calendar.periods:
        while begin < end:
            day = int(begin // 86_400.0)
            until = min(end, (day + 1) * 86_400.0)
            last = until - day * 86_400.0
            closing = "00:00:00.000" if last >= 86_400.0 else _clock(last)
            found.append(
                f'<qbp:rule fromWeekDay="{DAYS[day]}" toWeekDay="{DAYS[day]}" '
                f'fromTime="{_clock(begin - day * 86_400.0)}+00:00" toTime="{closing}+00:00"/>'
            )
            begin = until
    return "".join(found)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}.000"


def _plain(text: str) -> str:
    return quoteattr(text)[1:-1].replace("<", "&lt;")
