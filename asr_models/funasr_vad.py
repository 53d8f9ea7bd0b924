"""FSMN-VAD of FunASR as a streaming detector: PCM in, beginnings and ends of speech out.

Source: Zhang et al. 2018 (Deep-FSMN, arXiv:1803.05030); weights `fsmn-vad`. It judges steps of
`chunk_ms`; a beginning is told about 200 ms late and dated back, an end after `end_silence_ms`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from asr_models.errors import AsrModelError
from asr_models.funasr_audio import Rate16k, to_16k
from asr_models.funasr_runtime import SAMPLE_RATE, FunasrModel, as_float

_WINDOW_SAMPLES = 400  # 25 ms: the window of a feature frame


@dataclass(frozen=True)
class SpeechEdge:
    """Speech began or ended, `at_ms` of the stream."""

    kind: Literal["start", "end"]
    at_ms: int


class FsmnVad:
    """The loaded model; `stream` gives a detector for one direction of a call. Thread-safe.

    `end_silence_ms` is how much silence ends a stretch. It is always handed on: FunASR 1.4
    otherwise waits for 2000 ms in the first ten seconds of speech, whatever the model's own
    configuration (800 ms) says.
    """

    def __init__(
        self,
        model: str | Path = "fsmn-vad",
        *,
        device: str = "cpu",
        threads: int = 1,
        hub: str = "ms",
        chunk_ms: int = 200,
        end_silence_ms: int = 800,
    ) -> None:
        """Load the model, a folder or a name (see FunasrModel). Raises AsrModelError."""
        self.chunk_ms = chunk_ms
        self.end_silence_ms = end_silence_ms
        self.model = FunasrModel(model, device=device, threads=threads, hub=hub, files=("am.mvn",))
        if not hasattr(self.model.network, "vad_opts"):
            found = type(self.model.network).__name__
            raise AsrModelError(f"funasr: expected an FSMN-VAD in {self.model.name}, got {found}")

    def stream(self, sample_rate: int = 8000) -> FsmnVadStream:
        """A detector for mono int16 samples at 8 or 16 kHz; AudioFormatError for another rate."""
        return FsmnVadStream(self, sample_rate)

    def segments(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000
    ) -> list[tuple[int, int]]:
        """Where speech is in finished audio, shape (n,) at any rate: [start, end) in ms."""
        stream = FsmnVadStream(self, SAMPLE_RATE)
        edges = stream.accept(to_16k(pcm, sample_rate))
        times = [edge.at_ms for edge in (*edges, *stream.flush())]
        return list(zip(times[0::2], times[1::2], strict=True))


class FsmnVadStream:
    """Speech in one stream of audio. Belongs to one thread."""

    def __init__(self, vad: FsmnVad, sample_rate: int) -> None:
        self._vad = vad
        self._rate = Rate16k(sample_rate)
        self._step = vad.chunk_ms * SAMPLE_RATE // 1000
        self._waiting = np.zeros(0, np.int16)
        self._cache: dict[str, Any] = {}

    def accept(self, pcm: npt.NDArray[np.int16]) -> list[SpeechEdge]:
        """Hear mono int16 samples, shape (n,); returns the edges found in complete steps."""
        self._waiting = np.concatenate([self._waiting, self._rate.process(pcm)])
        edges = []
        while len(self._waiting) >= self._step:
            step, self._waiting = self._waiting[: self._step], self._waiting[self._step :]
            edges += self._judge(step, self._cache, last=False)
        return edges

    def flush(self) -> list[SpeechEdge]:
        """The edges if the audio ended here; speech that is going on ends. May go on after."""
        rest = self._waiting
        if len(rest) == 0:  # FunASR does not look at nothing, and would not end speech
            rest = np.zeros(1, np.int16)
        if not self._cache and len(rest) < _WINDOW_SAMPLES:
            return []  # less than one feature frame in all, which FunASR fails on
        return self._judge(rest, copy.deepcopy(self._cache), last=True)

    def _judge(
        self, pcm: npt.NDArray[np.int16], cache: dict[str, Any], *, last: bool
    ) -> list[SpeechEdge]:
        found = self._vad.model.generate(
            as_float(pcm),
            cache=cache,
            is_final=last,
            chunk_size=self._vad.chunk_ms,
            max_end_silence_time=self._vad.end_silence_ms,
        )
        edges: list[SpeechEdge] = []
        for start_ms, end_ms in found.get("value", ()):
            if start_ms >= 0:
                edges.append(SpeechEdge("start", int(start_ms)))
            if end_ms >= 0:
                edges.append(SpeechEdge("end", int(end_ms)))
        return edges
