"""The tape: a stereo recording of a call, caller left and bot right, written as the call goes.

8 kHz, 16 bit, PCM WAV. Both channels come from the call's one clock (`telephony.api.AudioTap`),
so times measured between them are the truth. The header is made valid after every second of
audio: a process that is killed leaves a file that opens and misses at most that last second.
"""

from __future__ import annotations

import logging
import struct
from array import array
from pathlib import Path
from typing import BinaryIO

from telephony.api import SAMPLE_RATE
from telephony.errors import TapeError

_CHANNELS = 2
_BLOCK = 2 * _CHANNELS
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_WRITE_EVERY = SAMPLE_RATE
_log = logging.getLogger("telephony")


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

    def silence(self, start: int, end: int, *, right: bool) -> None:
        """Make samples `start` to `end` of one side silent; those not held are left alone."""
        side = self._right if right else self._left
        first, last = max(start, 0) * 2, min(end * 2, len(side))
        if first < last:
            side[first:last] = bytes(last - first)

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
    is its own. Raises TapeError if the file cannot be made, and from `received` and `sent` if it
    cannot be written any more: the call lets go of a tape that raises, and goes on. What was
    written until then opens.
    """

    def __init__(self, path: Path, *, swapped: bool = False) -> None:
        self.path = path
        self._swapped = swapped
        self._mixer = StereoMixer()
        self._frames = 0
        self._paused = False
        self._file: BinaryIO | None = None
        try:
            self._file = path.open("wb", buffering=0)
            self._write_all(self._file, wav_header(0))
        except OSError as error:
            self._let_go()
            raise TapeError(
                f"{path}: the recording cannot be made: {error.strerror}; recordings need a "
                "folder that exists, can be written to and has room"
            ) from error

    @property
    def duration_ms(self) -> int:
        """Length of what is on the tape and in hand."""
        return (self._frames + self._mixer.ready) * 1000 // SAMPLE_RATE

    @property
    def paused(self) -> bool:
        """Whether silence is recorded at the moment."""
        return self._paused

    def pause(self) -> None:
        """Record silence from now on, on both sides: who opts out is not heard, times stay true.

        Effective with the next audio; what was recorded before stays. Idempotent.
        """
        self._paused = True

    def resume(self) -> None:
        """Record again. Idempotent."""
        self._paused = False

    def silence(self, start_ms: int, end_ms: int, *, sent: bool) -> None:
        """Make what was recorded of one side between two moments silent, for good.

        Times count from the start of the tape; what is not recorded yet is left alone. Raises
        TapeError if the file cannot be changed.
        """
        start, end = (max(ms, 0) * SAMPLE_RATE // 1000 for ms in (start_ms, end_ms))
        right = sent is not self._swapped
        self._mixer.silence(start - self._frames, end - self._frames, right=right)
        end = min(end, self._frames)
        if start >= end:
            return
        try:
            with self.path.open("r+b") as file:
                file.seek(_HEADER.size + start * _BLOCK)
                stereo = array("h", file.read((end - start) * _BLOCK))
                stereo[int(right) :: _CHANNELS] = array("h", bytes(2 * (end - start)))
                file.seek(_HEADER.size + start * _BLOCK)
                file.write(stereo.tobytes())
        except (OSError, ValueError) as error:  # ValueError: the file was cut by someone else
            raise TapeError(
                f"{self.path}: {start_ms} to {end_ms} ms cannot be silenced: {error}; delete the "
                "recording if it must not be heard"
            ) from error

    def received(self, pcm: bytes) -> None:
        """Audio of the far end (`AudioTap`)."""
        self._put(pcm, right=self._swapped)

    def sent(self, pcm: bytes) -> None:
        """Audio that left for the far end (`AudioTap`)."""
        self._put(pcm, right=not self._swapped)

    def close(self) -> None:
        """Write what is left and close the file; a failure is logged.

        Idempotent; later audio is ignored.
        """
        try:
            self._write(self._mixer.take_rest())
        except TapeError as error:
            _log.error("%s", error)
        self._let_go()

    def _put(self, pcm: bytes, *, right: bool) -> None:
        if self._file is None:
            return
        if self._paused:
            pcm = bytes(len(pcm))
        (self._mixer.right if right else self._mixer.left)(pcm)
        if self._mixer.ready >= _WRITE_EVERY:
            self._write(self._mixer.take())

    def _write(self, stereo: bytes) -> None:
        # Samples first, header second: a kill in between leaves a header that tells less than
        # the file holds, never more.
        file = self._file
        if file is None:
            return
        try:
            file.seek(_HEADER.size + self._frames * _BLOCK)
            self._write_all(file, stereo)
            self._frames += len(stereo) // _BLOCK
            file.seek(0)
            self._write_all(file, wav_header(self._frames))
        except OSError as error:
            kept_s = self._frames / SAMPLE_RATE
            self._let_go()
            raise TapeError(
                f"{self.path}: the recording ends after {kept_s:.0f} s: {error.strerror}; make "
                "room or repair the disk"
            ) from error

    @staticmethod
    def _write_all(file: BinaryIO, data: bytes) -> None:
        """A disk that is nearly full takes a part first and refuses the rest with its reason."""
        while data:
            data = data[file.write(data) :]

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
