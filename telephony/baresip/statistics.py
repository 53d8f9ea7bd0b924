"""Reads the stack's counters of all calls' media, once a second.

The binding tells them only when the far end sends RTCP, which many trunks never do, and at the
end of the call. The counters themselves are always there: libre counts every RTP packet that
arrives (`rtcp_stats`, re_rtp.h), libbaresip what its jitter buffer did with it (baresip.h).

All calls are read in one piece of work on the stack's thread (`telephony.baresip.library`), with
calls that keep the interpreter (`PyDLL`): giving it up in between would make the stack wait for
whatever Python thread computes at the time. Done from any other thread this would be a deadlock:
the stack holds locks of its streams while it waits for the interpreter to tell an event.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

import baresip._native as extension

from telephony.errors import LineError
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


T = TypeVar("T")
Readings = dict[str, Reading]


class Run(Protocol):
    """Does work on the stack's thread and returns its result. Raises LineError."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


class Post(Protocol):
    """Begins work on the stack's thread. Raises LineError."""

    def __call__(self, work: Callable[[], T], /) -> Future[T]: ...


class StreamMonitor:
    """Tells each watched call its counters every second, from the event loop."""

    def __init__(self, run: Run, post: Post) -> None:
        self._run = run
        self._post = post
        self._inside: Any = ctypes.PyDLL(extension.__file__)
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

    def read(self, *call_ids: str) -> Readings:
        """The counters of these calls now; those without media are left out. Raises LineError."""
        return self._run(lambda: self._read_all(call_ids))

    def lost(self, call_id: str) -> int:
        """Packets of this call that are missing so far. Raises LineError.

        With a jitter buffer, those that it has come upon, counted in the moment in which the
        packet after the gap is played; without one, gaps between what has arrived.
        """
        return self._run(lambda: self._lost(call_id.encode()))

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(EVERY_S, self._tick)
        watched = tuple(self._watched)
        try:
            reading = self._post(lambda: self._read_all(watched))
        except LineError:
            return  # the stack has stopped; its calls are about to be forgotten

        def done(read: Future[Readings]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(self._tell, read)

        reading.add_done_callback(done)

    def _tell(self, read: Future[Readings]) -> None:
        for call_id, reading in read.result().items():
            if call_id in self._watched:
                self._watched[call_id](reading)

    def _read_all(self, call_ids: tuple[str, ...]) -> Readings:
        found = {call_id: self._read(call_id.encode()) for call_id in call_ids}
        return {call_id: reading for call_id, reading in found.items() if reading is not None}

    def _lost(self, call_id: bytes) -> int:
        stream = self._stream(call_id)
        buffer = self._buffer(stream)
        if buffer.put or not stream:
            return int(buffer.lost)
        return max(0, int(self._rtcp(stream)[1].rx.lost))

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
