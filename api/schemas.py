"""Requests and answers as OpenAPI shows them. Unknown fields of a request are refused, never ignored."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

DEEPEST = 50
"""How deep JSON values of a request may be nested."""


def _storable(value: Any, depth: int = 0) -> Any:
    """Refuse what no database keeps: infinities, lone surrogates, bottomless nesting."""
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a JSON number")
    if isinstance(value, str):
        _text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _text(name)
            _storable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _storable(inner, depth + 1)
    return value


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("not Unicode text") from error
    return value


def _line(value: str) -> str:
    if not _text(value).isprintable():
        raise ValueError("control characters are not allowed")
    return value


Variables = Annotated[dict[str, Any], AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
Remark = Annotated[str, Field(max_length=2000), AfterValidator(_text)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Request(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid")


class Start(Request):
    procedure: Name
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    business_key: Name | None = None
    variables: Variables = {}


class Cancel(Request):
    reason: Remark | None = None


class Suspend(Request):
    reason: Remark | None = None


Mapping = Annotated[
    dict[Name, Name | None],
    Field(max_length=5000, description="old element or flow to new; null gives up what only waits beside a step"),
]


class Migrate(Request):
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(default=None, description="the newest if absent")
    mapping: Mapping = {}
    reason: Remark | None = None


class MigrateMany(Request):
    mode: Literal["plan", "validate", "execute"]
    procedure: Name
    source: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="the version that the cases run now")
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(default=None, description="the newest if absent")
    mapping: Mapping = {}
    instances: Annotated[list[Name], Field(max_length=500)] | None = Field(default=None, description="all if absent")
    cursor: Name | None = None
    reason: Remark | None = None


class CancelToken(Request):
    cancel: Name = Field(description="an element where the case stands")
    all: bool = Field(default=False, description="all tokens there, if there are several")


class StartBefore(Request):
    start_before: Name = Field(description="an element, or a flow into a joining gateway")


class SetVariables(Request):
    set: Variables


class Modify(Request):
    instructions: Annotated[list[CancelToken | StartBefore | SetVariables], Field(min_length=1, max_length=100)]
    reason: Remark | None = None


class Complete(Request):
    variables: Variables = {}


class WriteComment(Request):
    text: Annotated[Remark, Field(min_length=1)]


class Dismiss(Request):
    reason: Annotated[Remark, Field(min_length=1)]


class Delegate(Request):
    assignee: Name


class EnterAbsence(Request):
    person: Name | None = Field(default=None, description="the caller, if not given")
    deputy: Name
    begins: AwareDatetime
    ends: AwareDatetime


class KeepFilter(Request):
    name: Name
    query: dict[Name, Name]


class Draft(Request):
    variables: Variables


class TaskError(Request):
    code: Name


class Lock(Request):
    topic: Name
    worker: Name
    max: Annotated[int, Field(ge=1, le=1000)] = 1
    lock_s: Seconds = 60
    wait_s: Annotated[float, Field(ge=0, le=60, description="wait that long for the first job")] = 0


class JobComplete(Request):
    token: Count
    variables: Variables = {}


class JobFail(Request):
    token: Count
    error: Remark = ""
    retry_in_s: Annotated[float, Field(ge=0, le=86_400)] = 0


class JobExtend(Request):
    token: Count
    lock_s: Seconds


class JobError(Request):
    token: Count
    code: Name
    variables: Variables = {}


class Message(Request):
    name: Name
    correlation: Variables | None = None
    business_key: Name | None = None
    variables: Variables = {}


class Signal(Request):
    name: Name
    variables: Variables = {}


class Evaluate(Request):
    decision: Name
    inputs: Variables = {}


class Redesigning(Request):
    """`apply`: fingerprints of findings, or `all-mechanical`; `version`: of the procedure, by default the newest."""

    apply: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=200)]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class Simulate(Request):
    procedure: Name
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    cases: Annotated[int, Field(ge=1, le=10_000_000)] = 1_000
    replications: Annotated[int, Field(ge=1, le=10_000)] = 30
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    scenario: Variables | None = None


class Compare(Simulate):
    to_be: Name | None = None
    to_be_version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class AskWithout(Request):
    procedure: Name
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    only: Annotated[str, Field(pattern="^(rules|steps)$")] | None = None
    cases: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="drawn for shares (10,000) and played in a run (1,000)")
    ] = None
    replications: Annotated[
        int | None, Field(ge=1, le=100_000, description="runs (30; of rules alone none unless given)")
    ] = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    scenario: Variables | None = None


class MakeReport(Request):
    procedure: Name
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    to_version: Annotated[int, Field(ge=1, le=2**31 - 1, description="the version that is to be")] | None = None
    lang: Annotated[str, Field(pattern="^(de|en)$")] | None = None
    cases: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    replications: Annotated[int, Field(ge=1, le=1_000)] = 30
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


# --- answers -------------------------------------------------------------------------------------------------


class Problem(BaseModel):
    """RFC 9457, with a stable `code`; more fields say where."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    code: str
    detail: str


