"""Who may do what. Default deny: an operation that is not in the table is forbidden to everybody.

City and office separate what people see: what belongs to another office is *not found*, never *forbidden*, so that
its existence is not given away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bpm.errors import Forbidden, NotFound
from bpm.store.queries import Tenant

STAFF = frozenset(
    {"clerk", "lead", "analyst", "process_owner", "board", "legal", "staff_council", "dpo", "auditor", "admin"}
)
"""Everybody who works for the city and sees procedures (not their cases)."""

_CASES = frozenset({"clerk", "lead", "process_owner", "dpo", "auditor", "admin"})
_WORK = frozenset({"clerk", "lead", "admin"})
_MACHINE = frozenset({"worker", "admin"})
_ANALYSIS = frozenset({"analyst", "process_owner", "board", "admin"})

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "pages.read": STAFF | {"citizen", "worker"},
    "procedures.read": STAFF | {"worker"},
    "procedures.deploy": frozenset({"analyst", "process_owner", "admin"}),
    "findings.dismiss": frozenset({"analyst", "process_owner", "board", "admin"}),
    "cases.start": frozenset({"clerk", "lead", "process_owner", "worker", "admin"}),
    "cases.read": _CASES | {"worker"},
    "cases.history": _CASES,
    "cases.cancel": frozenset({"lead", "process_owner", "admin"}),
    "cases.erase": frozenset({"dpo", "admin"}),
    "cases.suspend": frozenset({"lead", "process_owner", "admin"}),
    "cases.migrate": frozenset({"process_owner", "admin"}),
    "cases.modify": frozenset({"process_owner", "admin"}),
    "tasks.read": _WORK | {"process_owner"},
    "tasks.work": _WORK,
    "tasks.comment": _WORK | {"process_owner"},
    "tasks.delegate": _WORK | {"process_owner"},
    "jobs.work": _MACHINE,
    "messages.send": frozenset({"clerk", "lead", "worker", "admin"}),
    "decisions.evaluate": STAFF | {"worker"},
    "simulations.run": _ANALYSIS,
    "simulations.read": STAFF,
    "reports.make": _ANALYSIS | {"auditor"},
    "reports.read": STAFF,
    "incidents.read": frozenset({"lead", "process_owner", "admin"}),
    "incidents.retry": frozenset({"lead", "process_owner", "admin"}),
    "metrics.read": frozenset({"admin"}),
    "audit.verify": frozenset({"auditor", "dpo", "board", "admin"}),
}
"""Operation to the roles that may do it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person or machine. `groups` None means all lane groups of the office."""

    name: str
    roles: frozenset[str]
    groups: tuple[str, ...] | None = ()
    city: str = "muenchen"
    office: str = "demo"

    @property
    def tenant(self) -> Tenant:
        """Whose rows this actor sees."""
        return Tenant(self.city, self.office)

    def may(self, operation: str) -> bool:
        """Whether one of the roles allows this."""
        return bool(self.roles & PERMISSIONS.get(operation, frozenset()))

    @property
    def oversees(self) -> bool:
        """Whether this actor sees the tasks of all groups."""
        return bool(self.roles & {"lead", "process_owner", "admin"})


DEMO: Mapping[str, Actor] = {
    actor.name: actor
    for actor in (
        Actor("citizen", frozenset({"citizen"})),
        Actor("clerk", frozenset({"clerk"}), None),
        Actor("clerk2", frozenset({"clerk"}), None),
        Actor("analyst", frozenset({"analyst"})),
        Actor("owner", frozenset({"process_owner"})),
        Actor("board", frozenset({"board"})),
        Actor("auditor", frozenset({"auditor"})),
        Actor("worker", frozenset({"worker"})),
        Actor("admin", frozenset({"admin"})),
    )
}
"""The embedded default's people; their password is their name, and they exist on the loopback address only."""

SYSTEM = "system"
"""The name under which timers and deliveries stand in the history."""


def require(actor: Actor, operation: str) -> None:
    """Raise Forbidden unless one of the actor's roles allows the operation."""
    if not actor.may(operation):
        raise Forbidden("forbidden", f"{operation} is not allowed to {actor.name}")


def own(actor: Actor, row: object | None, what: str) -> None:
    """Raise NotFound unless the row is there and belongs to the actor's office."""
    if row is None or (getattr(row, "city", None), getattr(row, "office", None)) != (actor.city, actor.office):
        raise NotFound("not-found", f"no such {what}")
