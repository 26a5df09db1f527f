"""People are asked for what the city already knows.

What it finds
A step that records a datum as given by a citizen or a business, although a register of the city holds it, or although
an earlier step of the same case asked for it; and a paper of which it is recorded who holds it. A step of a correction
loop - somebody read the datum and the case went back - may ask again. A datum that no register holds, and what is said
in a hearing, is left alone. Only recorded data count.

Why it costs
Each question costs minutes of all who apply, and every second entry can differ from the first.

When to keep the step
The register may not be used for this purpose, consent is missing, the register may be outdated, or a norm asks for a
declaration in person.

Example
The application for a parking permit asks for name, date of birth and address, all in the population register.

Source
Regulation (EU) 2018/1724, Art. 14, and EGovG § 5 (once-only principle); Sunstein: Sludge audits, 2020.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.likeness import titles
from bpm.analyser.protected import protection
from bpm.analyser.remedies import drop_first, offer
from bpm.model.edit.steps import QueryRegister, RemoveStep
from bpm.model.graph import Graph
from bpm.model.process import Activity, Document

DE = """Menschen werden nach etwas gefragt, das die Stadt schon weiß.

Was gefunden wird
Ein Schritt, bei dem eine Angabe von Bürgerinnen, Bürgern oder Unternehmen erfasst ist, obwohl ein Register der Stadt
sie führt oder ein früherer Schritt desselben Falls schon danach gefragt hat; und ein Nachweis, bei dem erfasst ist, wer
ihn führt. Ein Schritt einer Korrekturschleife - jemand hat die Angabe gelesen, und der Fall ging zurück - darf noch
einmal fragen. Was in keinem Register steht und was in einer Anhörung gesagt wird, bleibt unberührt. Nur erfasste Daten
zählen.

Warum es kostet
Jede Frage kostet alle, die einen Antrag stellen, Minuten, und jede zweite Eingabe kann von der ersten abweichen.

Wann es bleiben soll
Das Register darf für diesen Zweck nicht genutzt werden, die Einwilligung fehlt, der Registerstand ist womöglich
veraltet, oder eine Norm verlangt die eigene Erklärung.

Beispiel
Der Antrag auf einen Bewohnerparkausweis fragt nach Name, Geburtsdatum und Anschrift, die alle im Melderegister stehen.

