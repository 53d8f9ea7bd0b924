"""Audio between the event loop and pyVoIP's RTP threads of a call, as `telephony.media.Wire`.

Everything here may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from telephony.api import FRAME_BYTES
from telephony.sending import RingState


class RtpRing:
    """Audio to send, and where received audio is taken from; silent until `open`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._take: Callable[[], bytes] = bytes
        self._sending = bytearray()
        self._flushed = 0
        self._silent_frames = 0
        self._open = False

    def open(self, take: Callable[[], bytes]) -> None:
        """The call has media now; `take` gives what was received, s16le."""
        with self._lock:
            self._take = take
            self._open = True

    def close(self) -> None:
        """The call has none any more; what waited is gone."""
        with self._lock:
            self._open = False
            self._take = bytes
            self._sending.clear()

    def read(self) -> bytes:
        return self._take()

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
