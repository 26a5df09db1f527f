"""`bpm calibrate`: a scenario, and if wanted a model, from a log of real cases."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bpm.cli.simulate import Format, Language, progress_bar
from bpm.settings import settings

if TYPE_CHECKING:
    from rich.console import Console

    from bpm.service.calibrate import Calibration

_WORDS = {
    "de": {
        "head": "{log}: gelernt aus {cases} Fällen, {laws} Verteilungen",
        "element": "Element", "part": "wessen Zeit", "n": "n", "mean": "Mittel", "p50": "Hälfte bis", "p90": "90 % bis",
        "law": "Verteilung", "ks": "KS (Grenze)", "outliers": "Ausreißer",
        "office": "Stelle", "applicant": "Antragsteller", "statutory": "gesetzlich", "arrival": "Eingang",
        "delay": "Liegezeit", "guard": "Bedingung",
        "judged": "Gegenprobe am späteren Drittel: {learned} Fälle gelernt, {held} vorhergesagt, {n} Läufe ({events})",
        "distance": "Abstand", "sd": "Streuung", "cycle": "Durchlaufzeit",
        "held_out": "tatsächlich", "learned_from": "frühere Fälle",
        "simulated": "simuliert", "none": "keine Gegenprobe", "notes": "Hinweise", "of": "{right} % richtig, raten: "
        "{majority} %", "kept": "übernommen", "told": "nur genannt", "written": "geschrieben: {path}",
    },
    "en": {
        "head": "{log}: learned from {cases} cases, {laws} laws",
        "element": "element", "part": "whose time", "n": "n", "mean": "mean", "p50": "half within",
        "p90": "90 % within", "law": "law", "ks": "KS (limit)", "outliers": "outliers",
        "office": "office", "applicant": "applicant", "statutory": "statutory", "arrival": "arrival",
        "delay": "idle time", "guard": "guard", "judged": "Held against the later third: {learned} cases learned from, "
        "{held} cases predicted, {n} replications ({events})",
        "distance": "distance", "sd": "deviation", "cycle": "cycle time",
        "held_out": "real", "learned_from": "earlier cases", "simulated": "simulated",
        "none": "nothing held out", "notes": "Notes", "of": "{right} % right, guessing: {majority} %",
        "kept": "taken over", "told": "told only", "written": "written: {path}",
    },
}  # fmt: skip
_EVENTS = {"nur Enden": "ends only", "Anfänge und Enden": "starts and ends"}
_MEASURES = ("ngd", "aed", "ced", "red", "ctd")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate")(calibrate)


def calibrate(
    log: Annotated[Path, typer.Argument(help="XES (also gzipped) or CSV")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the scenario to write (Prosimos JSON)")],
    model: Annotated[
        Path | None, typer.Option("--model", help="BPMN that the cases followed; else one is drawn")
    ] = None,
    discover: Annotated[Path | None, typer.Option("--discover", help="write the model drawn from the log here")] = None,
    guide: Annotated[Path | None, typer.Option("--log-map", help="JSON: what columns, steps and data mean")] = None,
    format: Format = "text",
    lang: Language = None,
) -> None:
    """Learn arrivals, times, branching, calendars and pools from a log, and hold them against its later third."""
    from bpm.service import calibrate as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in _WORDS:
        raise typer.BadParameter("--format is text or json, --lang is de or en")
    if model is not None and discover is not None:
        raise typer.BadParameter("--discover draws a model from the log; with --model there is one")
    begin = time.perf_counter()
    with progress_bar() as progress:
        found = service.calibrate(log, model=model, guide=guide, progress=progress)
    service.write(found, output, discover)
    if format == "json":
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n")
    else:
        _show(found, language, [path for path in (output, discover) if path is not None])
    print(f"{time.perf_counter() - begin:.2f} s", file=sys.stderr)


def _show(found: Calibration, language: str, written: list[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    words = _WORDS[language]
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)
    known = found.scenario["calibrated"]
    console.print(words["head"].format(log=known["log"], cases=known["cases"], laws=len(found.fit)), style="bold")
    names = ("element", "part", "n", "mean", "p50", "p90", "law", "ks", "outliers")
    table = Table(*(words[name] for name in names), box=None)
    for one in found.fit:
        label = one.get("name") or one["element"] or words[one["part"]]
        if one["part"] == "guard":
            told = words["of"].format(right=round(100 * one["right"], 1), majority=round(100 * one["majority"], 1))
            used = words["kept"] if one["accepted"] else words["told"]
            table.add_row(label, words["guard"], str(one["n"]), told, used, "", "", "", "")
            continue
        chosen = next((it for it in one["candidates"] if it["name"] == one["chosen"]), None)
        nearest = chosen or (one["candidates"][0] if one["candidates"] else None)
        ks = "" if nearest is None else f"{nearest['name']} {nearest['ks']:.3f} ({nearest['limit']:.3f})"
        times = [_hours(one[name]) for name in ("mean_s", "p50_s", "p90_s")]
        outliers = one["outliers"]["n"]
        table.add_row(label, words[one["part"]], str(one["n"]), *times, one["chosen"], ks, str(outliers or ""))
    console.print(table)
    _show_judgement(console, found.distances, language)
    console.print(f"{words['notes']}:")
    for note in found.notes:
        console.print(f"  - {note.element or note.field}: {note.why}" + (f" ({note.found})" if note.found else ""))
    for path in written:
        console.print(words["written"].format(path=path))


def _show_judgement(console: Console, judged: Mapping[str, Any], language: str) -> None:
    from rich.table import Table

    words = _WORDS[language]
    if not judged:
        console.print(words["none"])
        return
    events = judged["settings"]["events"]
    console.print(words["judged"].format(
        learned=judged["learned_from_cases"], held=judged["held_out_cases"], n=judged["replications"],
        events=events if language == "de" else _EVENTS[events],
    ))  # fmt: skip
    table = Table(words["distance"], words["mean"], words["sd"], box=None)
    for name in _MEASURES:
        if name in judged:
            table.add_row(name.upper(), f"{judged[name]['mean']:.3f}", f"{judged[name]['sd']:.3f}")
    console.print(table)
    times = Table(words["cycle"], words["mean"], words["p50"], words["p90"], "95 %", box=None)
    for name, row in judged["cycle_time_s"].items():
        if row is not None:
            times.add_row(words[name], *(_hours(row[key]) for key in ("mean", "p50", "p90", "p95")))
    console.print(times)


def _hours(seconds: float) -> str:
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{seconds / length:,.2f} {unit}"
    return f"{seconds:,.2f} s"
