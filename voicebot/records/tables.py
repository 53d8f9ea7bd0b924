"""The tables. Their history is in migrations/versions; a test holds the two together."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()

CALLS = sa.Table(
    "calls",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("caller", sa.String(128), nullable=False),  # masked
    sa.Column("callee", sa.String(128), nullable=False),
    sa.Column("pack", sa.String(128), nullable=False),
    sa.Column("codec", sa.String(32), nullable=False),
    sa.Column("outcome", sa.String(64), nullable=False),
    sa.Column("hangup_by", sa.String(32), nullable=False),
    sa.Column("recording", sa.Text, nullable=False),
    sa.Column("summary", sa.JSON),
    sa.Column("quality", sa.JSON),  # of the line: packets, loss, jitter, MOS
    # Who writes this call, and when it last showed life: how a dead process is told from a
    # long call.
    sa.Column("writer", sa.String(128), nullable=False),
    sa.Column("alive_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("caller_key", sa.String(64)),  # pseudonym: records/keys.py
    sa.Index("ix_calls_caller_time", "caller_key", "started_at"),
)

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("call_id", sa.String(36), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at_ms", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

# What is counted and looked for, drawn from EVENTS as they are written (records/call_facts.py);
# `what` says which of `ms` and `text` holds. Each goes with its event, whoever deletes that.
CALL_FACTS = sa.Table(
    "call_facts",
    METADATA,
    sa.Column("what", sa.String(16), primary_key=True),
    sa.Column("call_id", sa.String(36), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),  # of the event
    sa.Column("ms", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # masked
    sa.ForeignKeyConstraint(
        ["call_id", "seq"], ["events.call_id", "events.seq"], ondelete="CASCADE"
    ),
    sa.Index("ix_call_facts_event", "call_id", "seq"),  # else each deleted event reads them all
    sqlite_with_rowid=False,  # rows lie in the order of the key: a call's are read together
)

# What is still to be told to other systems, written with what it tells: none is lost by a crash.
OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("endpoint", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("call_id", sa.String(36), nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),  # JSON, masked; these very bytes are signed
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # When to try (again). A sender claims a message by moving this to when its claim runs out.
    sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # waiting, delivered, given_up
    sa.Column("error", sa.String(200), nullable=False),  # of the last attempt
    sa.Index("ix_outbox_due", "endpoint", "state", "next_at"),
)

# Values that can be read again with the store's key (records/keys.py), by their call and name.
SEALED = sa.Table(
    "sealed",
    METADATA,
    sa.Column("call_id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("box", sa.LargeBinary, nullable=False),
)

# Who read or deleted what of callers, and why. Never deleted with the calls; holds no number.
AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("who", sa.String(64), nullable=False),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("call_id", sa.String(36), nullable=False),
    sa.Column("why", sa.String(200), nullable=False),
)

# What each seat was doing from when on; append-only: its last row is its state.
SEAT_LOG = sa.Table(
    "seat_log",
    METADATA,
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

# Calls that callers were promised; the whole number is in SEALED under "call_back".
CALL_BACKS = sa.Table(
    "call_backs",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("call_id", sa.String(36), nullable=False, index=True),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("number", sa.String(128), nullable=False),  # masked
    sa.Column("number_key", sa.String(64), index=True),  # pseudonym, as CALLS.caller_key
    sa.Column("wish", sa.String(64), nullable=False),  # the caller's words for when, masked
    sa.Column("due_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("due_to", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("skill", sa.String(64), nullable=False),
    sa.Column("product", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # open, taken, closed
    sa.Column("seat", sa.String(64), nullable=False),
    sa.Column("taken_at", sa.DateTime(timezone=True)),
    sa.Column("closed_at", sa.DateTime(timezone=True)),
    sa.Column("result", sa.String(400), nullable=False),  # masked
    sa.Index("ix_call_backs_due", "state", "due_from"),
)

# The wrap-up form of a call: what was drafted, and what the seat made of it (a training pair).
FORMS = sa.Table(
    "forms",
    METADATA,
    sa.Column("call_id", sa.String(36), primary_key=True),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("draft", sa.JSON, nullable=False),  # masked
    sa.Column("seat", sa.String(64), nullable=False),  # who accepted it
    sa.Column("accepted_at", sa.DateTime(timezone=True)),
    sa.Column("accepted", sa.JSON(none_as_null=True)),  # key -> value, as the seat left it; masked
)

# What a seat was shown during a call, and what it did with it.
SUGGESTIONS = sa.Table(
    "suggestions",
    METADATA,
    sa.Column("call_id", sa.String(36), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # masked
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),  # shown, used, dismissed
)

# Proposed additions to a pack. Masked; what was drafted at first stays in `drafted`.
DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("pack", sa.String(128), nullable=False),
    sa.Column("key", sa.String(64), nullable=False),  # equal for equal drafts
    sa.Column("kind", sa.String(16), nullable=False),  # faq, similar
    sa.Column("state", sa.String(16), nullable=False),  # proposed, accepted, rejected
    sa.Column("origin", sa.String(16), nullable=False),  # calls, rules, model
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
    sa.Column("version", sa.Integer),  # of the pack that it was published in
    sa.UniqueConstraint("pack", "key", name="uq_drafts_pack_key"),
    sa.Index("ix_drafts_state", "pack", "state"),
)

# What a draft was made of; goes with the texts of its call.
DRAFT_CALLS = sa.Table(
    "draft_calls",
    METADATA,
    sa.Column("draft_id", sa.String(36), sa.ForeignKey("drafts.id"), primary_key=True),
    sa.Column("call_id", sa.String(36), primary_key=True, index=True),
    sa.Column("at_ms", sa.Integer, primary_key=True),
)
