"""A scenario learned from a log: Prosimos JSON, how well each law fits, and notes on what could not be learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from bpm.model.process import CallActivity, Event, FlowNode, Gateway, Process, Task
from bpm.model.scenario import Note
from bpm.simulator.calibration import guards
from bpm.simulator.calibration.following import Ways, follow
from bpm.simulator.calibration.history import History, variants_of
from bpm.simulator.calibration.hours import open_seconds, time_periods, weekly_hours
from bpm.simulator.calibration.laws import Fit, fit, shares
from bpm.simulator.calibration.people import Pool, doers, pools_of, profiles
from bpm.simulator.calibration.standard import assumed_minutes, standard_minutes
from bpm.simulator.calibration.times import Measured, measure, part_of

YEAR = 365.25 * 86400.0
NO_STARTS = (
    "Das Protokoll nennt keinen Beginn der Arbeit: Arbeits- und Wartezeit lassen sich nicht trennen. Arbeitszeiten "
    "kommen aus dem Modell oder der Standardtabelle, als Annahme; der Rest der vergangenen Zeit liegt vor dem Schritt. "
    "Nächte und Warteschlangen stecken darin, darum sind die Stellen rund um die Uhr offen"
)
UNSEEN = "Im Protokoll nie gesehen und ohne Minuten im Modell: 0 s, angenommen"
WITH_EVENT = "Folgt immer auf ein Ereignis; die Zeit davor zählt zum Ereignis, die Arbeit selbst: 0 s, angenommen"
DECIDING = ("exclusiveGateway", "inclusiveGateway")
_AUTOMATIC = ("serviceTask", "sendTask", "businessRuleTask", "scriptTask")


@dataclass(slots=True)
class Learned:
    """`scenario` is Prosimos JSON with our fields; `fit` says per law what was measured and how well it fits."""

    scenario: dict[str, Any]
    fit: list[dict[str, Any]]
    notes: list[Note]
    ways: Ways
    pools: tuple[Pool, ...] = ()
    unmatched: dict[str, int] = field(default_factory=dict)


def learn(history: History, element_of: Sequence[str | None], process: Process, *, zone: str) -> Learned:
    """Learn from the cases of `history`; `element_of` names the model's element of each activity (None: none)."""
    return _Learning(history, element_of, process, zone).learned()


