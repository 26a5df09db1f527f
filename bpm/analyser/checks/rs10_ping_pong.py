"""Cases go to and fro between two offices, or a step is done again and again.

What it finds
In a real log (`--log`), two offices between which a case goes more than 1.2 times on average, or a step that a case
has more than 1.2 times - each among at least 30 cases that have it at all, and certain at 95 %. Offices are the lanes
of the model, else the groups of the log. Rounds that ask for missing papers or hear somebody do not count, nor what
the model repeats on purpose for each item of a list. Without a log the same of loops whose probability the scenario
gives, as a guess.

Why it costs
Every round waits twice: in the inbox of the one and of the other.

When to keep the step
Asking for missing papers and advising are duties; a clarification may save a refusal. Then the question is which form
or information would have made the round needless.

Example
The finance office returns every second order because the cost centre is missing; each return costs four days.

Source
Dumas, La Rosa, Mendling, Reijers: Fundamentals of Business Process Management, 2nd ed. 2018 (rework, waste analysis).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.knockouts import share_of
from bpm.analyser.likeness import titles
from bpm.analyser.observed import Observed, asks_for_papers, decimal
from bpm.analyser.rounds import EXPECTED, Rounds, loops, ping_pong, rework
from bpm.model.graph import Graph

DE = """Vorgänge gehen zwischen zwei Stellen hin und her (Rücklauf), oder ein Schritt wird immer wieder gemacht.

Was gefunden wird
In einem echten Protokoll (`--log`) zwei Stellen, zwischen denen ein Fall im Mittel mehr als 1,2-mal wechselt, oder ein
Schritt, den ein Fall mehr als 1,2-mal hat - jeweils unter mindestens 30 Fällen, die ihn überhaupt haben, und mit 95 %
Sicherheit. Stellen sind die Bahnen des Modells, sonst die Gruppen des Protokolls. Runden, die fehlende Unterlagen
nachfordern oder jemanden anhören, zählen nicht, ebenso wenig, was das Modell je Eintrag einer Liste wiederholt. Ohne
Protokoll dasselbe von Schleifen, deren Wahrscheinlichkeit im Szenario steht, als Vermutung.

Warum es kostet
Jede Runde wartet zweimal: im Eingang der einen und der anderen Stelle.

Wann es bleiben soll
Fehlende Unterlagen nachzufordern und zu beraten ist Pflicht; eine Klärung kann eine Ablehnung ersparen. Dann ist die
Frage, welches Formular oder welche Auskunft die Runde überflüssig gemacht hätte.

Beispiel
Die Kämmerei gibt jede zweite Anordnung zurück, weil die Kostenstelle fehlt; jede Rückgabe kostet vier Tage.

Quelle
Dumas, La Rosa, Mendling, Reijers: Fundamentals of Business Process Management, 2nd ed. 2018 (rework, waste analysis).
"""


QUESTION = {
    "de": "Was fehlt beim ersten Mal, und wer könnte es gleich mitgeben?",
    "en": "What is missing the first time, and who could give it at once?",
}


@check(
    code="RS10",
    family="step",
    severity="warning",
    basis="measurement",
    title={"de": "Rücklauf oder Nacharbeit", "en": "ping-pong or rework"},
)
def find_rounds(given: Given) -> Iterator[Outcome]:
    """Offices first, the dearest in time first; then steps that are no part of these."""
    observed = given.observed
    if observed is None:
        for graph in given.graphs:
            yield from _drawn(given, graph)
        return
    between = ping_pong(observed)
    for found in between:
        yield _finding(given, observed, found)
    covered = {step for found in between for step in found.steps}
    for found in rework(observed):
        if not covered & set(found.steps):
            yield _finding(given, observed, found)


def _drawn(given: Given, graph: Graph) -> Iterator[Outcome]:
    """Loops of the model, by the probabilities of its scenario; without them nobody knows."""
    open_ = False
    for gateway, back, inside in loops(graph):
        share = share_of(given, gateway, (back,))
        open_ |= share is None
        if share is None or share >= 1.0 or any(asks_for_papers(graph.nodes[one].name) for one in inside):
            continue
        rounds = 1.0 / (1.0 - share)
        if rounds > EXPECTED:
            yield _expected(given, graph, gateway, inside, rounds)
    if open_:
        yield Skipped(
            reason={
                "de": "das Modell hat Schleifen; wie oft sie gegangen werden, sagt nur ein Protokoll (--log)",
                "en": "the model has loops; how often they are taken only an event log tells (--log)",
            },
            path=given.path,
        )


def _expected(given: Given, graph: Graph, gateway: str, inside: tuple[str, ...], rounds: float) -> Finding:
    times = {lang: decimal(rounds, 2, lang) for lang in ("de", "en")}
    offices = list(dict.fromkeys(office for one in inside if (office := graph.role(one))))
    return Finding(
        code="RS10",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(gateway, *inside),
        message={
            "de": f"{titles(graph, inside)} werden nach den Annahmen des Szenarios {times['de']}-mal je Fall gemacht.",
            "en": f"By the assumptions of the scenario {titles(graph, inside)} are done {times['en']} times per case.",
        },
        question=QUESTION,
        evidence={"rounds": round(rounds, 4), "roles": offices, "known": "scenario"},
        line=graph.nodes[gateway].line,
    )


def _finding(given: Given, observed: Observed, found: Rounds) -> Finding:
    label = observed.label(found.steps)
    times = {lang: decimal(found.mean, 2, lang) for lang in ("de", "en")}
    share = f"{100 * found.share:.0f} %"
    if found.roles:
        one, other = found.roles
        message = {
            "de": f"{found.n} Fälle gehen im Mittel {times['de']}-mal von {one} zu {other} (meist {label}); "
            f"{share} ihrer Durchlaufzeit liegt zwischen dem ersten und dem letzten Mal.",
            "en": f"{found.n} cases go {times['en']} times from {one} to {other} on average (mostly {label}); "
            f"{share} of their cycle time lies between the first and the last time.",
        }
    else:
        message = {
            "de": f"{label} wird in {found.n} Fällen im Mittel {times['de']}-mal gemacht; {share} ihrer "
            "Durchlaufzeit liegt zwischen dem ersten und dem letzten Mal.",
            "en": f"{label} is done {times['en']} times on average in {found.n} cases; {share} of their cycle time "
            "lies between the first and the last time.",
        }
    elements = observed.elements(found.steps)
    return Finding(
        code="RS10",
        basis="measurement",
        path=given.path,
        procedure=given.key,
        element_ids=elements,
        message=message,
        question=QUESTION,
        evidence={
            "n": found.n,
            "rounds": round(found.mean, 4),
            "interval_95": found.interval,
            "time_share": round(found.share, 4),
            "roles": list(found.roles),
            "activities": [observed.names[one] for one in found.steps],
            "log": observed.recorded.digest,
        },
        identity=(*found.roles, *(observed.names[one] for one in found.steps)),
        line=given.nodes[elements[0]].line if elements and elements[0] in given.nodes else None,
    )
