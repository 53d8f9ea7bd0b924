"""`CallAudio` for the pump: the same calls into the stack, without giving Python away.

The binding lets go of the interpreter (GIL) around each of its calls. They take a microsecond,
but where another thread computes, getting the interpreter back takes that thread's turn of 5 ms
(`sys.getswitchinterval`): at 100 calls of three each the pump would need a second for a tick
that is due every 10 ms. `ctypes.PyDLL` keeps it.

That cannot deadlock: the stack takes one lock in these functions and never enters Python while
it holds that lock (said and kept in aumem.c of baresip-python).
"""

from __future__ import annotations

import ctypes
from typing import Any

import baresip._native as extension
from baresip import AudioNotActive
from baresip.audio import CallAudio

_READ_BYTES = 64_000  # more than the stack keeps: 2 s at 16 kHz


class RingStats(ctypes.Structure):
    """struct bp_audio_stats, with the binding's names; bytes and frames since the media began."""

    _fields_ = (
        ("epoch", ctypes.c_uint32),
        ("tx_buffered", ctypes.c_uint32),
        ("tx_high_water", ctypes.c_uint32),
        ("rx_buffered", ctypes.c_uint32),
        ("rx_high_water", ctypes.c_uint32),
        ("tx_silence_frames", ctypes.c_uint64),
        ("tx_starved_frames", ctypes.c_uint64),
        ("tx_rejected_bytes", ctypes.c_uint64),
        ("tx_flushed_bytes", ctypes.c_uint64),
        ("rx_dropped_bytes", ctypes.c_uint64),
        ("rx_discarded_bytes", ctypes.c_uint64),
    )


def _library() -> Any:
    library = ctypes.PyDLL(extension.__file__)
    whole, number = ctypes.c_int32, ctypes.c_uint32
    for name, arguments in (
        ("bp_audio_read", (number, number, ctypes.c_void_p, number)),
        ("bp_audio_write", (number, number, ctypes.c_char_p, number)),
        ("bp_audio_stats_get", (number, ctypes.c_void_p)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = whole, list(arguments)
    return library


_lib = _library()
_buffer = ctypes.create_string_buffer(_READ_BYTES)  # one thread, the event loop's, reads
_buffer_at = ctypes.addressof(_buffer)
_view = memoryview(_buffer)


class DirectAudio(CallAudio):
    """One call's rings, for use from the event loop's thread. Raises what `CallAudio` does."""

    def __init__(self, call_handle: int) -> None:
        super().__init__(call_handle)
        self._stats = RingStats()
        self._stats_at = ctypes.addressof(self._stats)

    def counters(self) -> RingStats:
        """What `stats` tells, in the same object each time."""
        if _lib.bp_audio_stats_get(self._handle, self._stats_at) != 0:
            self._bound_epoch = None
            raise AudioNotActive("no audio is active on this call")
        self._bound_epoch = self._stats.epoch
        return self._stats

    def write(self, pcm: bytes) -> int:
        if not pcm:
            return 0
        epoch = self._ensure_bound()
        return int(self._checked(_lib.bp_audio_write(self._handle, epoch, pcm, len(pcm))))

    def read(self, max_bytes: int) -> bytes:
        epoch = self._ensure_bound()
        most = min(max_bytes, _READ_BYTES)
        size = self._checked(_lib.bp_audio_read(self._handle, epoch, _buffer_at, most))
        return bytes(_view[:size])
