"""`bpm redesign`: apply remedies and write the to-be model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bpm.settings import settings

if TYPE_CHECKING:
    from bpm.service.redesign import Written

_WORDS = {
    "de": {
        "applied": "angewandt",
        "mechanical": "ohne Diskussion: jeder Fall wird gleich entschieden",
        "board": "zu entscheiden",
        "excluded": "nicht angewandt",
        "with": "zusammen mit {others}",
        "same": "„{decision}“: jeder Fall wird entschieden wie bisher",
        "other": "„{decision}“: entscheidet anders, zum Beispiel für {case}",
        "open": "„{decision}“: ob anders entschieden wird, ist nicht bewiesen ({why})",
        "written": "{count} Dateien geschrieben nach {out}",
        "nothing": "Nichts zu schreiben.",
    },
    "en": {
        "applied": "applied",
        "mechanical": "no discussion needed: every case is decided the same",
        "board": "to be decided",
        "excluded": "not applied",
        "with": "together with {others}",
        "same": "{decision!r}: every case is decided as before",
        "other": "{decision!r}: decides otherwise, for example for {case}",
        "open": "{decision!r}: whether it decides otherwise is not proven ({why})",
        "written": "{count} files written to {out}",
        "nothing": "Nothing to write.",
    },
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("redesign")(redesign)


def redesign(
    path: Annotated[Path, typer.Argument(help="a model, package or folder")],
    apply: Annotated[
        list[str], typer.Option("--apply", help="fingerprints of findings, or all-mechanical; may be repeated")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="the folder for the to-be model")],
    more: Annotated[list[str] | None, typer.Argument(help="further fingerprints", show_default=False)] = None,
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Apply the remedies of some findings, say which exclude each other and why, and write the to-be model."""
    from bpm.service import redesign as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in _WORDS:
        raise typer.BadParameter("--format is text or json; --lang is de or en")
    done = service.redesign(path, [*apply, *(more or ())], out)
    if format == "json":
        sys.stdout.write(json.dumps(done.as_json(language), ensure_ascii=False, sort_keys=True) + "\n")
    else:
        _show(done, out, language)
    for error in done.errors:
        print(error, file=sys.stderr)
    if done.errors:
        raise typer.Exit(2)


def _show(done: Written, out: Path, lang: str) -> None:
    words, answer = _WORDS[lang], done.as_json(lang)
    for one in (one for it in done.redesigns for one in it.applied):
        finding = one.found.finding
        print(f"{words['applied']}: {one.found.fingerprint} {finding.code} ", end="")
        print(f"({words['mechanical' if one.mechanical else 'board']})")
        print(f"  {finding.message[lang]}")
    for left in answer["excluded"]:
        print(f"{words['excluded']}: {left['fingerprint']} {left['code']}: {left['message']}")
        if left["with"]:
            print(f"  {words['with'].format(others=', '.join(left['with']))}")
    for table in answer["tables"]:
        kind = {True: "same", False: "other", None: "open"}[table["equivalent"]]
        case = ", ".join(
            f"{name} = {json.dumps(it, ensure_ascii=False)}" for name, it in (table["witness"] or {}).items()
        )
        print(words[kind].format(decision=table["decision"], case=case, why=table["why"]))
    print(words["written"].format(count=len(done.files), out=out) if done.files else words["nothing"])
