"""The tables. Every row that belongs to somebody carries `city` and `office`, from the first migration on.

Nothing here uses an extension or a dialect's own column type, so that both databases have the same schema.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from bpm.store import json_text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Json(TypeDecorator[Any]):
    """A JSON value as canonical text. Text, because the exact digits of a number and the ledger's digests must
    come back as they went in, on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json_text.dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json_text.load(value)


class Instant(TypeDecorator[datetime]):
    """An aware time, stored in UTC. SQLite keeps no offset, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without an offset is no instant")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> Column[str]:
    return Column("id", String(36), primary_key=True)


def _tenant() -> tuple[Column[str], Column[str]]:
    return Column("city", String(80), nullable=False), Column("office", String(80), nullable=False)


def _of_instance() -> Column[str]:
    return Column("instance_id", String(36), ForeignKey("instances.id"), nullable=False)


procedures = Table(
    "procedures",
    metadata,
    _id(),
    *_tenant(),
    Column("key", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", String(71), nullable=False),
    Column("execution", Json, nullable=False),
    Column("message_starts", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    UniqueConstraint("city", "office", "key", "version"),
    UniqueConstraint("city", "office", "key", "digest"),
)

procedure_files = Table(
    "procedure_files",
    metadata,
    Column("procedure_id", String(36), ForeignKey("procedures.id"), primary_key=True),
    Column("path", String(400), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

instances = Table(
    "instances",
    metadata,
    _id(),
    *_tenant(),
    Column("procedure_id", String(36), ForeignKey("procedures.id"), nullable=False),
    Column("procedure_key", String(200), nullable=False),
    Column("procedure_version", Integer, nullable=False),
    Column("business_key", String(400)),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("snapshot", Json, nullable=False),
    Column("variables", Json, nullable=False),
    Column("tokens", Json, nullable=False),
    Column("ends", Json, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("erased_at", Instant),
    Index(None, "city", "office", "state"),
    Index(None, "city", "office", "procedure_key"),
    Index(None, "city", "office", "business_key"),
)

work_items = Table(
    "work_items",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("item", Integer, nullable=False),
    Column("procedure_key", String(200), nullable=False),
    Column("element", String(400), nullable=False),
    Column("name", Text, nullable=False),
    Column("candidate_groups", Json, nullable=False),
    Column("candidate_users", Json, nullable=False),
    Column("assignee", String(200)),
    Column("due", String(80)),
    Column("priority", Integer),
    Column("form", Text),
    Column("variables", Json),
    Column("draft", Json),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("instance_id", "item"),
    Index(None, "city", "office", "state", "assignee"),
)

work_item_candidates = Table(
    "work_item_candidates",
    metadata,
    Column("work_item_id", String(36), ForeignKey("work_items.id"), primary_key=True),
    Column("kind", String(5), primary_key=True),
    Column("name", String(200), primary_key=True),
    Index(None, "kind", "name"),
)

comments = Table(
    "comments",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("work_item_id", String(36), ForeignKey("work_items.id"), nullable=False),
    Column("author", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "instance_id"),
)

attachments = Table(
    "attachments",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("work_item_id", String(36), ForeignKey("work_items.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(71), nullable=False),
    Column("author", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "instance_id"),
)

attachment_contents = Table(
    "attachment_contents",
    metadata,
    Column("attachment_id", String(36), ForeignKey("attachments.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

dismissals = Table(
    "dismissals",
    metadata,
    _id(),
    *_tenant(),
    Column("procedure_key", String(200), nullable=False),
    Column("fingerprint", String(16), nullable=False),
    Column("code", String(10), nullable=False),
    Column("stands", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "city", "office", "procedure_key"),
)

absences = Table(
    "absences",
    metadata,
    _id(),
    *_tenant(),
    Column("person", String(200), nullable=False),
    Column("deputy", String(200), nullable=False),
    Column("begins", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    Index(None, "city", "office", "deputy"),
)

people = Table(
    "people",
    metadata,
    Column("city", String(80), primary_key=True),
    Column("office", String(80), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("roles", Json, nullable=False),
    Column("groups", Json),
    Column("seen_at", Instant, nullable=False),
)

filters = Table(
    "filters",
    metadata,
    _id(),
    *_tenant(),
    Column("owner", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("query", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("city", "office", "owner", "name"),
)

completions = Table(
    "completions",
    metadata,
    Column("task_id", String(36), primary_key=True),
    _of_instance(),
    Column("actor", String(200), nullable=False),
    Column("idempotency_key", String(200)),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("on_behalf_of", String(200)),
    Index(None, "instance_id"),
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("item", Integer, nullable=False),
    Column("element", String(400), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("variables", Json),
    Column("state", String(20), nullable=False),
    Column("worker", String(200)),
    Column("token", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("retries", Integer, nullable=False),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("instance_id", "item"),
    Index(None, "state", "topic", "locked_until"),
)

timers = Table(
    "timers",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("timer", String(80), nullable=False),
    Column("element", String(400), nullable=False),
    Column("due", Instant, nullable=False),
    Column("cycle", Text),
    Column("remaining", Integer),
    Column("state", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(None, "instance_id"),
    Index(None, "state", "due"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("subscription", String(80), nullable=False),
    Column("element", String(400), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("name", String(400), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(None, "instance_id"),
    Index(None, "city", "office", "state", "kind", "name"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("kind", String(20), nullable=False),
    Column("name", String(400), nullable=False),
    Column("element", String(400), nullable=False),
    Column("variables", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(None, "state", "next_at"),
)

incidents = Table(
    "incidents",
    metadata,
    _id(),
    *_tenant(),
    _of_instance(),
    Column("kind", String(20), nullable=False),
    Column("ref", String(80), nullable=False),
    Column("element", String(400)),
    Column("code", String(80), nullable=False),
    Column("message", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(None, "city", "office", "state"),
)

history = Table(
    "history",
    metadata,
    Column("instance_id", String(36), ForeignKey("instances.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("element", String(400)),
    Column("detail", Json),
    Column("salt", String(32)),
)

ledger = Table(
    "ledger",
    metadata,
    Column("instance_id", String(36), ForeignKey("instances.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("element", String(400)),
    Column("payload_digest", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "at"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("until", Instant, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("root", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("key_name", String(80)),
    Column("seal", String(64)),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("city", String(80), primary_key=True),
    Column("office", String(80), primary_key=True),
    Column("actor", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("status", Integer),
    Column("answer", Text),
    Column("created_at", Instant, nullable=False),
)

computations = Table(
    "computations",
    metadata,
    _id(),
    *_tenant(),
    Column("kind", String(20), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("request", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("progress", Json, nullable=False),
    Column("result", Json),
    Column("error", Json),
    Column("cancel_requested", Boolean, nullable=False),
    Column("lease_until", Instant),
    Column("token", Integer, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(None, "state", "lease_until"),
    Index(None, "city", "office", "kind", "subject"),
)
