"""What seats were doing when, and the call-backs that callers were promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables."""
    op.create_table(
        "seat_log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("seat", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(64), nullable=False),
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("next_state", sa.String(16), nullable=False),
        sa.Column("writer", sa.String(128), nullable=False),
        sa.Index("ix_seat_log_seat", "seat", "id"),
    )
    op.create_table(
        "call_backs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("call_id", sa.String(36), nullable=False, index=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.String(128), nullable=False),
        sa.Column("number_key", sa.String(64), index=True),
        sa.Column("wish", sa.String(64), nullable=False),
        sa.Column("due_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("skill", sa.String(64), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("seat", sa.String(64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("result", sa.String(400), nullable=False),
        sa.Index("ix_call_backs_due", "state", "due_from"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("call_backs")
    op.drop_table("seat_log")
