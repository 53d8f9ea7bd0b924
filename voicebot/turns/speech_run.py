"""Evidence that somebody has begun to speak: counted speech, short gaps forgiven."""

from __future__ import annotations

BRIDGED_MS = 60
"""A dip this short between two syllables is counted as the speech it belongs to."""


class SpeechRun:
    """A stretch of speech that may become a turn.

    Frames that count add up; a gap longer than `gap_ms` ends the run and its evidence. A click
    or a cough now and then therefore never adds up to a turn.
    """

    def __init__(self) -> None:
        self.onset_ms: int | None = None
        self.speech_ms = 0
        self.speech_end_ms = 0

    def feed(self, start_ms: int, end_ms: int, *, counts: bool, gap_ms: int) -> bool:
        """Take one frame in; returns True if this frame ended a run that had not become a turn."""
        if counts:
            if self.onset_ms is None:
                self.onset_ms = self.speech_end_ms = start_ms
            bridged = start_ms - self.speech_end_ms <= BRIDGED_MS
            self.speech_ms += end_ms - (self.speech_end_ms if bridged else start_ms)
            self.speech_end_ms = end_ms
            return False
        if self.onset_ms is not None and end_ms - self.speech_end_ms > gap_ms:
            self.clear()
            return True
        return False

    def clear(self) -> None:
        """Forget the run."""
        self.onset_ms = None
        self.speech_ms = 0
