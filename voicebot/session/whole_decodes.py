"""A stream over a recognizer that hears finished audio only: each reading is a whole decode."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from asr_models import Partial, Recognition, Recognizer


class WholeDecodes:
    """An `asr_models.RecognitionStream`; the quick answer is the best one, decoded once."""

    def __init__(self, recognizer: Recognizer, prompt: str, sample_rate: int) -> None:
        self._recognizer = recognizer
        self._prompt = prompt
        self._rate = sample_rate
        self._parts: list[npt.NDArray[np.int16]] = []
        self._samples = 0
        self._last: tuple[int, Recognition] | None = None

    @property
    def samples(self) -> int:
        return self._samples

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        self._parts.append(pcm)
        self._samples += len(pcm)

    def partial(self, until: int | None = None) -> Partial:
        """The whole decode, none of which is stable."""
        until = self._samples if until is None else until
        heard = self.final(until)
        return Partial(heard.text, "", heard.confidence, until * 1000 // self._rate)

    def final(self, until: int | None = None) -> Recognition:
        until = self._samples if until is None else until
        if self._last is None or self._last[0] != until:
            pcm = np.concatenate([np.empty(0, np.int16), *self._parts])[:until]
            heard = self._recognizer.recognize(pcm, self._rate, prompt=self._prompt)
            self._last = (until, heard)
        return self._last[1]
