"""Findings that people put aside, with a reason: they stay aside when the procedure comes in anew.

A dismissal is known by the finding's fingerprint, which is the same in every version that says the same at this place.
Putting aside and taking back are lines of their own, so that who did either, and when, is never overwritten; the last
line holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bpm.errors import InvalidRequest, NotFound
from bpm.service.access import Actor, require
from bpm.service.context import Answer, Services, perform
from bpm.store import queries
from bpm.store.ids import new_id
from bpm.store.records import DismissalRow, ProcedureRow
from bpm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bpm.analyser.run import Analysis, Reported

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A finding that was put aside: why, by whom and when."""

    reported: Reported
    line: DismissalRow

    def as_json(self, lang: str) -> dict[str, Any]:
        """The finding as `bpm check` has it, with its dismissal."""
        return {**self.reported.as_json(lang), "dismissal": view(self.line)}


def dismiss(
    services: Services, actor: Actor, procedure: str, fingerprint: str, reason: str, *, key: str | None = None
) -> Answer:
    """Put a finding of the newest version aside. Raises InvalidRequest `empty-reason`, `long-reason`, and NotFound for
    a procedure or finding that is not there."""
    require(actor, "findings.dismiss")
    if not reason.strip():
        raise InvalidRequest("empty-reason", "a dismissal says why")
    if len(reason) > LONGEST:
        raise InvalidRequest("long-reason", f"a reason has up to {LONGEST} characters")

    def do(work: UnitOfWork) -> Answer:
        row = _there(work, actor, procedure)
        analysis = services.analysis(row.id, services.model(work, row).procedure)
        code = next((one.finding.code for one in analysis.findings if one.fingerprint == fingerprint), None)
        if code is None:
            raise NotFound("no-such-finding", "the newest version has no such finding")
        return Answer(view(_write(work, actor, procedure, fingerprint, code, reason.strip(), stands=True)), 201)

    return perform(services, actor, do, key=key, request=["dismiss", procedure, fingerprint, reason])


def take_back(services: Services, actor: Actor, procedure: str, fingerprint: str, *, key: str | None = None) -> Answer:
    """Ask the question again. Raises NotFound where nothing was put aside."""
    require(actor, "findings.dismiss")

    def do(work: UnitOfWork) -> Answer:
        _there(work, actor, procedure)
        held = standing(work, actor, procedure).get(fingerprint)
        if held is None:
            raise NotFound("not-dismissed", "this finding was not dismissed")
        return Answer(view(_write(work, actor, procedure, fingerprint, held.code, "", stands=False)))

    return perform(services, actor, do, key=key, request=["take-back", procedure, fingerprint])


def _there(work: UnitOfWork, actor: Actor, procedure: str) -> ProcedureRow:
    row = queries.procedure(work, actor.tenant, procedure)
    if row is None:
        raise NotFound("not-found", "no such procedure")
    return row


def _lines(work: UnitOfWork, actor: Actor, procedure: str) -> list[DismissalRow]:
    return work.where(DismissalRow, city=actor.city, office=actor.office, procedure_key=procedure)


def _write(
    work: UnitOfWork, actor: Actor, procedure: str, fingerprint: str, code: str, reason: str, *, stands: bool
) -> DismissalRow:
    row = DismissalRow(
        id=new_id(work.now),
        city=actor.city,
        office=actor.office,
        procedure_key=procedure,
        fingerprint=fingerprint,
        code=code,
        stands=stands,
        reason=reason,
        author=actor.name,
        created_at=work.now,
    )
    work.add(row)
    return row


def of_procedure(services: Services, actor: Actor, procedure: str) -> dict[str, Any]:
    """Every dismissal and every taking back, in order."""
    require(actor, "procedures.read")
    with services.reading() as work:
        _there(work, actor, procedure)
        return {"items": [view(row) for row in _lines(work, actor, procedure)], "next": None}


def standing(work: UnitOfWork, actor: Actor, procedure: str) -> dict[str, DismissalRow]:
    """What is put aside now, by fingerprint."""
    last = {row.fingerprint: row for row in _lines(work, actor, procedure)}
    return {fingerprint: row for fingerprint, row in last.items() if row.stands}


def parted(analysis: Analysis, held: Mapping[str, DismissalRow]) -> tuple[tuple[Reported, ...], tuple[Dismissed, ...]]:
    """The findings that are open, and those put aside."""
    aside = tuple(Dismissed(one, held[one.fingerprint]) for one in analysis.findings if one.fingerprint in held)
    return tuple(one for one in analysis.findings if one.fingerprint not in held), aside


def view(row: DismissalRow) -> dict[str, Any]:
    """One line as JSON."""
    return {
        "id": row.id,
        "procedure": row.procedure_key,
        "fingerprint": row.fingerprint,
        "code": row.code,
        "dismissed": row.stands,
        "reason": row.reason,
        "author": row.author,
        "created_at": row.created_at.isoformat(),
    }
