"""People must sign, come, or bring an original or a copy, and no norm that is named asks for it.

What it finds
A step that demands a signature, an original or certified paper, personal appearance or a copy - in its name, in a field
of its form, as a document, by a counter that no case can avoid, or as a stated principle - although none of the legal
bases recorded for it demands that form. A field for a signature in a form does not by itself create written form
(BayDiG Art. 19 (2) sentence 3). A step without any recorded legal basis is a question, not a finding; an office visit
that is only one of several ways is none.

Why it costs
A trip takes hours, a signature a printer and a stamp, a copy shows only what a register says better.

When to keep the step
A norm demands the form and was not recorded with `demands`; the form warns of grave consequences or proves identity,
and nothing else does; or it is offered, not demanded.

Example
The form for a trade registration has a field "signature", and the norm asks for a notification without form.

Source
BayDiG Art. 19 (2) sentence 3; BayVwVfG Art. 10 (to be checked); norm screening of written form by the Federation, 2016.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.formality import AS_OF, Demand, demands_at, grounds
from bpm.analyser.given import Given
from bpm.analyser.likeness import titles
from bpm.analyser.protected import protection
from bpm.analyser.validity import cite, law_date
from bpm.model.graph import Graph
from bpm.model.process import Task

DE = """Menschen sollen unterschreiben, kommen, ein Original oder eine Kopie bringen, und keine Norm ist dafür genannt.

Was gefunden wird
Ein Schritt, der eine Unterschrift, ein Original oder eine Beglaubigung, persönliches Erscheinen oder eine Kopie
verlangt - im Namen, in einem Feld seines Formulars, als Dokument, durch einen Schalter, an dem kein Fall vorbeikommt,
oder als genannten Grundsatz -, obwohl keine der erfassten Rechtsgrundlagen diese Form verlangt. Ein Unterschriftsfeld
allein schafft keine Schriftform (BayDiG Art. 19 Abs. 2 Satz 3). Ein Schritt ganz ohne erfasste Rechtsgrundlage ist eine
Frage und keine Feststellung; ein Schalter, der nur einer von mehreren Wegen ist, auch keine.

Warum es kostet
Ein Weg zum Amt kostet Stunden, eine Unterschrift Drucker und Porto, und eine Kopie zeigt nur, was ein Register besser
weiß.

Wann es bleiben soll
Eine Norm verlangt die Form und wurde nur ohne `demands` erfasst; die Form warnt vor schweren Folgen oder weist die
Person aus, und nichts anderes tut es; oder sie wird angeboten und nicht verlangt.

Beispiel
Das Formular der Gewerbeanmeldung hat ein Feld „Unterschrift“, und die Norm verlangt eine formlose Anzeige.

Quelle
BayDiG Art. 19 Abs. 2 Satz 3; BayVwVfG Art. 10 (zu prüfen); Normenscreening Schriftform des Bundes, 2016.
"""

WHERE = {
    "label": {"de": "im Namen des Schritts", "en": "in the name of the step"},
    "field": {"de": "im Formularfeld »{text}«", "en": "in the form field »{text}«"},
    "document": {"de": "als Dokument »{text}«", "en": "as the document »{text}«"},
    "channel": {"de": "am Schalter, an dem kein Fall vorbeikommt", "en": "at a counter no case can avoid"},
    "principle": {"de": "als Grundsatz »{text}«", "en": "as the principle »{text}«"},
}


@check(
    code="BU04",
    family="burden",
    severity="warning",
    basis="heuristic",
    title={"de": "Form ohne Rechtsgrundlage", "en": "contact without basis"},
)
def find_contacts_without_basis(given: Given) -> Iterator[Outcome]:
    """One finding per step and formality, in the order of the model."""
    day = law_date(given)
    for graph in given.graphs:
        for node in graph.steps():
            for demand in demands_at(given, graph, node):
                if grounds(demand.formality, node.facts.legal_bases, day) is not None:
                    continue
                if node.facts.legal_bases:
                    yield _finding(given, graph, node, demand)
                else:
                    yield Skipped(reason=_unrecorded(graph, node, demand), element=node.id, path=given.path)


def _unrecorded(graph: Graph, node: Task, demand: Demand) -> dict[str, str]:
    name, what = titles(graph, (node.id,)), demand.formality.name
    return {
        "de": f"{name}: {what['de']} verlangt, die Rechtsgrundlage ist nicht erfasst",
        "en": f"{name}: {what['en']} demanded, the legal basis is not recorded",
    }


def _finding(given: Given, graph: Graph, node: Task, demand: Demand) -> Finding:
    name, form, rule = titles(graph, (node.id,)), demand.formality, demand.formality.rule
    cited = cite(node.facts.legal_bases)
    place = {lang: text.format(text=demand.text) for lang, text in WHERE[demand.where].items()}
    checked = {"de": "" if rule.verified else " (zu prüfen)", "en": "" if rule.verified else " (to be checked)"}
    return Finding(
        code="BU04",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(node.id,),
        message={
            "de": f"{name} verlangt {place['de']}: {form.name['de']}. Erfasst ist {cited}, ohne diese Form zu nennen. "
            f"{rule.citation}{checked['de']}: {rule.says['de']}",
            "en": f"{name} demands, {place['en']}: {form.name['en']}. Recorded is {cited}, which does not name this "
            f"form. {rule.citation}{checked['en']}: {rule.says['en']}",
        },
        question={
            "de": "Welche Norm verlangt diese Form - oder verlangt sie nur das Formular?",
            "en": "Which norm demands this form - or does only the application form demand it?",
        },
        evidence={
            "formality": form.key,
            "where": demand.where,
            "text": demand.text,
            "citations": [basis.citation for basis in node.facts.legal_bases],
            "protected": protection(node),
            "rule": {"citation": rule.citation, "as_of": AS_OF, "verified": rule.verified},
        },
        remedy=Remedy("board"),
        identity=(form.key,),
        line=node.line,
    )
