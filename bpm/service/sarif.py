"""Findings in SARIF 2.1.0 (OASIS), so that code platforms show them beside the model's lines."""

from __future__ import annotations

from typing import Any

import bpm
from bpm.analyser.catalogue import load
from bpm.analyser.check import Check
from bpm.analyser.run import Reported
from bpm.model.procedure import FileError
from bpm.service.check import Checked

LEVELS = {"error": "error", "warning": "warning", "info": "note"}
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(checked: Checked, lang: str) -> dict[str, Any]:
    """One run with the rules that were applied, every finding, and unreadable files as notifications."""
    codes = list(checked.checks_run)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Lichtung",
                        "version": bpm.__version__,
                        "language": lang,
                        "rules": [_rule(load(code), lang) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not checked.errors,
                        "toolExecutionNotifications": [_notification(error) for error in checked.errors],
                    }
                ],
                "results": [_result(found, codes, lang) for found in checked.findings],
            }
        ],
    }


def _rule(check: Check, lang: str) -> dict[str, Any]:
    documentation = check.documentation(lang)
    return {
        "id": check.code,
        "name": check.title[lang],
        "shortDescription": {"text": documentation["summary"]},
        "fullDescription": {"text": documentation["what"]},
        "help": {"text": "\n\n".join(documentation[key] for key in ("why", "keep", "example", "source"))},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {"family": check.family, "basis": check.basis},
    }


def _result(found: Reported, codes: list[str], lang: str) -> dict[str, Any]:
    finding = found.finding
    entry = found.as_json(lang)
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": LEVELS[found.severity],
        "message": {"text": f"{entry['message']} {entry['question']}"},
        "locations": [
            {
                "physicalLocation": _place(finding.path, finding.line),
                "logicalLocations": [{"name": element, "kind": "element"} for element in finding.element_ids],
            }
        ],
        "partialFingerprints": {"lichtung/v1": found.fingerprint},
        "properties": {"basis": finding.basis, "keepWhen": entry["keep_when"], "evidence": entry["evidence"]},
    }


def _notification(error: FileError) -> dict[str, Any]:
    return {
        "level": "error",
        "descriptor": {"id": error.code},
        "message": {"text": error.message},
        "locations": [{"physicalLocation": _place(error.path, error.line)}],
    }


def _place(path: str, line: int | None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": path}}
    if line:
        place["region"] = {"startLine": line}
    return place