class Task(BaseModel):
    id: str
    instance: str
    procedure: str
    element: str
    name: str
    assignee: str | None
    candidate_groups: list[str]
    candidate_users: list[str]
    due: str | None
    priority: int | None
    state: str
    suspended: bool
    form: str | None
    created_at: str
    revision: int


class TaskWithVariables(Task):
    variables: dict[str, Any]
    draft: dict[str, Any] | None


class Comment(BaseModel):
    id: str
    instance: str
    task: str
    author: str
    text: str
    created_at: str


class Attachment(BaseModel):
    id: str
    instance: str
    task: str
    name: str
    media_type: str
    size: int
    digest: str
    author: str
    created_at: str


class Absence(BaseModel):
    id: str
    person: str
    deputy: str
    begins: str
    ends: str
    created_by: str


class Filter(BaseModel):
    id: str
    name: str
    query: dict[str, str]


class Job(BaseModel):
    id: str
    instance: str
    element: str
    topic: str
    state: str
    worker: str | None
    locked_until: str | None
    retries: int
    error: str | None


class LockedJob(Job):
    token: int
    business_key: str | None
    procedure: str
    variables: dict[str, Any]


class Subscription(BaseModel):
    id: str
    element: str
    kind: str
    name: str


class Timer(BaseModel):
    id: str
    element: str
    due: str


class Case(BaseModel):
    id: str
    procedure: str
    procedure_version: int
    business_key: str | None
    state: str
    started_at: str
    ended_at: str | None
    erased_at: str | None = None
    ends: list[str]
    revision: int


class WholeCase(Case):
    variables: dict[str, Any]
    tokens: dict[str, int]
    tasks: list[Task]
    jobs: list[Job]
    subscriptions: list[Subscription]
    timers: list[Timer]


class Refusal(BaseModel):
    element: str
    line: int | None
    reason: str


class Move(BaseModel):
    element: str | None
    name: str
    becomes: str = Field(description="stays, renamed, restarts, given-up, refused or new")
    target: str | None
    target_name: str
    reason: str | None


class Migrated(BaseModel):
    instance: str
    business_key: str | None
    result: str = Field(description="movable, moved or refused")
    reasons: list[Refusal]


class Migrations(BaseModel):
    mode: str
    procedure: str
    source: int
    version: int
    plan: list[Move]
    items: list[Migrated]
    moved: int
    refused: int
    next: str | None


class Event(BaseModel):
    number: int
    position: int
    at: str
    actor: str
    kind: str
    element: str | None
    detail: dict[str, Any] | None


class Incident(BaseModel):
    id: str
    instance: str
    kind: str
    element: str | None
    code: str
    message: str
    state: str
    created_at: str


class Procedure(BaseModel):
    key: str
    version: int
    name: str
    digest: str
    execution: dict[str, Any]
    created_at: str
    created_by: str


class ProcedureWithVersions(Procedure):
    versions: list[int]


class Deployed(Procedure):
    findings: list[dict[str, Any]]
    dismissed: list[dict[str, Any]] = []


class JobDone(BaseModel):
    id: str
    state: str
    instance: str
    instance_state: str


class Correlated(BaseModel):
    instance: str
    state: str


class Reached(BaseModel):
    instances: list[str]


class Simulation(BaseModel):
    id: str
    procedure: str
    version: int
    request: dict[str, int]
    state: str
    done: int
    total: int
    error: str | None
    created_at: str
    created_by: str
    ended_at: str | None


class SimulationWithResult(Simulation):
    result: dict[str, Any] | None


class Comparison(Simulation):
    to_be: str
    to_be_version: int


class ComparisonWithResult(Comparison):
    result: dict[str, Any] | None


class Questioning(Simulation):
    only: str | None


class QuestioningWithResult(Questioning):
    result: dict[str, Any] | None


class Report(BaseModel):
    id: str
    procedure: str
    version: int
    digest: str
    created_at: str
    created_by: str


class Verified(BaseModel):
    instances: int
    entries: int
    breaks: list[dict[str, Any]]
    checkpoints: dict[str, Any]


class Health(BaseModel):
    status: str


class Comments(BaseModel):
    items: list[Comment]
    next: str | None


class Attachments(BaseModel):
    items: list[Attachment]
    next: str | None


class Absences(BaseModel):
    items: list[Absence]
    next: str | None


class Filters(BaseModel):
    items: list[Filter]
    next: str | None


class Tasks(BaseModel):
    items: list[Task]
    next: str | None


class Cases(BaseModel):
    items: list[Case]
    next: str | None


class Events(BaseModel):
    items: list[Event]
    next: str | None


class Incidents(BaseModel):
    items: list[Incident]
    next: str | None


class Procedures(BaseModel):
    items: list[Procedure]
    next: str | None


class LockedJobs(BaseModel):
    items: list[LockedJob]
    next: str | None


class Anything(BaseModel):
    """JSON of the contract whose fields the contract lists."""

    model_config = ConfigDict(extra="allow")
