"""How long a case is kept, and what is left of it then.

A procedure says how long its ended cases are kept (`camunda:historyTimeToLive` of the process: an ISO duration or a
number of days). After that, or before it on the word of the data protection officer, everything personal goes:
variables, history, answers, comments, files, names of those who worked on it. What stays are the case's own id,
version, state, times and ends, so that figures still add up, and the ledger, which holds no personal data and verifies
as before; its last entry says that the case was erased. A procedure that says nothing keeps its cases: *not recorded*
is no permission.

Where the archive law wants cases offered to the archive first, `archived` gives one case whole, for as long as it is
there (BayArchivG; to be checked).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from bpm.errors import Conflict, LichtungError
from bpm.feel import temporal
from bpm.service import attachments, comments, views
from bpm.service.access import SYSTEM, Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record_note
from bpm.store import queries
from bpm.store.records import InstanceRow
from bpm.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

KEYS_LAST = timedelta(days=30)
"""How long an Idempotency-Key replays its first answer."""
AT_ONCE = 100


def erase(services: Services, actor: Actor, instance_id: str, *, key: str | None = None) -> Answer:
    """Erase an ended case now. Raises Conflict `case-not-ended` and `case-erased`."""
    require(actor, "cases.erase")

    def do(work: UnitOfWork) -> Answer:
        instance = queries.instance_of(work, instance_id)
        own(actor, instance, "case")
        assert instance is not None
        return Answer(views.case(_erase(work, instance, actor.name)))

    return perform(services, actor, do, key=key, request=["erase", instance_id])


def archived(services: Services, actor: Actor, instance_id: str) -> dict[str, Any]:
    """One ended case whole, to be offered to the archive: `{"case","history","comments","attachments"}`."""
    require(actor, "cases.erase")
    with services.reading() as work:
        instance = work.get(InstanceRow, instance_id)
        own(actor, instance, "case")
        assert instance is not None
        _require_ended(instance)
        whole = {
            "case": views.whole_case(work, instance),
            "history": [views.event(row) for row in queries.history(work, instance_id)],
        }
    return {
        **whole,
        "comments": comments.of_case(services, actor, instance_id)["items"],
        "attachments": attachments.of_case(services, actor, instance_id)["items"],
    }


def run_due(services: Services) -> int:
    """Erase the cases whose time is over, and forget old keys; returns how many cases."""
    with services.reading() as work:
        now = work.now
        due = [
            instance
            for procedure in queries.procedures_with_ended_cases(work)
            if (before := _ended_before(services, work, procedure, now)) is not None
            for instance in queries.ended_cases(work, procedure, before, AT_ONCE)
        ]
    services.transact(lambda work: queries.forget_keys(work, now - KEYS_LAST))
    return sum(_guarded(services, one) for one in due)


def _guarded(services: Services, seen: InstanceRow) -> bool:
    def do(work: UnitOfWork) -> None:
        instance = queries.instance_of(work, seen.id)
        assert instance is not None
        _erase(work, instance, SYSTEM)

    try:
        services.transact(do)
    except Conflict:
        # another worker was first
        return False
    return True


def _erase(work: UnitOfWork, instance: InstanceRow, actor: str) -> InstanceRow:
    _require_ended(instance)
    record_note(work, instance, Command("case-erased", actor))
    queries.erase(work, instance.id)
    after = work.get(InstanceRow, instance.id)
    assert after is not None
    return after


def _require_ended(instance: InstanceRow) -> None:
    if instance.erased_at is not None:
        raise Conflict("case-erased", "the case has been erased")
    if instance.state in ("active", "suspended"):
        raise Conflict("case-not-ended", f"the case is {instance.state}")


def _ended_before(services: Services, work: UnitOfWork, procedure_id: str, now: datetime) -> datetime | None:
    """Before which time a case of this version must have ended to be erased; None if nobody said how long."""
    try:
        model = services.model_by_id(work, procedure_id).procedure.process
    except LichtungError as error:
        log.warning("retention of %s: %s", procedure_id, error)
        return None
    if model is None:
        return None
    said = next((text for name, text in model.main.attributes.items() if name.endswith("}historyTimeToLive")), "")
    said = said.strip()
    back = temporal.parse_duration(f"-P{said}D" if said.isascii() and said.isdecimal() else f"-{said}")
    before = temporal.add(now, back) if back is not None else None
    return before if isinstance(before, datetime) else None
