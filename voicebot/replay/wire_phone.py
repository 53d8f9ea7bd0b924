"""A phone of bare SIP and RTP for the bench: one call over UDP, G.711 A-law, keys by RFC 4733.

It does nothing of its own accord that a stack would do (no jitter buffer, no concealment), so that
what is on its tape is what was on the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from asr_models.g711 import alaw_decode, alaw_encode
from telephony.api import FRAME_MS
from voicebot.replay.script import BankError
from voicebot.speech.api import Pcm

ANSWER_S = 30.0
_SAMPLES = 160
_AGAIN_S = 0.5
_MEDIA = re.compile(r"m=audio (\d+) RTP/AVP([ \d]*)")
_ADDRESS = re.compile(r"c=IN IP4 ([\d.]+)")
_KEYS = "0123456789*#ABCD"
_KEY_PAYLOAD, _ALAW_PAYLOAD = 101, 8
_KEY_FRAMES = 5


@dataclass(frozen=True)
class Message:
    """A SIP message: first line, headers by lower-case name, body."""

    line: str
    headers: dict[str, str]
    body: str

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        words = self.line.split()
        return int(words[1]) if self.line.startswith("SIP/2.0") and words[1].isdigit() else 0


def parse(data: bytes) -> Message:
    """What came, however odd it is."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    line, *rest = head.split("\r\n")
    pairs = (item.partition(":") for item in rest)
    return Message(line, {name.strip().lower(): value.strip() for name, _, value in pairs}, body)


class _Sip(asyncio.DatagramProtocol):
    """One dialog as the calling side; answers what the other side asks within it."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self._to_host, self._to_port = host, port
        self._name = name
        self._to_tag = ""
        self._cseq = 1
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = parse(data)
        if message.status:
            self._inbox.put_nowait(message)
            return
        method = message.line.split(" ")[0]
        if method != "ACK":
            self._reply(message)
        if method == "BYE":
            self.ended.set()

    async def invite(self, rtp_port: int) -> tuple[tuple[str, int], bool]:
        """Ring until it is answered: where RTP goes, and whether keys are taken."""
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {rtp_port} RTP/AVP {_ALAW_PAYLOAD} {_KEY_PAYLOAD}\r\n"
            f"a=rtpmap:{_ALAW_PAYLOAD} PCMA/8000\r\na=rtpmap:{_KEY_PAYLOAD} telephone-event/8000"
            "\r\na=sendrecv\r\n"
        )
        answer = await self._ask("INVITE", sdp)
        if answer.status != 200:
            raise BankError(f"the bot refused the call: {answer.line}")
        self._to_tag = answer.headers.get("to", "").partition(";tag=")[2]
        self._send("ACK", "")
        media, address = _MEDIA.search(answer.body), _ADDRESS.search(answer.body)
        if media is None or address is None:
            raise BankError("the bot answered without saying where its audio is")
        return (address[1], int(media[1])), str(_KEY_PAYLOAD) in media[2].split()

    async def bye(self) -> None:
        """Hang up, unless the other side has."""
        if self.ended.is_set():
            return
        self._cseq += 1
        with contextlib.suppress(BankError):
            await self._ask("BYE", "", within_s=3.0)

    async def _ask(self, method: str, body: str, within_s: float = 0.0) -> Message:
        """Send, again while nothing comes, and wait for the final answer."""
        within_s = within_s or ANSWER_S
        try:
            async with asyncio.timeout(within_s):
                heard, again_s = False, _AGAIN_S
                self._send(method, body)
                while True:
                    try:
                        async with asyncio.timeout(None if heard else again_s):
                            answer = await self._inbox.get()
                    except TimeoutError:
                        if heard:
                            raise
                        again_s *= 2
                        self._send(method, body)
                        continue
                    heard = True
                    if answer.status >= 200 and answer.headers.get("cseq", "").endswith(method):
                        return answer
        except TimeoutError:
            raise BankError(f"the bot did not answer a {method} within {within_s:g} s") from None

    def _send(self, method: str, body: str) -> None:
        target = f"sip:400@{self._to_host}:{self._to_port}"
        tag = f";tag={self._to_tag}" if self._to_tag else ""
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port}"
            f";branch=z9hG4bK{self._name}{self._cseq}{'a' if method == 'ACK' else ''}",
            f"From: <sip:{self._name}@127.0.0.1:{self.port}>;tag=replay",
            f"To: <{target}>{tag}",
            f"Call-ID: {self._name}",
            f"CSeq: {self._cseq} {method}",
            f"Contact: <sip:{self._name}@127.0.0.1:{self.port}>",
            "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._out("\r\n".join(lines) + "\r\n\r\n" + body)

    def _reply(self, request: Message) -> None:
        copied = [f"{n}: {request.headers.get(n, '')}" for n in ("via", "from", "to", "call-id")]
        lines = ["SIP/2.0 200 OK", *copied, f"CSeq: {request.headers.get('cseq', '')}"]
        self._out("\r\n".join([*lines, "Content-Length: 0"]) + "\r\n\r\n")

    def _out(self, text: str) -> None:
        self._transport.sendto(text.encode(), (self._to_host, self._to_port))  # type: ignore[attr-defined]


class _Rtp(asyncio.DatagramProtocol):
    """Audio both ways; what came is kept at the place that its timestamp gives it."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[bytes] = []
        self._placed: list[tuple[int, bytes]] = []
        self._anchor: tuple[int, int, int] | None = None
        self._number = 0
        self.began_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 12 or data[1] & 0x7F != _ALAW_PAYLOAD:
            return
        _, _, _, stamp, source = struct.unpack(">BBHII", data[:12])
        body = data[12 + 4 * (data[0] & 0x0F) :]
        now = int((asyncio.get_running_loop().time() - self.began_s) * 8000)
        if self._anchor is None or self._anchor[2] != source:
            self._anchor = (now, stamp, source)
        at = self._anchor[0] + (stamp - self._anchor[1])
        if abs(at - now) > 8000:  # the stream jumped: a new beginning
            self._anchor = (now, stamp, source)
            at = now
        self._placed.append((at, body))
        self.heard.append(body)

    def send(self, payload: bytes, to: tuple[str, int], tick: int) -> None:
        """The audio of one tick."""
        self._out(payload, to, tick * _SAMPLES, _ALAW_PAYLOAD)

    def send_key(self, key: str, to: tuple[str, int], tick: int, part: int) -> None:
        """A part of a key press: `_KEY_FRAMES` of them, the last with the end bit."""
        last = part == _KEY_FRAMES - 1
        length = (part + 1) * _SAMPLES
        event = struct.pack(">BBH", _KEYS.index(key), 10 | (0x80 if last else 0), length)
        for _ in range(3 if last else 1):
            self._out(event, to, (tick - part) * _SAMPLES, _KEY_PAYLOAD, marked=part == 0)

    def _out(
        self, body: bytes, to: tuple[str, int], stamp: int, kind: int, *, marked: bool = False
    ) -> None:
        head = struct.pack(
            ">BBHII", 0x80, kind | (0x80 if marked else 0), self._number & 0xFFFF, stamp, 0x7E57
        )
        self._number += 1
        self._transport.sendto(head + body, to)  # type: ignore[attr-defined]

    def tape(self, samples: int) -> Pcm:
        """What was heard, int16, shape (samples,)."""
        out = np.zeros(samples, np.int16)
        for at, body in self._placed:
            sound = alaw_decode(body)
            begin, end = max(at, 0), min(at + len(sound), samples)
            if end > begin:
                out[begin:end] = sound[begin - at : end - at]
        return out


