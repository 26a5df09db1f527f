"""What people remark on a task: kept with the case, for those whose work it is and those who look it over.

The text stands in a row of its own only. The history says that somebody commented, and the ledger binds that line, so
a comment can be deleted by law without touching either.
"""

from __future__ import annotations

from typing import Any

from bpm.errors import InvalidRequest
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.cases import locked
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record_note
from bpm.service.tasks import look_at
from bpm.store.ids import new_id
from bpm.store.records import CommentRow, InstanceRow, WorkItemRow
from bpm.store.unit_of_work import UnitOfWork

LONGEST = 2000


def add(services: Services, actor: Actor, task_id: str, text: str, *, key: str | None = None) -> Answer:
    """Remark on a task of a case that has not ended, done or suspended or not; whoever may take it may. Raises
    InvalidRequest `empty-comment`, `long-comment` and Conflict `case-ended`."""
    require(actor, "tasks.comment")
    if not text.strip():
        raise InvalidRequest("empty-comment", "a comment says something")
    if len(text) > LONGEST:
        raise InvalidRequest("long-comment", f"a comment has up to {LONGEST} characters")

    def do(work: UnitOfWork) -> Answer:
        item = look_at(work, actor, task_id)
        instance = locked(work, actor, item.instance_id)
        row = CommentRow(
            id=new_id(work.now),
            city=instance.city,
            office=instance.office,
            instance_id=instance.id,
            work_item_id=item.id,
            author=actor.name,
            text=text,
            created_at=work.now,
        )
        work.add(row)
        detail = {"task": item.id, "comment": row.id}
        record_note(work, instance, Command("comment-added", actor.name, item.element, detail))
        return Answer(views.comment(row), 201)

    return perform(services, actor, do, key=key, request=["comment", task_id, text])


def of_task(services: Services, actor: Actor, task_id: str) -> dict[str, Any]:
    """What was remarked on a task, in order."""
    require(actor, "tasks.read")
    with services.reading() as work:
        item = look_at(work, actor, task_id)
        return views.listed(views.comment(row) for row in _of(work, item))


def _of(work: UnitOfWork, item: WorkItemRow) -> list[CommentRow]:
    return work.where(CommentRow, instance_id=item.instance_id, work_item_id=item.id)


def of_case(services: Services, actor: Actor, instance_id: str) -> dict[str, Any]:
    """What was remarked on all tasks of a case, in order."""
    require(actor, "cases.history")
    with services.reading() as work:
        own(actor, work.get(InstanceRow, instance_id), "case")
        return views.listed(views.comment(row) for row in work.where(CommentRow, instance_id=instance_id))
