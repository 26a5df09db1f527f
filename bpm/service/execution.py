"""From an engine's outcome to rows: the one place where a case changes.

The engine gives the whole live state after a command; the open rows say what it was before. What is new becomes a row,
what is gone is closed, so siblings cancelled by a gateway or a boundary event need no code of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from bpm.errors import Conflict
from bpm.store import ledger, queries
from bpm.store.ids import new_id
from bpm.store.records import (
    CandidateRow,
    HistoryRow,
    InstanceRow,
    JobRow,
    OutboxRow,
    ProcedureRow,
    SubscriptionRow,
    TimerRow,
    WorkItemRow,
)
from bpm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bpm.engine.instance import Outcome

RETRIES = 3
"""How often an external job may fail before it becomes an incident."""

MESSAGE_LIFE = timedelta(hours=24)
"""How long a message that a case sent waits for somebody who waits for it."""

New = TypeVar("New")
Row = TypeVar("Row", WorkItemRow, JobRow, TimerRow, SubscriptionRow)


@dataclass(frozen=True, slots=True)
class Command:
    """What was done to a case, by whom; it becomes the first history row of the command and the ledger's entry."""

    kind: str
    actor: str
    element: str | None = None
    detail: Mapping[str, Any] | None = None


def require_running(instance: InstanceRow) -> None:
    """Raise Conflict when somebody suspended the case: nothing in it moves until it is resumed."""
    if instance.state == "suspended":
        raise Conflict("case-suspended", "the case is suspended: resume it first")


def record(
    work: UnitOfWork,
    before: InstanceRow,
    outcome: Outcome,
    command: Command,
    *,
    even_suspended: bool = False,
    version: ProcedureRow | None = None,
) -> InstanceRow:
    """Write the outcome of a command on a locked case. Raises Conflict when another command came first, or when the
    case is suspended and the command is not one that ends it (`even_suspended`). `version` is the one it runs from now
    on, if it was moved: its open tasks, jobs, timers and subscriptions then stay the same rows and say what that
    version says of them."""
    if not even_suspended:
        require_running(before)
    ended = work.now if outcome.state != "active" else None
    values: dict[str, Any] = {
        "state": outcome.state,
        "snapshot": outcome.snapshot,
        "variables": outcome.variables,
        "tokens": dict(outcome.tokens or {}),
        "ends": [*before.ends, *outcome.ends],
        "ended_at": ended,
    }
    if version is not None:
        values |= {"procedure_id": version.id, "procedure_version": version.version}
    work.change(InstanceRow, before.id, version=before.version, **values)
    _write(work, before, outcome, command, moved=version is not None)
    after = work.get(InstanceRow, before.id)
    assert after is not None
    return after


def record_start(work: UnitOfWork, instance: InstanceRow, outcome: Outcome, command: Command) -> None:
    """Write a new case with its first outcome."""
    work.add(instance)
    _write(work, instance, outcome, command)


def record_note(work: UnitOfWork, before: InstanceRow, command: Command, *, state: str | None = None) -> None:
    """Write a command that moves no token (claiming, giving back): it counts and is ledgered all the same. `state` is
    the case's from now on."""
    work.change(InstanceRow, before.id, version=before.version, state=state or before.state)
    _log(work, before, (), command)


def _write(work: UnitOfWork, instance: InstanceRow, outcome: Outcome, command: Command, *, moved: bool = False) -> None:
    for kind, identity, make in _LIVE:
        live = make(work, instance, outcome)
        stored = _sync(work, instance, kind, identity, live)
        for row in live if moved else ():
            if identity(row) in stored:
                _rename(work, stored[identity(row)], row)
    work.add(*_outbox(work, instance, outcome))
    events = [
        (event.kind, event.element, dict(event.detail) if event.detail is not None else None)
        for event in outcome.history
    ]
    _log(work, instance, events, command)


def _sync(
    work: UnitOfWork, instance: InstanceRow, kind: type[Row], identity: Callable[[Row], Any], now_live: Sequence[Row]
) -> dict[Any, Row]:
    """Closes what is gone and adds what is new; returns the rows there were."""
    stored = {identity(row): row for row in queries.live(work, kind, instance.id)}
    wanted = {identity(row) for row in now_live}
    # what was typed into a task that is gone is nobody's any more
    typed: dict[str, Any] = {"draft": None} if kind is WorkItemRow else {}
    work.close(kind, [row.id for key, row in stored.items() if key not in wanted], "cancelled", **typed)
    fresh = [row for row in now_live if identity(row) not in stored]
    work.add(*fresh)
    for row in fresh:
        if isinstance(row, WorkItemRow):
            work.add(*_candidates(row))
    return stored


