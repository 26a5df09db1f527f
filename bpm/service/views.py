"""Rows as the JSON of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bpm.store import queries
from bpm.store.queries import Page
from bpm.store.records import (
    AbsenceRow,
    AttachmentRow,
    CommentRow,
    FilterRow,
    HistoryRow,
    IncidentRow,
    InstanceRow,
    JobRow,
    ProcedureRow,
    SubscriptionRow,
    TimerRow,
    WorkItemRow,
)
from bpm.store.unit_of_work import UnitOfWork

R = TypeVar("R")


def task(row: WorkItemRow, *, suspended: bool = False) -> dict[str, Any]:
    """A task; `revision` is its version for `If-Match`. `suspended`: its case is."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "procedure": row.procedure_key,
        "element": row.element,
        "name": row.name,
        "assignee": row.assignee,
        "candidate_groups": list(row.candidate_groups),
        "candidate_users": list(row.candidate_users),
        "due": row.due,
        "priority": row.priority,
        "state": row.state,
        "suspended": suspended,
        "form": row.form,
        "created_at": row.created_at.isoformat(),
        "revision": row.version,
    }


def comment(row: CommentRow) -> dict[str, Any]:
    """What somebody remarked on a task."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "task": row.work_item_id,
        "author": row.author,
        "text": row.text,
        "created_at": row.created_at.isoformat(),
    }


def attachment(row: AttachmentRow) -> dict[str, Any]:
    """A file put to a task, without its bytes."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "task": row.work_item_id,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "digest": row.digest,
        "author": row.author,
        "created_at": row.created_at.isoformat(),
    }


def absence(row: AbsenceRow) -> dict[str, Any]:
    """Who is away, and who stands in."""
    return {
        "id": row.id,
        "person": row.person,
        "deputy": row.deputy,
        "begins": row.begins.isoformat(),
        "ends": row.ends.isoformat(),
        "created_by": row.created_by,
    }


def kept_filter(row: FilterRow) -> dict[str, Any]:
    """A question to the inbox that a person keeps."""
    return {"id": row.id, "name": row.name, "query": dict(row.query)}


def job(row: JobRow) -> dict[str, Any]:
    """An external job, without its data."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "element": row.element,
        "topic": row.topic,
        "state": row.state,
        "worker": row.worker,
        "locked_until": row.locked_until.isoformat() if row.locked_until else None,
        "retries": row.retries,
        "error": row.error,
    }


def subscription(row: SubscriptionRow) -> dict[str, Any]:
    """A message or signal that is waited for."""
    return {"id": row.id, "element": row.element, "kind": row.kind, "name": row.name}


def timer(row: TimerRow) -> dict[str, Any]:
    """A timer that waits."""
    return {"id": row.id, "element": row.element, "due": row.due.isoformat()}


def case(row: InstanceRow) -> dict[str, Any]:
    """A case without its live work, as lists show it."""
    return {
        "id": row.id,
        "procedure": row.procedure_key,
        "procedure_version": row.procedure_version,
        "business_key": row.business_key,
        "state": row.state,
        "started_at": row.started_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "erased_at": row.erased_at.isoformat() if row.erased_at else None,
        "ends": list(row.ends),
        "revision": row.version,
    }


def whole_case(work: UnitOfWork, row: InstanceRow) -> dict[str, Any]:
    """A case with everything that is alive in it."""
    return {
        **case(row),
        "variables": row.variables,
        "tokens": dict(row.tokens),
        "tasks": [task(one, suspended=row.state == "suspended") for one in queries.live(work, WorkItemRow, row.id)],
        "jobs": [job(one) for one in queries.live(work, JobRow, row.id)],
        "subscriptions": [subscription(one) for one in queries.live(work, SubscriptionRow, row.id)],
        "timers": [timer(one) for one in queries.live(work, TimerRow, row.id)],
    }


def event(row: HistoryRow) -> dict[str, Any]:
    """One line of a case's history; `position` 0 is the command, the others what followed from it."""
    return {
        "number": row.number,
        "position": row.position,
        "at": row.at.isoformat(),
        "actor": row.actor,
        "kind": row.kind,
        "element": row.element,
        "detail": row.detail,
    }


def incident(row: IncidentRow) -> dict[str, Any]:
    """Where a case is stuck."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "kind": row.kind,
        "element": row.element,
        "code": row.code,
        "message": row.message,
        "state": row.state,
        "created_at": row.created_at.isoformat(),
    }


def procedure(row: ProcedureRow) -> dict[str, Any]:
    """One version of a procedure."""
    return {
        "key": row.key,
        "version": row.version,
        "name": row.name,
        "digest": row.digest,
        "execution": dict(row.execution),
        "created_at": row.created_at.isoformat(),
        "created_by": row.created_by,
    }


def listed(items: Iterable[Any], following: str | None = None) -> dict[str, Any]:
    """A list as the contract answers it."""
    return {"items": list(items), "next": following}


def page(found: Page[R], view: Callable[[R], dict[str, Any]]) -> dict[str, Any]:
    """One page of rows."""
    return listed((view(one) for one in found.items), found.next)
