"""One utterance through FunASR's models as it grows: the contract of `RecognitionStream`."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from asr_models.api import Alternative, Partial, Recognition, Span
from asr_models.funasr_audio import Rate16k, check_samples
from asr_models.funasr_chunks import (
    ChunkedDecoding,
    Piece,
    StreamingParaformer,
    join,
    mean_log_posterior,
)
from asr_models.funasr_gate import SpeechGate
from asr_models.funasr_runtime import SAMPLE_RATE
from asr_models.funasr_second import Punctuation, SecondPass, agreement, spans_of
from asr_models.funasr_vad import FsmnVad
from asr_models.guards import guard
from asr_models.script import normalize_script

MAX_AUDIO_S = 60


@dataclass(frozen=True)
class FunasrEngines:
    """The models of a recognizer; all but the first may be missing."""

    first: StreamingParaformer
    vad: FsmnVad | None = None
    second: SecondPass | None = None
    marks: Punctuation | None = None


class FunasrStream:
    """A RecognitionStream of at most a minute: `LongStream` cuts what is longer.

    `partial`: complete chunks are decoded once and for all (`stable`); the rest by a flush on a
    copy of the cache. `final` at the same place takes that flush over, and adds the second
    pass and the marks. Asking for an earlier place than one decoded before costs a new decode.

    `confidence` is the streaming tokens' posterior (geometric mean), times the share of
    syllables in which both passes agree where there is a second one. It is not fitted to be a
    probability, unlike Whisper's: overconfident, as posteriors are.
    """

    def __init__(self, engines: FunasrEngines, prompt: str, sample_rate: int) -> None:
        self._engines = engines
        self._prompt = prompt
        self._rate = Rate16k(sample_rate)
        self._arrived: list[npt.NDArray[np.int16]] = []
        self._kept: list[npt.NDArray[np.int16]] = []
        self._samples = 0
        self._lock = threading.Lock()  # `accept` may come from another thread
        self._audio = np.zeros(0, np.int16)
        self._decoding = ChunkedDecoding(engines.first)
        self._gate = SpeechGate(engines.vad)
        self._spent_s = 0.0

    @property
    def samples(self) -> int:
        """How many samples have been accepted."""
        return self._samples

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        """Add mono int16 samples, shape (n,); AudioFormatError for others."""
        check_samples(pcm)
        with self._lock:
            self._arrived.append(pcm.copy())
            self._kept.append(self._arrived[-1])
            self._samples += len(pcm)

    def audio(self) -> npt.NDArray[np.int16]:
        """All samples so far, at the stream's rate."""
        with self._lock:
            self._kept = [np.concatenate([np.zeros(0, np.int16), *self._kept])]
            return self._kept[0]

    def partial(self, until: int | None = None) -> Partial:
        """The stream's text of the first `until` samples; see `RecognitionStream`."""
        started = self._engines.first.model.clock()
        audio = self._until(until)
        audio_ms = len(audio) * 1000 // SAMPLE_RATE
        try:
            if self._gate.refuses(audio):
                return Partial("", "", 0.0, audio_ms)
            pieces, tail = self._decode(audio)
            whole = normalize_script(join([*pieces, tail]))
            verdict = guard(whole, audio_ms, self._prompt)
            stable = normalize_script(join(pieces))
            if not verdict.text.startswith(stable):
                stable = ""
            sure = _posterior([*pieces, tail]) if verdict.text else 0.0
            return Partial(verdict.text, stable, sure, audio_ms)
        finally:
            self._spent_s += self._engines.first.model.clock() - started

    def final(self, until: int | None = None) -> Recognition:
        """The best reading of the first `until` samples; `cpu_s` is the stream's so far."""
        started = self._engines.first.model.clock()
        heard = self._final(self._until(until))
        self._spent_s += self._engines.first.model.clock() - started
        return Recognition(
            heard.text,
            heard.confidence,
            heard.alternatives,
            heard.audio_ms,
            self._spent_s,
            heard.rejected,
            heard.spans,
        )

    def _final(self, audio: npt.NDArray[np.int16]) -> Recognition:
        audio_ms = len(audio) * 1000 // SAMPLE_RATE
        refused = self._gate.refuses(audio)
        if refused:
            return Recognition("", 0.0, audio_ms=audio_ms, rejected=refused)
        pieces, tail = self._decode(audio)
        reading = self._first_reading([*pieces, tail])
        if self._engines.second is not None:
            reading = _combine(reading, *self._engines.second.hear(audio), audio_ms)
        verdict = guard(reading.text, audio_ms, self._prompt)
        if verdict.rejected:
            return Recognition("", 0.0, reading.alternatives, audio_ms, rejected=verdict.rejected)
        text = verdict.text
        if self._engines.marks is not None:
            text = normalize_script(self._engines.marks.add(text))
        return Recognition(
            text, reading.confidence, reading.alternatives, audio_ms, spans=reading.spans
        )

    def _decode(self, audio: npt.NDArray[np.int16]) -> tuple[list[Piece], Piece]:
        decoding = self._decoding
        if decoding.consumed > len(audio):  # an earlier place: its cache is gone
            decoding = ChunkedDecoding(self._engines.first)
        decoding.feed(audio)
        return list(decoding.pieces), decoding.flush(audio)

    def _first_reading(self, pieces: list[Piece]) -> Recognition:
        text = normalize_script(join(pieces))
        score = mean_log_posterior(pieces)
        alternatives = (Alternative(text, score),) if text else ()
        spans = tuple(
            Span(piece.text, piece.start_ms, piece.end_ms, _posterior([piece]))
            for piece in pieces
            if piece.text
        )
        return Recognition(text, _posterior(pieces), alternatives, spans=spans)

    def _until(self, until: int | None) -> npt.NDArray[np.int16]:
        with self._lock:
            arrived, self._arrived = self._arrived, []
            count = self._samples if until is None else max(0, min(until, self._samples))
        if arrived:
            self._audio = np.concatenate([self._audio, *map(self._rate.process, arrived)])
        return self._audio[: count * self._rate.factor]


def _combine(
    first: Recognition, text: str, times: tuple[tuple[int, int], ...], audio_ms: int
) -> Recognition:
    """The second pass's text, where it has one, judged by how far the first agrees.

    The first pass is no likelier than the second, whatever its own posterior: rescoring
    (asr_models.domain) is to choose between the two by their words alone.
    """
    second = normalize_script(text)
    sure = first.confidence * agreement(first.text, second)
    if not second:
        return Recognition(first.text, sure, first.alternatives, spans=first.spans)
    best = Alternative(second, math.log(sure) if sure else -math.inf)
    others = tuple(
        replace(other, score=min(other.score, best.score))
        for other in first.alternatives
        if other.text != second
    )
    return Recognition(
        second, sure, (best, *others), spans=spans_of(text, times, sure, audio_ms) or first.spans
    )


def _posterior(pieces: list[Piece]) -> float:
    return math.exp(mean_log_posterior(pieces))
