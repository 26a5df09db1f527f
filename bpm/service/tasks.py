"""Tasks: the clerk's inbox, and doing what is in it.

Of several who complete one task exactly one wins: the case is locked, the task is looked at again under that lock, and
the completion's primary key is the task. The others get Conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bpm.errors import Conflict, Forbidden, InvalidRequest, NotFound, Stale
from bpm.model.form import Form
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record, record_note, require_running
from bpm.store import queries
from bpm.store.queries import Order
from bpm.store.records import CompletionRow, InstanceRow, WorkItemRow
from bpm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bpm.engine.executable import Executable
    from bpm.engine.instance import Outcome


def list_open(
    services: Services,
    actor: Actor,
    *,
    group: str | None = None,
    assignee: str | None = None,
    procedure: str | None = None,
    instance: str | None = None,
    due_before: str | None = None,
    sort: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """The open tasks this person holds or may take (who oversees an office sees all), filtered, in pages.

    `sort` is due, created or priority, with - in front for descending; tasks without the value come last. Raises
    InvalidRequest `bad-sort` or `bad-cursor`.
    """
    require(actor, "tasks.read")
    order = _order(sort)
    with services.reading() as work:
        visible = None
        if not actor.oversees and actor.groups is not None:
            visible = (sorted({actor.name} | queries.stood_in_for(work, actor.tenant, actor.name)), actor.groups)
        found = queries.tasks(
            work,
            actor.tenant,
            visible_to=visible,
            group=group,
            assignee=assignee,
            procedure=procedure,
            instance=instance,
            due_before=due_before,
            order=order,
            cursor=cursor,
            limit=limit,
        )
        if found is None:
            raise InvalidRequest("bad-cursor", "cursor is `next` of the page before")
        stopped = queries.suspended(work, [row.instance_id for row in found.items])
        return views.page(found, lambda row: views.task(row, suspended=row.instance_id in stopped))


def _order(sort: str | None) -> Order | None:
    if sort is None:
        return None
    column = sort.removeprefix("-")
    if column not in ("due", "created", "priority"):
        raise InvalidRequest("bad-sort", "sort is due, created or priority, with - in front for descending")
    return Order(column, descending=sort.startswith("-"))


def get(services: Services, actor: Actor, task_id: str) -> dict[str, Any]:
    """One task, with the case's variables as the person needs them for the form."""
    require(actor, "tasks.read")
    with services.reading() as work:
        row = look_at(work, actor, task_id)
        instance = work.get(InstanceRow, row.instance_id)
        assert instance is not None
        task = views.task(row, suspended=instance.state == "suspended")
        return {**task, "variables": {**instance.variables, **(row.variables or {})}, "draft": row.draft}


def form(services: Services, actor: Actor, task_id: str) -> dict[str, Any]:
    """The form of a task as it was uploaded with its procedure. Raises NotFound when it has none."""
    require(actor, "tasks.read")
    with services.reading() as work:
        row = look_at(work, actor, task_id)
        instance = work.get(InstanceRow, row.instance_id)
        assert instance is not None
        procedure = services.model_by_id(work, instance.procedure_id).procedure
        found = procedure.form(row.form) if row.form else None
        if found is None:
            raise NotFound("no-form", "this task has no form")
        return dict(found)


def claim(
    services: Services, actor: Actor, task_id: str, *, if_match: int | None = None, key: str | None = None
) -> Answer:
    """Take a task. Raises Conflict when another holds it."""
    return _assign(services, actor, task_id, actor.name, "task-claimed", if_match, key)


def unclaim(
    services: Services, actor: Actor, task_id: str, *, if_match: int | None = None, key: str | None = None
) -> Answer:
    """Give a task back to its group. Raises Conflict when another holds it."""
    return _assign(services, actor, task_id, None, "task-returned", if_match, key)


def _assign(
    services: Services,
    actor: Actor,
    task_id: str,
    assignee: str | None,
    kind: str,
    if_match: int | None,
    key: str | None,
) -> Answer:
    require(actor, "tasks.work")

    def do(work: UnitOfWork) -> Answer:
        instance, item = _locked(work, actor, task_id, if_match)
        if item.assignee != assignee:
            work.change(WorkItemRow, item.id, version=item.version, assignee=assignee)
            record_note(work, instance, Command(kind, actor.name, item.element, {"task": item.id}))
        after = work.get(WorkItemRow, item.id)
        assert after is not None
        return Answer(views.task(after))

    return perform(services, actor, do, key=key, request=[kind, task_id])


