"""The expressions of BPSim: a subset of XPath 1.0 with four functions, as conditions, FEEL and choices of resources.

Numbers, strings, ``+ - * div mod``, comparisons, ``and or not()``, parentheses, ``getProperty(name)``,
``getResource(id, n)``, ``getResourceByRoles(role, .., n)``, ``orResource(a, b, ..)``; the prefix ``bpsim:`` may lack.
Anything else is refused; nothing is ever evaluated here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign><=|>=|!=|[-+*=<>(),])"
    r"|(?P<name>[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?))"
)
_LEVELS = (("or",), ("and",), ("=", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))
_NOT = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_FUNCTIONS = ("getProperty", "getResource", "getResourceByRoles", "orResource", "not", "true", "false")


class Unreadable(ValueError):
    """An expression outside the subset; the text says what."""


@dataclass(frozen=True, slots=True)
class Node:
    """`kind` is number, text, call or an operator; `value` a literal or function name."""

    kind: str
    value: Any = None
    parts: tuple[Node, ...] = ()


def parse(text: str) -> Node:
    """Raises Unreadable."""
    tokens, at = [], 0
    text = text.strip().removeprefix("{").removesuffix("}")
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None or found.end() == at:
            raise Unreadable(f"{text[at : at + 20]!r} is not understood")
        tokens.append((str(found.lastgroup), str(found.group(found.lastgroup or 0))))
        at = found.end()
    if len(tokens) > 200:
        raise Unreadable("longer than 200 words")
    parser = _Parser(tokens)
    node = parser.level(0)
    if parser.at < len(tokens):
        raise Unreadable(f"{tokens[parser.at][1]!r} is not expected")
    return node


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, wanted: str) -> None:
        if self.peek()[1] != wanted:
            raise Unreadable(f"{wanted!r} is missing")
        self.at += 1

    def level(self, depth: int) -> Node:
        if depth == len(_LEVELS):
            return self.single()
        left = self.level(depth + 1)
        while self.peek()[0] in ("sign", "name") and self.peek()[1] in _LEVELS[depth]:
            operator = self.peek()[1]
            self.at += 1
            left = Node(operator, None, (left, self.level(depth + 1)))
        return left

    def single(self) -> Node:
        kind, text = self.peek()
        self.at += 1
        self.depth += 1
        if self.depth > 100:
            raise Unreadable("nested deeper than 100")
        if kind == "number":
            return Node("number", float(text))
        if kind == "text":
            return Node("text", text[1:-1])
        if text == "-":
            return Node("-", None, (Node("number", 0.0), self.single()))
        if text == "(":
            inner = self.level(0)
            self.take(")")
            return inner
        name = text.rpartition(":")[2]
        if kind != "name" or name not in _FUNCTIONS:
            raise Unreadable(f"{text or 'the end'!r} is not expected")
        self.take("(")
        parts = []
        while self.peek()[1] != ")":
            parts.append(self.level(0))
            if self.peek()[1] == ",":
                self.at += 1
            elif self.peek()[1] != ")":
                raise Unreadable("',' or ')' is missing")
        self.take(")")
        return Node("call", name, tuple(parts))


def rules_of(text: str) -> list[list[dict[str, Any]]]:
    """A condition as Prosimos' outer or, inner and: comparisons of a property with a constant. Raises Unreadable."""
    return _rules(parse(text), positive=True)


def _rules(node: Node, *, positive: bool) -> list[list[dict[str, Any]]]:
    if node.kind == "call" and node.value == "not" and len(node.parts) == 1:
        return _rules(node.parts[0], positive=not positive)
    if node.kind == "call" and node.value in ("true", "false"):
        return [[]] if (node.value == "true") == positive else []
    if node.kind in ("and", "or"):
        left, right = (_rules(part, positive=positive) for part in node.parts)
        if (node.kind == "or") == positive:
            return left + right
        joined = [one + other for one in left for other in right]
        if len(joined) > 64:
            raise Unreadable("more than 64 alternatives")
        return joined
    if node.kind in _NOT:
        name, sign, value = _comparison(node)
        return [[{"attribute": name, "comparison": sign if positive else _NOT[sign], "value": value}]]
    if (flag := _property(node)) is not None:
        return [[{"attribute": flag, "comparison": "=" if positive else "!=", "value": True}]]
    raise Unreadable("a condition compares a property with a constant")


def _comparison(node: Node) -> tuple[str, str, Any]:
    left, right = node.parts
    sign = node.kind
    if _property(left) is None:
        left, right, sign = right, left, _TURNED[sign]
    named, value = _property(left), _constant(right)
    if named is None or value is None:
        raise Unreadable("a condition compares a property with a constant")
    return named, sign, value


def _property(node: Node) -> str | None:
    if node.kind == "call" and node.value == "getProperty" and len(node.parts) == 1 and node.parts[0].kind == "text":
        return str(node.parts[0].value)
    return None


def _constant(node: Node) -> float | str | bool | None:
    if node.kind in ("number", "text"):
        return node.value  # type: ignore[no-any-return]
    if node.kind == "call" and node.value in ("true", "false"):
        return bool(node.value == "true")
    if node.kind == "-" and node.parts[0].value == 0.0 and node.parts[1].kind == "number":
        return -float(node.parts[1].value)
    return None


def feel_of(text: str) -> tuple[str, frozenset[str]]:
    """An arithmetic expression as FEEL, and the properties it reads. Raises Unreadable."""
    names: set[str] = set()

    def write(node: Node) -> str:
        if node.kind == "number":
            return f"{node.value:g}"
        if node.kind == "text":
            return '"' + str(node.value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        named = _property(node)
        if named is not None:
            names.add(named)
            return named
        if node.kind in ("+", "-", "*", "div"):
            left, right = (write(part) for part in node.parts)
            return f"({left} {'/' if node.kind == 'div' else node.kind} {right})"
        raise Unreadable("an assignment is arithmetic on properties and numbers")

    found = write(parse(text))
    return found[1:-1] if found.startswith("(") and found.endswith(")") else found, frozenset(names)


def resources_of(text: str) -> list[tuple[str, int]]:
    """The resources (or roles) of a selection with the number asked for, in order of preference. Raises Unreadable."""
    node = parse(text)
    if node.kind != "call":
        raise Unreadable("a selection names resources")
    if node.value == "orResource":
        return [one for part in node.parts for one in _resource(part)]
    return _resource(node)


def _resource(node: Node) -> list[tuple[str, int]]:
    texts = [str(part.value) for part in node.parts if part.kind == "text"]
    numbers = [int(part.value) for part in node.parts if part.kind == "number"]
    if node.kind != "call" or node.value not in ("getResource", "getResourceByRoles") or not texts:
        raise Unreadable("a selection is getResource, getResourceByRoles or orResource")
    return [(name, numbers[0] if numbers else 1) for name in texts]
