"""Answers of a department, written into the original file in the city's vocabulary; nothing else of the file changes.

An `Answer` is about one step, rule or process. It adds to `li:step` (or makes one), adds one `li:legalBasis`, adds
`li:reads` and `li:writes`; what the file says already is not taken out. Who said it and when stands beside it, a range
where several people or one person gave one. What is overwritten was judged before (`bpm.service.annotate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bpm.errors import ModelError
from bpm.model.edit.markup import Document, attributes
from bpm.model.source import Part

LI = "urn:lichtung:bpmn:1"


@dataclass(frozen=True, slots=True)
class Answer:
    """`element` is the id of a step, a process or a DMN rule. `step` are attributes of its `li:step` (None takes one
    out), `basis` those of a new `li:legalBasis`, `reads` and `writes` new items (a written one may name its origin as
    `item|citizen`), `own` attributes of the element itself."""

    element: str
    step: Mapping[str, str | None] = field(default_factory=dict)
    basis: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)


def annotate(source: bytes, path: str, kind: str, answers: Iterable[Answer]) -> bytes:
    """The file with the answers in it; `kind` is bpmn or dmn.

    Raises:
        ModelError: unreadable, or `no-such-element` for an id that the file does not have.
    """
    document = Document(source, path, kind)
    for answer in answers:
        element = document.by_id(answer.element)
        if element is None:
            raise ModelError("no-such-element", f"{answer.element!r} is not in the file", path=path)
        _write(document, element, answer)
    return document.render()


def _write(document: Document, element: Part, answer: Answer) -> None:
    for local, value in answer.own.items():
        name, declared = document.name(LI, local, element, "li")
        if declared:
            document.set(element, "xmlns:li", LI)
        document.set(element, name, value)
    holder = next(element.each("extensionElements"), None)
    markup: list[str] = []
    name, declared = document.name(LI, "step", holder or element, "li")
    prefix = name.rpartition(":")[0]
    named = (lambda local: f"{prefix}:{local}") if prefix else (lambda local: local)
    if answer.step:
        step = next(holder.each("step", LI), None) if holder is not None else None
        if step is None:
            markup.append(f"<{named('step')}{declared}{attributes(answer.step)}/>")
        else:
            for key, written in answer.step.items():
                document.set(step, key, written)
    markup += [f"<{named('reads')}{declared}{attributes({'item': item})}/>" for item in answer.reads]
    markup += [
        f"<{named('writes')}{declared}{attributes({'item': item, 'from': origin or None})}/>"
        for item, _, origin in (entry.partition("|") for entry in answer.writes)
    ]
    if answer.basis:
        markup.append(f"<{named('legalBasis')}{declared}{attributes(answer.basis)}/>")
    if markup and holder is not None:
        for one in markup:
            document.append(holder, one)
    elif markup:
        _hold(document, element, markup)


def _hold(document: Document, element: Part, markup: list[str]) -> None:
    """A new `extensionElements` where the schemas of BPMN and DMN want it: behind what describes the element."""
    prefix = f"{element.prefix}:" if element.prefix else ""
    whole = f"<{prefix}extensionElements>{''.join(markup)}</{prefix}extensionElements>"
    words = [*element.each("documentation"), *element.each("description")]
    if words:
        document.after(words[-1], whole)
    else:
        document.first(element, whole)
