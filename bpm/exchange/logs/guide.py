"""The guide to a log: a small JSON file in which people say what its names mean (see `bpm.eventlog.Guide`).

::

    {"columns": {"case": "Vorgang", "activity": "Schritt", "end": "Erledigt am"},
     "data": {"channel": "start", "flaeche": "Antrag prüfen"},
     "steps": {"T02 Check confirmation": "bestaetigung_pruefen"},
     "results": [{"step": "T02 Check confirmation", "refused_by": ["T03 Adjust confirmation"]},
                 {"step": "Mitzeichnung", "datum": "ergebnis", "refused": ["abgelehnt"]}],
     "outcome": {"refused_by": ["Ablehnung versenden"]},
     "legal_order": [["Anhörung", "Ablehnung versenden"]]}

Unknown words are refused, so that a misspelt one never means "nothing".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpm.errors import ModelError
from bpm.eventlog import Guide, Result
from bpm.exchange.logs.gathering import ROLES

_LARGEST = 1024 * 1024
_WORDS = ("columns", "data", "steps", "results", "outcome", "legal_order")


def read_guide(path: str | Path) -> Guide:
    """Read a guide. Raises ModelError `log-guide` (or `no-such-path`)."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ModelError("no-such-path", error.strerror or str(error), path=str(path)) from None
    try:
        if len(data) > _LARGEST:
            raise ValueError(f"more than {_LARGEST} bytes")
        return guide_of(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise ModelError(
            "log-guide", " ".join(str(error).split()), path=str(path), line=getattr(error, "lineno", None)
        ) from None


def guide_of(values: Any) -> Guide:
    """A guide from JSON values. Raises ValueError that says what is wrong."""
    known = _known(values, _WORDS, "the guide")
    columns = _texts(known.get("columns", {}), "columns")
    for role in columns:
        if role not in ROLES:
            raise ValueError(f"columns: {role!r} is none of {', '.join(ROLES)}")
    data = known.get("data", {})
    if isinstance(data, list):
        data = dict.fromkeys(data, "")
    outcome = known.get("outcome")
    order = known.get("legal_order", [])
    if not isinstance(order, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in order):
        raise ValueError("legal_order: a list of pairs")
    results = known.get("results", [])
    if not isinstance(results, list):
        raise ValueError("results: a list")
    return Guide(
        columns=columns,
        data=_texts(data, "data"),
        steps=_texts(known.get("steps", {}), "steps"),
        results=tuple(_result(entry, "results", step=True) for entry in results),
        outcome=None if outcome is None else _result(outcome, "outcome", step=False),
        legal_order=tuple((str(first), str(then)) for first, then in order),
    )


def _result(values: Any, where: str, *, step: bool) -> Result:
    known = _known(values, ("step", "refused_by", "datum", "refused"), where)
    if step and not known.get("step"):
        raise ValueError(f"{where}: an entry names its step")
    by, refused = known.get("refused_by", []), known.get("refused", [])
    if not isinstance(by, list) or not isinstance(refused, list) or bool(known.get("datum")) != bool(refused):
        raise ValueError(f"{where}: refused_by is a list of activities; datum comes with a list refused")
    if not by and not refused:
        raise ValueError(f"{where}: says neither refused_by nor datum and refused")
    return Result(
        str(known.get("step", "")), tuple(map(str, by)), str(known.get("datum", "")), tuple(map(str, refused))
    )


def _known(values: Any, words: tuple[str, ...], where: str) -> Mapping[str, Any]:
    if not isinstance(values, dict):
        raise ValueError(f"{where}: an object is needed")
    for word in values:
        if word not in words:
            raise ValueError(f"{where}: {word!r} is none of {', '.join(words)}")
    return values


def _texts(values: Any, where: str) -> dict[str, str]:
    if not isinstance(values, dict) or any(not isinstance(value, str) for value in values.values()):
        raise ValueError(f"{where}: names to texts")
    return dict(values)
