"""Numbers at which the guards of a gateway leave no way open, or several: the bound that nobody or everybody holds.

Only the numbers that the guards themselves name are tried, and a number is left out only where its neighbours on both
sides have a way: what lies beyond all bounds may never come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal

from bpm.feel import evaluate, free_names
from bpm.feel.syntax.tree import Node, Number
from bpm.model.process import SequenceFlow

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Unfit:
    """`flows` are those open at `value` of the datum `name`: none, or several to different places."""

    name: str
    value: Decimal
    flows: tuple[SequenceFlow, ...]


def unfit(asked: Sequence[tuple[SequenceFlow, Node]]) -> Iterator[Unfit]:
    """By value. The guards must all ask one datum, and nothing else."""
    names = {name for _, guard in asked for name in free_names(guard)}
    if len(names) != 1 or len(asked) < 2:
        return
    (name,) = names
    for value in sorted({number for _, guard in asked for number in _numbers(guard)}):
        here = _open(asked, name, value)
        if not here and _open(asked, name, value - ONE) and _open(asked, name, value + ONE):
            yield Unfit(name, value, ())
        if len({flow.target for flow in here}) > 1:
            yield Unfit(name, value, here)


def _open(asked: Sequence[tuple[SequenceFlow, Node]], name: str, value: Decimal) -> tuple[SequenceFlow, ...]:
    return tuple(flow for flow, guard in asked if evaluate(guard, {name: value}) is True)


def _numbers(guard: Node) -> Iterator[Decimal]:
    todo: list[object] = [guard]
    while todo:
        part = todo.pop()
        if isinstance(part, Number):
            yield part.value
        elif isinstance(part, tuple):
            todo.extend(part)
        elif is_dataclass(part):
            todo.extend(getattr(part, field.name) for field in fields(part))
