"""Whether a table's decision depends on one of its inputs, proven on boxes.

A decision is *independent* of a column if any two cases that differ only there get the same result. The atoms of the
column that the same rules hold are one slice of the table; the decision is independent of the column if neighbouring
slices decide alike (equality is transitive). Two slices differ at most where a rule stands that one has and the other
has not, so only the boxes of these rules are looked at, cut until every piece is decided.

Results are compared as the hit policy gives them: the strongest rule's (FIRST, PRIORITY), all different ones together
(UNIQUE, ANY: they should be one), all of them (where results are collected, in their order under RULE ORDER).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bpm.analyser.boxes import Box, Boxes, Budget

Undecided = object()
"""A piece of the table that must still be cut."""

Result: TypeAlias = Hashable


@dataclass(frozen=True, slots=True)
class Deciding:
    """How rules become a result. `results` is what each rule says, `nothing` what no rule says; `order` are all rules,
    the strongest first, where one decides alone (`policy` FIRST or PRIORITY)."""

    policy: str
    results: tuple[Result, ...]
    nothing: Result
    order: tuple[int, ...]


def is_irrelevant(boxes: Boxes, position: int, deciding: Deciding, *, budget: Budget) -> bool | None:
    """Whether no two cases that differ only in the column are decided differently; None if the budget is spent."""
    rest = [(*box[:position], *box[position + 1 :]) for box in map(boxes.box, range(boxes.count))]
    empty = [any(mask == 0 for mask in box) for box in rest]
    previous: list[int] | None = None
    for atom in _atoms(boxes.columns[position].exists):
        if not budget.take(boxes.count):
            return None
        masks = boxes.columns[position].masks
        current = [rule for rule in deciding.order if masks[rule] & atom and not empty[rule]]
        if previous is not None and previous != current:
            alike = _alike(previous, current, rest, deciding, budget)
            if not alike:
                return alike
        previous = current
    return True


def _atoms(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest


def _alike(left: list[int], right: list[int], rest: Sequence[Box], deciding: Deciding, budget: Budget) -> bool | None:
    """Whether two slices, each the rules of one atom by strength, decide every case alike."""
    for rule in set(left) ^ set(right):
        stack = [(rest[rule], left, right)]
        while stack:
            box, ours, theirs = stack.pop()
            if not budget.take(1 + len(ours) + len(theirs)):
                return None
            ours, theirs = _meeting(box, ours, rest), _meeting(box, theirs, rest)
            (one, cutter), (other, second) = _result(box, ours, rest, deciding), _result(box, theirs, rest, deciding)
            cutter = second if cutter is None else cutter
            if cutter is not None:
                stack.extend((piece, ours, theirs) for piece in _pieces(box, rest[cutter]))
            elif one != other:
                return False
    return True


def _meeting(box: Box, rules: list[int], rest: Sequence[Box]) -> list[int]:
    return [rule for rule in rules if all(one & other for one, other in zip(box, rest[rule], strict=True))]


def _result(box: Box, rules: list[int], rest: Sequence[Box], deciding: Deciding) -> tuple[object, int | None]:
    """The result of all of a box, or the rule by which it must be cut first. All `rules` meet the box."""
    if not rules:
        return deciding.nothing, None
    alone = deciding.policy in {"FIRST", "PRIORITY"}
    for rule in rules[:1] if alone else rules:
        if any(one & other != one for one, other in zip(box, rest[rule], strict=True)):
            return Undecided, rule
    said = [deciding.results[rule] for rule in rules]
    if alone:
        return said[0], None
    if deciding.policy in {"UNIQUE", "ANY"}:
        return frozenset(said) if len(set(said)) > 1 else said[0], None
    return tuple(said if deciding.policy == "RULE ORDER" else sorted(said, key=repr)), None


def _pieces(box: Box, rule: Box) -> Iterator[Box]:
    """The box cut in two at the first column where the rule does not hold all of it."""
    for position, (one, other) in enumerate(zip(box, rule, strict=True)):
        if one & other != one:
            yield (*box[:position], one & other, *box[position + 1 :])
            yield (*box[:position], one & ~other, *box[position + 1 :])
            return
