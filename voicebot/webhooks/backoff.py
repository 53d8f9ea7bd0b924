"""When to try again, and when to give up."""

from __future__ import annotations

from datetime import datetime, timedelta

_WAITS_S = (5, 30, 120, 600, 1800, 3600, 7200, 14400)  # then every four hours
_MOST_ASKED_S = 3600.0  # the longest Retry-After that is believed


def next_attempt(
    attempts: int,
    created_at: datetime,
    now: datetime,
    *,
    give_up_after_h: float,
    retry_after_s: float = 0.0,
    jitter: float = 0.0,
) -> datetime | None:
    """When to try again after the `attempts`-th failure (1, 2 …); None: never.

    `retry_after_s` is what the receiver asked for; `jitter`, 0..1, spreads the messages that failed
    together over a quarter of the wait.
    """
    wait_s = _WAITS_S[min(attempts, len(_WAITS_S)) - 1] * (1.0 + 0.25 * jitter)
    due = now + timedelta(seconds=max(wait_s, min(retry_after_s, _MOST_ASKED_S)))
    return due if due <= created_at + timedelta(hours=give_up_after_h) else None
