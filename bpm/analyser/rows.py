"""What two rows of a decision table are to each other: contained, meeting, stronger, resting on the same law.

Boxes leave a missing (null) input aside unless a cell names it. What is said here holds for a missing input too, so
that a row offered for removal is missed by no case at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bpm.analyser.given import TableAt
from bpm.analyser.tables import Geometry
from bpm.errors import FeelError
from bpm.feel import ranges
from bpm.feel.syntax import parse_unary_tests
from bpm.model.decision import Rule
from bpm.texts import FORCE, ORGAN, SOURCE, translate


def accepts_null(text: str) -> bool:
    """Whether a cell holds for a missing input, by the three-valued logic of FEEL."""
    if text.strip() in {"", "-"}:
        return True
    try:
        found = ranges.region(parse_unary_tests(text))
    except FeelError:
        return False
    return found is not None and found.null is True


def contains(shape: Geometry, outer: int, inner: int) -> bool:
    """Whether every case of the 0-based rule `inner` meets `outer` too, cases with missing inputs included."""
    inside = zip(shape.boxes.box(inner), shape.boxes.box(outer), strict=True)
    if any(one & other != one for one, other in inside):
        return False
    rules = shape.at.table.rules
    cells = zip(rules[inner].inputs, rules[outer].inputs, strict=True)
    return all(one == other or accepts_null(other) or not accepts_null(one) for one, other in cells)


def meet(shape: Geometry, left: int, right: int) -> bool:
    """Whether some case meets both rules; in every input a value or its absence must do."""
    boxes = zip(shape.boxes.columns, shape.boxes.box(left), shape.boxes.box(right), strict=True)
    apart = [column for column, one, other in boxes if not one & other]
    if not apart:
        return True
    rules = shape.at.table.rules
    for column in apart:
        for clause, one, other in zip(shape.at.table.inputs, rules[left].inputs, rules[right].inputs, strict=True):
            same = " ".join(clause.expression.split()) == column.expression
            if same and not (accepts_null(one) and accepts_null(other)):
                return False
    return True


def stronger(shape: Geometry, rule: int, others: Iterable[int], ranks: tuple[int | None, ...] | None) -> list[int]:
    """Those of `others` that take a common case away from `rule` under FIRST, or under PRIORITY by `ranks`."""
    if ranks is None:
        return [other for other in others if other < rule] if shape.at.table.hit_policy == "FIRST" else []
    mine = ranks[rule]
    return [
        other
        for other, theirs in ((other, ranks[other]) for other in others)
        if mine is not None and theirs is not None and (theirs < mine or (theirs == mine and other < rule))
    ]


def bases_of(rule: Rule) -> tuple[tuple[Any, ...], ...]:
    """The law a rule rests on, comparable, and whether it hands the case to a person: rows that differ in this are
    not the same rule, whatever they answer."""
    law = [(basis.citation, basis.force, basis.valid_from, basis.valid_to) for basis in rule.legal_bases]
    return (*law, *([] if rule.handover is None else [("handover", rule.handover)]))


def sources_of(rule: Rule) -> list[dict[str, Any]]:
    """The law a rule rests on as evidence: citation, the organ that may change it, whether it must, should or may be
    applied, whether the task is delegated to the city, and its dates. None: not recorded."""
    return [
        {
            "citation": basis.citation,
            "organ": basis.organ,
            "force": basis.force,
            "delegated": basis.delegated,
            "valid_from": basis.valid_from,
            "valid_to": basis.valid_to,
        }
        for basis in rule.legal_bases
    ]


def leaves_open(rule: Rule) -> bool:
    """Whether a row leaves the outcome to a person: it hands the case over, or all its law says "may"."""
    return rule.handover is not None or (
        bool(rule.legal_bases) and all(basis.force == "may" for basis in rule.legal_bases)
    )


def cited(rule: Rule, lang: str) -> str:
    """The law a rule rests on in words: what, who may change it, how binding it is, since and until when."""
    return in_words(sources_of(rule), lang)


def in_words(sources: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The same for sources as evidence has them."""
    return "; ".join(_cited(source, lang) for source in sources) or translate(SOURCE["citation"], lang)


def _cited(source: Mapping[str, Any], lang: str) -> str:
    organ, force, delegated = source["organ"], source["force"], source["delegated"]
    said = [ORGAN.get(organ, organ) if organ else SOURCE["organ"]]
    said += [FORCE.get(force, force)] if force else []
    said += [] if delegated is None else [SOURCE["delegated" if delegated else "own"]]
    words = [translate(word, lang) for word in said]
    for end in ("since", "until"):
        day = source["valid_from" if end == "since" else "valid_to"]
        words += [f"{translate(SOURCE[end], lang)} {day}"] if day else []
    return f"{source['citation']} ({', '.join(words)})"


def dated(at: TableAt) -> list[Rule]:
    """Rules with the law they rest on, that of the decision where they name none."""
    bases = at.decision.legal_bases if at.decision is not None else ()
    return [rule if rule.legal_bases or not bases else replace(rule, legal_bases=bases) for rule in at.table.rules]
