"""`bpm annotate`: what is not recorded, as a questionnaire for the department; read back by id with who and when."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bpm.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("annotate")(annotate)


def annotate(
    path: Annotated[Path, typer.Argument(help="a model, or the folder of one procedure")],
    out: Annotated[Path, typer.Option("--out", "-o", help="the sheet; with --read the model with the answers")],
    read: Annotated[
        list[Path] | None, typer.Option("--read", help="a sheet that was filled in; several people: repeat it")
    ] = None,
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Write a questionnaire of all steps and rules with what is missing, or take its answers into the model."""
    from bpm.service import annotate as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in ("de", "en"):
        raise typer.BadParameter("--format is text or json; --lang is de or en")
    if not read:
        out.write_bytes(service.questionnaire(path, language))
        told = {"written": [str(out)]}
    else:
        try:
            taken = service.take(path, read)
        except service.Refused as refused:
            for reason in refused.reasons:
                print(reason, file=sys.stderr)
            raise typer.Exit(2) from None
        written = []
        if path.is_dir() or len(taken.files) > 1:
            out.mkdir(parents=True, exist_ok=True)
        for name, content in sorted(taken.files.items()):
            target = out / name if out.is_dir() else out
            target.write_bytes(content)
            written.append(str(target))
        told = {**taken.as_json(), "written": written}
    if format == "json":
        sys.stdout.write(json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n")
    else:
        for name in told["written"]:
            print(name)
