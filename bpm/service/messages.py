"""Messages find one case, signals reach all that wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpm.errors import Conflict, NotFound
from bpm.service.access import Actor, require
from bpm.service.cases import begin
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record, record_note, require_running
from bpm.store import queries
from bpm.store.queries import Tenant
from bpm.store.records import InstanceRow, SubscriptionRow
from bpm.store.unit_of_work import UnitOfWork


def correlate(
    services: Services,
    actor: Actor,
    name: str,
    variables: Mapping[str, Any],
    *,
    correlation: Mapping[str, Any] | None = None,
    business_key: str | None = None,
    key: str | None = None,
) -> Answer:
    """Give a message to the one case that waits for it, else start the one procedure that it starts.

    Raises NotFound when nobody waits and Conflict when several do: a message is never given to just any case.
    """
    require(actor, "messages.send")

    def do(work: UnitOfWork) -> Answer:
        instance = deliver_message(
            services, work, actor.tenant, actor.name, name, variables, correlation or {}, business_key
        )
        if instance is None:
            raise NotFound("nobody-waits", f"no case waits for the message {name!r}")
        return Answer({"instance": instance.id, "state": instance.state})

    request = ["message", name, correlation, business_key, variables]
    return perform(services, actor, do, key=key, request=request)


def broadcast(
    services: Services, actor: Actor, name: str, variables: Mapping[str, Any], *, key: str | None = None
) -> Answer:
    """Give a signal to every case that waits for it: `{"instances":[ids]}`. Suspended cases miss it, as their history
    says then."""
    require(actor, "messages.send")

    def do(work: UnitOfWork) -> Answer:
        return Answer({"instances": deliver_signal(services, work, actor.tenant, actor.name, name, variables)})

    return perform(services, actor, do, key=key, request=["signal", name, variables])


def deliver_message(
    services: Services,
    work: UnitOfWork,
    tenant: Tenant,
    actor: str,
    name: str,
    variables: Mapping[str, Any],
    correlation: Mapping[str, Any],
    business_key: str | None,
) -> InstanceRow | None:
    """Within a unit of work: the case that took the message, or None when nobody waits."""
    # looked at without a lock first: a message for one case must not hold up all others that wait
    waiting = [
        subscription
        for subscription in queries.waiting_for(work, tenant, "message", name, business_key)
        if not correlation or _meant(work.get(InstanceRow, subscription.instance_id), correlation)
    ]
    if len(waiting) > 1:
        raise Conflict("ambiguous-message", f"{len(waiting)} cases wait for the message {name!r}: name one")
    if waiting:
        instance = queries.instance_of(work, waiting[0].instance_id)
        if instance is None or not _meant(instance, correlation):
            raise Conflict("not-waiting", "the case does not wait for this any more")
        return _give(services, work, actor, instance, waiting[0], variables)
    starts = [row for row in queries.latest_procedures(work, tenant) if name in row.message_starts]
    if len(starts) > 1:
        raise Conflict("ambiguous-message", f"{len(starts)} procedures start with the message {name!r}")
    if not starts:
        return None
    row = starts[0]
    return begin(services, work, actor, row, variables, business_key=business_key, start_event=row.message_starts[name])


def deliver_signal(
    services: Services, work: UnitOfWork, tenant: Tenant, actor: str, name: str, variables: Mapping[str, Any]
) -> list[str]:
    """Within a unit of work: the ids of all cases that took the signal."""
    reached = []
    for waiting in sorted(queries.waiting_for(work, tenant, "signal", name), key=lambda row: row.instance_id):
        instance = queries.instance_of(work, waiting.instance_id)
        subscription = work.get(SubscriptionRow, waiting.id)
        if instance is None or subscription is None or subscription.state != "open":
            continue
        if instance.state == "suspended":
            missed = Command("signal-missed", actor, subscription.element, {"name": name})
            record_note(work, instance, missed)
            continue
        _give(services, work, actor, instance, subscription, variables)
        reached.append(instance.id)
    return list(dict.fromkeys(reached))


def _meant(instance: InstanceRow | None, correlation: Mapping[str, Any]) -> bool:
    if instance is None:
        return False
    return all(name in instance.variables and instance.variables[name] == value for name, value in correlation.items())


def _give(
    services: Services,
    work: UnitOfWork,
    actor: str,
    instance: InstanceRow,
    subscription: SubscriptionRow,
    variables: Mapping[str, Any],
) -> InstanceRow:
    from bpm import engine

    current = work.get(SubscriptionRow, subscription.id)
    if current is None or current.state != "open":
        raise Conflict("not-waiting", "the case does not wait for this any more")
    require_running(instance)
    model = services.model_by_id(work, instance.procedure_id)
    outcome = engine.correlate(model.require(), instance.snapshot, subscription.subscription, dict(variables), work.now)
    work.close(SubscriptionRow, [subscription.id], "delivered")
    detail = {"name": subscription.name, "variables": dict(variables)}
    command = Command(f"{subscription.kind}-received", actor, subscription.element, detail)
    return record(work, instance, outcome, command)
