"""Broken packets from good ones, always the same for the same seed. Sans-I/O.

Nothing that is sent may lead the endpoint to talk to a far host: the loopback address inside a
message stays as it is, and no mutant asks for the user that the endpoint answers.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

from tests.bench.line_uac import Dialog

KEPT = b"127.0.0.1"
_TOKENS = (
    *(b"%s%s%n%n", b"\0", b"\r\n", b"\r\n\r\n", b"\r\n ", b";;,,;;", b'"', b"<", b">", b"%00"),
    *(b"\xff\xfe", b"\xc0\xaf", b"${7*7}", b"../../etc/passwd", b"'; DROP TABLE calls;--"),
)
_NUMBERS = (b"0", b"-1", b"4294967295", b"4294967296", b"99999999999999999999", b"", b"1e9")
_LONG = (100, 1_000, 8_000, 40_000)
_MOST_BYTES = 60_000
_SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 8 0 9 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)
METHODS = (
    *(b"INVITE", b"INVITE", b"OPTIONS", b"REGISTER", b"ACK", b"BYE", b"CANCEL", b"REFER"),
    *(b"NOTIFY", b"MESSAGE", b"INFO", b"SUBSCRIBE", b"UPDATE", b"PRACK", b"PUBLISH"),
)

_INSIDE = (
    *(b"INVITE", b"UPDATE", b"INFO", b"REFER", b"NOTIFY", b"MESSAGE", b"OPTIONS", b"PRACK"),
    *(b"SUBSCRIBE", b"ACK", b"CANCEL"),
)


def request(method: bytes, number: int, port: int, transport: bytes = b"UDP") -> bytes:
    """A correct request to nobody that the endpoint knows."""
    body = _SDP if method in (b"INVITE", b"UPDATE") else b""
    return (
        b"%(method)b sip:mutant@127.0.0.1:%(port)d SIP/2.0\r\n"
        b"Via: SIP/2.0/%(transport)b 127.0.0.1:9;branch=z9hG4bKm%(number)d;rport\r\n"
        b'Max-Forwards: 70\r\nFrom: "M" <sip:m@127.0.0.1:9>;tag=m%(number)d\r\n'
        b"To: <sip:mutant@127.0.0.1:%(port)d>\r\nCall-ID: mutant-%(number)d\r\n"
        b"CSeq: %(number)d %(method)b\r\nContact: <sip:m@127.0.0.1:9>\r\n"
        b"Event: refer\r\nSubscription-State: active;expires=60\r\n"
        b"Supported: replaces,timer,100rel\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n"
        b'Authorization: Digest username="a", realm="b", nonce="c", uri="sip:d", response="e"\r\n'
        b"User-to-User: 00;encoding=hex\r\nX-Summary-Id: 1\r\n%(kind)b"
        b"Content-Length: %(size)d\r\n\r\n%(body)b"
    ) % {
        b"method": method,
        b"number": number,
        b"port": port,
        b"transport": transport,
        b"kind": b"Content-Type: application/sdp\r\n" if body else b"",
        b"size": len(body),
        b"body": body,
    }


def invite(user: bytes, number: int, port: int, transport: bytes = b"UDP") -> bytes:
    """A correct INVITE from a caller who is never heard of again; its audio goes to port 9."""
    return (
        b"INVITE sip:%(user)b@127.0.0.1:%(port)d SIP/2.0\r\n"
        b"Via: SIP/2.0/%(transport)b 127.0.0.1:9;branch=z9hG4bKi%(number)d;rport\r\n"
        b"Max-Forwards: 70\r\nFrom: <sip:i%(number)d@127.0.0.1>;tag=i%(number)d\r\n"
        b"To: <sip:%(user)b@127.0.0.1>\r\nCall-ID: half-open-%(number)d\r\nCSeq: 1 INVITE\r\n"
        b"Contact: <sip:i@127.0.0.1:9>\r\nContent-Type: application/sdp\r\n"
        b"Content-Length: %(size)d\r\n\r\n%(body)b"
    ) % {
        b"user": user,
        b"number": number,
        b"port": port,
        b"transport": transport,
        b"size": len(_SDP),
        b"body": _SDP,
    }


def within(dialog: Dialog, number: int, port: int) -> bytes:
    """A correct request inside a call that is up; no BYE, and no Contact to be led away by."""
    method = _INSIDE[number % len(_INSIDE)]
    body = _SDP if method in (b"INVITE", b"UPDATE") else b""
    kind = b"Content-Type: application/sdp\r\n" if body else b""
    return (
        b"%b sip:400@127.0.0.1:%d SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKw%d;rport\r\nMax-Forwards: 70\r\n"
        b"From: <sip:friend@127.0.0.1>;tag=f%d\r\nTo: %b\r\nCall-ID: %b\r\nCSeq: %d %b\r\n"
        b"Refer-To: <sip:400@127.0.0.1:9>\r\nEvent: refer\r\n"
        b"Subscription-State: active;expires=60\r\nRAck: 1 1 INVITE\r\n"
        b"%bContent-Length: %d\r\n\r\n%b"
    ) % (
        *(method, port, number, dialog.number, dialog.to.encode(), dialog.call_id.encode()),
        *(100 + number, method, kind, len(body), body),
    )


def answer(number: int) -> bytes:
    """An answer to a request that nobody made."""
    return (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKa%d\r\n"
        b"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:b@127.0.0.1>;tag=2\r\nCall-ID: answer-%d\r\n"
        b"CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n"
    ) % (number, number, len(_SDP)) + _SDP


class Mutator:
    """Changes messages; every choice comes from `seed`."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ways: tuple[Callable[[bytearray], None], ...] = (
            self._flip,
            self._flip,
            self._cut,
            self._insert,
            self._lengthen,
            self._number,
            self._repeat_line,
            self._drop_line,
            self._swap_lines,
        )

    def sip(self, message: bytes) -> bytes:
        """One to four changes; at most 60,000 bytes."""
        data = bytearray(message)
        for _ in range(self._random.choice((1, 1, 2, 4))):
            if data:
                self._random.choice(self._ways)(data)
        return bytes(data[:_MOST_BYTES])

    def cuts(self, size: int) -> tuple[int, ...]:
        """Where a TCP stream of that length is cut into up to four pieces."""
        return tuple(sorted(self._random.randrange(size) for _ in range(self._random.randrange(4))))

    def rtp(self, ssrc: int) -> bytes:
        """RTP whose header lies about itself (RFC 3550, section 5.1)."""
        draw = self._random
        first = 0x80 if draw.random() < 0.3 else draw.randrange(256)
        kind = draw.choice((8, 8, 0, 101, 101, 13, draw.randrange(256)))
        source = ssrc if draw.random() < 0.5 else draw.getrandbits(32)
        head = struct.pack(
            ">BBHII", first, kind, draw.getrandbits(16), draw.getrandbits(32), source
        )
        data = head + draw.randbytes(draw.choice((0, 1, 4, 12, 160, 160, 1400)))
        return data[: draw.randrange(len(data))] if draw.random() < 0.3 else data

    def rtcp(self, ssrc: int) -> bytes:
        """One to three RTCP packets with wrong counts and lengths (RFC 3550, section 6.4)."""
        draw = self._random
        packets = b""
        for _ in range(draw.choice((1, 1, 2, 3))):
            body = draw.randbytes(4 * draw.randrange(12))
            count, kind = draw.randrange(32), draw.choice((200, 201, 202, 203, 204, 205, 206, 207))
            words = draw.choice((len(body) // 4 + 1, draw.getrandbits(16), 0))
            packets += struct.pack(">BBHI", 0x80 | count, kind, words, ssrc) + body
        return packets[: draw.randrange(1, len(packets))] if draw.random() < 0.3 else packets

    # --- the ways ----------------------------------------------------------------------------
    def _place(self, data: bytearray) -> int | None:
        """Somewhere that is not in or beside the kept address."""
        for _ in range(20):
            at = self._random.randrange(len(data))
            around = data[max(0, at - len(KEPT) - 1) : at + len(KEPT) + 1]
            if KEPT not in around:
                return at
        return None

    def _flip(self, data: bytearray) -> None:
        for _ in range(self._random.choice((1, 3, 12))):
            if (at := self._place(data)) is not None:
                data[at] ^= 1 << self._random.randrange(8)

    def _cut(self, data: bytearray) -> None:
        if (at := self._place(data)) is not None:
            del data[at:]

    def _insert(self, data: bytearray) -> None:
        if (at := self._place(data)) is not None:
            junk = self._random.choice((*_TOKENS, self._random.randbytes(16)))
            data[at:at] = junk * self._random.choice((1, 1, 5))

    def _lengthen(self, data: bytearray) -> None:
        if (at := self._place(data)) is not None:
            data[at:at] = bytes([self._random.choice(b'Aa0;, \t%<"')]) * self._random.choice(_LONG)

    def _number(self, data: bytearray) -> None:
        """Another value after `Content-Length:` or `CSeq:` and the like."""
        lines = bytes(data).split(b"\r\n")
        numbered = [n for n, line in enumerate(lines) if line[-1:].isdigit() and KEPT not in line]
        if numbered:
            at = self._random.choice(numbered)
            name = lines[at].rstrip(b"0123456789")
            lines[at] = name + self._random.choice(_NUMBERS)
            data[:] = b"\r\n".join(lines)

    def _repeat_line(self, data: bytearray) -> None:
        lines = bytes(data).split(b"\r\n")
        at = self._random.randrange(len(lines))
        lines[at:at] = [lines[at]] * self._random.choice((1, 2, 20, 300))
        data[:] = b"\r\n".join(lines)

    def _drop_line(self, data: bytearray) -> None:
        lines = bytes(data).split(b"\r\n")
        del lines[self._random.randrange(len(lines))]
        data[:] = b"\r\n".join(lines)

    def _swap_lines(self, data: bytearray) -> None:
        lines = bytes(data).split(b"\r\n")
        one, other = (self._random.randrange(len(lines)) for _ in range(2))
        lines[one], lines[other] = lines[other], lines[one]
        data[:] = b"\r\n".join(lines)


def good_messages(port: int, known: list[bytes]) -> Iterator[bytes]:
    """Good messages without end: each method, an answer, the `known` ones in turn."""
    number = 0
    while True:
        for method in METHODS:
            number += 1
            yield request(method, number, port)
        yield answer(number)
        yield known[number % len(known)]
