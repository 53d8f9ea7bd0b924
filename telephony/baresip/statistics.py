"""Reads the stack's counters of all calls' media, once a second.

The binding tells them only when the far end sends RTCP, which many trunks never do, and at the
end of the call. The counters themselves are always there: libre counts every RTP packet that
arrives (`rtcp_stats`, re_rtp.h), libbaresip what its jitter buffer did with it (baresip.h).

All calls are read under one hold of the stack's lock, and with calls that keep the interpreter
(`PyDLL`): giving it up in between would make the stack's thread wait for whatever Python thread
computes at the time.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from typing import Any

import baresip._native as extension

from telephony.quality import Buffered, Reading

EVERY_S = 1.0


class _Direction(ctypes.Structure):
    _fields_ = (("sent", ctypes.c_uint32), ("lost", ctypes.c_int), ("jitter_us", ctypes.c_uint32))


class _Rtcp(ctypes.Structure):
    """`struct rtcp_stats`."""

    _fields_ = (("tx", _Direction), ("rx", _Direction), ("rtt_us", ctypes.c_uint32))


class _Buffer(ctypes.Structure):
    """`struct jbuf_stat`, with room for more."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("put", "get", "out_of_sequence", "duplicates")),
        *((name, ctypes.c_uint32) for name in ("late", "late_lost", "lost", "overflow")),
        *((name, ctypes.c_uint32) for name in ("flush", "gnacks", "delay_ms", "packets")),
        ("room", ctypes.c_uint32 * 16),
    )


class StreamMonitor:
    """Tells each watched call its counters every second, from the event loop."""

    def __init__(self) -> None:
        self._inside: Any = ctypes.PyDLL(extension.__file__)
        self._outside: Any = ctypes.CDLL(extension.__file__)
        pointer, whole, count = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32
        for name, result, arguments in (
            ("uag_call_find", pointer, (ctypes.c_char_p,)),
            ("call_audio", pointer, (pointer,)),
            ("audio_strm", pointer, (pointer,)),
            ("stream_rtp_sock", pointer, (pointer,)),
            ("stream_ssrc_rx", whole, (pointer, pointer)),
            ("rtcp_stats", whole, (pointer, count, pointer)),
            ("stream_jbuf_stats", whole, (pointer, pointer)),
            ("stream_metric_get_tx_n_packets", count, (pointer,)),
        ):
            function = getattr(self._inside, name)
            function.restype, function.argtypes = result, list(arguments)
        self._watched: dict[str, Callable[[Reading], None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, call_id: str, tell: Callable[[Reading], None]) -> None:
        """Call `tell` every second from now on, as long as the call has media."""
        self._watched[call_id] = tell
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._tick)

    def forget(self, call_id: str) -> None:
        """The call has ended. Idempotent."""
        self._watched.pop(call_id, None)
        if not self._watched and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def read(self, *call_ids: str) -> dict[str, Reading]:
        """The counters of these calls now; those without media are left out."""
        # The stack's thread may hold its lock and wait for the interpreter: give it up here.
        self._outside.re_thread_enter()
        try:
            found = {call_id: self._read(call_id.encode()) for call_id in call_ids}
        finally:
            self._outside.re_thread_leave()
        return {call_id: reading for call_id, reading in found.items() if reading is not None}

    def lost(self, call_id: str) -> int:
        """Packets of this call that are missing so far.

        With a jitter buffer, those that it has come upon, counted in the moment in which the
        packet after the gap is played; without one, gaps between what has arrived.
        """
        self._outside.re_thread_enter()
        try:
            stream = self._stream(call_id.encode())
            buffer = self._buffer(stream)
            source, rtcp = self._rtcp(stream) if stream and not buffer.put else (0, _Rtcp())
        finally:
            self._outside.re_thread_leave()
        return int(buffer.lost) if not source else max(0, int(rtcp.rx.lost))

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._tick)
        for call_id, reading in self.read(*self._watched).items():
            self._watched[call_id](reading)

    def _stream(self, call_id: bytes) -> int | None:
        stack = self._inside
        call = stack.uag_call_find(call_id)
        audio = stack.call_audio(call) if call else None
        return stack.audio_strm(audio) if audio else None

    def _buffer(self, stream: int | None) -> _Buffer:
        """All zero without a jitter buffer."""
        buffer = _Buffer()
        self._inside.stream_jbuf_stats(stream, ctypes.byref(buffer))
        return buffer

    def _rtcp(self, stream: int) -> tuple[int, _Rtcp]:
        """The SSRC that comes in and its counters; zeros before the first packet."""
        source, rtcp = ctypes.c_uint32(), _Rtcp()
        if not self._inside.stream_ssrc_rx(stream, ctypes.byref(source)):
            socket = self._inside.stream_rtp_sock(stream)
            self._inside.rtcp_stats(socket, source, ctypes.byref(rtcp))
        return source.value, rtcp

    def _read(self, call_id: bytes) -> Reading | None:
        stack, stream = self._inside, self._stream(call_id)
        if not stream:
            return None
        sent = stack.stream_metric_get_tx_n_packets(stream)
        source, rtcp = self._rtcp(stream)
        buffer = self._buffer(stream)
        return Reading(
            source=source,
            received=rtcp.rx.sent,
            missing=rtcp.rx.lost,
            jitter_ms=rtcp.rx.jitter_us / 1000,
            buffered=Buffered(
                starts=buffer.flush,
                put=buffer.put,
                waiting=buffer.packets,
                refused=buffer.late_lost + buffer.overflow,
                overdue=buffer.late,
                duplicated=buffer.duplicates,
                delay_ms=float(buffer.delay_ms),
            ),
            sent=sent,
            far_lost=rtcp.tx.lost,
            far_jitter_ms=rtcp.tx.jitter_us / 1000,
            rtt_ms=rtcp.rtt_us / 1000,
        )
