"""What libre and libbaresip can do and their Python binding does not offer.

The binding's extension module exports every public symbol of the two C libraries it contains,
so they are called here through ctypes: any final status for a refusal, a look at each SIP
request before the stack acts on it, the codec that was agreed. Only documented functions of
libre 4.10 (re_sip.h, re_list.h, re_main.h) and libbaresip 4.10 (baresip.h) are used, and three
small structs; `NativeStack` proves them on a message of its own before they are trusted.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import baresip._native as extension

from telephony.baresip.statistics import StreamMonitor
from telephony.errors import LineError
from telephony.sip_request import RawRequest, Reply, Screen

KNOWN_VERSION = "4.10.0"
_PROBE = (
    b"OPTIONS sip:probe@192.0.2.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKprobe\r\n"
    b"From: <sip:a@192.0.2.2>;tag=1\r\nTo: <sip:probe@192.0.2.1>\r\n"
    b"Call-ID: probe-call\r\nCSeq: 1 OPTIONS\r\nX-Last: end\r\nContent-Length: 0\r\n\r\n"
)
_VALUE_BYTES = 1024
_VIA = 3961  # enum sip_hdrid
_COMPACT = {  # RFC 3261 section 7.3.3 and RFC 3515, 3892, 6665
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
}
_log = logging.getLogger("telephony")


class _Text(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("size", ctypes.c_size_t))

    def __bytes__(self) -> bytes:
        return ctypes.string_at(self.start, self.size) if self.start else b""


class _Element(ctypes.Structure):
    _fields_ = (
        ("previous", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("list", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
    )


class _Header(ctypes.Structure):
    _fields_ = (("in_list", _Element), ("in_hash", _Element), ("name", _Text), ("value", _Text))


class _Codec(ctypes.Structure):
    _fields_ = (
        ("in_list", _Element),
        ("payload_type", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("sample_rate", ctypes.c_uint32),
    )


class NativeStack:
    """The running stack's functions. Raises LineError if the extension is not the known one."""

    def __init__(self) -> None:
        self._lib: Any = ctypes.CDLL(extension.__file__)
        try:
            self._declare()
        except AttributeError as error:
            raise LineError(f"baresip-python lacks {error}; install the pinned version") from None
        version = self._lib.sys_libre_version_get().decode()
        if version != KNOWN_VERSION:
            raise LineError(
                f"libre {KNOWN_VERSION} is expected inside baresip-python, got {version}; "
                "install the pinned version"
            )
        address = self._lib.sa_struct_get_size()
        self._method_at = -(-2 * address // 8) * 8 + ctypes.sizeof(_Text)
        self._listener = ctypes.c_void_p()
        self._callback: Any = None
        self._own_thread = 0
        self._prove()
        self.monitor = StreamMonitor()

    def _declare(self) -> None:
        pointer, text, whole = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        for name, result, arguments in (
            ("sys_libre_version_get", text, ()),
            ("sa_struct_get_size", ctypes.c_size_t, ()),
            ("sa_ntop", whole, (pointer, text, whole)),
            ("sa_port", ctypes.c_uint16, (pointer,)),
            ("uag_sip", pointer, ()),
            ("sip_listen", whole, (pointer, pointer, ctypes.c_bool, pointer, pointer)),
            ("sip_msg_decode", whole, (pointer, pointer)),
            ("sip_msg_hdr", pointer, (pointer, whole)),
            ("sip_replyf", whole, (pointer, pointer, ctypes.c_uint16, text, text)),
            ("list_unlink", None, (pointer,)),
            ("list_prepend", None, (pointer, pointer, pointer)),
            ("mbuf_alloc", pointer, (ctypes.c_size_t,)),
            ("mbuf_write_mem", whole, (pointer, text, ctypes.c_size_t)),
            ("mem_deref", pointer, (pointer,)),
            ("re_thread_enter", None, ()),
            ("re_thread_leave", None, ()),
            ("uag_call_find", pointer, (text,)),
            ("call_get_ua", pointer, (pointer,)),
            ("call_audio", pointer, (pointer,)),
            ("audio_codec", pointer, (pointer, ctypes.c_bool)),
            ("call_progress", whole, (pointer,)),
            ("ua_hangup", None, (pointer, pointer, ctypes.c_uint16, text)),
        ):
            function = getattr(self._lib, name)
            function.restype, function.argtypes = result, list(arguments)

    def _prove(self) -> None:
        """Decode a request of our own and read it back through the structs."""
        buffer = self._lib.mbuf_alloc(len(_PROBE))
        message = ctypes.c_void_p()
        try:
            self._lib.mbuf_write_mem(buffer, _PROBE, len(_PROBE))
            # struct mbuf begins with buf, size, pos, end; decoding starts at pos.
            ctypes.c_size_t.from_address(buffer + 16).value = 0
            failed = self._lib.sip_msg_decode(ctypes.byref(message), buffer)
            seen = None if failed else self._read(message.value or 0)
        finally:
            self._lib.mem_deref(message.value)
            self._lib.mem_deref(buffer)
        if seen is None or (seen.method, seen.uri, seen.headers[-2]) != (
            "OPTIONS",
            "sip:probe@192.0.2.1",
            ("x-last", "end"),
        ):
            raise LineError("baresip-python is laid out otherwise; install the pinned version")

    @contextmanager
    def _stack(self) -> Iterator[None]:
        """Hold the stack's lock, as its own thread does while it works."""
        if threading.get_ident() == self._own_thread:
            yield  # a `decide` of `screen`: the lock is held, and taking it twice hangs
            return
        self._lib.re_thread_enter()
        try:
            yield
        finally:
            self._lib.re_thread_leave()

    def screen(self, decide: Screen) -> None:
        """Let `decide` see every incoming request first, on the stack's thread.

        It must be quick and must not wait for the event loop. If it raises, the request is
        dropped. Ends with the stack.
        """

        def handle(message: int, _argument: int) -> bool:
            try:
                self._own_thread = threading.get_ident()
                verdict = decide(self._read(message))
                if isinstance(verdict, Reply):
                    self._reply(message, verdict)
                return verdict is not True
            except Exception:
                _log.exception("a SIP request could not be judged and is dropped")
                return True

        prototype = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)
        self._callback = prototype(handle)
        with self._stack():
            handler = ctypes.cast(self._callback, ctypes.c_void_p)
            failed = self._lib.sip_listen(
                ctypes.byref(self._listener), self._lib.uag_sip(), True, handler, None
            )
            if failed:
                raise LineError(f"the SIP stack takes no listener (errno {failed})")
            # First in the list, before the stack's own: it would answer OPTIONS and ring.
            element = _Element.from_address(self._listener.value or 0)
            in_list, data = element.list, element.data
            self._lib.list_unlink(self._listener)
            self._lib.list_prepend(in_list, self._listener, data)

    def _read(self, message: int) -> RawRequest:
        address = ctypes.create_string_buffer(64)
        self._lib.sa_ntop(message, address, len(address))
        method = _Text.from_address(message + self._method_at)
        uri = _Text.from_address(message + self._method_at + ctypes.sizeof(_Text))
        headers = tuple(self._headers(message))
        return RawRequest(
            _plain(bytes(method)),
            _plain(bytes(uri)),
            address.value.decode("ascii", "replace"),
            self._lib.sa_port(message),
            tuple((_name(name), _plain(value)) for name, value in headers),
            sum(len(name) + len(value) for name, value in headers),
            max((len(value) for _, value in headers), default=0),
        )

    def _headers(self, message: int) -> Iterator[tuple[bytes, bytes]]:
        found = self._lib.sip_msg_hdr(message, _VIA)  # nothing without it is decoded
        if not found:
            return
        list_head = _Header.from_address(found).in_list.list
        at = ctypes.c_void_p.from_address(list_head).value
        while at:
            element = _Element.from_address(at)
            header = _Header.from_address(element.data)
            yield bytes(header.name), bytes(header.value)
            at = element.next

    def _reply(self, message: int, reply: Reply) -> None:
        lines = "".join(f"{line}\r\n" for line in (*reply.headers, "Content-Length: 0"))
        # The stack reads this as a format; without a percent sign it is what it says.
        text = (lines + "\r\n").replace("%", "").encode()
        self._lib.sip_replyf(self._lib.uag_sip(), message, reply.code, reply.reason.encode(), text)

    def refuse(self, call_id: str, code: int, reason: str) -> bool:
        """End the call with this SIP Call-ID by a final status; False if there is none."""
        with self._stack():
            call = self._lib.uag_call_find(call_id.encode())
            if call:
                self._lib.ua_hangup(self._lib.call_get_ua(call), call, code, reason.encode())
            return bool(call)

    def has_call(self, call_id: str) -> bool:
        """Whether the stack has a call with this SIP Call-ID; on any thread, its own included."""
        with self._stack():
            return bool(self._lib.uag_call_find(call_id.encode()))

    def codec(self, call_id: str) -> str:
        """The lower-case name of the codec we send with; empty before there is one."""
        with self._stack():
            call = self._lib.uag_call_find(call_id.encode())
            audio = self._lib.call_audio(call) if call else None
            codec = self._lib.audio_codec(audio, True) if audio else None
            return _Codec.from_address(codec).name.decode().lower() if codec else ""

    def progress(self, call_id: str) -> bool:
        """Send 183 with a media description; False if there is no such call to answer."""
        with self._stack():
            call = self._lib.uag_call_find(call_id.encode())
            return bool(call) and self._lib.call_progress(call) == 0


def _plain(text: bytes) -> str:
    return text[:_VALUE_BYTES].decode("utf-8", "replace")


def _name(name: bytes) -> str:
    plain = _plain(name).lower()
    return _COMPACT.get(plain, plain)
