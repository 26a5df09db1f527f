"""How a built-in function is declared: one decorator, its parameter names as FEEL spells them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from bpm.feel import eras
from bpm.feel.values import Builtin, Fault, Value, kind

BUILTINS: dict[str, Builtin] = {}
"""All built-in functions by name."""

Call = TypeVar("Call", bound=Callable[..., Value])


def builtin(
    name: str, *shapes: str, required: int | None = None, variadic: bool = False, lists: tuple[int, ...] = ()
) -> Callable[[Call], Call]:
    """Register a function. `shapes` are alternatives of comma-separated parameter names; `required` counts those that
    must be given by position; arguments at `lists` are lists, all others take a list of one as its element."""

    def register(call: Call) -> Call:
        parameters = tuple(tuple(part.strip() for part in shape.split(",") if part.strip()) for shape in shapes) or (
            (),
        )
        least = min(map(len, parameters)) if required is None else required
        count = max(map(len, parameters))
        scalars = frozenset() if variadic else frozenset(range(count)) - frozenset(lists)
        BUILTINS[name] = Builtin(name, parameters, call, least, variadic, scalars)
        return call

    return register


def number(value: Value, what: str = "argument") -> Decimal:
    if not isinstance(value, Decimal):
        raise Fault(f"{what}: a number expected, not {kind(value)}")
    return value


def whole(value: Value, what: str = "argument") -> int:
    """An integer within what a list or text can hold; a fraction is cut off."""
    found = number(value, what)
    if abs(found) > 10**15:
        raise Fault(f"{what}: a smaller number expected")
    return int(found)


def string(value: Value, what: str = "argument") -> str:
    if not isinstance(value, str):
        raise Fault(f"{what}: a string expected, not {kind(value)}")
    return value


def listed(value: Value, what: str = "list") -> list[Value]:
    """A list; a single value is a list of one, null is refused."""
    if value is None:
        raise Fault(f"{what}: a list expected, not null")
    return value if isinstance(value, list) else [value]


def context(value: Value, what: str = "context") -> dict[str, Value]:
    if not isinstance(value, dict):
        raise Fault(f"{what}: a context expected, not {kind(value)}")
    return value


def day(value: Value, what: str = "date") -> date | eras.FarDate:
    """The date of a date or date and time."""
    if not isinstance(value, (date, eras.FarDate, eras.FarMoment)):
        raise Fault(f"{what}: a date expected, not {kind(value)}")
    return eras.date_of(value)


def plain_day(value: Value, what: str = "date") -> date:
    """As `day`, within the years 1 to 9999."""
    found = day(value, what)
    if not isinstance(found, date):
        raise Fault(f"{what}: a year between 1 and 9999 expected")
    return found


def spread(arguments: tuple[Value, ...]) -> list[Value]:
    """The elements of one list, or the arguments themselves."""
    if len(arguments) == 1:
        return listed(arguments[0])
    return list(arguments)
