"""Cases laid along a model: which ways they took, what they passed in silence, and where they do not fit.

Each recorded step is looked for in the token game by the cheapest way on: gateways and events cost next to nothing,
steps that no log would show little, recorded steps that this case leaves out much. A record that cannot be reached
within the limit is left out of the replay and counted; so is what the model had to invent. That is token replay with a
choice made step by step, not an optimal alignment; the share that fits is printed beside everything learned from it.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bpm.model.process import Activity, Event, Gateway, Process
from bpm.model.tokens import SILENT, State, Step, TokenGame

DEAREST = 12.0
MOST_STATES = 2_000
_FREE, _EVENT, _UNSEEN, _FORCED, _LEFT_OUT = 0.01, 0.1, 1.0, 5.0, 8.0


@dataclass(slots=True)
class Ways:
    """What a log says about a model's ways, counted over cases.

    `flows` [flow id] traversals, `visits` [gateway id] times it was passed, `decisions` (case variant, gateway, flow,
    position of the last record before it, -1: none), `passed` (variant, position of the record after) to the caught
    events in between; `recorded` and `fitting` count records, `cases` and `whole` cases that fit from start to end.
    """

    flows: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    decisions: list[tuple[int, str, str, int]] = field(default_factory=list)
    passed: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    misfits: Counter[str] = field(default_factory=Counter)
    recorded: int = 0
    fitting: int = 0
    cases: int = 0
    whole: int = 0


def follow(process: Process, variants: Sequence[tuple[Sequence[str], int]]) -> Ways:
    """Lay variants (element ids in order, number of cases) along `process`."""
    walker = _Walker(process, {element for trace, _ in variants for element in trace})
    found = Ways()
    for number, (trace, cases) in enumerate(variants):
        _lay(walker, found, number, trace, cases)
    return found


def _lay(walker: _Walker, found: Ways, number: int, trace: Sequence[str], cases: int) -> None:
    state: State = walker.game.initial()
    last, whole = -1, True
    for position, element in enumerate((*trace, None)):
        way = walker.way(state, element)
        if element is not None:
            found.recorded += cases
        if way is None:
            whole = False
            if element is not None:
                found.misfits[element] += cases
            continue
        steps, state = way
        found.fitting += cases if element is not None else 0
        silent = steps[:-1] if element is not None else steps
        whole = whole and not any(walker.price(step) >= _LEFT_OUT for step in silent)
        caught = tuple(step.node for step in silent if walker.waits(step))
        if caught and element is not None:
            found.passed[number, position] = caught
        for step in steps:
            for flow in (*step.flows, *step.catcher_flows):
                found.flows[flow] += cases
            if step.kind == "pass" and isinstance(walker.game.graph.nodes.get(step.node), Gateway):
                found.visits[step.node] += cases
                if len(step.flows) == 1:
                    found.decisions.append((number, step.node, step.flows[0], last))
        if element is not None:
            last = position
    found.cases += cases
    found.whole += cases if whole else 0


class _Walker:
    def __init__(self, process: Process, recorded: Collection[str]) -> None:
        self.game = TokenGame(process, once=True)
        self.recorded = frozenset(recorded)
        self._known: dict[tuple[State, str | None], tuple[tuple[Step, ...], State] | None] = {}
        self._price: dict[tuple[str, str], float] = {}

    def waits(self, step: Step) -> bool:
        node = self.game.graph.nodes.get(step.node)
        return node is not None and node.type == "intermediateCatchEvent" and step.kind not in SILENT

    def price(self, step: Step) -> float:
        """What it costs to take a step that was not recorded."""
        key = (step.node, step.kind)
        if key not in self._price:
            node = self.game.graph.nodes.get(step.node)
            if step.kind in ("boundary", "trigger"):
                price = _FORCED
            elif step.kind in SILENT or step.kind == "complete":
                price = _FREE
            elif isinstance(node, Activity):
                price = _LEFT_OUT if step.node in self.recorded else _UNSEEN
            else:
                price = _EVENT if isinstance(node, Event) and node.type == "intermediateCatchEvent" else _FREE
            self._price[key] = price
        return self._price[key]

    def way(self, state: State, element: str | None) -> tuple[tuple[Step, ...], State] | None:
        """The cheapest way on that ends with `element` (None: with the end of the case); None if there is none."""
        key = (state, element)
        if key not in self._known:
            self._known[key] = self._search(state, element)
        return self._known[key]

    def _search(self, state: State, element: str | None) -> tuple[tuple[Step, ...], State] | None:
        game, counter = self.game, 0
        before: dict[State, tuple[State, Step] | None] = {}
        queue: list[tuple[float, int, State, tuple[State, Step] | None]] = [(0.0, 0, state, None)]
        while queue and len(before) < MOST_STATES:
            cost, _, at, came = heapq.heappop(queue)
            if at in before:
                continue
            before[at] = came
            if element is None and game.ended(at):
                return _unwound(before, at), at
            for step in game.enabled(at):
                if step.node == element and step.kind not in SILENT and step.kind not in ("boundary", "trigger"):
                    return (*_unwound(before, at), step), game.fire(at, step)
                price = cost + self.price(step)
                if price <= DEAREST:
                    after = game.fire(at, step)
                    if after not in before:
                        counter += 1
                        heapq.heappush(queue, (price, counter, after, (at, step)))
        return None


def _unwound(before: dict[State, tuple[State, Step] | None], at: State) -> tuple[Step, ...]:
    steps: list[Step] = []
    while (came := before[at]) is not None:
        at, step = came
        steps.append(step)
    return tuple(reversed(steps))
