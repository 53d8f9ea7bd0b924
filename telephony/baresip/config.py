"""What the stack is told at its start: configuration text and accounts."""

from __future__ import annotations

import re

from baresip import Account, Config

from telephony.config import LineConfig, Transport, Trunk
from telephony.errors import LineError
from telephony.ports import split_address

ADDRESS_HEADERS = ("From", "To")
RTP_LOSS_S = 120
# Carriers with an IMS core require reliable provisional answers (RFC 3262); nobody else is asked.
COMMON = ("100rel=yes",)
_ANY_ADDRESS = "0.0.0.0"  # noqa: S104
# The stack's names of codecs. One that it does not know silently means "all of them".
_CODECS = {"pcma": "PCMA/8000/1", "pcmu": "PCMU/8000/1", "g722": "G722/16000/1"}


def stack_config(line: LineConfig) -> Config:
    """The stack's settings. Raises LineError for an address or a range it would misread."""
    host, _ = split_address(line.listen)
    _check_range(line.rtp_ports)
    held_ms = line.jitter_buffer_ms
    jitter = (
        f"audio_jitter_buffer_type fixed\naudio_jitter_buffer_ms {held_ms}-{held_ms * 2 + 100}\n"
        if held_ms
        else "audio_jitter_buffer_type off\n"
    )
    return Config(
        # Interface discovery skips loopback, so a given address is pinned.
        net_interface=None if host == _ANY_ADDRESS else host,
        max_concurrent_calls=None,
        expose_headers=(*ADDRESS_HEADERS, *line.expose_headers),
        rtp_timeout=RTP_LOSS_S,
        extra_config_text=(
            f"sip_listen {line.listen}\nsip_transports udp,tcp\n"
            f"rtp_ports {line.rtp_ports}\n{jitter}"
            # Answering one call is no reason to put another on hold.
            "call_hold_other_calls no\n"
        ),
    )


def account(line: LineConfig, transport: Transport) -> Account:
    """An account without a registrar that takes calls to any user on its transport.

    On TLS it takes and makes only calls whose media are encrypted (SDES-SRTP).
    """
    secured = ("mediaenc=srtp-mand",) if transport == "tls" else ()
    tls = line.tls.listen if transport == "tls" and line.tls else line.listen
    return Account(
        user=line.user,
        domain=tls,
        password="",
        reg_interval=0,
        transport=transport,
        audio_codecs=stack_codecs(line.codecs),
        extra_params=("catchall=yes", *COMMON, *secured),
    )


def nobody(line: LineConfig, user: str) -> Account:
    """An account that takes no calls but those to `user`."""
    return Account(user=user, domain=line.listen, password="", reg_interval=0)


def registered_account(line: LineConfig, trunk: Trunk) -> Account:
    """The account of a trunk that we log in to. Raises LineError for what it cannot carry."""
    login = trunk.registration
    if login is None:
        raise LineError(f"trunk {trunk.name} has no registration")
    secured = ("mediaenc=srtp-mand",) if trunk.transport == "tls" else ()
    try:
        return Account(
            user=login.user,
            domain=login.registrar,
            password=login.password,
            registrar=f"sip:{login.registrar};transport={trunk.transport}",
            reg_interval=login.interval_s,
            transport=trunk.transport,
            auth_user=login.auth_user or None,
            audio_codecs=stack_codecs(line.codecs),
            extra_params=(*COMMON, *secured),
        )
    except (TypeError, ValueError) as error:
        raise LineError(f"trunk {trunk.name}: {error}") from None


def stack_codecs(codecs: tuple[str, ...]) -> tuple[str, ...]:
    """The stack's names. Raises LineError for a codec that we lack, and for none at all."""
    unknown = [name for name in codecs if name not in _CODECS]
    if unknown or not codecs:
        raise LineError(
            f"codecs {', '.join(unknown) or 'none'}: some of {', '.join(_CODECS)} are expected"
        )
    return tuple(_CODECS[name] for name in codecs)


def _check_range(rtp_ports: str) -> None:
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", rtp_ports)
    if not match or not 1024 <= int(match[1]) < int(match[2]) <= 65535:
        raise LineError(f"RTP ports {rtp_ports!r}: LOW-HIGH within 1024-65535 is expected")
