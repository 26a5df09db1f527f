"""Text to tokens (DMN 1.5, 10.3.1.2 rules 28-35 and 62-66).

The scanner knows no names and no keywords: what is one name depends on the scope, so it only says where words,
numbers, strings and symbols begin and whether white space stood before them. A character that FEEL does not know
becomes a symbol of its own: a known name may hold it (`Preis (€)`), anywhere else the parser refuses it.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from bpm.errors import FeelSyntaxError

_SPACE = "\\t\\n\\x0b\\x0c\\r \\x85\\xa0\\u1680\\u180e\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
_START = (
    "A-Z_a-z\\u00aa\\u00b5\\u00ba\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u167f"
    "\\u1681-\\u180d\\u180f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf"
    "\\ufdf0-\\ufefe\\uff00-\\ufffd\\U00010000-\\U000effff"
)
_PART = _START + "0-9\\u00b7\\u0300-\\u036f\\u203f\\u2040"

_TOKEN = re.compile(
    f"(?P<space>[{_SPACE}]+|//[^\\r\\n]*|/\\*(?s:.*?)\\*/)"
    "|(?P<number>(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    f"|(?P<word>[{_START}][{_PART}]*)"
    '|(?P<string>"(?:[^"\\\\]|\\\\(?s:.))*")'
    "|(?P<symbol>\\*\\*|\\.\\.|<=|>=|!=|->|(?s:.))"
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{6}|(?s:.))")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


class Token(NamedTuple):
    """`kind` is word, number, string, symbol or end; `spaced`: white space or a comment stood before it."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool


def scan(text: str) -> list[Token]:
    """All tokens and an `end` token. Raises FeelSyntaxError where a string or comment is not closed."""
    tokens: list[Token] = []
    spaced = False
    position = 0
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "symbol"
        position = found.start()
        if kind == "space":
            spaced = True
            continue
        piece = found.group()
        if piece == '"':
            raise FeelSyntaxError("a string is not closed", text, position)
        tokens.append(Token(kind, piece, position, found.end(), spaced))
        spaced = False
    for before, after in pairwise(tokens):
        if before.text == "/" and after.text in ("*", "**") and not after.spaced:
            raise FeelSyntaxError("a comment is not closed", text, before.start)
    tokens.append(Token("end", "", len(text), len(text), spaced))
    return tokens


def unescape(literal: str) -> str:
    """The value of a string literal given with its quotes; an unknown escape keeps its backslash."""
    body = literal[1:-1]
    if "\\" not in body:
        return body
    value = _ESCAPE.sub(_character, body)
    try:
        return value.encode("utf-16", "surrogatepass").decode("utf-16")  # \uD83D\uDE00 is one character
    except UnicodeDecodeError:
        return value.encode("utf-8", "replace").decode("utf-8")


def _character(found: re.Match[str]) -> str:
    code = found.group(1)
    if len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number <= 0x10FFFF else found.group()
    return _PLAIN.get(code, found.group())
