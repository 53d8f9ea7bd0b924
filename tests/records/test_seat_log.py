"""What seats were doing survives, can be set from outside, and is thinned in time; on both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voicebot.records import Records
from voicebot.records.seat_log import SeatChange
from voicebot.settings import RetentionSettings

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def change(seat: str, state: str, minute: int, **more: str) -> SeatChange:
    return SeatChange(seat, state, NOW + timedelta(minutes=minute), "bot", **more)


async def test_the_last_change_of_each_seat_is_its_state(store: Records, place: str) -> None:
    log = store.seats
    for each in (
        change("二线01", "ringing", 0, call_id="c1"),
        change("二线02", "away", 1),
        change("二线01", "talking", 2, call_id="c1", then="away"),
    ):
        log.note(each)
    assert await store.settled()
    other = Records.open(place)
    try:
        found = other.seats.latest()
        assert [(each.seat, each.state, each.then) for each in found] == [
            ("二线01", "talking", "away"),
            ("二线02", "away", ""),
        ]
        assert found[0].at == NOW + timedelta(minutes=2)
        assert found[0].writer == log.writer
        assert [each.state for each in other.seats.recent()] == ["ringing", "away", "talking"]
        other.seats.note_now(change("二线02", "ready", 3))
        assert [each.state for each in log.latest()] == ["talking", "ready"]
    finally:
        other.close()


async def test_what_is_old_goes_but_each_seats_last_state_stays(store: Records) -> None:
    for each in (change("a", "talking", 0), change("a", "ready", 1), change("b", "away", 2)):
        store.seats.note(each)
    assert await store.settled()
    keep = RetentionSettings(audio_days=1, texts_days=1, calls_days=1)
    store.custody.purge(keep, NOW + timedelta(days=2))
    assert [(each.seat, each.state) for each in store.seats.recent()] == [
        ("a", "ready"),
        ("b", "away"),
    ]
