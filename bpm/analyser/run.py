"""Apply checks to a procedure: what was found, what was skipped and why, what is not recorded.

The result depends on nothing but the procedure and the selection: findings are sorted, fingerprints hold no row
numbers, and a remedy that would remove a protected step is taken away.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bpm.analyser.catalogue import choose
from bpm.analyser.check import BASES, SEVERITIES, Check, Skipped
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.unrecorded import NotRecorded, not_recorded

if TYPE_CHECKING:
    from bpm.model.procedure import Procedure

SHOWN_FIRST = 10
"""So many findings show first; the rest is one click deeper."""

WORTH_A_TALK = 5
"""So many of them stand on top."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding with what its check says about it. `fingerprint` is 16 hex digits."""

    finding: Finding
    check: Check
    fingerprint: str

    @property
    def severity(self) -> str:
        return self.check.severity

    def sources(self, lang: str) -> Mapping[str, str]:
        """The law that rows of the table rest on in words, by row, where the finding tells (see `analyse`)."""
        found = self.finding.evidence.get("sources")
        if not isinstance(found, Mapping):
            return {}
        from bpm.analyser.rows import in_words

        return {row: in_words(sources, lang) for row, sources in found.items() if sources}

    def as_json(self, lang: str) -> dict[str, Any]:
        """The finding as the contract has it, with texts in `lang`."""
        finding = self.finding
        remedy = finding.remedy
        return {
            "code": finding.code,
            "family": self.check.family,
            "severity": self.check.severity,
            "basis": finding.basis,
            "title": self.check.title[lang],
            "path": finding.path,
            "line": finding.line,
            "element_ids": list(finding.element_ids),
            "decision": finding.decision,
            "rules": list(finding.rules),
            "message": finding.message[lang],
            "question": finding.question[lang],
            "keep_when": finding.keep_when.get(lang) or self.check.documentation(lang).get("keep", ""),
            "evidence": dict(finding.evidence),
            "remedy": None
            if remedy is None
            else {"applicability": remedy.applicability, "edits": [dict(edit) for edit in remedy.edits]},
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True)
class SkippedCheck:
    """A check that could not decide, and where."""

    code: str
    skipped: Skipped

    def as_json(self, lang: str) -> dict[str, Any]:
        return {
            "code": self.code,
            "reason": self.skipped.reason[lang],
            "element": self.skipped.element,
            "path": self.skipped.path,
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the checks say about one procedure."""

    key: str
    path: str
    checks_run: tuple[str, ...]
    findings: tuple[Reported, ...]
    skipped: tuple[SkippedCheck, ...]
    not_recorded: tuple[NotRecorded, ...]


def analyse(
    procedure: Procedure | Given, select: tuple[str, ...] | None = None, ignore: tuple[str, ...] = ()
) -> Analysis:
    """Run the chosen checks (see `catalogue.choose`) on one procedure, which may come with neighbours.

    Raises:
        NotFound: `select` or `ignore` names no check.
    """
    given = procedure if isinstance(procedure, Given) else Given(procedure)
    checks = choose(select, ignore)
    findings: list[tuple[Finding, Check]] = []
    skipped: list[SkippedCheck] = []
    for check in checks:
        for outcome in check.find(given):
            if isinstance(outcome, Skipped):
                skipped.append(SkippedCheck(check.code, outcome))
            else:
                findings.append((_with_sources(_without_forbidden_remedy(outcome, given), given), check))
    findings.sort(key=lambda pair: _order(pair[0]))
    skipped.sort(key=lambda entry: (entry.code, entry.skipped.element or "", entry.skipped.reason["en"]))
    return Analysis(
        given.key,
        given.procedure.path,
        tuple(check.code for check in checks),
        tuple(_report(findings)),
        tuple(skipped),
        not_recorded(given),
    )


def fingerprint(finding: Finding, occurrence: int = 0) -> str:
    """16 hex digits of code, procedure key, elements and rule content: the same after rows were moved.

    `occurrence` tells apart findings that are equal in all of this (two identical rows).
    """
    parts = [finding.code, finding.procedure, sorted(finding.element_ids), finding.decision, sorted(finding.identity)]
    text = json.dumps([*parts, occurrence] if occurrence else parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def ranked(findings: Iterable[Reported], prices: Mapping[str, float] | None = None) -> tuple[Reported, ...]:
    """Findings with the one most worth a talk first.

    By severity, then what rests on proof before measurement before heuristic, then the dearest first where `prices`
    (fingerprint to whatever one unit the caller compares in) knows it, then the stable order of `analyse`. Of several
    findings of one code the second and later stand behind the first of every other code of the same severity and
    basis: five times the same question is one talk.
    """
    known = prices or {}
    entries = list(findings)
    entries.sort(
        key=lambda it: (
            SEVERITIES.index(it.severity),
            BASES.index(it.finding.basis),
            -known.get(it.fingerprint, 0.0),
            _order(it.finding),
        )
    )
    seen: Counter[str] = Counter()
    turns: dict[str, int] = {}
    for entry in entries:
        turns[entry.fingerprint] = seen[entry.finding.code]
        seen[entry.finding.code] += 1
    entries.sort(key=lambda it: (SEVERITIES.index(it.severity), BASES.index(it.finding.basis), turns[it.fingerprint]))
    return tuple(entries)


def _order(finding: Finding) -> tuple[Any, ...]:
    return (
        finding.path,
        finding.code,
        finding.decision or "",
        finding.element_ids,
        finding.rules,
        sorted(finding.identity),
        finding.message.get("en", ""),
    )


def _report(findings: list[tuple[Finding, Check]]) -> Iterable[Reported]:
    seen: Counter[str] = Counter()
    for finding, check in findings:
        plain = fingerprint(finding)
        yield Reported(finding, check, fingerprint(finding, seen[plain]))
        seen[plain] += 1


def _without_forbidden_remedy(finding: Finding, given: Given) -> Finding:
    """A protected step is never offered for removal, whichever check says so."""
    for edit in finding.remedy.edits if finding.remedy is not None else ():
        named = (edit.get("element"), *edit.get("elements", ()))
        touched = [given.nodes[name] for name in named if name in given.nodes]
        if touched and str(edit.get("do", "")).startswith(("remove", "merge")):
            from bpm.analyser.protected import protection

            if any(protection(node) is not None for node in touched):
                return replace(finding, remedy=None)
    return finding


def _with_sources(finding: Finding, given: Given) -> Finding:
    """A finding about rows of a table names the law they rest on, where it is recorded and not named already."""
    if not finding.rules or finding.decision is None or "sources" in finding.evidence:
        return finding
    from bpm.analyser.rows import dated, sources_of

    held = [at for at in given.tables if at.owner == finding.decision and at.model.path == finding.path]
    if len(held) != 1 or max(finding.rules) > len(held[0].table.rules):
        return finding
    rules = dated(held[0])
    found = {str(number): sources_of(rules[number - 1]) for number in finding.rules}
    if not any(found.values()):
        return finding
    return replace(finding, evidence={**finding.evidence, "sources": found})
