"""Finding a caller's calls, reading a number again, and who did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Calls of before belong to nobody: their numbers are gone."""
    op.add_column("calls", sa.Column("caller_key", sa.String(64)))
    op.create_index("ix_calls_caller_key", "calls", ["caller_key"])
    op.create_table(
        "sealed",
        sa.Column("call_id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("box", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("audit")
    op.drop_table("sealed")
    op.drop_index("ix_calls_caller_key", "calls")
    op.drop_column("calls", "caller_key")
