"""A stream of any length over one that takes half a minute: cut where it is quietest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from asr_models.api import Partial, Recognition, RecognitionStream
from asr_models.joined import join_recognitions, join_texts

LONGEST_S = 28.0
_EARLIEST_CUT_S = 16.0
_QUIET_S = 0.1


class BoundedStream(RecognitionStream, Protocol):
    """A stream whose audio can be read again; it takes at least `LONGEST_S`."""

    def audio(self) -> npt.NDArray[np.int16]:
        """All samples so far, shape (n,)."""


class LongStream:
    """A RecognitionStream. What lies before a cut is read once, with `final`, and stays."""

    def __init__(self, begin: Callable[[], BoundedStream], sample_rate: int) -> None:
        self._begin = begin
        self._sample_rate = sample_rate
        self._lock = threading.Lock()
        self._current = begin()
        self._offset = 0
        self._done: list[tuple[int, Recognition]] = []

    @property
    def samples(self) -> int:
        with self._lock:
            return self._offset + self._current.samples

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        with self._lock:
            self._current.accept(pcm)

    def partial(self, until: int | None = None) -> Partial:
        end, _ = self._cut(until)
        newest = self._current.partial(end)
        if not self._done:
            return newest
        before = [part.text for _, part in self._done]
        return Partial(
            join_texts([*before, newest.text]),
            join_texts([*before, newest.stable]),
            newest.confidence,
            self._ms(self._offset) + newest.audio_ms,
        )

    def final(self, until: int | None = None) -> Recognition:
        """As in the protocol; an `until` before a cut is taken for the cut."""
        end, cpu_s = self._cut(until)
        newest = self._current.final(end)
        if not self._done:
            return newest
        begin_ms = self._ms(self._offset)
        return join_recognitions(
            [*self._done, (begin_ms, newest)],
            audio_ms=begin_ms + newest.audio_ms,
            cpu_s=cpu_s + newest.cpu_s,
        )

    def _ms(self, samples: int) -> int:
        return round(samples * 1000 / self._sample_rate)

    def _cut(self, until: int | None) -> tuple[int, float]:
        """Cut until the rest is short enough: `until` in it, and the CPU time of reading on."""
        end = self.samples if until is None else until
        cpu_s = 0.0
        while end - self._offset > LONGEST_S * self._sample_rate:
            cut = self._quietest(self._current.audio())
            head = self._current.final(cut)
            cpu_s += head.cpu_s
            rest = self._begin()
            with self._lock:
                self._done.append((self._ms(self._offset), head))
                rest.accept(self._current.audio()[cut:])
                self._current = rest
                self._offset += cut
        return max(0, end - self._offset), cpu_s

    def _quietest(self, pcm: npt.NDArray[np.int16]) -> int:
        """The middle of the quietest tenth of a second between the earliest cut and the latest."""
        width = int(_QUIET_S * self._sample_rate)
        first = int(_EARLIEST_CUT_S * self._sample_rate)
        looked_at = pcm[first : int(LONGEST_S * self._sample_rate)].astype(np.float64)
        energy = np.convolve(looked_at**2, np.ones(width), "valid")
        return first + int(np.argmin(energy)) + width // 2
