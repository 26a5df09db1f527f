"""The conditions of an exclusive gateway as a decision table, so that they can be put on trial like its rules.

The flows are asked in their order in the file, the first true one is taken, else the default flow: that is a FIRST
table whose result is the node behind the flow; two flows to one node say the same. A condition must be a conjunction of
conditions on one datum each; a gateway with any other condition is *no table*, and the reason is told. What values the
data can have is not known here: a guard that never decides is proven for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from bpm.analyser.boxes import Boxes, Column, column
from bpm.analyser.given import TableAt
from bpm.analyser.tables import Geometry
from bpm.errors import FeelError
from bpm.feel import parse_expression, ranges
from bpm.feel.juel import parse_juel
from bpm.feel.ranges import Region
from bpm.feel.syntax.tree import Boolean, Comparison, Invocation, Logic, Name, Node, Null, Path, Test, UnaryTests
from bpm.feel.syntax.walk import children
from bpm.model.decision import DecisionModel, DecisionTable, InputClause, OutputClause, Rule
from bpm.model.process import Gateway, Process, SequenceFlow

ASKED = Name("?")


@dataclass(frozen=True, slots=True)
class Guards:
    """A gateway with its flows in the order they are asked (the default flow aside), and their table or why there is
    none (by language)."""

    gateway: Gateway
    flows: tuple[SequenceFlow, ...]
    shape: Geometry | None
    reason: Mapping[str, str] | None = None

    def condition(self, number: int) -> str:
        """The text of the 1-based flow's condition, white space normalised; empty where it has none."""
        condition = self.flows[number - 1].condition
        return "" if condition is None else " ".join(condition.text.split())


