"""The clock of received audio, in made-up time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telephony.pacing import SILENCE, FramePacer, SentClock

FRAME = b"\7\0" * 160


def pacer() -> FramePacer:
    pacer = FramePacer(late_ms=60, early_ms=60)
    pacer.start(100.0)
    return pacer


def test_audio_on_time_passes_at_once() -> None:
    clock = pacer()
    for number in range(500):
        clock.push(FRAME)
        assert clock.frames(100.0 + (number + 1) * 0.02) == [FRAME]
    assert (clock.silent_frames, clock.dropped_frames) == (0, 0)


def test_a_peer_that_sends_nothing_gives_silence_in_real_time() -> None:
    clock = pacer()
    got = [frame for tick in range(1000) for frame in clock.frames(100.0 + tick * 0.01)]
    assert set(got) == {SILENCE}
    assert len(got) == 499 - 3  # 9.99 s have passed, 60 ms are still waited for


def test_a_stall_is_caught_up_without_loss_or_drift() -> None:
    clock = pacer()
    clock.push(FRAME * 25)
    assert clock.frames(100.5) == [FRAME] * 25


def test_a_delayed_burst_is_kept_as_far_as_the_clock_allows() -> None:
    clock = pacer()
    assert clock.frames(100.16) == [SILENCE] * 5
    clock.push(FRAME * 8)  # the 160 ms that were missing, all at once
    assert clock.frames(100.16) == [FRAME] * 6
    assert clock.dropped_frames == 1


def test_packets_of_30_ms_make_frames_of_20() -> None:
    clock = pacer()
    got: list[bytes] = []
    for number in range(100):
        clock.push(b"\7\0" * 240)
        got += clock.frames(100.0 + (number + 1) * 0.03)
    assert got == [FRAME] * 150


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 4000)), max_size=60),
)
def test_the_count_of_frames_never_leaves_the_clock(steps: list[tuple[int, int]]) -> None:
    clock = pacer()
    now_ms, given_frames = 0, 0
    for wait_ms, size in steps:
        now_ms += wait_ms
        clock.push(bytes(size * 2))
        frames = clock.frames(100.0 + now_ms / 1000)
        assert all(len(frame) == 320 for frame in frames)
        given_frames += len(frames)
        assert given_frames == clock.given
        assert now_ms // 20 - 3 <= given_frames <= now_ms // 20 + 3 or given_frames == 0


def test_sent_audio_is_filled_up_where_the_stack_sent_nothing() -> None:
    clock = SentClock(slack_ms=120)
    clock.start(10.0)
    assert clock.fit(FRAME * 5, 10.1) == FRAME * 5
    assert clock.fit(b"", 10.2) == b""
    assert clock.fit(b"", 10.3) == bytes(320 * 10)
    assert clock.fit(FRAME, 10.32) == FRAME
