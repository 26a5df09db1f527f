"""Drafts: what somebody typed into a task's form without completing it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_items", sa.Column("draft", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("work_items", "draft")
