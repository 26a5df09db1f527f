"""`bpm check`: what is questionable about some procedures."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bpm.settings import settings

if TYPE_CHECKING:
    from rich.console import Console

    from bpm.analyser.run import Analysis, Reported
    from bpm.service.check import Checked

SEVERITIES = ("error", "warning", "info")
_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_WORDS = {
    "de": {
        "error": "Fehler",
        "warning": "Frage",
        "info": "Hinweis",
        "proof": "bewiesen am Modell",
        "measurement": "gemessen",
        "heuristic": "Vermutung",
        "keep": "So lassen, wenn",
        "none": "keine Feststellung",
        "more": "… und {n} weitere (vollständig mit --format json)",
        "skipped": "Nicht entschieden",
        "open": "Nicht erfasst (Fragen an die Fachstelle)",
        "share": "Anteil der Fälle ohne Regel: {share} (95 %: {low} bis {high}, {n} gezogene Fälle)",
        "share-unknown": "Wie viele Fälle es trifft, ist nicht erfasst: {missing} steht in keinem Szenario",
        "sources": "Quellen",
        "row": "Zeile {n}",
        "at": "bei {n} Elementen",
        "sum": "{files} Dateien, {checks} Prüfungen, {findings} Feststellungen",
    },
    "en": {
        "error": "error",
        "warning": "question",
        "info": "note",
        "proof": "proven about the model",
        "measurement": "measured",
        "heuristic": "a guess",
        "keep": "Keep it if",
        "none": "no finding",
        "more": "… and {n} more (all of them with --format json)",
        "skipped": "Not decided",
        "open": "Not recorded (questions for the department)",
        "share": "share of cases without a rule: {share} (95 %: {low} to {high}, {n} drawn cases)",
        "share-unknown": "how many cases it concerns is not recorded: no scenario tells {missing}",
        "sources": "Sources",
        "row": "rule {n}",
        "at": "at {n} elements",
        "sum": "{files} files, {checks} checks, {findings} findings",
    },
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="models, packages, folders, or a XES log alone")
    ] = None,
    select: Annotated[str | None, typer.Option("--select", help="codes or prefixes, with commas: RC,FL06")] = None,
    ignore: Annotated[str | None, typer.Option("--ignore", help="codes or prefixes to leave out")] = None,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", help="how many cases a gap concerns; else the one beside the model"),
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", help="a log of real cases (XES, gzipped XES, CSV), also without a PATH")
    ] = None,
    log_map: Annotated[
        Path | None, typer.Option("--log-map", help="JSON: what columns, activities and outcomes of the log mean")
    ] = None,
    fail_on: Annotated[str, typer.Option("--fail-on", help="error, warning, info or never")] = "error",
    format: Annotated[str, typer.Option("--format", help="text, json or sarif")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Show what is questionable about some procedures, with evidence and what speaks for keeping it."""
    from bpm.service import check as service
    from bpm.service.sarif import as_sarif

    language = lang or settings().lang
    if format not in ("text", "json", "sarif") or language not in _WORDS or fail_on not in (*SEVERITIES, "never"):
        raise typer.BadParameter(
            "--format is text, json or sarif; --lang is de or en; --fail-on is error, warning, info or never"
        )
    if not paths and log is None:
        raise typer.BadParameter("name a PATH, or a log with --log")
    checked = service.check(
        paths or [], select=_codes(select), ignore=_codes(ignore) or (), scenario=scenario, log=log, guide=log_map
    )
    if format == "text":
        _show(checked, language)
    else:
        values = checked.as_json(language) if format == "json" else as_sarif(checked, language)
        sys.stdout.write(json.dumps(values, ensure_ascii=False, sort_keys=True) + "\n")
    for error in checked.errors:
        print(error, file=sys.stderr)
    if checked.errors:
        raise typer.Exit(2)
    worst = checked.worst()
    if worst is not None and fail_on != "never" and SEVERITIES.index(worst) <= SEVERITIES.index(fail_on):
        raise typer.Exit(1)


def _codes(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(text.split(","))


def _show(checked: Checked, lang: str) -> None:
    from rich.console import Console

    from bpm.cli.log_figures import show_log

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, soft_wrap=not terminal, width=None if terminal else 160)
    for told in checked.logs:
        show_log(console, told, lang)
    for analysis in checked.analyses:
        _show_procedure(console, analysis, lang)
    counts = {"files": len(checked.files), "checks": len(checked.checks_run), "findings": len(checked.findings)}
    console.print(_WORDS[lang]["sum"].format(**counts))


def _show_procedure(console: Console, analysis: Analysis, lang: str) -> None:
    from bpm.analyser.run import SHOWN_FIRST, ranked

    words = _WORDS[lang]
    console.print(analysis.path, style="bold")
    found = ranked(analysis.findings)
    if not found:
        console.print(f"  {words['none']}")
    for reported in found[:SHOWN_FIRST]:
        _show_finding(console, reported, lang)
    if len(found) > SHOWN_FIRST:
        console.print(f"  {words['more'].format(n=len(found) - SHOWN_FIRST)}")
    if analysis.skipped:
        console.print(f"  {words['skipped']}:")
        for entry in analysis.skipped[:SHOWN_FIRST]:
            console.print(f"    - {entry.code}: {entry.skipped.reason[lang]}")
        if len(analysis.skipped) > SHOWN_FIRST:
            console.print(f"    {words['more'].format(n=len(analysis.skipped) - SHOWN_FIRST)}")
    gaps = Counter(gap.title(lang) for gap in analysis.not_recorded)
    if gaps:
        listed = "; ".join(f"{what} {words['at'].format(n=n)}" for what, n in gaps.items())
        console.print(f"  {words['open']}: {listed}")
    console.print()


def _show_finding(console: Console, reported: Reported, lang: str) -> None:
    words = _WORDS[lang]
    entry = reported.as_json(lang)
    place = f"{entry['path']}:{entry['line']}" if entry["line"] else entry["path"]
    head = f"{words[reported.severity]} {entry['code']} {entry['title']} ({words[entry['basis']]})"
    console.print(f"  {head}", style=_STYLES[reported.severity])
    console.print(f"    {entry['message']}")
    for text in _evidence(reported, lang):
        console.print(f"    {text}")
    console.print(f"    → {entry['question']}")
    console.print(f"    {words['keep']}: {' '.join(entry['keep_when'].split())}", style="dim")
    console.print(f"    {place}  {', '.join(entry['element_ids'])}  [{entry['fingerprint']}]", style="dim")


def _evidence(reported: Reported, lang: str) -> Iterator[str]:
    """How many cases a gap concerns, and the law that rows rest on, where a finding tells."""
    from bpm.texts import write_share

    words, evidence = _WORDS[lang], reported.finding.evidence
    if "uncovered_share" in evidence:
        share, interval = evidence["uncovered_share"], evidence["interval_95"]
        if share is None or interval is None:
            yield words["share-unknown"].format(missing=", ".join(evidence["not_recorded"]) or "–")
        else:
            low, high = (write_share(end, lang) for end in interval)
            yield words["share"].format(share=write_share(share, lang), low=low, high=high, n=evidence["n"])
    told = reported.sources(lang)
    if told:
        yield words["sources"] + ": " + " · ".join(f"{words['row'].format(n=n)}: {text}" for n, text in told.items())
