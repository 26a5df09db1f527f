"""What is asked of the rows, by name. Lists come in pages ordered by id, which is the order of creation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, Table, and_, delete, exists, func, or_, select, update

from bpm.store import tables as t
from bpm.store.records import (
    TABLE,
    AbsenceRow,
    ComputationRow,
    FileRow,
    HistoryRow,
    IdempotencyRow,
    IncidentRow,
    InstanceRow,
    JobRow,
    OutboxRow,
    PersonRow,
    ProcedureRow,
    SubscriptionRow,
    TimerRow,
    WorkItemRow,
)
from bpm.store.unit_of_work import UnitOfWork

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose rows: nobody sees those of another city or office."""

    city: str
    office: str


@dataclass(frozen=True, slots=True)
class Order:
    """How tasks are sorted: by `column` (due, created or priority), those without a value last either way; equal ones
    in the order of creation."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of a list; `next` is the cursor of the following one, or None."""

    items: tuple[R, ...]
    next: str | None


def of_tenant(table: Table, tenant: Tenant) -> Any:
    """That a row belongs to this city and office."""
    return and_(table.c.city == tenant.city, table.c.office == tenant.office)


def _page(work: UnitOfWork, kind: type[R], query: Select[Any], cursor: str | None, limit: int) -> Page[R]:
    table = TABLE[kind]
    if cursor:
        query = query.where(table.c.id > cursor)
    found = work.all(kind, query.order_by(table.c.id).limit(limit + 1))
    page = tuple(found[:limit])
    return Page(page, str(page[-1].id) if len(found) > limit else None)  # type: ignore[attr-defined]


# --- procedures ----------------------------------------------------------------------------------------------


def latest_procedures(work: UnitOfWork, tenant: Tenant) -> list[ProcedureRow]:
    """The newest version of every procedure, by key."""
    newest = (
        select(t.procedures.c.key, func.max(t.procedures.c.version).label("version"))
        .where(of_tenant(t.procedures, tenant))
        .group_by(t.procedures.c.key)
        .subquery()
    )
    joined = t.procedures.join(
        newest, and_(t.procedures.c.key == newest.c.key, t.procedures.c.version == newest.c.version)
    )
    query = select(t.procedures).select_from(joined).where(of_tenant(t.procedures, tenant)).order_by(t.procedures.c.key)
    return work.all(ProcedureRow, query)


def procedure(work: UnitOfWork, tenant: Tenant, key: str, version: int | None = None) -> ProcedureRow | None:
    """One version of a procedure, by default the newest."""
    query = select(t.procedures).where(of_tenant(t.procedures, tenant), t.procedures.c.key == key)
    if version is not None:
        query = query.where(t.procedures.c.version == version)
    return work.first(ProcedureRow, query.order_by(t.procedures.c.version.desc()).limit(1))


def versions(work: UnitOfWork, tenant: Tenant, key: str) -> list[ProcedureRow]:
    """All versions of a procedure, oldest first."""
    query = select(t.procedures).where(of_tenant(t.procedures, tenant), t.procedures.c.key == key)
    return work.all(ProcedureRow, query.order_by(t.procedures.c.version))


def files(work: UnitOfWork, procedure_id: str) -> dict[str, bytes]:
    """The files of one version by path."""
    return {row.path: row.content for row in work.where(FileRow, procedure_id=procedure_id)}


def has_procedures(work: UnitOfWork, tenant: Tenant) -> bool:
    """Whether this office has any procedure yet."""
    query = select(func.count()).select_from(t.procedures).where(of_tenant(t.procedures, tenant))
    return bool(work.connection.execute(query).scalar_one())


# --- cases and tasks -----------------------------------------------------------------------------------------


