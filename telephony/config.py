"""What an operator decides about the line: addresses, trunks, codecs, limits.

Plain frozen data without a stack behind it; both backends take a `LineConfig`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from telephony.errors import LineError

Codec = Literal["pcma", "pcmu", "g722"]
Transport = Literal["udp", "tcp", "tls"]
Strangers = Literal["ignore", "forbid"]

LOOPBACK = ("127.0.0.0/8", "::1/128")
EXPOSED_HEADERS = ("User-to-User", "X-Summary-Id", "Diversion", "P-Asserted-Identity")


@dataclass(frozen=True)
class Registration:
    """A registrar that we log in to, so that it sends us calls (REGISTER, digest).

    `registrar` is HOST[:PORT]; `interval_s` the refresh that we ask for. The password appears
    in no repr and in no log.
    """

    registrar: str
    user: str
    password: str = field(repr=False)
    auth_user: str = ""
    interval_s: int = 600


@dataclass(frozen=True)
class Trunk:
    """Somebody who may ring us, and through whom we may ring out.

    `allow` are the addresses or networks its requests come from. `transport` is how we reach it
    when we dial. Raises LineError for a network that is none.
    """

    name: str
    allow: tuple[str, ...] = LOOPBACK
    transport: Transport = "udp"
    registration: Registration | None = None

    def __post_init__(self) -> None:
        for network in self.allow:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise LineError(
                    f"trunk {self.name}: an address or a network such as 10.0.0.0/8 is "
                    f"expected in allow, got {network!r}"
                ) from None


@dataclass(frozen=True)
class Tls:
    """SIP over TLS with SDES-SRTP on every call of that transport.

    `certificate` is a PEM file with key and certificate. `authority` is the CA that must have
    signed the servers we dial and the certificates that callers show; None accepts all (a
    private network, a test). A caller who shows none is let in: the trunks' `allow` decides.
    """

    listen: str
    certificate: Path
    authority: Path | None = None


@dataclass(frozen=True)
class LineConfig:
    """The phone line.

    Attributes:
        listen: ADDRESS:PORT for UDP and TCP; `0.0.0.0` is all interfaces but loopback.
        tls: SIPS beside it, or None.
        rtp_ports: LOW-HIGH.
        codecs: offered and accepted, in order of preference.
        trunks: who may ring; the default is this machine only.
        strangers: what requests from other addresses get: no answer at all, or 403.
        jitter_buffer_ms: received audio is held this long; 0 is off.
        user: our user part when we dial.
        expose_headers: extra INVITE headers to hand on in `CallInfo.headers` (at most 14).
        follow_transfers: what a far end's REFER does. A bot must not be steered into dialling,
            so it is refused (603); a phone follows it.
    """

    listen: str = "127.0.0.1:5060"
    tls: Tls | None = None
    rtp_ports: str = "40000-44000"
    codecs: tuple[Codec, ...] = ("pcma", "pcmu")
    trunks: tuple[Trunk, ...] = (Trunk("local"),)
    strangers: Strangers = "ignore"
    jitter_buffer_ms: int = 40
    user: str = "voicebot"
    expose_headers: tuple[str, ...] = EXPOSED_HEADERS
    follow_transfers: bool = False
