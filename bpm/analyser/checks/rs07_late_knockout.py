"""A cheap check that can end the case comes after a dearer one, although its data were there before.

What it finds
A rule or a step called a check that can refuse the case by itself - a branch behind it is called a refusal, or a later
table refuses whatever else is put in - while all data it looks at were given earlier, and a dearer check of a person
was always done in between. Approvals, hearings and other protected steps keep their place. In a real log (`--log`)
the same, from the checks whose refusals are named and the rule found for them: from 30 refused cases on, with the work
wasted on these cases. A normal end is no refusal.

Why it costs
Whoever is refused anyway has been checked for nothing, and waited for it.

When to keep the step
A norm fixes the order, the later check needs the result of the dearer one without the model saying so, or the refusal
needs all reasons at once (so that nobody is refused twice).

Example
Whether the address lies in the parking zone is known at once, but asked after the owner of the car was verified.

Source
van der Aalst: Re-engineering knock-out processes, Decision Support Systems 30, 2001; Reijers, Limam Mansar: Best
practices in business process redesign, 2005 (knock-out, resequencing).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.knockouts import Knockout, Lateness, chains, knockouts, lateness, minutes_of, movable
from bpm.analyser.likeness import says_check, titles
from bpm.analyser.observed import Observed, decimal
from bpm.analyser.trials import Trial, always_before, seconds_of, trials, wasted
from bpm.kpis import half_width
from bpm.model.graph import Graph

DE = """Eine billige Prüfung, die den Fall beenden kann, kommt nach einer teureren, obwohl ihre Daten längst da waren.

Was gefunden wird
Eine Regel oder ein Schritt, der Prüfung heißt und den Fall allein ablehnen kann (Ausschlussprüfung) - ein Zweig
dahinter heißt Ablehnung, oder eine spätere Tabelle lehnt ab, was auch sonst eingegeben wird -, während alle Daten, auf
die er sieht, früher da waren und dazwischen immer eine teurere Prüfung eines Menschen lag. Genehmigungen, Anhörungen
und andere geschützte Schritte behalten ihren Platz. In einem echten Protokoll (`--log`) ebenso, aus den Prüfungen,
deren Ablehnungen benannt sind, und der dafür gefundenen Regel: ab 30 abgelehnten Fällen, mit der an sie verlorenen
Arbeit. Ein normales Ende ist keine Ablehnung.

Warum es kostet
Wer ohnehin abgelehnt wird, ist umsonst geprüft worden und hat darauf gewartet.

Wann es bleiben soll
Eine Norm bestimmt die Reihenfolge, die spätere Prüfung braucht das Ergebnis der teureren, ohne dass das Modell es
sagt, oder die Ablehnung braucht alle Gründe auf einmal (damit niemand zweimal abgelehnt wird).

Beispiel
Ob die Anschrift im Lizenzgebiet liegt, steht sofort fest, wird aber erst nach der Halterschaft geprüft.

