"""Cases mostly wait at one hand-over.

What it finds
In a real log (`--log`) that records from when a step could begin and when it began: a hand-over of at least 30 waits
that takes more than a quarter of the time of all cases, while less than a tenth of that time is work. The waiting is
split into cases gathered for a batch, work on later cases, work on earlier ones, off duty, and unexplained; the parts
sum to the whole. Waiting for the people concerned (missing papers, hearing) is not counted. Without these times
nothing is found: not recorded. Ten hours of waiting for one of work is normal in offices - this is a figure to know,
not an alarm.

Why it costs
Those who apply wait; and lying cases are asked after, searched for and read again.

When to keep the step
A period runs by law (hearing, objection), a batch saves more than the waiting costs, or urgent cases rightly go first.

Example
Permits wait four days to be signed, three of them until the folder is full: the signature is given on Fridays.

Source
Lashkevich et al.: Why am I waiting?, CAiSE 2023; Bundesrechnungshof 2006: working to throughput time of 1:10 or worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.observed import Observed, decimal
from bpm.analyser.waiting import PARTS, Handover, cycle_time, handovers

DE = """Fälle liegen vor allem bei einer Übergabe.

Was gefunden wird
In einem echten Protokoll (`--log`), das festhält, ab wann ein Schritt möglich war und wann er begann: eine Übergabe
mit mindestens 30 Wartezeiten, die mehr als ein Viertel der Zeit aller Fälle ausmacht, während weniger als ein Zehntel
dieser Zeit Arbeit ist. Die Wartezeit wird zerlegt in Sammeln für einen Stapel, Arbeit an späteren Fällen, Arbeit an
früheren, außer Dienst und ungeklärt; die Teile ergeben genau das Ganze. Warten auf die Betroffenen (fehlende
Unterlagen, Anhörung) zählt nicht. Ohne diese Zeiten wird nichts gefunden: nicht erfasst. Zehn Stunden Liegezeit auf
eine Stunde Arbeit sind in Ämtern üblich - das ist eine Kennzahl, kein Alarm.

Warum es kostet
Wer einen Antrag stellt, wartet; und nach liegenden Fällen wird gefragt, sie werden gesucht und neu gelesen.

Wann es bleiben soll
Eine Frist läuft kraft Gesetzes (Anhörung, Widerspruch), ein Stapel spart mehr, als das Warten kostet, oder Eiliges
geht mit Recht vor.

Beispiel
Bescheide liegen vier Tage zur Unterschrift, drei davon, bis die Mappe voll ist: unterschrieben wird freitags.

Quelle
Lashkevich et al.: Why am I waiting?, CAiSE 2023; Bundesrechnungshof 2006: Arbeits- zu Durchlaufzeit
1:10 oder schlechter.
"""

DOMINATES = 0.25
LITTLE_WORK = 0.1
WORDS = {
    "batching": {"de": "Sammeln", "en": "batching"},
    "prioritisation": {"de": "Vorziehen anderer", "en": "others first"},
    "contention": {"de": "Arbeit an Früherem", "en": "work on earlier cases"},
    "unavailability": {"de": "außer Dienst", "en": "off duty"},
    "unexplained": {"de": "ungeklärt", "en": "unexplained"},
}


@check(
    code="BU05",
    family="burden",
    severity="warning",
    basis="measurement",
    title={"de": "Liegezeit überwiegt", "en": "waiting dominates"},
)
def find_waiting(given: Given) -> Iterator[Outcome]:
    """One finding per hand-over, the longest waiting first."""
    observed = given.observed
    if observed is None:
        return
    found = handovers(observed)
    if found is None:
        yield Skipped(
            reason={
                "de": "Wartezeiten nicht erfasst: das Protokoll sagt nicht, ab wann Schritte möglich waren und wann "
                "sie begannen",
                "en": "waiting not recorded: the log does not say from when steps could begin and when they began",
            },
            path=given.path,
        )
        return
    cycle, worked = cycle_time(observed)
    for one in found:
        if not one.outside and one.total > DOMINATES * cycle and worked < LITTLE_WORK * cycle:
            yield _finding(given, observed, one, cycle, worked)


def _finding(given: Given, observed: Observed, one: Handover, cycle: int, worked: int) -> Finding:
    pair = [place for place in (one.before, one.after) if place is not None]
    parts = dict(zip(PARTS, one.parts, strict=True))
    largest = max(PARTS, key=lambda name: parts[name])
    text: dict[str, dict[str, Any]] = {
        lang: {
            "where": " → ".join(observed.label((place,)) for place in pair),
            "hours": decimal(one.total / one.n / 3_600_000, 1, lang),
            "share": decimal(100 * one.total / cycle, 0, lang),
            "part": decimal(100 * parts[largest] / one.total, 0, lang),
            "why": WORDS[largest][lang],
        }
        for lang in ("de", "en")
    }
    elements = observed.elements(pair)
    return Finding(
        code="BU05",
        basis="measurement",
        path=given.path,
        procedure=given.key,
        element_ids=elements,
        message={
            "de": "{where}: im Mittel {hours} Stunden Liegezeit, {share} % der Zeit aller Fälle; davon {part} % "
            "{why}.".format(**text["de"]),
            "en": "{where}: {hours} hours of waiting on average, {share} % of the time of all cases; {part} % of it "
            "{why}.".format(**text["en"]),
        },
        question={
            "de": "Worauf wartet der Fall hier, und wem nützt das Warten?",
            "en": "What does the case wait for here, and whom does the waiting serve?",
        },
        evidence={
            "n": one.n,
            "waiting_s": one.total / 1000,
            "parts_s": {name: value / 1000 for name, value in parts.items()},
            "share_of_cycle_time": round(one.total / cycle, 4),
            "flow_efficiency": round(worked / cycle, 4),
            "duty": "read off the log",
            "log": observed.recorded.digest,
        },
        identity=tuple(observed.names[place] for place in pair),
        line=given.nodes[elements[0]].line if elements and elements[0] in given.nodes else None,
    )