Quelle
Verordnung (EU) 2018/1724, Art. 14, und EGovG § 5 (Once-Only-Prinzip); Sunstein: Sludge audits, 2020.
"""

ASKED = ("citizen", "business")

ALSO_CALLED = {
    "adresse": "anschrift",
    "wohnanschrift": "anschrift",
    "wohnadresse": "anschrift",
    "meldeanschrift": "anschrift",
    "familienname": "name",
    "nachname": "name",
    "geburtstag": "geburtsdatum",
    "address": "anschrift",
    "surname": "name",
    "date_of_birth": "geburtsdatum",
}
"""What forms call the data that the registers of a city hold by another name."""


@check(
    code="BU01",
    family="burden",
    severity="warning",
    basis="heuristic",
    title={"de": "Nur einmal fragen", "en": "once-only"},
)
def find_repeated_questions(given: Given) -> Iterator[Outcome]:
    """One finding per asking step, in the order of the model."""
    for graph in given.graphs:
        yield from _in_process(given, graph)


def _in_process(given: Given, graph: Graph) -> Iterator[Outcome]:
    asking = [
        node for node in graph.process.nodes if isinstance(node, Activity) and (_asked(node) or _held_papers(node))
    ]
    if not any(node.facts.writes for node in graph.process.nodes):
        if graph.steps():
            yield Skipped(
                reason={
                    "de": "kein Schritt hat erfasst, welche Angaben woher kommen",
                    "en": "no step records which data come from where",
                },
                element=graph.process.id,
                path=given.path,
            )
        return
    if any(_asked(node) for node in asking) and not given.registers:
        yield Skipped(
            reason={
                "de": "es ist nicht erfasst, welche Register welche Angaben führen",
                "en": "it is not recorded which registers hold which data",
            },
            element=graph.process.id,
            path=given.path,
        )
    for node in asking:
        held = {item: list(found) for item in _asked(node) if (found := _registers(given, item))}
        before = {} if protection(node) else _before(graph, node, asking)
        if held or before or _held_papers(node):
            yield _finding(given, graph, node, held, before)


def _registers(given: Given, item: str) -> tuple[str, ...]:
    """The registers that hold a datum, by its own name or the one they use."""
    return given.registers.get(item) or given.registers.get(ALSO_CALLED.get(item.lower(), ""), ())


def _asked(node: Activity) -> list[str]:
    return list(dict.fromkeys(use.item for use in node.facts.writes if use.origin in ASKED))


def _held_papers(node: Activity) -> list[Document]:
    """Papers that people must bring although it is recorded which register or office holds them."""
    return [paper for paper in node.facts.documents if paper.held_by]


def _before(graph: Graph, node: Activity, asking: list[Activity]) -> dict[str, str]:
    """Item -> the first earlier step of the same case that asked for it."""
    found: dict[str, str] = {}
    for item in _asked(node):
        earlier = [one for one in asking if item in _asked(one) and graph.precedes(one.id, node.id)]
        if earlier and not _corrects(graph, node, item, earlier[0]):
            found[item] = earlier[0].id
    return found


def _corrects(graph: Graph, node: Activity, item: str, first: Activity) -> bool:
    """Whether the step belongs to a loop in which, after the first question, somebody reads the item."""
    for loop in graph.cycles():
        if node.id not in loop:
            continue
        for other in loop - {node.id}:
            reader = graph.nodes[other]
            if any(use.item == item for use in reader.facts.reads) and graph.precedes(first.id, other):
                return True
    return False


def _finding(given: Given, graph: Graph, node: Activity, held: dict[str, list[str]], before: dict[str, str]) -> Finding:
    items = [item for item in _asked(node) if item in held or item in before]
    papers = _held_papers(node)
    registers = sorted({name for names in held.values() for name in names} | {str(paper.held_by) for paper in papers})
    asked = [*items, *(f"»{paper.name}«" for paper in papers)]
    known = [*registers, *(f"»{graph.nodes[one].name or one}«" for one in dict.fromkeys(before.values()))]
    return Finding(
        code="BU01",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(node.id,),
        message={
            "de": f"{titles(graph, (node.id,))} fragt nach {', '.join(asked)}; bekannt aus: {', '.join(known)}.",
            "en": f"{titles(graph, (node.id,))} asks for {', '.join(asked)}; known from: {', '.join(known)}.",
        },
        question=drop_first(
            {
                "de": "Darf die Angabe von dort übernommen und nur noch bestätigt werden?",
                "en": "May the data be taken from there and only be confirmed?",
            }
        ),
        evidence={
            "items": items,
            "registers": held,
            "asked_before": before,
            "documents": [paper.name for paper in papers],
        },
        remedy=_remedy(given, graph, node, held, before),
        identity=tuple(sorted([*items, *(paper.name for paper in papers if not items)])),
        line=node.line,
    )


def _remedy(given: Given, graph: Graph, node: Activity, held: dict[str, list[str]], before: dict[str, str]) -> Remedy:
    """Drop what only asks again; ask the one register that holds everything else a step asks for; else in words."""
    if _held_papers(node):
        return Remedy("note")  # the step is still needed until the paper comes from where it is held
    asked, written = _asked(node), {use.item for use in node.facts.writes}
    if set(asked) == written and set(asked) <= set(before):
        return offer(given, graph, RemoveStep(element=node.id, keeps=before[asked[0]])) or Remedy("note")
    common = set.intersection(*(set(held.get(item, ())) for item in asked)) if asked else set()
    starts = any(graph.nodes[flow.source].type == "startEvent" for flow in graph.incoming[node.id])
    if common and set(asked) == written and not starts:
        return offer(given, graph, QueryRegister(element=node.id, register=min(common))) or Remedy("note")
    return Remedy("note")
