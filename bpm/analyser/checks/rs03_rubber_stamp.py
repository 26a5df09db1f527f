"""An approval practically never says no.

What it finds
In a real log (`--log`), a step of which it is known how a refusal looks, with at least 300 cases and so few refusals
that the share of approvals is above 99 % with 95 % certainty (exact interval). How a refusal looks must be named: by
the guide to the log, or by a branch of the model that is called so. That cases simply end after a step is no refusal
and no approval; then nothing is said but "no outcome known". A refusal that the data can never reach is a dead path
(RS11).

Why it costs
The step takes time of the highest paid people and lets each case lie; and those before it rely on it.

When to keep the step
The approval deters, or an earlier step filters because of it; the few refusals are the dear ones; a norm asks for a
second person (four eyes, payment). A low share of refusals is a reason to ask, not a proof.

Example
The director signs 613 travel requests and refuses none: at most 0.60 % can be expected to be refused.

Source
Clopper, Pearson: The use of confidence or fiducial limits, 1934; Reijers, Limam Mansar: Best practices in business
process redesign, 2005 (control relocation).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.likeness import required
from bpm.analyser.observed import Observed, decimal, refusals
from bpm.eventlog import Result
from bpm.kpis import exact_share

DE = """Eine Freigabe sagt praktisch nie nein (Mitzeichnung ohne Abweichung).

Was gefunden wird
In einem echten Protokoll (`--log`) ein Schritt, von dem bekannt ist, woran man eine Ablehnung erkennt, mit mindestens
300 Fällen und so wenigen Ablehnungen, dass der Anteil der Zustimmungen mit 95 % Sicherheit über 99 % liegt (exaktes
Intervall). Woran man eine Ablehnung erkennt, muss jemand benennen: die Lesehilfe zum Protokoll oder ein Zweig des
Modells, der so heißt. Dass Fälle nach einem Schritt einfach enden, ist weder Ablehnung noch Zustimmung; dann heißt es
nur "kein Ergebnis bekannt". Eine Ablehnung, zu der die Daten nie führen können, ist ein toter Zweig (RS11).

Warum es kostet
Der Schritt kostet Zeit der am höchsten bezahlten Leute und lässt jeden Fall liegen; und wer vorher prüft, verlässt
sich auf ihn.

Wann es bleiben soll
Die Freigabe schreckt ab, oder ein früherer Schritt filtert ihretwegen; die wenigen Ablehnungen sind die teuren; eine
Norm verlangt eine zweite Person (vier Augen, Zahlung). Ein kleiner Anteil ist ein Grund zu fragen, kein Beweis.

Beispiel
Die Direktion zeichnet 613 Reiseanträge mit und lehnt keinen ab: mehr als 0,60 % Ablehnungen sind nicht zu erwarten.

Quelle
Clopper, Pearson: The use of confidence or fiducial limits, 1934; Reijers, Limam Mansar: Best practices in business
process redesign, 2005 (control relocation).
"""

ENOUGH = 300
APPROVED = 0.99


@check(
    code="RS03",
    family="step",
    severity="warning",
    basis="measurement",
    title={"de": "Mitzeichnung ohne Abweichung", "en": "rubber stamp"},
)
def find_rubber_stamps(given: Given) -> Iterator[Outcome]:
    """One finding per step, in the order of the guide, then of the model."""
    observed = given.observed
    if observed is None:
        open_ = [step for graph in given.graphs for step in graph.steps() if refusals(graph, step.id)]
        if open_:
            yield Skipped(
                reason={
                    "de": f"{len(open_)} Schritte können ablehnen, aber es ist kein Protokoll angegeben (--log)",
                    "en": f"{len(open_)} steps may refuse, but no event log is given (--log)",
                },
                path=given.path,
            )
        return
    if not observed.results:
        yield Skipped(
            reason={
                "de": "kein Ergebnis bekannt: woran man eine Ablehnung erkennt, nennen weder Lesehilfe noch Modell; "
                "ein Fall, der einfach endet, ist nicht abgelehnt",
                "en": "no outcome known: neither the guide nor the model says how a refusal looks; a case that just "
                "ends was not refused",
            },
            path=given.path,
        )
    for result in observed.results:
        yield from _judge(given, observed, result)


def _judge(given: Given, observed: Observed, result: Result) -> Iterator[Outcome]:
    step = observed.called(result.step)
    refused = observed.refused(result)
    if not step or refused is None:
        yield Skipped(
            reason={
                "de": f"das Protokoll kennt »{result.step}« oder das, woran man die Ablehnung erkennt, nicht",
                "en": f"the log knows neither {result.step!r} nor how its refusal looks",
            },
            element=result.step,
            path=given.path,
        )
        return
    if any(e in given.nodes and required(given.nodes[e]) for e in observed.elements(step)):
        return
    n, no = len(observed.having(step)), len(refused)
    low, high = exact_share(no, n)
    if n < ENOUGH or 1.0 - high <= APPROVED:
        return
    label = observed.label(step)
    upper = {lang: decimal(100 * high, 2, lang) for lang in ("de", "en")}
    element_ids = observed.elements(step)
    yield Finding(
        code="RS03",
        basis="measurement",
        path=given.path,
        procedure=given.key,
        element_ids=element_ids,
        message={
            "de": f"{label} hat in {n} Fällen {no}-mal abgelehnt; mehr als {upper['de']} % sind nicht zu erwarten.",
            "en": f"{label} refused {no} of {n} cases; more than {upper['en']} % are not to be expected.",
        },
        question={
            "de": "Was ginge schief, wenn nur noch Stichproben oder Ausnahmen vorgelegt würden?",
            "en": "What would go wrong if only samples or exceptions were submitted?",
        },
        evidence={
            "n": n,
            "rejected": no,
            "upper_bound_95": round(high, 6),
            "interval_95": [round(low, 6), round(high, 6)],
            "log": observed.recorded.digest,
        },
        identity=tuple(observed.names[one] for one in sorted(step)),
        line=given.nodes[element_ids[0]].line if element_ids and element_ids[0] in given.nodes else None,
    )
