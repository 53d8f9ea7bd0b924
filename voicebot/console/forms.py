"""What people put into fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_YEARS = range(2000, 2100)


def day(text: str) -> datetime | None:
    """The beginning of a day (``2026-11-22``, the server's zone) in UTC; None if it is none."""
    try:
        start = datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return None
    return start.astimezone().astimezone(UTC) if start.year in _YEARS else None


def day_after(text: str) -> datetime | None:
    """The end of a day."""
    start = day(text)
    return start + timedelta(days=1) if start else None


def number(text: str, digits: int = 6) -> int | None:
    """A number of at most so many ASCII digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def without_controls(text: str) -> str:
    """Text as people type it: PostgreSQL keeps no NUL, and nobody types the others."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")
