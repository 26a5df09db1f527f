"""What goes into and comes out of a running instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

Snapshot: TypeAlias = dict[str, Any]
"""JSON-able live state of one instance; opaque to everybody but `bpm.engine`."""

Variables: TypeAlias = Mapping[str, Any]
"""JSON values by name. Dates and durations are ISO texts; numbers are int, float or Decimal."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A user or manual task that waits for a person. `id` is unique within the instance and never reused."""

    id: int
    element: str
    name: str
    candidate_groups: tuple[str, ...] = ()
    candidate_users: tuple[str, ...] = ()
    assignee: str | None = None
    due: str | None = None
    priority: int | None = None
    form: str | None = None
    variables: Variables | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A service, send or other task that an external worker does."""

    id: int
    element: str
    topic: str
    variables: Variables | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A waiting catch of a message or signal (`kind`); `id` names it in `correlate`."""

    id: str
    element: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Timer:
    """A waiting timer; `due` is fixed when it is armed. `remaining` counts a cycle's repetitions after this one."""

    id: str
    element: str
    due: datetime
    cycle: str | None = None
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One thing that happened: `kind` is started, entered, left, cancelled, decided, thrown, ended;
    `detail` holds what a reader of the history wants (decision result and matched rules, message name, ...)."""

    kind: str
    element: str
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Thrown:
    """A message or signal that the instance sent; the service delivers it."""

    kind: str
    name: str
    element: str
    variables: Variables


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole live state after a command. `state` is active, completed or terminated; `ends` are the end events
    reached by this command. The service stores differences of the four live lists against the ones before."""

    snapshot: Snapshot
    state: str
    variables: dict[str, Any]
    work_items: tuple[WorkItem, ...]
    jobs: tuple[Job, ...]
    subscriptions: tuple[Subscription, ...]
    timers: tuple[Timer, ...]
    history: tuple[HistoryEvent, ...]
    thrown: tuple[Thrown, ...]
    ends: tuple[str, ...] = ()
    tokens: Mapping[str, int] | None = None
