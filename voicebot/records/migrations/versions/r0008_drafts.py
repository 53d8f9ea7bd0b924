"""Drafts: what might be added to a pack, who decided, and what it was made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("pack", sa.String(128), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("answer_source", sa.Text, nullable=False),
        sa.Column("near_entry", sa.String(120), nullable=False),
        sa.Column("nearness", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("drafted", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer),
        sa.UniqueConstraint("pack", "key", name="uq_drafts_pack_key"),
    )
    op.create_index("ix_drafts_state", "drafts", ["pack", "state"])
    op.create_table(
        "draft_calls",
        sa.Column("draft_id", sa.String(36), sa.ForeignKey("drafts.id"), primary_key=True),
        sa.Column("call_id", sa.String(36), primary_key=True),
        sa.Column("at_ms", sa.Integer, primary_key=True),
    )
    op.create_index("ix_draft_calls_call_id", "draft_calls", ["call_id"])


def downgrade() -> None:
    """Forget what nobody has accepted; what was accepted is in the pack."""
    op.drop_table("draft_calls")
    op.drop_table("drafts")
