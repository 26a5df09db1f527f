"""One frozen dataclass per row. Field names are column names, so a row becomes a record by its names alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Table

from bpm.store import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureRow:
    """One version of a procedure. `execution` is the readiness as JSON; `message_starts` the names of messages that
    start it. Its files stand in rows of their own and never change."""

    id: str
    city: str
    office: str
    key: str
    version: int
    name: str
    digest: str
    execution: Mapping[str, Any]
    message_starts: Mapping[str, str]
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One file of one version, byte for byte as it was uploaded."""

    procedure_id: str
    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """A case. `state` is active, suspended, completed, terminated or cancelled; `version` counts its commands. What is
    left of it after `erased_at` holds nothing personal."""

    id: str
    city: str
    office: str
    procedure_id: str
    procedure_key: str
    procedure_version: int
    business_key: str | None
    state: str
    version: int
    snapshot: dict[str, Any]
    variables: dict[str, Any]
    tokens: Mapping[str, int]
    ends: list[str]
    started_at: datetime
    ended_at: datetime | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItemRow:
    """A task for a person; `state` is open, completed or cancelled. `item` is the engine's id within the instance;
    `draft` what somebody typed so far, gone when the task ends."""

    id: str
    city: str
    office: str
    instance_id: str
    item: int
    procedure_key: str
    element: str
    name: str
    candidate_groups: list[str]
    candidate_users: list[str]
    assignee: str | None
    due: str | None
    priority: int | None
    form: str | None
    variables: Mapping[str, Any] | None
    draft: Mapping[str, Any] | None = None
    state: str
    version: int
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """Who may take a task: `kind` is group or user."""

    work_item_id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRow:
    """What somebody remarked on a task."""

    id: str
    city: str
    office: str
    instance_id: str
    work_item_id: str
    author: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissalRow:
    """A finding was put aside (`stands`) with a reason, or taken back; the last line of a fingerprint holds."""

    id: str
    city: str
    office: str
    procedure_key: str
    fingerprint: str
    code: str
    stands: bool
    reason: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRow:
    """A file that somebody put to a task; its `content` stands in a row of its own."""

    id: str
    city: str
    office: str
    instance_id: str
    work_item_id: str
    name: str
    media_type: str
    size: int
    digest: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentContentRow:
    """The bytes of an attachment, apart so that lists do not read them."""

    attachment_id: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRow:
    """That `deputy` stands in for `person` from `begins` until before `ends`."""

    id: str
    city: str
    office: str
    person: str
    deputy: str
    begins: datetime
    ends: datetime
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """Somebody who has signed in with a token, as it said then; `groups` None means all of the office."""

    city: str
    office: str
    name: str
    roles: list[str]
    groups: list[str] | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRow:
    """A question to the inbox that its owner keeps."""

    id: str
    city: str
    office: str
    owner: str
    name: str
    query: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRow:
    """That a task or job was done, once: the primary key makes a second one impossible. `on_behalf_of`: whose deputy
    did it."""

    task_id: str
    instance_id: str
    actor: str
    idempotency_key: str | None
    number: int
    at: datetime
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """Work for an external worker. `token` rises with every lock: who holds an older one is too late."""

    id: str
    city: str
    office: str
    instance_id: str
    item: int
    element: str
    topic: str
    variables: Mapping[str, Any] | None
    state: str
    worker: str | None
    token: int
    locked_until: datetime | None
    retries: int
    error: str | None
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRow:
    """A waiting timer; `timer` is the engine's id."""

    id: str
    city: str
    office: str
    instance_id: str
    timer: str
    element: str
    due: datetime
    cycle: str | None
    remaining: int | None
    state: str
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """A waiting message or signal catch; `subscription` is the engine's id."""

    id: str
    city: str
    office: str
    instance_id: str
    subscription: str
    element: str
    kind: str
    name: str
    state: str
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message or signal that an instance sent and that is delivered after the commit; `state` is waiting,
    delivered or expired (nobody waited for it in time; the row stays as evidence)."""

    id: str
    city: str
    office: str
    instance_id: str
    kind: str
    name: str
    element: str
    variables: Mapping[str, Any]
    state: str
    attempts: int
    next_at: datetime
    expires_at: datetime
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An instance that could not go on by itself: `kind` (timer or message) and `ref` name the row to try again."""

    id: str
    city: str
    office: str
    instance_id: str
    kind: str
    ref: str
    element: str | None
    code: str
    message: str
    state: str
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One event of a command: `number` is the command's, `position` 0 the command itself (with the salt of its digest
    in the ledger), then what the engine did."""

    instance_id: str
    number: int
    position: int
    at: datetime
    actor: str
    kind: str
    element: str | None
    detail: Mapping[str, Any] | None
    salt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One link of an instance's chain. It names no person and no value: those stand in the history, and the salted
    digest binds them; when the history is deleted by law, the chain still holds."""

    instance_id: str
    number: int
    at: datetime
    kind: str
    element: str | None
    payload_digest: str
    previous: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """One digest over all links of the time up to `until`, continuing the checkpoint before; `seal` by the key of that
    name, which is not in the database."""

    number: int
    until: datetime
    entries: int
    root: str
    previous: str
    digest: str
    key_name: str | None
    seal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRow:
    """The first answer to a keyed command."""

    city: str
    office: str
    actor: str
    key: str
    body_digest: str
    status: int | None
    answer: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputationRow:
    """A long computation about the procedure `subject`: `state` is queued, running, done, failed or cancelled."""

    id: str
    city: str
    office: str
    kind: str
    subject: str
    request: Mapping[str, Any]
    state: str
    progress: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    cancel_requested: bool
    lease_until: datetime | None
    token: int
    created_by: str
    created_at: datetime
    ended_at: datetime | None = None


Record: TypeAlias = (
    ProcedureRow
    | FileRow
    | InstanceRow
    | WorkItemRow
    | CandidateRow
    | CommentRow
    | AttachmentRow
    | AttachmentContentRow
    | AbsenceRow
    | PersonRow
    | FilterRow
    | CompletionRow
    | JobRow
    | TimerRow
    | SubscriptionRow
    | OutboxRow
    | IncidentRow
    | HistoryRow
    | LedgerRow
    | CheckpointRow
    | IdempotencyRow
    | ComputationRow
)

TABLE: Mapping[type[Any], Table] = {
    ProcedureRow: tables.procedures,
    FileRow: tables.procedure_files,
    InstanceRow: tables.instances,
    WorkItemRow: tables.work_items,
    CandidateRow: tables.work_item_candidates,
    CommentRow: tables.comments,
    DismissalRow: tables.dismissals,
    AttachmentRow: tables.attachments,
    AttachmentContentRow: tables.attachment_contents,
    AbsenceRow: tables.absences,
    PersonRow: tables.people,
    FilterRow: tables.filters,
    CompletionRow: tables.completions,
    JobRow: tables.jobs,
    TimerRow: tables.timers,
    SubscriptionRow: tables.subscriptions,
    OutboxRow: tables.outbox,
    IncidentRow: tables.incidents,
    HistoryRow: tables.history,
    LedgerRow: tables.ledger,
    CheckpointRow: tables.checkpoints,
    IdempotencyRow: tables.idempotency,
    ComputationRow: tables.computations,
}
"""The table of each record; a test holds both to the same names."""
