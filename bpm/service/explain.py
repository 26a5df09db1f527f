"""The documentation of the checks, taken from their files: the answer of `bpm explain` and of the catalogue page."""

from __future__ import annotations

from typing import Any

from bpm.analyser.catalogue import all_checks, load
from bpm.analyser.check import KEYS, SECTIONS, Check


def explain(code: str, lang: str = "de") -> dict[str, Any]:
    """One check: code, title, metadata, and its sections as `{"key", "heading", "text"}` in order.

    Raises:
        NotFound: the catalogue has no such code.
    """
    return _entry(load(code), lang)


def catalogue(lang: str = "de") -> list[dict[str, Any]]:
    """Every check as `explain` gives it, in the order of the catalogue."""
    return [_entry(check, lang) for check in all_checks()]


def _entry(check: Check, lang: str) -> dict[str, Any]:
    documentation = check.documentation(lang)
    return {
        "code": check.code,
        "family": check.family,
        "severity": check.severity,
        "basis": check.basis,
        "title": check.title[lang],
        "summary": documentation.get("summary", ""),
        "sections": [
            {"key": key, "heading": heading, "text": documentation.get(key, "")}
            for key, heading in zip(KEYS, SECTIONS[lang], strict=True)
        ],
    }