def delegate(
    services: Services,
    actor: Actor,
    task_id: str,
    assignee: str,
    person: Actor | None,
    *,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """Hand a task to `assignee`, who is `person` (None: nobody of that name). Who holds it may, and who oversees the
    office. A draft goes with it.

    Raises InvalidRequest `no-such-person` or `person-may-not` and Conflict `task-held` or `task-not-held`.
    """
    require(actor, "tasks.delegate")

    def do(work: UnitOfWork) -> Answer:
        instance, item = _locked(work, actor, task_id, if_match, of_others=actor.oversees)
        if not actor.oversees and item.assignee is None:
            raise Conflict("task-not-held", "claim the task before you hand it on")
        if person is None or person.tenant != actor.tenant:
            raise InvalidRequest("no-such-person", f"nobody here is called {assignee!r}", element=item.element)
        if not person.may("tasks.work") or not _may_take(person, item, frozenset()):
            raise InvalidRequest("person-may-not", f"{assignee} may not do this task", element=item.element)
        if item.assignee != person.name:
            work.change(WorkItemRow, item.id, version=item.version, assignee=person.name)
            detail = {"task": item.id, "from": item.assignee, "to": person.name}
            record_note(work, instance, Command("task-delegated", actor.name, item.element, detail))
        after = work.get(WorkItemRow, item.id)
        assert after is not None
        return Answer(views.task(after))

    return perform(services, actor, do, key=key, request=["delegate", task_id, assignee])


def save_draft(
    services: Services,
    actor: Actor,
    task_id: str,
    variables: Mapping[str, Any],
    *,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """Keep unfinished answers with the task, in place of an earlier draft; none at all drop it. They are not checked,
    are no variables of the case and stand neither in its history nor in this answer, and end with the task. Of a
    suspended case too: what was typed should not be lost."""
    require(actor, "tasks.work")

    def do(work: UnitOfWork) -> Answer:
        instance, item = _locked(work, actor, task_id, if_match, even_suspended=True)
        work.change(WorkItemRow, item.id, version=item.version, draft=dict(variables) or None)
        record_note(work, instance, Command("task-draft-saved", actor.name, item.element, {"task": item.id}))
        after = work.get(WorkItemRow, item.id)
        assert after is not None
        return Answer(views.task(after, suspended=instance.state == "suspended"))

    return perform(services, actor, do, key=key, request=["draft", task_id, variables])


def complete(
    services: Services,
    actor: Actor,
    task_id: str,
    variables: Mapping[str, Any],
    *,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """Complete a task and answer the case as it is then. Raises Conflict when it is done, gone or held by another,
    InvalidRequest `form-answers` when the answers break the task's form."""
    from bpm import engine

    def run(executable: Executable, instance: InstanceRow, item: WorkItemRow, now: datetime) -> Outcome:
        return engine.complete(executable, instance.snapshot, item.item, variables, now)

    act = _Act("task-completed", {"variables": dict(variables)}, run, variables)
    return _finish(services, actor, task_id, act, if_match, key)


def raise_error(
    services: Services, actor: Actor, task_id: str, code: str, *, if_match: int | None = None, key: str | None = None
) -> Answer:
    """End a task with a BPMN error, which the model must catch."""
    from bpm import engine

    def run(executable: Executable, instance: InstanceRow, item: WorkItemRow, now: datetime) -> Outcome:
        return engine.fail_with(executable, instance.snapshot, item.item, code, {}, now)

    return _finish(services, actor, task_id, _Act("task-failed", {"code": code}, run), if_match, key)


@dataclass(frozen=True, slots=True)
class _Act:
    """How a task ends: its name in the history, what is told of it, and what the engine does."""

    kind: str
    detail: dict[str, Any]
    run: Callable[[Executable, InstanceRow, WorkItemRow, datetime], Outcome]
    answers: Mapping[str, Any] | None = None


def _finish(
    services: Services,
    actor: Actor,
    task_id: str,
    act: _Act,
    if_match: int | None,
    key: str | None,
) -> Answer:
    require(actor, "tasks.work")

    def do(work: UnitOfWork) -> Answer:
        instance, item = _locked(work, actor, task_id, if_match)
        model = services.model_by_id(work, instance.procedure_id)
        if act.answers is not None and item.form:
            _judge(model.procedure.form(item.form), item, {**instance.variables, **act.answers}, services.settings.lang)
        outcome = act.run(model.require(), instance, item, work.now)
        behalf = _on_behalf(work, actor, item)
        done = CompletionRow(
            task_id=item.id,
            instance_id=instance.id,
            actor=actor.name,
            idempotency_key=key,
            number=instance.version + 1,
            at=work.now,
            on_behalf_of=behalf,
        )
        work.add(done)
        ended = {"state": "completed", "assignee": actor.name, "ended_at": work.now, "draft": None}
        work.change(WorkItemRow, item.id, version=item.version, **ended)
        told = {"on_behalf_of": behalf} if behalf else {}
        command = Command(act.kind, actor.name, item.element, {"task": item.id, **told, **act.detail})
        after = record(work, instance, outcome, command)
        return Answer(views.whole_case(work, after))

    return perform(services, actor, do, key=key, request=[act.kind, task_id, act.detail])


def _judge(schema: Mapping[str, Any] | None, item: WorkItemRow, values: Mapping[str, Any], lang: str) -> None:
    """The form's own rules hold at the server too; what the case knows already counts as answered."""
    problems = Form.parse(schema, item.form or "").check(values, lang) if schema is not None else {}
    if problems:
        told = "; ".join(f"{key}: {text}" for key, text in problems.items())
        raise InvalidRequest("form-answers", told, element=item.element)


def _locked(
    work: UnitOfWork,
    actor: Actor,
    task_id: str,
    if_match: int | None,
    *,
    even_suspended: bool = False,
    of_others: bool = False,
) -> tuple[InstanceRow, WorkItemRow]:
    seen = _visible(work, actor, task_id)
    instance = queries.instance_of(work, seen.instance_id)
    item = work.get(WorkItemRow, task_id)
    assert instance is not None
    assert item is not None
    if item.state != "open":
        raise Conflict(f"task-{item.state}", f"the task is {item.state}")
    if not even_suspended:
        require_running(instance)
    if if_match is not None and if_match != item.version:
        raise Stale("stale", f"the task is at revision {item.version}")
    absent = queries.stood_in_for(work, actor.tenant, actor.name)
    if item.assignee not in (None, actor.name, *absent) and not of_others:
        raise Conflict("task-held", "another person holds this task")
    _require_candidate(actor, item, absent)
    return instance, item


def look_at(work: UnitOfWork, actor: Actor, task_id: str) -> WorkItemRow:
    """A task whose data the actor may see. Raises NotFound or Forbidden."""
    row = _visible(work, actor, task_id)
    _require_candidate(actor, row, queries.stood_in_for(work, actor.tenant, actor.name))
    return row


def _visible(work: UnitOfWork, actor: Actor, task_id: str) -> WorkItemRow:
    row = work.get(WorkItemRow, task_id)
    own(actor, row, "task")
    assert row is not None
    return row


def _require_candidate(actor: Actor, item: WorkItemRow, absent: frozenset[str]) -> None:
    # the data of a case is for those whose work it is, and for who stands in for them
    if not _may_take(actor, item, absent):
        raise Forbidden("not-a-candidate", "this task is offered to other groups")


def _may_take(actor: Actor, item: WorkItemRow, absent: frozenset[str]) -> bool:
    named = {item.assignee, *item.candidate_users}
    if actor.groups is None or actor.oversees or actor.name in named or named & absent:
        return True
    if not item.candidate_groups and not item.candidate_users:
        return True
    return bool(set(actor.groups) & set(item.candidate_groups))


def _on_behalf(work: UnitOfWork, actor: Actor, item: WorkItemRow) -> str | None:
    """Whose work it was: of the absent person who held the task, or was named for it while the actor was not."""
    absent = queries.stood_in_for(work, actor.tenant, actor.name)
    if item.assignee in absent:
        return item.assignee
    if item.assignee is None and not _may_take(actor, item, frozenset()):
        return min(absent.intersection(item.candidate_users), default=None)
    return None
