"""`bpm compare`: what changes if the procedure changes, and whether chance could explain it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bpm.cli.simulate import Cases, Format, Language, Replications, ScenarioFile, Seed, Workers, progress_bar
from bpm.settings import settings
from bpm.texts import KPIS, LANGUAGES, UNKNOWN, translate, write_duration, write_figure, write_number

if TYPE_CHECKING:
    from bpm.model.procedure import Procedure
    from bpm.model.scenario import Note
    from bpm.simulator.compare import Comparison, Difference

_WORDS = {
    "de": {
        "head": "{cases} Fälle × {replications} Wiederholungen, beide mit denselben Fällen und demselben Zufall",
        "steps": "Schritte im Modell: {before} → {after}",
        "figure": "je Fall",
        "before": "bisher",
        "after": "künftig",
        "change": "Unterschied",
        "interval": "mit 95 % Sicherheit",
        "meaning": "",
        "range": "{low} bis {high}",
        "chance": "Zufall kann den Unterschied erklären",
        "always": "jedes Mal genau so viel",
        "same": "kein Unterschied",
        "one": "nur eine Wiederholung: nicht beurteilbar",
        "points": "{} Prozentpunkte",
        "apart": "Stadt, Bürgerinnen und Bürger und Unternehmen werden nie zusammengezählt.",
        "notes": "Hinweise zu den Zahlen",
        "first": "bisher",
        "second": "künftig",
    },
    "en": {
        "head": "{cases} cases × {replications} replications, both with the same cases and the same luck",
        "steps": "steps in the model: {before} → {after}",
        "figure": "per case",
        "before": "before",
        "after": "after",
        "change": "difference",
        "interval": "with 95 % confidence",
        "meaning": "",
        "range": "{low} to {high}",
        "chance": "chance may explain the difference",
        "always": "exactly that every time",
        "same": "no difference",
        "one": "a single replication: cannot be judged",
        "points": "{} percentage points",
        "apart": "City, citizens and businesses are never added up.",
        "notes": "Notes on these figures",
        "first": "before",
        "second": "after",
    },
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare")(compare)


def compare(
    as_is: Annotated[Path, typer.Argument(help="the procedure as it is: a model, package or folder")],
    to_be: Annotated[Path, typer.Argument(help="the procedure as it could be")],
    scenario: ScenarioFile = None,
    cases: Cases = 1_000,
    replications: Replications = 30,
    seed: Seed = 1,
    workers: Workers = 1,
    log: Annotated[
        Path | None, typer.Option("--log", help="OUT.csv or OUT.xes: writes OUT-as-is and OUT-to-be")
    ] = None,
    format: Format = "text",
    lang: Language = None,
) -> None:
    """Play two variants of a procedure with the same cases and the same luck, and show what changes.

    The scenario of AS_IS holds for both, unless TO_BE has its own.
    """
    from bpm.service import compare as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in LANGUAGES:
        raise typer.BadParameter("--format is text or json, --lang is de or en")
    begin = time.perf_counter()
    with progress_bar() as progress:
        before, after, found = service.compare(
            as_is, to_be, scenario=scenario, log=log, cases=cases, replications=replications, seed=seed,
            workers=workers, progress=progress,
        )  # fmt: skip
    if format == "json":
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n")
    else:
        _show(before, after, found, language)
    print(f"{time.perf_counter() - begin:.2f} s", file=sys.stderr)


def _show(before: Procedure, after: Procedure, found: Comparison, lang: str) -> None:
    from rich.console import Console
    from rich.table import Table

    words = _WORDS[lang]
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 180)
    names = [procedure.name or procedure.key for procedure in (before, after)]
    console.print(names[0] if names[0] == names[1] else " → ".join(names), style="bold")
    console.print(words["head"].format(cases=found.as_is.cases, replications=found.as_is.replications))
    console.print(words["steps"].format(before=found.steps[0], after=found.steps[1]))
    table = Table(*(words[name] for name in ("figure", "before", "after", "change", "interval", "meaning")), box=None)
    for name, label, kind in KPIS:
        means = [_figure(result.kpis[name].mean, kind, lang) for result in (found.as_is, found.to_be)]
        table.add_row(translate(label, lang), *means, *_change(found.difference[name], kind, lang))
    console.print(table)
    console.print(words["apart"])
    console.print(f"{words['notes']}:")
    for line in _notes(found, words):
        console.print(f"  - {line}")


def _change(change: Difference, kind: str, lang: str) -> tuple[str, str, str]:
    """The difference, its interval, and what to make of them."""
    words = _WORDS[lang]
    if change.mean is None:
        return "", "", ""
    ends = change.interval or (change.mean, change.mean)
    mean, low, high = (_signed(value, kind, lang, max(map(abs, ends))) for value in (change.mean, *ends))
    whole = words["points"] if kind == "share" else "{}"
    if change.interval is None:
        return whole.format(mean), "", words["one"]
    if ends == (0.0, 0.0):
        return mean, "", words["same"]
    if change.half_width_95 == 0.0:
        return whole.format(mean), words["always"], ""
    meaning = words["chance"] if change.by_chance else ""
    return whole.format(mean), whole.format(words["range"].format(low=low, high=high)), meaning


def _signed(value: float, kind: str, lang: str, like: float) -> str:
    """With its sign; times in the unit that fits `like`, so that both ends of an interval have the same."""
    sign = "+" if value > 0.0 else "−" if value < 0.0 else ""
    if kind == "share":
        return sign + write_number(100.0 * abs(value), lang, 3)
    return sign + (write_duration(abs(value), lang, like) if kind == "time" else write_figure(abs(value), kind, lang))


def _figure(value: float | None, kind: str, lang: str) -> str:
    return translate(UNKNOWN, lang) if value is None else write_figure(value, kind, lang)


def _notes(found: Comparison, words: dict[str, str]) -> Iterator[str]:
    """Every note once; those of one variant only say of which."""

    def key(note: Note) -> tuple[str, str]:
        return note.element or note.field, note.why

    first, second = ({key(note): None for note in result.notes} for result in (found.as_is, found.to_be))
    for name, why in first | second:
        both = (name, why) in first and (name, why) in second
        variant = "" if both else f"{words['first'] if (name, why) in first else words['second']}: "
        yield f"{variant}{name}: {why}"
