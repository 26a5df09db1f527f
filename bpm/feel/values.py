"""The values of FEEL and how they are compared and printed (DMN 1.5, 10.3.2.2, 10.3.2.13, table 42 and 55).

A value is Decimal, str, bool, None, date, time, datetime, DaysTimeDuration, YearsMonthsDuration, list, dict (a
context), RangeValue or a function. Lists may share parts, so every walk over them spends the budget per element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bpm.errors import BudgetExceeded
from bpm.feel import temporal
from bpm.feel.budget import Budget
from bpm.feel.eras import Far, FarDate, FarMoment
from bpm.feel.syntax import tree
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration

Value: TypeAlias = Any

NUMBERS = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
"""IEEE 754 decimal128, as FEEL asks; traps off: what is not finite becomes null."""

DEEPEST = 100
"""Lists and contexts inside each other, when walked."""


class Fault(Exception):
    """A FEEL error: the expression becomes null and the message a warning. Never leaves `bpm.feel`."""


@dataclass(frozen=True, slots=True)
class RangeValue:
    """A range; an end that is None is unbounded."""

    low: Value
    high: Value
    low_included: bool
    high_included: bool

    def __str__(self) -> str:
        return text_of(self, Budget())


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function written in FEEL, with the scope it was made in; `types` are types of `bpm.feel.types` or None."""

    parameters: tuple[str, ...]
    body: tree.Node
    scope: Any
    types: tuple[Any, ...] = ()
    external: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class HostFunction:
    """A function of the model (business knowledge, decision service): `call(arguments in order) -> value`."""

    name: str
    parameters: tuple[str, ...]
    call: Callable[[Sequence[Value]], Value]


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function of FEEL. `shapes` are the alternatives of parameter names; `variadic` takes any number of them."""

    name: str
    shapes: tuple[tuple[str, ...], ...]
    call: Callable[..., Value]
    required: int
    variadic: bool = False
    scalars: frozenset[int] = frozenset()


FUNCTIONS = (Function, HostFunction, Builtin)


def kind(value: Value) -> str:
    """The FEEL name of a value's type."""
    found = _KINDS.get(type(value))
    if found is not None:
        return found
    return next((name for cls, name in _KINDS.items() if isinstance(value, cls)), "unknown")


_KINDS: dict[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
    datetime: "date and time",
    date: "date",
    FarMoment: "date and time",
    FarDate: "date",
    time: "time",
    DaysTimeDuration: "days and time duration",
    YearsMonthsDuration: "years and months duration",
    list: "list",
    dict: "context",
    RangeValue: "range",
    Function: "function",
    HostFunction: "function",
    Builtin: "function",
}


def finite(number: Decimal) -> Decimal | None:
    """The number, or None where it left decimal128."""
    return number if number.is_finite() else None


# --- comparing -----------------------------------------------------------------------------------------------


def equal(left: Value, right: Value, budget: Budget, depth: int = 0) -> bool | None:
    """FEEL `=`: None where the two cannot be compared."""
    if left is None or right is None:
        return left is right
    found = kind(left)
    if found != kind(right):
        return None
    budget.spend(1)
    compare = _EQUAL.get(found)
    if compare is not None:
        if depth > DEEPEST:
            raise BudgetExceeded("lists inside each other", DEEPEST)
        return compare(left, right, budget, depth + 1)
    if found in ("time", "date and time"):
        return _equal_clock(left, right)
    return bool(left == right)


def _equal_lists(left: list[Value], right: list[Value], budget: Budget, depth: int) -> bool | None:
    if len(left) != len(right):
        return False
    results = [equal(a, b, budget, depth) for a, b in zip(left, right, strict=True)]
    return all(result is True for result in results)


def _equal_contexts(left: dict[str, Value], right: dict[str, Value], budget: Budget, depth: int) -> bool | None:
    if left.keys() != right.keys():
        return False
    return all(equal(left[key], right[key], budget, depth) is True for key in left)


def _equal_ranges(left: RangeValue, right: RangeValue, budget: Budget, depth: int) -> bool | None:
    return (
        left.low_included == right.low_included
        and left.high_included == right.high_included
        and equal(left.low, right.low, budget, depth) is True
        and equal(left.high, right.high, budget, depth) is True
    )


