"""Whether an edited process does the same as before, seen from outside: a proof about the two models, or why not.

*Observable* is what somebody outside, or the law, can tell:

* messages: send tasks, and events that throw or catch anything (timers are waits, and waits can be told);
* outcomes: end events;
* decisions: the way taken at a gateway or another choice, and a decision table asked for inputs it was not asked for
  just before;
* duties: a step whose legal basis says must, with a legal deadline, or protected;
* contacts: a step that takes a datum from a citizen or a business, or is done at a counter, by telephone or by post;
* effects: a step of a machine outside, and any other step of which no result is recorded (it does what no model says).

Each of these is labelled with the *values* it rests on: for every item it reads, who wrote it from what. A value
written by a decision is the decision with its inputs, so that asking the same decision again with the same inputs
gives the same value; what a step of a person or a machine writes depends on the step and what it read. Evaluating a
decision, working on a result that is recorded, and passing a gateway that has no choice are not observable by
themselves, nor are minutes, roles and the order of two things of which nobody outside sees one.

Two processes are the same if they have the same sets of sequences of labels, complete ones marked as such: subset
construction on the token game of `bpm.model.tokens`, every guard free, each non-interrupting event at most once.

The proof is refused where it would rest on a guess: a step that does not record its data, an edited step in a loop or
beside one that touches its data, an unsound process, too many states. What is proven is about the model: a step can
serve statistics or evidence that no model records.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from bpm.analyser.dataflow import DataFlow
from bpm.analyser.soundness import Soundness
from bpm.model.process import Activity, BusinessRuleTask, Event, FlowNode, Gateway
from bpm.model.tokens import State, Step, TokenGame, TooManyChoices

STATES = 1_500
"""Markings with values, of both processes together, before the comparison gives up."""

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Same:
    """`same` is None where nothing is proven; `why` says why not, by language; `states` were looked at."""

    same: bool | None
    why: Mapping[str, str]
    states: int = 0


def compare(
    old: DataFlow, new: DataFlow, touched: Iterable[str], before: Soundness, after: Soundness, *, states: int = STATES
) -> Same:
    """Whether two processes have the same observable traces. `touched` are the nodes that an edit removed or moved."""
    nodes = frozenset(touched) & (set(old.graph.nodes) | set(new.graph.nodes))
    if refused := _refuse(old, new, nodes, before, after):
        return refused
    try:
        return _Comparison(_Side(old), _Side(new), states).run()
    except _TooMany:
        return Same(None, {"de": f"mehr als {states} Zustände", "en": f"more than {states} states"}, states)
    except TooManyChoices:
        return Same(None, {"de": "zu viele bedingte Ausgänge", "en": "too many conditional flows"})


class _TooMany(Exception):
    """The comparison met more states than it may."""


def _refuse(old: DataFlow, new: DataFlow, touched: frozenset[str], before: Soundness, after: Soundness) -> Same | None:
    stuck = before.deadlock or before.livelock or before.unsafe or before.skipped or before.partial
    if stuck or not after.sound:
        return Same(None, {"de": "nicht jeder Fall endet sauber", "en": "not every case ends properly"})
    if touched <= set(before.dead):
        return None
    if not (old.complete and new.complete):
        return Same(
            None,
            {"de": "nicht jeder Schritt hat seine Daten erfasst", "en": "not every step records its data"},
        )
    for flow in (old, new):
        again = _again(flow)
        for node in sorted(touched & set(flow.graph.nodes)):
            if node in again:
                return Same(None, {"de": f"{node} kann wiederkehren", "en": f"{node} can come again"})
            for other in sorted(again):
                if flow.concurrent(node, other) and flow.depends(node, other):
                    return Same(
                        None,
                        {
                            "de": f"{node} läuft neben {other}, das wiederkehrt und dieselben Daten nutzt",
                            "en": f"{node} runs beside {other}, which comes again and uses the same data",
                        },
                    )
    return None


def _again(flow: DataFlow) -> frozenset[str]:
    """The nodes that may be passed more than once in a case: in a loop, repeated, or behind a calm event."""
    found: set[str] = set()
    for node in flow.graph.process.nodes:
        calm = isinstance(node, Event) and not node.interrupting
        if calm or (isinstance(node, Activity) and node.loop is not None):
            found |= {node.id, *flow.after(node.id)} if calm else {node.id}
        if flow.loops(node.id) or any(container in found for container in flow.graph.containers(node.id)):
            found.add(node.id)
    inside = {node.id for node in flow.graph.process.nodes if found & set(flow.graph.containers(node.id))}
    return frozenset(found | inside)


class _Side:
    """One of the two processes: its token game, what its nodes show, and the values that travel with a state."""

    def __init__(self, flow: DataFlow) -> None:
        self.flow, self.graph = flow, flow.graph
        self.game = TokenGame(flow.graph, once=True)
        self.again = _again(flow)
        self.duties = frozenset(flow.duties)
        self.messages = frozenset(flow.messages)
        self.read = frozenset(item for node in self.graph.nodes for item in flow.reads(node))
        self.writes = {node: flow.writes(node) & self.read for node in self.graph.nodes}
        self.contacts = frozenset(node.id for node in self.graph.process.nodes if _meets(node))
        self.effects = frozenset(node.id for node in self.graph.process.nodes if self._has_effect(node))

    def first(self) -> tuple[State, frozenset[tuple[str, Hashable]]]:
        """The marking before anything happened, and no values."""
        return self.game.initial(), frozenset()

    def label(self, step: Step, values: Mapping[str, Hashable]) -> Hashable | None:
        """What is seen of a step; None: nothing."""
        node = self.graph.nodes.get(step.node)
        if node is None or step.kind in ("enter", "complete"):
            return None
        if isinstance(node, BusinessRuleTask) and node.decision and node.id not in self.duties:
            made = self._source(node, values)
            if step.kind == "pass" and values.get(_made(node)) != made:
                return ("decision", node.decision, (), "", made)
        kind = self._kind(node, step)
        if kind is None:
            return None
        seen = tuple((item, values.get(item)) for item in sorted(self.flow.reads(node.id)))
        choice = tuple(sorted(step.flows)) if self._chooses(node.id) else ()
        return (kind, node.id, choice, step.catcher, seen)

    def _kind(self, node: FlowNode, step: Step) -> str | None:
        if node.id in self.duties:
            return "duty"
        if node.id in self.messages or node.type in ("sendTask", "receiveTask"):
            return "message"
        if node.id in self.contacts:
            return "contact"
        if node.id in self.effects:
            return "effect"
        if isinstance(node, Event):
            outcome = node.type == "endEvent" and node.parent == self.graph.process.id
            if outcome or step.kind in ("boundary", "trigger"):
                return "event"
            return "event" if any(d.kind != "link" for d in node.definitions) else None
        if self._chooses(node.id):
            return "decision"
        ends = not self.graph.outgoing[node.id] and node.parent == self.graph.process.id
        return "outcome" if ends else None

    def _has_effect(self, node: FlowNode) -> bool:
        if not isinstance(node, Activity) or isinstance(node, BusinessRuleTask) or self.graph.expanded(node.id):
            return False
        return node.type in ("serviceTask", "scriptTask", "callActivity") or not self.flow.writes(node.id)

    def _chooses(self, node: str) -> bool:
        found = self.graph.nodes[node]
        if isinstance(found, Gateway) and found.type in ("parallelGateway", "eventBasedGateway"):
            return False
        return len(self.game.choices(node)) > 1

    def after(self, step: Step, values: frozenset[tuple[str, Hashable]]) -> frozenset[tuple[str, Hashable]]:
        """The values when a step is done."""
        rule = isinstance(self.graph.nodes.get(step.node), BusinessRuleTask)
        if step.kind not in ("pass", "start", "trigger", "boundary") or not (rule or self.writes.get(step.node)):
            return values
        known = dict(values)
        node = self.graph.nodes[step.node]
        source = self._source(node, known)
        if isinstance(node, BusinessRuleTask) and node.decision:
            known[_made(node)] = source
        for item in self.writes[node.id]:
            named = "" if source[0] == "decision" and len(self.writes[node.id]) == 1 else item
            known[item] = (*source, named)
        return frozenset(known.items())

    def _source(self, node: FlowNode, values: Mapping[str, Hashable]) -> tuple[Hashable, ...]:
        """From what a node writes: the decision with its inputs, or the node with what it reads."""
        used = tuple((item, values.get(item)) for item in sorted(self.flow.reads(node.id)))
        decision = node.decision if isinstance(node, BusinessRuleTask) else None
        if node.id in self.again:
            return ("some", node.id)
        return ("decision", decision, used) if decision else ("by", node.id, used)


def _made(node: BusinessRuleTask) -> str:
    """The place of the last answer of a decision among the values; no item is called so."""
    return f"\0{node.decision}"


def _meets(node: FlowNode) -> bool:
    step = node.facts.step
    face = step is not None and step.channel in ("counter", "phone", "mail")
    return face or any(use.origin in ("citizen", "business") for use in node.facts.writes)


class _Comparison:
    """Both processes in step: sets of states that the same labels lead to."""

    def __init__(self, old: _Side, new: _Side, budget: int) -> None:
        self.sides, self.budget, self.seen = (old, new), budget, 0

    def run(self) -> Same:
        first = tuple(self._closed(side, frozenset({side.first()})) for side in self.sides)
        todo, met = [first], {first}
        while todo:
            pair = todo.pop()
            moves = [self._moves(side, states) for side, states in zip(self.sides, pair, strict=True)]
            ends = [any(side.game.ended(s) for s, _ in states) for side, states in zip(self.sides, pair, strict=True)]
            if ends[0] != ends[1] or moves[0].keys() != moves[1].keys():
                return Same(False, _different(moves[0].keys() ^ moves[1].keys()), self.seen)
            for label, states in moves[0].items():
                following = (self._closed(self.sides[0], states), self._closed(self.sides[1], moves[1][label]))
                if following not in met:
                    met.add(following)
                    todo.append(following)
        return Same(True, {"de": "dieselben beobachtbaren Spuren", "en": "the same observable traces"}, self.seen)

    def _closed(self, side: _Side, states: frozenset) -> frozenset:  # type: ignore[type-arg]
        """The states and all that can be reached from them unseen."""
        found, todo = set(states), list(states)
        while todo:
            state, values = todo.pop()
            known = dict(values)
            for step in side.game.enabled(state):
                if side.label(step, known) is not None:
                    continue
                after = (side.game.fire(state, step), side.after(step, values))
                if after not in found:
                    found.add(after)
                    todo.append(after)
            self._count()
        return frozenset(found)

    def _moves(self, side: _Side, states: frozenset) -> dict[Hashable, frozenset]:  # type: ignore[type-arg]
        found: dict[Hashable, set[tuple[State, frozenset[tuple[str, Hashable]]]]] = {}
        for state, values in states:
            known = dict(values)
            for step in side.game.enabled(state):
                label = side.label(step, known)
                if label is not None:
                    after = (side.game.fire(state, step), side.after(step, values))
                    found.setdefault(label, set()).add(after)
        return {label: frozenset(after) for label, after in found.items()}

    def _count(self) -> None:
        self.seen += 1
        if self.seen > self.budget:
            raise _TooMany


def _different(labels: Iterable[Hashable]) -> dict[str, str]:
    names = sorted({str(label[1]) for label in labels if isinstance(label, tuple)})[:3]
    at = ", ".join(names)
    return {
        "de": f"von außen anders: {at}" if at else "das Ende wird anders erreicht",
        "en": f"different from outside: {at}" if at else "the end is reached in another way",
    }
