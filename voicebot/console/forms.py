"""What people put into fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def day(text: str) -> datetime | None:
    """The beginning of a day (``2026-11-22``, the server's zone) in UTC; None if it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").astimezone().astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day_after(text: str) -> datetime | None:
    """The end of a day."""
    try:
        start = datetime.strptime(text, "%Y-%m-%d") + timedelta(days=1)
        return start.astimezone().astimezone(UTC)
    except (ValueError, OverflowError):
        return None
