"""A recognizer that does not stream, made to: the growing utterance is decoded again and again.

What two quick readings in a row agree on is stable (LocalAgreement, Machacek et al. 2023). It is
not forced on the next reading: CTranslate2 decodes a forced beginning token by token, so nothing
would be saved. The best reading searches what the encoder made for the quick one, if no audio came
in between.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from asr_models.api import Partial, Recognition
from asr_models.whisper_decode import Encoded
from asr_models.whisper_reading import WhisperReader

_UNSURE_TOKENS = 2  # the last that two readings agree on: their sound may not be complete yet
_SURE = 0.93  # a beam search over so sure a greedy reading made no text better (docs/ears.md)
_Sequence = TypeVar("_Sequence", str, tuple[int, ...])


@dataclass
class _Snapshot:
    """The first `until` samples, encoded, or the Recognition that says why they are not.

    `quick` and `tokens` are the greedy reading, once it is there.
    """

    until: int
    encoded: Encoded | Recognition
    quick: Recognition | None = None
    tokens: tuple[int, ...] = ()


class WhisperStream:
    """A RecognitionStream over one utterance of at most 29 s."""

    def __init__(self, reader: WhisperReader, prompt: str, sample_rate: int) -> None:
        self._reader = reader
        self._prompt = prompt
        self._sample_rate = sample_rate
        self._lock = threading.Lock()
        self._pieces: list[npt.NDArray[np.int16]] = []
        self._samples = 0
        self._snapshot: _Snapshot | None = None
        self._last: tuple[int, ...] = ()

    @property
    def samples(self) -> int:
        with self._lock:
            return self._samples

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        """Add mono int16 samples, shape (n,)."""
        with self._lock:
            self._pieces.append(pcm.copy())
            self._samples += len(pcm)

    def audio(self) -> npt.NDArray[np.int16]:
        """All samples so far."""
        return self._first(None)

    def partial(self, until: int | None = None) -> Partial:
        """The greedy reading of the first `until` samples (default: all so far)."""
        taken = self._encode(until)
        encoded = taken.encoded
        if isinstance(encoded, Recognition):
            return Partial("", "", 0.0, encoded.audio_ms)
        heard, tokens = self._reader.quick(encoded, self._prompt)
        taken.quick, taken.tokens = heard, tokens
        if heard.rejected:
            self._last = ()
            return Partial("", "", 0.0, heard.audio_ms)
        agreed = _common(self._last, tokens)[:-_UNSURE_TOKENS]
        self._last = tokens
        # The guards and the script may have changed the text, so compare texts, too.
        stable = _common(self._reader.text(agreed), heard.text)
        return Partial(heard.text, stable, heard.confidence, heard.audio_ms)

    def final(self, until: int | None = None) -> Recognition:
        """The best reading of the first `until` samples (default: all so far).

        The beam search's; or a partial's of the same samples if that is sure enough. `cpu_s` is
        what this call has spent.
        """
        known = self._snapshot
        taken = self._encode(until)
        encoded, quick = taken.encoded, taken.quick
        if isinstance(encoded, Recognition):
            return encoded
        if quick is not None and quick.confidence >= _SURE:
            return self._reader.with_spans(replace(quick, cpu_s=0.0), encoded, taken.tokens)
        heard = self._reader.best(encoded, self._prompt)
        encoder_s = 0.0 if taken is known else encoded.cpu_s
        return replace(heard, cpu_s=encoder_s + heard.cpu_s)

    def _encode(self, until: int | None) -> _Snapshot:
        pcm = self._first(until)
        if self._snapshot is None or self._snapshot.until != len(pcm):
            self._snapshot = _Snapshot(len(pcm), self._reader.encode(pcm, self._sample_rate))
        return self._snapshot

    def _first(self, until: int | None) -> npt.NDArray[np.int16]:
        with self._lock:
            if len(self._pieces) != 1:
                self._pieces = [np.concatenate([np.zeros(0, np.int16), *self._pieces])]
            return self._pieces[0][:until]


def _common(first: _Sequence, second: _Sequence) -> _Sequence:
    """The longest beginning that both have."""
    same = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        same += 1
    return second[:same]
