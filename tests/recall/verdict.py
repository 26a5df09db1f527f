"""What one mutant gave, and how findings are held against the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bpm.analyser.run import Analysis, Reported

FAMILIES = ("RC", "FL", "RS", "BU")


@dataclass
class Outcome:
    """One mutant: `state` is found, missed or equivalent; `true` and `false` are the codes of its new findings."""

    code: str
    operator: str
    seed: str
    state: str
    varied: bool
    true: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    note: str = ""


def new_findings(mutant: Analysis, clean: Analysis | None) -> list[Reported]:
    """Findings of the four families that the clean model did not have, by what they say and not by their number."""
    known = {_key(one) for one in clean.findings} if clean is not None else set()
    return [one for one in mutant.findings if one.finding.code[:2] in FAMILIES and _key(one) not in known]


def _key(one: Reported) -> tuple[Any, ...]:
    it = one.finding
    return it.code, it.decision, tuple(sorted(it.element_ids)), tuple(sorted(it.identity))
