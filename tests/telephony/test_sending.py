"""The send queue against a ring that behaves like the stack's."""

from __future__ import annotations

from telephony.lead import LEAST_MS, MOST_MS
from telephony.sending import RingState, SendQueue

FRAME = b"\5\0" * 160
OTHER = b"\6\0" * 160


class FakeRing:
    """Takes a frame every `tick`, silence when it is empty; a flush happens at the next tick."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.flushed = 0
        self.silent = 0
        self.flushing = False
        self.wire: list[bytes] = []
        self.up = True

    def state(self) -> RingState | None:
        return RingState(len(self.data), self.flushed, self.silent) if self.up else None

    def write(self, pcm: bytes) -> int:
        self.data += pcm if self.up else b""
        return len(pcm) if self.up else 0

    def flush(self) -> None:
        self.flushing = True

    def tick(self) -> None:
        if self.flushing:
            self.flushed += len(self.data)
            self.data.clear()
            self.flushing = False
        if self.data:
            self.wire.append(bytes(self.data[:320]))
            del self.data[:320]
        else:
            self.silent += 1

    def restart(self) -> None:
        self.data.clear()
        self.flushed = self.silent = 0


def test_the_first_frame_after_silence_is_handed_over_at_once() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.play(FRAME)
    assert bytes(ring.data) == FRAME


def test_no_more_than_the_lead_is_handed_over() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.play(FRAME * 100)
    assert len(ring.data) == LEAST_MS // 20 * 320
    assert queue.queued_ms == 2000
    ring.tick()
    assert queue.settle() == FRAME
    assert len(ring.data) == LEAST_MS // 20 * 320
    assert queue.queued_ms == 1980


def test_sent_is_as_long_as_the_call_silence_included() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    sent = b""
    for number in range(30):
        if number == 10:
            queue.play(FRAME * 5)
        ring.tick()
        sent += queue.settle()
    assert sent == bytes(320 * 10) + FRAME * 5 + bytes(320 * 15)


def test_flushed_audio_never_counts_as_sent_and_new_audio_survives_the_flush() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.play(FRAME * 50)
    ring.tick()
    assert queue.flush() == 49 * 20
    assert queue.queued_ms == 0
    queue.play(OTHER * 3)  # at once: the stack has not flushed yet
    assert queue.queued_ms == 60
    sent = queue.settle()
    for _ in range(6):
        ring.tick()
        sent += queue.settle()
    assert ring.wire == [FRAME, OTHER, OTHER, OTHER]
    assert sent.replace(bytes(320), b"") == FRAME + OTHER * 3


def test_a_flush_of_nothing_waits_for_nothing() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    assert queue.flush() == 0
    queue.play(OTHER)
    assert bytes(ring.data) == OTHER


def test_a_tail_shorter_than_a_frame_is_padded_once_nothing_follows() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.play(b"\5\0" * 100)
    queue.play(b"\6\0" * 60)  # came in time: one whole frame
    assert bytes(ring.data) == b"\5\0" * 100 + b"\6\0" * 60
    queue.play(b"\5\0" * 100)
    queue.settle()
    assert bytes(ring.data[320:]) == b"\5\0" * 100 + bytes(120)


def test_media_that_is_replaced_loses_what_was_in_its_ring_only() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    ring.tick()
    queue.settle()
    queue.play(FRAME * 10)
    ring.restart()
    assert queue.settle() == b""
    assert queue.queued_ms == 120
    for _ in range(6):
        ring.tick()
    assert ring.wire == [FRAME] * 4


def test_without_media_audio_waits() -> None:
    ring = FakeRing()
    ring.up = False
    queue = SendQueue(ring)
    queue.play(FRAME * 3)
    assert (queue.queued_ms, queue.settle()) == (60, b"")
    ring.up = True
    queue.settle()
    assert bytes(ring.data) == FRAME * 3


def late(ring: FakeRing, queue: SendQueue, frames: int) -> int:
    """`frames` leave before the queue is settled again; how many frames were silent."""
    before = ring.silent
    for _ in range(frames):
        ring.tick()
    queue.settle()
    return ring.silent - before


def test_the_lead_grows_where_the_loop_is_late_and_shrinks_again() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.play(FRAME * 5000)
    assert late(ring, queue, 8) == 4  # 160 ms late: the first time nothing helps
    assert late(ring, queue, 8) == 0
    for _ in range(3):
        late(ring, queue, 100)
    assert len(ring.data) == MOST_MS // 20 * 320
    for _ in range(3000):
        assert late(ring, queue, 1) == 0
    assert len(ring.data) == LEAST_MS // 20 * 320


def test_an_empty_queue_says_nothing_of_lateness() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    for _ in range(5):
        queue.play(FRAME * 2)
        late(ring, queue, 8)
    queue.play(FRAME * 100)
    queue.settle()
    assert len(ring.data) == LEAST_MS // 20 * 320


def test_a_flush_is_not_taken_for_lateness() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    for _ in range(5):
        queue.play(FRAME * 100)
        late(ring, queue, 1)
        queue.flush()
        late(ring, queue, 1)
        late(ring, queue, 1)
    queue.play(FRAME * 100)
    assert len(ring.data) == LEAST_MS // 20 * 320
