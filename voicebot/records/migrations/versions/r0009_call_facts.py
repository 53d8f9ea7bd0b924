"""What is counted and looked for, in rows of its own; and a caller's calls in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CALLS_AT_ONCE = 200
_ROWS_AT_ONCE = 5000


def upgrade() -> None:
    """Create the table and draw the facts from the events of before."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("LOCK TABLE events IN SHARE MODE")  # none is written behind our back
    facts = op.create_table(
        "call_facts",
        sa.Column("what", sa.String(16), primary_key=True),
        sa.Column("call_id", sa.String(36), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("ms", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id", "seq"], ["events.call_id", "events.seq"], ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    rows: list[dict[str, Any]] = []
    for row in _facts(op.get_bind()):
        rows.append(row)
        if len(rows) >= _ROWS_AT_ONCE:
            op.bulk_insert(facts, rows)
            rows = []
    op.bulk_insert(facts, rows)
    op.create_index("ix_call_facts_event", "call_facts", ["call_id", "seq"])
    # Last: on PostgreSQL nobody reads calls from here on until all of this is committed.
    op.create_index("ix_calls_caller_time", "calls", ["caller_key", "started_at"])
    op.drop_index("ix_calls_caller_key", "calls")


def downgrade() -> None:
    """Forget them: the events hold all of it."""
    op.drop_table("call_facts")
    op.drop_index("ix_calls_caller_time", "calls")
    op.create_index("ix_calls_caller_key", "calls", ["caller_key"])


def _facts(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    """As they were drawn when this was written (records/call_facts.py may have moved on)."""
    events = sa.table(
        "events", sa.column("call_id"), sa.column("seq"), sa.column("kind"), sa.column("data")
    )
    ids = list(bind.scalars(sa.text("SELECT id FROM calls")))
    wanted = ("caller_spoke", "bot_spoke", "handoff_started", "handoff_finished")
    query = sa.select(
        events.c.call_id, events.c.seq, events.c.kind, sa.type_coerce(events.c.data, sa.JSON)
    ).order_by(events.c.call_id, events.c.seq)
    for start in range(0, len(ids), _CALLS_AT_ONCE):
        some = events.c.call_id.in_(ids[start : start + _CALLS_AT_ONCE])
        call, asked = "", ""
        for call_id, seq, kind, data in bind.execute(query.where(some, events.c.kind.in_(wanted))):
            call, asked = call_id, asked if call == call_id else ""
            row = {"call_id": call_id, "seq": seq, "ms": 0, "text": ""}
            if kind == "caller_spoke":
                asked = str(data.get("text") or "").strip("。，？！,.?! ")
                continue
            if kind == "handoff_started":
                yield {**row, "what": "reason", "text": str(data.get("reason") or "")}
                continue
            if kind == "handoff_finished":
                if data.get("seat"):
                    yield {**row, "what": "seat", "text": str(data["seat"])}
                continue
            if isinstance(data.get("since_caller_ms"), int | float):
                yield {**row, "what": "wait", "ms": round(data["since_caller_ms"])}
            if data.get("kind") == "clarify":
                yield {**row, "what": "remark", "text": str(data.get("text") or "")}
            if data.get("kind") == "refuse" and asked:
                yield {**row, "what": "unanswered", "text": asked}
                asked = ""
