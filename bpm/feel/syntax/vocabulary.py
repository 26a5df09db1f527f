"""The names FEEL itself brings: built-in functions with blanks in their names, and types (DMN 1.5, 10.3.4, 10.3.2)."""

from __future__ import annotations

from bpm.feel.syntax.names import Names

SPACED_BUILTINS = frozenset(
    (
        "date and time",
        "years and months duration",
        "string length",
        "upper case",
        "lower case",
        "substring before",
        "substring after",
        "starts with",
        "ends with",
        "list contains",
        "insert before",
        "index of",
        "distinct values",
        "list replace",
        "string join",
        "get value",
        "get entries",
        "context put",
        "context merge",
        "day of year",
        "day of week",
        "month of year",
        "week of year",
        "round up",
        "round down",
        "round half up",
        "round half down",
        "met by",
        "overlaps before",
        "overlaps after",
        "finished by",
        "started by",
    )
)

TYPES = (
    "Any",
    "Null",
    "number",
    "string",
    "boolean",
    "date",
    "time",
    "date and time",
    "days and time duration",
    "years and months duration",
    "list",
    "range",
    "context",
)

TYPE_NAMES = Names(TYPES)