_SAID: Mapping[type[Any], tuple[str, ...]] = {
    WorkItemRow: ("element", "name", "candidate_groups", "candidate_users", "due", "priority", "form"),
    JobRow: ("element", "topic"),
    TimerRow: ("element", "cycle", "remaining"),
    SubscriptionRow: ("element", "kind", "name"),
}
"""What a version of a procedure says about its open rows; who holds them and what was typed is the case's own."""


def _rename(work: UnitOfWork, stored: Row, now: Row) -> None:
    """Lets an open row say what the case's new version says of it."""
    changed = {name: value for name in _SAID[type(now)] if (value := getattr(now, name)) != getattr(stored, name)}
    if not changed:
        return
    work.change(type(now), stored.id, **changed)
    if isinstance(now, WorkItemRow) and changed.keys() & {"candidate_groups", "candidate_users"}:
        queries.forget_candidates(work, stored.id)
        work.add(*_candidates(replace(now, id=stored.id)))


def _candidates(row: WorkItemRow) -> Iterable[CandidateRow]:
    for kind, names in (("group", row.candidate_groups), ("user", row.candidate_users)):
        for name in dict.fromkeys(names):
            yield CandidateRow(work_item_id=row.id, kind=kind, name=name)


def _work_items(work: UnitOfWork, instance: InstanceRow, outcome: Outcome) -> list[WorkItemRow]:
    return [
        WorkItemRow(
            id=new_id(work.now),
            city=instance.city,
            office=instance.office,
            instance_id=instance.id,
            item=item.id,
            procedure_key=instance.procedure_key,
            element=item.element,
            name=item.name,
            candidate_groups=list(item.candidate_groups),
            candidate_users=list(item.candidate_users),
            assignee=item.assignee,
            due=item.due,
            priority=item.priority,
            form=item.form,
            variables=item.variables,
            state="open",
            version=1,
            created_at=work.now,
        )
        for item in outcome.work_items
    ]


def _jobs(work: UnitOfWork, instance: InstanceRow, outcome: Outcome) -> list[JobRow]:
    return [
        JobRow(
            id=new_id(work.now),
            city=instance.city,
            office=instance.office,
            instance_id=instance.id,
            item=job.id,
            element=job.element,
            topic=job.topic,
            variables=job.variables,
            state="open",
            worker=None,
            token=0,
            locked_until=None,
            retries=RETRIES,
            error=None,
            created_at=work.now,
        )
        for job in outcome.jobs
    ]


def _timers(work: UnitOfWork, instance: InstanceRow, outcome: Outcome) -> list[TimerRow]:
    return [
        TimerRow(
            id=new_id(work.now),
            city=instance.city,
            office=instance.office,
            instance_id=instance.id,
            timer=timer.id,
            element=timer.element,
            due=timer.due,
            cycle=timer.cycle,
            remaining=timer.remaining,
            state="open",
            created_at=work.now,
        )
        for timer in outcome.timers
    ]


def _subscriptions(work: UnitOfWork, instance: InstanceRow, outcome: Outcome) -> list[SubscriptionRow]:
    return [
        SubscriptionRow(
            id=new_id(work.now),
            city=instance.city,
            office=instance.office,
            instance_id=instance.id,
            subscription=one.id,
            element=one.element,
            kind=one.kind,
            name=one.name,
            state="open",
            created_at=work.now,
        )
        for one in outcome.subscriptions
    ]


_LIVE: tuple[tuple[Any, Callable[[Any], Any], Callable[..., list[Any]]], ...] = (
    (WorkItemRow, lambda row: row.item, _work_items),
    (JobRow, lambda row: row.item, _jobs),
    (TimerRow, lambda row: (row.timer, row.due), _timers),
    (SubscriptionRow, lambda row: row.subscription, _subscriptions),
)


def _outbox(work: UnitOfWork, instance: InstanceRow, outcome: Outcome) -> list[OutboxRow]:
    return [
        OutboxRow(
            id=new_id(work.now),
            city=instance.city,
            office=instance.office,
            instance_id=instance.id,
            kind=thrown.kind,
            name=thrown.name,
            element=thrown.element,
            variables=dict(thrown.variables),
            state="waiting",
            attempts=0,
            next_at=work.now,
            expires_at=work.now + MESSAGE_LIFE,
            created_at=work.now,
        )
        for thrown in outcome.thrown
    ]


def _log(
    work: UnitOfWork,
    instance: InstanceRow,
    events: Iterable[tuple[str, str, dict[str, Any] | None]],
    command: Command,
) -> None:
    lines = [(command.kind, command.element, dict(command.detail) if command.detail else None), *events]
    rows = [
        HistoryRow(
            instance_id=instance.id,
            number=0,
            position=position,
            at=work.now,
            actor=command.actor,
            kind=kind,
            element=element,
            detail=detail,
        )
        for position, (kind, element, detail) in enumerate(lines)
    ]
    ledger.append(work, rows)
