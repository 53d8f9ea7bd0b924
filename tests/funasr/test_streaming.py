"""Our stream says what FunASR's own `generate` says, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from asr_models.api import Partial
from asr_models.errors import AudioFormatError
from asr_models.funasr_chunks import ChunkOptions
from asr_models.funasr_paraformer import FunasrRecognizer
from tests.asr_models.stream_contract import check_stream_contract, feed
from tests.bench.non_speech import non_speech
from tests.funasr.conftest import Pcm, at_16k

CHUNK = 9600  # 600 ms at 16 kHz
LINES = ("disk_missing", "memory_error", "yes")
Line = Callable[[str], Pcm]
Own = Callable[[Path], Any]


def own_texts(model: Any, audio: npt.NDArray[np.float32], **options: Any) -> list[str]:
    """What FunASR says for each chunk of `audio`, fed as its documentation does."""
    options = {
        "chunk_size": [0, 10, 5],
        "encoder_chunk_look_back": 4,
        "decoder_chunk_look_back": 1,
        **options,
    }
    cache: dict[str, Any] = {}
    stride = options["chunk_size"][1] * 960
    steps = max(1, -(-len(audio) // stride))
    said = []
    for step in range(steps):
        found = model.generate(
            input=audio[step * stride : (step + 1) * stride],
            cache=cache,
            is_final=step == steps - 1,
            **options,
        )
        said.append(found[0]["text"])
    return said


@pytest.mark.parametrize("frame", [160, 301, 4800])
@pytest.mark.parametrize("name", LINES)
def test_each_partial_and_the_final_are_funasrs_own(
    recognizer: FunasrRecognizer, own: Own, tiny: Path, line: Line, name: str, frame: int
) -> None:
    pcm = line(name)
    texts = own_texts(own(tiny), at_16k(pcm))
    assert sum(map(bool, texts)) >= 2
    stream = recognizer.stream()
    for step in range(len(texts) - 1):
        feed(stream, pcm[step * CHUNK // 2 : (step + 1) * CHUNK // 2], frame)
        assert stream.partial().stable == "".join(texts[: step + 1])
    feed(stream, pcm[(len(texts) - 1) * CHUNK // 2 :], frame)
    assert stream.partial().text == "".join(texts)
    assert stream.final().text == "".join(texts)


@pytest.mark.parametrize("milliseconds", [30, 250, 600, 1200, 1230, 1800, 2077])
def test_a_final_anywhere_is_funasrs_own_final_there(
    recognizer: FunasrRecognizer, own: Own, tiny: Path, line: Line, milliseconds: int
) -> None:
    """Also where the audio ends with a chunk, or just after one."""
    pcm = line("disk_missing2")
    until = milliseconds * 8
    text = "".join(own_texts(own(tiny), at_16k(pcm[:until])))
    stream = recognizer.stream()
    feed(stream, pcm)
    assert stream.final(until).text == text
    assert stream.partial(until).text == text


def test_wideband_audio_is_not_converted(
    recognizer: FunasrRecognizer, own: Own, tiny: Path, line: Line
) -> None:
    audio = at_16k(line("power"))
    pcm = np.round(audio * 32768).astype(np.int16)
    text = "".join(own_texts(own(tiny), audio))
    stream = recognizer.stream(sample_rate=16_000)
    feed(stream, pcm)
    assert stream.final().text == text == recognizer.recognize(pcm, 16_000).text
    with pytest.raises(AudioFormatError, match="8000 or 16000 Hz, got 44100 Hz"):
        recognizer.stream(sample_rate=44_100)
    assert recognizer.recognize(np.repeat(pcm, 3), 48_000).text


def test_chunks_may_have_another_size(own: Own, tiny: Path, line: Line) -> None:
    options = ChunkOptions((0, 8, 4), encoder_look_back=2, decoder_look_back=0)
    small = FunasrRecognizer(tiny, chunks=options)
    texts = own_texts(
        own(tiny),
        at_16k(line("memory_max")),
        chunk_size=[0, 8, 4],
        encoder_chunk_look_back=2,
        decoder_chunk_look_back=0,
    )
    assert len(texts) >= 6
    # Before the guard: the tiny model was not trained for such chunks, and says one word again.
    assert small.recognize(line("memory_max")).alternatives[0].text == "".join(texts)


def test_the_contract_of_streams_is_kept(recognizer: FunasrRecognizer, line: Line) -> None:
    check_stream_contract(recognizer, line("disk_missing"), line("warranty"))


def test_a_final_does_not_disturb_the_stream(recognizer: FunasrRecognizer, line: Line) -> None:
    """Same texts, posteriors and times whether or not finals were asked for on the way."""
    pcm = line("health_red")
    asked, left_alone = recognizer.stream(), recognizer.stream()
    for at in range(0, len(pcm), 160):
        asked.accept(pcm[at : at + 160])
        left_alone.accept(pcm[at : at + 160])
        if at % 2400 == 0:
            asked.final()
    one, other = asked.final(), left_alone.final()
    assert (one.text, one.confidence, one.spans) == (other.text, other.confidence, other.spans)
    assert one.text


def test_confidence_is_the_tokens_posterior(recognizer: FunasrRecognizer, line: Line) -> None:
    heard = recognizer.recognize(line("disk_missing"))
    assert 0.0 < heard.confidence < 1.0
    assert heard.alternatives[0].score == pytest.approx(np.log(heard.confidence))
    assert "".join(span.text for span in heard.spans) == heard.text
    assert len({span.confidence for span in heard.spans}) > 1
    assert heard.spans[0].start_ms == 0
    # Each chunk's text lags by the look-ahead of 300 ms.
    assert [span.end_ms for span in heard.spans[:2]] == [300, 900]


def test_silence_and_non_speech_give_no_text(tiny: Path, vad_folder: Path, line: Line) -> None:
    gated = FunasrRecognizer(tiny, vad=vad_folder)
    for name, pcm in non_speech().items():
        stream = gated.stream()
        feed(stream, pcm[:16_000])
        assert stream.partial() == Partial("", "", 0.0, 2000), name
        heard = stream.final()
        assert heard.text == "", name
        assert heard.rejected == ("silence" if name == "silence" else "no speech")
    spoken = line("memory_error")
    ungated = FunasrRecognizer(tiny)
    assert gated.recognize(spoken).text == ungated.recognize(spoken).text != ""


def test_a_stream_hears_more_than_a_minute(recognizer: FunasrRecognizer, line: Line) -> None:
    stream = recognizer.stream()
    pcm = line("warranty")
    stream.accept(pcm)
    for _ in range(7):
        stream.accept(np.zeros(80_000, np.int16))
    assert stream.partial().text
    stream.accept(pcm)
    stream.accept(np.zeros(8000, np.int16))
    assert stream.samples == 560_000 + 2 * len(pcm) + 8000
    heard = stream.final()
    assert heard.spans[-1].start_ms > 70_000
    assert heard.audio_ms == stream.samples // 8
    with pytest.raises(AudioFormatError, match=r"at most 60 s of audio, got 61.0 s"):
        recognizer.recognize(np.zeros(488_000, np.int16))
    with pytest.raises(AudioFormatError, match="got float64 of shape"):
        stream.accept(np.zeros(160))  # type: ignore[arg-type]


def test_calls_that_share_a_model_hear_what_each_hears_alone(
    recognizer: FunasrRecognizer, line: Line
) -> None:
    audio = [line(name) for name in ("disk_missing", "warranty", "power", "no")]
    alone = [recognizer.recognize(pcm).text for pcm in audio]
    with ThreadPoolExecutor(4) as calls:
        together = [heard.text for heard in calls.map(recognizer.recognize, audio * 3)]
    assert together == alone * 3
