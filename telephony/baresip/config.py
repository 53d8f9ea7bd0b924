"""What the stack is told at its start: configuration text and accounts."""

from __future__ import annotations

import re
from typing import Literal

from baresip import Account, Config

from telephony.config import LineConfig
from telephony.errors import LineError
from telephony.ports import split_address

ADDRESS_HEADERS = ("From", "To")
RTP_LOSS_S = 120
_ANY_ADDRESS = "0.0.0.0"  # noqa: S104
# The stack's names of codecs. One that it does not know silently means "all of them".
_CODECS = {"pcma": "PCMA/8000/1", "pcmu": "PCMU/8000/1", "g722": "G722/16000/1"}


def stack_config(line: LineConfig) -> Config:
    """The stack's settings. Raises LineError for an address or a range it would misread."""
    host, _ = split_address(line.listen)
    _check_range(line.rtp_ports)
    held_ms = line.jitter_buffer_ms
    jitter = (
        f"audio_jitter_buffer_type adaptive\naudio_jitter_buffer_ms {held_ms}-{held_ms * 2 + 100}\n"
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


def account(line: LineConfig, transport: Literal["udp", "tcp"]) -> Account:
    """An account without a registrar that takes calls to any user on its transport."""
    return Account(
        user=line.user,
        domain=line.listen,
        password="",
        reg_interval=0,
        transport=transport,
        audio_codecs=stack_codecs(line.codecs),
        extra_params=("catchall=yes",),
    )


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
