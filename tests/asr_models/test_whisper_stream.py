"""An utterance as it grows, with the real weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from asr_models import Recognition
from asr_models.metrics import ErrorCount, character_errors
from asr_models.whisper_ct2 import WhisperRecognizer
from asr_models.whisper_decode import Encoded
from asr_models.whisper_reading import WhisperReader
from tests.asr_models.stream_contract import check_stream_contract
from tests.bench.clips import Clip, read_8k, through_phone

FRAME = 160
PROMPT = "您好，我的服务器装系统时看不到硬盘，想查固件和驱动。"


def on_the_phone(clip: Clip) -> np.ndarray:
    return through_phone(read_8k(clip.path), None, clip.text)


@pytest.mark.weights
def test_the_final_is_what_the_whole_clip_gives_at_once(
    whisper: WhisperRecognizer, clips: list[Clip]
) -> None:
    for clip in clips[::33]:
        pcm = on_the_phone(clip)
        stream = whisper.stream(prompt=PROMPT)
        for start in range(0, len(pcm), FRAME):
            stream.accept(pcm[start : start + FRAME])
            if start % 16_000 == 8000:
                stream.partial()
        assert stream.samples == len(pcm)
        at_once = whisper.recognize(pcm, prompt=PROMPT)
        heard = stream.final()
        assert (heard.text, heard.alternatives) == (at_once.text, at_once.alternatives)
        assert heard.audio_ms == at_once.audio_ms


@pytest.mark.weights
def test_only_the_first_samples_are_read_where_so_asked(
    whisper: WhisperRecognizer, clips: list[Clip]
) -> None:
    """A decision at a pause reads the pause's audio, though the caller has gone on."""
    first, second = on_the_phone(clips[2]), on_the_phone(clips[3])
    stream = whisper.stream()
    stream.accept(first)
    stream.accept(second)
    alone = whisper.recognize(first)
    heard = stream.final(len(first))
    assert (heard.text, heard.audio_ms) == (alone.text, alone.audio_ms)
    assert stream.partial(len(first)).audio_ms == alone.audio_ms
    assert stream.final().text == whisper.recognize(np.concatenate([first, second])).text


@pytest.mark.weights
def test_the_final_does_not_encode_again_what_a_partial_encoded(
    whisper: WhisperRecognizer, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    encode = WhisperReader.encode

    def counting(
        self: WhisperReader, pcm: npt.NDArray[np.int16], sample_rate: int
    ) -> Encoded | Recognition:
        encoded.append(len(pcm))
        return encode(self, pcm, sample_rate)

    monkeypatch.setattr(WhisperReader, "encode", counting)
    pcm = on_the_phone(clips[5])
    stream = whisper.stream()
    stream.accept(pcm)
    stream.partial()
    stream.final()
    assert encoded == [len(pcm)]
    stream.accept(pcm)
    stream.final()
    assert encoded == [len(pcm), 2 * len(pcm)]


@pytest.mark.weights
def test_a_quick_text_that_is_sure_is_the_final_at_once(
    whisper: WhisperRecognizer, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = whisper.stream(prompt=PROMPT)
    stream.accept(on_the_phone(clips[5]))
    quick = stream.partial()
    assert 0.1 < quick.confidence < 0.9999
    monkeypatch.setattr("asr_models.whisper_stream._SURE", quick.confidence - 0.01)
    at_once = stream.final()
    assert (at_once.text, at_once.confidence, at_once.cpu_s) == (quick.text, quick.confidence, 0.0)
    monkeypatch.setattr("asr_models.whisper_stream._SURE", quick.confidence + 0.01)
    searched = stream.final()
    assert len(searched.alternatives) > 1
    assert searched.cpu_s > 0


@pytest.mark.weights
def test_what_two_partials_agree_on_is_mostly_kept(
    whisper: WhisperRecognizer, clips: list[Clip]
) -> None:
    """Every stable text begins its partial; few of its characters are missing from the final."""
    errors = ErrorCount()
    for clip in [clip for clip in clips if 12 <= len(clip.text) <= 16][:4]:
        pcm = on_the_phone(clip)
        stream = whisper.stream(prompt=PROMPT)
        stable = ""
        for start in range(0, len(pcm), 8000):
            stream.accept(pcm[start : start + 8000])
            partial = stream.partial()
            assert partial.text.startswith(partial.stable)
            stable = partial.stable
        final = stream.final().text
        errors += character_errors(final[: len(stable)], stable)
    assert errors.length > 10
    assert errors.rate < 0.25


@pytest.mark.weights
def test_silence_is_no_partial_and_no_final(whisper: WhisperRecognizer) -> None:
    stream = whisper.stream()
    assert stream.partial().text == stream.final().text == ""
    stream.accept(np.zeros(8000, np.int16))
    assert stream.partial().audio_ms == stream.final().audio_ms == 1000
    assert stream.partial().text == stream.final().text == ""


@pytest.mark.weights
def test_audio_may_come_in_while_a_reading_runs(
    whisper: WhisperRecognizer, clips: list[Clip]
) -> None:
    pcm = on_the_phone(clips[5])
    stream = whisper.stream()
    stream.accept(pcm)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(stream.final, len(pcm))
        for _ in range(50):
            stream.accept(pcm[:FRAME])
        assert stream.samples == len(pcm) + 50 * FRAME
        assert running.result().text == whisper.recognize(pcm).text


@pytest.mark.weights
def test_the_contract_of_streams_is_kept(whisper: WhisperRecognizer, clips: list[Clip]) -> None:
    one, other = [clip for clip in clips if 12 <= len(clip.text) <= 14][:2]
    check_stream_contract(whisper, on_the_phone(one), on_the_phone(other))
