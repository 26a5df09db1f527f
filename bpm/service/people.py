"""People known from signing in with a token: to hand tasks on to them, and to know a session's roles.

Nobody is entered by hand. What is kept is what the last token said; who is deleted is unknown until the next sign-in.
"""

from __future__ import annotations

from datetime import timedelta

from bpm.service.access import Actor
from bpm.service.context import Services
from bpm.store import queries
from bpm.store.queries import Tenant
from bpm.store.records import PersonRow
from bpm.store.unit_of_work import UnitOfWork

SEEN_AGAIN = timedelta(minutes=10)
"""How exact the time of the last sign-in is; a row per request would cost more than it tells."""


def remember(services: Services, actor: Actor) -> None:
    """Keep what a token said about this person."""
    with services.reading() as work:
        known = queries.person(work, actor.tenant, actor.name)
        if known is not None and _actor(known) == actor and work.now - known.seen_at < SEEN_AGAIN:
            return

    def do(work: UnitOfWork) -> None:
        row = PersonRow(
            city=actor.city,
            office=actor.office,
            name=actor.name,
            roles=sorted(actor.roles),
            groups=None if actor.groups is None else list(actor.groups),
            seen_at=work.now,
        )
        queries.keep_person(work, row)

    services.transact(do)


def find(services: Services, city: str, office: str, name: str) -> Actor | None:
    """The person of that name in this office, as the last token described them."""
    with services.reading() as work:
        row = queries.person(work, Tenant(city, office), name)
        return None if row is None else _actor(row)


def _actor(row: PersonRow) -> Actor:
    groups = None if row.groups is None else tuple(row.groups)
    return Actor(row.name, frozenset(row.roles), groups, row.city, row.office)
