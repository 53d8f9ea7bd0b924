"""A speculative result holds exactly as long as the caller stays silent."""

from __future__ import annotations

import numpy as np

from asr_models.api import Recognition
from asr_models.partial import GrowingUtterance

FRAME = np.ones(256, np.int16)


def talk(utterance: GrowingUtterance, frames: int, *, is_speech: bool = True) -> None:
    for _ in range(frames):
        utterance.push(FRAME, is_speech=is_speech)


def heard(text: str) -> Recognition:
    return Recognition(text, 0.9)


def test_silence_after_the_snapshot_keeps_the_result() -> None:
    utterance = GrowingUtterance()
    talk(utterance, 20)
    talk(utterance, 5, is_speech=False)
    snapshot = utterance.snapshot()
    assert len(snapshot.pcm) == 25 * 256
    assert not utterance.needs_decode
    talk(utterance, 10, is_speech=False)
    assert utterance.accept(snapshot, heard("硬盘坏了"))
    assert utterance.final() == heard("硬盘坏了")
    assert utterance.trailing_silence_ms == 15 * 32


def test_a_caller_who_goes_on_makes_it_a_partial_only() -> None:
    utterance = GrowingUtterance()
    talk(utterance, 20)
    snapshot = utterance.snapshot()
    talk(utterance, 1)
    assert utterance.accept(snapshot, heard("硬盘"))
    assert utterance.final() is None
    assert utterance.partial == heard("硬盘")
    assert utterance.needs_decode


def test_a_late_older_decode_does_not_replace_a_newer_one() -> None:
    utterance = GrowingUtterance()
    talk(utterance, 10)
    older = utterance.snapshot()
    talk(utterance, 10)
    newer = utterance.snapshot()
    assert utterance.accept(newer, heard("硬盘坏了"))
    assert not utterance.accept(older, heard("硬盘"))
    assert utterance.final() == heard("硬盘坏了")
    assert len(older.pcm) == 10 * 256


def test_a_result_of_the_utterance_before_is_refused() -> None:
    utterance = GrowingUtterance()
    talk(utterance, 10)
    before = utterance.snapshot()
    utterance.reset()
    talk(utterance, 10)
    assert not utterance.accept(before, heard("旧的"))
    assert utterance.partial is None
    assert utterance.needs_decode


def test_silence_alone_needs_no_decode() -> None:
    utterance = GrowingUtterance()
    talk(utterance, 10, is_speech=False)
    assert not utterance.needs_decode
    assert utterance.audio_ms == 320


def test_a_cancelled_decode_is_needed_again() -> None:
    utterance = GrowingUtterance()
    talk(utterance, 10)
    utterance.abandon(utterance.snapshot())
    assert utterance.needs_decode


def test_memory_is_bounded_and_the_frame_is_copied() -> None:
    utterance = GrowingUtterance(max_ms=100)
    frame = FRAME.copy()
    utterance.push(frame, is_speech=True)
    frame[:] = 0
    talk(utterance, 50)
    assert utterance.is_full
    assert utterance.audio_ms == 100
    assert utterance.snapshot().pcm.all()
