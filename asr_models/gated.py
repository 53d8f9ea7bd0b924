"""A recognizer behind a VAD gate: what is no speech never reaches the model."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from asr_models.api import Recognition, Recognizer
from asr_models.joined import join_recognitions
from asr_models.resample import to_8k
from asr_models.segments import SegmentOptions, speech_segments
from asr_models.silero import SileroVad


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
        parts = [
            (a // 8, self._recognizer.recognize(pcm[a:b], 8000, prompt=prompt)) for a, b in segments
        ]
        cpu_s = gate_s + sum(part.cpu_s for _, part in parts)
        return join_recognitions(parts, audio_ms=audio_ms, cpu_s=cpu_s)
