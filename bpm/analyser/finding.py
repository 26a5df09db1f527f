"""What a check gives: a question about one place of a model, with evidence, defence and remedy.

A finding asks; it never says "unlawful" and never ranks people. `basis` tells what it rests on: a *proof* about this
model, a *measurement*, or a *heuristic*. The fingerprint survives renumbering of rows, so that a dismissal does too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Remedy:
    """`applicability` is mechanical (proven), board (somebody must decide) or note (text only).

    An edit is the JSON form of an edit of `bpm.model.edit`: a mapping with `do`; that package lists the kinds.
    """

    applicability: str
    edits: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. `message`, `question` and `keep_when` are texts by language code (`de`, `en`).

    `rules` are 1-based row numbers (for people); `identity` is the rule content or other stable text that goes into
    the fingerprint instead. An empty `keep_when` is filled from the check's documentation.
    """

    code: str
    basis: str
    path: str
    procedure: str
    element_ids: tuple[str, ...] = ()
    decision: str | None = None
    rules: tuple[int, ...] = ()
    message: Mapping[str, str] = field(default_factory=dict)
    question: Mapping[str, str] = field(default_factory=dict)
    keep_when: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    remedy: Remedy | None = None
    identity: tuple[str, ...] = ()
    line: int | None = None
