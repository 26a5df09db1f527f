"""Dismissals of findings, with reason, kept over versions of a procedure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("office", sa.String(length=80), nullable=False),
        sa.Column("procedure_key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dismissals")),
    )
    op.create_index(
        op.f("ix_dismissals_city_office_procedure_key"),
        "dismissals",
        ["city", "office", "procedure_key"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_dismissals_city_office_procedure_key"), table_name="dismissals")
    op.drop_table("dismissals")
