"""Audio between the event loop and pyVoIP's two RTP threads of a call, as `telephony.media.Wire`.

Everything here may be called from any thread.
"""

from __future__ import annotations

import threading

from telephony.api import FRAME_BYTES
from telephony.sending import RingState

_KEPT_BYTES = 16_000  # one second: more than the loop ever leaves


class RtpRing:
    """Received audio to read and audio to send; empty and silent until `open`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = bytearray()
        self._sending = bytearray()
        self._flushed = 0
        self._silent_frames = 0
        self._open = False

    def open(self) -> None:
        """The call has media now."""
        with self._lock:
            self._open = True

    def close(self) -> None:
        """The call has none any more; what waited is gone."""
        with self._lock:
            self._open = False
            self._received.clear()
            self._sending.clear()

    def read(self) -> bytes:
        with self._lock:
            pcm = bytes(self._received)
            self._received.clear()
        return pcm

    def state(self) -> RingState | None:
        with self._lock:
            if not self._open:
                return None
            return RingState(len(self._sending), self._flushed, self._silent_frames)

    def write(self, pcm: bytes) -> int:
        with self._lock:
            if not self._open:
                return 0
            self._sending += pcm
            return len(pcm)

    def flush(self) -> None:
        with self._lock:
            self._flushed += len(self._sending)
            self._sending.clear()

    def arrived(self, pcm: bytes) -> None:
        """Audio from the network; the oldest goes when nobody reads."""
        with self._lock:
            self._received += pcm
            del self._received[:-_KEPT_BYTES]

    def next_frame(self) -> bytes:
        """The next 20 ms to send; silence, and counted as such, where nothing waits."""
        with self._lock:
            if len(self._sending) >= FRAME_BYTES:
                frame = bytes(self._sending[:FRAME_BYTES])
                del self._sending[:FRAME_BYTES]
                return frame
            self._silent_frames += 1
            return bytes(FRAME_BYTES)

    def next_silence(self) -> None:
        """20 ms pass without audio: a key is being sent."""
        with self._lock:
            self._silent_frames += 1
