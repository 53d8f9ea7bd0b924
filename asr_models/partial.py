"""A growing utterance under a recognizer that does not stream: what to decode, what to keep.

Each partial is a whole decode of the audio so far, so the question is when an older decode is
still good: it is, as long as nothing but silence came after its snapshot. That is what makes
speculation pay: a decode begun in the first short silence is the final text if the caller
stays silent. No I/O, no threads, no clock: the owner decodes where and when it likes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asr_models.api import Recognition


@dataclass(frozen=True)
class Snapshot:
    """Audio to decode: int16 `pcm` of shape (n,), and the speech it covers, in samples."""

    pcm: npt.NDArray[np.int16]
    speech_end: int


class GrowingUtterance:
    """Collects one utterance and judges which decode is still valid.

    Use: `push` every frame; decode a `snapshot()` when `needs_decode`; hand the result back
    with `accept`; at the endpoint take `final()`, or decode once more where it is None.
    Belongs to one thread (the one that pushes); decodes may run anywhere.
    """

    def __init__(self, sample_rate: int = 8000, *, max_ms: int = 28_000) -> None:
        self._sample_rate = sample_rate
        self._max_samples = max_ms * sample_rate // 1000
        self.reset()

    def reset(self) -> None:
        """Begin another utterance; decodes still running for this one are refused."""
        self._frames: list[npt.NDArray[np.int16]] = []
        self._samples = 0
        self._speech_end = 0
        self._accepted: tuple[int, Recognition] | None = None
        self._issued: set[int] = set()
        self._snapshots: dict[int, Snapshot] = {}

    @property
    def audio_ms(self) -> int:
        """All audio so far, silence included."""
        return self._samples * 1000 // self._sample_rate

    @property
    def trailing_silence_ms(self) -> int:
        """Audio since the last frame that held speech."""
        return (self._samples - self._speech_end) * 1000 // self._sample_rate

    @property
    def is_full(self) -> bool:
        """No more audio is taken: the owner should end the turn here."""
        return self._samples >= self._max_samples

    def push(self, pcm: npt.NDArray[np.int16], *, is_speech: bool) -> None:
        """Add a frame, shape (n,), and whether the VAD called it speech.

        Beyond `max_ms` frames are dropped (see `is_full`): memory stays bounded.
        """
        room = self._max_samples - self._samples
        if room <= 0:
            return
        self._frames.append(pcm[:room].copy())
        self._samples += min(len(pcm), room)
        if is_speech:
            self._speech_end = self._samples

    @property
    def needs_decode(self) -> bool:
        """Whether there is speech that no accepted and no running decode covers."""
        return self._speech_end > 0 and self._speech_end not in self._issued

    def snapshot(self) -> Snapshot:
        """Return the audio so far for a decode, and count that decode as running."""
        if len(self._frames) > 1:
            self._frames = [np.concatenate(self._frames)]
        pcm = self._frames[0] if self._frames else np.zeros(0, np.int16)
        taken = Snapshot(pcm, self._speech_end)
        self._issued.add(self._speech_end)
        self._snapshots[id(taken)] = taken
        return taken

    def accept(self, snapshot: Snapshot, recognition: Recognition) -> bool:
        """Take a decode's result; False where it is of another utterance or an older state."""
        if self._snapshots.pop(id(snapshot), None) is not snapshot:
            return False
        if self._accepted is not None and snapshot.speech_end < self._accepted[0]:
            return False
        self._accepted = (snapshot.speech_end, recognition)
        return True

    def abandon(self, snapshot: Snapshot) -> None:
        """A decode was cancelled or failed: its audio needs decoding again."""
        if self._snapshots.pop(id(snapshot), None) is snapshot:
            self._issued.discard(snapshot.speech_end)

    @property
    def partial(self) -> Recognition | None:
        """The newest accepted result, whether or not the caller spoke on since."""
        return self._accepted[1] if self._accepted else None

    def final(self) -> Recognition | None:
        """The accepted result that covers all speech so far; None where there is none yet."""
        if self._accepted is None or self._accepted[0] != self._speech_end:
            return None
        return self._accepted[1]
