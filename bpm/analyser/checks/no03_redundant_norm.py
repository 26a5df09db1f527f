"""A norm that other norms already demand.

What it finds
A norm of `norms.toml` that holds in every case in which some of the others hold, whatever the flow, with a smallest set
of those. Of two that say the same the later one in the file is named; those that stay still say everything. Norms that
conflict with others (NO02) imply whatever one likes and are left out, with all that share a step with them.

Why it costs
Two texts for one duty must be kept in step, and whoever reads both looks for the difference.

When to keep the step
The sources differ in who may change them: if the other norm goes, this one still holds.

Example
"Hearing before refusal" and "refusal only after hearing and reasons" both ask for the hearing.

Source
Di Ciccio, Maggi, Montali, Mendling: Resolving inconsistencies and redundancies in declarative process models, 2017.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.automata import TooManyWords
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.normative import Redundant, binding, conflicts, redundancies
from bpm.analyser.wording import TOO_MANY, file_of, listed, sentence

DE = """Eine Norm, die andere Normen schon verlangen.

Was gefunden wird
Eine Norm aus `norms.toml`, die in jedem Fall eingehalten ist, in dem einige der anderen es sind, gleich wie der Ablauf
ist, mit einer kleinsten Menge von diesen. Von zweien, die dasselbe sagen, wird die spätere in der Datei genannt; die
bleibenden sagen noch alles. Normen, die anderen widersprechen (NO02), folgen aus ihnen beliebig; sie und alle, die
einen Schritt mit ihnen teilen, bleiben außer Betracht.

Warum es kostet
Zwei Texte für eine Pflicht müssen zusammen gepflegt werden, und wer beide liest, sucht den Unterschied.

Wann es bleiben soll
Die Quellen unterscheiden sich darin, wer sie ändern darf: Fällt die andere Norm weg, gilt diese weiter.

Beispiel
„Anhörung vor Ablehnung“ und „Ablehnung nur nach Anhörung und Begründung“ verlangen beide die Anhörung.

Quelle
Di Ciccio, Maggi, Montali, Mendling: Resolving inconsistencies and redundancies in declarative process models, 2017.
"""


@check(
    code="NO03",
    family="norm",
    severity="warning",
    basis="proof",
    title={"de": "Norm schon enthalten", "en": "redundant norm"},
)
def find_redundant_norms(given: Given) -> Iterator[Outcome]:
    """One finding per norm, in the order of the file."""
    if not given.norms:
        return
    norms = binding(given)
    try:
        broken = {step for conflict in conflicts(norms) for norm in conflict.norms for step in norm.steps}
        found = redundancies(tuple(norm for norm in norms if not broken & set(norm.steps)))
    except TooManyWords:
        yield Skipped(reason=TOO_MANY, path=file_of(given))
        return
    for redundant in found:
        yield _finding(given, redundant)


def _finding(given: Given, found: Redundant) -> Finding:
    norm, rule = found.norm, sentence(found.norm, given.graph)
    return Finding(
        code="NO03",
        basis="proof",
        path=file_of(given),
        procedure=given.key,
        element_ids=norm.steps,
        message={
            "de": f"{norm.citation} ({norm.id}): {rule['de']} Das verlangt schon {listed(found.by)}.",
            "en": f"{norm.citation} ({norm.id}): {rule['en']} {listed(found.by)} already demands it.",
        },
        question={
            "de": "Muss diese Pflicht zweimal geschrieben stehen, oder genügt eine Quelle?",
            "en": "Must this duty be written twice, or is one source enough?",
        },
        evidence={
            "norm": norm.id,
            "citation": norm.citation,
            "by": [other.id for other in found.by],
            "citations": [other.citation for other in found.by],
        },
        remedy=Remedy("board"),
        identity=(norm.id, *(other.id for other in found.by)),
        line=norm.line,
    )
