"""JUEL (`${...}`, `#{...}`) to the FEEL tree, where both mean the same.

Taken over: names, property paths, literals, comparisons (`==`, `eq`, ...), `&& || !` and their words, arithmetic with
`+ - * /`, `cond ? a : b`, `empty x`. Everything else is refused: method calls, indexing, assignment, lambdas, several
expressions in one text. Two differences remain and are kept in mind by who reads such a model: FEEL numbers are
decimal, and a comparison with null is null, not false.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from bpm.errors import BudgetExceeded, FeelSyntaxError
from bpm.feel.syntax import tree

LENGTH = 4_000
DEPTH = 50

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>\d{1,40}(?:\.\d{1,40})?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<symbol>==|!=|<=|>=|&&|\|\||[<>!+\-*/?:().])"
)
_WORDS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "and": "&&", "or": "||", "not": "!"}
_REFUSED = frozenset(("div", "mod", "instanceof"))
_POWERS = {"||": 20, "&&": 30, "==": 40, "!=": 40, "<": 50, ">": 50, "<=": 50, ">=": 50}
_POWERS |= {"+": 60, "-": 60, "*": 70, "/": 70}
_UNARY = 80
_TERNARY = 10


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


@lru_cache(maxsize=1024)
def parse_juel(text: str) -> tree.Node:
    """The FEEL tree of a JUEL text. Raises FeelSyntaxError, BudgetExceeded."""
    if len(text) > LENGTH:
        raise BudgetExceeded("characters in an expression", LENGTH)
    stripped = text.strip()
    if stripped[:2] not in ("${", "#{") or not stripped.endswith("}"):
        raise FeelSyntaxError("${...} expected", text, 0)
    reader = _Reader(text, text.index("{") + 1, len(text.rstrip()) - 1)
    node = reader.expression(0)
    if reader.token.kind != "end":
        raise reader.error("an operator or the end expected")
    return node


class _Reader:
    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.tokens: list[_Token] = []
        at = start
        while at < end:
            found = _TOKEN.match(text, at, end)
            if found is None:
                raise FeelSyntaxError("this has no counterpart in FEEL", text, at)
            kind = found.lastgroup or ""
            if kind != "space":
                piece = found.group()
                symbol = _WORDS.get(piece) if kind == "name" else None
                self.tokens.append(_Token("symbol" if symbol else kind, symbol or piece, at))
            at = found.end()
        self.tokens.append(_Token("end", "", end))
        self.at = 0
        self.level = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def error(self, message: str) -> FeelSyntaxError:
        return FeelSyntaxError(message, self.text, self.token.start)

    def take(self, symbol: str) -> bool:
        if self.token.kind == "symbol" and self.token.text == symbol:
            self.at += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        if not self.take(symbol):
            raise self.error(f"{symbol!r} expected")

    def expression(self, power: int) -> tree.Node:
        self.level += 1
        if self.level > DEPTH:
            raise BudgetExceeded("levels of nesting", DEPTH)
        left = self.operand()
        row = 0
        while self.token.kind == "symbol" and _POWERS.get(self.token.text, 0) > power:
            operator = self.token.text
            self.at += 1
            row += 1
            if row > 500:
                raise BudgetExceeded("operators in a row", 500)
            left = _joined(operator, left, self.expression(_POWERS[operator]))
        if power < _TERNARY and self.take("?"):
            then = self.expression(0)
            self.expect(":")
            left = tree.If(left, then, self.expression(0), position=left.position)
        self.level -= 1
        return left

    def operand(self) -> tree.Node:
        token = self.token
        self.at += 1
        if token.kind == "number":
            return tree.Number(Decimal(token.text), position=token.start)
        if token.kind == "string":
            return tree.String(re.sub(r"\\(.)", r"\1", token.text[1:-1]), position=token.start)
        if token.kind == "name":
            return self.name(token)
        if token.kind == "symbol" and token.text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if token.kind == "symbol" and token.text in ("!", "-"):
            operand = self.expression(_UNARY)
            if token.text == "-":
                return tree.Negation(operand, position=token.start)
            return tree.Invocation(tree.Name("not", position=token.start), (operand,), position=token.start)
        self.at -= 1
        raise self.error("an operand expected")

    def name(self, token: _Token) -> tree.Node:
        place = token.start
        if token.text in ("true", "false"):
            return tree.Boolean(token.text == "true", position=place)
        if token.text == "null":
            return tree.Null(position=place)
        if token.text == "empty":
            return _empty(self.expression(_UNARY), place)
        if token.text in _REFUSED:
            raise FeelSyntaxError(f"{token.text!r} has no counterpart in FEEL", self.text, place)
        node: tree.Node = tree.Name(token.text, position=place)
        steps = 0
        while self.take("."):
            steps += 1
            if self.token.kind != "name" or steps > DEPTH:
                raise self.error("a property name expected")
            node = tree.Path(node, self.token.text, position=place)
            self.at += 1
        if self.token.kind == "symbol" and self.token.text == "(":
            raise self.error("methods are never called")
        return node


def _joined(operator: str, left: tree.Node, right: tree.Node) -> tree.Node:
    place = left.position
    if operator in ("&&", "||"):
        return tree.Logic("and" if operator == "&&" else "or", left, right, position=place)
    if operator in ("+", "-", "*", "/"):
        return tree.Arithmetic(operator, left, right, position=place)
    return tree.Comparison("=" if operator == "==" else operator, left, right, position=place)


def _empty(value: tree.Node, place: int) -> tree.Node:
    """Null, the empty text or the empty list."""
    parts: tuple[tree.Node, ...] = (
        tree.Null(position=place),
        tree.String("", position=place),
        tree.ListOf((), position=place),
    )
    node: tree.Node = tree.Comparison("=", value, parts[0], position=place)
    for part in parts[1:]:
        test = tree.Comparison("=", value, part, position=place)
        node = tree.Logic("or", node, test, position=place)
    return tree.Comparison("=", node, tree.Boolean(True, position=place), position=place)
