"""The token game with an eye on the data: two guards on the same unchanged datum never contradict each other.

Conditions that compare one datum each with constants (and their conjunctions, disjunctions, negations) cut its values
into finitely many classes: a truth value; a text that is named somewhere, or any other; a number at, between and beyond
the bounds; no value. The game remembers which classes earlier guards left open, and forgets them when a step writes
the datum. A condition it cannot read, and a step of which nobody recorded what it writes, leave everything open ("both
ways"): a run of this game is always a run of the diagram, and no run that the data allow is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

from bpm.errors import LichtungError
from bpm.feel import evaluate, parse_expression
from bpm.feel.juel import parse_juel
from bpm.feel.syntax import tree
from bpm.feel.syntax.walk import children
from bpm.model.graph import Graph
from bpm.model.process import Expression, Process
from bpm.model.tokens import State, Step
from bpm.model.whole import WholeGame

MOST_COMBINATIONS = 64
"""More combinations of classes at one node than this are not told apart."""

Known = tuple[tuple[str, frozenset[int]], ...]


class GuardedGame(WholeGame):
    """`writes`: node -> items it gives a value; behind nodes of `forgets` any datum may have changed."""

    def __init__(
        self,
        process: Process | Graph,
        *,
        once: bool = False,
        writes: Mapping[str, Collection[str]] | None = None,
        forgets: Collection[str] = (),
    ) -> None:
        super().__init__(process, once=once)
        self._writes = writes or {}
        self._forgets = frozenset(forgets)
        self._trees = {i: read for i, flow in enumerate(self.graph.flows) if (read := _readable(flow.condition))}
        self.classes = self._cut()
        self._asked = {node: items for node in self.graph.nodes if (items := self._items(node))}
        self._ways: dict[tuple[str, Known], dict[frozenset[str], tuple[Known, ...]]] = {}

    def _cut(self) -> Mapping[str, tuple[Any, ...]]:
        """Item -> one value of each class that the conditions of the process tell apart; the last is no value."""
        literals: dict[str, set[Any]] = {}
        for root in self._trees.values():
            for item, values in _literals(root):
                literals.setdefault(item, set()).update(values)
        return {item: _classes(values) for item, values in sorted(literals.items())}

    def _items(self, node: str) -> tuple[str, ...]:
        """The items that decide where a node goes; empty if a condition of it cannot be read, or it has none."""
        asked: set[str] = set()
        default = self.graph.nodes[node].default
        for i in self._out[node]:
            flow = self.graph.flows[i]
            if i in self._trees:
                asked |= {item for item, _ in _literals(self._trees[i])}
            elif flow.condition is not None or (self._guarded(node) and flow.id != default):
                return ()
        size = 1
        for item in asked:
            size *= len(self.classes[item])
        return tuple(sorted(asked)) if size <= MOST_COMBINATIONS else ()

    def _guarded(self, node: str) -> bool:
        return self.graph.nodes[node].type in ("exclusiveGateway", "inclusiveGateway", "complexGateway")

    # --- what can happen ---------------------------------------------------------------------------------------

    def enabled(self, state: State) -> tuple[Step, ...]:
        """Every step that the data allow next.

        Raises:
            TooManyChoices: see `TokenGame.choices`.
        """
        steps: list[Step] = []
        for step in super().enabled(state):
            if step.node not in self._asked or not step.flows or not self._goes_on(step):
                steps.append(step)
                continue
            known = self._after(state.known, step.node)
            steps += [
                step._replace(shows=shows) for shows in self._shown(step.node, known).get(frozenset(step.flows), ())
            ]
        return tuple(steps)

    def _goes_on(self, step: Step) -> bool:
        own = {self.keys[i] for i in self._out[step.node]}
        return set(step.flows) <= own

    def _shown(self, node: str, known: Known) -> dict[frozenset[str], tuple[Known, ...]]:
        """For each set of flows that may be taken, what is known of the items then."""
        items = self._asked[node]
        key = (node, tuple(entry for entry in known if entry[0] in items))
        if key not in self._ways:
            possible = dict(known)
            ranges = [sorted(possible.get(item, range(len(self.classes[item])))) for item in items]
            found: dict[frozenset[str], list[Known]] = {}
            for combination in product(*ranges):
                shows = tuple((item, frozenset({n})) for item, n in zip(items, combination, strict=True))
                values = {item: self.classes[item][n] for item, n in zip(items, combination, strict=True)}
                for flows in self._taken(node, values):
                    found.setdefault(flows, []).append(shows)
            self._ways[key] = {flows: _joined(entries) for flows, entries in found.items()}
        return self._ways[key]

    def _taken(self, node: str, values: Mapping[str, Any]) -> Iterator[frozenset[str]]:
        """The flows that these values open; where none opens and there is no default: any the diagram allows."""
        found, out = self.graph.nodes[node], self._out[node]
        default = [i for i in out if self.graph.flows[i].id == found.default]
        free = [i for i in out if i in self._trees and i not in default]
        true = [i for i in free if evaluate(self._trees[i], values) is True]
        if found.type == "exclusiveGateway":
            taken = true[:1] or default
        elif self._guarded(node):
            taken = true or default
        else:
            always = [i for i in out if i not in self._trees and i not in default]
            taken = [*always, *true] or default
        if taken:
            yield frozenset(self.keys[i] for i in taken)
        else:
            yield from (frozenset(flows) for flows in self.choices(node))

    # --- what then is ------------------------------------------------------------------------------------------

    def fire(self, state: State, step: Step) -> State:
        """The marking after a step that `enabled` listed, with what is known of the data then."""
        known = dict(self._after(state.known, step.node)) | dict(step.shows)
        everything = {item: frozenset(range(len(values))) for item, values in self.classes.items()}
        kept = tuple(sorted((item, left) for item, left in known.items() if left != everything[item]))
        return super().fire(state, step)._replace(known=kept)

    def _after(self, known: Known, node: str) -> Known:
        if node in self._forgets:
            return ()
        written = self._writes.get(node, ())
        return tuple(entry for entry in known if entry[0] not in written)


def _joined(entries: list[Known]) -> tuple[Known, ...]:
    """Of one item, the classes together; of several, each combination of its own, since they depend on each other."""
    if len(entries[0]) != 1:
        return tuple(entries)
    item = entries[0][0][0]
    return (((item, frozenset[int]().union(*(entry[0][1] for entry in entries))),),)


def _readable(condition: Expression | None) -> tree.Node | None:
    """The condition as a tree if every part of it compares one datum with constants."""
    if condition is None:
        return None
    text = condition.text.strip()
    try:
        root = parse_juel(text) if text[:2] in ("${", "#{") else parse_expression(text.removeprefix("=").lstrip())
    except LichtungError:
        return None
    return root if condition.language in ("feel", "juel") and _simple(root) else None


def _simple(root: tree.Node) -> bool:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Logic):
            stack += [node.left, node.right]
        elif isinstance(node, tree.Invocation):
            if node.function != tree.Name("not") or len(node.arguments) != 1 or node.named:
                return False
            stack.append(node.arguments[0])
        elif isinstance(node, tree.Comparison):
            sides = (node.left, node.right)
            names = [side for side in sides if isinstance(side, tree.Name)]
            values = [_value(side) for side in sides if not isinstance(side, tree.Name)]
            if len(names) != 1 or not values[0][0]:
                return False
            if isinstance(values[0][1], str) and node.operator not in ("=", "!="):
                return False
        elif isinstance(node, tree.Between):
            if not isinstance(node.value, tree.Name) or not all(_is_number(it) for it in (node.low, node.high)):
                return False
        elif not isinstance(node, tree.Name | tree.Boolean):
            return False
    return True


def _is_number(node: tree.Node) -> bool:
    there, value = _value(node)
    return there and isinstance(value, Decimal)


def _value(node: tree.Node) -> tuple[bool, Any]:
    """Whether a node is a constant, and which."""
    if isinstance(node, tree.Number | tree.String | tree.Boolean):
        return True, node.value
    if isinstance(node, tree.Null):
        return True, None
    if isinstance(node, tree.Negation) and isinstance(node.operand, tree.Number):
        return True, -node.operand.value
    return False, None


def _literals(root: tree.Node) -> Iterator[tuple[str, set[Any]]]:
    """(item, constants it is compared with) of each comparison of a simple condition."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Comparison | tree.Between):
            parts = [child for child, _ in children(node)]
            names = [part.name for part in parts if isinstance(part, tree.Name)]
            yield names[0], {_value(part)[1] for part in parts if not isinstance(part, tree.Name)}
        elif isinstance(node, tree.Name):
            yield node.name, {True}
        elif isinstance(node, tree.Logic):
            stack += [node.left, node.right]
        elif isinstance(node, tree.Invocation):
            stack.append(node.arguments[0])


def _classes(literals: set[Any]) -> tuple[Any, ...]:
    texts = sorted(value for value in literals if isinstance(value, str))
    numbers = sorted(value for value in literals if isinstance(value, Decimal))
    found: list[Any] = []
    if any(isinstance(value, bool) for value in literals):
        found += [True, False]
    if numbers:
        found += [numbers[0] - 1]
        for one, after in zip(numbers, [*numbers[1:], None], strict=True):
            found += [one, one + 1 if after is None else (one + after) / 2]
    other = "?"
    while other in texts:
        other += "?"
    return (*found, *texts, other, None)
