"""`bpm question`: what if this rule or this step did not exist."""

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
    from bpm.question.steps import Joint, Played, RuleTrial, StepTrial
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
        "steps": "Schritte, je ohne ihn durchgespielt: was viel kostet und wenig entscheidet zuerst",
        "ends": "anders enden {share} der Fälle (95 %: {low} bis {high})",
        "outward": "wirkt nach außen",
        "duty": "die Rechtsgrundlage sagt muss",
        "saves": "erspart je Fall: Stadt {work} min Arbeit, Dauer {cycle} Std.",
        "citizens": "Bürgerinnen und Bürger {time} min",
        "business": "Unternehmen {time} min",
        "year": "im Jahr: {hours} Std. Arbeit ({posts} Stellen), nach Tabelle {cost} Euro, "
        "davon {budget} haushaltswirksam",
        "citizen_year": "Bürgerinnen und Bürger {time} Std. im Jahr",
        "business_year": "Unternehmen {time} Std. im Jahr",
        "even": "kostet {much} Arbeitszeit, solange er {word} als {at} min dauert "
        "(angenommen {minutes}; {low} bis {high})",
        "more": "mehr",
        "much": "viel",
        "little": "wenig",
        "less": "weniger",
        "together": "Zusammen weggelassen ({count}): {names}",
        "joint": "zusammen erspart: {work} min Arbeit je Fall, Dauer {cycle} Std.; "
        "einzeln zusammengezählt: {work1} min, {cycle1} Std.",
        "joint_year": "im Jahr zusammen: {hours} Std., {cost} Euro; "
        "einzeln zusammengezählt: {hours1} Std., {cost1} Euro",
        "remedied": "Alle Vorschläge der Prüfungen zusammen ({count}: {codes})",
        "played": "{replications} Durchläufe mit je {cases} Fällen; Euro nach {table}, Stand {state} ({check})",
        "stuck": "{share} der Fälle bleiben liegen",
        "without_rule": "durchgespielt: anders enden {share} der Fälle (95 %: {low} bis {high}), Dauer {cycle} Std.",
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
        "steps": "Steps, each played without it: what costs much and decides little first",
        "ends": "{share} of the cases end otherwise (95 %: {low} to {high})",
        "outward": "acts outside",
        "duty": "the law says must",
        "saves": "saves per case: city {work} min of work, duration {cycle} h",
        "citizens": "citizens {time} min",
        "business": "businesses {time} min",
        "year": "a year: {hours} h of work ({posts} posts), by the table {cost} euro, "
        "{budget} of it effective in the budget",
        "citizen_year": "citizens {time} h a year",
        "business_year": "businesses {time} h a year",
        "even": "costs {much} working time as long as it takes {word} than {at} min "
        "(assumed {minutes}; {low} to {high})",
        "more": "more",
        "much": "much",
        "little": "little",
        "less": "less",
        "together": "Left out together ({count}): {names}",
        "joint": "saved together: {work} min of work per case, duration {cycle} h; "
        "single ones added: {work1} min, {cycle1} h",
        "joint_year": "a year together: {hours} h, {cost} euro; single ones added: {hours1} h, {cost1} euro",
        "remedied": "All remedies of the checks together ({count}: {codes})",
        "played": "{replications} runs of {cases} cases; euro by {table}, as of {state} ({check})",
        "stuck": "{share} of the cases get stuck",
        "without_rule": "played: {share} of the cases end otherwise (95 %: {low} to {high}), duration {cycle} h",
    },
}
_STYLES = {"decisive": "", "never-decisive": "bold yellow", "undecided": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("question")(question)


def question(
    path: Annotated[Path, typer.Argument(help="a model, package or folder")],
    only: Annotated[
        str | None, typer.Option("--only", help="rules (proofs; played only with --replications) or steps")
    ] = None,
    principle: Annotated[
        str | None, typer.Option("--principle", help="what rests on one principle, in all procedures: vier-augen")
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="Prosimos JSON; else the one beside the model")
    ] = None,
    cases: Annotated[
        int | None, typer.Option("--cases", min=1, help="cases of a run (1,000), and drawn for tables (10,000)")
    ] = None,
    replications: Annotated[int | None, typer.Option("--replications", min=1, help="runs (30)")] = None,
    seed: Annotated[int, typer.Option("--seed")] = 1,
    workers: Annotated[int, typer.Option("--workers", min=1, help="threads")] = 1,
    rates: Annotated[
        str | None, typer.Option("--rates", help="cost table: a name, or the city's own as a file (bpm/costs/table.py)")
    ] = None,
    level: Annotated[str, typer.Option("--level", help="whose wages of the table")] = "kommunen",
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
    lang: Annotated[str | None, typer.Option("--lang", help="de or en")] = None,
) -> None:
    """Show for every rule and step what would change without it, by proof or by playing both, and what it costs."""
    from bpm.service import question as service

    language = lang or settings().lang
    if format not in ("text", "json") or language not in _WORDS or only not in (None, "rules", "steps"):
        raise typer.BadParameter("--format is text or json; --lang is de or en; --only is rules or steps")
    if principle is not None:
        from bpm.cli.principle import show_principle

        show_principle(path, principle, format, language)
        return
    answer = service.question(
        path, scenario=scenario, rates=rates, level=level, cases=cases, replications=replications, seed=seed,
        workers=workers, only=only,
    )  # fmt: skip
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
    for asked in answer.asked:
        console.print(asked.procedure.path, style="bold")
        if asked.played is not None and asked.steps:
            for text, style in _step_lines(asked.played, lang):
                console.print(f"  {text}", style=style)
        if asked.rules.trials or asked.played is None:
            for text, style in _lines(asked.rules, lang, asked.played):
                console.print(f"  {text}", style=style)
        console.print()
    for note in answer.as_json(lang)["notes"]:
        console.print(f"- {note['decision'] + ': ' if note['decision'] else ''}{note['why']}", style="dim")
    console.print(answer.as_json(lang)["joint"]["remark"])


