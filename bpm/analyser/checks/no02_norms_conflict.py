"""Norms that cannot all be kept.

What it finds
A smallest set of norms of `norms.toml` that together make a step impossible which each part of them allows, so that
whoever does the step breaks one of them, whatever the flow; and two deadlines for the same steps of which one ends
before the other allows to begin. Only norms in force at the date of law count, and permissions do not.

Why it costs
Everybody who does the step breaks a norm and must choose which; two offices choose differently.

When to keep the step
One norm is more special or younger and takes precedence; then the file should say which cases each is for.

Example
One norm wants an inspection after every notice, another excludes notice and inspection in one case.

Source
Di Ciccio, Maggi, Montali, Mendling: Resolving inconsistencies in declarative process models, 2017; Corea, Delfmann:
Quasi-inconsistency in declarative process models, 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.automata import TooManyWords
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.normative import Conflict, binding, conflicts
from bpm.analyser.wording import TOO_MANY, file_of, listed, names

DE = """Normen, die nicht alle eingehalten werden können.

Was gefunden wird
Eine kleinste Menge von Normen aus `norms.toml`, die zusammen einen Schritt unmöglich machen, den jeder Teil von ihnen
zulässt: Wer den Schritt tut, verletzt eine von ihnen, gleich wie der Ablauf ist. Außerdem zwei Fristen zu denselben
Schritten, von denen eine endet, bevor die andere beginnen lässt. Es zählen nur Normen, die zum Rechtsstand gelten;
Kann-Normen zählen nicht.

Warum es kostet
Wer den Schritt tut, verletzt eine Norm und muss wählen, welche; zwei Stellen wählen verschieden.

Wann es bleiben soll
Eine der Normen ist spezieller oder jünger und geht vor; dann sollte die Datei sagen, für welche Fälle jede gilt.

Beispiel
Eine Norm will nach jeder Anzeige eine Besichtigung, eine andere schließt Anzeige und Besichtigung in einem Fall aus.

Quelle
Di Ciccio, Maggi, Montali, Mendling: Resolving inconsistencies in declarative process models, 2017; Corea, Delfmann:
Quasi-inconsistency in declarative process models, 2019.
"""


@check(
    code="NO02",
    family="norm",
    severity="error",
    basis="proof",
    title={"de": "Normen widersprechen sich", "en": "conflicting norms"},
)
def find_conflicts(given: Given) -> Iterator[Outcome]:
    """One finding per set of norms."""
    if not given.norms:
        return
    try:
        found = conflicts(binding(given))
    except TooManyWords:
        yield Skipped(reason=TOO_MANY, path=file_of(given))
        return
    for conflict in found:
        yield _finding(given, conflict)


def _finding(given: Given, conflict: Conflict) -> Finding:
    steps = names(given, conflict.steps)
    cited = listed(conflict.norms)
    de = f"kann nie geschehen: {steps}" if steps else "gibt es keinen Zeitpunkt, der beiden genügt"
    en = f"{steps} can never be done" if steps else "no point of time satisfies both"
    return Finding(
        code="NO02",
        basis="proof",
        path=file_of(given),
        procedure=given.key,
        element_ids=tuple(dict.fromkeys(step for norm in conflict.norms for step in norm.steps)),
        message={"de": f"Mit {cited} zusammen {de}.", "en": f"With {cited} together {en}."},
        question={
            "de": "Welche dieser Normen geht vor, und wer kann das klarstellen?",
            "en": "Which of these norms takes precedence, and who can make that clear?",
        },
        evidence={
            "norms": [norm.id for norm in conflict.norms],
            "citations": [norm.citation for norm in conflict.norms],
            "impossible": list(conflict.steps),
        },
        remedy=Remedy("board"),
        identity=tuple(norm.id for norm in conflict.norms),
        line=conflict.norms[0].line,
    )
