"""What the stack knows of a call, or can do with it, and its binding does not offer."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from telephony.baresip.library import GLANCE_S, POINTER, TEXT, WHOLE, Element, Library
from telephony.errors import LineError

_INACTIVE, _SENDRECV = 0, 3  # enum sdp_dir
_WE_SEND = 2  # its bit; the remote direction is told from our side
_ADDRESS = 1  # enum sa_flag


class _Codec(ctypes.Structure):
    _fields_ = (
        ("in_list", Element),
        ("payload_type", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("sample_rate", ctypes.c_uint32),
    )


class NativeCalls(Library):
    """Calls are named by their SIP Call-ID."""

    def __init__(self) -> None:
        super().__init__()
        self._declare(
            (
                ("uag_call_find", POINTER, (TEXT,)),
                ("call_get_ua", POINTER, (POINTER,)),
                ("call_audio", POINTER, (POINTER,)),
                ("audio_codec", POINTER, (POINTER, ctypes.c_bool)),
                ("audio_strm", POINTER, (POINTER,)),
                ("stream_sdpmedia", POINTER, (POINTER,)),
                ("sdp_media_rdir", WHOLE, (POINTER,)),
                ("sdp_media_raddr", POINTER, (POINTER,)),
                ("sa_isset", ctypes.c_bool, (POINTER, WHOLE)),
                ("call_progress_dir", WHOLE, (POINTER, WHOLE, WHOLE)),
                ("stream_enable_rtp_timeout", None, (POINTER, ctypes.c_uint32)),
                ("baresip_vidcodecl", POINTER, ()),
                ("vidcodec_unregister", None, (POINTER,)),
                ("ua_alloc", WHOLE, (POINTER, TEXT)),
                ("ua_destroy", WHOLE, (POINTER,)),
                ("ua_hangup", None, (POINTER, POINTER, ctypes.c_uint16, TEXT)),
            )
        )

    def refuse(self, call_id: str, code: int, reason: str) -> bool:
        """End the call by a final status; False if there is none."""

        def work() -> bool:
            call = self._lib.uag_call_find(call_id.encode())
            if call:
                self._lib.ua_hangup(self._lib.call_get_ua(call), call, code, reason.encode())
            return bool(call)

        return self._run(work)

    def has_call(self, call_id: str) -> bool:
        """Whether there is one; may be asked on the stack's own thread too."""
        return self._run(lambda: bool(self._lib.uag_call_find(call_id.encode())), GLANCE_S)

    def codec(self, call_id: str) -> str:
        """The lower-case name of the codec we send with; empty before there is one."""

        def work() -> str:
            audio = self._audio(call_id)
            codec = self._lib.audio_codec(audio, True) if audio else None
            return _Codec.from_address(codec).name.decode().lower() if codec else ""

        return self._run(work)

    def held(self, call_id: str) -> bool:
        """Whether the far end's description says that it does not listen (RFC 3264 §8.4).

        Either by its direction or, as before RFC 3264, by the address 0.0.0.0.
        """

        def work() -> bool:
            audio = self._audio(call_id)
            if not audio:
                return False
            media = self._lib.stream_sdpmedia(self._lib.audio_strm(audio))
            address = self._lib.sdp_media_raddr(media)
            listens = self._lib.sdp_media_rdir(media) & _WE_SEND
            return not (listens and self._lib.sa_isset(address, _ADDRESS))

        return self._run(work)

    def watch_rtp(self, call_id: str, loss_ms: int) -> None:
        """End the call where no RTP comes for this long; 0 is never."""

        def work() -> None:
            audio = self._audio(call_id)
            if audio:
                self._lib.stream_enable_rtp_timeout(self._lib.audio_strm(audio), loss_ms)

        self._run(work)

    @contextmanager
    def contact_taken(self, user: str) -> Iterator[None]:
        """Agents that are made meanwhile get a random contact user instead of this one.

        The stack looks for a request's user among the contacts before it looks at the transport:
        an agent with a name that can be guessed takes calls of all transports.
        """
        agent = ctypes.c_void_p()
        address = f"<sip:{user}@127.0.0.1>;regint=0".encode()
        try:
            if self._run(lambda: self._lib.ua_alloc(ctypes.byref(agent), address)):
                raise LineError(f"the SIP stack takes no user {user!r}")
            yield
        finally:  # in the stack's order, so also after an allocation that came too late
            self._run(lambda: agent.value and self._lib.ua_destroy(agent))

    def progress(self, call_id: str) -> bool:
        """Send 183 with a media description both ways; False if no such call rings here."""

        def work() -> bool:
            call = self._lib.uag_call_find(call_id.encode())
            # The plain call_progress() describes inactive media where answers are not automatic.
            return bool(call) and not self._lib.call_progress_dir(call, _SENDRECV, _INACTIVE)

        return self._run(work)

    def voice_only(self) -> None:
        """Forget all video codecs: video is refused in offers, and our own have none."""

        def work() -> None:
            codecs = self._lib.baresip_vidcodecl()
            while first := ctypes.c_void_p.from_address(codecs).value:
                self._lib.vidcodec_unregister(Element.from_address(first).data)

        self._soon(work)

    def _audio(self, call_id: str) -> int | None:
        call = self._lib.uag_call_find(call_id.encode())
        audio: int | None = self._lib.call_audio(call) if call else None
        return audio
