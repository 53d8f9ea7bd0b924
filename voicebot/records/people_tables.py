"""Tables of the console: who may sit before it, who does, and what testers say of turns."""

from __future__ import annotations

import sqlalchemy as sa

from voicebot.records.tables import METADATA

USERS = sa.Table(
    "users",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(32), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("seat", sa.String(64), nullable=False),  # the seat they sit at; empty: none
    sa.Column("password", sa.String(200), nullable=False),  # a hash; says itself of which kind
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("seen_at", sa.DateTime(timezone=True)),
)

# Who is signed in. The cookie's token is not here, only its hash: who copies the table gets in
# nowhere.
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
)

# A turn (an event of a call) judged by a person; the last word counts.
TURN_LABELS = sa.Table(
    "turn_labels",
    METADATA,
    sa.Column("call_id", sa.String(36), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("verdict", sa.String(8), nullable=False),
    sa.Column("note", sa.String(500), nullable=False),  # masked
    sa.Column("who", sa.String(32), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
)
