"""Data flow of one process: who needs what from whom, what may happen at the same time, what an outcome rests on.

::

    flow = given.dataflows[0]
    flow.reads("pruefen"), flow.writes("pruefen"), flow.recorded("pruefen")
    flow.depends("pruefen", "bescheiden")     # items for which the two must keep their order
    flow.precedes("a", "b"), flow.concurrent("a", "b")
    flow.slice({"ende"}), flow.needed         # what these, or all outcomes, messages and duties, rest on

*Order* is aware of markings: two steps are concurrent if tokens may wait at both at once (`bpm.analyser.concurrency`),
whatever the drawing looks like; otherwise one precedes the other if a way leads there. A value *reaches* a reader on a
way without another write, and concurrent steps reach each other.

The backward slice (Weiser, "Program slicing", 1981; for processes Reijers and Limam Mansar, 2005, task elimination)
takes in what a target reads, and every choice that decides whether a member of the slice happens at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from bpm.analyser.concurrency import Concurrency
from bpm.analyser.datause import Use, collect_uses
from bpm.analyser.net import compile_net
from bpm.analyser.soundness import Changes
from bpm.model.graph import EXIT, Graph
from bpm.model.procedure import Procedure
from bpm.model.process import Activity, Event, FlowNode, ScriptTask
from bpm.model.tokens import TokenGame, TooManyChoices

NOTHING: frozenset[str] = frozenset()


class DataFlow:
    """Everything is worked out on demand and kept; ids that are not in the process read and write nothing."""

    def __init__(self, procedure: Procedure, graph: Graph) -> None:
        self.procedure, self.graph = procedure, graph
        self.uses: Mapping[str, tuple[Use, ...]] = collect_uses(procedure, graph)
        self._by_how: dict[tuple[str, str], frozenset[str]] = {}
        self._after: dict[str, frozenset[str]] = {}

    # --- what is used ------------------------------------------------------------------------------------------

    def _items(self, node: str, how: str) -> frozenset[str]:
        key = (node, how)
        if key not in self._by_how:
            self._by_how[key] = frozenset(use.item for use in self.uses.get(node, ()) if use.how == how)
        return self._by_how[key]

    def reads(self, node: str) -> frozenset[str]:
        """The items a node looks at; those of the conditions behind a gateway are the gateway's."""
        return self._items(node, "read")

    def writes(self, node: str) -> frozenset[str]:
        """The items a node gives a value."""
        return self._items(node, "write")

    def deletes(self, node: str) -> frozenset[str]:
        """The items a node destroys."""
        return self._items(node, "delete")

    def recorded(self, node: str) -> bool:
        """Whether the model says which data a node uses; what is not recorded may use any, and so may a script that
        nobody here reads."""
        found = self.graph.nodes.get(node)
        if isinstance(found, ScriptTask) and found.script and "feel" not in (found.format or "").lower():
            return False
        return any(use.said != "guard" for use in self.uses.get(node, ()))

    @cached_property
    def complete(self) -> bool:
        """Whether every step and call says which data it uses."""
        steps = [node for node in self.graph.process.nodes if self._works(node)]
        return bool(steps) and all(self.recorded(node.id) for node in steps)

    def _works(self, node: FlowNode) -> bool:
        return isinstance(node, Activity) and not self.graph.expanded(node.id)

    @cached_property
    def items(self) -> Mapping[str, tuple[Use, ...]]:
        """All uses by item, items sorted, uses in document order."""
        found: dict[str, list[Use]] = {}
        for uses in self.uses.values():
            for use in uses:
                found.setdefault(use.item, []).append(use)
        return {item: tuple(found[item]) for item in sorted(found)}

    @cached_property
    def given_at_start(self) -> frozenset[str]:
        """Items a case brings along: written by start events, start variables of cases, attributes of the scenario."""
        found = set[str]()
        for start in self.graph.starts(self.graph.process.id):
            if isinstance(start, Event):
                found |= self.writes(start.id)
        for case in self.procedure.cases.values():
            variables = case.get("start", case.get("variables"))
            found |= set(variables) if isinstance(variables, Mapping) else set()
        return frozenset(found)

    @cached_property
    def start_declared(self) -> bool:
        """Whether the procedure says what a case brings along (even nothing): by cases, or by its start events."""
        starts = self.graph.starts(self.graph.process.id)
        return bool(self.procedure.cases) or any(self.recorded(start.id) for start in starts)

    @cached_property
    def changes(self) -> Changes:
        """What may change data between two guards, as the record says."""
        local: set[str] = set()
        silent = set(self._silent)
        for node in self.graph.process.nodes:
            if isinstance(node, Event) and not self.recorded(node.id):
                silent |= {node.id} if any(d.kind in ("message", "signal") for d in node.definitions) else set()
            if isinstance(node, Activity):
                local |= {mapping.target for mapping in node.inputs if self.graph.expanded(node.id)}
                local |= {node.loop.element_variable or ""} if node.loop is not None else set()
        writes = {node: self.writes(node) | self.deletes(node) for node in self.uses}
        return Changes(writes, frozenset(silent), frozenset(local))

    # --- order -------------------------------------------------------------------------------------------------

    @cached_property
    def _game(self) -> TokenGame:
        return TokenGame(self.graph, once=True)

    @cached_property
    def _concurrency(self) -> tuple[Concurrency, Mapping[str, tuple[int, ...]]] | None:
        """The relation, and the places at which a token waits for (or is inside) a node; None: not to be had."""
        if self._game.foreign():
            return None
        try:
            net = compile_net(self._game)
        except TooManyChoices:
            return None
        waiting: dict[str, list[int]] = {}
        for i, flow in enumerate(self.graph.flows):
            waiting.setdefault(flow.target, []).append(i)
        for place, name in net.names.items():
            if place >= len(self.graph.flows) and place not in net.memory:
                waiting.setdefault(name, []).append(place)
        for flow in self.graph.flows:  # what stands behind an event-based gateway waits there
            if self.graph.nodes[flow.source].type == "eventBasedGateway":
                waiting[flow.target] = [*waiting.get(flow.target, ()), *waiting.get(flow.source, ())]
        return Concurrency(net), {name: tuple(places) for name, places in waiting.items()}

    def concurrent(self, one: str, other: str) -> bool:
        """Whether two nodes can be in progress at the same time (a sub-process and what is inside it are not)."""
        if one == other or one in self.graph.containers(other) or other in self.graph.containers(one):
            return False
        found = self._concurrency
        if found is None:
            return not self.precedes(one, other) and not self.precedes(other, one)
        relation, waiting = found
        return any(relation.together(p, q) for p in waiting.get(one, ()) for q in waiting.get(other, ()))

    def precedes(self, first: str, second: str) -> bool:
        """Whether `second` can come after `first` in one case, loops included."""
        return second in self.after(first)

    def after(self, node: str) -> frozenset[str]:
        """The flow nodes that can follow a node, loops included; a node in a loop follows itself."""
        if node not in self._after:
            self._after[node] = self._flood([self.graph.leaving(node)], NOTHING)
        return self._after[node]

    def _flood(self, vertices: Iterable[str], closed: frozenset[str]) -> frozenset[str]:
        """The flow nodes met behind some control vertices, without going on behind a closed one."""
        seen, todo = set[str](), list(vertices)
        while todo:
            for target in self.graph.control[todo.pop()]:
                if target not in seen:
                    seen.add(target)
                    if target not in closed:
                        todo.append(target)
        return frozenset(vertex for vertex in seen if not vertex.endswith(EXIT))

    # --- dependence --------------------------------------------------------------------------------------------

    def depends(self, first: str, second: str) -> frozenset[str]:
        """The items for which two nodes must keep their order: one writes or deletes what the other uses (Bernstein,
        1966). Empty says nothing if one of them is not `recorded`."""
        changes = (self.writes(first) | self.deletes(first), self.writes(second) | self.deletes(second))
        touches = (changes[0] | self.reads(first), changes[1] | self.reads(second))
        return (changes[0] & touches[1]) | (touches[0] & changes[1])

    def readers(self, writer: str, item: str) -> tuple[str, ...]:
        """The nodes that may read the value a node gives an item, in document order."""
        return self._ordered(
            node
            for node in self._reached(writer, item)
            if item in self.reads(node) and (node != writer or self.loops(node))
        )

    def writers(self, reader: str, item: str) -> tuple[str, ...]:
        """The nodes whose value of an item may be the one that `reader` sees, in document order."""
        return self._ordered(
            use.element
            for use in self.items.get(item, ())
            if use.how == "write" and reader in self.readers(use.element, item)
        )

    def possible_reader(self, node: str) -> str | None:
        """A step that does not record its data and comes after or beside a node: it may read anything of it."""
        for step in self._silent:
            if step != node and (self.precedes(node, step) or self.concurrent(node, step)):
                return step
        return None

    @cached_property
    def _silent(self) -> tuple[str, ...]:
        nodes = self.graph.process.nodes
        return tuple(node.id for node in nodes if self._works(node) and not self.recorded(node.id))

    def loops(self, node: str) -> bool:
        """Whether a node can come again in the same case."""
        return node in self.after(node)

    def _reached(self, writer: str, item: str) -> frozenset[str]:
        key = (writer, f"reach {item}")
        if key not in self._by_how:
            users = {use.element for use in self.items.get(item, ())}
            closed = frozenset(
                use.element for use in self.items.get(item, ()) if use.how == "write" and self._sure(use)
            )
            found = set(self._flood([self.graph.leaving(writer)], closed) & users)
            found |= {node for node in users if self.concurrent(writer, node)}
            self._by_how[key] = frozenset(found)
        return self._by_how[key]

    def _sure(self, use: Use) -> bool:
        """Whether a write surely replaces the old value when its node is passed: not if the step may be broken off."""
        return not self.graph.boundary(use.element) and not self.graph.expanded(use.element)

    def _ordered(self, nodes: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(set(nodes), key=lambda node: self.graph.order[node]))

    # --- what an outcome rests on ------------------------------------------------------------------------------

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The end events of all levels, or what has no way out where a level draws none."""
        return tuple(
            node.id
            for node in self.graph.process.nodes
            if node.type == "endEvent"
            or (not self.graph.outgoing[node.id] and node.parent == self.graph.process.id and self._may_end(node))
        )

    def _may_end(self, node: FlowNode) -> bool:
        return node.id not in self.graph.handlers and self.graph.link_target(node.id) is None

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """What tells somebody outside: send tasks, and thrown messages, signals and escalations."""
        told = {flow.source for flow in self.procedure.process.message_flows} if self.procedure.process else set()
        return tuple(
            node.id
            for node in self.graph.process.nodes
            if node.type == "sendTask" or node.id in told or (isinstance(node, Event) and _speaks(node))
        )

    @cached_property
    def duties(self) -> tuple[str, ...]:
        """What the law demands: a legal basis that says must, a legal deadline, a protected step."""
        from bpm.analyser.protected import protection

        return tuple(
            node.id
            for node in self.graph.process.nodes
            if any(basis.force == "must" for basis in node.facts.legal_bases)
            or node.facts.deadlines
            or protection(node) is not None
        )

    @cached_property
    def needed(self) -> frozenset[str]:
        """The slice of all outcomes, messages and duties."""
        return self.slice({*self.outcomes, *self.messages, *self.duties})

    def slice(self, targets: Iterable[str]) -> frozenset[str]:
        """The targets and every node that they rest on: whose values they use, and the choices that lead to them."""
        found = {target for target in targets if target in self.graph.nodes}
        todo = sorted(found)
        splits = [node.id for node in self.graph.process.nodes if len(self._ways(node.id)) > 1]
        while True:
            while todo:
                node = todo.pop()
                for item in self.reads(node):
                    new = [one for one in self.writers(node, item) if one not in found]
                    found.update(new)
                    todo += new
            todo = [split for split in splits if split not in found and self._decides(split, found)]
            if not todo:
                return frozenset(found)
            found.update(todo)

    def _ways(self, node: str) -> tuple[str, ...]:
        """The control vertices among which a node chooses; nothing for a parallel gateway."""
        if self.graph.nodes[node].type == "parallelGateway":
            return ()
        return self.graph.control[self.graph.leaving(node)]

    def _decides(self, split: str, needed: set[str]) -> bool:
        """Whether it depends on the way taken at `split` which needed nodes come; a way that only comes back does not
        count."""
        met: list[tuple[frozenset[str], bool]] = []
        for way in self._ways(split):
            seen = self._flood([way], frozenset({split})) | {way}
            met.append((seen & needed, split in seen))
        sets = set[frozenset[str]]()
        for i, (there, back) in enumerate(met):
            others = NOTHING.union(*(other for j, (other, _) in enumerate(met) if j != i))
            sets.add(there | others if back and there <= others else there)
        return len(sets) > 1


def _speaks(node: Event) -> bool:
    kinds = {definition.kind for definition in node.definitions}
    return node.type in ("endEvent", "intermediateThrowEvent") and bool(kinds & {"message", "signal", "escalation"})
