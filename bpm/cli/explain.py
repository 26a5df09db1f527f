"""`bpm explain`: what a finding means, why it costs, and when the step should stay."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from bpm.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    code: Annotated[str | None, typer.Argument(help="a code such as RC01; without one, the catalogue")] = None,
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Show the documentation of a finding type; without a code, the catalogue."""
    from bpm.service import explain as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in ("de", "en"):
        raise typer.BadParameter("--format is text or json, --lang is de or en")
    values: Any = service.catalogue(language) if code is None else service.explain(code, language)
    if format == "json":
        shown = {"checks": values} if code is None else values
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, sort_keys=True) + "\n")
    elif code is None:
        for entry in values:
            print(f"{entry['code']}  {entry['title']}: {entry['summary']}")
    else:
        _show(values)


def _show(entry: dict[str, Any]) -> None:
    print(f"{entry['code']}  {entry['title']}\n\n{entry['summary']}")
    for section in entry["sections"]:
        print(f"\n{section['heading']}\n  " + section["text"].replace("\n", "\n  "))
