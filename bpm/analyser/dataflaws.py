"""What is wrong with the data of a process: missing, lost, inconsistent, never or twice destroyed.

The anti-patterns of Trčka, van der Aalst and Sidorova, "Data-flow anti-patterns: discovering data-flow errors in
workflows", 2009, on the markings of the token game, and only on what the model records:

* *missing*: a rule or guard needs a datum that has no value on some run; a person's or system's step reads one that
  cannot have a value yet on any run (people cope with "if there is one");
* *lost*: a value is overwritten before anybody could read it;
* *inconsistent*: one step writes a datum while another one, at the same time, uses it;
* *never destroyed*, *destroyed early*, *destroyed twice*: only of items that some step deletes.

A step that does not record its data may read or write anything: where one could heal the flaw, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bpm.analyser.dataflow import DataFlow
from bpm.analyser.datause import Use, item_name, names_in
from bpm.analyser.exploration import Runs, TooManyStates
from bpm.analyser.net import compile_net
from bpm.errors import LichtungError
from bpm.feel import free_names, parse_expression
from bpm.model.decision import DecisionTable
from bpm.model.process import Activity, BusinessRuleTask, Event, FlowNode
from bpm.model.tokens import TokenGame, TooManyChoices

STATES = 5_000
"""Markings looked at for one run before the answer is "not decided"."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """`elements` are the nodes it shows at, the one to repair first; `path` the nodes that fire until then. `kind` is
    missing, lost, inconsistent, never-destroyed, destroyed-early or destroyed-twice."""

    kind: str
    item: str
    elements: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """What could not be looked at, and why: `unrecorded`, `too-many` or `foreign`."""

    item: str
    element: str
    why: str


class Flaws:
    """All flaws of one data flow."""

    def __init__(self, flow: DataFlow) -> None:
        self.flow, self.graph = flow, flow.graph
        self.silent = tuple(node.id for node in self.graph.process.nodes if self._silent(node))

    @cached_property
    def _runs(self) -> Runs:
        return Runs(compile_net(TokenGame(self.graph, once=True)))

    def find(self) -> Iterator[Flaw | Undecided]:
        """In the order of the items, each flaw at most once per item and pair of nodes."""
        if TokenGame(self.graph, once=True).foreign():
            yield Undecided("", self.graph.process.id, "foreign")
            return
        for item, uses in self.flow.items.items():
            for search in (
                self._missing,
                self._lost,
                self._inconsistent,
                self._kept,
                self._used_after,
                self._destroyed_twice,
            ):
                yield from search(item, uses)

    def _silent(self, node: FlowNode) -> bool:
        """Whether a node may use data without saying so."""
        if self.flow.recorded(node.id):
            return False
        if isinstance(node, Event):
            return node.type != "startEvent" and any(d.kind == "message" for d in node.definitions) and _catches(node)
        return isinstance(node, Activity) and not self.graph.expanded(node.id)

    def _may_change(self, first: str | None, last: str, *, sending: bool = True) -> str | None:
        """A node that does not record its data and can come before `last` (after `first`) or beside it; what only
        sends may read, but gives nothing a value."""
        for node in self.silent:
            if not sending and self.graph.nodes[node].type == "sendTask":
                continue
            between = first is None or self.flow.precedes(first, node) or self.flow.concurrent(first, node)
            if between and (self.flow.precedes(node, last) or self.flow.concurrent(node, last)):
                return node
        return None

    def _run(self, item: str, element: str, remember: Callable[[int, str, str], int | None]) -> Flaw | Undecided | None:
        try:
            run = self._runs.find(STATES, remember, 2)
        except (TooManyStates, TooManyChoices):
            return Undecided(item, element, "too-many")
        return None if run is None else Flaw("", item, (element,), run)

    # --- missing -----------------------------------------------------------------------------------------------

    def _missing(self, item: str, uses: tuple[Use, ...]) -> Iterator[Flaw | Undecided]:
        if item in self.flow.given_at_start or all(use.said in ("mapping", "guard", "condition") for use in uses):
            return  # names of variables alone tell nothing about the data of the case
        writers = {use.element for use in uses if use.how == "write"}
        if not writers and not (not self.silent and self.flow.start_declared):
            return  # where it comes from is not recorded
        for reader in dict.fromkeys(use.element for use in uses if use.how == "read"):
            possible = {one for one in writers if one != reader and self._before(one, reader)}
            if possible and not self._needs_value(reader, item):
                continue
            if silent := self._may_change(None, reader, sending=False):
                yield Undecided(item, silent, "unrecorded")
                continue
            found = self._run(item, reader, _first_use(reader, frozenset(writers - {reader})))
            if isinstance(found, Flaw):
                yield Flaw("missing", item, (reader, *sorted(possible, key=self.graph.order.__getitem__)), found.path)
            elif found is not None:
                yield found

    def _before(self, writer: str, reader: str) -> bool:
        return self.flow.precedes(writer, reader) or self.flow.concurrent(writer, reader)

    def _needs_value(self, reader: str, item: str) -> bool:
        """Whether a rule breaks without the value: a guard without a default, a table whose every row asks for it."""
        node = self.graph.nodes[reader]
        said = {use.said for use in self.flow.uses[reader] if use.item == item and use.how == "read"}
        if "guard" in said and node.default is None and node.type in ("exclusiveGateway", "inclusiveGateway"):
            out = self.graph.outgoing[reader]
            return all(item in names_in(flow.condition) for flow in out)
        if "decision" in said and isinstance(node, BusinessRuleTask):
            return self._asks_always(node.decision or "", item)
        return False

    def _asks_always(self, decision: str, item: str) -> bool:
        at = self.flow.procedure.decision(decision)
        if at is None or not isinstance(at[1].logic, DecisionTable):
            return False
        table = at[1].logic
        if any(output.default for output in table.outputs) or not table.rules:
            return False
        for column, clause in enumerate(table.inputs):
            try:
                names = {item_name(name) for name in free_names(parse_expression(clause.expression))}
            except LichtungError:
                return False
            cells = [rule.inputs[column].strip() for rule in table.rules]
            if names == {item} and all(cell not in ("", "-") and "null" not in cell for cell in cells):
                return not any(cell.startswith("not(") for cell in cells)
        return False

    # --- lost --------------------------------------------------------------------------------------------------

    def _lost(self, item: str, uses: tuple[Use, ...]) -> Iterator[Flaw | Undecided]:
        if any(use.said == "association" for use in uses):
            return  # what is drawn into a data object or store may be added to what is there
        writers = list(dict.fromkeys(use.element for use in uses if use.how == "write"))
        if len(writers) < 2 or not any(use.how == "read" for use in uses):
            return
        for first in writers:
            if self.flow.readers(first, item):
                continue
            later = [one for one in writers if one != first and self.flow.precedes(first, one)]
            read = [one for one in later if self.flow.readers(one, item)]
            path = self.graph.path(first, read[0]) if read else None
            if path is None:
                continue
            if silent := read[0] if read[0] in self.silent else self._may_change(first, read[0]):
                yield Undecided(item, silent, "unrecorded")
            else:
                yield Flaw("lost", item, (first, read[0]), path)

    # --- inconsistent ------------------------------------------------------------------------------------------

    def _inconsistent(self, item: str, uses: tuple[Use, ...]) -> Iterator[Flaw | Undecided]:
        changing = list(dict.fromkeys(use.element for use in uses if use.how in ("write", "delete")))
        touching = list(dict.fromkeys(use.element for use in uses))
        told: set[frozenset[str]] = set()
        for one in changing:
            for other in touching:
                pair = frozenset({one, other})
                said = {use.said for use in uses if use.element in pair}
                if self._both_add(uses, pair):
                    continue
                if len(pair) < 2 or pair in told or said == {"mapping"} or not self.flow.concurrent(one, other):
                    continue
                told.add(pair)
                found = self._run(item, one, _both_orders(one, other))
                second = self._run(item, other, _both_orders(other, one)) if isinstance(found, Flaw) else None
                if isinstance(second, Flaw) and isinstance(found, Flaw):
                    yield Flaw("inconsistent", item, (one, other), found.path)
                elif isinstance(found, Undecided):
                    yield found

    @staticmethod
    def _both_add(uses: tuple[Use, ...], pair: frozenset[str]) -> bool:
        """Whether both only draw something into a data object or store, which may be added to what is there."""
        mine = [use for use in uses if use.element in pair]
        return all(use.how == "write" and use.said == "association" for use in mine)

    # --- destroyed ---------------------------------------------------------------------------------------------

    def _kept(self, item: str, uses: tuple[Use, ...]) -> Iterator[Flaw | Undecided]:
        deleters = frozenset(use.element for use in uses if use.how == "delete")
        writers = frozenset(use.element for use in uses if use.how == "write")
        if not deleters or not writers:
            return
        ends = frozenset(
            node
            for node in self.flow.outcomes
            if self.graph.nodes[node].parent == self.graph.process.id and node not in deleters
        )

        def remember(memory: int, node: str, kind: str) -> int | None:
            if node in deleters:
                return 0
            if node in writers and kind != "complete":
                return 1
            return 2 if memory == 1 and node in ends else memory

        found = self._run(item, sorted(writers)[0], remember)
        if isinstance(found, Flaw) and not any(self._may_follow(found.path[-1], one) for one in deleters):
            yield Flaw("never-destroyed", item, (found.path[-1], *sorted(deleters)), found.path)
        elif isinstance(found, Undecided):
            yield found

    def _may_follow(self, end: str, deleter: str) -> bool:
        return self.flow.concurrent(end, deleter)

    def _used_after(self, item: str, uses: tuple[Use, ...]) -> Iterator[Flaw | Undecided]:
        """Who reads what was deleted and not written again."""
        deleters = frozenset(use.element for use in uses if use.how == "delete")
        writers = frozenset(use.element for use in uses if use.how == "write")
        for reader in dict.fromkeys(use.element for use in uses if use.how == "read"):
            before = sorted(one for one in deleters if one != reader and self.flow.precedes(one, reader))
            if not before:
                continue
            if silent := self._may_change(before[0], reader, sending=False):
                yield Undecided(item, silent, "unrecorded")
                continue
            found = self._run(item, reader, _use_after(reader, deleters - {reader}, writers - {reader}))
            if isinstance(found, Flaw):
                last = [node for node in found.path if node in deleters][-1:]
                yield Flaw("destroyed-early", item, (reader, *last), found.path)
            elif found is not None:
                yield found

    def _destroyed_twice(self, item: str, uses: tuple[Use, ...]) -> Iterator[Flaw | Undecided]:
        deleters = frozenset(use.element for use in uses if use.how == "delete")
        writers = frozenset(use.element for use in uses if use.how == "write")
        if not deleters:
            return

        def remember(memory: int, node: str, kind: str) -> int | None:
            if node in writers and kind != "complete" and node not in deleters:
                return 0
            return memory if node not in deleters or kind == "complete" else memory + 1

        found = self._run(item, sorted(deleters)[0], remember)
        if isinstance(found, Flaw):
            both = [node for node in found.path if node in deleters]
            yield Flaw("destroyed-twice", item, tuple(dict.fromkeys(reversed(both[-2:]))), found.path)
        elif found is not None:
            yield found


def _first_use(reader: str, writers: frozenset[str]) -> Callable[[int, str, str], int | None]:
    """Runs on which nobody has written when `reader` reads."""

    def remember(memory: int, node: str, kind: str) -> int | None:
        if kind == "complete":
            return memory
        return 2 if node == reader else None if node in writers else memory

    return remember


def _use_after(reader: str, deleters: frozenset[str], writers: frozenset[str]) -> Callable[[int, str, str], int | None]:
    """Runs on which `reader` reads what was deleted and not written again."""

    def remember(memory: int, node: str, kind: str) -> int | None:
        if kind == "complete":
            return memory
        if node == reader:
            return 2 if memory == 1 else memory
        return 1 if node in deleters else 0 if node in writers else memory

    return remember


def _both_orders(first: str, second: str) -> Callable[[int, str, str], int | None]:
    """Runs on which `first` comes before `second` (asked both ways, this tells a race from an order)."""

    def remember(memory: int, node: str, kind: str) -> int | None:
        if kind == "complete":
            return memory
        if node == first:
            return 1
        return 2 if memory == 1 and node == second else None if node == second else memory

    return remember


def _catches(node: Event) -> bool:
    return node.type in ("intermediateCatchEvent", "boundaryEvent", "startEvent")
