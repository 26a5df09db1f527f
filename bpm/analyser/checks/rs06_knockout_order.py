"""Checks that can each end the case stand in an order that costs more work than another one.

What it finds
Two or more checks one right after the other, each with a branch that the model calls a refusal (or, in a real log, with
refusals that the guide names), whose order can be changed - none needs what another one writes, no law fixes the order
- and for which another order takes less work: sum over the checks of work times the share of cases still alive there.
With a log (`--log`) the new order is played on the same cases: what a check said counts, and where a case never came
to it, the rule found for it; the saving comes with an interval and is only shown if it is certain at 95 %. Without
that, the shares of the scenario count as if refusals were independent, and it is said. Up to eight checks all orders
are compared; beyond, checks go by work per refusal. At least 30 refused cases per check.

Why it costs
The dear check is made for cases that the cheap one would have ended.

When to keep the step
A norm fixes the order (standing before merits, hearing before refusal, four eyes), a refusal needs all reasons at
once, or the cheap check asks people for more than the dear one.

Example
The site visit (60 minutes, refuses 5 %) comes before the look at the zone (2 minutes, refuses 30 %).

Source
van der Aalst: Re-engineering knock-out processes, Decision Support Systems 30, 2001 (order by cost per refusal);
Lashkevich et al.: Knock-out checks from event logs, 2023 - there with independent rates, here replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.knockouts import Knockout, chains, legal_order
from bpm.analyser.likeness import titles, writes
from bpm.analyser.observed import Observed, decimal
from bpm.analyser.ordering import Saving, guessed, saving
from bpm.analyser.trials import Trial, together, trials, unseen
from bpm.model.graph import Graph

DE = """Prüfungen, die den Fall je allein beenden können, stehen in einer teureren Reihenfolge als nötig.

Was gefunden wird
Zwei oder mehr Prüfungen direkt hintereinander, jede mit einem Zweig, den das Modell Ablehnung nennt (oder, in einem
echten Protokoll, mit Ablehnungen, die die Lesehilfe nennt), deren Reihenfolge frei ist - keine braucht, was eine andere
schreibt, kein Recht legt sie fest - und für die eine andere Reihenfolge weniger Arbeit macht: Summe über die Prüfungen
aus Arbeit mal Anteil der Fälle, die dann noch leben. Mit einem Protokoll (`--log`) wird die neue Reihenfolge an
denselben Fällen durchgespielt: was eine Prüfung gesagt hat, gilt, und wo ein Fall nie zu ihr kam, die dafür gefundene
Regel; die Ersparnis steht mit Intervall da und nur, wenn sie mit 95 % Sicherheit eine ist. Sonst gelten die Anteile
des Szenarios, als wären Ablehnungen unabhängig, und das steht dabei. Bis acht Prüfungen werden alle Reihenfolgen
verglichen, darüber nach Arbeit je Ablehnung. Mindestens 30 abgelehnte Fälle je Prüfung.

Warum es kostet
Die teure Prüfung wird für Fälle gemacht, die die billige beendet hätte.

Wann es bleiben soll
Eine Norm bestimmt die Reihenfolge (Zulässigkeit vor Begründetheit, Anhörung vor Ablehnung, vier Augen), die Ablehnung
braucht alle Gründe auf einmal, oder die billige Prüfung verlangt von den Menschen mehr als die teure.

Beispiel
Der Ortstermin (60 Minuten, lehnt 5 % ab) kommt vor dem Blick auf das Gebiet (2 Minuten, lehnt 30 % ab).

