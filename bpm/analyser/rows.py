"""What two rows of a decision table are to each other: contained, meeting, stronger, resting on the same law.

Boxes leave a missing (null) input aside unless a cell names it. What is said here holds for a missing input too, so
that a row offered for removal is missed by no case at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bpm.analyser.tables import Geometry
from bpm.errors import FeelError
from bpm.feel import ranges
from bpm.feel.syntax import parse_unary_tests
from bpm.model.decision import Rule


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
    """The law a rule rests on, comparable."""
    return tuple((basis.citation, basis.valid_from, basis.valid_to) for basis in rule.legal_bases)


def sources_of(rule: Rule) -> list[dict[str, Any]]:
    """The law a rule rests on as evidence: citation, the organ that may change it, and its dates."""
    return [
        {"citation": basis.citation, "organ": basis.organ, "valid_from": basis.valid_from, "valid_to": basis.valid_to}
        for basis in rule.legal_bases
    ]
