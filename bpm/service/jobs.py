"""External work: offered at least once, recorded exactly once.

A worker locks jobs for a time and gets a token that rises with every lock. Whoever comes back with an older token is
too late, whatever its clock says: its result is refused and the newer holder's counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bpm.errors import Conflict, InvalidRequest
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record, require_running
from bpm.store import queries
from bpm.store.ids import new_id
from bpm.store.records import CompletionRow, IncidentRow, InstanceRow, JobRow
from bpm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bpm.engine.instance import Outcome

MAX_LOCK_S = 24 * 3600


def lock(
    services: Services, actor: Actor, topic: str, worker: str, *, maximum: int, lock_s: float, key: str | None = None
) -> Answer:
    """Lock up to `maximum` jobs of a topic for `lock_s` seconds: `{"items":[JOB with token and variables]}`."""
    require(actor, "jobs.work")
    if not (1 <= maximum <= 1000 and 0 < lock_s <= MAX_LOCK_S):
        raise InvalidRequest("bad-lock", f"max is 1 to 1000, lock_s up to {MAX_LOCK_S}")

    def do(work: UnitOfWork) -> Answer:
        until = work.now + timedelta(seconds=lock_s)
        items = []
        for row in queries.lockable_jobs(work, actor.tenant, topic, maximum):
            work.change(JobRow, row.id, worker=worker, token=row.token + 1, locked_until=until)
            instance = work.get(InstanceRow, row.instance_id)
            taken = work.get(JobRow, row.id)
            assert instance is not None
            assert taken is not None
            items.append(
                {
                    **views.job(taken),
                    "token": taken.token,
                    "business_key": instance.business_key,
                    "procedure": instance.procedure_key,
                    "variables": {**instance.variables, **(row.variables or {})},
                }
            )
        return Answer(views.listed(items))

    return perform(services, actor, do, key=key, request=["lock", topic, worker, maximum, lock_s])


def is_waiting(services: Services, actor: Actor, topic: str) -> bool:
    """Whether a job of this topic can be locked now."""
    require(actor, "jobs.work")
    with services.reading() as work:
        return bool(queries.lockable_jobs(work, actor.tenant, topic, 1, lock=False))


def complete(
    services: Services, actor: Actor, job_id: str, token: int, variables: Mapping[str, Any], *, key: str | None = None
) -> Answer:
    """Record the result of a job. Raises Conflict for a stale token or a job that is done."""
    from bpm import engine

    require(actor, "jobs.work")

    def do(work: UnitOfWork) -> Answer:
        instance, row = _held(work, actor, job_id, token)
        require_running(instance)
        model = services.model_by_id(work, instance.procedure_id)
        outcome = engine.complete(model.require(), instance.snapshot, row.item, variables, work.now)
        detail = {"job": row.id, "worker": row.worker, "variables": dict(variables)}
        return _finish(work, instance, row, outcome, Command("job-completed", actor.name, row.element, detail), key)

    return perform(services, actor, do, key=key, request=["job", job_id, token, variables])


def raise_error(
    services: Services,
    actor: Actor,
    job_id: str,
    token: int,
    code: str,
    variables: Mapping[str, Any],
    *,
    key: str | None = None,
) -> Answer:
    """End a job with a BPMN error, which the model must catch."""
    from bpm import engine

    require(actor, "jobs.work")

    def do(work: UnitOfWork) -> Answer:
        instance, row = _held(work, actor, job_id, token)
        require_running(instance)
        model = services.model_by_id(work, instance.procedure_id)
        outcome = engine.fail_with(model.require(), instance.snapshot, row.item, code, variables, work.now)
        detail = {"job": row.id, "code": code, "variables": dict(variables)}
        command = Command("job-error", actor.name, row.element, detail)
        return _finish(work, instance, row, outcome, command, key)

    return perform(services, actor, do, key=key, request=["job-error", job_id, token, code, variables])


def fail(
    services: Services,
    actor: Actor,
    job_id: str,
    token: int,
    error: str,
    *,
    retry_in_s: float = 0.0,
    key: str | None = None,
) -> Answer:
    """Give a failed job back. With no retries left it becomes an incident."""
    require(actor, "jobs.work")

    def do(work: UnitOfWork) -> Answer:
        instance, row = _held(work, actor, job_id, token)
        left = row.retries - 1
        free = work.now + timedelta(seconds=retry_in_s)
        work.change(
            JobRow, row.id, retries=left, error=error[:2000], locked_until=free, worker=None, token=row.token + 1
        )
        if left == 0:
            work.add(incident(work, instance, "job", row.id, row.element, "job-failed", error))
        after = work.get(JobRow, row.id)
        assert after is not None
        return Answer(views.job(after))

    return perform(services, actor, do, key=key, request=["job-fail", job_id, token, error, retry_in_s])


def extend(
    services: Services, actor: Actor, job_id: str, token: int, lock_s: float, *, key: str | None = None
) -> Answer:
    """Hold a job longer."""
    require(actor, "jobs.work")
    if not 0 < lock_s <= MAX_LOCK_S:
        raise InvalidRequest("bad-lock", f"lock_s is up to {MAX_LOCK_S}")

    def do(work: UnitOfWork) -> Answer:
        _, row = _held(work, actor, job_id, token)
        work.change(JobRow, row.id, locked_until=work.now + timedelta(seconds=lock_s))
        after = work.get(JobRow, row.id)
        assert after is not None
        return Answer(views.job(after))

    return perform(services, actor, do, key=key, request=["extend", job_id, token, lock_s])


def incident(
    work: UnitOfWork, instance: InstanceRow, kind: str, ref: str, element: str | None, code: str, message: str
) -> IncidentRow:
    """The row that says where a case is stuck."""
    return IncidentRow(
        id=new_id(work.now),
        city=instance.city,
        office=instance.office,
        instance_id=instance.id,
        kind=kind,
        ref=ref,
        element=element,
        code=code,
        message=message[:2000],
        state="open",
        created_at=work.now,
    )


def _held(work: UnitOfWork, actor: Actor, job_id: str, token: int) -> tuple[InstanceRow, JobRow]:
    seen = work.get(JobRow, job_id)
    own(actor, seen, "job")
    assert seen is not None
    instance = queries.instance_of(work, seen.instance_id)
    row = work.get(JobRow, job_id, lock=True)
    assert instance is not None
    assert row is not None
    if row.state != "open":
        raise Conflict(f"job-{row.state}", f"the job is {row.state}")
    if row.token != token or row.worker is None:
        raise Conflict("stale-token", "another worker holds this job now")
    return instance, row


def _finish(
    work: UnitOfWork, instance: InstanceRow, row: JobRow, outcome: Outcome, command: Command, key: str | None
) -> Answer:
    done = CompletionRow(
        task_id=row.id,
        instance_id=instance.id,
        actor=command.actor,
        idempotency_key=key,
        number=instance.version + 1,
        at=work.now,
    )
    work.add(done)
    work.change(JobRow, row.id, state="completed", ended_at=work.now)
    after = record(work, instance, outcome, command)
    return Answer({"id": row.id, "state": "completed", "instance": after.id, "instance_state": after.state})