Quelle
van der Aalst: Re-engineering knock-out processes, Decision Support Systems 30, 2001 (Arbeit je Ablehnung); Lashkevich
et al.: Knock-out checks from event logs, 2023 - dort mit unabhängigen Anteilen, hier durchgespielt.
"""

_SHARE = ("der Anteil der Ablehnungen (oder unter 30 davon)", "share refused (or fewer than 30 of them)")
LEAST = 0.01
"""A saving below this share of the work of the checks is no talk worth."""


@check(
    code="RS06",
    family="step",
    severity="warning",
    basis="measurement",
    title={"de": "Reihenfolge der Ausschlussprüfungen", "en": "order of knock-outs"},
)
def find_orders(given: Given) -> Iterator[Outcome]:
    """One finding per chain of checks, in the order of the model; without a model one for the log."""
    known = () if given.observed is None else trials(given.observed)
    for graph in given.graphs:
        for chain in chains(given, graph):
            yield from _chain(given, graph, chain, known)
    if not given.graphs and given.observed is not None and len(known) > 1:
        yield from _log(given, given.observed, known)


def _chain(given: Given, graph: Graph, chain: Sequence[Knockout], known: tuple[Trial, ...]) -> Iterator[Outcome]:
    ids = tuple(one.step.id for one in chain)
    first = {
        (a, b)
        for a, one in enumerate(chain)
        for b, other in enumerate(chain)
        if a < b and (writes(one.step) & other.inputs or (not one.inputs or not other.inputs))
    }
    law = legal_order(given)
    first |= {(a, b) for a, one in enumerate(ids) for b, other in enumerate(ids) if (one, other) in law}
    observed = given.observed
    minutes = [one.minutes for one in chain]
    tried = [] if observed is None else _of_steps(observed, ids, known)
    if observed is not None:
        first |= _legal(observed, [observed.activity.get(one, frozenset()) for one in ids])
    costs = [60 * value for value in minutes if value is not None]
    shares = [one.share for one in chain if one.share is not None]
    if len(costs) < len(chain) or (len(tried) < len(chain) and len(shares) < len(chain)):
        missing = ("die Arbeitszeit", "minutes") if len(costs) < len(chain) else _SHARE
        yield Skipped(
            reason={
                "de": f"{titles(graph, ids)}: nicht erfasst ist {missing[0]}; ohne das ist keine Reihenfolge besser",
                "en": f"{titles(graph, ids)}: {missing[1]} not recorded; without it no order is better",
            },
            element=ids[0],
            path=given.path,
        )
        return
    seen = together(tried) if len(tried) == len(chain) else None
    if seen is not None:
        found = saving(costs, seen, first)
    else:
        found = guessed(costs, shares if len(shares) == len(chain) else [one.share for one in tried], first)
    labels = [titles(graph, (one,)) for one in ids]
    yield from _worth(given, found, labels, ids, tried if seen is not None else [], chain[0].step.line)


def _of_steps(observed: Observed, ids: tuple[str, ...], known: tuple[Trial, ...]) -> list[Trial]:
    steps = [observed.activity.get(one, frozenset()) for one in ids]
    return [trial for step in steps for trial in known if trial.step == step]


def _legal(observed: Observed, steps: Sequence[frozenset[int]]) -> set[tuple[int, int]]:
    """What the guide says must come first."""
    pairs = [(observed.called(first), observed.called(then)) for first, then in observed.guide.legal_order]
    numbers = range(len(steps))
    return {
        (a, b) for a in numbers for b in numbers for one, other in pairs if steps[a] & one and steps[b] & other
    }  # fmt: skip


def _log(given: Given, observed: Observed, known: tuple[Trial, ...]) -> Iterator[Outcome]:
    costs = [one.seconds for one in known if one.seconds is not None]
    if len(costs) < len(known):
        yield Skipped(
            reason={
                "de": "der Beginn der Arbeit ist nicht erfasst: ohne Aufwand ist keine Reihenfolge besser",
                "en": "the start of work is not recorded: without effort no order is better than another",
            },
            path=given.path,
        )
        return
    first = _legal(observed, [one.step for one in known])
    for b, other in enumerate(known):
        settled = {observed.guide.data.get(name, "") for name in (other.rule.data if other.rule else ())} - {"start"}
        # a check may not come before what gives its data; what settles them is an activity of the log, or not said
        first |= {(a, b) for a in range(b) if "" in settled or any(known[a].step & observed.called(s) for s in settled)}
    seen = together(known)
    if seen is not None:
        found = saving(costs, seen, first)
    else:
        found = guessed(costs, [one.share for one in known], first)
    labels = [observed.label(one.step) for one in known]
    yield from _worth(given, found, labels, (), known if seen is not None else (), None)


def _worth(
    given: Given, found: Saving, labels: list[str], ids: tuple[str, ...], tried: Sequence[Trial], line: int | None
) -> Iterator[Finding]:
    if not found.certain or found.mean < LEAST * found.before:
        return
    order = [labels[one] for one in found.order]
    share = {lang: decimal(100 * found.mean / found.before, 0, lang) for lang in ("de", "en")}
    minutes = {lang: decimal(found.mean / 60, 1, lang) for lang in ("de", "en")}
    by = {
        "de": f"an {found.n} Fällen durchgespielt" if found.n else "gerechnet, als wären Ablehnungen unabhängig",
        "en": f"replayed on {found.n} cases" if found.n else "reckoned as if refusals were independent",
    }
    interval = None
    if found.half_width is not None:
        interval = [round((found.mean + sign * found.half_width) / 60, 4) for sign in (-1, 1)]
    evidence: dict[str, Any] = {
        "order": [ids[one] for one in found.order] if ids else order,
        "work_minutes": {"now": round(found.before / 60, 4), "then": round(found.after / 60, 4)},
        "minutes_saved_per_case": round(found.mean / 60, 4),
        "interval_95": interval,
        "n": found.n,
        "method": "replay" if found.n else "independence (fallback)",
        "rules": [one.rule.as_json() for one in tried if one.rule is not None],
        "verdicts_by_rule": unseen(tried) if tried else None,
    }
    yield Finding(
        code="RS06",
        basis="measurement" if found.n else "heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=ids,
        message={
            "de": f"In der Reihenfolge {' → '.join(order)} machten diese Prüfungen {minutes['de']} Minuten "
            f"({share['de']} %) weniger Arbeit je Fall ({by['de']}).",
            "en": f"In the order {' → '.join(order)} these checks took {minutes['en']} minutes ({share['en']} %) less "
            f"work per case ({by['en']}).",
        },
        question={
            "de": "Legt eine Norm diese Reihenfolge fest, oder ist sie nur gewachsen?",
            "en": "Does a norm fix this order, or did it just grow?",
        },
        evidence=evidence,
        identity=tuple(labels),
        line=line,
    )
