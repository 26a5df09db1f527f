"""Steps that can end a case by themselves (knock-outs), and what was done before them although they needed none of it.

A knock-out is known in two ways: the gateway right behind a step has a branch that the model itself calls a refusal;
or a step writes a datum that a later decision table turns into a refusal whatever the other inputs are. A normal end
is no refusal. A hearing counts as the start of one: nobody is heard about a permit that is granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bpm.analyser.given import Given
from bpm.analyser.likeness import inputs_of, reads, says_check, writes
from bpm.analyser.normative import binding
from bpm.analyser.observed import says_refusal
from bpm.analyser.protected import protection, recognise
from bpm.errors import LichtungError
from bpm.feel import evaluate, matches, parse_expression, parse_unary_tests
from bpm.model.graph import Graph
from bpm.model.process import Activity, BusinessRuleTask, Event, FlowNode, Gateway, SequenceFlow, ServiceTask, Task

_CONSTANT = re.compile(r'"[^"]*"|\btrue\b|\bfalse\b')
_EITHER = re.compile(r"\boder\b|\bor\b|/")  # "grant or refuse" is a decision, no refusal
SPLITS = ("exclusiveGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway")


@dataclass(frozen=True, slots=True)
class Knockout:
    """`inputs` are the data the check looks at; `branches` the refusing flows right behind it, or `through` the later
    decision that refuses whenever the check writes one of `values`. `share` of cases refused by it, where a scenario
    says so. `minutes` of work, 0 for what a machine does, None: not recorded."""

    step: Task
    inputs: frozenset[str]
    branches: tuple[str, ...] = ()
    through: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    share: float | None = None
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Lateness:
    """A check could be made when `ready` is done: the last step that gives it a datum or that law puts before it.

    `sure` are the steps since then that every case has before the check, `minutes` their work, `unknown` those without.
    """

    ready: str
    sure: tuple[str, ...]
    minutes: float
    unknown: tuple[str, ...]


def knockouts(given: Given, graph: Graph) -> tuple[Knockout, ...]:
    """Every knock-out of a process, in its order. What is protected is none: its place is a matter of law."""
    found = []
    for step in graph.steps():
        if protection(step) is None:
            one = _direct(given, graph, step) or _through_table(given, graph, step)
            if one is not None:
                found.append(one)
    return tuple(found)


def minutes_of(step: FlowNode) -> float | None:
    """Work of one execution; what a machine does takes none, a person's step without minutes is not recorded."""
    facts = step.facts.step
    if facts is not None and facts.minutes is not None:
        return facts.minutes
    return 0.0 if isinstance(step, BusinessRuleTask | ServiceTask) else None


def looks_at(given: Given, step: Task) -> frozenset[str]:
    """The data a step needs: what it records, for a decision what its tables ask for."""
    if isinstance(step, BusinessRuleTask) and step.decision:
        return inputs_of(given, step)
    return reads(step)


def refuses(graph: Graph, flow: SequenceFlow) -> bool:
    """Whether a branch is a refusal by what the model calls it."""
    seen: set[str] = set()
    node = graph.nodes[flow.target]
    while isinstance(node, Gateway) and len(graph.outgoing[node.id]) == 1 and node.id not in seen:
        seen.add(node.id)
        node = graph.nodes[graph.outgoing[node.id][0].target]
    if says_refusal(flow.name) or all(map(says_refusal, _EITHER.split(node.name.lower()))):
        return True
    known = recognise(node.name)
    later = (graph.nodes[one].name for one in graph.after(node.id))
    return known is not None and known.key == "hearing" and any(map(says_refusal, later))


def _gateway(graph: Graph, step: Task) -> Gateway | None:
    """The exclusive gateway right behind a step, if it splits."""
    out = graph.outgoing[step.id]
    node = graph.nodes[out[0].target] if len(out) == 1 else None
    if isinstance(node, Gateway) and node.type == "exclusiveGateway" and len(graph.outgoing[node.id]) > 1:
        return node
    return None