def instances(
    work: UnitOfWork,
    tenant: Tenant | None,
    *,
    state: str | None = None,
    procedure: str | None = None,
    business_key: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[InstanceRow]:
    """Cases, filtered; of all offices without a tenant."""
    query = select(t.instances) if tenant is None else select(t.instances).where(of_tenant(t.instances, tenant))
    for column, value in (("state", state), ("procedure_key", procedure), ("business_key", business_key)):
        if value is not None:
            query = query.where(t.instances.c[column] == value)
    return _page(work, InstanceRow, query, cursor, limit)


def live_instances(
    work: UnitOfWork, tenant: Tenant, procedure_id: str, cursor: str | None = None, limit: int = 100
) -> Page[InstanceRow]:
    """The cases of one version that have not ended, suspended ones too."""
    table = t.instances
    query = select(table).where(of_tenant(table, tenant), table.c.procedure_id == procedure_id)
    return _page(work, InstanceRow, query.where(table.c.state.in_(("active", "suspended"))), cursor, limit)


def forget_candidates(work: UnitOfWork, work_item_id: str) -> None:
    """Nobody is asked to do this task any more; the caller says who is from now on."""
    rows = t.work_item_candidates
    work.connection.execute(delete(rows).where(rows.c.work_item_id == work_item_id))


def instance_of(work: UnitOfWork, instance_id: str) -> InstanceRow | None:
    """A case, locked for the command that will change it."""
    return work.get(InstanceRow, instance_id, lock=True)


def suspended(work: UnitOfWork, instance_ids: Sequence[str]) -> frozenset[str]:
    """Which of these cases are suspended."""
    rows = t.instances.c
    query = select(rows.id).where(rows.id.in_(sorted(set(instance_ids))), rows.state == "suspended")
    return frozenset(work.connection.execute(query).scalars())


def of_moving_case(table: Table) -> Any:
    """That the case of a row is not suspended; looked up by key, so it costs what is found, not what there is."""
    return ~exists().where(t.instances.c.id == table.c.instance_id, t.instances.c.state == "suspended")


def tasks(
    work: UnitOfWork,
    tenant: Tenant,
    *,
    visible_to: tuple[Sequence[str], Sequence[str]] | None = None,
    group: str | None = None,
    assignee: str | None = None,
    procedure: str | None = None,
    instance: str | None = None,
    due_before: str | None = None,
    order: Order | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[WorkItemRow] | None:
    """Open tasks, filtered; None if an `order` is given and the cursor is no task of this
    office. `visible_to` = (users, groups) keeps what those people hold or may take."""
    items = t.work_items
    query = select(items).where(of_tenant(items, tenant), items.c.state == "open")
    for column, value in (("assignee", assignee), ("procedure_key", procedure), ("instance_id", instance)):
        if value is not None:
            query = query.where(items.c[column] == value)
    if due_before is not None:
        query = query.where(items.c.due < due_before)
    if group is not None:
        query = query.where(items.c.id.in_(_candidates("group", [group])))
    if visible_to is not None:
        users, groups = visible_to
        anybody = items.c.id.not_in(select(t.work_item_candidates.c.work_item_id))
        query = query.where(
            or_(
                items.c.assignee.in_(users),
                and_(items.c.assignee.is_(None), anybody),
                items.c.id.in_(_candidates("user", users)),
                items.c.id.in_(_candidates("group", groups)),
            )
        )
    if order is None:
        return _page(work, WorkItemRow, query, cursor, limit)
    return _sorted_tasks(work, tenant, query, order, cursor, limit)


def _sorted_tasks(
    work: UnitOfWork, tenant: Tenant, query: Select[Any], order: Order, cursor: str | None, limit: int
) -> Page[WorkItemRow] | None:
    items = t.work_items.c
    # ids ascend with the time of creation and never repeat, which times may
    column = items.id if order.column == "created" else items[order.column]
    if cursor:
        # the row itself says where it stands, also when it is done meanwhile, so pages neither repeat nor skip
        last = work.first(WorkItemRow, select(t.work_items).where(of_tenant(t.work_items, tenant), items.id == cursor))
        if last is None:
            return None
        value = last.id if order.column == "created" else getattr(last, order.column)
        if value is None:
            query = query.where(column.is_(None), items.id > last.id)
        else:
            beyond = column < value if order.descending else column > value
            query = query.where(or_(beyond, column.is_(None), and_(column == value, items.id > last.id)))
    query = query.order_by(column.is_(None), column.desc() if order.descending else column, items.id)
    found = work.all(WorkItemRow, query.limit(limit + 1))
    page = tuple(found[:limit])
    return Page(page, page[-1].id if len(found) > limit else None)


def _candidates(kind: str, names: Sequence[str]) -> Select[Any]:
    rows = t.work_item_candidates
    return select(rows.c.work_item_id).where(rows.c.kind == kind, rows.c.name.in_(names))


def live(work: UnitOfWork, kind: type[R], instance_id: str) -> list[R]:
    """The open rows of one case, in the order they appeared."""
    table = TABLE[kind]
    query = select(table).where(table.c.instance_id == instance_id, table.c.state == "open")
    return work.all(kind, query.order_by(table.c.id))


def history(work: UnitOfWork, instance_id: str) -> list[HistoryRow]:
    """Everything that happened to a case, in order."""
    return work.where(HistoryRow, instance_id=instance_id)


def absences(
    work: UnitOfWork, tenant: Tenant, *, after: datetime, deputy: str | None = None, by: datetime | None = None
) -> list[AbsenceRow]:
    """Absences that end after a time; of one deputy, and begun `by` a time."""
    rows = t.absences
    query = select(rows).where(of_tenant(rows, tenant), rows.c.ends > after)
    if deputy is not None:
        query = query.where(rows.c.deputy == deputy)
    if by is not None:
        query = query.where(rows.c.begins <= by)
    return work.all(AbsenceRow, query.order_by(rows.c.begins, rows.c.id))


def stood_in_for(work: UnitOfWork, tenant: Tenant, deputy: str) -> frozenset[str]:
    """Whom this person stands in for now."""
    found = absences(work, tenant, after=work.now, deputy=deputy, by=work.now)
    return frozenset(row.person for row in found)


def incidents(work: UnitOfWork, tenant: Tenant, cursor: str | None = None, limit: int = 100) -> Page[IncidentRow]:
    """Open incidents."""
    query = select(t.incidents).where(of_tenant(t.incidents, tenant), t.incidents.c.state == "open")
    return _page(work, IncidentRow, query, cursor, limit)


# --- work that waits for a machine ---------------------------------------------------------------------------


def lockable_jobs(work: UnitOfWork, tenant: Tenant, topic: str, limit: int, *, lock: bool = True) -> list[JobRow]:
    """Jobs of a topic that nobody holds now, without those of suspended cases; locked for the command that takes them.
    On PostgreSQL rows that another worker is just taking are passed over."""
    jobs = t.jobs
    query = (
        select(jobs)
        .where(of_tenant(jobs, tenant), jobs.c.state == "open", jobs.c.topic == topic, jobs.c.retries > 0)
        .where(or_(jobs.c.locked_until.is_(None), jobs.c.locked_until <= work.now), of_moving_case(jobs))
        .order_by(jobs.c.id)
        .limit(limit)
    )
    return work.all(JobRow, query.with_for_update(skip_locked=True) if lock else query)


def due_timers(work: UnitOfWork, limit: int = 100) -> list[TimerRow]:
    """Timers whose time has come, that have no open incident and whose case is not suspended, the earliest first."""
    timers = t.timers
    stuck = select(t.incidents.c.ref).where(t.incidents.c.kind == "timer", t.incidents.c.state == "open")
    query = select(timers).where(timers.c.state == "open", timers.c.due <= work.now, timers.c.id.not_in(stuck))
    query = query.where(of_moving_case(timers))
    return work.all(TimerRow, query.order_by(timers.c.due, timers.c.id).limit(limit))


def due_outbox(work: UnitOfWork, limit: int = 100) -> list[OutboxRow]:
    """Messages and signals to deliver, the oldest first."""
    query = select(t.outbox).where(t.outbox.c.state == "waiting", t.outbox.c.next_at <= work.now)
    return work.all(OutboxRow, query.order_by(t.outbox.c.id).limit(limit))


def waiting_for(
    work: UnitOfWork, tenant: Tenant, kind: str, name: str, business_key: str | None = None
) -> list[SubscriptionRow]:
    """Open subscriptions to a message or signal; with a business key those of such cases only."""
    rows = t.subscriptions
    query = select(rows).where(
        of_tenant(rows, tenant), rows.c.state == "open", rows.c.kind == kind, rows.c.name == name
    )
    if business_key is not None:
        meant = select(t.instances.c.id).where(
            of_tenant(t.instances, tenant), t.instances.c.business_key == business_key
        )
        query = query.where(rows.c.instance_id.in_(meant))
    return work.all(SubscriptionRow, query.order_by(rows.c.id))


def computations(work: UnitOfWork, tenant: Tenant, kind: str, subject: str, limit: int = 50) -> list[ComputationRow]:
    """The last computations of a kind about a procedure, newest first."""
    rows = t.computations
    query = select(rows).where(of_tenant(rows, tenant), rows.c.kind == kind, rows.c.subject == subject)
    return work.all(ComputationRow, query.order_by(rows.c.id.desc()).limit(limit))


def claimable_computation(work: UnitOfWork, kinds: Sequence[str]) -> ComputationRow | None:
    """The oldest computation of these kinds that nobody works on (any more)."""
    rows = t.computations
    free = or_(rows.c.state == "queued", and_(rows.c.state == "running", rows.c.lease_until < work.now))
    query = select(rows).where(rows.c.kind.in_(kinds), free).order_by(rows.c.id).limit(1)
    return work.first(ComputationRow, query.with_for_update(skip_locked=True))


# --- idempotency ---------------------------------------------------------------------------------------------


def reserve_key(work: UnitOfWork, row: IdempotencyRow) -> IdempotencyRow | None:
    """Take a key for this unit of work. If somebody has used it, their row; an unfinished rival is waited for."""
    table = t.idempotency
    # RETURNING, because not every driver counts the rows of such an insert
    taken = work.connection.execute(_inserting(work, row).on_conflict_do_nothing().returning(table.c.key))
    if taken.first() is not None:
        return None
    query = select(table).where(_key(row))
    return work.first(IdempotencyRow, query)


def _inserting(work: UnitOfWork, row: Any) -> Any:
    """The insert of a record, with the database's own words for what to do if it is there already."""
    # a dialect costs a fifth of a second to import, so only the one in use is
    maker: Any
    if work.database.is_postgresql:
        from sqlalchemy.dialects.postgresql import insert as maker
    else:
        from sqlalchemy.dialects.sqlite import insert as maker
    table = TABLE[type(row)]
    return maker(table).values({name: getattr(row, name) for name in table.columns.keys()})  # noqa: SIM118


def keep_answer(work: UnitOfWork, row: IdempotencyRow) -> None:
    """Store the first answer with its key."""
    values = {"status": row.status, "answer": row.answer}
    work.connection.execute(update(t.idempotency).where(_key(row)).values(**values))


def _key(row: IdempotencyRow) -> Any:
    table = t.idempotency
    own = of_tenant(table, Tenant(row.city, row.office))
    return and_(own, table.c.actor == row.actor, table.c.key == row.key)


# --- people --------------------------------------------------------------------------------------------------


def person(work: UnitOfWork, tenant: Tenant, name: str) -> PersonRow | None:
    """Somebody who has signed in with a token."""
    found = work.where(PersonRow, city=tenant.city, office=tenant.office, name=name)
    return found[0] if found else None


def keep_person(work: UnitOfWork, row: PersonRow) -> None:
    """Keep what the last token said, in place of what an earlier one did."""
    said = {"roles": row.roles, "groups": row.groups, "seen_at": row.seen_at}
    keys = list(t.people.primary_key.columns)
    work.connection.execute(_inserting(work, row).on_conflict_do_update(index_elements=keys, set_=said))


# --- retention -----------------------------------------------------------------------------------------------


def procedures_with_ended_cases(work: UnitOfWork) -> list[str]:
    """The versions, by row id, of which cases have ended and are still there."""
    rows = t.instances.c
    query = select(rows.procedure_id).where(rows.ended_at.is_not(None), rows.erased_at.is_(None)).distinct()
    return sorted(work.connection.execute(query).scalars())


def ended_cases(work: UnitOfWork, procedure_id: str, before: datetime, limit: int) -> list[InstanceRow]:
    """Cases of one version that ended before a time and are still there, the oldest first."""
    rows = t.instances.c
    query = select(t.instances).where(
        rows.procedure_id == procedure_id, rows.ended_at < before, rows.erased_at.is_(None)
    )
    return work.all(InstanceRow, query.order_by(rows.ended_at, rows.id).limit(limit))


def erase(work: UnitOfWork, instance_id: str) -> None:
    """Everything personal of one case goes; its row keeps what figures need, the ledger is not touched."""
    run = work.connection.execute
    files = select(t.attachments.c.id).where(t.attachments.c.instance_id == instance_id)
    run(delete(t.attachment_contents).where(t.attachment_contents.c.attachment_id.in_(files)))
    for table in (t.attachments, t.comments, t.history, t.completions, t.outbox, t.incidents):
        run(delete(table).where(table.c.instance_id == instance_id))
    of_items = t.work_items.c.instance_id == instance_id
    candidates = t.work_item_candidates
    held = select(t.work_items.c.id).where(of_items)
    run(delete(candidates).where(candidates.c.kind == "user", candidates.c.work_item_id.in_(held)))
    run(update(t.work_items).where(of_items).values(assignee=None, candidate_users=[], variables=None, draft=None))
    run(update(t.jobs).where(t.jobs.c.instance_id == instance_id).values(variables=None, error=None, worker=None))
    # answers that are replayed hold the case as it was
    run(delete(t.idempotency).where(t.idempotency.c.answer.contains(instance_id, autoescape=True)))
    gone: dict[str, Any] = {"business_key": None, "variables": {}, "snapshot": {}, "erased_at": work.now}
    run(update(t.instances).where(t.instances.c.id == instance_id).values(**gone))


def forget_keys(work: UnitOfWork, before: datetime) -> None:
    """Idempotency keys older than this replay nothing any more."""
    work.connection.execute(delete(t.idempotency).where(t.idempotency.c.created_at < before))