class _Learning:
    def __init__(self, history: History, element_of: Sequence[str | None], process: Process, zone: str) -> None:
        self.history, self.element_of, self.process, self.zone = history, element_of, process, zone
        self.notes: list[Note] = []
        self.delays: list[dict[str, Any]] = []
        self.fits: list[dict[str, Any]] = []
        self.nodes: dict[str, FlowNode] = {node.id: node for node in process.nodes}
        traces = [[e for one in trace if (e := element_of[one]) is not None] for trace in history.traces()]
        variants, self.variant_of = variants_of(traces)
        self.ways = follow(process, variants)
        self.pools = pools_of(history)
        self.log = PurePath(history.recorded.path).name

    def note(self, element: str | None, field: str, found: Any, used: Any, why: str) -> None:
        self.notes.append(Note(element, field, found, used, why))

    def learned(self) -> Learned:
        history = self.history
        arrivals = history.arrivals
        measured = measure(history, self.element_of, self.pools, self.process, self.ways, self.variant_of)
        self.known: dict[str, Any] = {}
        scenario: dict[str, Any] = {
            "start": history.at(float(arrivals.min())).isoformat(),
            "time_zone": self.zone,
            **profiles(self.pools, around_the_clock=not history.starts),
            **self._arrivals(arrivals),
            **self._steps(measured),
            "event_distribution": self._events(measured),
            "flow_delays": self.delays,
            **self._branches(),
            "cases_per_year": self._per_year(arrivals),
            "calibrated": {
                "log": self.log, "digest": history.recorded.digest, "cases": len(history.numbers),
                "on": history.at(float(history.completed.max())).date().isoformat(),
            },
            "known": self.known,
        }  # fmt: skip
        self._remarks(measured)
        unmatched = {
            history.recorded.log.nodes[k]: int(np.count_nonzero(history.activity == k))
            for k in range(len(self.element_of)) if self.element_of[k] is None
        }  # fmt: skip
        return Learned(
            scenario, self.fits, self.notes, self.ways, self.pools, {k: n for k, n in unmatched.items() if n}
        )

    # --- when cases come ---------------------------------------------------------------------------------------

    def _arrivals(self, arrivals: Any) -> dict[str, Any]:
        hours, inside = weekly_hours(arrivals)
        intervals = np.diff(open_seconds(hours, np.sort(arrivals)))
        if not len(intervals):
            intervals = np.array([86400.0])
            self.note(
                None, "arrival_time_distribution", 1, "86400 s", "Ein einziger Fall: Abstand der Eingänge angenommen"
            )
        law = self._fit(intervals, None, "arrival", "Abstand der Eingänge in den Stunden, in denen welche kommen")
        if inside < 0.9999:
            self.note(None, "arrival_time_calendar", f"{inside:.4f}", len(hours),
                      f"Eingangszeiten: {len(hours)} Stunden der Woche mit {100 * inside:.1f} % der Eingänge; die "
                      "übrigen zählen zur nächsten offenen Stunde")  # fmt: skip
        self._measured("arrival_time_distribution", len(intervals) + 1)
        return {"arrival_time_distribution": law.law(), "arrival_time_calendar": time_periods(hours)}

    def _per_year(self, arrivals: Any) -> dict[str, Any] | None:
        span = float(arrivals.max() - arrivals.min())
        if span <= 0.0:
            return None
        value = round((len(arrivals) - 1) / span * YEAR, 1)
        return {"value": value, "known": "measured", "source": self.log}

    def _measured(self, key: str, count: int) -> None:
        self.known[key] = {"known": "measured", "source": f"{self.log}: {count} Beobachtungen"}

    def _fit(self, values: Any, element: str | None, part: str, what: str) -> Fit:
        law = fit(values)
        name = self.nodes[element].name if element in self.nodes else ""
        self.fits.append({"element": element, "name": name, "part": part, "what": what, **law.as_json()})
        return law

    # --- how long steps take -----------------------------------------------------------------------------------

    def _steps(self, measured: Measured) -> dict[str, Any]:
        work: list[dict[str, Any]] = []
        figures: list[dict[str, Any]] = []
        for node in self.process.nodes:
            if not isinstance(node, Task | CallActivity):
                continue
            part = part_of(node)
            if measured.work.get(node.id) and part == "office":
                law = self._fit(measured.work[node.id], node.id, part, "Arbeit in der Dienstzeit")
                activities = frozenset(k for k, e in enumerate(self.element_of) if e == node.id)
                who = doers(self.history, self.pools, activities)
                work.append({"task_id": node.id, "resources": [{"resource_id": pool.id, **law.law()} for pool in who]})
                self._measured(node.id, law.n)
                self._delay(node, measured)
            elif measured.elapsed.get(node.id) and part == "office":
                work.append(self._elapsed(node, measured))
            elif measured.elapsed.get(node.id):
                law = self._fit(measured.elapsed[node.id], node.id, part, "Zeit seit dem Schritt davor")
                work.append({"task_id": node.id, "resources": []})
                figures.append({"element_id": node.id, "duration": law.law()})
                self._measured(node.id, law.n)
            else:
                self._unseen(node, work, figures)
        return {"task_resource_distribution": work, "element_figures": figures}

    def _elapsed(self, node: FlowNode, measured: Measured) -> dict[str, Any]:
        """Work as assumed, never longer than half of the cases took altogether; the rest of the time lies before it."""
        values = np.array(measured.elapsed[node.id])
        passed = self._fit(values, node.id, "office", "Zeit seit dem Schritt davor (Liegen und Arbeit ungetrennt)")
        minutes, source = assumed_minutes(node)
        seconds = min(minutes * 60.0, passed.quantiles[0])
        self._lie(node, fit(np.maximum(values - seconds, 0.0)))
        if seconds < minutes * 60.0:
            source += f"; gekürzt auf {seconds:g} s, denn in der Hälfte der Fälle verging nicht mehr"
        self.known[node.id] = {"known": "assumed", "source": source}
        for way in (flow.id for flow in self.process.flows if flow.target == node.id):
            self._measured(way, passed.n)
        activities = frozenset(k for k, e in enumerate(self.element_of) if e == node.id)
        law = {"distribution_name": "fix", "distribution_params": [{"value": round(seconds, 6)}]}
        who = doers(self.history, self.pools, activities)
        return {"task_id": node.id, "resources": [{"resource_id": pool.id, **law} for pool in who]}

    def _delay(self, node: FlowNode, measured: Measured) -> None:
        """A delay that no queue explains lies on the ways to the step."""
        values = np.array(measured.delay.get(node.id, ()))
        if len(values) and float(np.mean(values > 60.0)) >= 0.1:
            law = self._fit(values, node.id, "delay", "Liegezeit, obwohl jemand frei war")
            self._lie(node, law)
            self.note(node.id, "flow_delays", round(law.mean, 1), None,
                      f"Lag im Mittel {law.mean / 3600.0:.2f} h Dienstzeit, obwohl der Schritt möglich und die Person "
                      "frei war; sie liegt im Szenario auf dem Weg zum Schritt, rund um die Uhr gezählt")  # fmt: skip

    def _lie(self, node: FlowNode, law: Fit) -> None:
        ways = [flow.id for flow in self.process.flows if flow.target == node.id]
        self.delays += [{"flow_id": flow, **law.law()} for flow in ways]

    def _unseen(self, node: FlowNode, work: list[dict[str, Any]], figures: list[dict[str, Any]]) -> None:
        step = node.facts.step
        if (step is not None and step.minutes is not None) or node.type in _AUTOMATIC:
            return
        zero = {"distribution_name": "fix", "distribution_params": [{"value": 0.0}]}
        why = WITH_EVENT if node.id in self.element_of else UNSEEN
        work.append({"task_id": node.id, "resources": []})
        figures.append({"element_id": node.id, "duration": zero})
        self.known[node.id] = {"known": "assumed", "source": why}
        self.note(node.id, "element_figures", None, "0 s", why)

    def _events(self, measured: Measured) -> list[dict[str, Any]]:
        found = []
        for node in self.process.nodes:
            if not isinstance(node, Event) or node.type != "intermediateCatchEvent":
                continue
            values = measured.events.get(node.id)
            timed = any(definition.kind in ("timer", "link") for definition in node.definitions)
            if values:
                law = self._fit(values, node.id, part_of(node), "Zeit bis zum nächsten Schritt")
                self._measured(node.id, law.n)
                found.append({"event_id": node.id, **law.law()})
            elif not timed:
                self.known[node.id] = {"known": "assumed", "source": UNSEEN}
                self.note(node.id, "event_distribution", None, "0 s", UNSEEN)
                zero = {"distribution_name": "fix", "distribution_params": [{"value": 0.0}]}
                found.append({"event_id": node.id, **zero})
        return found

    # --- which way cases go ------------------------------------------------------------------------------------

    def _branches(self) -> dict[str, Any]:
        drawn, rules = [], []
        attributes: dict[str, Any] = {}
        for node in self.process.nodes:
            out = [flow for flow in self.process.flows if flow.source == node.id]
            if (
                not isinstance(node, Gateway)
                or len(out) < 2
                or node.type not in ("exclusiveGateway", "inclusiveGateway")
            ):
                continue
            visits = self.ways.visits[node.id]
            if not visits:
                self.note(node.id, "gateway_branching_probabilities", None, None,
                          "Im Protokoll nie erreicht: Bedingungen des Modells oder gleiche Anteile gelten")  # fmt: skip
                continue
            counts = {flow.id: self.ways.flows[flow.id] for flow in out}
            given = shares(counts) if node.type == "exclusiveGateway" else {f: n / visits for f, n in counts.items()}
            ways: list[dict[str, Any]] = [{"path_id": flow, "value": round(p, 6)} for flow, p in given.items()]
            tree = guards.learn(self.history, self.ways, self.variant_of, node.id, counts, self.element_of)
            if tree is not None:
                self.fits.append({"element": node.id, "name": node.name, "part": "guard", **tree.as_json()})
                if tree.accepted:
                    for way in ways:
                        way["condition_id"] = f"{node.id}:{way['path_id']}"
                        rules.append({"id": way["condition_id"], "rules": tree.rules(way["path_id"])})
                    attributes |= {name: guards.attribute(self.history, name) for name in tree.names}
            drawn.append({"gateway_id": node.id, "probabilities": ways})
            self._measured(node.id, visits)
        if len(attributes) > 1:
            self.note(None, "case_attributes", sorted(attributes), "unabhängig", "Falldaten werden unabhängig gezogen")
        return {
            "gateway_branching_probabilities": drawn, "branch_rules": rules,
            "case_attributes": [attributes[name] for name in sorted(attributes)],
        }  # fmt: skip

    # --- what has to be said -----------------------------------------------------------------------------------

    def _remarks(self, measured: Measured) -> None:
        ways = self.ways
        if not self.history.starts:
            self.note(None, "start", None, standard_minutes("").source.split(",")[0], NO_STARTS)
        seen = f"{ways.fitting} von {ways.recorded} Ereignissen, {ways.whole} von {ways.cases} Fällen"
        self.note(None, "replay", seen, None,
                  "So viel des Protokolls ist ein Weg durch das Modell; darauf stützen sich die Anteile")  # fmt: skip
        for element, count in sorted(ways.misfits.items()):
            self.note(element, "replay", count, None, "So oft geschehen, wo das Modell es nicht vorsieht")
        if measured.unclear:
            self.note(None, "events", measured.unclear, None,
                      "Mehrere Ereignisse zwischen zwei Schritten: die Zeit gehört keinem und zählt nicht")  # fmt: skip
        if measured.broken:
            self.note(None, "start", measured.broken, None, "Beginn nach dem Ende: nicht gezählt")
        for pool in self.pools:
            if pool.inside < 0.9999:
                self.note(pool.id, "resource_calendars", f"{1.0 - pool.inside:.4f}", None,
                          f"{100 * (1.0 - pool.inside):.1f} % der Tätigkeit von »{pool.name}« lagen außerhalb der "
                          "gelernten Dienstzeit")  # fmt: skip