def _direct(given: Given, graph: Graph, step: Task) -> Knockout | None:
    gateway = _gateway(graph, step)
    if gateway is None:
        return None
    branches = tuple(flow.id for flow in graph.outgoing[gateway.id] if refuses(graph, flow))
    if not branches or len(branches) == len(graph.outgoing[gateway.id]):
        return None
    share = share_of(given, gateway.id, branches)
    return Knockout(step, looks_at(given, step), branches, share=share, minutes=minutes_of(step))


def share_of(given: Given, gateway: str, branches: tuple[str, ...]) -> float | None:
    """The probability of some branches as the scenario has it."""
    for entry in (given.procedure.scenario or {}).get("gateway_branching_probabilities") or ():
        if isinstance(entry, Mapping) and entry.get("gateway_id") == gateway:
            known = {one.get("path_id"): one.get("value") for one in entry.get("probabilities") or ()}
            try:
                return sum(float(known[flow]) for flow in branches)
            except (KeyError, TypeError, ValueError):
                return None
    return None


def _through_table(given: Given, graph: Graph, step: Task) -> Knockout | None:
    """A step whose result a later table turns into a refusal, whatever else is put in."""
    own = writes(step)
    for later in graph.steps():
        if not own or not isinstance(later, BusinessRuleTask) or not graph.precedes(step.id, later.id):
            continue
        gateway, at = _gateway(graph, later), given.table_of(later.decision or "")
        if gateway is None or at is None or at.table.hit_policy not in ("UNIQUE", "ANY", "FIRST", "PRIORITY"):
            continue
        for column, clause in enumerate(at.table.inputs):
            item = clause.expression.strip()
            if item in own:
                values = [
                    value
                    for value in _constants(given, step, [rule.inputs[column] for rule in at.table.rules])
                    if _always_refused(graph, later, gateway, at.table.rules, column, value)
                ]
                if values:
                    return Knockout(
                        step, looks_at(given, step), through=later.id, values={item: values}, minutes=minutes_of(step)
                    )
    return None


def _constants(given: Given, step: Task, cells: list[str]) -> Iterator[Any]:
    """Values a step may write: the constant results of its own table, else those the later table asks for."""
    own = given.table_of(step.decision or "") if isinstance(step, BusinessRuleTask) else None
    texts = [rule.outputs[0] for rule in own.table.rules] if own is not None else cells
    for text in dict.fromkeys(found for cell in texts for found in _CONSTANT.findall(cell)):
        try:
            yield evaluate(parse_expression(text), {})
        except LichtungError:
            continue  # no text of FEEL after all: nothing is proven by it


def _always_refused(
    graph: Graph, later: BusinessRuleTask, gateway: Gateway, rules: Any, column: int, value: Any
) -> bool:
    """Whether every rule that such a value can meet leads to a branch called a refusal."""
    name, met = later.result_variable, 0
    for rule in rules:
        try:
            if not matches(parse_unary_tests(rule.inputs[column]), value, {}):
                continue
            if len(rule.outputs) != 1 or name is None:
                return False
            taken = _taken(graph, gateway, {name: evaluate(parse_expression(rule.outputs[0]), {})})
        except LichtungError:
            return False
        if taken is None or not refuses(graph, taken):
            return False
        met += 1
    return met > 0


def _taken(graph: Graph, gateway: Gateway, scope: Mapping[str, Any]) -> SequenceFlow | None:
    """The flow that a gateway gives for some data; None if it asks for more than these."""
    otherwise = None
    for flow in graph.outgoing[gateway.id]:
        if flow.id == gateway.default:
            otherwise = flow
        elif flow.condition is None or flow.condition.language != "feel":
            return None
        else:
            answer = evaluate(parse_expression(flow.condition.text.lstrip("=").strip()), scope)
            if answer is None:
                return None
            if answer is True:
                return flow
    return otherwise


