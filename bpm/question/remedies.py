"""The remedies of all findings applied together and played, beside the sum of what each saves alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bpm.analyser.given import Given
from bpm.analyser.redesign import Redesign, redesign
from bpm.analyser.run import analyse
from bpm.errors import LichtungError
from bpm.question.absence import Absence, Text
from bpm.question.paired import Baseline, Measured


@dataclass(frozen=True, slots=True)
class Remedied:
    """What goes together (`applied`, by fingerprint and code), played; `single` adds what each of those `counted`
    saves alone. `refusal` says why nothing was played; `excluded` is the number that does not go with the others."""

    applied: tuple[tuple[str, str], ...] = ()
    excluded: int = 0
    counted: int = 0
    measured: Measured | None = None
    refusal: Text | None = None
    single: Mapping[str, float] = field(default_factory=dict)

    def as_json(self, lang: str) -> dict[str, Any]:
        told = None if self.measured is None else self.measured.as_json()
        return {
            "applied": [{"fingerprint": fingerprint, "code": code} for fingerprint, code in self.applied],
            "excluded": self.excluded,
            "counted_alone": self.counted,
            "reason": self.refusal[lang] if self.refusal else None,
            "saving": told and told["saving"],
            "saving_per_year": told and told["saving_per_year"],
            "outcome_changed_share": told and told["outcome_changed_share"],
            "interval_95": told and told["interval_95"],
            "sum": dict(self.single),
        }


def remedied(given: Given, baseline: Baseline) -> Remedied:
    """Apply every remedy that is an edit and goes with the others, and play it; then each of them alone."""
    findings = analyse(given).findings
    wanted = [it.fingerprint for it in findings if it.finding.remedy is not None and it.finding.remedy.edits]
    if not wanted:
        return Remedied()
    try:
        together = redesign(given.procedure, findings, wanted)
        applied = tuple((it.found.fingerprint, it.found.finding.code) for it in together.applied)
        left = len(together.excluded)
        measured = baseline.try_without(_absence(baseline, together))
    except LichtungError as error:
        why = {"de": f"lässt sich nicht durchspielen: {error.message}", "en": f"cannot be played: {error.message}"}
        return Remedied(refusal=why)
    single: dict[str, float] = {}
    counted = 0
    for fingerprint, _ in applied:
        try:
            alone = baseline.try_without(_absence(baseline, redesign(given.procedure, findings, [fingerprint])))
        except LichtungError:
            continue
        if alone.saving is None:
            continue
        counted += 1
        for name, value in alone.saving.items():
            if value.mean is not None and name != "flow_efficiency":
                single[name] = single.get(name, 0.0) + value.mean
    return Remedied(applied, left, counted, measured, None, single)


def _absence(baseline: Baseline, change: Redesign) -> Absence:
    return Absence(change.procedure, baseline.scenario)
