"""How many cases a gap in a table concerns: the share of a scenario's cases that no rule meets, beside the proof.

A gap is proven at the model; how often it matters is measured on the cases that a simulation would draw. Where the
scenario does not record what the table looks at, that is said, and no share is made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.run import Analysis, Reported
from bpm.analyser.tables import Geometry
from bpm.errors import ScenarioError
from bpm.model.procedure import Procedure
from bpm.question import CASES, Uncovered, cases_of, looked_at, uncovered
from bpm.service.simulate import scenario_of

QUICK = 1_000
"""Cases drawn where nobody asked for a scenario: the interval says how much they tell."""


def with_shares(
    analysis: Analysis, given: Given, scenario: str | Path | None = None, *, cases: int | None = None, seed: int = 1
) -> Analysis:
    """The analysis, its gaps (RC01) with `uncovered_share`, `interval_95`, `n` and what is `not_recorded` in evidence.

    Raises:
        ScenarioError: `scenario` (not the one beside the model, which others judge) cannot be read or means nothing.
    """
    if not any(reported.finding.code == "RC01" for reported in analysis.findings):
        return analysis
    cases = cases or (QUICK if scenario is None else CASES)
    shapes = {(at.model.path, at.owner, at.table.line): shape for at, shape in given.geometries}
    gaps = [one.finding for one in analysis.findings if one.finding.code == "RC01"]
    drawn = _draw(given.procedure, scenario, cases, seed, _wanted(shapes, gaps))
    findings = []
    for reported in analysis.findings:
        finding = reported.finding
        shape = shapes.get((finding.path, finding.decision or "", finding.line))
        known = finding.code == "RC01" and isinstance(shape, Geometry)
        findings.append(_with_share(reported, uncovered(shape, drawn)) if known and shape else reported)  # type: ignore[arg-type]
    return replace(analysis, findings=tuple(findings))


def _wanted(shapes: Mapping[tuple[str, str, int | None], Any], gaps: Sequence[Finding]) -> frozenset[str] | None:
    """What the tables with gaps look at; None: draw everything."""
    found: set[str] = set()
    for gap in gaps:
        shape = shapes.get((gap.path, gap.decision or "", gap.line))
        names = looked_at(shape) if isinstance(shape, Geometry) else frozenset()
        if names is None:
            return None
        found |= names
    return frozenset(found)


def _draw(
    procedure: Procedure, scenario: str | Path | None, cases: int, seed: int, wanted: frozenset[str] | None
) -> Mapping[str, Sequence[Any]]:
    try:
        figures = scenario_of(procedure, scenario)
        return (
            cases_of(procedure, figures, cases, seed, wanted=wanted).values
            if figures.attributes or figures.results
            else {}
        )
    except ScenarioError:
        if scenario is not None:
            raise
        return {}


def _with_share(reported: Reported, found: Uncovered) -> Reported:
    evidence = {
        **reported.finding.evidence,
        "uncovered_share": found.share,
        "interval_95": None if found.interval is None else list(found.interval),
        "n": found.cases,
        "not_recorded": list(found.missing),
    }
    return replace(reported, finding=replace(reported.finding, evidence=evidence))
