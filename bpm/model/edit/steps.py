"""Edits of processes. Elements are ids of the file as it is; what an edit cannot do without guessing it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bpm.model.edit.vocabulary import Claim, Edit

CHANNELS = ("online", "counter", "phone", "mail", "paper")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEdit(Edit):
    """An edit of a BPMN file."""

    notation: ClassVar[str] = "bpmn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveStep(StepEdit):
    """An activity goes, with its boundary events, what only they led to, its data associations and message flows; what
    led to it leads on to what came after. `keeps` is the step that makes it needless, if there is one."""

    do: ClassVar[str] = "remove-step"
    element: str
    keeps: str | None = None

    def __post_init__(self) -> None:
        _check_ids(self.element, *((self.keeps,) if self.keeps is not None else ()))

    def takes(self) -> frozenset[Claim]:
        return _steps(self.element)

    def needs(self) -> frozenset[Claim]:
        return _steps(*((self.keeps,) if self.keeps else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSteps(StepEdit):
    """Two tasks, one directly after the other, become one, which keeps the id and the form of the first. Minutes are
    added, data, documents and legal bases put together; `name` is its name, by default both with a semicolon."""

    do: ClassVar[str] = "merge-steps"
    elements: tuple[str, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        _check_ids(*self.elements)
        if len(self.elements) != 2 or len(set(self.elements)) != 2:
            raise ValueError("elements are two steps")

    def takes(self) -> frozenset[Claim]:
        return _steps(*self.elements)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParalleliseSteps(StepEdit):
    """A chain of activities, each directly after the one before, runs side by side between an AND split and join."""

    do: ClassVar[str] = "parallelise-steps"
    elements: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_ids(*self.elements)
        if len(self.elements) < 2 or len(set(self.elements)) != len(self.elements):
            raise ValueError("elements are at least two steps")

    def takes(self) -> frozenset[Claim]:
        return _steps(*self.elements)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStep(StepEdit):
    """An activity is done directly before another node of the same container instead of where it stands."""

    do: ClassVar[str] = "move-step"
    element: str
    before: str

    def __post_init__(self) -> None:
        _check_ids(self.element, self.before)
        if self.element == self.before:
            raise ValueError("a step cannot be moved before itself")

    def takes(self) -> frozenset[Claim]:
        return _steps(self.element)

    def needs(self) -> frozenset[Claim]:
        return _steps(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRegister(StepEdit):
    """A request for a paper becomes a query of the register that holds it: a user, send or receive task turns into a
    service task with `topic`. `receive` is the task that waited for the answer of a send task; it goes."""

    do: ClassVar[str] = "query-register"
    element: str
    register: str
    topic: str | None = None
    receive: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        _check_ids(self.element, self.register, *((self.receive,) if self.receive is not None else ()))

    def takes(self) -> frozenset[Claim]:
        return _steps(self.element, *((self.receive,) if self.receive else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChannel(StepEdit):
    """The recorded channel of a step: how it is done."""

    do: ClassVar[str] = "set-channel"
    element: str
    channel: str

    def __post_init__(self) -> None:
        _check_ids(self.element)
        if self.channel not in CHANNELS:
            raise ValueError(f"channel is one of {', '.join(CHANNELS)}")

    def takes(self) -> frozenset[Claim]:
        return frozenset({("channel", self.element)})

    def needs(self) -> frozenset[Claim]:
        return _steps(self.element)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGateway(StepEdit):
    """A gateway that only joins joins in another way: `kind` is exclusive, parallel or inclusive."""

    do: ClassVar[str] = "change-gateway"
    element: str
    kind: str

    def __post_init__(self) -> None:
        _check_ids(self.element)
        if self.kind not in ("exclusive", "parallel", "inclusive"):
            raise ValueError("kind is exclusive, parallel or inclusive")

    def takes(self) -> frozenset[Claim]:
        return _steps(self.element)


KINDS = (RemoveStep, MergeSteps, ParalleliseSteps, MoveStep, QueryRegister, SetChannel, ChangeGateway)
"""Every kind of edit of a process."""


def _steps(*elements: str) -> frozenset[Claim]:
    return frozenset(("step", element) for element in elements)


def _check_ids(*names: object) -> None:
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError("elements are ids")
