"""JUEL to FEEL: the expression language of Camunda 7 models, as far as it means the same without Java.

Comparisons, logic, arithmetic, literals, property paths, `empty` and the conditional are translated; method calls,
function prefixes, assignments and lambdas need a host object and are refused. The result is FEEL text, so one
evaluator, one budget and one reasoning serve all. Grammar: JSR 341 (Expression Language 3.0), chapter 1.
"""

from __future__ import annotations

import json
import re

from bpm.errors import FeelError

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d][\w$]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>==|!=|<=|>=|&&|\|\||->|[<>!+\-*/%?:.\[\](),=;{}]))""",
    re.VERBOSE,
)
_WORDS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "and": "&&", "or": "||", "not": "!"}
_WORDS |= {"div": "/", "mod": "%"}
_BINARY = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
_FEEL_SIGN = {"||": "or", "&&": "and", "==": "="}
_DEEPEST = 50


def is_juel(text: str) -> bool:
    """Whether a text holds a `${...}` or `#{...}` part."""
    return "${" in text or "#{" in text


def translate(text: str) -> str:
    """The FEEL text of a JUEL text; parts around `${...}` become string concatenation. Raises FeelError."""
    parts = _split(text.strip())
    if len(parts) == 1 and parts[0][0]:
        return _Translation(parts[0][1]).whole()
    return " + ".join(
        f"string({_Translation(body).whole()})" if dynamic else json.dumps(body, ensure_ascii=False)
        for dynamic, body in parts
    )


def _split(text: str) -> list[tuple[bool, str]]:
    """(is an expression, its text) in order; an unclosed brace is an error, quotes may hold braces."""
    parts: list[tuple[bool, str]] = []
    rest = 0
    for opening in re.finditer(r"[$#]\{", text):
        if opening.start() < rest:
            continue
        if opening.start() > rest:
            parts.append((False, text[rest : opening.start()]))
        closing = re.compile(r"""(?:[^"'}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\}""").match(text, opening.end())
        if closing is None:
            raise FeelError("juel-syntax", f"no closing brace in {text[:80]!r}")
        parts.append((True, text[opening.end() : closing.end() - 1]))
        rest = closing.end()
    if rest < len(text):
        parts.append((False, text[rest:]))
    return parts


class _Translation:
    """One pass over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._scan())
        self.at = 0
        self.depth = 0

    def _scan(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        position = 0
        end = len(self.text.rstrip())
        while position < end:
            match = _TOKEN.match(self.text, position)
            if match is None or match.end() == position:
                raise self._error()
            kind = match.lastgroup or ""
            value = match.group(kind)
            found.append(("sign", _WORDS[value]) if kind == "name" and value in _WORDS else (kind, value))
            position = match.end()
        return found

    def _error(self) -> FeelError:
        return FeelError("juel-syntax", f"cannot be translated to FEEL: {self.text[:80]!r}")

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _take(self, value: str | None = None) -> tuple[str, str]:
        token = self._peek()
        if token[0] == "end" or (value is not None and token != ("sign", value)):
            raise self._error()
        self.at += 1
        return token

    def whole(self) -> str:
        feel = self._conditional()
        if self._peek()[0] != "end":
            raise self._error()
        return feel

    def _conditional(self) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._error()
        condition = self._binary(1)
        if self._peek() == ("sign", "?"):
            self._take("?")
            then = self._conditional()
            self._take(":")
            condition = f"(if {condition} then {then} else {self._conditional()})"
        self.depth -= 1
        return condition

    def _binary(self, weakest: int) -> str:
        left = self._unary()
        while True:
            kind, sign = self._peek()
            strength = _BINARY.get(sign, 0) if kind == "sign" else 0
            if strength < weakest or strength == 0:
                return left
            self._take()
            right = self._binary(strength + 1)
            left = f"modulo({left}, {right})" if sign == "%" else f"({left} {_FEEL_SIGN.get(sign, sign)} {right})"

    def _unary(self) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._error()
        token = self._peek()
        if token == ("sign", "!"):
            self._take()
            feel = f"not({self._unary()})"
        elif token == ("sign", "-"):
            self._take()
            feel = f"-{self._unary()}"
        elif token == ("name", "empty"):
            self._take()
            value = self._unary()
            feel = f'({value} = null or {value} = "" or {value} = [])'
        else:
            feel = self._path()
        self.depth -= 1
        return feel

    def _path(self) -> str:
        feel = self._primary()
        while self._peek() in (("sign", "."), ("sign", "[")):
            if self._take()[1] == ".":
                kind, name = self._take()
                if kind != "name":
                    raise self._error()
                feel = f"{feel}.{name}"
            else:
                kind, value = self._take()
                self._take("]")
                if kind == "number" and value.isdigit():
                    feel = f"{feel}[{int(value) + 1}]"
                elif kind == "text" and re.fullmatch(r"[^\W\d]\w*", value[1:-1]):
                    feel = f"{feel}.{value[1:-1]}"
                else:
                    raise self._error()
        if self._peek() == ("sign", "("):
            raise FeelError("juel-call", f"a method call needs a host object: {self.text[:80]!r}")
        return feel

    def _primary(self) -> str:
        kind, value = self._take()
        if kind == "text":
            return json.dumps(re.sub(r"\\(.)", r"\1", value[1:-1]), ensure_ascii=False)
        if kind in ("number", "name"):
            return value
        if value == "(":
            feel = self._conditional()
            self._take(")")
            return f"({feel})"
        raise self._error()
