"""A call's media with losses that the stack tells of: what is filled, and when it is not."""

from __future__ import annotations

import pytest
from line_support import voice

from telephony.media import CallMedia
from telephony.sending import RingState


class Stack:
    """A wire and its losses, by hand."""

    def __init__(self) -> None:
        self.waiting = b""
        self.found = 0
        self.asked = 0
        self.runs: list[int] = []

    def read(self) -> bytes:
        pcm, self.waiting = self.waiting, b""
        return pcm

    def state(self) -> RingState | None:
        return None

    def write(self, pcm: bytes) -> int:
        return 0

    def flush(self) -> None:
        return

    def lost(self) -> int:
        self.asked += 1
        return self.found

    def run(self, packets: int) -> None:
        self.runs.append(packets)


class Heard:
    def __init__(self) -> None:
        self.pcm = bytearray()

    def received(self, pcm: bytes) -> None:
        self.pcm += pcm

    def sent(self, pcm: bytes) -> None:
        return


def listen(lost: set[int], count: int = 50, ticks_late: int = 0) -> tuple[Stack, bytes, bytes]:
    """`count` packets of 20 ms, some lost; the stack, what was said and what was heard."""
    stack, heard, now = Stack(), Heard(), [0.0]
    media = CallMedia(stack, lambda: now[0], "call", stack)
    media.taps.attach(heard)
    media.start()
    said = voice(count * 0.02)
    missing = 0
    for tick in range(2 * count):
        number, half = divmod(tick, 2)
        now[0] = tick * 0.01 + 0.001
        if half == 0 and number in lost:
            missing += 1
        elif half == 0:
            stack.waiting += said[number * 320 : (number + 1) * 320]
            stack.found += missing
            missing = 0
        if tick % (1 + ticks_late) == 0:
            media.tick()
    media.tick()
    assert media.heard_ms == 20 * (count - len(lost))
    return stack, said, bytes(heard.pcm)


def same(said: bytes, heard: bytes) -> list[int]:
    """The packets that are heard exactly at their place."""
    return [
        n
        for n in range(len(heard) // 320)
        if said[n * 320 : n * 320 + 320] == heard[n * 320 : n * 320 + 320]
    ]


@pytest.mark.parametrize("lost", [{20}, {20, 21}, {20, 21, 22}, {10, 20, 21, 30, 45}])
def test_a_lost_packet_shifts_nothing(lost: set[int]) -> None:
    stack, said, heard = listen(lost)
    blended = {number + 1 for number in lost}
    places = same(said, heard)
    assert set(range(50)) - set(places) <= lost | blended
    assert sum(stack.runs) == len(lost)


def test_after_a_long_gap_of_silence_speech_is_at_most_a_frame_off() -> None:
    stack, said, heard = listen(set(range(20, 32)))
    assert stack.runs == [12]
    assert set(range(33, 50)) <= set(same(said, bytes(320) + heard)) | set(same(said, heard))
    assert not any(heard[21 * 320 : 30 * 320])


def test_a_steady_stream_is_not_asked_about() -> None:
    stack, said, heard = listen(set())
    assert stack.asked <= 2  # at the start
    assert len(same(said, heard)) == 50


def test_a_late_loop_still_finds_the_gap() -> None:
    stack, said, heard = listen({20, 30}, ticks_late=3)
    assert sum(stack.runs) == 2
    assert len(heard) == len(said)
    assert set(range(32, 50)) <= set(same(said, heard))


def test_a_stalled_loop_asks_only_where_audio_is_missing() -> None:
    stack, _, _ = listen(set(), ticks_late=9)
    assert stack.asked <= 2
    stack, said, heard = listen({20, 21}, ticks_late=9)
    assert stack.runs == [2]
    assert set(range(30, 50)) <= set(same(said, heard))
