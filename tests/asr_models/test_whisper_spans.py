"""When each piece of a text was said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from asr_models.whisper_ct2 import WhisperRecognizer
from asr_models.whisper_spans import AlignedToken, make_spans
from tests.bench.clips import Clip, read_8k, through_phone

PIECES = {1: "硬", 2: "盤", 3: ",", 4: "\ufffd", 5: "壞", 6: " RA", 7: "ID"}


def decode(ids: Sequence[int]) -> str:
    """Token 4 and 5 are the two halves of a character."""
    return "".join(PIECES[part] for part in ids).replace("\ufffd壞", "壞")


def token(number: int, start_ms: int, probability: float = 0.5) -> AlignedToken:
    return AlignedToken(number, start_ms, start_ms + 100, probability)


def test_halves_of_a_character_and_marks_make_one_span() -> None:
    tokens = [token(n, n * 100) for n in (1, 2, 3)] + [token(4, 400, 0.9), token(5, 500, 0.4)]
    spans = make_spans([*tokens, token(6, 600), token(7, 700)], "硬盘，坏RAID。", decode)
    assert [span.text for span in spans] == ["硬", "盘，", "坏", "RA", "ID。"]
    assert (spans[2].start_ms, spans[2].end_ms) == (400, 600)
    assert spans[2].confidence == pytest.approx(0.6)


def test_a_text_that_a_guard_has_changed_has_no_spans() -> None:
    assert make_spans([token(1, 0), token(2, 100)], "硬", decode) == ()


@pytest.mark.weights
def test_spans_follow_the_speech(models: Path, clips: list[Clip]) -> None:
    """With a second of silence put in between, no span of the second half begins before it."""
    recognizer = WhisperRecognizer(models / "whisper-base", spans=True)
    first, second = (through_phone(read_8k(clip.path), None, clip.text) for clip in clips[16:18])
    heard = recognizer.recognize(np.concatenate([first, np.zeros(8000, np.int16), second]))
    assert "".join(span.text for span in heard.spans) == heard.text
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(heard.spans))
    assert all(span.start_ms < span.end_ms <= heard.audio_ms for span in heard.spans)
    assert all(0.0 <= span.confidence <= 1.0 for span in heard.spans)
    gap = max(other.start_ms for other in heard.spans if other.start_ms < len(first) / 8 + 700)
    assert gap <= len(first) / 8 + 200
    stream = recognizer.stream()
    stream.accept(first)
    stream.partial()
    assert "".join(span.text for span in stream.final().spans) == stream.final().text