def _lines(one: Questioned, lang: str, played: Played | None) -> Iterator[tuple[str, str]]:
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
        found = played.rules.get((trial.at.model.path, trial.at.owner, trial.rule)) if played is not None else None
        if found is not None and not found.same:
            yield f"    {_rule_played(found, lang)}", "dim"
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


def _rule_played(found: RuleTrial, lang: str) -> str:
    words = _WORDS[lang]
    if found.measured is None:
        return found.refusal[lang] if found.refusal else ""
    if found.measured.open_share:
        return words["stuck"].format(share=_percent(found.measured.open_share, lang))
    low, high = found.measured.interval
    share, first, last = (_percent(it, lang) for it in (found.measured.share, low, high))
    saving = found.measured.saving
    return words["without_rule"].format(
        share=share, low=first, high=last, cycle=_signed(saving, "cycle_time_s", 3600, lang)
    )


def _step_lines(played: Played, lang: str) -> Iterator[tuple[str, str]]:
    """What is said about steps, and about all that can be spared together."""
    words = _WORDS[lang]
    yield words["steps"], "bold"
    for number, step in enumerate(played.steps, start=1):
        name = f"{step.node.name or step.node.id}" + (f" ({step.role})" if step.role else "")
        style = "bold yellow" if step.verdict == "decides-little-costs-much" else "" if step.measured else "dim"
        yield f"  {number}. {name}: {_verdict(step, lang)}", style
        for text in _step_figures(step, lang):
            yield f"     {text}", "dim"
    yield from _joint_lines(played, played.joint, lang)
    yield from _remedied_lines(played, lang)
    result, table = played.baseline.result, played.baseline.table
    yield words["played"].format(
        replications=result.replications, cases=result.cases, table=f"{table.name} ({table.publisher})",
        state=table.rechtsstand, check=table.check or table.source,
    ), "dim"  # fmt: skip


def _verdict(step: StepTrial, lang: str) -> str:
    from bpm.question.steps import WORDS

    words = _WORDS[lang]
    parts = [WORDS[step.verdict][lang]]
    parts += [words[name] for name, holds in (("outward", step.outward), ("duty", step.duty)) if holds]
    if step.protected is not None:
        parts.append(step.protected)
    if step.refusal is not None:
        parts.append(step.refusal[lang])
    return "; ".join(parts)


