"""Texts with `${...}` or `#{...}` parts, as Camunda 7 models have them: one part is the expression, several are joined.

What may stand inside a part is decided by `bpm.feel.juel`; nothing here calls a method or knows a host object.
"""

from __future__ import annotations

import re

from bpm.errors import BudgetExceeded, FeelSyntaxError
from bpm.feel.juel import parse_juel
from bpm.feel.syntax import tree

_OPENING = re.compile(r"[$#]\{")
_CLOSING = re.compile(r"""(?:[^"'}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\}""")
_MOST = 50


def is_juel(text: str) -> bool:
    """Whether a text holds a `${...}` or `#{...}` part."""
    return "${" in text or "#{" in text


def parse_template(text: str) -> tree.Node:
    """The FEEL tree of a text with JUEL parts; text around a part joins it as a string. Raises FeelError."""
    parts = _split(text.strip())
    if len(parts) > _MOST:
        raise BudgetExceeded("parts of a text", _MOST)
    if len(parts) == 1:
        return parts[0]
    joined: tree.Node = parts[0] if isinstance(parts[0], tree.String) else _as_text(parts[0])
    for part in parts[1:]:
        joined = tree.Arithmetic("+", joined, part if isinstance(part, tree.String) else _as_text(part))
    return joined


def _split(text: str) -> list[tree.Node]:
    parts: list[tree.Node] = []
    rest = 0
    for opening in _OPENING.finditer(text):
        if opening.start() < rest:
            continue
        if opening.start() > rest:
            parts.append(tree.String(text[rest : opening.start()], position=rest))
        closing = _CLOSING.match(text, opening.end())
        if closing is None:
            raise FeelSyntaxError("no closing brace", text, opening.start())
        parts.append(parse_juel(text[opening.start() : closing.end()]))
        rest = closing.end()
    if rest < len(text):
        parts.append(tree.String(text[rest:], position=rest))
    return parts


def _as_text(node: tree.Node) -> tree.Node:
    return tree.Invocation(tree.Name("string"), (node,))
