"""The recognizer with its real weights."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from asr_models.api import Recognition
from asr_models.errors import AsrModelError, AudioFormatError
from asr_models.gated import GatedRecognizer
from asr_models.metrics import ErrorCount, character_errors, syllable_errors
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import Clip, read_8k, through_phone
from tests.bench.non_speech import non_speech


@pytest.fixture(scope="module")
def ears(whisper: WhisperRecognizer, models: Path) -> GatedRecognizer:
    return GatedRecognizer(whisper, SileroVad(models / "silero-vad" / "silero_vad.onnx"))


@pytest.mark.weights
@pytest.mark.parametrize("name", list(non_speech()))
def test_nothing_is_heard_where_nobody_speaks(ears: GatedRecognizer, name: str) -> None:
    heard = ears.recognize(non_speech()[name])
    assert heard.text == ""
    assert heard.rejected == "no speech"
    assert heard.audio_ms == 15_000


@pytest.mark.weights
def test_silence_past_the_gate_costs_no_decode(whisper: WhisperRecognizer) -> None:
    quiet = np.random.default_rng(1).integers(-20, 20, 16_000).astype(np.int16)
    heard = whisper.recognize(quiet)
    assert heard == Recognition("", 0.0, audio_ms=2000, rejected="silence")
    assert whisper.recognize(quiet[:0]).rejected == "silence"


@pytest.mark.weights
def test_noise_past_the_gate_is_not_believed(whisper: WhisperRecognizer) -> None:
    """Without the gate Whisper writes something for noise; the confidence says what it is worth."""
    for name in ("white noise", "hum 50 Hz", "ringback 450 Hz", "clicks"):
        assert whisper.recognize(non_speech()[name][:24_000]).confidence < 0.1, name


@pytest.mark.weights
def test_other_samples_are_refused_in_one_line(whisper: WhisperRecognizer) -> None:
    with pytest.raises(AudioFormatError, match=r"at most 29 s of audio, got 30.0 s"):
        whisper.recognize(np.zeros(240_000, np.int16))
    with pytest.raises(AudioFormatError, match="got float32 of shape"):
        whisper.recognize(np.zeros(8000, np.float32))  # type: ignore[arg-type]


@pytest.mark.weights
def test_sentences_are_heard_through_the_telephone(
    ears: GatedRecognizer, clips: list[Clip]
) -> None:
    characters, syllables = ErrorCount(), ErrorCount()
    for clip in clips[:: len(clips) // 16]:
        heard = ears.recognize(through_phone(read_8k(clip.path), None, clip.text))
        characters += character_errors(clip.text, heard.text)
        syllables += syllable_errors(clip.text, heard.text)
        assert 0 < heard.cpu_s < 20
    assert characters.length > 100
    assert characters.rate <= 0.25
    assert syllables.rate <= 0.15


@pytest.mark.weights
def test_threads_hear_what_one_thread_hears(whisper: WhisperRecognizer, clips: list[Clip]) -> None:
    audio = [through_phone(read_8k(clip.path), None, clip.text) for clip in clips[::30][:4]]
    alone = [whisper.recognize(pcm).text for pcm in audio]
    with ThreadPoolExecutor(4) as pool:
        together = [heard.text for heard in pool.map(whisper.recognize, audio)]
    assert together == alone


@pytest.mark.weights
def test_alternatives_are_distinct_and_best_first(
    whisper: WhisperRecognizer, clips: list[Clip]
) -> None:
    heard = whisper.recognize(through_phone(read_8k(clips[0].path), 10.0, "noise"))
    texts = [alternative.text for alternative in heard.alternatives]
    scores = [alternative.score for alternative in heard.alternatives]
    assert len(set(texts)) == len(texts) > 1
    assert scores == sorted(scores, reverse=True)
    assert heard.text == texts[0]


@pytest.mark.weights
def test_a_long_recording_is_cut_at_its_pauses(ears: GatedRecognizer, clips: list[Clip]) -> None:
    pause = np.zeros(12_000, np.int16)
    chosen = [clip for clip in clips if len(clip.text) > 12][:12]
    spoken = [through_phone(read_8k(clip.path), None, clip.text) for clip in chosen]
    whole = np.concatenate([part for pcm in spoken for part in (pcm, pause)])
    assert len(whole) > 29 * 8000
    heard = ears.recognize(whole)
    errors = character_errors("".join(clip.text for clip in chosen), heard.text)
    assert errors.rate <= 0.25
    assert heard.audio_ms == len(whole) // 8


def test_a_folder_without_weights_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(AsrModelError, match=r"missing: model\.bin, tokenizer\.json"):
        WhisperRecognizer(tmp_path)


@pytest.mark.weights
def test_damaged_weights_are_named(models: Path, tmp_path: Path) -> None:
    good = models / "whisper-base"
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(good / name, tmp_path / name)
    with (good / "model.bin").open("rb") as file:
        (tmp_path / "model.bin").write_bytes(file.read(100_000))
    with pytest.raises(AsrModelError, match=r"cannot be loaded by CTranslate2: .*; fetch it again"):
        WhisperRecognizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(AsrModelError, match=r"tokenizer\.json is no tokenizer"):
        WhisperRecognizer(tmp_path)
