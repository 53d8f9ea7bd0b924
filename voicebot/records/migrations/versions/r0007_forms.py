"""Wrap-up forms with what the seats made of them, and what seats did with suggestions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Calls of before have no form."""
    op.create_table(
        "forms",
        sa.Column("call_id", sa.String(36), primary_key=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft", sa.JSON, nullable=False),
        sa.Column("seat", sa.String(64), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("accepted", sa.JSON),
    )
    op.create_table(
        "suggestions",
        sa.Column("call_id", sa.String(36), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("suggestions")
    op.drop_table("forms")
