"""What libre and libbaresip can do and their Python binding does not offer.

A look at each SIP request before the stack acts on it, any final status for a refusal, the
codec that was agreed, hold, early media. Only documented functions of libre 4.10 (re_sip.h,
re_list.h, re_main.h) and libbaresip 4.10 (baresip.h) are used, and three small structs;
`NativeStack` proves them on a message of its own before they are trusted.
"""

from __future__ import annotations

import ctypes
import functools
import logging
from collections.abc import Iterator
from typing import Any

from telephony.baresip.library import GLANCE_S, Element
from telephony.baresip.native_calls import NativeCalls
from telephony.baresip.native_tls import NativeTls
from telephony.baresip.statistics import StreamMonitor
from telephony.errors import LineError
from telephony.sip_request import VALUE_BYTES, RawRequest, Reply, Screen, full_name

KNOWN_VERSION = "4.10.0"
_PROBE = (
    b"OPTIONS sip:probe@192.0.2.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKprobe\r\n"
    b"From: <sip:a@192.0.2.2>;tag=1\r\nTo: <sip:probe@192.0.2.1>\r\n"
    b"Call-ID: probe-call\r\nCSeq: 1 OPTIONS\r\nX-Last: end\r\nContent-Length: 0\r\n\r\n"
)
_VIA = 3961  # enum sip_hdrid
_log = logging.getLogger("telephony")


class _Text(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("size", ctypes.c_size_t))

    def __bytes__(self) -> bytes:
        return ctypes.string_at(self.start, self.size) if self.start else b""


class _Header(ctypes.Structure):
    _fields_ = (("in_list", Element), ("in_hash", Element), ("name", _Text), ("value", _Text))


class NativeStack(NativeCalls, NativeTls):
    """The running stack's functions. Raises LineError if the extension is not the known one."""

    def __init__(self) -> None:
        super().__init__()
        self._declare_requests()
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
        self._prove()
        self.monitor = StreamMonitor(functools.partial(self._run, wait_s=GLANCE_S), self._post)

    def _declare_requests(self) -> None:
        pointer, text, whole = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        functions = (
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
        )
        self._declare(functions)

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

    def screen(self, decide: Screen) -> None:
        """Let `decide` see every incoming request first, on the stack's thread.

        It must be quick and must not wait for the event loop. If it raises, the request is
        dropped. Ends with the stack.
        """

        def handle(message: int, _argument: int) -> bool:
            try:
                verdict = decide(self._read(message))
                if isinstance(verdict, Reply):
                    self._reply(message, verdict)
                return verdict is not True
            except Exception:
                _log.exception("a SIP request could not be judged and is dropped")
                return True

        prototype = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)
        self._callback = prototype(handle)
        self._soon(self._listen_first)

    @property
    def screens(self) -> bool:
        """Whether requests are judged: from the stack's first user agent on, or never."""
        return bool(self._listener)

    def _listen_first(self) -> None:
        handler = ctypes.cast(self._callback, ctypes.c_void_p)
        failed = self._lib.sip_listen(
            ctypes.byref(self._listener), self._lib.uag_sip(), True, handler, None
        )
        if failed:
            raise LineError(f"the SIP stack takes no listener (errno {failed})")
        # First in the list, before the stack's own: it would answer OPTIONS and ring.
        element = Element.from_address(self._listener.value or 0)
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
            element = Element.from_address(at)
            header = _Header.from_address(element.data)
            yield bytes(header.name), bytes(header.value)
            at = element.next

    def _reply(self, message: int, reply: Reply) -> None:
        lines = "".join(f"{line}\r\n" for line in (*reply.headers, "Content-Length: 0"))
        # The stack reads this as a format; without a percent sign it is what it says.
        text = (lines + "\r\n").replace("%", "").encode()
        self._lib.sip_replyf(self._lib.uag_sip(), message, reply.code, reply.reason.encode(), text)


def _plain(text: bytes) -> str:
    return text[:VALUE_BYTES].decode("utf-8", "replace")


def _name(name: bytes) -> str:
    return full_name(_plain(name))
