"""Small procedures and scenarios written as text, for the simulator's tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpm.exchange.prosimos import read_scenario
from bpm.model.decision import DecisionModel
from bpm.model.procedure import Procedure
from bpm.model.process import (
    BusinessRuleTask,
    Event,
    EventDefinition,
    Expression,
    FlowNode,
    Gateway,
    Process,
    ProcessModel,
    SequenceFlow,
    ServiceTask,
    SubProcess,
    UserTask,
)
from bpm.model.scenario import Scenario

_KINDS = {"x": "exclusiveGateway", "a": "parallelGateway", "o": "inclusiveGateway", "v": "eventBasedGateway"}
WEEKDAYS = [{"from": "MONDAY", "to": "FRIDAY", "beginTime": "09:00:00", "endTime": "17:00:00"}]
FULL = [{"from": "MONDAY", "to": "SUNDAY", "beginTime": "00:00:00", "endTime": "23:59:59.999999"}]


def draw(text: str, *, decisions: tuple[DecisionModel, ...] = (), **extra: FlowNode) -> Procedure:
    """A procedure from lines `id: source -> target [condition]` (`*` before the id: the default flow).

    Nodes are made from their ids: s.. start, e.. end, t.. task, m.. service task, x a o v gateways; `extra` are others.
    """
    nodes: dict[str, FlowNode] = {}
    flows: list[SequenceFlow] = []
    defaults: dict[str, str] = {}
    for line in text.strip().splitlines():
        name, _, rest = line.strip().partition(": ")
        way, _, condition = rest.partition(" [")
        source, target = way.split(" -> ")
        if name.startswith("*"):
            name = name[1:]
            defaults[source] = name
        flows.append(
            SequenceFlow(name, source, target, "p", condition=Expression(condition.rstrip("]")) if condition else None)
        )
        for id in (source, target):
            nodes.setdefault(id, extra.get(id) or _node(id))
    for id, node in extra.items():
        nodes.setdefault(id, node)
    from dataclasses import replace

    made = tuple(replace(n, default=defaults.get(n.id)) for n in nodes.values())
    parents = {n.id: n.parent for n in made}
    flows = [replace(f, parent=parents[f.source]) for f in flows]
    process = Process("p", "Prozess", True, made, tuple(flows))
    return Procedure("p", "Prozess", "p.bpmn", ProcessModel("p.bpmn", "sha256:0", (process,)), decisions)


def _node(id: str) -> FlowNode:
    parent, _, name = id.rpartition(".")
    parent = parent or "p"
    kind = name[0]
    if kind == "s":
        return Event(id=id, type="startEvent", parent=parent)
    if kind == "e":
        return Event(id=id, type="endEvent", parent=parent)
    if kind == "m":
        return ServiceTask(id=id, type="serviceTask", parent=parent)
    if kind in _KINDS:
        return Gateway(id=id, type=_KINDS[kind], parent=parent)
    return UserTask(id=id, type="userTask", parent=parent)


def sub(id: str) -> SubProcess:
    return SubProcess(id=id, type="subProcess", parent="p")


def event(id: str, type: str, kind: str | None = None, text: str | None = None, **more: Any) -> Event:
    """An event; a timer's `text` is its duration."""
    timer = "duration" if kind == "timer" else None
    name, expression = (None, Expression(text or "")) if timer else (text, None)
    definitions = () if kind is None else (EventDefinition(kind, name=name, expression=expression, timer=timer),)
    return Event(id=id, type=type, parent=more.pop("parent", "p"), definitions=definitions, **more)


def rule_task(id: str, decision: str, variable: str) -> BusinessRuleTask:
    return BusinessRuleTask(id=id, type="businessRuleTask", parent="p", decision=decision, result_variable=variable)


def law(name: str, *values: float) -> dict[str, Any]:
    return {"distribution_name": name, "distribution_params": [{"value": value} for value in values]}


def fix(value: float) -> dict[str, Any]:
    return law("fix", value)


def expon(mean: float) -> dict[str, Any]:
    return law("expon", mean, 0, 1e15)


def as_prosimos(
    tasks: Mapping[str, tuple[str, dict[str, Any]] | dict[str, Any]],
    *,
    arrivals: Mapping[str, Any],
    people: Mapping[str, int] | None = None,
    calendar: list[dict[str, str]] | None = None,
    cost: float = 0.0,
    **more: Any,
) -> dict[str, Any]:
    """Prosimos JSON: `tasks` to (resource, distribution), or a distribution without people; `people` to amounts."""
    people = people or {"r": 1}
    staffed = {task: what for task, what in tasks.items() if isinstance(what, tuple)}
    content = {
        "resource_profiles": [
            {
                "id": f"pool_{name}",
                "name": name,
                "resource_list": [{"id": name, "name": name, "amount": amount, "cost_per_hour": cost, "calendar": "c"}],
            }
            for name, amount in people.items()
        ],
        "resource_calendars": [{"id": "c", "name": "c", "time_periods": calendar or FULL}],
        "task_resource_distribution": [
            {"task_id": task, "resources": [{"resource_id": who, **what}]} for task, (who, what) in staffed.items()
        ],
        "arrival_time_distribution": dict(arrivals),
        "arrival_time_calendar": FULL,
        "element_figures": [
            {"element_id": task, "duration": what} for task, what in tasks.items() if not isinstance(what, tuple)
        ],
    }
    return content | more


def scenario(*arguments: Any, **keywords: Any) -> Scenario:
    """`as_prosimos`, read."""
    return read_scenario(as_prosimos(*arguments, **keywords), "scenario.json")
