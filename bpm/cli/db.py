"""`bpm db upgrade` and `bpm db verify`: migrations, and whether the ledger is whole."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from bpm.settings import settings

Head = Annotated[list[str] | None, typer.Option("--head", help="NUMBER:DIGEST of a checkpoint as a report printed it")]
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


def verify(head: Head = None, format: Format = "text") -> None:
    """Check the hash chain of every case and the checkpoints over all. Exit code 1 when one is broken."""
    from bpm.service.audit import verify_all
    from bpm.service.context import open_services

    heads = dict(_read_head(one) for one in head or [])
    services = open_services(settings())
    found = verify_all(services, heads)
    covered = found["checkpoints"]
    lines = [f"{one['instance']}: {one['number']}: {one['reason']}" for one in found["breaks"]]
    lines += covered["breaks"]
    broken = len(lines)
    lines.append(f"{found['instances']} cases, {found['entries']} entries, {broken} breaks")
    lines.append(f"{covered['count']} checkpoints, {covered['sealed']} sealed")
    if covered["head"]:
        lines.append(f"head {covered['head']['number']}:{covered['head']['digest']} until {covered['head']['until']}")
    _tell(found, "\n".join(lines), format)
    services.database.dispose()
    if broken:
        raise typer.Exit(1)


def _read_head(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdecimal() and digest):
        raise typer.BadParameter("--head is NUMBER:DIGEST as a report prints it")
    return int(number), digest


def _tell(body: object, text: str, format: str) -> None:
    if format not in ("text", "json"):
        raise typer.BadParameter("--format is text or json")
    if format == "json":
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    sys.stdout.write(text + "\n")
