"""The flow as drawn allows a case in which a norm does not hold.

What it finds
For every norm of `norms.toml` that is in force at the date of law and binds (not "may"): a case, as a trace of steps,
on which it does not hold. Norms of order are compared with every way the flow allows; a way whose conditions contradict
each other is none. A separation is violated if both steps are done by one role and the norm speaks of roles, or the
role has one person in the scenario. A deadline is violated if the end can be missed altogether, or if waits that are
drawn between the steps are together longer than it.

Why it costs
A decision that skips a duty can be annulled, and the whole procedure begins again.

When to keep the step
The norm is written down too strictly, an exception in law covers the case, or the missing step happens outside the
model. Then say so in the norm.

Example
A refusal can be sent on a way that passes no hearing, though BayVwVfG Art. 28 wants one before.

Source
Pesic, Schonenberg, van der Aalst: DECLARE, 2007; the source of each norm stands in the finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.likeness import titles
from bpm.analyser.normative import Violation, violations
from bpm.analyser.wording import file_of, sentence
from bpm.model.graph import Graph

DE = """Der gezeichnete Ablauf lässt einen Fall zu, in dem eine Norm nicht eingehalten ist.

Was gefunden wird
Zu jeder Norm aus `norms.toml`, die zum Rechtsstand gilt und bindet (nicht „kann“): ein Fall als Folge von Schritten, in
dem sie nicht eingehalten ist. Normen zur Reihenfolge werden mit allen Wegen verglichen, die der Ablauf zulässt; ein
Weg, dessen Bedingungen einander widersprechen, ist keiner. Eine Trennung ist verletzt, wenn dieselbe Stelle beides tut
und die Norm von Stellen spricht oder die Stelle im Szenario aus einer Person besteht. Eine Frist ist verletzt, wenn das
Verlangte ganz ausbleiben kann oder gezeichnete Wartezeiten zusammen länger sind als sie.

Warum es kostet
Ein Bescheid, der eine Pflicht übergeht, kann aufgehoben werden, und das ganze Verfahren beginnt von vorn.

Wann es bleiben soll
Die Norm ist zu streng aufgeschrieben, eine Ausnahme im Recht deckt den Fall, oder der Schritt geschieht außerhalb des
Modells. Dann gehört das in die Norm.

Beispiel
Eine Ablehnung kann auf einem Weg ergehen, der an keiner Anhörung vorbeikommt, obwohl BayVwVfG Art. 28 sie vorher will.

Quelle
Pesic, Schonenberg, van der Aalst: DECLARE, 2007; die Quelle jeder Norm steht in der Feststellung.
"""


@check(
    code="NO01",
    family="norm",
    severity="error",
    basis="proof",
    title={"de": "Norm nicht eingehalten", "en": "norm violated"},
)
def find_violations(given: Given) -> Iterator[Outcome]:
    """One finding per norm, in the order of the file."""
    if not given.norms:
        return
    for graph in given.graphs:
        for found in violations(given, graph):
            if isinstance(found, Violation):
                yield _finding(given, graph, found)
                continue
            norm, problem = found
            name = "" if norm is None else f"{norm.id}: "
            reason = {lang: name + text for lang, text in problem.reason.items()}
            yield Skipped(reason=reason, element=norm.first[0] if norm else graph.process.id, path=file_of(given))


def _finding(given: Given, graph: Graph, found: Violation) -> Finding:
    norm = found.norm
    way = titles(graph, [step for step in found.trace if graph.nodes[step].name])
    rule = sentence(norm, graph)
    detail = {name: ", ".join(it) if isinstance(it, list) else it for name, it in found.detail.items()}
    ending = {lang: text.format(**detail) for lang, text in ENDINGS[found.why].items()}
    return Finding(
        code="NO01",
        basis="proof",
        path=file_of(given),
        procedure=given.key,
        element_ids=norm.steps,
        message={
            "de": f"{norm.citation} ({norm.id}): {rule['de']} Nicht so {ending['de']}: {way}.",
            "en": f"{norm.citation} ({norm.id}): {rule['en']} Not so {ending['en']}: {way}.",
        },
        question={
            "de": "Fehlt im Ablauf ein Schritt, oder lässt die Norm diesen Fall zu?",
            "en": "Is a step missing in the flow, or does the norm permit this case?",
        },
        evidence={
            "norm": norm.id,
            "template": norm.template,
            "citation": norm.citation,
            "trace": list(found.trace),
            "why": found.why,
            **found.detail,
        },
        remedy=Remedy("board"),
        identity=(norm.id,),
        line=norm.line,
    )


ENDINGS = {
    "order": {"de": "in diesem Fall", "en": "in this case"},
    "people": {"de": "in diesem Fall, beides durch {roles}", "en": "in this case, both by {roles}"},
    "late": {"de": "mit gezeichneten Wartezeiten von {days} Tagen", "en": "with drawn waits of {days} days"},
    "early": {"de": "mit einer Wartezeit von nur {days} Tagen", "en": "with a wait of {days} days only"},
}
