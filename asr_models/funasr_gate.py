"""What keeps silence and non-speech from becoming text before FunASR's recognizer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from asr_models.funasr_runtime import SAMPLE_RATE
from asr_models.funasr_vad import FsmnVad

_SILENT_PEAK = 33  # -60 dBFS: nothing a telephone would carry as speech


class SpeechGate:
    """Whether one growing utterance holds speech. Without a VAD only silence is refused.

    Belongs to one thread.
    """

    def __init__(self, vad: FsmnVad | None) -> None:
        self._vad = vad
        self._heard = 0  # what the detector has heard, in samples
        self._speech_by = 0  # where it had found speech; 0: nowhere yet
        self._stream = vad.stream(SAMPLE_RATE) if vad else None

    def refuses(self, audio: npt.NDArray[np.int16]) -> str:
        """The reason why the utterance so far, 16 kHz from its start, is no speech; or ""."""
        if len(audio) == 0 or int(np.abs(audio.astype(np.int32)).max()) < _SILENT_PEAK:
            return "silence"
        if self._stream is None or (self._speech_by and len(audio) >= self._speech_by):
            return ""
        if len(audio) < self._heard:  # an earlier place than the detector is at
            return "" if self._found_in(audio) else "no speech"
        found = self._stream.accept(audio[self._heard :])
        self._heard = len(audio)
        if found:
            self._speech_by = len(audio)
        return "" if found or self._stream.flush() else "no speech"

    def _found_in(self, audio: npt.NDArray[np.int16]) -> bool:
        return self._vad is not None and bool(self._vad.segments(audio, SAMPLE_RATE))
