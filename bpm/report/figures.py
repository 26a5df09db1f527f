"""Draw up a step-reduction report as one JSON value: figures only, no words and no formats.

The order of its parts is that of the federal auditors' guide (BRH Leitsatz 07/01): as-is, weaknesses with weights,
to-be, success check. What has not been decided yet is null and is said to be so, never left out.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bpm import __version__
from bpm.analyser.run import Analysis, ranked
from bpm.model.decision import DecisionTable
from bpm.model.procedure import Procedure
from bpm.model.process import LegalBasis
from bpm.model.steps import Step, tabulate

FORMAT = "lichtung-report/1"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a procedure is to be: read from `files`; `comparison` is the paired simulation as in the contract, None
    where there is no scenario; `costs` of a year as `bpm.report.costs` gives them."""

    procedure: Procedure
    files: Mapping[str, bytes]
    comparison: Mapping[str, Any] | None
    costs: Mapping[str, Any] | None = None


def draw_up(
    procedure: Procedure,
    files: Mapping[str, bytes],
    analysis: Analysis,
    *,
    request: Mapping[str, Any] | None,
    simulation: Mapping[str, Any] | None,
    created: datetime,
    lang: str,
    proposed: Proposed | None = None,
    ledger: Mapping[str, Any] | None = None,
    costs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The report on `procedure` as read from `files`, and on what it is to be where that has been `proposed`.

    `request` are the simulation's cases, replications and seed, `simulation` its result as in the contract; both None
    where there is no scenario. `created` is given by the caller: a report has a date, not a clock. `ledger` is the last
    checkpoint of the database that the report comes from, so that its later rewriting is seen from outside.
    """
    process = procedure.process.main if procedure.process is not None else None
    report: dict[str, Any] = {
        "format": FORMAT,
        "lichtung": __version__,
        "created": created.isoformat(timespec="seconds"),
        "lang": lang,
        "procedure": {
            "key": procedure.key,
            "name": procedure.name,
            "procedural_law": process.procedural_law if process is not None else None,
        },
        "files": {name: _file(content) for name, content in sorted(files.items())},
        "request": dict(request) if request is not None else None,
        "as_is": {
            **_counted(procedure),
            "simulation": simulation,
            "costs": dict(costs) if costs is not None else None,
            "not_recorded": [{"element": gap.element, "what": gap.text(lang)} for gap in analysis.not_recorded],
        },
        "weaknesses": {
            "checks_run": list(analysis.checks_run),
            "findings": [reported.as_json(lang) for reported in ranked(analysis.findings)],
            "skipped": [entry.as_json(lang) for entry in analysis.skipped],
        },
        "to_be": _to_be(procedure, proposed) if proposed is not None else None,
        "success_check": None,
        "ledger": dict(ledger) if ledger is not None else None,
    }
    plain: dict[str, Any] = json.loads(canonical(report))
    return plain | {"digest": digest(plain)}


def _counted(procedure: Procedure) -> dict[str, Any]:
    """Steps, roles, sums and rules of a model: counted the same way before and after."""
    process = procedure.process.main if procedure.process is not None else None
    steps = tabulate(process) if process is not None else ()
    return {
        "steps": [_step(step) for step in steps],
        "roles": _roles(steps),
        "sums": {name: _sum(steps, name) for name in ("minutes", "citizen_minutes", "business_minutes")},
        "rules": _rules(procedure),
    }


def _to_be(procedure: Procedure, proposed: Proposed) -> dict[str, Any]:
    counted = _counted(proposed.procedure)
    before = [step["element"] for step in _counted(procedure)["steps"] if step["number"] is not None]
    after = [step["element"] for step in counted["steps"] if step["number"] is not None]
    return {
        **counted,
        "files": {name: _file(content) for name, content in sorted(proposed.files.items())},
        "removed": [element for element in before if element not in after],
        "added": [element for element in after if element not in before],
        "comparison": dict(proposed.comparison) if proposed.comparison is not None else None,
        "costs": dict(proposed.costs) if proposed.costs is not None else None,
    }


def digest(report: Mapping[str, Any]) -> str:
    """`sha256:<hex>` over the canonical JSON of the report without its own digest."""
    content = {name: value for name, value in report.items() if name != "digest"}
    return "sha256:" + hashlib.sha256(canonical(content)).hexdigest()


def canonical(report: Mapping[str, Any]) -> bytes:
    """The one way to write a report: sorted keys, UTF-8, two spaces, a final newline."""
    text = json.dumps(report, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False, default=_number)
    return f"{text}\n".encode()


def _number(value: object) -> int | float:
    """FEEL's decimals in evidence as JSON numbers. Raises TypeError for what is no number."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is not a JSON value")
    return int(value) if value == value.to_integral_value() else float(value)


def contents(part: Mapping[str, Any]) -> dict[str, bytes]:
    """The model files inside a report or its `to_be`. Raises ValueError if one is not what its digest says."""
    files = {}
    for name, file in part["files"].items():
        content = base64.b64decode(file["content"], validate=True)
        if _file(content)["sha256"] != file["sha256"]:
            raise ValueError(name)
        files[name] = content
    return files


def _file(content: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "content": base64.b64encode(content).decode()}


def _step(step: Step) -> dict[str, Any]:
    return {
        "element": step.element,
        "type": step.type,
        "number": step.number,
        "name": step.name,
        "role": step.role,
        "channel": step.channel,
        "minutes": step.minutes,
        "citizen_minutes": step.citizen_minutes,
        "business_minutes": step.business_minutes,
        "known": step.known.how if step.known is not None else None,
        "known_source": step.known.source if step.known is not None else None,
        "protected": step.protected,
        "legal_bases": [_basis(basis) for basis in step.legal_bases],
    }


def _basis(basis: LegalBasis) -> dict[str, Any]:
    return {
        "citation": basis.citation,
        "organ": basis.organ,
        "force": basis.force,
        "valid_from": basis.valid_from,
        "valid_to": basis.valid_to,
        "known": basis.known.how if basis.known is not None else None,
    }


def _roles(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    """Roles in order of appearance with the number of their steps; None stands for steps without a role."""
    counts: dict[str | None, int] = {}
    for step in steps:
        if step.is_step:
            counts[step.role] = counts.get(step.role, 0) + 1
    return [{"role": role, "steps": count} for role, count in counts.items()]


def _sum(steps: tuple[Step, ...], figure: str) -> dict[str, Any]:
    work = [step for step in steps if step.is_step]
    recorded = [getattr(step, figure) for step in work if getattr(step, figure) is not None]
    return {"total": sum(recorded) if recorded else None, "steps_recorded": len(recorded), "steps": len(work)}


def _rules(procedure: Procedure) -> list[dict[str, Any]]:
    rules = []
    for model in procedure.decisions:
        for decision in model.decisions:
            table = decision.logic
            if not isinstance(table, DecisionTable):
                continue
            for number, rule in enumerate(table.rules, start=1):
                rules.append(
                    {
                        "decision": decision.id,
                        "decision_name": decision.name,
                        "hit_policy": table.hit_policy,
                        "rule": number,
                        "inputs": {
                            column.label or column.expression: " ".join(cell.split())
                            for column, cell in zip(table.inputs, rule.inputs, strict=True)
                        },
                        "outputs": {
                            column.label or column.name or decision.name: " ".join(cell.split())
                            for column, cell in zip(table.outputs, rule.outputs, strict=True)
                        },
                        "legal_bases": [_basis(basis) for basis in rule.legal_bases or decision.legal_bases],
                    }
                )
    return rules
