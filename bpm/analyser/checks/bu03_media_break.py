"""A case changes from digital to paper or back between two steps.

What it finds
Two consecutive steps of which one is done online and the other on paper or by post. Left out: the form that a norm
which says "must" demands (post, original, signature, ...), and formal service. The counter and the telephone are
people, not media, and are no break. A step without a recorded channel is named as not recorded and never guessed.

Why it costs
Printing, carrying, scanning and typing again take minutes and days, and each transfer makes errors.

When to keep the step
A norm demands the form, the person has no digital access (then offer both ways), or the paper itself is the product.

Example
An online application is printed for the file, and its data are typed into the specialist system again.

Source
Dumas et al.: Fundamentals of business process management, 2018 (transport, overprocessing); BayDiG Art. 12, 20.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.likeness import titles
from bpm.analyser.protected import formally_served
from bpm.analyser.remedies import drop_first, offer
from bpm.model.edit.steps import SetChannel
from bpm.model.graph import EXIT, Graph
from bpm.model.process import FlowNode, SubProcess, Task

DE = """Ein Fall wechselt zwischen zwei Schritten vom Digitalen aufs Papier oder zurück.

Was gefunden wird
Zwei aufeinanderfolgende Schritte, von denen einer online und der andere auf Papier oder mit der Post geschieht. Außen
vor bleiben die Form, die eine Muss-Norm verlangt (Post, Urschrift, Unterschrift ...), und die förmliche Zustellung.
Schalter und Telefon sind Menschen, keine Medien, und gelten nicht als Bruch. Ein Schritt ohne erfassten Kanal wird
als nicht erfasst genannt, nie geraten.

Warum es kostet
Drucken, Tragen, Einscannen und Abtippen kosten Minuten und Tage, und jede Übertragung macht Fehler.

Wann es bleiben soll
Eine Norm verlangt die Form, die Person hat keinen digitalen Zugang (dann beide Wege anbieten), oder das Papier selbst
ist das Ergebnis.

Beispiel
Ein Online-Antrag wird für die Akte ausgedruckt, und seine Angaben werden wieder ins Fachverfahren getippt.

Quelle
Dumas u. a.: Fundamentals of business process management, 2018 (Transport, Überbearbeitung); BayDiG Art. 12, 20.
"""

MEDIUM = {"online": "digital", "paper": "paper", "mail": "paper", "counter": "person", "phone": "person"}
MOST_NAMES = 10
"""So many steps without a channel are named."""

NO_PAPER = frozenset({"visit", "presence", "electronic", "online", "digital"})
"""What a norm may demand that is no reason for paper."""


@check(
    code="BU03",
    family="burden",
    severity="warning",
    basis="heuristic",
    title={"de": "Medienbruch", "en": "media break"},
)
def find_media_breaks(given: Given) -> Iterator[Outcome]:
    """One finding per pair of consecutive steps, in the order of the model; one note on missing channels."""
    for graph in given.graphs:
        yield from _in_process(given, graph)


def _in_process(given: Given, graph: Graph) -> Iterator[Outcome]:
    silent = [node.id for node in graph.steps() if _channel(node) not in MEDIUM]
    if silent:
        yield Skipped(reason=_unrecorded(graph, silent), element=graph.process.id, path=given.path)
    for first in graph.steps():
        for second in _next_steps(graph, first):
            media = MEDIUM.get(_channel(first) or ""), MEDIUM.get(_channel(second) or "")
            paper = {("digital", "paper"): second, ("paper", "digital"): first}.get((media[0] or "", media[1] or ""))
            if paper is not None and not _demanded(paper):
                yield _finding(given, graph, first, second, paper)


def _unrecorded(graph: Graph, silent: list[str]) -> dict[str, str]:
    if len(silent) == len(graph.steps()):
        return {"de": "bei keinem Schritt ist ein Kanal erfasst", "en": "no step records a channel"}
    more = len(silent) - MOST_NAMES
    names = titles(graph, silent[:MOST_NAMES])
    return {
        "de": f"der Kanal ist nicht erfasst bei: {names}" + (f" und {more} weiteren" if more > 0 else ""),
        "en": f"the channel is not recorded at: {names}" + (f" and {more} more" if more > 0 else ""),
    }


def _channel(node: FlowNode) -> str | None:
    return node.facts.step.channel if node.facts.step is not None else None


def _demanded(node: FlowNode) -> bool:
    """Whether law wants this step on paper."""
    if formally_served(node):
        return True
    return any(basis.force == "must" and _on_paper(basis.demands) for basis in node.facts.legal_bases)


def _on_paper(demands: str | None) -> bool:
    return bool(set((demands or "").lower().replace(",", " ").split()) - NO_PAPER)


def _next_steps(graph: Graph, step: Task) -> list[Task]:
    """The steps that can come next without another step in between; interruptions by boundary events do not count."""
    found: dict[str, Task] = {}
    todo, seen = list(graph.control[graph.leaving(step.id)]), set[str]()
    while todo:
        vertex = todo.pop(0)
        node = graph.nodes.get(vertex.removesuffix(EXIT))
        if vertex in seen or node is None or node.type == "boundaryEvent":
            continue
        seen.add(vertex)
        if isinstance(node, Task):
            found[node.id] = node
        elif not (isinstance(node, SubProcess) and node.triggered_by_event):
            todo += graph.control[vertex]
    found.pop(step.id, None)
    return sorted(found.values(), key=lambda node: graph.order[node.id])


def _finding(given: Given, graph: Graph, first: Task, second: Task, paper: Task) -> Finding:
    printed = _channel(first) == "online"
    return Finding(
        code="BU03",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(first.id, second.id),
        message={
            "de": f"Von {titles(graph, (first.id,))} zu {titles(graph, (second.id,))} wechselt der Fall "
            + ("vom Digitalen aufs Papier." if printed else "vom Papier ins Digitale."),
            "en": f"From {titles(graph, (first.id,))} to {titles(graph, (second.id,))} the case changes "
            + ("from digital to paper." if printed else "from paper to digital."),
        },
        question=drop_first(
            {
                "de": "Was hindert daran, ihn digital weiterzuführen?",
                "en": "What keeps it from going on digitally?",
            }
        ),
        evidence={"pair": [first.id, second.id], "channels": [_channel(first), _channel(second)]},
        remedy=offer(given, graph, SetChannel(element=paper.id, channel="online")) or Remedy("note"),
        line=second.line,
    )
