"""`bpm question`: what if this rule did not exist."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bpm.settings import settings

if TYPE_CHECKING:
    from bpm.question import Questioned, Trial
    from bpm.service.question import Answer

_WORDS = {
    "de": {
        "decisive": "entscheidet",
        "never-decisive": "entscheidet nie",
        "undecided": "nicht entschieden",
        "rule": "Zeile {n}",
        "witness": "zum Beispiel",
        "share": "ohne sie anders: {share} der Fälle (95 %: {low} bis {high})",
        "unknown": "Anteil nicht bekannt",
        "missing": "nur wo eine Angabe fehlt",
        "all": "Keine Zeile ist entbehrlich.",
        "open": "Nicht alle Zeilen sind entschieden; keine weitere ist nachweislich entbehrlich.",
        "core": "Es genügen {kept} von {all} Zeilen: {rules}. Zusammen entbehrlich: {dropped}.",
        "cases": "{cases} gezogene Fälle, Startwert {seed}",
        "notes": "Hinweise",
        "none": "keine Entscheidungstabelle",
        "guards": "Bedingungen an Verzweigungen (über alle Werte der Angaben)",
        "way": "„{name}“ {condition}",
        "nothing": "keine Angabe",
    },
    "en": {
        "decisive": "decides",
        "never-decisive": "never decides",
        "undecided": "undecided",
        "rule": "rule {n}",
        "witness": "for example",
        "share": "without it {share} of the cases differ (95 %: {low} to {high})",
        "unknown": "share not known",
        "missing": "only where an input is missing",
        "all": "No rule can be spared.",
        "open": "Not every rule is decided; no further one is proven to be needless.",
        "core": "{kept} of {all} rules suffice: {rules}. Can go together: {dropped}.",
        "cases": "{cases} drawn cases, seed {seed}",
        "notes": "Notes",
        "none": "no decision table",
        "guards": "Conditions at gateways (over all values of the data)",
        "way": "{name!r} {condition}",
        "nothing": "missing",
    },
}
_STYLES = {"decisive": "", "never-decisive": "bold yellow", "undecided": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("question")(question)


def question(
    path: Annotated[Path, typer.Argument(help="a model, package or folder")],
    only: Annotated[str | None, typer.Option("--only", help="rules (steps are not built yet)")] = None,
    principle: Annotated[
        str | None, typer.Option("--principle", help="what rests on one principle, in all procedures: vier-augen")
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="Prosimos JSON; else the one beside the model")
    ] = None,
    cases: Annotated[int, typer.Option("--cases", min=1, help="cases drawn for the shares")] = 10_000,
    seed: Annotated[int, typer.Option("--seed")] = 1,
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Show for every rule whether it ever decides, with proof or an example, and which rules suffice."""
    from bpm.service import question as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in _WORDS or only not in (None, "rules", "steps"):
        raise typer.BadParameter("--format is text or json; --lang is de or en; --only is rules or steps")
    if principle is not None:
        from bpm.cli.principle import show_principle

        show_principle(path, principle, format, language)
        return
    answer = service.question(path, scenario=scenario, cases=cases, seed=seed, only=only)
    if format == "json":
        sys.stdout.write(json.dumps(answer.as_json(language), ensure_ascii=False, sort_keys=True) + "\n")
    else:
        _show(answer, language)
    for error in answer.errors:
        print(error, file=sys.stderr)
    if answer.errors:
        raise typer.Exit(2)


def _show(answer: Answer, lang: str) -> None:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, soft_wrap=not terminal, width=None if terminal else 160)
    for one in answer.questioned:
        console.print(one.procedure.path, style="bold")
        for text, style in _lines(one, lang):
            console.print(f"  {text}", style=style)
        console.print()
    for note in answer.as_json(lang)["notes"]:
        console.print(f"- {note['decision'] + ': ' if note['decision'] else ''}{note['why']}", style="dim")
    console.print(answer.as_json(lang)["joint"]["remark"])


def _lines(one: Questioned, lang: str) -> Iterator[tuple[str, str]]:
    """What is said about one procedure, with the style of each line."""
    words = _WORDS[lang]
    if not one.trials:
        yield words["none"], ""
    cores = {id(it.at): it.core for it in one.cores}
    shown: int | None = None
    for position, trial in enumerate(one.trials):
        if shown != id(trial.at):
            shown = id(trial.at)
            yield f"{trial.at.name} ({trial.at.table.hit_policy})", "bold"
        yield f"  {_line(trial, words, lang)}", _STYLES[trial.word]
        last = position + 1 == len(one.trials) or id(one.trials[position + 1].at) != shown
        core = cores.get(shown)
        if last and core is not None:
            listed = [", ".join(str(rule + 1) for rule in rules) for rules in (core.kept, core.dropped)]
            text = words["all"] if core.complete else words["open"]
            if core.dropped:
                text = words["core"].format(
                    kept=len(core.kept), all=len(trial.at.table.rules), rules=listed[0] or "-", dropped=listed[1]
                )
            yield f"  → {text}", ""
    if one.guards:
        yield words["guards"], "bold"
    for guard in one.guards:
        gateway = guard.guards.gateway
        way = words["way"].format(name=gateway.name or gateway.id, condition=guard.guards.condition(guard.trial.rule))
        yield f"  {_line(guard.trial, words, lang, way)}", _STYLES[guard.trial.word]
    if one.cases:
        yield words["cases"].format(cases=one.cases, seed=one.seed), "dim"


def _line(trial: Trial, words: dict[str, str], lang: str, what: str | None = None) -> str:
    parts = [f"{what or words['rule'].format(n=trial.rule)}: {words[trial.word]}"]
    if trial.verdict.only_missing:
        parts.append(words["missing"])
    if trial.verdict.reason is not None:
        parts.append(trial.verdict.reason[lang])
    if trial.witness is not None:
        case = ", ".join(f"{name} = {_value(value, words)}" for name, value in trial.witness.items())
        parts.append(f"{words['witness']} {case}")
    if trial.share is not None and trial.interval is not None and trial.verdict.decisive is not False:
        low, high = (_percent(end, lang) for end in trial.interval)
        parts.append(words["share"].format(share=_percent(trial.share, lang), low=low, high=high))
    return "; ".join(parts)


def _value(value: Any, words: dict[str, str]) -> str:
    return words["nothing"] if value is None else json.dumps(value, ensure_ascii=False)


def _percent(share: float, lang: str) -> str:
    text = f"{100 * share:.2f} %"
    return text.replace(".", ",") if lang == "de" else text
