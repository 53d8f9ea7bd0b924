"""`CallAudio` for the pump: the same calls into the stack, without giving Python away.

The binding lets go of the interpreter (GIL) around each of its calls. They take a microsecond;
but where another thread waits to compute and the cores are taken, each release is a chance to
lose the interpreter for that thread's turn of 5 ms (`sys.getswitchinterval`), and the pump makes
thousands of calls a second. `ctypes.PyDLL` keeps it. Measured by `make bench-line` at 100 calls
beside a busy thread on two cores: the event loop's worst lag fell from 479 to 63 ms and the
packets that were silent for want of audio from 38 % to none.

That cannot deadlock: the stack takes one lock in these functions and never enters Python while
it holds that lock (said and kept in aumem.c of baresip-python).
"""

from __future__ import annotations

import ctypes
import errno
from typing import Any

import baresip._native as extension
from baresip import AudioNotActive, AudioRestarted

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


class RingInfo(ctypes.Structure):
    """struct bp_audio_info, with the binding's names: rates in Hz, fills in bytes."""

    _fields_ = tuple(
        (name, ctypes.c_uint32)
        for name in (
            *("epoch", "tx_ready", "rx_ready", "tx_sample_rate", "tx_channels", "tx_ptime_ms"),
            *("rx_sample_rate", "rx_channels", "tx_buffered", "tx_capacity"),
            *("rx_buffered", "rx_capacity"),
        )
    )


def _library() -> Any:
    library = ctypes.PyDLL(extension.__file__)
    whole, number, pointer = ctypes.c_int32, ctypes.c_uint32, ctypes.c_void_p
    for name, arguments in (
        ("bp_audio_read", (number, number, pointer, number)),
        ("bp_audio_write", (number, number, ctypes.c_char_p, number)),
        ("bp_audio_flush_tx", (number, number)),
        ("bp_audio_stats_get", (number, pointer)),
        ("bp_audio_probe", (number, pointer)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = whole, list(arguments)
    return library


_lib = _library()
_buffer = ctypes.create_string_buffer(_READ_BYTES)  # one thread, the event loop's, reads
_buffer_at = ctypes.addressof(_buffer)
_view = memoryview(_buffer)


class DirectAudio:
    """One call's rings, with the methods of `CallAudio`; for the event loop's thread only.

    Raises what `CallAudio` raises: AudioNotActive while there is no media, AudioRestarted once
    after the stack has replaced it.
    """

    def __init__(self, call_handle: int) -> None:
        self._handle = call_handle
        self._epoch: int | None = None
        self._stats = RingStats()
        self._stats_at = ctypes.addressof(self._stats)
        self._info = RingInfo()
        self._info_at = ctypes.addressof(self._info)

    def stats(self) -> RingStats:
        """The counters; the same object each time."""
        if _lib.bp_audio_stats_get(self._handle, self._stats_at):
            raise self._gone()
        self._epoch = self._stats.epoch
        return self._stats

    def info(self) -> RingInfo:
        """Rates and fills; the same object each time."""
        if _lib.bp_audio_probe(self._handle, self._info_at):
            raise self._gone()
        self._epoch = self._info.epoch
        return self._info

    def read(self, max_bytes: int) -> bytes:
        """What was received, at most so much; empty if there is nothing."""
        epoch = self._bound()
        most = min(max_bytes, _READ_BYTES)
        return bytes(
            _view[: self._checked(_lib.bp_audio_read(self._handle, epoch, _buffer_at, most))]
        )

    def write(self, pcm: bytes) -> int:
        """Queue audio; how many bytes were taken."""
        if not pcm:
            return 0
        epoch = self._bound()
        return self._checked(_lib.bp_audio_write(self._handle, epoch, pcm, len(pcm)))

    def flush_tx(self) -> None:
        """Drop what is queued; takes effect on the stack's next frame."""
        epoch = self._bound()
        self._checked(_lib.bp_audio_flush_tx(self._handle, epoch))

    def _bound(self) -> int:
        """The media that we know; the stack refuses access to another by mistake."""
        return self.info().epoch if self._epoch is None else self._epoch

    def _checked(self, count: int) -> int:
        if count == -errno.ESTALE:
            self._epoch = None
            raise AudioRestarted("the call's audio was renegotiated; what was queued is lost")
        if count < 0:
            raise self._gone()
        return count

    def _gone(self) -> AudioNotActive:
        self._epoch = None
        return AudioNotActive("no audio is active on this call")