class WirePhone:
    """A call that is up. `tick` once every 20 ms; `ended` is set when the bot hangs up."""

    def __init__(self, sip: _Sip, rtp: _Rtp, to: tuple[str, int], takes_keys: bool) -> None:
        self._sip, self._rtp, self._to, self._takes_keys = sip, rtp, to, takes_keys
        self._ticks = 0
        self._keys: list[tuple[str, int]] = []

    @property
    def ended(self) -> bool:
        return self._sip.ended.is_set()

    def heard(self) -> bytes:
        """20 ms of what came since, s16le; silence where nothing did."""
        body = self._rtp.heard.pop(0) if self._rtp.heard else b""
        del self._rtp.heard[:-10]  # never far behind what is on the wire
        return alaw_decode(body).astype("<i2").tobytes().ljust(_SAMPLES * 2, b"\0")[:320]

    def say(self, pcm: bytes | None, digits: str) -> None:
        """Send the next 20 ms; None: this packet is lost. Keys follow one another."""
        self._keys += [(key, part) for key in digits for part in range(_KEY_FRAMES + 3)]
        if self._keys and self._takes_keys:
            key, part = self._keys.pop(0)
            if part < _KEY_FRAMES:
                self._rtp.send_key(key, self._to, self._ticks, part)
        elif pcm is not None:
            self._rtp.send(alaw_encode(np.frombuffer(pcm, "<i2")), self._to, self._ticks)
        self._ticks += 1

    def tape(self) -> Pcm:
        """What was heard, from the answer on."""
        return self._rtp.tape(self._ticks * FRAME_MS * 8)

    async def hang_up(self) -> None:
        """Say goodbye."""
        await self._sip.bye()


@contextlib.asynccontextmanager
async def ringing(host: str, port: int, name: str) -> AsyncIterator[WirePhone]:
    """Call the bot at this address; the phone when it has answered. Hangs up at the end.

    `name` is the caller's, and the Call-ID's: another for each call.
    """
    loop = asyncio.get_running_loop()
    _, sip = await loop.create_datagram_endpoint(
        lambda: _Sip(host, port, name), local_addr=("127.0.0.1", 0)
    )
    _, rtp = await loop.create_datagram_endpoint(_Rtp, local_addr=("127.0.0.1", 0))
    try:
        rtp.began_s = loop.time()
        to, keys = await sip.invite(rtp.port)
        rtp.began_s = loop.time()
        phone = WirePhone(sip, rtp, to, keys)
        try:
            yield phone
        finally:
            await phone.hang_up()
    finally:
        sip._transport.close()
        rtp._transport.close()
