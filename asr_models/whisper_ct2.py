"""Whisper in CTranslate2, for telephone turns: short windows, n-best, confidence, streams.

Source: Radford et al. 2022; weights in the layout of Systran/faster-whisper-*.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.api import Recognition
from asr_models.long_stream import LongStream
from asr_models.whisper_decode import WhisperDecoder
from asr_models.whisper_reading import WhisperReader
from asr_models.whisper_stream import WhisperStream
from asr_models.whisper_weights import load_whisper


class WhisperRecognizer:
    """A StreamingRecognizer for Mandarin. Thread-safe; `workers` decodes run at the same time.

    `threads` are per decode; `device` and `compute_type` are those of `load_whisper`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        beam_size: int = 5,
        threads: int = 1,
        workers: int = 1,
        device: str = "cpu",
        compute_type: str = "auto",
        spans: bool = False,
    ) -> None:
        """Load the weights in `folder`. Raises AsrModelError naming what is wrong with it.

        With `spans` every text but a partial's comes with its spans, for more CPU time.
        """
        weights = load_whisper(
            folder, device=device, compute_type=compute_type, threads=threads, workers=workers
        )
        self._name = weights.name
        decoder = WhisperDecoder(weights, workers=workers)
        self._reader = WhisperReader(decoder, beam_size=beam_size, spans=spans)

    @property
    def name(self) -> str:
        return self._name

    def stream(
        self, *, prompt: str = "", sample_rate: int = 8000, figures: bool = False
    ) -> LongStream:
        """A new utterance of any length, see `whisper_stream`. `prompt` is that of `recognize`.

        With `figures` the prompt is left out: it makes Whisper write words for figures.
        """
        used = "" if figures else prompt
        return LongStream(lambda: WhisperStream(self._reader, used, sample_rate), sample_rate)

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        """Recognize mono int16 samples, shape (n,), of at most 29 s.

        `prompt` is read as the text before (a sentence or a list with commas; a bare word
        makes it loop). `cpu_s` is this decode's own CPU time with one worker, and its wall
        time with more. Raises AudioFormatError for other samples.
        """
        encoded = self._reader.encode(pcm, sample_rate)
        if isinstance(encoded, Recognition):
            return encoded
        heard = self._reader.best(encoded, prompt)
        return replace(heard, cpu_s=encoded.cpu_s + heard.cpu_s)