def lateness(given: Given, graph: Graph, check: Knockout) -> Lateness | None:
    """What every case has done before a check since its data were there; None if who gives the data is not recorded."""
    before = [step for step in graph.steps() if graph.precedes(step.id, check.step.id)]
    giving = [step for step in before if writes(step) & check.inputs]
    if not check.inputs or not check.inputs <= frozenset().union(*(writes(step) for step in giving)):
        return None
    law = legal_order(given)
    giving += [step for step in before if (step.id, check.step.id) in law and step not in giving]
    last = [step for step in giving if not any(graph.precedes(step.id, other.id) for other in giving)]
    if len(last) != 1:
        return None  # data from several branches: ready only where they join
    since = [
        step
        for step in before
        if graph.precedes(last[0].id, step.id) and protection(step) is None and not _optional(graph, step, check.step)
    ]
    known = {step.id: minutes_of(step) for step in since}
    return Lateness(
        last[0].id,
        tuple(known),
        sum(value for value in known.values() if value),
        tuple(step for step, value in known.items() if value is None),
    )


def legal_order(given: Given) -> frozenset[tuple[str, str]]:
    """Pairs of steps of which a norm beside the model says that the one comes before the other."""
    return frozenset(
        (one, other)
        for norm in binding(given)
        if norm.template in ("precedence", "succession", "chain-precedence")
        for one in norm.first
        for other in norm.second
    )


def _optional(graph: Graph, step: Task, check: Task) -> bool:
    """Whether a case may come to the check without a step: a split or an event before it leads past it."""
    for node in graph.process.nodes:
        splits = isinstance(node, Gateway) and node.type in SPLITS and len(graph.outgoing[node.id]) > 1
        caught = isinstance(node, Activity) and bool(graph.boundary(node.id))
        if not (splits or caught) or step.id not in graph.after(node.id):
            continue
        ways = [flow.target for flow in graph.outgoing[node.id]]
        ways += [event.id for event in graph.boundary(node.id) if isinstance(event, Event)]
        for way in ways:
            if way not in (step.id, check.id) and graph.path(way, check.id, avoiding=(step.id,)) is not None:
                return True
    return False


def movable(step: Task) -> bool:
    """Whether a step's place may be asked about: a rule, or something called a check. Who approves wants to see the
    whole case, so approvals stay where they are."""
    return isinstance(step, BusinessRuleTask | ServiceTask) or says_check(step.name)


def chains(given: Given, graph: Graph) -> tuple[tuple[Knockout, ...], ...]:
    """Checks one right after the other: the branch of each that does not refuse leads straight to the next one."""
    known = {one.step.id: one for one in knockouts(given, graph) if one.branches and movable(one.step)}
    following = {id: after for id in known if (after := _next(graph, known[id])) in known}
    starts = [id for id in known if id not in following.values()]
    found = []
    for id in starts:
        chain = [id]
        while chain[-1] in following and following[chain[-1]] not in chain:
            chain.append(following[chain[-1]])
        if len(chain) > 1:
            found.append(tuple(known[one] for one in chain))
    return tuple(found)


def _next(graph: Graph, check: Knockout) -> str:
    """Where a case goes that a check does not refuse, through joins; empty if there are several ways."""
    gateway = _gateway(graph, check.step)
    on = [flow for flow in graph.outgoing[gateway.id] if flow.id not in check.branches] if gateway else []
    if len(on) != 1:
        return ""
    node, seen = on[0].target, set[str]()
    while isinstance(graph.nodes[node], Gateway) and len(graph.outgoing[node]) == 1 and node not in seen:
        if len(graph.incoming[node]) > 1:
            return ""  # others come in here who have not passed the check
        seen.add(node)
        node = graph.outgoing[node][0].target
    return node if len(graph.incoming[node]) == 1 else ""
