"""The clock of received audio: whatever the network does, one frame every 20 ms. Sans-I/O.

The far end may send late, in bursts, too fast, or nothing at all (hold, silence suppression,
a dead path). Recognizers, timers and the tape need a steady clock instead, so the count of
frames given out is tied to elapsed time and never further from it than the two bounds below.
"""

from __future__ import annotations

from telephony.api import FRAME_BYTES, FRAME_MS

SILENCE = bytes(FRAME_BYTES)


class FramePacer:
    """Turns received PCM and the passing of time into frames of 20 ms.

    `late_ms`: when nothing has arrived for this long past its time, silence is given out
    instead. `early_ms`: audio that follows a late stretch may run ahead of the clock by this
    much before it is dropped, so that a burst after a delay is not lost.
    """

    def __init__(self, *, late_ms: int = 60, early_ms: int = 60) -> None:
        self._late = late_ms // FRAME_MS
        self._early = early_ms // FRAME_MS
        self._start_s = 0.0
        self._buffer = bytearray()
        self._given = 0
        self._in_step = False
        self.dropped_frames = 0
        self.silent_frames = 0

    def start(self, now_s: float) -> None:
        """The call's media begins now; the clock reads zero."""
        self._start_s = now_s

    @property
    def given(self) -> int:
        """Frames given out so far: the call's clock in units of 20 ms."""
        return self._given

    def push(self, pcm: bytes) -> None:
        """Audio arrived: any length, s16le 8 kHz."""
        self._buffer += pcm

    def room(self, now_s: float, coming: int) -> int:
        """How many frames the clock lacks before `coming` bytes that are about to be pushed.

        A gap in a stream that is in step may be filled by so many: more would run early.
        """
        if not self._in_step:
            return 0
        due = int((now_s - self._start_s) * 1000 / FRAME_MS + 1e-6)
        held = self._given + (len(self._buffer) + coming) // FRAME_BYTES
        return max(0, due + 1 - held)

    def frames(self, now_s: float) -> list[bytes]:
        """The frames to give out at `now_s`: received audio first, silence where it is missing."""
        due = int((now_s - self._start_s) * 1000 / FRAME_MS + 1e-6)
        out = self._fall_in_step(due)
        while len(self._buffer) >= FRAME_BYTES and self._given < due + self._early:
            out.append(bytes(self._buffer[:FRAME_BYTES]))
            del self._buffer[:FRAME_BYTES]
            self._given += 1
        self._drop_surplus()
        while self._given < due - self._late:
            out.append(SILENCE)
            self._given += 1
            self.silent_frames += 1
            self._in_step = False
        return out

    def _fall_in_step(self, due: int) -> list[bytes]:
        """Silence for the time before the first audio, of the call or after a gap.

        Without it a stream that begins 50 ms late would run 50 ms early on the tape for the
        whole call, and hide just that much of the far end's delay.
        """
        if self._in_step or len(self._buffer) < FRAME_BYTES:
            return []
        self._in_step = True
        missing = max(0, due - len(self._buffer) // FRAME_BYTES - self._given)
        self._given += missing
        self.silent_frames += missing
        return [SILENCE] * missing

    def _drop_surplus(self) -> None:
        """What is left is ahead of the clock already: old audio goes, the newest frame stays."""
        surplus = len(self._buffer) // FRAME_BYTES - 1
        if surplus > 0:
            del self._buffer[: surplus * FRAME_BYTES]
            self.dropped_frames += surplus


class SentClock:
    """Keeps the stream of sent audio as long as the call, also while the stack sends nothing.

    On hold the stack's sender stands still and reports nothing; the tape must not slip.
    """

    def __init__(self, *, slack_ms: int = 120) -> None:
        self._slack = slack_ms
        self._start_s = 0.0
        self._total = 0
        self._in_step = False

    def start(self, now_s: float) -> None:
        """The call's media begins now."""
        self._start_s = now_s

    def fit(self, left: bytes, now_s: float) -> bytes:
        """`left` is what has left since the last call; silence is added where time has passed.

        The first audio to leave is put at its time, however late or early the stack's sender
        began: the tape must not hide that delay.
        """
        due = int((now_s - self._start_s) * 1000 / FRAME_MS + 1e-6) * FRAME_BYTES
        if left and not self._in_step:
            self._in_step = True
            left = left[max(0, len(left) - due) :]
            left = bytes(max(0, due - self._total - len(left))) + left
        self._total += len(left)
        if due - self._total <= self._slack // FRAME_MS * FRAME_BYTES:
            return left
        missing = due - self._total
        self._total = due
        self._in_step = False
        return left + bytes(missing)
