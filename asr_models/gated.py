"""A recognizer behind a VAD gate: what is no speech never reaches the model."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from asr_models.api import Recognition, Recognizer
from asr_models.resample import to_8k
from asr_models.script import strip_punctuation
from asr_models.segments import SegmentOptions, speech_segments
from asr_models.silero import SileroVad

_ENDS = "，。？！、；："


class GatedRecognizer:
    """A Recognizer for whole recordings of any length: cut at pauses, recognize, join.

    Silence, noise, tones and music without voices give no text, whatever the model would
    make of them. Thread-safe if the recognizer is.
    """

    def __init__(
        self, recognizer: Recognizer, vad: SileroVad, options: SegmentOptions | None = None
    ) -> None:
        self._recognizer = recognizer
        self._vad = vad
        self._options = options or SegmentOptions()

    @property
    def name(self) -> str:
        return f"{self._recognizer.name}+silero"

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        """Recognize mono int16 samples, shape (n,), of any length.

        `confidence` is the mean over stretches, weighed by their characters. `alternatives`
        are given where there is one stretch. `rejected` is "no speech", or the guard's word
        where all stretches were refused.
        """
        started = time.thread_time()
        pcm = to_8k(pcm, sample_rate)
        segments = speech_segments(pcm, self._vad, self._options)
        gate_s = time.thread_time() - started
        audio_ms = round(len(pcm) / 8)
        if not segments:
            return Recognition("", 0.0, audio_ms=audio_ms, cpu_s=gate_s, rejected="no speech")
        parts = [self._recognizer.recognize(pcm[a:b], 8000, prompt=prompt) for a, b in segments]
        return _join(parts, audio_ms, gate_s)


def _join(parts: list[Recognition], audio_ms: int, gate_s: float) -> Recognition:
    heard = [part for part in parts if part.text]
    cpu_s = gate_s + sum(part.cpu_s for part in parts)
    if not heard:
        return Recognition("", 0.0, audio_ms=audio_ms, cpu_s=cpu_s, rejected=parts[0].rejected)
    text = ""
    for part in heard:
        comma = "，" if text and text[-1] not in _ENDS else ""
        text += comma + part.text
    weights = [len(strip_punctuation(part.text)) for part in heard]
    weighed = zip(heard, weights, strict=True)
    sure = sum(part.confidence * weight for part, weight in weighed) / sum(weights)
    alternatives = heard[0].alternatives if len(parts) == 1 else ()
    return Recognition(text, sure, alternatives, audio_ms, cpu_s)
