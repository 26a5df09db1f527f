"""Figures for whoever operates the service, in Prometheus' text format (version 0.0.4): counts, no person, no case."""

from __future__ import annotations

from collections.abc import Mapping

from bpm.service.access import Actor, require
from bpm.service.context import Services
from bpm.store import figures
from bpm.store.queries import Tenant

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

STATES = ("queued", "running", "done", "failed", "cancelled")
"""States of a computation; all are told, so that a figure never goes missing when it is zero."""

Labels = tuple[tuple[str, str], ...]


def of_all(services: Services) -> str:
    """The figures of every office together, for whoever operates the machine."""
    return _tell(services, None)


def of_office(services: Services, actor: Actor) -> str:
    """The figures of the actor's office."""
    require(actor, "metrics.read")
    return _tell(services, actor.tenant)


def _tell(services: Services, tenant: Tenant | None) -> str:
    with services.reading() as work:
        cases = figures.cases(work, tenant, ("active", "suspended"))
        computed = figures.computations(work, tenant)
        plain = {
            "tasks_open": ("Tasks that wait for somebody.", figures.open_tasks(work, tenant)),
            "timers_due": ("Timers whose time has come and that have not fired.", figures.due_timers(work, tenant)),
            "outbox_waiting": ("Messages and signals not delivered yet.", figures.waiting_outbox(work, tenant)),
            "incidents_open": ("Cases stuck until somebody repairs them.", figures.open_incidents(work, tenant)),
        }
    kinds = sorted({"simulation", *(kind for kind, _ in computed)})
    lines = _metric("cases_open", "Cases that have not ended.", {(("state", name),): n for name, n in cases.items()})
    for name, (told, value) in plain.items():
        lines += _metric(name, told, {(): value})
    states: dict[Labels, int] = {
        (("kind", kind), ("state", state)): computed.get((kind, state), 0) for kind in kinds for state in STATES
    }
    lines += _metric("computations", "Simulations and other long computations.", states)
    return "\n".join(lines) + "\n"


def _metric(name: str, told: str, values: Mapping[Labels, int]) -> list[str]:
    # label values are words of our own, so none needs escaping
    lines = [f"# HELP lichtung_{name} {told}", f"# TYPE lichtung_{name} gauge"]
    for labels, value in values.items():
        inner = ",".join(f'{label}="{text}"' for label, text in labels)
        lines.append(f"lichtung_{name}{{{inner}}} {value}" if inner else f"lichtung_{name} {value}")
    return lines
