"""The caller's audio, kept from before the first syllable to the end of the turn."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from telephony.api import FRAME_MS


class UtteranceAudio:
    """Ring of recent frames that becomes the turn's recording.

    Positions are frame numbers of the call (0 is its first frame). Between turns only the last
    `kept_ms` are kept, or more where `keep_from` asks for it; within a turn, everything.
    """

    def __init__(self, kept_ms: int) -> None:
        self._kept = -(-kept_ms // FRAME_MS)
        self._frames: deque[bytes] = deque()
        self._first = 0
        self._next = 0
        self._floor = 0
        self._start: int | None = None
        self._finished = np.empty(0, np.int16)

    @property
    def frames_fed(self) -> int:
        """Frames taken in since the call began: the frame clock."""
        return self._next

    def add(self, frame: bytes, *, keep_from: int | None = None) -> None:
        """Append the next frame; outside a turn, drop what is too old to begin one."""
        self._frames.append(frame)
        self._next += 1
        if self._start is None:
            onset = self._next - 1 if keep_from is None else keep_from
            while self._first < onset - self._kept:
                self._frames.popleft()
                self._first += 1

    def begin(self, first: int) -> None:
        """Start the turn's recording at frame `first`, or the oldest one that is kept.

        Never reaches back into the turn before: no sample belongs to two turns.
        """
        self._start = max(first, self._first, self._floor)

    def finish(self, end: int) -> None:
        """Close the recording before frame `end`; `samples` stays readable until the next one."""
        self._finished = self._join(end)
        self._floor = end
        self._start = None

    def samples(self) -> npt.NDArray[np.int16]:
        """The running turn's samples up to now, else the last turn's; int16, shape (n,)."""
        return self._finished if self._start is None else self._join(self._next)

    def _join(self, end: int) -> npt.NDArray[np.int16]:
        start = self._first if self._start is None else self._start
        frames = list(self._frames)[start - self._first : end - self._first]
        return np.frombuffer(b"".join(frames), np.int16)
