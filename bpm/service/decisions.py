"""Decisions of a deployed procedure, evaluated without a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpm.errors import NotFound
from bpm.service import procedures
from bpm.service.access import Actor, require
from bpm.service.context import Services


def evaluate(
    services: Services, actor: Actor, key: str, decision: str, inputs: Mapping[str, Any], version: int | None = None
) -> dict[str, Any]:
    """The JSON of `decide` for a decision (by id, else by name) of a procedure."""
    from bpm.decisions import decide

    require(actor, "decisions.evaluate")
    procedure = procedures.load(services, actor, key, version)
    found = procedure.decision(decision)
    if found is None:
        raise NotFound("not-found", "no such decision")
    model, chosen = found
    return dict(decide(model, chosen.id, inputs).as_json())
