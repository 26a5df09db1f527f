"""`bpm decide`: evaluate one decision with its requirements."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bpm.clock import SystemClock
from bpm.settings import settings

if TYPE_CHECKING:
    from bpm.decisions import Decided

_WORDS = {
    "de": {
        "result": "Ergebnis",
        "decision": "Entscheidung",
        "rules": "zutreffende Regeln",
        "none": "keine",
        "requirements": "Stützt sich auf",
        "warnings": "Hinweise",
    },
    "en": {
        "result": "result",
        "decision": "decision",
        "rules": "matching rules",
        "none": "none",
        "requirements": "rests on",
        "warnings": "warnings",
    },
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decide")(decide)


def decide(
    file: Annotated[Path, typer.Argument(help="a DMN file, or a folder or package that holds it")],
    decision: Annotated[str, typer.Option("--decision", help="name or id of the decision")],
    input: Annotated[str, typer.Option("--input", help="the inputs as JSON object, or a JSON file")] = "{}",
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Evaluate one decision with everything it requires, and show which rules matched."""
    from bpm.service import decide as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in _WORDS:
        raise typer.BadParameter("--format is text or json, --lang is de or en")
    decided = service.decide(file, decision, service.read_inputs(input), SystemClock().now())
    if format == "json":
        sys.stdout.write(json.dumps(decided.as_json(), ensure_ascii=False, sort_keys=True) + "\n")
    else:
        _show(decided, _WORDS[language])


def _show(decided: Decided, words: dict[str, str]) -> None:
    content = decided.as_json()
    none = words["none"]
    print(f"{words['decision']}: {decided.decision}")
    print(f"{words['result']}: {_text(content['result'])}")
    print(f"{words['rules']}: {', '.join(map(str, decided.matched)) or none}")
    if content["requirements"]:
        print(f"{words['requirements']}:")
    for name, outcome in content["requirements"].items():
        rules = ", ".join(map(str, outcome["matched"])) or none
        print(f"  {name}: {_text(outcome['result'])} ({words['rules']}: {rules})")
    if decided.warnings:
        print(f"{words['warnings']}:")
    for warning in decided.warnings:
        print(f"  {warning}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
