"""The line's quality of each call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Calls of before have none."""
    op.add_column("calls", sa.Column("quality", sa.JSON))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("calls", "quality")
