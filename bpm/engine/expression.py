"""Every expression of a model, parsed once: FEEL as it stands, JUEL translated, anything else refused.

At run time the engine knows expressions by opaque keys only; what a key stands for is a FEEL syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bpm.engine.juel import is_juel, parse_template
from bpm.errors import EngineError, FeelError
from bpm.feel import evaluate, free_names, from_json, parse_expression, to_json
from bpm.feel.juel import parse_juel
from bpm.feel.syntax.tree import Node
from bpm.model.process import Activity, Expression, Process, ProcessModel

LONGEST = 4_000
"""Characters an expression may have."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed expression: its text as written, its tree, and the variables it looks at."""

    text: str
    node: Node
    names: frozenset[str]


def parse(expression: Expression, names: Iterable[str] = ()) -> Parsed:
    """`names` are known variable names that may hold spaces. Raises FeelError."""
    node = _tree(expression, names)
    return Parsed(expression.text, node, free_names(node))


def _tree(expression: Expression, names: Iterable[str]) -> Node:
    text = expression.text.strip()
    if len(text) > LONGEST:
        raise FeelError("expression-too-long", f"more than {LONGEST} characters")
    if not text:
        raise FeelError("expression-empty", "the expression is empty")
    if is_juel(text) and expression.language in ("feel", "juel"):
        return parse_template(text)
    if expression.language == "feel" or "FEEL" in expression.language.upper():
        return parse_expression(text.removeprefix("=").lstrip(), names)
    if expression.language == "juel":
        return parse_juel("${" + text + "}")
    raise FeelError("expression-language", f"language {expression.language[:80]!r} is never run")


def is_translated(expression: Expression) -> bool:
    """Whether the text is JUEL and runs as FEEL."""
    return expression.language in ("feel", "juel") and is_juel(expression.text)


def value_of(parsed: Parsed, variables: Mapping[str, Any], now: datetime | None = None) -> Any:
    """The FEEL value of `parsed` over JSON `variables`; `now` is what `now()` and `today()` give. Raises FeelError."""
    scope = {name: from_json(variables[name]) for name in sorted(parsed.names) if name in variables}
    return evaluate(parsed.node, scope, now=now)


def plain(value: Any) -> Any:
    """A FEEL value as JSON without decimal noise: whole numbers are int, other numbers float."""
    return json_value(to_json(value))


def json_value(value: Any) -> Any:
    """A value as JSON of its own; Decimals become int or float. Raises EngineError `value-not-json`."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): json_value(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(entry) for entry in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise EngineError("value-not-json", f"a {type(value).__name__} cannot be kept as a variable")


def known_names(model: ProcessModel) -> tuple[str, ...]:
    """Variable names the model itself mentions, so that FEEL reads those with spaces as one name; sorted."""
    found: set[str] = set()
    for process in model.processes:
        found.update(_names_of(process))
    return tuple(sorted(name for name in found if name))


def _names_of(process: Process) -> Iterator[str]:
    for element in process.data:
        yield element.name
    for node in process.nodes:
        for use in (*node.facts.reads, *node.facts.writes):
            yield use.item
        yield getattr(node, "result_variable", None) or ""
        if isinstance(node, Activity):
            for mapping in (*node.inputs, *node.outputs):
                yield mapping.target
            if node.loop is not None:
                yield node.loop.element_variable or ""
                yield node.loop.output_collection or ""
