"""From model and scenario to the arrays of `bpm.simulator.layout`.

Sub-processes are flattened: each is a scope with a token count of its own. What cannot be simulated is refused by
element id (`simulation-unsupported`), what the scenario leaves open is an error that says what to add
(`scenario-incomplete`) or, where there is one plain reading, a note. Nothing is left out in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from bpm.errors import FeelError, LichtungError, ScenarioError
from bpm.feel import machine as M
from bpm.model.decision import DecisionModel
from bpm.model.process import (
    Activity,
    BusinessRuleTask,
    CallActivity,
    Event,
    EventDefinition,
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
from bpm.simulator.laws import Laws
from bpm.simulator.moments import iso_seconds, start_of

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


def key_of(text: str) -> int:
    """A 64-bit key of an id, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def compile_program(process: Process, decisions: tuple[DecisionModel, ...], scenario: Scenario, path: str) -> Compiled:
    """Compile; raises ScenarioError, located by element and line."""
    return _Compiler(process, decisions, scenario, path).compiled()


class _Compiler:
    def __init__(self, process: Process, decisions: tuple[DecisionModel, ...], scenario: Scenario, path: str) -> None:
        self.process, self.decisions, self.scenario, self.path = process, decisions, scenario, path
        self.notes: list[Note] = []
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
        for name in ("child", "queue", "duration", "code", "target", "outcome", "join_slot"):
            self.records[name] = -1
        self.records["probability"] = 1.0
        self.results: list[tuple[int, int, int, int]] = []
        self.texts: list[tuple[int, int]] = []  # rows of laws.values that hold provisional text numbers

    # --- errors and notes ------------------------------------------------------------------------------------

    def error(self, code: str, message: str, node: FlowNode | SequenceFlow | None) -> ScenarioError:
        element = node.id if node else None
        return ScenarioError(code, message, path=self.path, line=node.line if node else None, element=element)

    def note(self, element: str | None, field: str, found: Any, used: Any, why: str) -> None:
        self.notes.append(Note(element, field, found, used, why))

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

    def _outgoing(self, node: FlowNode) -> list[tuple[int, SequenceFlow]]:
        return [(k, flow) for k, (_, flow) in enumerate(self.flows) if flow.source == node.id]

    def compiled(self) -> Compiled:
        scenario = self.scenario
        self._unknown_ids()
        self._declare_data()
        positions = self._joins()
        self._outs()
        outcomes = self._ends()
        candidates = self._activities()
        boundaries = self._boundaries()
        flows = self._splits(positions)
        starts, start_nodes = self._starts()
        arrivals, first = self._arrivals(), len(self.results)
        for attribute in scenario.attributes:
            self._result(attribute, f"case:{attribute.name}")
        rules, levels = self._priorities()
        tables.fill_figures(self.order, self.records, scenario)
        code, constants = self.data.assembly.finished()
        laws, values = self._finished_laws()
        queue_of, queue_list = tables.queues(self.records, candidates, len(self.resources))
        calendars, periods, calendar_index = tables.calendars(scenario, tables.arrival_calendar(self.process, scenario))
        program = L.Program(
            nodes=self.records,
            flows=flows,
            laws=laws,
            values=values,
            candidates=np.array(candidates or [(0, 0)], L.CANDIDATE),
            resources=tables.resources(scenario, queue_of, calendar_index),
            resource_queues=np.array(queue_list or [0], np.int64),
            calendars=calendars,
            periods=periods,
            boundaries=np.array(boundaries or [0], np.int64),
            results=np.array(self.results or [(0, 0, 0, 0)], L.RESULT),
            starts=starts,
            start_nodes=start_nodes,
            inside=tables.nested(self.scopes, {id: node.parent for id, node in self.by_id.items()}),
            scope_node=np.array([self.index.get(s, -1) for s in self.scopes], np.int64),
            reach=self._reach(positions),
            code=code,
            constants=constants,
            rules=np.array(rules, np.int64).reshape(-1, 2),
            arrivals=np.array([arrivals, 0, first, len(scenario.attributes)], np.int64),
            waits_for_some=np.flatnonzero(self.records["join"] == L.JOIN_SOME).astype(np.int64),
            stream=np.array([key_of("arrivals")], np.uint64),
        )
        return Compiled(
            program, tuple(n.id for n in self.order), tuple(name for name, _ in self.flows), self.resources,
            tuple(outcomes), levels, len(self.data.columns), *start_of(scenario), tuple(self.notes),
            tables.recorded(self.order, scenario),
        )  # fmt: skip

    def _unknown_ids(self) -> None:
        scenario = self.scenario
        flows = {flow.id for flow in self.process.flows}
        for field, ids in (
            ("task_resource_distribution", scenario.activities),
            ("event_distribution", scenario.events),
            ("gateway_branching_probabilities", scenario.gateways),
            ("event_attributes", scenario.results),
            ("element_figures", scenario.figures),
        ):
            for element in ids:
                if element not in self.by_id:
                    self.note(element, field, element, None, "Element fehlt im Modell; die Angabe bleibt ohne Wirkung")
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
            out = self._outgoing(node)
            self.records[k]["first_out"], self.records[k]["outs"] = (out[0][0] if out else 0), len(out)

    def _ends(self) -> list[str]:
        """Kinds of nodes that need no figures of the scenario; the end events of the process are its outcomes."""
        outcomes: list[str] = []
        for k, node in enumerate(self.order):
            record = self.records[k]
            record["counts"] = 1 if _is_task(node) else 0 if isinstance(node, Gateway) else 2
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
                if other not in chosen:
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
        for attribute in self.scenario.attributes:
            self.data.column(attribute.name)
        drawn = {element: {a.name for a in attributes} for element, attributes in self.scenario.results.items()}
        for k, node in enumerate(self.order):
            record = self.records[k]
            record["first_result"] = len(self.results)
            for attribute in self.scenario.results.get(node.id, ()):
                self.data.column(attribute.name)
                self._result(attribute, attribute.name)
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

    def _result(self, attribute: Attribute, key: str) -> None:
        if attribute.distribution is not None:
            law, kind = self.laws.add(attribute.distribution, attribute.name), M.NUMBER
        else:
            kind, first = type_of(attribute), len(self.laws.values)
            numbers = numbers_of(attribute, self.data.assembly)
            if kind == M.STRING:
                self.texts += [(first + k, number[0]) for k, number in enumerate(numbers)]
                numbers = [0.0] * len(numbers)
            law = self.laws.choice(numbers, [weight for _, weight in attribute.choices])
        self.results.append((self.data.column(attribute.name), kind, law, key_of(f"attribute:{key}")))

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
        sets: dict[frozenset[str], int] = {}
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
                record["queue"] = sets.setdefault(frozenset(w.resource for w in works), len(sets))
            else:
                self._unmanned(node, record)
        return candidates

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

    # --- splits ----------------------------------------------------------------------------------------------

    def _splits(self, positions: Mapping[tuple[str, int], int]) -> Any:
        flows: Any = np.zeros(max(len(self.flows), 1), L.FLOW)
        for k, (_, flow) in enumerate(self.flows):
            record = flows[k]
            record["target"] = self.index[flow.target]
            record["position"] = positions.get((flow.target, k), 0)
            record["code"] = -1
            record["default"] = int(self.by_id[flow.source].default == flow.id)
        for k, node in enumerate(self.order):
            out = self._outgoing(node)
            if len(out) > 1 and node.type not in ("parallelGateway", "eventBasedGateway"):
                self.records[k]["split"] = self._split(node, out, flows)
        for k, node in enumerate(self.order):
            if self.records[k]["kind"] == L.RACE:
                self._race(node)
        return flows

    def _race(self, node: FlowNode) -> None:
        for _, flow in self._outgoing(node):
            if len(self.incoming[flow.target]) > 1 or self.records[self.index[flow.target]]["kind"] != L.DELAY:
                raise self.error("simulation-unsupported", f"{node.id}: {flow.target} is no event to wait for", node)

    def _split(self, node: FlowNode, out: list[tuple[int, SequenceFlow]], flows: Any) -> int:
        exclusive = node.type == "exclusiveGateway"
        conditional = any(flow.condition for _, flow in out)
        branches = {branch.flow: branch for branch in self.scenario.gateways.get(node.id, ())}
        if not isinstance(node, Gateway) and not conditional and not branches:
            return L.SPLIT_ALL
        if branches:
            return self._drawn(node, out, flows, exclusive)
        if not conditional:
            share = 1.0 / len(out) if exclusive else 1.0
            for k, _ in out:
                flows[k]["probability"] = share
            self.note(node.id, "gateway_branching_probabilities", None, f"je {share:.3g}",
                      "Weder Bedingungen noch Wahrscheinlichkeiten angegeben: alle Wege gleich")  # fmt: skip
            return L.SPLIT_DRAW if exclusive else L.SPLIT_ANY_DRAW
        for k, flow in out:
            if flow.condition is None:
                continue
            try:
                flows[k]["code"] = self.data.condition(flow.condition)
            except FeelError as error:
                raise self.error(
                    "scenario-incomplete",
                    f"{node.id}: condition of {flow.id} cannot be evaluated ({error.message}); add the data to "
                    "case_attributes or event_attributes, or list the gateway in gateway_branching_probabilities",
                    node,
                ) from error
        return L.SPLIT_FIRST if exclusive else L.SPLIT_ANY

    def _drawn(self, node: FlowNode, out: list[tuple[int, SequenceFlow]], flows: Any, exclusive: bool) -> int:
        branches = {branch.flow: branch for branch in self.scenario.gateways[node.id]}
        given = {flow.id: branches[flow.id].probability for _, flow in out if flow.id in branches}
        open_ways = [name for name, value in given.items() if value is None]
        total = sum(value for value in given.values() if value is not None)
        for k, flow in out:
            if flow.id not in given:
                self.note(flow.id, "gateway_branching_probabilities", None, 0, "Fluss nicht genannt: nie genommen")
                continue
            share = given[flow.id]
            flows[k]["probability"] = max(1.0 - total, 0.0) / len(open_ways) if share is None else share
            rule = branches[flow.id].rule
            if rule is not None:
                flows[k]["code"] = self.data.rule(rule)
        if exclusive and not open_ways and abs(total - 1.0) > 1e-6:
            if total <= 0.0:
                raise self.error("scenario-probability", f"{node.id}: the probabilities sum to {total:g}", node)
            self.note(node.id, "gateway_branching_probabilities", total, 1, "Summe ungleich 1: anteilig umgerechnet")
        ruled = any(branch.rule is not None for branch in branches.values())
        if exclusive or not isinstance(node, Gateway):
            return L.SPLIT_RULES if ruled else L.SPLIT_DRAW
        return L.SPLIT_ANY if ruled else L.SPLIT_ANY_DRAW

    # --- people and figures ----------------------------------------------------------------------------------

    def _arrivals(self) -> int:
        return self.laws.add(self.scenario.arrivals.interval, "arrival_time_distribution")


def _definition(node: FlowNode) -> EventDefinition | None:
    return node.definitions[0] if isinstance(node, Event) and node.definitions else None


def _kind(node: FlowNode) -> str | None:
    definition = _definition(node)
    return definition.kind if definition else None


def _is_task(node: FlowNode) -> bool:
    """Task-type nodes: tasks of every kind, and what is simulated as one (call activities, empty sub-processes)."""
    return isinstance(node, Task | CallActivity)
