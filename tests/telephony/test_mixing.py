"""What one leg hears: the sum of the others, saturating, and never a gap for it."""

from __future__ import annotations

import numpy as np
import pytest
from line_support import samples

from telephony.api import FRAME_BYTES
from telephony.mixing import AHEAD_MS, DRY_MS, Ear, mixed


def pcm(*values: int) -> bytes:
    return np.array(values, "<i2").tobytes()


class Line:
    """Keeps what it is given; `queued_ms` is set by the test."""

    def __init__(self) -> None:
        self.played = b""
        self.queued_ms = 0

    def play(self, sound: bytes) -> None:
        self.played += sound


@pytest.mark.parametrize(
    ("voices", "total"),
    [
        ((pcm(1, -2), pcm(10, -20)), pcm(11, -22)),
        ((pcm(30_000, -30_000), pcm(30_000, -30_000)), pcm(32_767, -32_768)),
        ((pcm(32_767), pcm(32_767), pcm(-32_768)), pcm(32_766)),  # saturates once, at the end
        ((pcm(5, 6, 7), pcm(1)), pcm(6, 6, 7)),
        ((pcm(5), b""), pcm(5)),
        ((pcm(-7),), pcm(-7)),
        ((), b""),
    ],
)
def test_voices_add_up_and_saturate(voices: tuple[bytes, ...], total: bytes) -> None:
    assert mixed(*voices) == total


def test_a_main_voice_alone_goes_through_untouched() -> None:
    line = Line()
    ear = Ear(line)
    sound = pcm(*range(160))
    ear.play(sound, 0)
    assert line.played == sound


def test_what_lies_beside_is_heard_with_the_main_voice_and_in_full() -> None:
    line = Line()
    ear = Ear(line)
    beside = ear.beside()
    beside.play(pcm(*[100] * 240))
    assert beside.queued_ms == 30
    ear.play(pcm(*[1] * 160), 0)
    ear.play(pcm(*[1] * 160), 20)
    assert samples(line.played).tolist() == [101] * 240 + [1] * 80
    assert beside.queued_ms == 0


def test_where_the_main_voice_is_dry_the_others_are_heard_alone() -> None:
    line = Line()
    ear = Ear(line)
    beside = ear.beside()
    ear.play(bytes(FRAME_BYTES), 0)
    line.played = b""
    beside.play(pcm(*[7] * 480))
    ear.tick(DRY_MS)
    assert line.played == b"", "the main voice may still be coming"
    for at_ms in (DRY_MS + 10, DRY_MS + 20):
        ear.tick(at_ms)
    assert samples(line.played).tolist() == [7] * 320
    line.queued_ms = AHEAD_MS
    ear.tick(DRY_MS + 30)
    assert len(line.played) == 640, "no more is queued than is needed"
    line.queued_ms = 0
    for at_ms in range(100, 200, 10):
        ear.tick(at_ms)
    assert len(line.played) == 3 * FRAME_BYTES, "nothing is sent where nobody speaks"


def test_a_voice_that_leaves_is_heard_to_its_end_and_is_gone() -> None:
    line = Line()
    ear = Ear(line)
    leaving, staying = ear.beside(), ear.beside()
    leaving.play(pcm(*[3] * 160))
    staying.play(pcm(*[5] * 320))
    ear.remove(leaving)
    ear.play(bytes(FRAME_BYTES), 0)
    leaving.play(pcm(*[3] * 160))
    ear.play(bytes(FRAME_BYTES), 20)
    ear.remove(leaving)
    assert samples(line.played).tolist() == [8] * 160 + [5] * 160


def test_a_whisper_that_is_stopped_tells_what_was_not_heard() -> None:
    beside = Ear(Line()).beside()
    beside.play(bytes(16 * 500))
    assert beside.flush() == 500
    assert (beside.queued_ms, beside.take(320)) == (0, b"")
