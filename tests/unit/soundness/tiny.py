"""Small random flow graphs and their soundness by brute force, with a semantics of its own.

Nothing here uses the token game or the analyser: markings count tokens by flow, and steps are written down once more
from BPMN 2.0.2, 13.3.2 and 13.4.1-13.4.3. A graph has a start event, end events, tasks, and exclusive, parallel and
inclusive gateways; it is drawn at random, so most graphs are unsound.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from bpm.model.process import Process
from tests.unit.tokens.drawing import draw

Marking = tuple[int, ...]
GATES = ("xor", "and", "or")
DEFECTS = ("deadlock", "livelock", "unsafe")


@dataclass(frozen=True)
class Verdict:
    """Lengths of the shortest traces (None: no such defect), and the tasks that no marking enables. `whole` is False
    if there were too many markings: then only a length of `unsafe` means anything."""

    deadlock: int | None
    livelock: int | None
    unsafe: int | None
    dead: frozenset[str]
    whole: bool = True


@dataclass(frozen=True)
class Tiny:
    """`kinds` of the nodes by number (0 is the start), `flows` as (source, target); `default` flow of a node if any."""

    kinds: tuple[str, ...]
    flows: tuple[tuple[int, int], ...]
    default: tuple[tuple[int, int], ...] = ()

    def text(self) -> str:
        """The graph as the drawing language has it."""
        lines = []
        defaults = dict(self.default)
        for node, kind in enumerate(self.kinds):
            marks = {flow: "!" for flow in [defaults.get(node)] if flow is not None}
            targets = [f"n{t}{marks.get(i, '')}" for i, (s, t) in enumerate(self.flows) if s == node]
            lines.append(f"{kind} n{node} : " + " ".join(targets))
        return "\n".join(lines)

    def process(self) -> Process:
        return draw(self.text())


def random_graph(seed: int, largest: int = 12) -> Tiny:
    """A graph of 3 to `largest` nodes, every one on a way from the start; the same seed gives the same graph."""
    rng = random.Random(seed)
    number = rng.randint(3, largest)
    ends = rng.randint(1, 2) if number > 4 else 1
    last = number - ends
    flows = {(rng.randrange(max(1, min(node, last))), node) for node in range(1, number)}
    for node in range(last):
        if not any(source == node for source, _ in flows):
            flows.add((node, rng.randrange(node + 1, number)))
    for _ in range(rng.randint(0, number // 2)):
        flows.add((rng.randrange(last), rng.randrange(1, number)))
    flows = {(s, t) for s, t in flows if s != t}
    if rng.random() < 0.25:  # a loop without a way out
        node = rng.randrange(1, last) if last > 1 else 0
        back = rng.randrange(1, node) if node > 1 else None
        flows = {(s, t) for s, t in flows if back is None or s != node} | ({(node, back)} if back else set())
    kinds = ["start"]
    for node in range(1, last):
        several = max(sum(s == node for s, _ in flows), sum(t == node for _, t in flows)) > 1
        kinds.append(rng.choice(GATES) if several and rng.random() < 0.85 else rng.choice(("task", "task", "xor")))
    kinds += ["end"] * ends
    listed = tuple(sorted(flows))
    default = [
        (node, rng.choice([i for i, (s, _) in enumerate(listed) if s == node]))
        for node, kind in enumerate(kinds)
        if kind == "or" and rng.random() < 0.4 and sum(s == node for s, _ in listed) > 1
    ]
    return Tiny(tuple(kinds), listed, tuple(default))


class _Player:
    def __init__(self, graph: Tiny) -> None:
        self.graph = graph
        size = range(len(graph.kinds))
        self.into = [[i for i, (_, t) in enumerate(graph.flows) if t == node] for node in size]
        self.out = [[i for i, (s, _) in enumerate(graph.flows) if s == node] for node in size]
        self.default = dict(graph.default)

    def reaches(self, flow: int, wanted: int, gate: int) -> bool:
        """Whether a token on a flow can come to the wanted flow without passing the gate."""
        if flow == wanted:
            return True
        seen, todo = {flow}, [flow]
        while todo:
            node = self.graph.flows[todo.pop()][1]
            if node == gate:
                continue
            for after in self.out[node]:
                if after == wanted:
                    return True
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        return False

    def taken(self, marking: Marking, node: int) -> list[tuple[int, ...]]:
        """The sets of inputs that a node may take now."""
        held = [i for i in self.into[node] if marking[i]]
        kind = self.graph.kinds[node]
        if kind == "and":
            return [tuple(held)] if held and len(held) == len(self.into[node]) else []
        if kind == "or" and held:
            empty = [i for i in self.into[node] if not marking[i]]
            for flow in [i for i, count in enumerate(marking) if count]:
                comes = any(self.reaches(flow, i, node) for i in empty)
                if comes and not any(self.reaches(flow, i, node) for i in held):
                    return []
            return [tuple(held)]
        return [(i,) for i in held]

    def given(self, node: int) -> list[tuple[int, ...]]:
        """The sets of outputs that a node may give a token to."""
        out, kind = self.out[node], self.graph.kinds[node]
        if kind == "xor":
            return [(i,) for i in out] or [()]
        if kind != "or":
            return [tuple(out)]
        free = [i for i in out if i != self.default.get(node)]
        found = [part for size in range(1, len(free) + 1) for part in combinations(free, size)]
        return found + ([(self.default[node],)] if node in self.default else []) or [()]

    def steps(self, marking: Marking) -> Iterator[Marking]:
        for node in range(1, len(self.graph.kinds)):
            for inputs in self.taken(marking, node):
                for outputs in self.given(node):
                    after = list(marking)
                    for i in inputs:
                        after[i] -= 1
                    for i in outputs:
                        after[i] += 1
                    yield tuple(after)


def judge(graph: Tiny, limit: int = 600) -> Verdict:
    """Every verdict by looking at every marking, breadth first."""
    player = _Player(graph)
    first = tuple(int(i in player.out[0]) for i in range(len(graph.flows)))
    depth = {first: 1}  # the start event is the first step
    order, before = [first], dict[Marking, list[Marking]]()
    stuck, over = list[Marking](), list[Marking]()
    unsafe: int | None = None
    begun: set[int] = set()
    for marking in order:
        if unsafe is None and max(marking, default=0) > 1:
            unsafe = depth[marking]
        begun |= {node for node, kind in enumerate(graph.kinds) if kind == "task" and player.taken(marking, node)}
        after = list(player.steps(marking))
        for target in after:
            before.setdefault(target, []).append(marking)
            if target not in depth:
                depth[target] = depth[marking] + 1
                order.append(target)
        if not after:
            (stuck if any(marking) else over).append(marking)
        if len(order) > limit:
            return Verdict(None, None, unsafe, frozenset(), whole=False)
    good, todo = {*stuck, *over}, [*stuck, *over]
    while todo:
        for marking in before.get(todo.pop(), ()):
            if marking not in good:
                good.add(marking)
                todo.append(marking)
    dead = frozenset(f"n{i}" for i, kind in enumerate(graph.kinds) if kind == "task" and i not in begun)
    trapped = len(good) < len(order)
    return Verdict(
        min((depth[m] for m in stuck), default=None),
        # before the start event fires nothing is decided otherwise than after it
        (0 if first not in good else min(depth[m] for m in order if m not in good)) if trapped else None,
        unsafe,
        dead,
    )


def kinds_of(verdicts: list[Verdict]) -> Counter[str]:
    """How many verdicts name each defect."""
    found: Counter[str] = Counter()
    for verdict in verdicts:
        named = [name for name in DEFECTS if getattr(verdict, name) is not None] + ["dead"] * bool(verdict.dead)
        found.update(named or ["sound"])
    return found
