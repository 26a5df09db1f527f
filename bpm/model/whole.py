"""The token game unfolded: what `TokenGame` plays as one step, step by step.

Folding changes no verdict on soundness where contents are independent of each other; whoever wants to replay or to be
sure plays the whole game. What is added, after BPMN 2.0.2:

* 13.3.6 loops, 13.3.7 multi-instance: an activity is done once or several times, one after the other; a number that is
  written is counted, any other is free ("both ways"), and so is a completion condition. Instances of a parallel one
  with a written number (up to `MOST_INSTANCES`) run at the same time. A collection may be empty, a loop tested before
  may not run at all.
* 13.3.5 ad-hoc: any of its first activities may be started at any time, again too (one at a time each, with sequential
  ordering one in all); it may end when nothing is open, and with a completion condition also before, if what is open
  is then cancelled.
* 13.4.5 complex gateway: fires as soon as its activation condition holds (over `activationCount`; any other condition:
  as soon as anything arrived, or later), then waits until every other input has come or cannot come, and swallows it.
* 13.5.5 compensation: what was completed is remembered in order; a compensation event undoes it last first, handler by
  handler, and goes on then. A cancelled transaction undoes what it did before its boundary event goes on. A completed
  sub-process hands what can be undone up to the scope around it.
* 13.3.4 call activities: `bpm.model.calls` puts a called process of the same file inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bpm.errors import LichtungError
from bpm.feel import evaluate, free_names, parse_expression
from bpm.model.graph import Graph
from bpm.model.process import Activity, Event, Expression, FlowNode, Gateway, Process, SubProcess
from bpm.model.tokens import Scope, State, Step, TokenGame, _Live, throws

MOST_INSTANCES = 5
"""A written number of instances up to this is counted one by one."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often an activity is done: at least `least` times; exactly or at most `most` times (None: any number);
    `early` says that any time may be the last, `beside` that the times run at the same time."""

    least: int
    most: int | None
    early: bool
    beside: bool


class WholeGame(TokenGame):
    """`TokenGame` with repetition, ad-hoc content, complex gateways and compensation played."""

    def __init__(self, process: Process | Graph, *, once: bool = False) -> None:
        super().__init__(process, once=once)
        self.repeats = {
            node.id: found
            for node in self.graph.process.nodes
            if isinstance(node, Activity) and (found := _repetition(node)) is not None
        }
        self._last = -2 - len(self.graph.nodes)
        self._instances = {node: self._new_place(node) for node in self.repeats}
        gates = [node.id for node in self.graph.process.nodes if node.type == "complexGateway"]
        self._resetting = {node: self._new_place(node) for node in gates}
        self._spent = {(node, i): self._new_place(node) for node in gates for i in self.incoming(node)}
        self._memory = frozenset({*self._resetting.values(), *self._spent.values()})
        self._enough = {node: self._activation(node) for node in gates}
        self._widened: set[str] = set()
        self.undone_by = self._handlers()

    def _new_place(self, node: str) -> int:
        self._last -= 1
        self._node_at[self._last] = node
        return self._last

    def foreign(self) -> tuple[tuple[str, str], ...]:
        """Elements outside the whole game: (element id, reason)."""
        return tuple(found for found in super().foreign() if found[0] not in self._resetting)

    def opens(self, node: str) -> bool:
        """Whether a node is played inside, in a scope of its own."""
        return super().opens(node) or self._ad_hoc(node)

    def _ad_hoc(self, node: str) -> bool:
        found = self.graph.nodes.get(node)
        return found is not None and found.type == "adHocSubProcess" and bool(self.graph.children(node))

    def backs(self, gateway: str) -> dict[int, frozenset[int]]:
        """As in the folded game; an instance that is still to be done is where its activity is."""
        found = super().backs(gateway)
        if not self._instances or gateway in self._widened:
            return found
        self._widened.add(gateway)
        for entry, places in found.items():
            more = {place for node, place in self._instances.items() if self._place[node] in places}
            found[entry] = places | more
        return found

    # --- what can happen ---------------------------------------------------------------------------------------

    def _at_place(self, state: State, chain: list[Scope], path: tuple[int, ...], place: int) -> Iterator[Step]:
        if place in self._memory:
            if place in self._resetting.values():
                yield from self._reset(chain[-1], path, place)
            return
        if place < -1 and place in self._instances.values():
            yield from self._instance(state, chain[-1], path, place)
            return
        node = None if place == -1 else self.target(place)
        if node is None:
            yield from super()._at_place(state, chain, path, place)
        elif node.type == "complexGateway":
            yield from self._complex(chain[-1], path, node, place)
        elif node.id in self.repeats:
            yield from self._repeated(state, chain, path, node, place)
        elif isinstance(node, Event) and self._undoes(node) and self._to_undo(chain, node):
            yield Step(node.id, "undo", (), path, (place,))
        else:
            yield from super()._at_place(state, chain, path, place)

    def _at_child(self, state: State, path: tuple[int, ...], child: Scope) -> Iterator[Step]:
        node = self.graph.nodes[child.container]
        if isinstance(node, Event):
            yield from self._undoing(state, path, child, node)
            return
        if self._ad_hoc(node.id) and isinstance(node, SubProcess):
            yield from self._offers(path, child, node)
            if (child.tokens or child.inner) and node.completion_condition is not None and node.cancel_remaining:
                yield from (Step(node.id, "complete", flows, path) for flows in self.choices(node.id))
        done = not child.tokens and not child.inner
        rounds = self.repeats.get(node.id)
        if done and rounds is not None and not rounds.beside and rounds.most != 1:
            yield Step(node.id, "again", (), path)
        if done and rounds is not None and rounds.beside and self._siblings(state, path) > 1:
            yield Step(node.id, "again", (), path)
            if not rounds.early:
                return
        yield from super()._at_child(state, path, child)

    def _siblings(self, state: State, path: tuple[int, ...]) -> int:
        scope = state.root
        for i in path[:-1]:
            scope = scope.inner[i]
        return sum(other.container == scope.inner[path[-1]].container for other in scope.inner)

    def _repeated(
        self, state: State, chain: list[Scope], path: tuple[int, ...], node: FlowNode, place: int
    ) -> Iterator[Step]:
        rounds = self.repeats[node.id]
        if rounds.least == 0:
            yield from (Step(node.id, "skip", flows, path, (place,)) for flows in self.choices(node.id))
        if rounds.most == 0:
            return
        if self.opens(node.id):
            yield Step(node.id, "enter", (), path, (place,))
        elif rounds.most is not None:
            yield Step(node.id, "begin", (), path, (place,))
        else:
            yield Step(node.id, "again", (), path)
            yield from super()._at_place(state, chain, path, place)

    def _instance(self, state: State, scope: Scope, path: tuple[int, ...], place: int) -> Iterator[Step]:
        node = self.target(place)
        left = scope.tokens.count(place)
        if left > 1:
            yield Step(node.id, "again", (), path, (place,))
        if left == 1 or self.repeats[node.id].early:
            yield from (Step(node.id, "pass", flows, path, (place,) * left) for flows in self.choices(node.id))
        for step in self._task_boundaries(state, node, path, place):
            yield step._replace(take=(place,) * left) if step.take else step

    def _offers(self, path: tuple[int, ...], child: Scope, node: SubProcess) -> Iterator[Step]:
        """Which activities of an ad-hoc process may be started now."""
        if node.ordering == "Sequential" and (child.tokens or child.inner):
            return
        running = {self.element(place) for place in child.tokens} | {scope.container for scope in child.inner}
        for start in self.graph.starts(node.id):
            if start.id not in running:
                yield Step(start.id, "offer", (), path)

    # --- complex gateways --------------------------------------------------------------------------------------

    def _complex(self, scope: Scope, path: tuple[int, ...], node: FlowNode, place: int) -> Iterator[Step]:
        held = tuple(i for i in self.incoming(node.id) if i in scope.tokens)
        if self._resetting[node.id] in scope.tokens or (held and held[0] != place) or place < 0:
            return
        if len(held) in self._enough[node.id]:
            yield from (Step(node.id, "pass", flows, path, held) for flows in self.choices(node.id))

    def _reset(self, scope: Scope, path: tuple[int, ...], place: int) -> Iterator[Step]:
        gate = self.element(place)
        spent = {i for i in self.incoming(gate) if self._spent[gate, i] in scope.tokens}
        late = [i for i in self.incoming(gate) if i not in spent]
        positions = {p for p in scope.tokens if p not in self._memory}
        positions |= {self.place(child.container) for child in scope.inner}
        if all(i in scope.tokens or not positions & self.backs(gate)[i] for i in late):
            marks = (place, *(self._spent[gate, i] for i in sorted(spent)))
            yield Step(gate, "reset", (), path, (*marks, *(i for i in late if i in scope.tokens)))

    def _activation(self, gate: str) -> frozenset[int]:
        """With how many inputs the gateway may fire; any number if its condition asks for something else."""
        node = self.graph.nodes[gate]
        numbers = range(1, len(self.incoming(gate)) + 1)
        condition = node.activation if isinstance(node, Gateway) else None
        if condition is None:
            return frozenset(numbers)
        try:
            tree = parse_expression(condition.text.removeprefix("=").strip())
            if not free_names(tree) <= {"activationCount"}:
                return frozenset(numbers)
            found = {n for n in numbers if evaluate(tree, {"activationCount": Decimal(n)}) is True}
        except LichtungError:
            return frozenset(numbers)
        return frozenset(found)

    # --- compensation ------------------------------------------------------------------------------------------

    def _handlers(self) -> Mapping[str, str]:
        """Activity -> what undoes it: associated with its compensation boundary event, or its event sub-process."""
        found: dict[str, str] = {}
        hosts = {
            node.id: node.attached_to or ""
            for node in self.graph.process.nodes
            if isinstance(node, Event)
            and node.type == "boundaryEvent"
            and any(d.kind == "compensate" for d in node.definitions)
        }
        for association in self.graph.process.associations:
            if association.source in hosts and association.target in self.graph.nodes:
                found[hosts[association.source]] = association.target
        for boundary, host in hosts.items():
            for flow in self.graph.outgoing.get(boundary, ()):
                found.setdefault(host, flow.target)
        for node in self.graph.process.nodes:
            for listener in self.graph.listeners(node.id):
                starts = [start for start in self.graph.starts(listener.id) if isinstance(start, Event)]
                if any(d.kind == "compensate" for start in starts for d in start.definitions):
                    found.setdefault(node.id, listener.id)
        return found

    def _undoes(self, node: Event) -> bool:
        if node.type not in ("endEvent", "intermediateThrowEvent"):
            return False
        return any(d.kind in ("compensate", "cancel") for d in node.definitions)

    def _to_undo(self, chain: list[Scope], node: Event) -> list[str]:
        """The handlers that an event starts, in their order: what was completed last is undone first."""
        done = list(chain[-1].done)
        around = self.graph.nodes.get(chain[-1].container)
        if isinstance(around, SubProcess) and around.triggered_by_event and len(chain) > 1:
            done = [*chain[-2].done, *done]
        wanted = {d.activity_ref for d in node.definitions if d.kind == "compensate" and d.activity_ref}
        if wanted:
            done = [handler for handler in done if any(self.undone_by.get(one) == handler for one in wanted)]
        return done[::-1]

    def _undoing(self, state: State, path: tuple[int, ...], child: Scope, node: Event) -> Iterator[Step]:
        if child.tokens or child.inner:
            return
        if child.done:
            yield Step(node.id, "undo", (), path)
        elif throws(node) is None:
            yield from (Step(node.id, "pass", flows, path) for flows in self.choices(node.id))
        else:  # a cancelled transaction is undone: now its boundary event goes on
            scope, chain = state.root, [state.root]
            for i in path[:-1]:
                scope = scope.inner[i]
                chain.append(scope)
            for step in self._event(node, chain, path[:-1], 0):
                yield step._replace(take=())

    # --- what then is ------------------------------------------------------------------------------------------

    def _apply(self, chain: list[_Live], step: Step, fired: set[str]) -> None:
        scope = chain[-1]
        if step.kind == "begin":
            most = self.repeats[step.node].most or 0
            scope.tokens += [self._instances[step.node]] * most
        elif step.kind == "offer":
            scope.tokens.append(self.place(step.node))
        elif step.kind == "again":
            self._again(chain, step)
        elif step.kind == "skip":
            self._put(scope, step.flows)
        elif step.kind == "undo":
            self._undo(chain, step)
        elif step.kind == "enter":
            self._enter(scope, step.node)
        elif step.kind == "pass" and self._within(chain, step):  # everything is undone, the event goes on
            chain[-2].inner[:] = [other for other in chain[-2].inner if other is not scope]
            self._put(chain[-2], step.flows)
        elif step.kind != "reset":
            if step.kind == "complete":
                self._leave(chain, step)
            super()._apply(chain, step, fired)
            self._passed(scope, step)

    @staticmethod
    def _within(chain: list[_Live], step: Step) -> bool:
        """Whether a step belongs to the scope of its own node (a process may share its id with a node)."""
        return len(chain) > 1 and chain[-1].container == step.node

    def _enter(self, scope: _Live, node: str) -> None:
        rounds = self.repeats.get(node)
        number = rounds.most if rounds is not None and rounds.beside and rounds.most else 1
        starts = [] if self._ad_hoc(node) else list(self._start_places(node))
        scope.inner += [_Live(node, list(starts), []) for _ in range(number)]

    def _again(self, chain: list[_Live], step: Step) -> None:
        scope = chain[-1]
        if not self._within(chain, step):
            return  # a task: its token stays, or the instance's is taken
        parent, rounds = chain[-2], self.repeats[step.node]
        parent.inner[:] = [other for other in parent.inner if other is not scope]
        if not rounds.beside:
            self._enter(parent, step.node)

    def _leave(self, chain: list[_Live], step: Step) -> None:
        """A sub-process is over: what can be undone is the parent's now; instances beside it go with it."""
        scope, parent = chain[-1], chain[-2]
        if handler := self.undone_by.get(step.node):
            self._remember(parent, handler)
        else:
            for handler in scope.done:
                self._remember(parent, handler)
        rounds = self.repeats.get(step.node)
        if rounds is not None and rounds.beside and rounds.most is not None:
            parent.inner[:] = [o for o in parent.inner if o is scope or o.container != step.node]

    def _passed(self, scope: _Live, step: Step) -> None:
        if step.kind == "pass" and step.node in self._resetting:
            held = {place for place in step.take if place >= 0}
            if held != set(self.incoming(step.node)):
                scope.tokens.append(self._resetting[step.node])
                scope.tokens += [self._spent[step.node, i] for i in sorted(held)]
        elif step.kind == "pass" and step.node in self.undone_by and not step.catcher:
            self._remember(scope, self.undone_by[step.node])

    def _remember(self, scope: _Live, handler: str) -> None:
        if not self.once or handler not in scope.done:
            scope.done.append(handler)

    def _undo(self, chain: list[_Live], step: Step) -> None:
        scope = chain[-1]
        if self._within(chain, step):
            scope.tokens.append(self.place(scope.done.pop(0)))
            return
        node = self.graph.nodes[step.node]
        if not isinstance(node, Event):
            raise KeyError(step.node)
        frozen = [Scope(live.container, done=tuple(live.done)) for live in chain]
        handlers = self._to_undo(frozen, node)
        for live in chain[-2:]:
            live.done[:] = [handler for handler in live.done if handler not in handlers]
        if throws(node) is not None:
            scope.clear()
        scope.inner.append(_Live(step.node, [self.place(handlers[0])], [], done=handlers[1:]))


def _repetition(node: Activity) -> Repeats | None:
    loop = node.loop
    if loop is None:
        return None
    if loop.kind == "standard":
        most = loop.maximum if loop.maximum is not None and loop.maximum <= MOST_INSTANCES else None
        return Repeats(0 if loop.test_before else 1, most, True, False)
    number = _literal(loop.cardinality) if loop.collection is None else None
    early = loop.completion_condition is not None
    if number is None or number > MOST_INSTANCES:
        return Repeats(0 if number is None else 1, None, early, False)
    return Repeats(0 if number == 0 else 1, number, early, loop.kind == "parallel")


def _literal(expression: Expression | None) -> int | None:
    text = "" if expression is None else expression.text.strip().removeprefix("=").strip()
    text = text[2:-1].strip() if text[:2] in ("${", "#{") and text.endswith("}") else text
    return int(text) if text.isdecimal() and len(text) < 6 else None
