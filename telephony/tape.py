"""The tape: a stereo recording of a call, caller left and bot right, written as the call goes.

8 kHz, 16 bit, PCM WAV. Both channels come from the call's one clock (`telephony.api.AudioTap`),
so times measured between them are the truth. The header is made valid after every second of
audio: a process that is killed leaves a file that opens and misses at most that last second.
"""

from __future__ import annotations

import struct
from array import array
from pathlib import Path
from typing import BinaryIO

from telephony.api import SAMPLE_RATE

_CHANNELS = 2
_BLOCK = 2 * _CHANNELS
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_WRITE_EVERY = SAMPLE_RATE


def wav_header(frames: int) -> bytes:
    """The 44 bytes of a PCM WAV header for `frames` stereo samples at 8 kHz."""
    size = frames * _BLOCK
    rate = SAMPLE_RATE
    return _HEADER.pack(
        *(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, _CHANNELS),
        *(rate, rate * _BLOCK, _BLOCK, 16, b"data", size),
    )


class StereoMixer:
    """Puts two mono streams side by side. Sans-I/O.

    The received stream is the clock. Bytes may come in any portion; a pair is taken once both
    sides have it.
    """

    def __init__(self) -> None:
        self._left = bytearray()
        self._right = bytearray()

    def left(self, pcm: bytes) -> None:
        self._left += pcm

    def right(self, pcm: bytes) -> None:
        self._right += pcm

    @property
    def ready(self) -> int:
        """Stereo samples that can be taken."""
        return min(len(self._left), len(self._right)) // 2

    def take(self) -> bytes:
        """All stereo samples that are ready, interleaved, s16le."""
        size = self.ready * 2
        out = array("h", bytes(size * _CHANNELS))
        out[0::2] = array("h", bytes(self._left[:size]))
        out[1::2] = array("h", bytes(self._right[:size]))
        del self._left[:size]
        del self._right[:size]
        return out.tobytes()

    def take_rest(self) -> bytes:
        """Everything, the shorter side filled with silence: for the end of the call."""
        longer = max(len(self._left), len(self._right))
        self._left += bytes(longer - len(self._left))
        self._right += bytes(longer - len(self._right))
        return self.take()


class Tape:
    """Records a call into `path`; give it to `Call.attach` before the call is answered.

    `swapped` puts what we sent on the left: for the other end of the line, whose caller side
    is its own. Raises OSError if the file cannot be created.
    """

    def __init__(self, path: Path, *, swapped: bool = False) -> None:
        self.path = path
        self._swapped = swapped
        self._mixer = StereoMixer()
        self._frames = 0
        self._file: BinaryIO | None = path.open("wb", buffering=0)
        self._file.write(wav_header(0))

    @property
    def duration_ms(self) -> int:
        """Length of what is on the tape and in hand."""
        return (self._frames + self._mixer.ready) * 1000 // SAMPLE_RATE

    def received(self, pcm: bytes) -> None:
        """Audio of the far end (`AudioTap`)."""
        self._put(pcm, right=self._swapped)

    def sent(self, pcm: bytes) -> None:
        """Audio that left for the far end (`AudioTap`)."""
        self._put(pcm, right=not self._swapped)

    def close(self) -> None:
        """Write what is left and close the file. Idempotent; later audio is ignored."""
        if self._file is not None:
            self._write(self._mixer.take_rest())
            self._file.close()
            self._file = None

    def _put(self, pcm: bytes, *, right: bool) -> None:
        if self._file is None:
            return
        (self._mixer.right if right else self._mixer.left)(pcm)
        if self._mixer.ready >= _WRITE_EVERY:
            self._write(self._mixer.take())

    def _write(self, stereo: bytes) -> None:
        # Samples first, header second: a kill in between leaves a header that tells less than
        # the file holds, never more.
        if self._file is None:
            return
        self._file.seek(_HEADER.size + self._frames * _BLOCK)
        self._file.write(stereo)
        self._frames += len(stereo) // _BLOCK
        self._file.seek(0)
        self._file.write(wav_header(self._frames))
