"""Files that people put to a task: kept with the case, for those whose work it is and those who look it over.

They are handed out as they came in, as a download and never to be shown by the browser, since anybody may have made
them. The history names the attachment and the digest of its bytes, not its name: that may be personal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from bpm.errors import Conflict, InvalidRequest, NotFound
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.cases import locked
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record_note
from bpm.service.tasks import look_at
from bpm.store.ids import new_id
from bpm.store.records import AttachmentContentRow, AttachmentRow, InstanceRow
from bpm.store.unit_of_work import UnitOfWork

LARGEST = 10 * 1024 * 1024
"""Bytes of one file."""
MOST = 100
"""Files of one case."""


@dataclass(frozen=True, slots=True)
class Download:
    """One file as it was put in."""

    name: str
    media_type: str
    content: bytes


def add(
    services: Services,
    actor: Actor,
    task_id: str,
    name: str,
    media_type: str,
    content: bytes,
    *,
    key: str | None = None,
) -> Answer:
    """Put a file to a task of a case that has not ended. Raises InvalidRequest `empty-attachment`,
    `large-attachment`, `bad-name`, and Conflict `case-ended`, `many-attachments`."""
    require(actor, "tasks.comment")
    if not content:
        raise InvalidRequest("empty-attachment", "an attachment has content")
    if len(content) > LARGEST:
        raise InvalidRequest("large-attachment", f"an attachment has up to {LARGEST} bytes")
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    if not 0 < len(name) <= 200 or not name.isprintable():
        raise InvalidRequest("bad-name", "an attachment has a name of 1 to 200 printable characters")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"

    def do(work: UnitOfWork) -> Answer:
        item = look_at(work, actor, task_id)
        instance = locked(work, actor, item.instance_id)
        if len(work.where(AttachmentRow, instance_id=instance.id)) >= MOST:
            raise Conflict("many-attachments", f"a case has up to {MOST} attachments")
        row = AttachmentRow(
            id=new_id(work.now),
            city=instance.city,
            office=instance.office,
            instance_id=instance.id,
            work_item_id=item.id,
            name=name,
            media_type=media_type if len(media_type) <= 200 else "application/octet-stream",
            size=len(content),
            digest=digest,
            author=actor.name,
            created_at=work.now,
        )
        work.add(row)
        work.add(AttachmentContentRow(attachment_id=row.id, content=content))
        detail = {"task": item.id, "attachment": row.id, "digest": digest}
        record_note(work, instance, Command("attachment-added", actor.name, item.element, detail))
        return Answer(views.attachment(row), 201)

    return perform(services, actor, do, key=key, request=["attachment", task_id, name, digest])


def of_task(services: Services, actor: Actor, task_id: str) -> dict[str, Any]:
    """The files of a task, in order."""
    require(actor, "tasks.read")
    with services.reading() as work:
        item = look_at(work, actor, task_id)
        rows = work.where(AttachmentRow, instance_id=item.instance_id, work_item_id=item.id)
        return views.listed(views.attachment(row) for row in rows)


def of_case(services: Services, actor: Actor, instance_id: str) -> dict[str, Any]:
    """The files of all tasks of a case, in order."""
    require(actor, "cases.history")
    with services.reading() as work:
        own(actor, work.get(InstanceRow, instance_id), "case")
        return views.listed(views.attachment(row) for row in work.where(AttachmentRow, instance_id=instance_id))


def download(services: Services, actor: Actor, task_id: str, attachment_id: str) -> Download:
    """One file of a task. Raises NotFound."""
    require(actor, "tasks.read")
    with services.reading() as work:
        item = look_at(work, actor, task_id)
        row = work.get(AttachmentRow, attachment_id)
        if row is None or row.work_item_id != item.id:
            raise NotFound("not-found", "no such attachment")
        (content,) = work.where(AttachmentContentRow, attachment_id=row.id)
        return Download(row.name, row.media_type, content.content)
