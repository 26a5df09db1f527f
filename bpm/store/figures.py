"""How much there is of what an operator watches: counts only, never a row's content."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, and_, func, select, true

from bpm.store import tables as t
from bpm.store.queries import Tenant, of_moving_case, of_tenant
from bpm.store.unit_of_work import UnitOfWork


def cases(work: UnitOfWork, tenant: Tenant | None, states: tuple[str, ...]) -> dict[str, int]:
    """Cases by state, for these states."""
    column = t.instances.c.state
    query = select(column, func.count()).where(_own(t.instances, tenant), column.in_(states)).group_by(column)
    found = {state: int(count) for state, count in work.connection.execute(query)}
    return {state: found.get(state, 0) for state in states}


def open_tasks(work: UnitOfWork, tenant: Tenant | None) -> int:
    """Tasks that wait for somebody."""
    return _count(work, t.work_items, tenant, t.work_items.c.state == "open")


def due_timers(work: UnitOfWork, tenant: Tenant | None) -> int:
    """Timers whose time has come and that have not fired, without those of suspended cases."""
    timers = t.timers
    due = and_(timers.c.state == "open", timers.c.due <= work.now, of_moving_case(timers))
    return _count(work, timers, tenant, due)


def waiting_outbox(work: UnitOfWork, tenant: Tenant | None) -> int:
    """Messages and signals that are not delivered yet."""
    return _count(work, t.outbox, tenant, t.outbox.c.state == "waiting")


def open_incidents(work: UnitOfWork, tenant: Tenant | None) -> int:
    """Where cases are stuck."""
    return _count(work, t.incidents, tenant, t.incidents.c.state == "open")


def computations(work: UnitOfWork, tenant: Tenant | None) -> dict[tuple[str, str], int]:
    """Long computations by (kind, state)."""
    kind, state = t.computations.c.kind, t.computations.c.state
    query = select(kind, state, func.count()).where(_own(t.computations, tenant)).group_by(kind, state)
    return {(one, other): int(count) for one, other, count in work.connection.execute(query)}


def _count(work: UnitOfWork, table: Table, tenant: Tenant | None, condition: Any) -> int:
    query = select(func.count()).select_from(table).where(_own(table, tenant), condition)
    return int(work.connection.execute(query).scalar_one())


def _own(table: Table, tenant: Tenant | None) -> Any:
    return true() if tenant is None else of_tenant(table, tenant)
