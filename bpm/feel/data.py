"""Between JSON and FEEL values.

In: numbers become exact decimals; a text becomes a date, time or duration only where a type says so. Out: decimals
are JSON numbers, calendar values their ISO text, ranges and functions their FEEL text. Shared parts of a value are
written as often as they occur, hence the budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bpm.errors import BudgetExceeded
from bpm.feel import temporal, types
from bpm.feel.budget import Budget
from bpm.feel.types import Type
from bpm.feel.values import DEEPEST, NUMBERS, Value, text_of

_READERS = {
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "date and time": temporal.parse_datetime,
    "days and time duration": temporal.parse_duration,
    "years and months duration": temporal.parse_duration,
}
_WIDEST = 40
"""Digits of a whole number that is still written as an integer."""
_PLAIN = 10**34
"""Whole numbers below are FEEL numbers as they are."""
_MOST = 10**6144
"""Whole numbers from here on are no FEEL numbers. Raised to its power once: that takes longer than reading a number."""


def from_json(value: Any, type: Type | str | None = None, *, budget: Budget | None = None) -> Value:
    """A FEEL value from parsed JSON (or Python values). With a type, texts become what it says; a text that cannot
    stays a text, so that the caller can say it does not conform. Raises BudgetExceeded."""
    known = types.simple(type) if isinstance(type, str) else type
    cls = value.__class__
    if cls is str and (known is None or known.kind == "string"):
        return value
    if cls is int and -_PLAIN < value < _PLAIN:
        return Decimal(value)
    if budget is None and _is_scalar(value):
        return _scalar(value, known)
    return _read(value, known, Budget(steps=1_000_000) if budget is None else budget, 0)


def _read(value: Any, type: Type | None, budget: Budget, depth: int) -> Value:
    budget.spend(1)
    if depth > DEEPEST:
        raise BudgetExceeded("lists inside each other", DEEPEST)
    if _is_scalar(value):
        return _scalar(value, type)
    if isinstance(value, Mapping):
        fields = dict(type.fields or ()) if type is not None else {}
        return {str(key): _read(item, fields.get(str(key)), budget, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        element = type.element if type is not None and type.kind == "list" else type
        return [_read(item, element, budget, depth + 1) for item in value]
    return value


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _scalar(value: bool | int | float | str | None, type: Type | None) -> Value:
    if isinstance(value, str):
        return _text(value, type)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return NUMBERS.create_decimal(value) if -_MOST < value < _MOST else None
    return NUMBERS.create_decimal(repr(value)) if math.isfinite(value) else None


def _text(value: str, type: Type | None) -> Value:
    if type is not None and type.kind == "list" and type.element is not None:
        type = type.element
    reader = _READERS.get(type.kind) if type is not None else None
    if reader is not None:
        found = reader(value)
        return value if found is None else found
    if type is not None and type.kind == "number":
        return _number(value)
    return value


def _number(text: str) -> Value:
    try:
        found = Decimal(text.strip()) if len(text) < 100 else None
    except ArithmeticError:
        return text
    return text if found is None or not found.is_finite() else NUMBERS.plus(found)


def to_json(value: Value, *, budget: Budget | None = None) -> Any:
    """What `json.dumps` can write. Raises BudgetExceeded."""
    return _write(value, Budget() if budget is None else budget, 0)


def _write(value: Value, budget: Budget, depth: int) -> Any:
    budget.spend(1)
    if depth > DEEPEST:
        raise BudgetExceeded("lists inside each other", DEEPEST)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Decimal):
        return _number_out(value)
    if isinstance(value, list):
        return [_write(item, budget, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _write(item, budget, depth + 1) for key, item in value.items()}
    return text_of(value, budget)


def _number_out(value: Decimal) -> int | float | str:
    if value == value.to_integral_value() and value.adjusted() < _WIDEST:
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else str(value)
