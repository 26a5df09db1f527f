"""`bpm db upgrade` and `bpm db verify`: migrations, and whether the ledger is whole."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from bpm.settings import settings

Format = Annotated[str, typer.Option("--format", help="text or json")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help=__doc__)
    group.command("upgrade")(upgrade)
    group.command("verify")(verify)
    app.add_typer(group, name="db")


def upgrade(format: Format = "text") -> None:
    """Bring the database to this version's schema."""
    from bpm.service.context import open_services, schema_revision

    services = open_services(settings())
    _tell({"revision": schema_revision()}, f"revision {schema_revision()}", format)
    services.database.dispose()


def verify(format: Format = "text") -> None:
    """Check the hash chain of every case. Exit code 1 when one is broken."""
    from bpm.service.cases import verify_all
    from bpm.service.context import open_services

    services = open_services(settings())
    found = verify_all(services)
    lines = [f"{one['instance']}: {one['number']}: {one['reason']}" for one in found["breaks"]]
    lines.append(f"{found['instances']} cases, {found['entries']} entries, {len(found['breaks'])} breaks")
    _tell(found, "\n".join(lines), format)
    services.database.dispose()
    if found["breaks"]:
        raise typer.Exit(1)


def _tell(body: object, text: str, format: str) -> None:
    if format not in ("text", "json"):
        raise typer.BadParameter("--format is text or json")
    if format == "json":
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    sys.stdout.write(text + "\n")