def _step_figures(step: StepTrial, lang: str) -> Iterator[str]:
    words, found = _WORDS[lang], step.measured
    if found is None:
        return
    low, high = found.interval
    share, first, last = (_percent(it, lang) for it in (found.share, low, high))
    yield words["ends"].format(share=share, low=first, high=last)
    if found.open_share:
        yield words["stuck"].format(share=_percent(found.open_share, lang))
    if found.saving is not None:
        work, cycle = (_signed(found.saving, *one, lang) for one in (("processing_time_s", 60), ("cycle_time_s", 3600)))
        parts = [words["saves"].format(work=work, cycle=cycle)]
        for who in ("citizen", "business"):
            if found.saving[f"{who}_time_s"].mean:
                time = _signed(found.saving, f"{who}_time_s", 60, lang)
                parts.append(words["citizens" if who == "citizen" else "business"].format(time=time))
        yield " | ".join(parts)
    if found.per_year is not None:
        yield " | ".join(_year(found.per_year.as_json(), lang))
    for one in step.assumptions:
        if one.text is not None:
            yield one.text[lang]
    even = step.break_even
    if even is not None and even.at is not None:
        yield words["even"].format(
            much=words["much" if even.minutes >= even.at else "little"],
            word=words["more" if even.minutes >= even.at else "less"], at=_number(even.at, lang),
            minutes=_number(even.minutes, lang), low=_number(even.bounds.cautious, lang),
            high=_number(even.bounds.pessimistic, lang),
        )  # fmt: skip


def _year(told: dict[str, Any], lang: str) -> Iterator[str]:
    words = _WORDS[lang]
    yield words["year"].format(
        hours=_number(told["released_hours"], lang, 0), posts=_number(told["posts"], lang, 2),
        cost=_number(told["cost_eur"], lang, 0), budget=_number(told["budget_effective_eur"], lang, 0),
    )  # fmt: skip
    for who in ("citizen", "business"):
        if told[f"{who}_hours"]:
            yield words[f"{who}_year"].format(time=_number(told[f"{who}_hours"], lang, 0))


def _joint_lines(played: Played, joint: Joint, lang: str) -> Iterator[tuple[str, str]]:
    words = _WORDS[lang]
    if joint.measured is None or joint.measured.saving is None:
        if joint.refusal is not None:
            yield joint.refusal[lang], "dim"
        return
    names = {step.node.id: step.node.name or step.node.id for step in played.steps}
    listed = ", ".join(names[one] for one in joint.steps)
    yield words["together"].format(count=len(joint.steps), names=listed), "bold"
    work, cycle = (
        _signed(joint.measured.saving, *one, lang) for one in (("processing_time_s", 60), ("cycle_time_s", 3600))
    )
    yield "  " + words["joint"].format(
        work=work, cycle=cycle, work1=_number(joint.single.get("processing_time_s", 0.0) / 60, lang),
        cycle1=_number(joint.single.get("cycle_time_s", 0.0) / 3600, lang),
    ), ""  # fmt: skip
    low, high = (_percent(it, lang) for it in joint.measured.interval)
    yield "  " + words["ends"].format(share=_percent(joint.measured.share, lang), low=low, high=high), ""
    if joint.measured.per_year is not None and joint.single_per_year is not None:
        told = joint.measured.per_year.as_json()
        yield "  " + words["joint_year"].format(
            hours=_number(told["released_hours"], lang, 0), cost=_number(told["cost_eur"], lang, 0),
            hours1=_number(joint.single_per_year["released_hours"], lang, 0),
            cost1=_number(joint.single_per_year["cost_eur"], lang, 0),
        ), ""  # fmt: skip


def _remedied_lines(played: Played, lang: str) -> Iterator[tuple[str, str]]:
    found, words = played.remedied, _WORDS[lang]
    if found.measured is None or found.measured.saving is None:
        return
    yield words["remedied"].format(count=len(found.applied), codes=", ".join(code for _, code in found.applied)), "bold"
    saving = found.measured.saving
    work, cycle = _signed(saving, "processing_time_s", 60, lang), _signed(saving, "cycle_time_s", 3600, lang)
    yield "  " + words["joint"].format(
        work=work, cycle=cycle, work1=_number(found.single.get("processing_time_s", 0.0) / 60, lang),
        cycle1=_number(found.single.get("cycle_time_s", 0.0) / 3600, lang),
    ), ""  # fmt: skip


def _signed(saving: Any, kpi: str, unit: float, lang: str) -> str:
    """A saving with its interval."""
    if saving is None or saving[kpi].mean is None:
        return "?"
    half = saving[kpi].half_width_95
    text = _number(saving[kpi].mean / unit, lang)
    return text if half is None else f"{text} ± {_number(half / unit, lang)}"


def _number(value: float, lang: str, digits: int = 1) -> str:
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if lang == "de" else text


def _value(value: Any, words: dict[str, str]) -> str:
    return words["nothing"] if value is None else json.dumps(value, ensure_ascii=False)


def _percent(share: float, lang: str) -> str:
    text = f"{100 * share:.2f} %"
    return text.replace(".", ",") if lang == "de" else text
