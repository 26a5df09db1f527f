"""What happens by itself: due timers fire, sent messages arrive, the ledger gets its checkpoints.

A round takes rows whose time has come, each in a unit of work of its own that locks the case and looks at the row
again, so any number of workers may run. What fails stays as an incident and is not tried again before a person says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from bpm.errors import Conflict, LichtungError, Unavailable
from bpm.service import audit
from bpm.service.access import SYSTEM
from bpm.service.context import Services
from bpm.service.execution import Command, record
from bpm.service.jobs import incident
from bpm.service.messages import deliver_message, deliver_signal
from bpm.service.retention import run_due
from bpm.service.simulations import run_next
from bpm.store import queries
from bpm.store.queries import Tenant
from bpm.store.records import InstanceRow, OutboxRow, TimerRow
from bpm.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

HOUR_S = 3600.0

REDELIVERY_S = 30
"""Seconds between two attempts to deliver a message nobody waits for yet."""


def run_round(services: Services) -> int:
    """Do everything that is due once; returns how much was done."""
    with services.reading() as work:
        timers = queries.due_timers(work)
        messages = queries.due_outbox(work)
    done = sum(_guarded(services, row) for row in timers)
    done += sum(_guarded(services, row) for row in messages)
    audit.seal(services)
    return done


def _guarded(services: Services, row: TimerRow | OutboxRow) -> bool:
    try:
        return fire(services, row) if isinstance(row, TimerRow) else deliver(services, row)
    except Unavailable:
        return False
    except LichtungError as error:
        if isinstance(error, Conflict) and error.code != "ambiguous-message":
            return False
        _keep_incident(services, row, error)
        return False


def fire(services: Services, seen: TimerRow) -> bool:
    """Fire one timer if it is still waiting and due; never early, never twice."""
    from bpm import engine

    def do(work: UnitOfWork) -> bool:
        instance = queries.instance_of(work, seen.instance_id)
        timer = work.get(TimerRow, seen.id)
        if instance is None or timer is None or timer.state != "open" or timer.due > work.now:
            return False
        if instance.state == "suspended":
            return False
        model = services.model_by_id(work, instance.procedure_id)
        outcome = engine.fire(model.require(), instance.snapshot, timer.timer, work.now)
        work.close(TimerRow, [timer.id], "fired")
        detail = {"due": timer.due.isoformat()}
        record(work, instance, outcome, Command("timer-fired", SYSTEM, timer.element, detail))
        return True

    return services.transact(do)


def deliver(services: Services, seen: OutboxRow) -> bool:
    """Deliver one message or signal that a case sent. A message that nobody waits for is tried again until it
    expires; one for a suspended case is kept until that is resumed; a signal reaches those who wait at this moment."""

    def do(work: UnitOfWork) -> bool:
        row = work.get(OutboxRow, seen.id, lock=True)
        if row is None or row.state != "waiting":
            return False
        tenant = Tenant(row.city, row.office)
        if row.kind == "signal":
            deliver_signal(services, work, tenant, SYSTEM, row.name, row.variables)
            arrived: bool | None = True
        else:
            arrived = _deliver_message(services, work, tenant, row)
        if arrived:
            work.close(OutboxRow, [row.id], "delivered")
        elif arrived is not None and work.now >= row.expires_at:
            work.close(OutboxRow, [row.id], "expired")
            sender = queries.instance_of(work, row.instance_id)
            assert sender is not None
            what = f"nobody took the message {row.name!r}"
            work.add(incident(work, sender, "message", row.id, row.element, "nobody-waits", what))
        else:
            again = work.now + timedelta(seconds=REDELIVERY_S)
            work.change(OutboxRow, row.id, attempts=row.attempts + 1, next_at=again)
        return bool(arrived)

    return services.transact(do)


def _deliver_message(services: Services, work: UnitOfWork, tenant: Tenant, row: OutboxRow) -> bool | None:
    """Whether a case took it; None when the one it is for is suspended."""
    # a case with a business key speaks to cases with the same one only
    sender = work.get(InstanceRow, row.instance_id)
    business_key = sender.business_key if sender is not None else None
    try:
        taker = deliver_message(services, work, tenant, SYSTEM, row.name, row.variables, {}, business_key)
    except Conflict as error:
        # raised before anything of this delivery was written
        if error.code != "case-suspended":
            raise
        return None
    return taker is not None


def _keep_incident(services: Services, row: TimerRow | OutboxRow, error: LichtungError) -> None:
    log.warning("incident %s at %s of %s", error.code, row.element, row.instance_id)

    def do(work: UnitOfWork) -> None:
        instance = queries.instance_of(work, row.instance_id)
        if instance is None:
            return
        kind = "timer" if isinstance(row, TimerRow) else "message"
        work.add(incident(work, instance, kind, row.id, row.element, error.code, error.message))
        if isinstance(row, OutboxRow):
            work.change(OutboxRow, row.id, state="stuck")

    services.transact(do)


class Background:
    """Three threads until they are stopped: one runs rounds, one calculates, so that a long simulation holds up no
    timer, and one erases once an hour what was kept long enough. `bpm serve` has one, `bpm worker` is one."""

    def __init__(self, services: Services, pause_s: float = 0.5) -> None:
        self.services = services
        self._stop = threading.Event()
        steps = (("rounds", run_round, pause_s), ("calculations", run_next, pause_s), ("retention", run_due, HOUR_S))
        self._threads = [
            threading.Thread(target=self._repeat, args=(step, pause), name=name, daemon=True)
            for name, step, pause in steps
        ]

    def _repeat(self, step: Callable[[Services], int], pause_s: float) -> None:
        # a database that is away is waited for; a mistake of ours in one row must not end all work
        while not self._stop.is_set():
            try:
                done = step(self.services)
            except LichtungError as error:
                log.warning("%s", error)
                done = 0
            except Exception:
                log.exception("unexpected error in the background")
                done = 0
            if not done:
                self._stop.wait(pause_s)

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the current step; a calculation is left to whoever claims it next."""
        self._stop.set()
        self._threads[0].join(timeout=10)
