"""Types of FEEL and of a model's item definitions: does a value conform, and what becomes of one that does not.

Conformance and coercion follow DMN 1.5, 10.3.2.9: a list of one element stands for the element and the other way
round, a date for the midnight of its day where a date and time is asked; everything else that does not conform
becomes null, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from bpm.feel.syntax import tree
from bpm.feel.values import FUNCTIONS, RangeValue, Value, kind

SCALARS = frozenset(
    (
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
    )
)
PLAIN: Mapping[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    date: "date",
    time: "time",
    datetime: "date and time",
}
"""Classes whose values are of one kind, whatever they hold."""
_SPELLINGS = {
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "any": "Any",
    "null": "Null",
    "integer": "number",
    "long": "number",
    "double": "number",
}


@dataclass(frozen=True, slots=True)
class Type:
    """`kind` is a FEEL type name; `element` belongs to list and range, `fields` to context, `parameters` and `result`
    to function. `allowed` tests a value (of each element for a collection) and is given by an item definition."""

    kind: str
    element: Type | None = None
    fields: tuple[tuple[str, Type], ...] | None = None
    parameters: tuple[Type, ...] | None = None
    result: Type | None = None
    allowed: Callable[[Value], bool] | None = field(default=None, compare=False)
    name: str = ""


ANY = Type("Any")
Types = Mapping[str, Type]
NO_TYPES: Types = {}


def simple(name: str) -> Type | None:
    """A built-in type by its name, also in the spellings of older files (`dateTime`, `feel:number`)."""
    bare = name.split(":", 1)[1] if name.startswith("feel:") else name
    bare = _SPELLINGS.get(bare, bare)
    if bare in SCALARS or bare in ("Any", "Null", "list", "context", "function", "range"):
        return Type(bare)
    return None


def from_tree(name: tree.TypeName, types: Types) -> Type | None:
    """The type a tree names; None where no such type is known."""
    if name.name in types:
        return types[name.name]
    if name.fields:
        parts = [from_tree(part, types) for part in name.arguments]
        known = [part for part in parts if part is not None]
        return Type("context", fields=tuple(zip(name.fields, known, strict=True))) if len(known) == len(parts) else None
    if name.name == "function" and name.arguments:
        parts = [from_tree(part, types) for part in name.arguments]
        known = [part for part in parts if part is not None]
        return Type("function", parameters=tuple(known[:-1]), result=known[-1]) if len(known) == len(parts) else None
    if name.arguments:
        element = from_tree(name.arguments[0], types)
        return Type(name.name, element=element) if element is not None and name.name in ("list", "range") else None
    return simple(name.name)


def conforms(value: Value, type: Type, depth: int = 0) -> bool:
    """Is `value` of `type`, allowed values included? Null conforms to nothing but Any and Null (`instance of`)."""
    if type.kind == "Any":
        return value is not None or depth > 0
    if value is None:
        return type.kind == "Null" or depth > 0
    if kind(value) != type.kind:
        return False
    if depth > 100:
        return False
    if type.allowed is not None and not type.allowed(value):
        return False
    if type.kind == "list" and type.element is not None:
        element = type.element
        return all(conforms(item, element, depth + 1) for item in value)
    if type.kind == "context" and type.fields is not None:
        return all(name in value and conforms(value[name], part, depth + 1) for name, part in type.fields)
    if type.kind == "range" and type.element is not None:
        return _range_conforms(value, type.element)
    if type.kind == "function":
        return type.parameters is None or (isinstance(value, FUNCTIONS) and _function_conforms(value, type))
    return True


def _range_conforms(value: RangeValue, element: Type) -> bool:
    ends = [end for end in (value.low, value.high) if end is not None]
    return bool(ends) and all(conforms(end, element) for end in ends)


def _function_conforms(function: Any, type: Type) -> bool:
    parameters = getattr(function, "parameters", None)
    declared = getattr(function, "types", ())
    if type.parameters is None or parameters is None:
        return True
    if len(parameters) != len(type.parameters):
        return False
    return all(mine is None or _same(mine, asked) for mine, asked in zip(declared, type.parameters, strict=False))


def _same(left: Type, right: Type) -> bool:
    """Contexts are compared by identity: types share parts, so walking them could take for ever."""
    return left is right or (left.fields is None and right.fields is None and left == right)


def coerce(value: Value, type: Type) -> tuple[Value, str | None]:
    """`value` as `type`, and why not where it became null."""
    if value is None or type.kind == "Any":
        return value, None
    if kind(value) == type.kind and type.allowed is None and type.kind in SCALARS:
        return value, None  # most values: nothing to convert, nothing else to ask
    if type.kind == "list" and not isinstance(value, list):
        value = [value]
    elif type.kind != "list" and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if type.kind == "date and time" and isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if type.kind == "list" and type.element is not None and isinstance(value, list):
        return _coerce_elements(value, type)
    if value is None or conforms(value, type) or _conforms_with_gaps(value, type):
        return value, None
    return None, f"a {kind(value)} is not {_described(type)}"


def _coerce_elements(value: list[Value], type: Type) -> tuple[Value, str | None]:
    if type.element is None:
        return value, None
    parts = []
    for item in value:
        part, problem = (
            (item, None) if isinstance(item, list) and type.element.kind != "list" else coerce(item, type.element)
        )
        if problem is None and part is not None and not conforms(part, type.element):
            problem = f"an element is not {_described(type.element)}"
        if problem is not None:
            return None, problem
        parts.append(part)
    if type.allowed is not None and not type.allowed(parts):
        return None, f"a list is not {_described(type)}"
    return parts, None


def _conforms_with_gaps(value: Value, type: Type) -> bool:
    """A context may lack a component: it is then not recorded. What is there must conform."""
    if type.kind != "context" or type.fields is None or not isinstance(value, dict):
        return False
    if type.allowed is not None and not type.allowed(value):
        return False
    return all(value.get(name) is None or coerce(value[name], part)[1] is None for name, part in type.fields)


def _described(type: Type) -> str:
    if type.name:
        return f"a {type.name}" + (" with an allowed value" if type.allowed is not None else "")
    return f"a {type.kind}"
