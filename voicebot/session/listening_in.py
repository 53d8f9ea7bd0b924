"""A call's audio for people who listen in, live; who is slow loses frames, never the call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from telephony import FRAME_BYTES
from telephony.tape import StereoMixer
from voicebot.errors import VoicebotError

STEREO_FRAME_BYTES = 2 * FRAME_BYTES
KEPT_FRAMES = 50
"""What a listener may leave unread: 1 s. Older frames are dropped."""
MOST_LISTENERS = 8
_APART_SAMPLES = 8000
"""One direction is never further ahead of the other than this: the other then counts as silent."""


class TooManyListenersError(VoicebotError):
    """`MOST_LISTENERS` listen to this call already."""


class Listener:
    """One who listens; `lost_frames` is how much they were too slow for."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._over = False
        self.lost_frames = 0

    def offer(self, frame: bytes) -> None:
        """The next frame; the oldest goes where too many are unread."""
        if len(self._frames) >= KEPT_FRAMES:
            self._frames.popleft()
            self.lost_frames += 1
        self._frames.append(frame)
        self._wake.set()

    def close(self) -> None:
        """The call is over; what is unread may still be read."""
        self._over = True
        self._wake.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Frames as they come, to the call's end."""
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self._over:
                return
            self._wake.clear()
            await self._wake.wait()


class ListeningIn:
    """An `AudioTap` of the caller's leg: left what the caller says, right what they hear.

    So the right side is the bot, the ringing, or the seat and who has joined; a whisper to the
    seat is not in it. Costs nothing while nobody listens. Used from the call's event loop only.
    """

    def __init__(self) -> None:
        self._mixer = StereoMixer()
        self._pending = bytearray()
        self._ahead = 0
        self._listeners: list[Listener] = []
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def listen(self) -> AsyncIterator[bytes]:
        """Stereo s16le frames of 20 ms (`STEREO_FRAME_BYTES`), from now to the call's end.

        Close it (``aclose``) to stop earlier. Raises TooManyListenersError.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise TooManyListenersError(
                f"listen in: at most {MOST_LISTENERS} may listen to a call at once; wait until "
                "somebody has left"
            )
        if not self._listeners:
            self._mixer, self._ahead = StereoMixer(), 0
            self._pending.clear()
        listener = Listener()
        if self._closed:
            listener.close()
        else:
            self._listeners.append(listener)
        return self._of(listener)

    async def _of(self, listener: Listener) -> AsyncIterator[bytes]:
        try:
            async for frame in listener.frames():
                yield frame
        finally:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def sent(self, pcm: bytes) -> None:
        """What left for the caller (`AudioTap`)."""
        if self._listeners:
            self._mixer.right(pcm)
            self._ahead -= len(pcm) // 2
            self._share()

    def received(self, pcm: bytes) -> None:
        """What came from the caller (`AudioTap`)."""
        if self._listeners:
            self._mixer.left(pcm)
            self._ahead += len(pcm) // 2
            self._share()

    def close(self) -> None:
        """The call is over. Idempotent."""
        self._closed = True
        for listener in self._listeners:
            listener.close()

    def _share(self) -> None:
        if abs(self._ahead) > _APART_SAMPLES:
            self._pending += self._mixer.take_rest()
            self._ahead = 0
        else:
            self._pending += self._mixer.take()
        while len(self._pending) >= STEREO_FRAME_BYTES:
            frame = bytes(self._pending[:STEREO_FRAME_BYTES])
            del self._pending[:STEREO_FRAME_BYTES]
            for listener in self._listeners:
                listener.offer(frame)