def _equal_functions(left: Value, right: Value, _budget: Budget, _depth: int) -> bool | None:
    return None


def _equal_clock(left: Any, right: Any) -> bool:
    if isinstance(left, Far) or isinstance(right, Far):
        return temporal.seconds_between(left, right) == 0
    if (left.tzinfo is None) != (right.tzinfo is None):
        return False
    if isinstance(left.tzinfo, ZoneInfo) and left.tzinfo is right.tzinfo:
        return _local_equal(left, right)
    if left.tzinfo is not None and (left.utcoffset() is None or right.utcoffset() is None):
        return temporal.offset_of(left) == temporal.offset_of(right) and _local_equal(left, right)
    return bool(left == right)


def _local_equal(left: Any, right: Any) -> bool:
    return bool(left.replace(tzinfo=None) == right.replace(tzinfo=None))


_EQUAL: dict[str, Callable[[Any, Any, Budget, int], bool | None]] = {
    "list": _equal_lists,
    "context": _equal_contexts,
    "range": _equal_ranges,
    "function": _equal_functions,
}

_ORDERED = frozenset(("number", "string", "date", "days and time duration", "years and months duration"))


def order(left: Value, right: Value) -> int | None:
    """Negative, 0 or positive; None where there is no order between the two."""
    found = kind(left)
    if found != kind(right):
        return None
    if isinstance(left, Far) or isinstance(right, Far):
        seconds = temporal.seconds_between(right, left)
        return None if seconds is None else -1 if seconds < 0 else int(seconds > 0)
    if found in _ORDERED:
        return -1 if left < right else int(left > right)
    if found in ("time", "date and time"):
        first, second = temporal.instant(left), temporal.instant(right)
        if first is None or second is None or (first.tzinfo is None) != (second.tzinfo is None):
            return None
        return -1 if first < second else int(first > second)
    return None


def within(value: Value, bounds: RangeValue) -> bool | None:
    """Is `value` in the range? None where it cannot be compared with its ends."""
    if bounds.low is not None:
        low = order(value, bounds.low)
        if low is None:
            return None
        if low < 0 or (low == 0 and not bounds.low_included):
            return False
    if bounds.high is not None:
        high = order(value, bounds.high)
        if high is None:
            return None
        if high > 0 or (high == 0 and not bounds.high_included):
            return False
    return True


# --- printing ------------------------------------------------------------------------------------------------


def number_text(number: Decimal) -> str:
    """A number as FEEL prints it: no exponent while it stays readable, no trailing zeros."""
    if number == 0:
        return "0"
    if -100 < number.adjusted() < 100:
        return temporal.plain(number)
    return str(number.normalize(NUMBERS))


def text_of(value: Value, budget: Budget, quoted: bool = False, depth: int = 0) -> str:
    """The text of any value; strings inside lists and contexts are quoted. Raises BudgetExceeded, before building."""
    budget.spend(1)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if quoted else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    if value is None:
        return "null"
    if isinstance(value, (list, Mapping, RangeValue)):
        if depth > DEEPEST:
            raise BudgetExceeded("lists inside each other", DEEPEST)
        return _compound_text(value, budget, depth + 1)
    if isinstance(value, FUNCTIONS):
        return "function"
    return temporal.text_of(value)


def _compound_text(value: Value, budget: Budget, depth: int) -> str:
    if isinstance(value, RangeValue):
        low = "" if value.low is None else text_of(value.low, budget, True, depth)
        high = "" if value.high is None else text_of(value.high, budget, True, depth)
        return f"{'[' if value.low_included else '('}{low}..{high}{']' if value.high_included else ')'}"
    if isinstance(value, list):
        parts = [text_of(item, budget, True, depth) for item in value]
        budget.afford(sum(map(len, parts)) + 2 * len(parts))
        return "[" + ", ".join(parts) + "]"
    parts = [f"{key}: {text_of(item, budget, True, depth)}" for key, item in value.items()]
    budget.afford(sum(map(len, parts)) + 2 * len(parts))
    return "{" + ", ".join(parts) + "}"
