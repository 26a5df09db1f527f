"""From model and scenario to the arrays of `bpm.simulator.layout`.

Sub-processes are flattened: each is a scope with a token count of its own. What cannot be simulated is refused by
element id (`simulation-unsupported`), what the scenario leaves open is an error that says what to add
(`scenario-incomplete`) or, where there is one plain reading, a note. Nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from bpm.errors import FeelError, LichtungError
from bpm.feel import machine as M
from bpm.model.decision import DecisionModel
from bpm.model.process import (
    Activity,
    BusinessRuleTask,
    CallActivity,
    Event,
    EventDefinition,
    Expression,
    FlowNode,
    Gateway,
    Process,
    SequenceFlow,
    SubProcess,
    Task,
)
from bpm.model.scenario import Attribute, Distribution, ElementFigures, Note, Scenario
from bpm.simulator import layout as L
from bpm.simulator import tables
from bpm.simulator.data import Data, numbers_of, type_of
from bpm.simulator.idle import without_idle
from bpm.simulator.laws import Laws
from bpm.simulator.moments import iso_seconds, start_of
from bpm.simulator.splits import Splits, key_of
from bpm.simulator.streams import streams_of
from bpm.simulator.zone import Clock, clock_of

_AUTOMATIC = ("serviceTask", "sendTask", "businessRuleTask", "scriptTask")
_OUTSIDE = ("userTask", "manualTask", "receiveTask")
"""Without people of the city, such a step is time in somebody else's hands: it passes, but nobody processes."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program with the names of its indices. `tasks` marks task-type nodes, `shown` those with figures."""

    program: L.Program
    nodes: tuple[str, ...]
    flows: tuple[str, ...]
    resources: tuple[str, ...]
    outcomes: tuple[str, ...]
    levels: int
    columns: int
    start: datetime
    offset: float
    notes: tuple[Note, ...]
    recorded: Mapping[str, bool]
    clock: Clock = field(default_factory=Clock)
    absences: tuple[tuple[int, float, float, int], ...] = ()


def with_waits(process: Process, scenario: Scenario) -> tuple[Process, frozenset[str]]:
    """The process with a catching event on each flow that takes time, and the ids of these events (`<flow>~`)."""
    nodes, flows, waits = list(process.nodes), [], set()
    for flow in process.flows:
        if flow.id not in scenario.flow_delays:
            flows.append(flow)
            continue
        wait = f"{flow.id}~"
        waits.add(wait)
        nodes.append(Event(id=wait, type="intermediateCatchEvent", parent=flow.parent))
        flows += [replace(flow, target=wait), SequenceFlow(f"{wait}~", wait, flow.target, flow.parent)]
    return (replace(process, nodes=tuple(nodes), flows=tuple(flows)) if waits else process), frozenset(waits)


def compile_program(process: Process, decisions: tuple[DecisionModel, ...], scenario: Scenario, path: str) -> Compiled:
    """Compile; raises ScenarioError, located by element and line."""
    return _Compiler(process, decisions, scenario, path).compiled()


