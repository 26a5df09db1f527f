"""`bpm inspect`: what is in a model, and whether it can be executed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bpm.settings import settings

if TYPE_CHECKING:
    from rich.console import Console

    from bpm.service.inspect import Inspection

_WORDS = {
    "de": {
        "ready": "ausführbar",
        "not ready": "nicht ausführbar",
        "unreadable": "nicht lesbar",
        "process": "Prozess",
        "flows": "Sequenzflüsse",
        "nodes": "Elemente",
        "id": "Kennung",
        "type": "Art",
        "name": "Name",
        "lane": "Bahn",
        "line": "Zeile",
        "decision": "Entscheidung",
        "hit": "Trefferregel",
        "rules": "Regeln",
        "blockers": "Das hindert die Ausführung",
        "rewrites": "So wird es ausgeführt",
        "open": "Nicht erfasst (Fragen an die Fachstelle)",
        "more": "… und {n} weitere (vollständig mit --format json)",
        "at": "{n}-mal",
        "layer": "Örtlich geändert gegenüber {base}",
        "law": "Verfahrensrecht",
        "times": "Bearbeitungszeiten",
        "deadline": "Frist",
        "from": "ab",
        "measured": "gemessen",
        "table": "aus Tabelle",
        "estimated": "geschätzt",
        "assumed": "angenommen",
        "not recorded": "nicht erfasst",
    },
    "en": {
        "ready": "can be executed",
        "not ready": "cannot be executed",
        "unreadable": "cannot be read",
        "process": "process",
        "flows": "sequence flows",
        "nodes": "elements",
        "id": "id",
        "type": "type",
        "name": "name",
        "lane": "lane",
        "line": "line",
        "decision": "decision",
        "hit": "hit policy",
        "rules": "rules",
        "blockers": "What keeps it from being executed",
        "rewrites": "How it is executed",
        "open": "Not recorded (questions for the department)",
        "more": "… and {n} more (all of them with --format json)",
        "at": "{n} times",
        "layer": "Changed locally from {base}",
        "law": "procedural law",
        "times": "working times",
        "deadline": "deadline",
        "from": "from",
        "measured": "measured",
        "table": "from a table",
        "estimated": "estimated",
        "assumed": "assumed",
        "not recorded": "not recorded",
    },
}
_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inspect")(inspect)


def inspect(
    path: Annotated[Path, typer.Argument(help="a BPMN, DMN or XProzess file, a package, or a folder")],
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Show what is in the model, whether it can be executed, and what is not recorded."""
    from bpm.service import inspect as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in _WORDS:
        raise typer.BadParameter("--format is text or json, --lang is de or en")
    found = service.inspect(path, language)
    if format == "json":
        files = {"files": [inspection.as_json() for inspection in found]}
        sys.stdout.write(json.dumps(files, ensure_ascii=False, sort_keys=True) + "\n")
    else:
        _show(found, _WORDS[language])
    errors = [error for inspection in found for error in inspection.errors]
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        raise typer.Exit(2)


def _show(found: tuple[Inspection, ...], words: dict[str, str]) -> None:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, soft_wrap=not terminal, width=None if terminal else 160)
    for inspection in found:
        if inspection.digest is None:
            console.print(f"{inspection.path}: {words['unreadable']}")
            continue
        console.print(inspection.path, style="bold")
        for process in inspection.processes:
            _show_process(console, process, words)
        for decision in inspection.decisions:
            hit = decision["hit_policy"] or "-"
            label = decision["name"] or decision["id"]
            console.print(f"  {words['decision']} {label}: {words['hit']} {hit}, {decision['rules']} {words['rules']}")
        if inspection.processes:
            ready = "ready" if inspection.execution["ready"] else "not ready"
            console.print(f"  → {words[ready]}", style="green" if ready == "ready" else "yellow")
        blockers = [f"{_place(entry)}: {entry['reason']}" for entry in inspection.execution["blockers"]]
        rewrites = [f"{entry['element']}: {entry['what']}" for entry in inspection.execution["rewrites"]]
        _show_list(console, words["blockers"], blockers, words)
        _show_list(console, words["rewrites"], rewrites, words)
        if inspection.layer is not None:
            changes = [
                f"{done['do']} {done['target']}: {done['was'] or '-'} → {done['now'] or '-'}"
                for done in inspection.layer["changes"]
            ]
            _show_list(console, words["layer"].format(base=inspection.layer["base"]), changes, words)
        gaps = Counter(gap["what"] for gap in inspection.not_recorded)
        _show_list(console, words["open"], [f"{what}: {words['at'].format(n=n)}" for what, n in gaps.items()], words)
        console.print()


def _place(blocker: dict[str, Any]) -> str:
    line = blocker["line"]
    return f"{blocker['element']} ({line})" if line else str(blocker["element"])


def _show_process(console: Console, process: dict[str, Any], words: dict[str, str]) -> None:
    from rich.table import Table
    from rich.text import Text

    counted = f"{len(process['nodes'])} {words['nodes']}, {process['flows']} {words['flows']}"
    console.print(f"  {words['process']} {process['name'] or process['id']}: {counted}")
    lanes = {lane["id"]: lane["name"] or lane["id"] for lane in process["lanes"]}
    table = Table(box=None, padding=(0, 2, 0, 2))
    for column in ("line", "type", "name", "lane", "id"):
        table.add_column(words[column], overflow="fold", justify="right" if column == "line" else "left")
    for node in process["nodes"]:
        cells = (node["line"], node["type"], " ".join(node["name"].split()), lanes.get(node["lane"], ""), node["id"])
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in cells))
    if process["nodes"]:
        console.print(table)
    if process["procedural_law"]:
        console.print(f"  {words['law']}: {process['procedural_law']}")
    known = Counter(node["known"]["minutes"]["how"] for node in process["nodes"] if "known" in node)
    if known:
        times = ", ".join(f"{number} {words.get(how, how)}" for how, number in sorted(known.items()))
        console.print(f"  {words['times']}: {times}")
    for deadline in process["deadlines"]:
        starts = f" {words['from']} {deadline['starts']}" if deadline["starts"] else ""
        length = deadline["length"] or words["not recorded"]
        consequence = f" → {deadline['consequence']}" if deadline["consequence"] else ""
        console.print(f"  {words['deadline']} ({deadline['element']}): {length}{starts}{consequence}")


def _show_list(console: Console, title: str, lines: list[str], words: dict[str, str]) -> None:
    if not lines:
        return
    console.print(f"  {title}:")
    for line in lines[:_SHOWN]:
        console.print(f"    - {line}")
    if len(lines) > _SHOWN:
        console.print(f"    {words['more'].format(n=len(lines) - _SHOWN)}")
