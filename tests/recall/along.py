"""What truly comes along with an injected defect, and why: the only findings beside it that are no false alarms."""

from __future__ import annotations

from bpm.analyser.finding import Finding
from tests.recall.flowops import Place
from tests.recall.flows import Draft

REASONS: dict[str, dict[str, str]] = {}
"""By injected code (or operator): the code that comes along, and why it is true."""


def comes_along(code: str, operator: str, it: Finding, place: Place, draft: Draft) -> bool:
    """Whether the finding follows from the injected defect by definition."""
    return it.code in REASONS.get(code, {}) or it.code in REASONS.get(operator, {})
