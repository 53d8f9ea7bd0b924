"""SIP over TLS on an address of its own, and whether a call's media are encrypted.

The stack by itself binds TLS to the SIP port plus one, with whatever certificate, and says
nothing where that fails.
"""

from __future__ import annotations

import ctypes
import ssl

from telephony.baresip.library import POINTER, TEXT, WHOLE, Library
from telephony.config import Tls
from telephony.errors import LineError
from telephony.ports import split_address

_METHOD_TLS = 0  # enum tls_method
_TRANSPORT_TLS = 2  # enum sip_transp
_TLS_1_2 = 0x0303


def check_tls(tls: Tls) -> None:
    """Raises LineError where certificate, key or authority are missing or do not fit."""
    host, _ = split_address(tls.listen)
    if host == "0.0.0.0":  # noqa: S104
        raise LineError(f"TLS listen address {tls.listen}: one address is expected, not all")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # A key with a passphrase would ask for it on the terminal.
        context.load_cert_chain(tls.certificate, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise LineError(
            f"TLS certificate {tls.certificate}: a PEM file with private key and certificate is "
            f"expected: {error.strerror or error}"
        ) from None
    try:
        if tls.authority is not None:
            context.load_verify_locations(tls.authority)
    except (OSError, ssl.SSLError) as error:
        raise LineError(
            f"TLS authority {tls.authority}: a PEM file with certificates is expected: "
            f"{error.strerror or error}"
        ) from None


class NativeTls(Library):
    """The TLS part of `NativeStack`."""

    def __init__(self) -> None:
        super().__init__()
        self._declare(
            (
                ("uag_sip", POINTER, ()),
                ("sa_struct_get_size", ctypes.c_size_t, ()),
                ("sa_set_str", WHOLE, (POINTER, TEXT, ctypes.c_uint16)),
                ("sip_transp_add", WHOLE, (POINTER, WHOLE, POINTER, POINTER)),
                ("tls_alloc", WHOLE, (POINTER, WHOLE, TEXT, TEXT)),
                ("tls_add_cafile_path", WHOLE, (POINTER, TEXT, TEXT)),
                ("tls_set_min_proto_version", WHOLE, (POINTER, WHOLE)),
                ("tls_enable_verify_client", None, (POINTER, ctypes.c_bool)),
                ("tls_disable_verify_server", None, (POINTER,)),
                ("uag_call_find", POINTER, (TEXT,)),
                ("call_audio", POINTER, (POINTER,)),
                ("audio_strm", POINTER, (POINTER,)),
                ("stream_sdpmedia", POINTER, (POINTER,)),
                ("call_transp", WHOLE, (POINTER,)),
                ("stream_is_secure", ctypes.c_bool, (POINTER,)),
                ("sdp_media_rattr", TEXT, (POINTER, TEXT)),
            )
        )
        self._listens = False

    def listen_tls(self, tls: Tls) -> None:
        """Bind the address. Raises LineError where the stack does not take it."""
        self._run(lambda: self._listen_tls(tls))

    def _listen_tls(self, tls: Tls) -> None:
        context = ctypes.c_void_p()
        certificate = str(tls.certificate).encode()
        failed = self._lib.tls_alloc(ctypes.byref(context), _METHOD_TLS, certificate, None)
        try:
            failed = failed or self._lib.tls_set_min_proto_version(context, _TLS_1_2)
            if tls.authority is None:
                self._lib.tls_disable_verify_server(context)
            elif not failed:
                authority = str(tls.authority).encode()
                failed = self._lib.tls_add_cafile_path(context, authority, None)
                self._lib.tls_enable_verify_client(context, True)
            failed = failed or self._add_transport(tls.listen, context)
        finally:
            self._lib.mem_deref(context)  # the transport keeps it
        if failed:
            raise LineError(f"TLS on {tls.listen} cannot be opened (errno {failed})")
        self._listens = True

    def _add_transport(self, listen: str, context: ctypes.c_void_p) -> int:
        host, port = split_address(listen)
        address = ctypes.create_string_buffer(self._lib.sa_struct_get_size())
        failed: int = self._lib.sa_set_str(address, host.encode(), port)
        return failed or int(
            self._lib.sip_transp_add(self._lib.uag_sip(), _TRANSPORT_TLS, address, context)
        )

    def lacks_keys(self, call_id: str) -> bool:
        """Whether this call came over TLS and its offer has no keys for SRTP (RFC 4568).

        The stack would take RTP/SAVP without a=crypto and go on unencrypted.
        """

        def work() -> bool:
            call = self._lib.uag_call_find(call_id.encode())
            if not call or self._lib.call_transp(call) != _TRANSPORT_TLS:
                return False
            media = self._lib.stream_sdpmedia(self._stream(call))
            return self._lib.sdp_media_rattr(media, b"crypto") is None

        return self._listens and self._run(work)

    def leaks(self, call_id: str) -> bool:
        """Whether this call is made over TLS and its audio is not encrypted."""

        def work() -> bool:
            call = self._lib.uag_call_find(call_id.encode())
            if not call or self._lib.call_transp(call) != _TRANSPORT_TLS:
                return False
            return not self._lib.stream_is_secure(self._stream(call))

        return self._listens and self._run(work)

    def _stream(self, call: int) -> int | None:
        stream: int | None = self._lib.audio_strm(self._lib.call_audio(call))
        return stream
