"""Cases that change their version, or are changed by hand: planned, checked, carried out, and written down.

A refused case stays as it was, and its history says why it was refused. A suspended case is not moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bpm.errors import Blocker, Conflict, EngineError, InvalidRequest, NotMovable
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.cases import locked
from bpm.service.context import Answer, Services, perform
from bpm.service.execution import Command, record, record_note, require_running
from bpm.service.procedures import find
from bpm.store import queries
from bpm.store.records import InstanceRow, ProcedureRow
from bpm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bpm.engine.upgrade import Move, Upgrade

MOST = 500
"""Cases that one call looks at; the answer says where to go on."""

Mapped = Mapping[str, str | None]


def migrate(
    services: Services,
    actor: Actor,
    instance_id: str,
    *,
    version: int | None,
    mapping: Mapped,
    reason: str | None = None,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """Move one case to another version of its procedure, the newest if none is named. Raises NotMovable with every
    reason; the case then stays as it was, and its history says that it was tried."""
    require(actor, "cases.migrate")

    def do(work: UnitOfWork) -> Answer:
        instance = locked(work, actor, instance_id, if_match)
        require_running(instance)
        target = find(work, actor, instance.procedure_key, version)
        upgrade = _upgrade(services, work, instance.procedure_id, target, mapping)
        after = _carry(work, actor, instance, target, upgrade, mapping, reason)
        return Answer(views.whole_case(work, after))

    try:
        return perform(services, actor, do, key=key, request=["migrate", instance_id, version, dict(mapping), reason])
    except NotMovable as error:
        refused = error.blockers

        def note(work: UnitOfWork) -> None:
            instance = locked(work, actor, instance_id)
            target = find(work, actor, instance.procedure_key, version)
            _note(work, actor, instance, target, refused, mapping, reason)

        services.transact(note)
        raise


def migrate_many(
    services: Services,
    actor: Actor,
    procedure: str,
    *,
    mode: str,
    source: int,
    version: int | None,
    mapping: Mapped,
    instances: Sequence[str] | None = None,
    cursor: str | None = None,
    reason: str | None = None,
    key: str | None = None,
) -> Answer:
    """Move the cases of version `source`, or the named ones. `mode`: plan says what would become of cases anywhere,
    validate looks at every case, execute moves those that can be moved and notes why the others cannot. At most `MOST`
    cases a call: `next` says where to go on. Raises NotFound, NotExecutable, InvalidRequest."""
    require(actor, "cases.migrate")

    def do(work: UnitOfWork) -> Answer:
        old = find(work, actor, procedure, source)
        new = find(work, actor, procedure, version)
        if old.id == new.id:
            raise InvalidRequest("same-version", f"the cases are at version {new.version} already")
        upgrade = _upgrade(services, work, old.id, new, mapping)
        body: dict[str, Any] = {
            "mode": mode,
            "procedure": procedure,
            "source": old.version,
            "version": new.version,
            "plan": [_move(one) for one in upgrade.plan()],
            "items": [],
            "moved": 0,
            "refused": 0,
            "next": None,
        }
        if mode == "plan":
            return Answer(body)
        if instances is None:
            page = queries.live_instances(work, actor.tenant, old.id, cursor, MOST)
            wanted, body["next"] = [one.id for one in page.items], page.next
        else:
            wanted = sorted(set(instances))
        for id in wanted:
            instance = locked(work, actor, id)
            if instance.procedure_id != old.id:
                raise Conflict("other-version", f"the case {id} is at version {instance.procedure_version}")
            body["items"].append(_one(work, actor, instance, new, upgrade, mapping, reason, execute=mode == "execute"))
        body["moved"] = sum(item["result"] != "refused" for item in body["items"])
        body["refused"] = len(body["items"]) - body["moved"]
        return Answer(body)

    named = sorted(instances) if instances is not None else None
    request = ["migrations", procedure, mode, source, version, dict(mapping), named, cursor, reason]
    return perform(services, actor, do, key=key if mode == "execute" else None, request=request)


def modify(
    services: Services,
    actor: Actor,
    instance_id: str,
    instructions: Sequence[Mapping[str, Any]],
    *,
    reason: str | None = None,
    if_match: int | None = None,
    key: str | None = None,
) -> Answer:
    """Change a case by hand: cancel tokens, start before an element, set variables. Raises NotMovable where that would
    break a join or a scope; nothing is changed then."""
    from bpm import engine

    require(actor, "cases.modify")

    def do(work: UnitOfWork) -> Answer:
        instance = locked(work, actor, instance_id, if_match)
        require_running(instance)
        model = services.model_by_id(work, instance.procedure_id)
        try:
            outcome = engine.modify(model.require(), instance.snapshot, instructions, work.now)
        except EngineError as error:
            raise NotMovable([engine.refusal("incident", error.element or "", None, error.message)]) from error
        detail = {"instructions": [dict(one) for one in instructions]} | ({"reason": reason} if reason else {})
        after = record(work, instance, outcome, Command("case-modified", actor.name, None, detail))
        return Answer(views.whole_case(work, after))

    request = ["modify", instance_id, [dict(one) for one in instructions], reason]
    return perform(services, actor, do, key=key, request=request)


def _upgrade(services: Services, work: UnitOfWork, old_id: str, new: ProcedureRow, mapping: Mapped) -> Upgrade:
    from bpm.engine.upgrade import Upgrade

    return Upgrade(services.model_by_id(work, old_id).require(), services.model(work, new).require(), mapping)


def _one(
    work: UnitOfWork,
    actor: Actor,
    instance: InstanceRow,
    new: ProcedureRow,
    upgrade: Upgrade,
    mapping: Mapped,
    reason: str | None,
    *,
    execute: bool,
) -> dict[str, Any]:
    """The result for one case of a batch."""
    refused: Sequence[Blocker] = ()
    if instance.state == "suspended":
        refused = (Blocker(instance.procedure_key, None, "case-suspended: the case is suspended: resume it first"),)
    elif not execute:
        refused = upgrade.refusals(instance.snapshot, work.now)
    else:
        try:
            _carry(work, actor, instance, new, upgrade, mapping, reason)
        except NotMovable as error:
            refused = error.blockers
    if refused and execute:
        _note(work, actor, instance, new, refused, mapping, reason)
    result = "refused" if refused else "moved" if execute else "movable"
    reasons = [_reason(one) for one in refused]
    return {"instance": instance.id, "business_key": instance.business_key, "result": result, "reasons": reasons}


def _carry(
    work: UnitOfWork,
    actor: Actor,
    instance: InstanceRow,
    new: ProcedureRow,
    upgrade: Upgrade,
    mapping: Mapped,
    reason: str | None,
) -> InstanceRow:
    if instance.procedure_id == new.id:
        raise Conflict("same-version", f"the case is at version {new.version} already")
    outcome = upgrade.migrate(instance.snapshot, work.now)
    command = Command("case-migrated", actor.name, None, _detail(instance, new, mapping, reason))
    return record(work, instance, outcome, command, version=new)


def _note(
    work: UnitOfWork,
    actor: Actor,
    instance: InstanceRow,
    new: ProcedureRow,
    refused: Sequence[Blocker],
    mapping: Mapped,
    reason: str | None,
) -> None:
    detail = _detail(instance, new, mapping, reason) | {"refused": [_reason(one) for one in refused]}
    record_note(work, instance, Command("case-not-migrated", actor.name, None, detail), state=instance.state)


def _detail(instance: InstanceRow, new: ProcedureRow, mapping: Mapped, reason: str | None) -> dict[str, Any]:
    detail = {"source": instance.procedure_version, "version": new.version, "mapping": dict(mapping)}
    return detail | ({"reason": reason} if reason else {})


def _move(move: Move) -> dict[str, Any]:
    return {
        "element": move.element,
        "name": move.name,
        "becomes": move.kind,
        "target": move.target,
        "target_name": move.target_name,
        "reason": move.reason,
    }


def _reason(blocker: Blocker) -> dict[str, Any]:
    return {"element": blocker.element, "line": blocker.line, "reason": blocker.reason}


def has_newer(services: Services, actor: Actor, case: Mapping[str, Any]) -> bool:
    """Whether there is a newer version for a case (as `views.case` shows it) that has not ended."""
    if case["state"] not in ("active", "suspended"):
        return False
    with services.reading() as work:
        return find(work, actor, case["procedure"]).version > int(case["procedure_version"])


def preview(
    services: Services, actor: Actor, instance_id: str, lang: str = "de", *, mapping: Mapped | None = None
) -> dict[str, Any]:
    """What would become of a case in the newest version: `version` (None when it runs that one already or has ended),
    `moves` at the elements where it stands, `refused` in the reader's language, `targets` (id, name) to choose from."""
    from bpm.engine.upgrade import explain_refusal

    require(actor, "cases.migrate")
    with services.reading() as work:
        instance = work.get(InstanceRow, instance_id)
        own(actor, instance, "case")
        assert instance is not None
        new = find(work, actor, instance.procedure_key)
        body: dict[str, Any] = {
            "case": views.case(instance),
            "version": None,
            "moves": [],
            "refused": [],
            "targets": [],
        }
        if instance.state not in ("active", "suspended") or new.id == instance.procedure_id:
            return body
        upgrade = _upgrade(services, work, instance.procedure_id, new, mapping or {})
        refused = upgrade.refusals(instance.snapshot, work.now)
        process = services.model(work, new).procedure.process
        assert process is not None
        body["version"] = new.version
        body["moves"] = [_move(one) for one in upgrade.plan() if one.element in instance.tokens]
        body["refused"] = [{"element": one.element, "reason": explain_refusal(one.reason, lang)} for one in refused]
        body["targets"] = [(node.id, node.name or node.id) for node in process.main.nodes if node.type in _PLACES]
        return body


_PLACES = ("userTask", "manualTask", "task", "serviceTask", "sendTask", "receiveTask", "businessRuleTask", "endEvent")
