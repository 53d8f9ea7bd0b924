"""What every streaming recognizer owes its callers, whatever the engine: one check for all."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from asr_models.api import Partial, RecognitionStream, StreamingRecognizer

FRAME = 160  # 20 ms at 8 kHz
Pcm = npt.NDArray[np.int16]


def check_stream_contract(recognizer: StreamingRecognizer, pcm: Pcm, other: Pcm) -> None:
    """Assert what `asr_models.api` promises, on two different sentences at 8 kHz.

    Each shall be longer than a second and not be heard as the empty text.
    """
    pcm, other = _whole_frames(pcm), _whole_frames(other)
    _check_counting(recognizer, pcm)
    _check_partials(recognizer, pcm)
    _check_until(recognizer, pcm)
    _check_final(recognizer, pcm)
    _check_independence(recognizer, pcm, other)
    _check_accept_beside_final(recognizer, pcm)
    _check_words_among_figures(recognizer, pcm)


def _whole_frames(pcm: Pcm) -> Pcm:
    """Engines round what is no whole millisecond each in their way."""
    return pcm[: len(pcm) // FRAME * FRAME]


def feed(stream: RecognitionStream, pcm: Pcm, frame: int = FRAME) -> None:
    """Accept `pcm` in frames, the last one shorter."""
    for at in range(0, len(pcm), frame):
        stream.accept(pcm[at : at + frame])


def fed(recognizer: StreamingRecognizer, pcm: Pcm) -> RecognitionStream:
    """A new stream that has accepted `pcm`."""
    stream = recognizer.stream()
    feed(stream, pcm)
    return stream


def _check_counting(recognizer: StreamingRecognizer, pcm: Pcm) -> None:
    stream = recognizer.stream()
    assert stream.samples == 0
    assert stream.partial().text == "" == stream.final().text
    feed(stream, pcm)
    assert stream.samples == len(pcm)
    silence = fed(recognizer, np.zeros(16_000, np.int16))
    assert silence.partial() == Partial("", "", 0.0, 2000)
    heard = silence.final()
    assert (heard.text, heard.confidence) == ("", 0.0)
    assert heard.rejected


def _check_partials(recognizer: StreamingRecognizer, pcm: Pcm) -> None:
    stream = recognizer.stream()
    ever_stable = False
    for at in range(0, len(pcm), 4000):
        feed(stream, pcm[at : at + 4000])
        heard = stream.partial()
        assert heard.text.startswith(heard.stable)
        assert 0.0 <= heard.confidence <= 1.0
        assert heard.audio_ms == stream.samples // 8
        ever_stable |= bool(heard.stable)
    assert heard.text
    assert ever_stable


def _check_until(recognizer: StreamingRecognizer, pcm: Pcm) -> None:
    half = len(pcm) // 2 // FRAME * FRAME
    ahead, behind = fed(recognizer, pcm), fed(recognizer, pcm[:half])
    assert ahead.partial(half) == behind.partial()
    assert ahead.final(half).text == behind.final().text
    assert ahead.final(half).audio_ms == half // 8
    # A place before one that was decoded, and the whole once more.
    assert ahead.final().text == fed(recognizer, pcm).final().text
    assert ahead.final(half).text == behind.final().text
    assert ahead.samples == len(pcm)


def _check_final(recognizer: StreamingRecognizer, pcm: Pcm) -> None:
    alone = recognizer.recognize(pcm)
    stream = fed(recognizer, pcm[: len(pcm) // 3])
    stream.final()
    feed(stream, pcm[len(pcm) // 3 :])
    heard = stream.final()
    assert heard.text == alone.text != "", "a final in between has changed the text"
    assert 0.0 <= heard.confidence <= 1.0
    assert heard.audio_ms == len(pcm) // 8
    assert heard.alternatives
    assert heard.cpu_s > 0
    times = [time for span in heard.spans for time in (span.start_ms, span.end_ms)]
    assert times == sorted(times)
    assert all(0 <= time <= heard.audio_ms for time in times)


def _check_independence(recognizer: StreamingRecognizer, one: Pcm, other: Pcm) -> None:
    first, second = recognizer.stream(), recognizer.stream()
    for at in range(0, max(len(one), len(other)), FRAME):
        first.accept(one[at : at + FRAME])
        second.accept(other[at : at + FRAME])
        if at % 8000 == 0:
            first.partial()
            second.partial()
    assert first.final().text == recognizer.recognize(one).text
    assert second.final().text == recognizer.recognize(other).text


def _check_accept_beside_final(recognizer: StreamingRecognizer, pcm: Pcm) -> None:
    third = len(pcm) // 3
    stream = fed(recognizer, pcm[:third])
    line = threading.Thread(target=feed, args=(stream, pcm[third:]))
    line.start()
    heard = stream.final(third)
    line.join()
    assert heard.text == fed(recognizer, pcm[:third]).final().text
    assert stream.samples == len(pcm)
    assert stream.final().text == recognizer.recognize(pcm).text


def _check_words_among_figures(recognizer: StreamingRecognizer, pcm: Pcm) -> None:
    stream = recognizer.stream(prompt="序列号贴在机箱的正面。", figures=True)
    feed(stream, pcm)
    assert stream.final().text == recognizer.recognize(pcm).text
