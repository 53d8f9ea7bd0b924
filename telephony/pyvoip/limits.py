"""What of a `LineConfig` this backend cannot do, told at the start and not in a call."""

from __future__ import annotations

import ipaddress
import re

from telephony.config import LineConfig
from telephony.errors import LineError
from telephony.ports import split_address
from telephony.pyvoip.sdp import CODECS

_ELSEWHERE = "choose the baresip backend for it"


def check(line: LineConfig) -> None:
    """Raises LineError for an address or a range that is none, and for what pyVoIP lacks."""
    _check_address(line.listen)
    rtp_range(line.rtp_ports)
    if line.tls is not None:
        raise LineError(f"pyvoip has no TLS and no SRTP; {_ELSEWHERE}")
    if line.follow_transfers:
        raise LineError(f"pyvoip follows no REFER; {_ELSEWHERE}")
    for codec in line.codecs:
        if codec not in CODECS:
            raise LineError(
                f"pyvoip has the codecs {', '.join(CODECS)}, got {codec}; take it out, "
                f"or {_ELSEWHERE}"
            )
    for trunk in line.trunks:
        if trunk.transport != "udp":
            raise LineError(
                f"trunk {trunk.name}: pyvoip has UDP only, got {trunk.transport}; {_ELSEWHERE}"
            )
        if trunk.registration is not None and trunk.registration.auth_user:
            raise LineError(
                f"trunk {trunk.name}: pyvoip logs in as the user, not as auth_user; {_ELSEWHERE}"
            )


def _check_address(listen: str) -> None:
    host, _ = split_address(listen)
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        raise LineError(
            f"SIP listen address {listen!r}: pyvoip has IPv4 addresses only; {_ELSEWHERE}"
        ) from None


def rtp_range(rtp_ports: str) -> range:
    """The even ports of LOW-HIGH; each odd one is left free for RTCP. Raises LineError."""
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", rtp_ports)
    if not match or not 1024 <= int(match[1]) < int(match[2]) <= 65535:
        raise LineError(f"RTP ports {rtp_ports!r}: LOW-HIGH within 1024-65535 is expected")
    low, high = int(match[1]), int(match[2])
    return range(low + low % 2, high + 1, 2)
