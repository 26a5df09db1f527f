"""Walking a tree without recursion, and the names it takes from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpm.feel.syntax import tree
from bpm.feel.syntax.tree import Node

Bound = frozenset[str]
_NONE: Bound = frozenset()


def free_names(node: Node, builtins: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names a tree reads from its scope: not those it binds itself, not `?`, and not called names in `builtins`."""
    found: set[str] = set()
    waiting: list[tuple[Node, Bound]] = [(node, _NONE)]
    while waiting:
        part, bound = waiting.pop()
        if isinstance(part, tree.Name):
            if part.name not in bound and part.name != "?":
                found.add(part.name)
            continue
        if (
            isinstance(part, tree.Invocation)
            and isinstance(part.function, tree.Name)
            and part.function.name in builtins
        ):
            waiting.extend((argument, bound) for argument in (*part.arguments, *(value for _, value in part.named)))
            continue
        waiting.extend(children(part, bound))
    return frozenset(found)


def children(node: Node, bound: Bound = _NONE) -> Iterator[tuple[Node, Bound]]:
    """The direct parts of a node, each with the names bound around it."""
    scoped = _SCOPED.get(type(node))
    if scoped is not None:
        yield from scoped(node, bound)
        return
    for attribute in _PARTS.get(type(node), ()):
        value = getattr(node, attribute)
        if isinstance(value, tuple):
            yield from ((item[1] if isinstance(item, tuple) else item, bound) for item in value)
        elif value is not None:
            yield value, bound


def _context(node: tree.Context, bound: Bound) -> Iterator[tuple[Node, Bound]]:
    for name, value in node.entries:
        yield value, bound
        bound = bound | {name}


def _filter(node: tree.Filter, bound: Bound) -> Iterator[tuple[Node, Bound]]:
    yield node.value, bound
    yield node.condition, bound | {"item"}


def _loop(node: tree.For | tree.Quantified, bound: Bound) -> Iterator[tuple[Node, Bound]]:
    for iteration in node.iterations:
        yield iteration.domain, bound
        if iteration.end is not None:
            yield iteration.end, bound
        bound = bound | {iteration.name}
    if isinstance(node, tree.For):
        yield node.result, bound | {"partial"}
    else:
        yield node.condition, bound


def _function(node: tree.FunctionDefinition, bound: Bound) -> Iterator[tuple[Node, Bound]]:
    yield node.body, bound | {parameter.name for parameter in node.parameters}


_SCOPED: dict[type[Node], Callable[..., Iterator[tuple[Node, Bound]]]] = {
    tree.Context: _context,
    tree.Filter: _filter,
    tree.For: _loop,
    tree.Quantified: _loop,
    tree.FunctionDefinition: _function,
}

_PARTS: dict[type[Node], tuple[str, ...]] = {
    tree.ListOf: ("items",),
    tree.Range: ("low", "high"),
    tree.Negation: ("operand",),
    tree.Arithmetic: ("left", "right"),
    tree.Comparison: ("left", "right"),
    tree.Logic: ("left", "right"),
    tree.Between: ("value", "low", "high"),
    tree.In: ("value", "tests"),
    tree.InstanceOf: ("value",),
    tree.If: ("condition", "then", "otherwise"),
    tree.Path: ("value",),
    tree.Invocation: ("function", "arguments", "named"),
    tree.Test: ("operand",),
    tree.UnaryTests: ("tests",),
}