Quelle
van der Aalst: Re-engineering knock-out processes, Decision Support Systems 30, 2001; Reijers, Limam Mansar: Best
practices in business process redesign, 2005 (knock-out, resequencing).
"""

QUESTION = {
    "de": "Was spräche dagegen, zuerst zu prüfen, was den Fall am billigsten beenden kann?",
    "en": "What would speak against checking first what can end the case at the lowest cost?",
}


@check(
    code="RS07",
    family="step",
    severity="warning",
    basis="heuristic",
    title={"de": "Späte Ausschlussprüfung", "en": "late knock-out"},
)
def find_late_knockouts(given: Given) -> Iterator[Outcome]:
    """One finding per check, in the order of the model; without a model in the order of the log."""
    known = () if given.observed is None else trials(given.observed)
    for graph in given.graphs:
        # the order inside a chain of knock-outs is a question of cost per refusal (RS06), not of lateness
        fellows = {one.step.id: {it.step.id for it in chain} for chain in chains(given, graph) for one in chain}
        for one in knockouts(given, graph):
            if movable(one.step):
                yield from _in_model(given, graph, one, known, fellows.get(one.step.id, set()))
    if not given.graphs and given.observed is not None:
        yield from _in_log(given, given.observed, known)


def _in_model(
    given: Given, graph: Graph, one: Knockout, known: tuple[Trial, ...], fellows: set[str]
) -> Iterator[Outcome]:
    late = lateness(given, graph, one)
    if late is None:
        return
    own = one.minutes
    checks = (step for step in late.sure if step not in fellows and says_check(graph.nodes[step].name))
    passed = [step for step in checks if (minutes_of(graph.nodes[step]) or 0.0) > 0.0]
    if own is None and passed:
        yield Skipped(
            reason={
                "de": f"{titles(graph, (one.step.id,))}: wie lange die Prüfung dauert, ist nicht erfasst",
                "en": f"{titles(graph, (one.step.id,))}: how long the check takes is not recorded",
            },
            element=one.step.id,
            path=given.path,
        )
    dearer = [step for step in passed if own is not None and (minutes_of(graph.nodes[step]) or 0.0) > own]
    if not dearer:
        return
    evidence: dict[str, Any] = {
        "ready_after": late.ready,
        "inputs": sorted(one.inputs),
        "steps_between": list(late.sure),
        "dearer_checks": dearer,
        "minutes_per_refused_case": round(late.minutes, 4),
        "minutes_not_recorded": list(late.unknown),
        "refuses": {"branches": list(one.branches)} if one.branches else {"through": one.through, **one.values},
    }
    if given.observed is not None:
        evidence |= _measured(given.observed, one, late, known)
    yield _finding(given, graph, one, late, dearer, evidence)


def _finding(
    given: Given, graph: Graph, one: Knockout, late: Lateness, dearer: list[str], evidence: dict[str, Any]
) -> Finding:
    label, before, ready = (titles(graph, ids) for ids in ((one.step.id,), tuple(dearer), (late.ready,)))
    minutes = {lang: f"{late.minutes:g}".replace(".", "," if lang == "de" else ".") for lang in ("de", "en")}
    return Finding(
        code="RS07",
        basis="measurement" if "measured" in evidence else "heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(one.step.id,),
        message={
            "de": f"{label} kann den Fall beenden und wäre nach {ready} möglich, kommt aber erst nach {before}; "
            f"bis dahin fallen {minutes['de']} Minuten Arbeit je abgelehntem Fall an.",
            "en": f"{label} can end the case and could be checked after {ready}, but comes only after {before}; until "
            f"then {minutes['en']} minutes of work go into each refused case.",
        },
        question=QUESTION,
        evidence=evidence,
        line=one.step.line,
    )


def _measured(observed: Observed, one: Knockout, late: Lateness, known: tuple[Trial, ...]) -> dict[str, Any]:
    """What the log tells of the check and of the work before it; empty where it tells too little."""
    mine = observed.activity.get(one.step.id, frozenset())
    trial = next((it for it in known if it.step == mine), None)
    if trial is None:
        return {}
    found: dict[str, Any] = {"n": len(trial.had), "rejected": len(trial.refused)}
    if observed.recorded.starts:
        before = frozenset(k for step in late.sure for k in observed.activity.get(step, ()))
        found |= _saved(wasted(observed, trial, before))
    return {"measured": found, "log": observed.recorded.digest}


def _saved(seconds: Any) -> dict[str, Any]:
    mean, half = float(np.mean(seconds)), half_width(seconds) or 0.0
    interval = [round((mean - half) / 60, 4), round((mean + half) / 60, 4)]
    return {"minutes_saved_per_case": round(mean / 60, 4), "interval_95": interval}


def _in_log(given: Given, observed: Observed, known: tuple[Trial, ...]) -> Iterator[Outcome]:
    if not observed.results:
        yield Skipped(
            reason={
                "de": "kein Ergebnis bekannt: welche Schritte Fälle ablehnen, nennt nur eine Lesehilfe (--log-map)",
                "en": "no outcome known: which steps refuse cases only a guide tells (--log-map)",
            },
            path=given.path,
        )
    for trial in known:
        label = observed.label(trial.step)
        if trial.rule is None or trial.seconds is None:
            no_rule = trial.rule is None
            yield Skipped(
                reason={
                    "de": f"{label}: keine Regel gefunden" if no_rule else f"{label}: Beginn der Arbeit nicht erfasst",
                    "en": f"{label}: no rule found" if no_rule else f"{label}: the start of work is not recorded",
                },
                path=given.path,
            )
            continue
        if any(observed.guide.data.get(name) != "start" for name in trial.rule.data):
            continue  # its data come later; how much later only a model tells
        before = always_before(observed, trial)
        dearer = [
            one
            for one in sorted(before)
            if says_check(observed.names[one]) and (seconds_of(observed, frozenset((one,))) or 0.0) > trial.seconds
        ]
        saved = _saved(wasted(observed, trial, before)) if dearer else {}
        if saved and saved["interval_95"][0] > 0 and not _fixed(observed, trial, dearer):
            yield _of_log(given, observed, trial, dearer, saved)


def _fixed(observed: Observed, trial: Trial, dearer: list[int]) -> bool:
    """Whether the guide says that a dearer check comes first by law."""
    pairs = [(observed.called(first), observed.called(then)) for first, then in observed.guide.legal_order]
    return any(then == trial.step and first & set(dearer) for first, then in pairs)


def _of_log(given: Given, observed: Observed, trial: Trial, dearer: list[int], saved: dict[str, Any]) -> Finding:
    label, before = observed.label(trial.step), observed.label(dearer)
    assert trial.rule is not None
    minutes = {lang: decimal(saved["minutes_saved_per_case"], 1, lang) for lang in ("de", "en")}
    return Finding(
        code="RS07",
        basis="measurement",
        path=given.path,
        procedure=given.key,
        message={
            "de": f"{label} lehnt {len(trial.refused)} von {len(trial.had)} Fällen nach Daten ab, die von Anfang an da "
            f"sind, kommt aber erst nach {before}: {minutes['de']} Minuten je Fall umsonst.",
            "en": f"{label} refuses {len(trial.refused)} of {len(trial.had)} cases by data that are there from the "
            f"start, but comes only after {before}: {minutes['en']} minutes per case for nothing.",
        },
        question=QUESTION,
        evidence={
            "n": len(trial.had),
            "rejected": len(trial.refused),
            **saved,
            **trial.rule.as_json(),
            "log": observed.recorded.digest,
        },
        identity=tuple(observed.names[one] for one in sorted(trial.step)),
    )