class _Compiler(Splits):
    def __init__(self, process: Process, decisions: tuple[DecisionModel, ...], scenario: Scenario, path: str) -> None:
        self.decisions, self.scenario, self.path = decisions, scenario, path
        process, notes = without_idle(process, scenario)
        self.process, self.waits = with_waits(process, scenario)
        process = self.process
        self.notes: list[Note] = notes
        self.laws, self.data = Laws(), Data()
        inner = {node.parent for node in process.nodes}
        self.scopes = [process.id, *(n.id for n in process.nodes if isinstance(n, SubProcess) and n.id in inner)]
        self.by_id: dict[str, FlowNode] = {node.id: node for node in process.nodes}
        for node in process.nodes:
            self._refuse(node)
        self.order = [n for n in process.nodes if n.parent in self.scopes]
        self.index = {node.id: k for k, node in enumerate(self.order)}
        self.flows = self._flows()
        self.incoming: dict[str, list[int]] = {node.id: [] for node in self.order}
        for k, (_, flow) in enumerate(self.flows):
            self.incoming[flow.target].append(k)
        self.resources = tuple(scenario.resources)
        self.records: Any = np.zeros(len(self.order), L.NODE)
        for name in ("child", "queue", "duration", "code", "target", "outcome", "join_slot", "batch"):
            self.records[name] = -1
        self.records["probability"] = 1.0
        self.results: list[tuple[int, int, int, int, int, int]] = []
        self.queues: dict[Any, int] = {}  # by the set of resources that serve them, or the step that has its own
        self.texts: list[tuple[int, int]] = []  # rows of laws.values that hold provisional text numbers

    def _refuse(self, node: FlowNode) -> None:
        why = None
        if isinstance(node, SubProcess) and node.triggered_by_event:
            why = "an event sub-process"
        elif isinstance(node, Activity) and node.loop is not None:
            why = f"a {node.loop.kind} loop or multi-instance marker"
        elif node.type == "adHocSubProcess" and node.id in self.scopes:
            why = "an ad-hoc sub-process"
        elif node.type == "complexGateway":
            why = "a complex gateway"
        elif isinstance(node, Gateway) and node.instantiate:
            why = "a gateway that starts the process"
        elif isinstance(node, CallActivity) and node.id not in self.scenario.activities:
            why = "a call activity without a duration of its own"
        elif isinstance(node, Event) and any(d.kind in ("compensate", "cancel") for d in node.definitions):
            why = f"a {node.definitions[0].kind} event"
        elif isinstance(node, Activity) and node.for_compensation:
            why = "a compensation handler"
        if why:
            raise self.error("simulation-unsupported", f"{node.id}: {why} cannot be simulated yet", node)

    # --- structure -------------------------------------------------------------------------------------------

    def _flows(self) -> list[tuple[str, SequenceFlow]]:
        """Flows grouped by source; link events get one to their catching twin."""
        flows = [f for f in self.process.flows if f.source in self.index and f.target in self.index]
        for node in self.order:
            if isinstance(node, Event) and node.type == "intermediateThrowEvent" and _kind(node) == "link":
                for other in self.order:
                    if (
                        isinstance(other, Event) and other.type == "intermediateCatchEvent" and _kind(other) == "link"
                        and other.definitions[0].name == node.definitions[0].name and other.parent == node.parent
                    ):  # fmt: skip
                        flows.append(SequenceFlow(f"{node.id}->{other.id}", node.id, other.id, node.parent))
        flows.sort(key=lambda flow: self.index[flow.source])
        return [(flow.id, flow) for flow in flows]

    def compiled(self) -> Compiled:
        scenario = self.scenario
        self._unknown_ids()
        self._declare_data()
        positions = self._joins()
        self._outs()
        outcomes = self._ends()
        candidates = self._activities()
        roles, members = self._roles()
        batches, batch_rules, batch_factors = self._batches()
        boundaries = self._boundaries()
        flows = self.splits(positions)
        starts, start_nodes = self._starts()
        brought = self._brought()
        rules, levels = self._priorities()
        tables.fill_figures(self.order, self.records, scenario)
        start, offset = start_of(scenario)
        clock = clock_of(scenario.time_zone, start, offset)
        streams, moments, arrival_calendars = streams_of(self.process, scenario, self.laws, self.index, clock)
        code, constants = self.data.assembly.finished()
        laws, values = self._finished_laws()
        queue_of, queue_list = tables.queues(self.records, candidates, len(self.resources))
        help_of, help_list = tables.help_queues(self.records, roles, members, len(self.resources))
        calendars, periods, calendar_index = tables.calendars(scenario, arrival_calendars, clock)
        program = L.Program(
            nodes=self.records,
            flows=flows,
            laws=laws,
            values=values,
            candidates=np.array(candidates or [(0, 0)], L.CANDIDATE),
            resources=tables.resources(scenario, queue_of, help_of, calendar_index),
            resource_queues=_numbers(queue_list),
            calendars=calendars,
            periods=periods,
            boundaries=_numbers(boundaries),
            results=np.array(self.results or [(0, 0, 0, 0, 0, 0)], L.RESULT),
            starts=starts,
            start_nodes=start_nodes,
            inside=tables.nested(self.scopes, {id: node.parent for id, node in self.by_id.items()}),
            scope_node=np.array([self.index.get(s, -1) for s in self.scopes], np.int64),
            reach=self._reach(positions),
            code=code,
            constants=constants,
            rules=np.array(rules, np.int64).reshape(-1, 2),
            arrivals=brought,
            streams=streams,
            moments=moments,
            shared=np.array([self.data.column(attribute.name) for attribute in scenario.shared], np.int64),
            roles=np.array(roles or [(0, 0)], L.ROLE),
            role_resources=_numbers(members),
            help_queues=_numbers(help_list),
            batches=batches,
            batch_rules=batch_rules,
            batch_factors=batch_factors,
            wall=np.array([clock.moments, clock.shifts], np.float64),
            waits_for_some=np.flatnonzero(self.records["join"] == L.JOIN_SOME).astype(np.int64),
        )
        return self._named(program, outcomes, levels, clock)

    def _named(self, program: L.Program, outcomes: list[str], levels: int, clock: Clock) -> Compiled:
        """The program with the names of its indices."""
        scenario = self.scenario
        start, offset = start_of(scenario)
        return Compiled(
            program, tuple(n.id for n in self.order), tuple(name for name, _ in self.flows), self.resources,
            tuple(outcomes), levels, len(self.data.columns), start, offset, tuple(self.notes),
            tables.recorded(self.order, scenario), clock, tuple(tables.absences(scenario, clock)),
        )  # fmt: skip

    def _brought(self) -> Any:
        """First and number of the data that cases bring, and of those that all cases share."""
        first = len(self.results)
        for attribute in self.scenario.attributes:
            self._result(attribute, f"case:{attribute.name}")
        shared = len(self.results)
        for attribute in self.scenario.shared:
            self._result(attribute, f"shared:{attribute.name}")
        return np.array([first, shared - first, shared, len(self.results) - shared], np.int64)

    def _unknown_ids(self) -> None:
        scenario = self.scenario
        flows = {flow.id for flow in self.process.flows}
        for key, ids in (
            ("task_resource_distribution", scenario.activities),
            ("event_distribution", scenario.events),
            ("gateway_branching_probabilities", scenario.gateways),
            ("event_attributes", scenario.results),
            ("element_figures", scenario.figures),
            ("batch_processing", scenario.batches),
            ("start_events", scenario.starts),
        ):
            for element in ids:
                if element not in self.by_id:
                    self.note(element, key, element, None, "Element fehlt im Modell; die Angabe bleibt ohne Wirkung")
        for flow in scenario.flow_delays:
            if flow not in flows:
                self.note(flow, "flow_delays", flow, None, "Fluss fehlt im Modell; die Angabe bleibt ohne Wirkung")
        for gateway, branches in scenario.gateways.items():
            for branch in branches:
                if gateway in self.by_id and branch.flow not in flows:
                    raise self.error(
                        "scenario-unknown-flow", f"{gateway}: no sequence flow {branch.flow!r}", self.by_id[gateway]
                    )

    def _joins(self) -> dict[tuple[str, int], int]:
        """Positions of flows that come in at joins that wait, by (node, flow index)."""
        positions: dict[tuple[str, int], int] = {}
        slots = 0
        for k, node in enumerate(self.order):
            record, coming = self.records[k], self.incoming[node.id]
            record["key"] = key_of(node.id)
            record["scope"] = self.scopes.index(node.parent)
            if node.type in ("parallelGateway", "inclusiveGateway") and len(coming) > 1:
                record["join"] = L.JOIN_ALL if node.type == "parallelGateway" else L.JOIN_SOME
                record["first_in"], record["ins"], record["join_slot"] = len(positions), len(coming), slots
                slots += 1
                for flow in coming:
                    positions[node.id, flow] = len(positions)
        return positions

    def _outs(self) -> None:
        for k, node in enumerate(self.order):
            out = self.outgoing(node)
            self.records[k]["first_out"], self.records[k]["outs"] = (out[0][0] if out else 0), len(out)

    def _ends(self) -> list[str]:
        """Kinds of nodes that need no figures of the scenario; the end events of the process are its outcomes."""
        outcomes: list[str] = []
        for k, node in enumerate(self.order):
            record = self.records[k]
            record["counts"] = 1 if _is_task(node) else 0 if isinstance(node, Gateway) else 2
            if node.id in self.waits:
                record["counts"] = 0
            record["logged"] = int(record["counts"] > 0)
            if isinstance(node, Gateway) and node.type == "eventBasedGateway":
                record["kind"] = L.RACE
            elif node.id in self.scopes:
                record["child"] = self.scopes.index(node.id)
                record["kind"] = L.SUB
            elif node.type == "endEvent":
                self._end(node, record)
                if node.parent == self.process.id:
                    record["outcome"] = len(outcomes)
                    outcomes.append(node.id)
        if len(outcomes) > 64:
            raise self.error("simulation-unsupported", "more than 64 end events", None)
        return outcomes

    def _end(self, node: FlowNode, record: Any) -> None:
        definition = _definition(node)
        record["kind"] = L.TERMINATE if definition and definition.kind == "terminate" else L.END
        if definition and definition.kind in ("error", "escalation"):
            target = self._catcher(node, definition)
            if target is not None:
                record["kind"], record["target"] = L.THROW, self.index[target.id]
            elif definition.kind == "error":
                record["kind"], record["target"] = L.TERMINATE, 0  # an error that nobody catches ends the case

    def _catcher(self, node: FlowNode, definition: EventDefinition) -> Event | None:
        parent = node.parent
        while parent in self.by_id:
            for other in self.order:
                if isinstance(other, Event) and other.attached_to == parent:
                    caught = _definition(other)
                    if caught and caught.kind == definition.kind and caught.name in (None, definition.name):
                        return other
            parent = self.by_id[parent].parent
        return None

    def _starts(self) -> tuple[Any, Any]:
        starts: list[tuple[int, int]] = []
        nodes: list[int] = []
        for scope in self.scopes:
            inner = [n for n in self.order if n.parent == scope]
            events = [n for n in inner if n.type == "startEvent"]
            plain = [n for n in events if not _definition(n)]
            chosen = (plain or events)[:1] if scope == self.process.id else plain or events[:1]
            if not chosen:
                chosen = [
                    n for n in inner
                    if not self.incoming[n.id] and not (isinstance(n, Event) and n.attached_to) and _kind(n) != "link"
                ]  # fmt: skip
            for other in events:
                if other not in chosen and (scope != self.process.id or other.id not in self.scenario.starts):
                    self.note(other.id, "start", other.type, None, "Fälle beginnen nur am ersten Startereignis")
            if not chosen:
                raise self.error("simulation-unsupported", f"{scope}: no start", self.by_id.get(scope))
            starts.append((len(nodes), len(chosen)))
            nodes.extend(self.index[n.id] for n in chosen)
        return np.array(starts, np.int64), np.array(nodes, np.int64)

    def _reach(self, positions: Mapping[tuple[str, int], int]) -> Any:
        """Which nodes' tokens can still come in at a position of an inclusive join, without passing that join."""
        reach: Any = np.zeros((len(positions), len(self.order)), np.bool_)
        for (join, flow), position in positions.items():
            if self.records[self.index[join]]["join"] != L.JOIN_SOME:
                continue
            waiting = [self.flows[flow][1].source]
            while waiting:
                at = waiting.pop()
                k = self.index[at]
                if at == join or reach[position, k]:
                    continue
                reach[position, k] = True
                waiting.extend(self.flows[f][1].source for f in self.incoming[at])
                node = self.by_id[at]
                if isinstance(node, Event) and node.attached_to in self.index:
                    waiting.append(node.attached_to or "")
        return reach

    # --- data ------------------------------------------------------------------------------------------------

    def _declare_data(self) -> None:
        """Columns first, then decisions: one may read the result of another."""
        for attribute in (*self.scenario.attributes, *self.scenario.shared):
            self.data.column(attribute.name)
        for attributes in self.scenario.results.values():
            for attribute in attributes:
                self.data.column(attribute.name)
        drawn = {element: {a.name for a in attributes} for element, attributes in self.scenario.results.items()}
        for k, node in enumerate(self.order):
            record = self.records[k]
            record["first_result"] = len(self.results)
            for attribute in self.scenario.results.get(node.id, ()):
                self._result(attribute, attribute.name, node)
            record["results"] = len(self.results) - record["first_result"]
        rules = [n for n in self.order if isinstance(n, BusinessRuleTask) and n.decision and n.result_variable]
        rules = [n for n in rules if n.result_variable not in drawn.get(n.id, set())]
        failed: dict[str, LichtungError] = {}
        for _ in range(len(rules) + 1):  # a decision may read what a later one gives: until nothing new compiles
            before = (len(failed), len(self.data.columns))
            for node in rules:
                if self.records[self.index[node.id]]["code"] < 0:
                    self._decide(node, failed)
            if not failed or (len(failed), len(self.data.columns)) == before:
                break
        for element, error in failed.items():
            found = self.by_id[element]
            self.note(element, "decision", getattr(found, "decision", None), None,
                      f"Entscheidung wird nicht gerechnet: {error.message}")  # fmt: skip

    def _decide(self, node: BusinessRuleTask, failed: dict[str, LichtungError]) -> None:
        decision = next((d for m in self.decisions for d in m.decisions if node.decision in (d.id, d.name)), None)
        try:
            if decision is None:
                raise FeelError("decision-unknown", f"no decision {node.decision!r} beside the model")
            code = self.data.decision(self.decisions, decision, node.result_variable or "")
            self.records[self.index[node.id]]["code"] = code
            failed.pop(node.id, None)
        except LichtungError as error:
            failed[node.id] = error

    def _result(self, attribute: Attribute, key: str, node: FlowNode | None = None) -> None:
        code, kind, law = -1, M.NUMBER, -1
        if attribute.expression:
            code = self._expression(attribute, node)
        elif attribute.distribution is not None:
            law = self.laws.add(attribute.distribution, attribute.name)
        else:
            kind, first = type_of(attribute), len(self.laws.values)
            numbers = numbers_of(attribute, self.data.assembly)
            if kind == M.STRING:
                self.texts += [(first + k, number[0]) for k, number in enumerate(numbers)]
                numbers = [0.0] * len(numbers)
            law = self.laws.choice(numbers, [weight for _, weight in attribute.choices])
        shared = int(attribute.name in {one.name for one in self.scenario.shared})
        self.results.append((self.data.column(attribute.name), kind, law, code, shared, key_of(f"attribute:{key}")))

    def _expression(self, attribute: Attribute, node: FlowNode | None) -> int:
        try:
            return self.data.condition(Expression(attribute.expression))
        except FeelError as error:
            where = node.id if node else attribute.name
            raise self.error(
                "scenario-incomplete", f"{where}: {attribute.name} = {attribute.expression}: {error.message}", node
            ) from error

    def _finished_laws(self) -> tuple[Any, Any]:
        laws, values = self.laws.arrays()
        ranks = self.data.assembly.ranks()
        for row, provisional in self.texts:
            values[row, 0] = ranks[provisional]
        return laws, values

    def _priorities(self) -> tuple[list[tuple[int, int]], int]:
        levels = sorted({priority.level for priority in self.scenario.priorities})
        rules = [
            (self.data.rule(priority.rule), levels.index(priority.level))
            for priority in sorted(self.scenario.priorities, key=lambda priority: priority.level)
        ]
        return rules, len(levels) + 1

    # --- activities and events -------------------------------------------------------------------------------

    def _activities(self) -> list[tuple[int, int]]:
        candidates: list[tuple[int, int]] = []
        for k, node in enumerate(self.order):
            record = self.records[k]
            if isinstance(node, Event):
                if node.type == "intermediateCatchEvent" and _kind(node) != "link":
                    self._caught(node, record)
                continue
            if not _is_task(node):
                continue
            works = self.scenario.activities.get(node.id, ())
            if works:
                record["kind"] = L.WORK
                record["first_candidate"], record["candidates"] = len(candidates), len(works)
                candidates += [(self.resources.index(w.resource), self.laws.add(w.duration, node.id)) for w in works]
                together = frozenset(w.resource for w in works)
                record["queue"] = self.queues.setdefault(together, len(self.queues))
            else:
                self._unmanned(node, record)
        return candidates

    def _roles(self) -> tuple[list[tuple[int, int]], list[int]]:
        """Further people of activities: per role first and length in the list of resources."""
        roles: list[tuple[int, int]] = []
        members: list[int] = []
        for k, node in enumerate(self.order):
            record, needed = self.records[k], self.scenario.roles.get(node.id, ())
            if record["kind"] != L.WORK or not needed:
                continue
            if len(needed) >= L.CREW or node.id in self.scenario.batches:
                why = f"more than {L.CREW} people of different roles, or these in a batch,"
                raise self.error("simulation-unsupported", f"{node.id}: {why} cannot be simulated yet", node)
            record["first_role"], record["roles"] = len(roles), len(needed)
            record["queue"] = self.queues.setdefault((node.id,), len(self.queues))
            for one in needed:
                roles.append((len(members), len(one)))
                members += [self.resources.index(name) for name in one]
        return roles, members

    def _batches(self) -> tuple[Any, Any, Any]:
        kinds: list[tuple[Any, ...]] = []
        rules: list[tuple[float, ...]] = []
        factors: list[tuple[float, float]] = []
        names = ("sequential", "concurrent", "parallel")
        for k, node in enumerate(self.order):
            batch = self.scenario.batches.get(node.id)
            if batch is None or self.records[k]["kind"] != L.WORK:
                continue
            self.records[k]["batch"] = len(kinds)
            self.records[k]["queue"] = self.queues.setdefault((node.id,), len(self.queues))
            kinds.append((k, names.index(batch.type), len(rules), len(batch.rules), len(factors), len(batch.factors),
                          batch.single))  # fmt: skip
            rules += [(*r.size, *r.ready, *r.old, *r.hour, -1.0 if r.day is None else r.day) for r in batch.rules]
            factors += batch.factors
        return (
            np.array(kinds, L.BATCH_KIND).reshape(len(kinds)),
            np.array(rules or [(0.0,) * 9], L.BATCH_RULE),
            np.array(factors or [(1.0, 1.0)], np.float64),
        )

    def _unmanned(self, node: FlowNode, record: Any) -> None:
        """A task without people: its own duration, its recorded minutes, or no time for machines."""
        law = self.scenario.figures.get(node.id, ElementFigures()).duration
        if law is None and node.id in self.scenario.events:
            delay = self.scenario.events[node.id]
            law, record["probability"] = delay.delay, delay.probability
        step = node.facts.step
        if law is None and step and step.minutes is not None and node.id not in self.scenario.activities:
            law = Distribution("fix", (step.minutes * 60.0,))
            self.note(node.id, "task_resource_distribution", None, f"{step.minutes:g} min",
                      "Dauer aus li:step, ohne Personal und ohne Streuung")  # fmt: skip
        if law is not None:
            record["kind"], record["duration"] = L.DELAY, self.laws.add(law, node.id)
            record["works"] = int(node.type not in _OUTSIDE)
        elif node.id not in self.scenario.activities and node.type not in _AUTOMATIC:
            raise self.error(
                "scenario-incomplete",
                f"{node.id}: no duration; add it to task_resource_distribution or element_figures",
                node,
            )
        elif node.id not in self.scenario.activities:
            self.note(
                node.id, "task_resource_distribution", None, "0 s", "Automatischer Schritt ohne Angabe: keine Dauer"
            )

    def _caught(self, node: Event, record: Any) -> None:
        law = self._event_law(node, record)
        if law is None:
            raise self.error(
                "scenario-incomplete", f"{node.id}: when does this event come? add it to event_distribution", node
            )
        record["kind"], record["duration"] = L.DELAY, law

    def _event_law(self, node: Event, record: Any) -> int | None:
        if node.id in self.waits:
            return self.laws.add(self.scenario.flow_delays[node.id[:-1]], node.id[:-1])
        delay = self.scenario.events.get(node.id)
        if delay is not None:
            record["probability"] = delay.probability
            return self.laws.add(delay.delay, node.id)
        definition = _definition(node)
        if definition is None or definition.kind != "timer" or definition.expression is None:
            return None
        text = definition.expression.text
        seconds = iso_seconds(text) if definition.timer != "date" else None
        if seconds is None:
            return None
        if not seconds[1]:
            self.note(node.id, "timer", text, f"{seconds[0]:g} s", "Monate und Jahre zählen im Mittel der Kalendertage")
        if definition.timer == "cycle":
            self.note(node.id, "timer", text, f"{seconds[0]:g} s", "Wiederholung wird nur einmal gerechnet")
        return self.laws.add(Distribution("fix", (seconds[0],)), node.id)

    def _boundaries(self) -> list[int]:
        """Indices of boundary events with a time, grouped by host; the others never fire, which is noted."""
        found: list[int] = []
        for k, host in enumerate(self.order):
            record = self.records[k]
            record["first_boundary"] = len(found)
            for j, node in enumerate(self.order):
                if not isinstance(node, Event) or node.attached_to != host.id:
                    continue
                at = self.records[j]
                at["interrupting"], at["child"] = int(node.interrupting), record["child"]
                law = self._event_law(node, at)
                if law is not None:
                    at["duration"] = law
                    found.append(j)
                elif not ((self.records["kind"] == L.THROW) & (self.records["target"] == j)).any():
                    self.note(node.id, "event_distribution", None, None,
                              "Angeheftetes Ereignis ohne Zeitangabe tritt in der Simulation nie ein")  # fmt: skip
            record["boundaries"] = len(found) - record["first_boundary"]
            if record["boundaries"] and record["kind"] == L.PASS:
                record["kind"], record["duration"] = L.DELAY, self.laws.add(Distribution("fix", (0.0,)), host.id)
        return found


def _numbers(numbers: list[int]) -> Any:
    """An array that is never empty, which compiled code likes better."""
    return np.array(numbers or [0], np.int64)


def _definition(node: FlowNode) -> EventDefinition | None:
    return node.definitions[0] if isinstance(node, Event) and node.definitions else None


def _kind(node: FlowNode) -> str | None:
    definition = _definition(node)
    return definition.kind if definition else None


def _is_task(node: FlowNode) -> bool:
    """Task-type nodes: tasks of every kind, and what is simulated as one (call activities, empty sub-processes)."""
    return isinstance(node, Task | CallActivity)
