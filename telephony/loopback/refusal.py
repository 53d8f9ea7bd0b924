"""A seat that never answers: the SIP of refusing, ringing out and being cancelled. Sans-I/O.

The media stack can refuse with 486 only; phones and exchanges say much more. This is the
smallest user agent that says any final status (RFC 3261 §8.2, §9.2), for seats in demos and
tests. UDP only, no media.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from telephony.outcomes import REASONS

_HEADER = re.compile(rb"^([^:\r\n]+?)[ \t]*:[ \t]*(.*?)\r?$", re.MULTILINE)
_COMPACT = {b"v": b"via", b"f": b"from", b"t": b"to", b"i": b"call-id"}
_COPIED = (b"via", b"from", b"to", b"call-id", b"cseq")


@dataclass(frozen=True)
class Request:
    """A SIP request as far as refusing needs it; header names are lower-case."""

    method: str
    headers: tuple[tuple[bytes, bytes], ...]

    def first(self, name: str) -> str:
        """The first value of a header, or an empty string."""
        wanted = name.lower().encode()
        value = next((value for key, value in self.headers if key == wanted), b"")
        return value.decode("utf-8", "replace")


def parse_request(datagram: bytes) -> Request | None:
    """The request in a datagram; None for a response or anything else."""
    head = datagram.split(b"\r\n\r\n", 1)[0]
    line, _, rest = head.partition(b"\r\n")
    parts = line.split(b" ")
    if len(parts) != 3 or parts[2] != b"SIP/2.0":
        return None
    headers = ((key.strip().lower(), value) for key, value in _HEADER.findall(rest))
    return Request(
        parts[0].decode("ascii", "replace"),
        tuple((_COMPACT.get(key, key), value) for key, value in headers),
    )


def response(request: Request, code: int, tag: str) -> bytes:
    """A response to `request` without a body."""
    lines = [f"SIP/2.0 {code} {REASONS.get(code, 'Refused')}".encode()]
    for key, value in request.headers:
        if key in _COPIED:
            needs_tag = key == b"to" and b";tag=" not in value
            lines.append(key + b": " + value + (f";tag={tag}".encode() if needs_tag else b""))
    lines += [b"content-length: 0", b"", b""]
    return b"\r\n".join(lines)


@dataclass
class RefusingAgent:
    """Rings, then says `code`; with `code` None it rings until it is cancelled."""

    code: int | None
    on_event: Callable[[str, Request], None] = lambda event, request: None
    invites: dict[str, Request] = field(default_factory=dict)

    def receive(self, datagram: bytes) -> list[bytes]:
        """The responses to send at once."""
        request = parse_request(datagram)
        if request is None:
            return []
        call_id = request.first("call-id")
        tag = f"seat{abs(hash(call_id)) % 10**8}"
        if request.method == "INVITE":
            if call_id not in self.invites:
                self.invites[call_id] = request
                self.on_event("ringing", request)
            return [response(request, 180, tag)]
        if request.method == "CANCEL":
            self.on_event("cancelled", request)
            invite = self.invites.get(call_id)
            final = [response(invite, 487, tag)] if invite is not None else []
            return [response(request, 200, tag), *final]
        return [] if request.method == "ACK" else [response(request, 200, tag)]

    def refuse(self, call_id: str) -> list[bytes]:
        """The final response of a call that has rung long enough."""
        invite = self.invites.get(call_id)
        if invite is None or self.code is None:
            return []
        self.on_event("refused", invite)
        return [response(invite, self.code, f"seat{abs(hash(call_id)) % 10**8}")]


class RefusingProtocol(asyncio.DatagramProtocol):
    """`RefusingAgent` on a UDP socket."""

    def __init__(self, agent: RefusingAgent, ring_ms: int) -> None:
        self._agent = agent
        self._ring_s = ring_ms / 1000
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        known = len(self._agent.invites)
        self._send(self._agent.receive(data), addr)
        if len(self._agent.invites) > known:
            call_id = next(reversed(self._agent.invites))
            asyncio.get_running_loop().call_later(
                self._ring_s, lambda: self._send(self._agent.refuse(call_id), addr)
            )

    def _send(self, responses: list[bytes], addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            for message in responses:
                self._transport.sendto(message, addr)
