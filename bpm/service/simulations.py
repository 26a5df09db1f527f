"""Simulations, comparisons and questions that are asked for, carried out by a worker, and kept.

The request is a row before anybody is told of it. A worker claims it with a lease and a token and keeps the lease
alive while it calculates; when the worker dies, the lease ends and another begins again. Only the holder of the
newest token may record the result, so a worker thought dead cannot spoil it. The same request and seed give the same
figures, so beginning again loses time and nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bpm.errors import Conflict, InvalidRequest, LichtungError
from bpm.model.procedure import Procedure
from bpm.service import views
from bpm.service.access import Actor, own, require
from bpm.service.context import Answer, Services, perform
from bpm.service.procedures import find
from bpm.store import queries
from bpm.store.ids import new_id
from bpm.store.records import ComputationRow, ProcedureRow
from bpm.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

KIND, COMPARISON, QUESTION = "simulation", "comparison", "question"
LEASE = timedelta(seconds=20)
HEARTBEAT_S = 5.0
MOST_CASES = 50_000_000
"""Cases times replications of one request."""


class _Stopped(Exception):
    """The computation was cancelled, or another worker holds it now."""


def request(
    services: Services,
    actor: Actor,
    procedure: str,
    *,
    version: int | None = None,
    cases: int = 1_000,
    replications: int = 30,
    seed: int = 1,
    scenario: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Answer:
    """Ask for a simulation; 202 with its id. Raises ScenarioError at once when there is no scenario to play."""
    from bpm.service.simulate import scenario_of

    require(actor, "simulations.run")
    _limit(cases, replications)

    def do(work: UnitOfWork) -> Answer:
        row = find(work, actor, procedure, version)
        if scenario is None:
            scenario_of(services.model(work, row).procedure)
        figures = {"cases": cases, "replications": replications, "seed": seed, "scenario": scenario}
        return _queue(work, actor, KIND, row, figures)

    asked = [KIND, procedure, version, cases, replications, seed, scenario]
    return perform(services, actor, do, key=key, request=asked)


def request_comparison(
    services: Services,
    actor: Actor,
    procedure: str,
    *,
    version: int | None = None,
    to_be: str | None = None,
    to_be_version: int | None = None,
    cases: int = 1_000,
    replications: int = 30,
    seed: int = 1,
    scenario: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Answer:
    """Ask for a paired simulation of a version and another one (of the same procedure, or of `to_be`); 202.

    Raises ScenarioError at once when there is no scenario to play.
    """
    from bpm.service.simulate import scenario_of

    require(actor, "simulations.run")
    _limit(2 * cases, replications)

    def do(work: UnitOfWork) -> Answer:
        row, other = find(work, actor, procedure, version), find(work, actor, to_be or procedure, to_be_version)
        if scenario is None:
            scenario_of(services.model(work, row).procedure)
        figures = {"cases": cases, "replications": replications, "seed": seed, "scenario": scenario}
        second = {"to_be_id": other.id, "to_be": other.key, "to_be_version": other.version}
        return _queue(work, actor, COMPARISON, row, figures | second)

    asked = [COMPARISON, procedure, version, to_be, to_be_version, cases, replications, seed, scenario]
    return perform(services, actor, do, key=key, request=asked)


def request_question(
    services: Services,
    actor: Actor,
    procedure: str,
    *,
    version: int | None = None,
    only: str | None = None,
    cases: int | None = None,
    replications: int | None = None,
    seed: int = 1,
    scenario: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Answer:
    """Ask what if one rule or step did not exist; 202. `cases` are drawn for shares (10,000) and played in each of the
    `replications` (1,000 in 30; of rules alone nothing is played unless replications are given).

    Without a scenario there are verdicts about rules, which are proofs, and nothing is played. Raises InvalidRequest
    for what cannot be questioned (`only`), ScenarioError for a scenario that cannot be read.
    """
    from bpm.question import CASES
    from bpm.service.question import PLAYED_CASES, Options, check_only
    from bpm.service.simulate import scenario_from

    require(actor, "simulations.run")
    played = Options(only, cases, replications).played
    _limit(cases or CASES, 1)
    _limit(cases or PLAYED_CASES, max(played, 1))
    check_only(only)
    if scenario is not None:
        scenario_from(scenario)

    def do(work: UnitOfWork) -> Answer:
        row = find(work, actor, procedure, version)
        number = cases or (PLAYED_CASES if played else CASES)
        figures = {"cases": number, "replications": played or 1, "seed": seed, "scenario": scenario, "only": only}
        return _queue(work, actor, QUESTION, row, figures | {"played": played, "asked_cases": cases})

    asked = [QUESTION, procedure, version, only, cases, replications, seed, scenario]
    return perform(services, actor, do, key=key, request=asked)


def _limit(cases: int, replications: int) -> None:
    if cases < 1 or replications < 1 or cases * replications > MOST_CASES:
        raise InvalidRequest("too-many-cases", f"cases times replications is 1 to {MOST_CASES}")


def _queue(work: UnitOfWork, actor: Actor, kind: str, row: ProcedureRow, request: dict[str, Any]) -> Answer:
    """Keep the request for a worker."""
    asked = ComputationRow(
        id=new_id(work.now),
        city=actor.city,
        office=actor.office,
        kind=kind,
        subject=row.key,
        request={"procedure_id": row.id, "version": row.version, **request},
        state="queued",
        progress={"done": 0, "total": request["replications"]},
        result=None,
        error=None,
        cancel_requested=False,
        lease_until=None,
        token=0,
        created_by=actor.name,
        created_at=work.now,
    )
    work.add(asked)
    return Answer(_view(asked), 202)


def get(services: Services, actor: Actor, id: str, *, kind: str = KIND) -> dict[str, Any]:
    """A simulation (or comparison, or question) with its progress and, when done, its result.

    The result of a question is kept by language.
    """
    require(actor, "simulations.read")
    with services.reading() as work:
        row = _own(work, actor, id, kind)
        return {**_view(row), "result": row.result}


def list_some(services: Services, actor: Actor, procedure: str, *, kind: str = KIND) -> dict[str, Any]:
    """The last simulations (or others) of a procedure, newest first, without their results."""
    require(actor, "simulations.read")
    with services.reading() as work:
        return views.listed(_view(row) for row in queries.computations(work, actor.tenant, kind, procedure))


def latest_result(
    services: Services, actor: Actor, procedure: str, version: int, *, kind: str = KIND
) -> dict[str, Any] | None:
    """The newest finished result for one version, for those who may read simulations; else None."""
    if not actor.may("simulations.read"):
        return None
    with services.reading() as work:
        for row in queries.computations(work, actor.tenant, kind, procedure):
            if row.state == "done" and row.result is not None and row.request["version"] == version:
                return dict(row.result)
    return None


def cancel(services: Services, actor: Actor, id: str, *, kind: str = KIND, key: str | None = None) -> Answer:
    """Stop a simulation (or comparison) that waits or runs."""
    require(actor, "simulations.run")

    def do(work: UnitOfWork) -> Answer:
        _own(work, actor, id, kind)
        row = work.get(ComputationRow, id, lock=True)
        assert row is not None
        if row.state not in ("queued", "running"):
            raise Conflict("computation-ended", f"the {kind} is {row.state}")
        work.change(ComputationRow, id, state="cancelled", cancel_requested=True, ended_at=work.now)
        after = work.get(ComputationRow, id)
        assert after is not None
        return Answer(_view(after))

    return perform(services, actor, do, key=key, request=["cancel", id])


def _own(work: UnitOfWork, actor: Actor, id: str, kind: str) -> ComputationRow:
    row = work.get(ComputationRow, id)
    own(actor, row if row is not None and row.kind == kind else None, kind)
    assert row is not None
    return row


def _view(row: ComputationRow) -> dict[str, Any]:
    second = {name: row.request[name] for name in ("to_be", "to_be_version", "only") if name in row.request}
    return {
        "id": row.id,
        "procedure": row.subject,
        "version": row.request["version"],
        **second,
        "request": {name: row.request[name] for name in ("cases", "replications", "seed")},
        "state": row.state,
        "done": row.progress["done"],
        "total": row.progress["total"],
        "error": row.error["message"] if row.error else None,
        "created_at": row.created_at.isoformat(),
        "created_by": row.created_by,
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }


# --- the worker's side ---------------------------------------------------------------------------------------


def run_next(services: Services) -> bool:
    """Claim and carry out one simulation, comparison or question; whether there was one."""
    row = services.transact(_claim)
    if row is None:
        return False
    with _Held(services, row.id, row.token) as held:
        _carry_out(services, row, held)
    return True


def _claim(work: UnitOfWork) -> ComputationRow | None:
    row = queries.claimable_computation(work, (KIND, COMPARISON, QUESTION))
    if row is None:
        return None
    work.change(ComputationRow, row.id, state="running", token=row.token + 1, lease_until=work.now + LEASE)
    return replace(row, token=row.token + 1)


def _carry_out(services: Services, row: ComputationRow, held: _Held) -> None:
    from bpm.service.compare import compare_procedures
    from bpm.service.simulate import simulate_procedure

    total = int(row.request["replications"])
    options: dict[str, Any] = {
        "cases": int(row.request["cases"]),
        "replications": total,
        "seed": int(row.request["seed"]),
        "scenario": row.request["scenario"],
        "progress": lambda share: held.tell(round(share * total), total),
    }
    try:
        procedure = _model(services, row.request["procedure_id"])
        if row.kind == QUESTION:
            from bpm.service.question import answer_in_both

            request = row.request
            options |= {"replications": request.get("played") or None}
            options |= {"cases": request.get("asked_cases", request["cases"])}
            result = answer_in_both(procedure, only=row.request["only"], **options)
        elif row.kind == COMPARISON:
            result = compare_procedures(procedure, _model(services, row.request["to_be_id"]), **options)
        else:
            result = simulate_procedure(procedure, **options)
        held.finish(state="done", result=result, progress={"done": total, "total": total})
    except _Stopped:
        log.info("%s %s was stopped", row.kind, row.id)
    except LichtungError as error:
        held.finish(state="failed", error={"code": error.code, "message": error.message})
    except Exception as error:
        log.exception("%s %s failed", row.kind, row.id)
        held.finish(state="failed", error={"code": "internal", "message": type(error).__name__})


def _model(services: Services, id: str) -> Procedure:
    with services.reading() as work:
        version = work.get(ProcedureRow, id)
        assert version is not None
        return services.model(work, version).procedure


class _Held:
    """A claimed computation: a thread keeps the lease alive; whoever lost it is told by `_Stopped`."""

    def __init__(self, services: Services, id: str, token: int) -> None:
        self.services = services
        self.id = id
        self.token = token
        self.progress: dict[str, int] | None = None
        self._lost = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> _Held:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(timeout=10)

    def tell(self, done: int, total: int) -> None:
        """Note the progress; the next beat writes it. Raises _Stopped when the computation is not ours any more."""
        self.progress = {"done": done, "total": total}
        if self._lost.is_set():
            raise _Stopped

    def finish(self, **values: Any) -> None:
        """Record how it ended, if it is still ours."""

        def do(work: UnitOfWork) -> None:
            if self._ours(work):
                work.change(ComputationRow, self.id, lease_until=None, ended_at=work.now, **values)

        self.services.transact(do)

    def _ours(self, work: UnitOfWork) -> bool:
        row = work.get(ComputationRow, self.id, lock=True)
        return row is not None and row.state == "running" and row.token == self.token

    def _beat(self) -> None:
        written = None
        waited = 0.0
        while not self._end.wait(0.5):
            waited += 0.5
            if self.progress == written and waited < HEARTBEAT_S:
                continue
            waited, written = 0.0, self.progress
            try:
                if not self.services.transact(self._keep):
                    self._lost.set()
                    return
            except LichtungError as error:
                log.warning("%s", error)

    def _keep(self, work: UnitOfWork) -> bool:
        if not self._ours(work):
            return False
        more: dict[str, Any] = {} if self.progress is None else {"progress": self.progress}
        work.change(ComputationRow, self.id, lease_until=work.now + LEASE, **more)
        return True
