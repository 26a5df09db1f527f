"""`bpm import` and `bpm export`: procedures into and out of the database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bpm.settings import settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_)
    app.command("export")(export)


def import_(
    paths: Annotated[list[Path], typer.Argument(help="BPMN files, packages, or folders of procedures")],
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
) -> None:
    """Store procedures; content that is already there keeps its version."""
    from bpm.service.access import DEMO
    from bpm.service.context import open_services
    from bpm.service.procedures import import_path

    if format not in ("text", "json"):
        raise typer.BadParameter("--format is text or json")
    services = open_services(settings())
    answers = [answer for path in paths for answer in import_path(services, DEMO["owner"], path)]
    services.database.dispose()
    if format == "json":
        items = [{name: one.body[name] for name in ("key", "version", "digest", "execution")} for one in answers]
        sys.stdout.write(json.dumps({"procedures": items}, ensure_ascii=False, sort_keys=True) + "\n")
    else:
        for one in answers:
            sys.stdout.write(f"{one.body['key']} {one.body['version']} {one.body['digest']}\n")


def export(
    key: Annotated[str, typer.Argument(help="the procedure; with --as the path of a model and its scenario")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the package to write; .xml gives an XProzess export")],
    version: Annotated[int | None, typer.Option(help="by default the newest")] = None,
    form: Annotated[str | None, typer.Option("--as", help="bpsim or qbp: the model with its scenario inside")] = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="with --as; else the one beside the model")
    ] = None,
) -> None:
    """Write a procedure as a package for another city, as an XProzess export for a catalogue, or for a simulator."""
    if form is not None:
        from bpm.service.scenarios import export_scenario

        if form not in ("bpsim", "qbp"):
            raise typer.BadParameter("--as is bpsim or qbp")
        data, lost = export_scenario(key, form, scenario)
        output.write_bytes(data)
        for note in lost:
            found = "" if note.found in (None, "None", "…") else f" ({note.found})"
            sys.stdout.write(f"{note.element or note.field}: {note.field}: {note.why}{found}\n")
        return
    from bpm.service.access import DEMO
    from bpm.service.context import open_services
    from bpm.service.procedures import export as pack
    from bpm.service.procedures import export_xprozess

    services = open_services(settings())
    write = export_xprozess if output.suffix == ".xml" else pack
    output.write_bytes(write(services, DEMO["owner"], key, version))
    services.database.dispose()