class _NoTable(Exception):
    """A condition is no conjunction; carries the reason by language."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.reason = {"de": de, "en": en}


def guards_of(process: Process, path: str) -> Iterator[Guards]:
    """Every exclusive gateway of a process where the data decide, in document order."""
    for node in process.nodes:
        if not isinstance(node, Gateway) or node.type != "exclusiveGateway":
            continue
        out = [flow for flow in process.flows if flow.source == node.id]
        asked = tuple(flow for flow in out if flow.id != node.default)
        if len(out) < 2 or all(flow.condition is None for flow in asked):
            continue
        default = next((flow for flow in out if flow.id == node.default), None)
        try:
            yield Guards(node, asked, _shape(node, asked, default, path))
        except _NoTable as problem:
            yield Guards(node, asked, None, problem.reason)


def _shape(node: Gateway, asked: Sequence[SequenceFlow], default: SequenceFlow | None, path: str) -> Geometry:
    rows = [_regions(flow) for flow in asked]
    names = list(dict.fromkeys(name for row in rows for name in row))
    for one in names:
        if any(other != one and other[: len(one)] == one for other in names):
            raise _NoTable(f"{'.'.join(one)!r} und ein Teil davon", f"{'.'.join(one)!r} and a part of it")
    columns = tuple(_column(name, [row.get(name, (ranges.ALL, False)) for row in rows]) for name in names)
    texts = [ranges.literal(flow.target) for flow in asked]
    table = DecisionTable(
        node.id,
        "FIRST",
        None,
        tuple(InputClause(f"{node.id}-{n}", it.expression, it.expression) for n, it in enumerate(columns)),
        (OutputClause(f"{node.id}-way", "way", default=None if default is None else ranges.literal(default.target)),),
        tuple(Rule(flow.id, (), (text,), line=flow.line) for flow, text in zip(asked, texts, strict=True)),
    )
    at = TableAt(DecisionModel(path, "", "", "", ()), node.id, node.name or node.id, table, None)
    outputs = tuple((("constant", "string", flow.target),) for flow in asked)
    return Geometry(at, Boxes(columns, len(asked)), outputs)


def partial_regions(flow: SequenceFlow) -> tuple[dict[tuple[str, ...], Region], bool]:
    """What a condition asks of each datum alone, and whether that is all it asks.

    Parts that are about several data, or are no FEEL, are left out: the condition may ask more, never less. Two types
    for one datum: nothing is told of it."""
    found: dict[tuple[str, ...], Region] = {}
    mixed: set[tuple[str, ...]] = set()
    whole = flow.condition is not None
    try:
        parts = [] if flow.condition is None else list(_conjuncts(_parse(flow)))
    except _NoTable:
        return {}, False
    for part in parts:
        paths = set(_paths(part))
        name = next(iter(paths), ())
        region = ranges.region(UnaryTests((Test("?", _about(part, name)),))) if len(paths) == 1 else None
        if region is None:
            whole = False
            continue
        both = meet(found[name], region) if name in found else region
        if both is None:
            mixed.add(name)
        else:
            found[name] = both
    return {name: region for name, region in found.items() if name not in mixed}, whole and not mixed


def meet(one: Region, other: Region) -> Region | None:
    """The values of both; None where they are values of different types, of which nothing is said."""
    kinds = {ranges.kind_of(bound) for region in (one, other) for bound in region.values()}
    return None if len(kinds) > 1 else ranges.intersection(one, other)


def _column(name: tuple[str, ...], cells: Sequence[tuple[Region, bool]]) -> Column:
    kinds = {ranges.kind_of(bound) for region, _ in cells for bound in region.values()}
    text = ".".join(name)
    if len(kinds) > 1:
        raise _NoTable(f"{text!r} wird mit verschiedenen Typen verglichen", f"{text!r} is compared with several types")
    return column(
        text, next(iter(kinds), ""), [region for region, _ in cells], with_null=any(null for _, null in cells)
    )


def _regions(flow: SequenceFlow) -> dict[tuple[str, ...], tuple[Region, bool]]:
    """What a condition asks of each datum, and whether it names null."""
    found: dict[tuple[str, ...], tuple[Region, bool]] = {}
    for part in [] if flow.condition is None else _conjuncts(_parse(flow)):
        paths = set(_paths(part))
        region = None
        if len(paths) == 1:
            region = ranges.region(UnaryTests((Test("?", _about(part, next(iter(paths)))),)))
        if region is None:
            text = " ".join(flow.condition.text.split())[:80] if flow.condition is not None else ""
            raise _NoTable(
                f"{text!r} ist keine Verbindung von Bedingungen an je eine Angabe",
                f"{text!r} is no conjunction of conditions on one datum each",
            )
        name, null = next(iter(paths)), _names_null(part)
        if name in found:
            region, null = ranges.intersection(found[name][0], region), null or found[name][1]
        found[name] = (region, null)
    return found


def _parse(flow: SequenceFlow) -> Node:
    condition = flow.condition
    text = "" if condition is None else condition.text.strip()
    try:
        if text[:2] in ("${", "#{"):
            return parse_juel(text)
        if condition is not None and condition.language == "feel":
            return parse_expression(text.removeprefix("=").lstrip())
    except FeelError:
        pass
    raise _NoTable(f"{text[:80]!r} ist kein FEEL", f"{text[:80]!r} is no FEEL")


def _conjuncts(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Logic) and node.operator == "and":
            stack += [node.right, node.left]
        else:
            yield node


def _paths(root: Node) -> Iterator[tuple[str, ...]]:
    """The data a condition reads, each as the names of its path."""
    stack = [root]
    while stack:
        node = stack.pop()
        names: list[str] = []
        inner = node
        while isinstance(inner, Path):
            names.append(inner.name)
            inner = inner.value
        if isinstance(inner, Name):
            yield (inner.name, *reversed(names))
        elif isinstance(node, Invocation) and isinstance(node.function, Name):
            stack.extend((*node.arguments, *(argument for _, argument in node.named)))
        else:
            stack.extend(child for child, _ in children(node))


def _about(node: Node, path: tuple[str, ...]) -> Node:
    """The condition with `?` for its only datum; a datum alone, or `not` of it, is a comparison with true or false."""
    whole: Node = Name(path[0])
    for part in path[1:]:
        whole = Path(whole, part)
    found = _swap(node, whole)
    if found == ASKED:
        return Comparison("=", ASKED, Boolean(True))
    if found == Invocation(Name("not"), (ASKED,), ()):
        return Comparison("=", ASKED, Boolean(False))
    return found  # type: ignore[no-any-return]


def _swap(part: Any, old: Node) -> Any:
    if part == old:
        return ASKED
    if isinstance(part, tuple):
        return tuple(_swap(entry, old) for entry in part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{it.name: _swap(getattr(part, it.name), old) for it in fields(part)})
    return part


def _names_null(root: Node) -> bool:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Null):
            return True
        stack.extend(child for child, _ in children(node))
    return False
