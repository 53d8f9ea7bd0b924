"""A phone of bare SIP messages: does what well-behaved stacks will not. UDP, no media."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from telephony.wav import ALAW
from tests.ports import free_port

SDP = (
    "v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {rtp} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
)


@dataclass(frozen=True)
class Message:
    line: str
    headers: dict[str, str]
    body: str

    @property
    def status(self) -> int:
        return int(self.line.split()[1]) if self.line.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        return self.line.split()[0]


def parse(data: bytes) -> Message:
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    line, *rest = head.split("\r\n")
    pairs = (item.partition(":") for item in rest)
    return Message(line, {name.strip().lower(): value.strip() for name, _, value in pairs}, body)


class RawPhone(asyncio.DatagramProtocol):
    """One dialog with the endpoint at `target`."""

    def __init__(self, target: int, number: int, from_: str) -> None:
        self._target = ("127.0.0.1", target)
        self._call_id = f"raw-{number}-{target}"
        self._from = from_
        self._to = f"<sip:400@127.0.0.1:{target}>"
        self._cseq = 1
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.port = 0
        self.rtp_port = 9

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._inbox.put_nowait(parse(data))

    def close(self) -> None:
        self._transport.close()

    def request(self, method: str, body: str = "", cseq: int | None = None, **more: str) -> None:
        kind = "message/sipfrag;version=2.0" if method == "NOTIFY" else "application/sdp"
        number = self._cseq if cseq is None else cseq
        lines = [
            f"{method} sip:400@127.0.0.1:{self._target[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{self._call_id}{number}"
            + ("ack" if method == "ACK" else ""),
            f"From: {self._from};tag=raw",
            f"To: {self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:raw@127.0.0.1:{self.port}>",
            "Max-Forwards: 70",
            *(f"{name.replace('_', '-')}: {value}" for name, value in more.items()),
            *([f"Content-Type: {kind}"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._send("\r\n".join(lines) + "\r\n\r\n" + body)

    def invite(self, direction: str = "sendrecv", **more: str) -> None:
        self.request("INVITE", self._sdp(direction), **more)

    def rtp_target(self, answer: Message) -> tuple[str, int]:
        """Where the endpoint wants RTP, from its SDP."""
        media = next(line for line in answer.body.split("\r\n") if line.startswith("m=audio"))
        return "127.0.0.1", int(media.split()[1])

    async def reinvite(self, direction: str) -> Message:
        self._cseq += 1
        self.invite(direction)
        answer = await self.until(200)
        self.request("ACK")
        return answer

    async def connect(self) -> Message:
        """After the invite: wait for the answer and confirm it."""
        answer = await self.until(200)
        self._to = answer.headers["to"]
        self.request("ACK")
        return answer

    def notify(self, sipfrag: str, final: bool, event: str = "refer") -> None:
        self._cseq += 1
        state = "terminated;reason=noresource" if final else "active;expires=60"
        self.request("NOTIFY", sipfrag + "\r\n", Event=event, Subscription_State=state)

    def reply(self, request: Message, status: str, body: str = "") -> None:
        copied = [f"{name}: {request.headers[name]}" for name in ("via", "from", "to", "call-id")]
        lines = [f"SIP/2.0 {status}", *copied, f"CSeq: {request.headers['cseq']}"]
        lines += [f"Contact: <sip:raw@127.0.0.1:{self.port}>"]
        lines += ["Content-Type: application/sdp"] if body else []
        lines += [f"Content-Length: {len(body)}"]
        self._send("\r\n".join(lines) + "\r\n\r\n" + body)

    def bye(self) -> None:
        """Hang up."""
        self._cseq += 1
        self.request("BYE")

    async def until(self, *statuses: int) -> Message:
        """The next response with one of these statuses."""
        return await self._next(lambda message: message.status in statuses)

    async def until_request(self, method: str) -> Message:
        """The next request of this method."""
        return await self._next(lambda message: message.method == method)

    async def _next(self, wanted: object) -> Message:
        async with asyncio.timeout(5):
            while True:
                message = await self._inbox.get()
                if wanted(message):  # type: ignore[operator]
                    return message

    def _sdp(self, direction: str) -> str:
        return SDP.format(version=self._cseq, rtp=self.rtp_port, direction=direction)

    def _send(self, text: str) -> None:
        self._transport.sendto(text.encode(), self._target)  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def raw_phone(
    target: int, *, number: int = 1, from_: str = "<sip:10086@127.0.0.1>"
) -> AsyncIterator[RawPhone]:
    _, phone = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RawPhone(target, number, from_), local_addr=("127.0.0.1", 0)
    )
    try:
        yield phone
    finally:
        phone.close()


class RtpPort(asyncio.DatagramProtocol):
    """RTP by hand: when each packet came (loop time), and packets out at will. G.711A."""

    def __init__(self) -> None:
        self.packets: list[tuple[float, bytes]] = []
        self.port = 0
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[1] & 0x7F == 8:
            self.packets.append((asyncio.get_running_loop().time(), data[12:]))

    def send(self, alaw: bytes, to: tuple[str, int]) -> None:
        """The next packet of the stream."""
        head = struct.pack(">BBHII", 0x80, 8, self._sent, self._sent * 160, 0x1234)
        self._sent += 1
        self._transport.sendto(head + alaw, to)  # type: ignore[attr-defined]

    def loud(self) -> list[float]:
        """When the packets came that sound."""
        return [
            at for at, data in self.packets if abs(ALAW[np.frombuffer(data, np.uint8)]).max() > 300
        ]


@contextlib.asynccontextmanager
async def rtp_port() -> AsyncIterator[RtpPort]:
    transport, port = await asyncio.get_running_loop().create_datagram_endpoint(
        RtpPort, local_addr=("127.0.0.1", free_port())
    )
    try:
        yield port
    finally:
        transport.close()
