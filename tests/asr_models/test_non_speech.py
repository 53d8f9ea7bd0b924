"""Where nobody speaks the ears write nothing: two minutes of every kind of sound we can make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr_models.silero import SileroVad
from asr_models.wav import read_wav
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.bench_non_speech import ECHO, FIXTURES, PROMPT, Piece, pieces
from tests.bench.ears_on_a_line import EarsOnALine
from tests.bench.line_sounds import SOUNDS
from tests.bench.turns.sound import frames

KINDS = [*SOUNDS, ECHO]
PIECES = list(pieces(len(KINDS) * 8 / 60, piece_s=8.0))


@pytest.fixture(scope="module")
def ears(whisper: WhisperRecognizer, models: Path) -> EarsOnALine:
    vad = SileroVad(models / "silero-vad" / "silero_vad.onnx")
    return EarsOnALine(whisper, vad, prompt=PROMPT)


@pytest.mark.weights
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.kind)
def test_no_word_is_written_where_nobody_speaks(ears: EarsOnALine, piece: Piece) -> None:
    sent = None if piece.sent is None else [*frames(piece.sent)]
    assert ears.listen(frames(piece.received), sent).texts == []


@pytest.mark.weights
def test_the_same_ears_hear_who_does_speak(ears: EarsOnALine) -> None:
    for name in ("disk_missing", "yes", "human2"):
        spoken = read_wav(FIXTURES / f"{name}.wav").mono() / 32768
        heard = ears.listen(frames(np.concatenate([np.zeros(8000), spoken, np.zeros(8000)])))
        assert heard.finals, name
        assert heard.turns >= 1


@pytest.mark.weights
def test_sound_that_passes_for_speech_is_refused_by_what_the_model_says_of_it(
    ears: EarsOnALine,
) -> None:
    """Noise that swells like syllables gets past the detector: the guards are what is left."""
    murmur = next(piece for piece in pieces(5) if piece.kind == "room murmur")
    heard = ears.listen(frames(murmur.received))
    assert heard.turns > 0
    assert heard.rejected
    assert heard.texts == []
