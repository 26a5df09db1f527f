"""What every command needs: the database, the time, and the models that are in use.

`perform` is the frame of a command: one unit of work, one commit, and for a keyed command the first answer again.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from bpm.analyser.run import Analysis, analyse
from bpm.clock import Clock
from bpm.errors import Blocker, Conflict, InvalidRequest, KeyReused, NotExecutable
from bpm.model.procedure import Procedure
from bpm.model.reader import read_files
from bpm.service.access import Actor
from bpm.settings import Settings
from bpm.store import json_text, queries, schema
from bpm.store.database import Database
from bpm.store.records import IdempotencyRow, ProcedureRow
from bpm.store.unit_of_work import UnitOfWork, transact

if TYPE_CHECKING:
    from bpm.engine.executable import Executable
    from bpm.service.principles import Held

T = TypeVar("T")

KEPT_MODELS = 64
"""How many model versions stay built in memory; one takes some 20 kB to 3 MB."""


@dataclass(frozen=True, slots=True)
class Model:
    """A version of a procedure, read, and built if it can be executed."""

    procedure: Procedure
    executable: Executable | None
    blockers: tuple[Blocker, ...]

    def require(self) -> Executable:
        """What the engine runs. Raises NotExecutable."""
        if self.executable is None:
            raise NotExecutable(self.blockers)
        return self.executable


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: `status` as HTTP counts, `body` a JSON object. `replayed`: it is an earlier answer."""

    body: dict[str, Any]
    status: int = 200
    replayed: bool = False


@dataclass(slots=True)
class Services:
    """One per process. Reading and building a model takes milliseconds to seconds, so the last ones are kept: a
    version never changes, so they never go stale."""

    database: Database
    settings: Settings
    _models: OrderedDict[str, Model] = field(default_factory=OrderedDict)
    _analyses: OrderedDict[str, Analysis] = field(default_factory=OrderedDict)
    _held: OrderedDict[str, Held] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reading(self) -> UnitOfWork:
        """A unit of work that only reads."""
        return UnitOfWork(self.database, writes=False)

    def transact(self, do: Callable[[UnitOfWork], T]) -> T:
        """Do something in one unit of work that writes; answers after its commit."""
        return transact(self.database, do)

    def model(self, work: UnitOfWork, row: ProcedureRow) -> Model:
        """The model of one version."""
        return self.model_by_id(work, row.id)

    def model_by_id(self, work: UnitOfWork, procedure_id: str) -> Model:
        """The model of the version with this row id."""
        with self._lock:
            if procedure_id in self._models:
                self._models.move_to_end(procedure_id)
                return self._models[procedure_id]
        files = queries.files(work, procedure_id)
        model = build_model(read_files(files), ZoneInfo(self.settings.timezone))
        with self._lock:
            self._models[procedure_id] = model
            while len(self._models) > KEPT_MODELS:
                self._models.popitem(last=False)
        return model

    def analysis(self, procedure_id: str, procedure: Procedure) -> Analysis:
        """What the checks say about the version with this row id."""
        with self._lock:
            if procedure_id in self._analyses:
                return self._analyses[procedure_id]
        found = analyse(procedure)
        with self._lock:
            self._analyses[procedure_id] = found
            while len(self._analyses) > KEPT_MODELS:
                self._analyses.popitem(last=False)
        return found

    def held(self, procedure_id: str, procedure: Procedure) -> Held:
        """What rests on principles in the version with this row id, priced."""
        from bpm.service.principles import holding

        with self._lock:
            if procedure_id in self._held:
                return self._held[procedure_id]
        found = holding(procedure)
        with self._lock:
            self._held[procedure_id] = found
            while len(self._held) > KEPT_MODELS:
                self._held.popitem(last=False)
        return found


def open_services(settings: Settings, clock: Clock | None = None) -> Services:
    """Connect, and bring the database to this version's schema. Raises LichtungError for a database that cannot keep
    the promises."""
    database = Database(settings.database_url, clock)
    database.check()
    schema.upgrade(database)
    return Services(database, settings)


def check_ready(services: Services) -> None:
    """Raises LichtungError unless the database answers, is safe and at the right schema."""
    services.database.check()
    schema.check(services.database)


def schema_revision() -> str:
    """The schema that this version of the code expects."""
    return schema.HEAD


def to_json(value: Any) -> str:
    """The canonical text of an answer: the same value, the same bytes."""
    return json_text.dump(value)


def build_model(procedure: Procedure, zone: ZoneInfo) -> Model:
    """Build what the engine runs, local times being those of `zone`, or say why it cannot be run."""
    from bpm.engine import build

    if procedure.process is None:
        return Model(procedure, None, (Blocker(procedure.key, None, "no process"),))
    try:
        return Model(procedure, build(procedure.process, procedure.decisions, zone), ())
    except NotExecutable as error:
        return Model(procedure, None, error.blockers)


def perform(
    services: Services,
    actor: Actor,
    do: Callable[[UnitOfWork], Answer],
    *,
    key: str | None = None,
    request: Any = None,
) -> Answer:
    """Carry out one command and answer after the commit.

    With `key`, the first answer to the same `request` is given again; another request under the same key raises
    KeyReused. The key is taken in the same transaction, so two equal requests at once have one effect.
    """
    if key is not None and not 0 < len(key) <= 200:
        raise InvalidRequest("bad-key", "an Idempotency-Key has 1 to 200 characters")

    def once(work: UnitOfWork) -> Answer:
        if key is None:
            return do(work)
        digest = hashlib.sha256(json_text.dump(request).encode()).hexdigest()
        row = IdempotencyRow(
            city=actor.city,
            office=actor.office,
            actor=actor.name,
            key=key,
            body_digest=digest,
            status=None,
            answer=None,
            created_at=work.now,
        )
        earlier = queries.reserve_key(work, row)
        if earlier is not None:
            return _replay(earlier, digest)
        answer = do(work)
        queries.keep_answer(work, replace(row, status=answer.status, answer=json_text.dump(answer.body)))
        return answer

    return services.transact(once)


def _replay(earlier: IdempotencyRow, digest: str) -> Answer:
    if earlier.body_digest != digest:
        raise KeyReused("key-reused", "this Idempotency-Key was used for another request")
    if earlier.status is None or earlier.answer is None:
        raise Conflict("in-progress", "the first request with this Idempotency-Key is not finished")
    body: Mapping[str, Any] = json_text.load(earlier.answer)
    return Answer(dict(body), earlier.status, replayed=True)
