"""Tasks: the inbox, and working in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, UploadFile
from fastapi.responses import Response

from api import schemas
from api.deps import Cursor, IfMatch, Key, Limit, Serving, SignedIn, as_download, person, reply
from api.routes import PROBLEMS
from bpm.service import attachments, comments, tasks

router = APIRouter(prefix="/tasks", tags=["tasks"], responses=PROBLEMS)

Id = Annotated[str, Path(max_length=36)]
Text = Annotated[str | None, Query(max_length=200)]
Sort = Annotated[str | None, Query(max_length=20, description="due, created or priority; -due: the latest first")]


@router.get("", response_model=schemas.Tasks)
def list_open(
    services: Serving,
    actor: SignedIn,
    group: Text = None,
    assignee: Text = None,
    procedure: Text = None,
    instance: Text = None,
    due_before: Text = None,
    sort: Sort = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """The open tasks that the caller holds or may take."""
    found = tasks.list_open(
        services,
        actor,
        group=group,
        assignee=assignee,
        procedure=procedure,
        instance=instance,
        due_before=due_before,
        sort=sort,
        cursor=cursor,
        limit=limit,
    )
    return reply(found)


@router.get("/{id}", response_model=schemas.TaskWithVariables)
def get(services: Serving, actor: SignedIn, id: Id) -> Response:
    """One task, with the variables of its case and the draft of its answers."""
    return reply(tasks.get(services, actor, id))


@router.get("/{id}/form", response_model=schemas.Anything)
def form(services: Serving, actor: SignedIn, id: Id) -> Response:
    """The task's form as it was uploaded."""
    return reply(tasks.form(services, actor, id))


@router.post("/{id}/claim", response_model=schemas.Task)
def claim(services: Serving, actor: SignedIn, id: Id, if_match: IfMatch = None, key: Key = None) -> Response:
    """Take the task."""
    answer = tasks.claim(services, actor, id, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/unclaim", response_model=schemas.Task)
def unclaim(services: Serving, actor: SignedIn, id: Id, if_match: IfMatch = None, key: Key = None) -> Response:
    """Give the task back to its group."""
    answer = tasks.unclaim(services, actor, id, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.get("/{id}/comments", response_model=schemas.Comments)
def list_comments(services: Serving, actor: SignedIn, id: Id) -> Response:
    """What was remarked on the task, in order."""
    return reply(comments.of_task(services, actor, id))


@router.post("/{id}/comments", response_model=schemas.Comment, status_code=201)
def comment(services: Serving, actor: SignedIn, id: Id, body: schemas.WriteComment, key: Key = None) -> Response:
    """Remark on the task; kept with its case."""
    answer = comments.add(services, actor, id, body.text, key=key)
    return reply(answer.body, answer.status)


@router.get("/{id}/attachments", response_model=schemas.Attachments)
def list_attachments(services: Serving, actor: SignedIn, id: Id) -> Response:
    """The files put to the task, in order."""
    return reply(attachments.of_task(services, actor, id))


@router.post("/{id}/attachments", response_model=schemas.Attachment, status_code=201)
def attach(services: Serving, actor: SignedIn, id: Id, file: UploadFile, key: Key = None) -> Response:
    """Put a file to the task; kept with its case."""
    # one byte more than allowed is enough to refuse it
    content = file.file.read(attachments.LARGEST + 1)
    kind = file.content_type or "application/octet-stream"
    answer = attachments.add(services, actor, id, file.filename or "", kind, content, key=key)
    return reply(answer.body, answer.status)


@router.get("/{id}/attachments/{attachment}", response_class=Response)
def download(services: Serving, actor: SignedIn, id: Id, attachment: Id) -> Response:
    """One file, as a download."""
    found = attachments.download(services, actor, id, attachment)
    return as_download(found.content, found.name)


@router.post("/{id}/delegate", response_model=schemas.Task)
def delegate(
    request: Request,
    services: Serving,
    actor: SignedIn,
    id: Id,
    body: schemas.Delegate,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Hand the task to another person, who must be allowed to do it; for its holder and who oversees the office."""
    to = person(request, actor, body.assignee)
    answer = tasks.delegate(services, actor, id, body.assignee, to, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/draft", response_model=schemas.Task)
def draft(
    services: Serving, actor: SignedIn, id: Id, body: schemas.Draft, if_match: IfMatch = None, key: Key = None
) -> Response:
    """Keep unfinished answers with the task until it ends; no variables drop them."""
    answer = tasks.save_draft(services, actor, id, body.variables, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/complete", response_model=schemas.WholeCase)
def complete(
    services: Serving,
    actor: SignedIn,
    id: Id,
    body: schemas.Complete | None = None,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Complete the task; answers the case as it is then."""
    variables = body.variables if body else {}
    answer = tasks.complete(services, actor, id, variables, if_match=if_match, key=key)
    return reply(answer.body, answer.status)


@router.post("/{id}/error", response_model=schemas.WholeCase)
def error(
    services: Serving, actor: SignedIn, id: Id, body: schemas.TaskError, if_match: IfMatch = None, key: Key = None
) -> Response:
    """End the task with a BPMN error that the model catches."""
    answer = tasks.raise_error(services, actor, id, body.code, if_match=if_match, key=key)
    return reply(answer.body, answer.status)
