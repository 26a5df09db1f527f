"""JSON as it is stored and answered: sorted keys, UTF-8, decimal numbers exact in both directions.

The standard encoder knows no `Decimal`. Numbers that a float carries exactly take the fast way through it; the rare
longer ones (a third with 34 digits) are written by hand, so that no digit is lost silently.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


class _TooLong(Exception):
    """A decimal that no float carries."""


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if value.is_finite() and value == value.to_integral_value() and abs(value) < 10**18:
            return int(value)
        number = float(value)
        if value.is_finite() and Decimal(repr(number)) == value:
            return number
        raise _TooLong
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, set, frozenset)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _write(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON knows no infinity")
        digits = format(value, "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(str(key), ensure_ascii=False)}:{_write(value[key])}" for key in sorted(value))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_write(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def dump(value: Any) -> str:
    """The canonical text of a JSON value: the same value, the same bytes. Raises TypeError or ValueError."""
    try:
        return json.dumps(
            value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
        )
    except _TooLong:
        return _write(value)


def load(text: str | bytes) -> Any:
    """The value of a JSON text; fractions come back as `Decimal`."""
    return json.loads(text, parse_float=Decimal)
