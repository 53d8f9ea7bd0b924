"""When to try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voicebot.webhooks.backoff import next_attempt

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def wait_s(attempts: int, **more: float) -> float:
    due = next_attempt(attempts, START, START, give_up_after_h=72, **more)
    assert due is not None
    return (due - START).total_seconds()


def test_the_waits_grow_from_seconds_to_hours() -> None:
    waits = [wait_s(attempts) for attempts in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] == 5 and waits[-1] == 4 * 3600


def test_messages_that_failed_together_come_apart() -> None:
    assert wait_s(3, jitter=1.0) == 150


def test_a_receiver_may_ask_for_more_time_but_not_for_days() -> None:
    assert wait_s(1, retry_after_s=60) == 60
    assert wait_s(1, retry_after_s=1e6) == 3600


def test_three_days_of_failures_are_enough() -> None:
    now, attempts = START, 0
    while (due := next_attempt(attempts + 1, START, now, give_up_after_h=72)) is not None:
        now, attempts = due, attempts + 1
    assert timedelta(hours=64) < now - START <= timedelta(hours=72)
    assert 20 <= attempts <= 30
