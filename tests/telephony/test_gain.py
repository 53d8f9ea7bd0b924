"""Softer and back, without a click."""

from __future__ import annotations

import numpy as np
import pytest
from test_sending import FakeRing

from telephony.gain import PAUSE_DB, RAMP_MS, Gain
from telephony.sending import SendQueue

LOUD = np.full(160, 10_000, "<i2").tobytes()


def samples(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.frombuffer(pcm, "<i2").astype(np.int64)


def test_a_new_level_is_reached_in_a_straight_line() -> None:
    gain = Gain()
    gain.set(-20)
    first, second = samples(gain.apply(LOUD)), samples(gain.apply(LOUD))
    assert RAMP_MS == 20
    assert np.abs(np.diff(first)).max() <= 58, "9000 in 160 steps: no click"
    assert (first[0], first[-1]) == (pytest.approx(9944, abs=2), 1000)
    assert set(second) == {1000}


def test_a_turn_in_the_middle_of_the_ramp_begins_where_the_level_is() -> None:
    gain = Gain()
    gain.set(-20)
    half = samples(gain.apply(LOUD[:160]))
    gain.set(0)
    back = samples(gain.apply(LOUD))
    assert abs(int(back[0]) - int(half[-1])) < 60
    assert back[-1] == 10_000
    assert gain.apply(LOUD) == LOUD, "untouched at the level it came with"


def test_what_the_stack_holds_is_taken_back_and_leaves_softer() -> None:
    """Numbered samples: each leaves once, in order; the stack's frames of silence between."""
    ring = FakeRing()
    queue = SendQueue(ring)
    numbered = np.arange(1000, 1000 + 160 * 20, dtype="<i2")
    queue.play(numbered.tobytes())
    ring.tick()
    queue.settle()
    queue.set_gain(-6)
    assert queue.queued_ms == 380, "what is taken back is still to be said"
    sent = b""
    for _ in range(25):
        ring.tick()
        sent += queue.settle()
    wire = np.concatenate([samples(frame) for frame in ring.wire])
    assert len(wire) == len(numbered), "nothing lost, nothing twice"
    assert (wire[:160] == numbered[:160]).all(), "that had left"
    soft = wire[320:] / numbered[320:]
    assert soft == pytest.approx(10 ** (-6 / 20), rel=0.01)
    assert samples(sent)[samples(sent) != 0].tolist() == wire[160:].tolist(), "the tape knows"
    assert queue.queued_ms == 0


def test_louder_again_waits_for_nothing() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.set_gain(-20)
    queue.play(LOUD * 10)
    silent = ring.silent
    queue.set_gain(0)
    assert not ring.flushing
    for _ in range(10):
        ring.tick()
        queue.settle()
    assert ring.silent == silent
    assert samples(ring.wire[-1])[-1] == 10_000


def test_a_flush_while_audio_is_taken_back_forgets_it_too() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.play(LOUD * 20)
    ring.tick()
    queue.settle()
    queue.set_gain(-20)
    assert queue.flush() == 380
    for _ in range(5):
        ring.tick()
        queue.settle()
    assert len(ring.wire) == 1
    assert queue.queued_ms == 0


def test_the_same_level_again_takes_nothing_back() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    queue.play(LOUD * 20)
    queue.set_gain(0)
    assert not ring.flushing


def test_a_pause_keeps_every_sample_and_goes_on_without_a_click() -> None:
    ring = FakeRing()
    queue = SendQueue(ring)
    said = b"".join(np.full(160, 100 * n, "<i2").tobytes() for n in range(1, 11))
    queue.play(said)
    for _ in range(3):
        ring.tick()
        queue.settle()
    queue.set_gain(PAUSE_DB)
    for _ in range(20):
        ring.tick()
        queue.settle()
    waiting_ms = queue.queued_ms
    assert waiting_ms >= 140, "at most a frame slips out"
    queue.set_gain(0)
    for _ in range(20):
        ring.tick()
        queue.settle()
    assert queue.queued_ms == 0
    sent = [samples(frame) for frame in ring.wire]
    assert [int(frame[-1]) for frame in sent] == [100 * n for n in range(1, 11)], "none twice"
    first = sent[10 - waiting_ms // 20]
    assert first[0] < 20, "it comes back from nothing"
