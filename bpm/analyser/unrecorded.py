"""What a procedure does not say about itself: questions for the department, never findings.

"Not recorded" is never "none": a step without minutes is not a step that takes no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bpm.analyser.given import Given
from bpm.model.process import FlowNode, Task

QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "minutes": {"de": "Bearbeitungszeit in Minuten", "en": "working time in minutes"},
    "channel": {"de": "Kanal (Papier, Schalter, Telefon, E-Mail, online)", "en": "channel (paper, counter, ...)"},
    "legal-basis": {"de": "Rechtsgrundlage des Schritts", "en": "legal basis of the step"},
    "lane": {"de": "zuständige Stelle", "en": "who does the step"},
    "data": {"de": "gelesene und geschriebene Daten", "en": "data read and written"},
    "rule-source": {"de": "Rechtsgrundlage der Regel", "en": "legal basis of the rule"},
    "procedural-law": {"de": "anzuwendendes Verfahrensrecht", "en": "procedural law of the procedure"},
}
"""What may be missing, by a stable name."""


@dataclass(frozen=True, slots=True, order=True)
class NotRecorded:
    """One gap: the element, the name in `QUESTIONS`, and for a rule its 1-based number."""

    element: str
    field: str
    rule: int | None = None

    def title(self, lang: str) -> str:
        """What is missing, in `lang`, the same for all elements."""
        return QUESTIONS[self.field][lang]

    def text(self, lang: str) -> str:
        """What to ask for, in `lang`, with the number of the rule."""
        return self.title(lang) if self.rule is None else f"{self.title(lang)} {self.rule}"


def not_recorded(given: Given) -> tuple[NotRecorded, ...]:
    """Everything a procedure leaves open, in the order of the model: the procedure, its steps, its rules."""
    return tuple(_list(given))


def _list(given: Given) -> Iterator[NotRecorded]:
    process = given.process
    if process is not None:
        if process.procedural_law is None:
            yield NotRecorded(process.id, "procedural-law")
        for node in process.nodes:
            if isinstance(node, Task):
                if given.graph is None or given.graph.role(node.id) is None:
                    yield NotRecorded(node.id, "lane")
                yield from _of_step(node)
    for at in given.tables:
        whole = at.decision is not None and bool(at.decision.legal_bases)
        for number, rule in enumerate(at.table.rules, start=1):
            if not rule.legal_bases and not whole:
                yield NotRecorded(at.owner, "rule-source", number)


def _of_step(node: FlowNode) -> Iterator[NotRecorded]:
    step = node.facts.step
    if step is None or step.minutes is None:
        yield NotRecorded(node.id, "minutes")
    if step is None or step.channel is None:
        yield NotRecorded(node.id, "channel")
    if not node.facts.legal_bases:
        yield NotRecorded(node.id, "legal-basis")
    if not node.facts.reads and not node.facts.writes:
        yield NotRecorded(node.id, "data")
