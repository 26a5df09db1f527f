"""What people must bring, sign or come for, where a model says so, and which law such a demand needs.

Four formalities: signature, original, visit, copy. Each has the words by which labels, form fields and documents name
it, the words of `li:legalBasis demands` that ground it, and the rule that says when it may be demanded. The rules are
dated; `verified` tells whether the text was read for them or has still to be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bpm.analyser.given import Given
from bpm.analyser.validity import in_force
from bpm.errors import ModelError
from bpm.model.form import Form
from bpm.model.graph import Graph
from bpm.model.process import FlowNode, LegalBasis, Task, UserTask

AS_OF = "2026-11-24"
"""The day the list was last gone through."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of law: where it stands, what it says, whether the text was read."""

    citation: str
    says: Mapping[str, str]
    verified: bool


@dataclass(frozen=True, slots=True)
class Formality:
    """`words` find it in labels, `things` also in names of documents and fields; `demands` are the words of a norm that
    grounds it; `principle` is the principle it rests on."""

    key: str
    name: Mapping[str, str]
    words: re.Pattern[str]
    things: re.Pattern[str]
    demands: frozenset[str]
    principle: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Demand:
    """One formality at one step. `where` is label, field, document, channel or principle; `text` stands there."""

    formality: Formality
    where: str
    text: str


NO_FORM = Rule(
    "BayVwVfG Art. 10",
    {
        "de": "Das Verfahren ist an bestimmte Formen nicht gebunden, soweit keine Rechtsvorschrift sie verlangt.",
        "en": "The procedure is bound to no particular form unless a provision demands one.",
    },
    verified=False,
)

FORMALITIES: tuple[Formality, ...] = (
    Formality(
        "signature",
        {"de": "Unterschrift", "en": "signature"},
        re.compile(
            r"\bunterschreib|unterschrift|\bunterzeichn|eigenhändig|schriftform|\bsignature\b|\bsign (the|an?)\b"
        ),
        re.compile(r"unterschrift|unterschrieben|unterzeichnet|eigenhändig|signatur|\bsigned\b"),
        frozenset({"signature", "unterschrift", "written", "written-form", "schriftform", "schriftlich"}),
        "schrift",
        Rule(
            "BayDiG Art. 19 Abs. 2 Satz 3",
            {
                "de": "Ein Unterschriftsfeld in einem Formular schafft für sich allein keine Schriftform.",
                "en": "A field for a signature in a form does not by itself create a requirement of written form.",
            },
            verified=True,
        ),
    ),
    Formality(
        "original",
        {"de": "Original oder Beglaubigung", "en": "original or certified copy"},
        re.compile(r"\boriginale?\b|urschrift|beglaubig|\bcertified copy"),
        re.compile(r"\boriginale?\b|original\)|urschrift|beglaubig|\bcertified\b"),
        frozenset({"original", "originals", "urschrift", "certified", "beglaubigung", "schriftform", "written-form"}),
        "papieroriginal",
        NO_FORM,
    ),
    Formality(
        "visit",
        {"de": "persönliches Erscheinen", "en": "personal appearance"},
        re.compile(r"persönlich\w* (vorsprech|erschein|vorleg|vorstell|abhol|abgeb)|vorsprache|in person\b"),
        re.compile(r"(?!)"),
        frozenset({"visit", "presence", "in-person", "erscheinen", "vorsprache", "identity"}),
        "persoenlich",
        NO_FORM,
    ),
    Formality(
        "copy",
        {"de": "Kopie eines Dokuments", "en": "copy of a document"},
        re.compile(r"(kopie|ablichtung)\w* (\w+ )?(einreich|hochlad|vorleg|beifüg|nachreich|beileg)|submit a copy"),
        re.compile(r"kopie|ablichtung|\bcopy\b"),
        frozenset({"copy", "kopie", "document", "documents", "nachweis", "proof", "original", "certified"}),
        "kopie",
        NO_FORM,
    ),
)  # fmt: skip


def demands_at(given: Given, graph: Graph, node: Task) -> Iterator[Demand]:
    """The formalities of one step, each once, where it is said first."""
    places = list(_places(given, graph, node))
    for formality in FORMALITIES:
        for where, text in places:
            plain = " ".join(text.lower().split())
            if where in ("channel", "principle"):
                hit = text == formality.principle
            else:
                hit = bool((formality.words if where == "label" else formality.things).search(plain))
            if hit:
                yield Demand(formality, where, text if where != "channel" else "counter")
                break


def grounds(formality: Formality, bases: tuple[LegalBasis, ...], day: str | None) -> LegalBasis | None:
    """The first source in force on `day` that demands the formality."""
    for basis in in_force(bases, day):
        if set((basis.demands or "").lower().replace(",", " ").split()) & formality.demands:
            return basis
    return None


def _places(given: Given, graph: Graph, node: Task) -> Iterator[tuple[str, str]]:
    for name in node.facts.step.principles if node.facts.step is not None else ():
        yield "principle", name
    yield from (("document", document.name) for document in node.facts.documents)
    if isinstance(node, UserTask) and node.form:
        yield from (("field", text) for text in _fields(given, node.form))
    yield "label", node.name
    if node.facts.step is not None and node.facts.step.channel == "counter" and not _avoidable(graph, node):
        yield "channel", "persoenlich"


def _fields(given: Given, key: str) -> Iterator[str]:
    schema = given.procedure.form(key)
    if schema is None:
        return
    try:
        form = Form.parse(schema, key)
    except ModelError:
        return
    yield from (field.label for field in form.fields)
    yield from ("Unterschrift" for unknown in form.unknown if "signature" in unknown.type.lower())


def _avoidable(graph: Graph, node: FlowNode) -> bool:
    """Whether a case can come to an end without this step: then nobody has to come."""
    seen = {start.id for start in graph.starts(graph.process.id) if start.id != node.id}
    todo = list(seen)
    while todo:
        vertex = todo.pop()
        if vertex in graph.nodes and graph.nodes[vertex].type == "endEvent":
            return True
        for target in graph.control[vertex]:
            if target not in seen and target != node.id:
                seen.add(target)
                todo.append(target)
    return False
