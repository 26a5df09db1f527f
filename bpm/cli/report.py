"""`bpm report` and `bpm verify`: draw up a step-reduction report, and check one by computing it again."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bpm.clock import SystemClock
from bpm.errors import InvalidRequest
from bpm.settings import settings


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("report")(report)
    app.command("verify")(verify)


def report(
    path: Annotated[Path, typer.Argument(help="a procedure: a folder or a file")],
    output: Annotated[Path, typer.Option("-o", "--output", help="FILE.pdf, .xlsx, .csv, .json or .html")],
    to_be: Annotated[Path | None, typer.Option("--to-be", help="what it is to be: a folder or a file")] = None,
    cases: int = 1000,
    replications: int = 30,
    seed: int = 1,
    created: Annotated[str | None, typer.Option(help="the report's date and time, ISO 8601; default: now")] = None,
    lang: Annotated[str | None, typer.Option("--lang")] = None,
) -> None:
    """Draw up the step-reduction report of one procedure."""
    from bpm.service import report as service

    at = _moment(created) if created else SystemClock().now()
    format = output.suffix.lower().removeprefix(".")
    if format not in service.FORMATS:
        raise InvalidRequest("report-format", f"-o takes FILE.{'|'.join(service.FORMATS)}")
    request = {"cases": cases, "replications": replications, "seed": seed}
    after = service.collect(to_be) if to_be is not None else None
    lang = lang or settings().lang
    drawn = service.report(service.collect(path), created=at, lang=lang, request=request, to_be=after)
    output.write_bytes(service.write(drawn, format))
    if format in service.BESIDE:
        output.with_suffix(".report.json").write_bytes(service.write(drawn, "json"))
    print(f"{output}  {drawn['digest']}")


def _moment(text: str) -> datetime:
    """A point in time; without an offset it is the city's time. Raises InvalidRequest."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest("bad-time", f"{text!r} is not a date and time as 2026-01-31T08:30") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(settings().timezone))


def verify(
    file: Annotated[Path, typer.Argument(help="a report: PDF, JSON, or another beside its .report.json")],
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
) -> None:
    """Compute a report again from what it carries; exit code 1 if anything differs."""
    from bpm.service import report as service

    verified = service.verify(file)
    if format == "json":
        print(json.dumps(verified.as_json(), ensure_ascii=False, sort_keys=True, indent=2))
    elif verified.equal:
        print(f"{file}: equal")
    else:
        for difference in verified.differences:
            print(f"{file}: differs at {difference}")
    raise typer.Exit(0 if verified.equal else 1)
