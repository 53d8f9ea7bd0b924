"""Far ends of bare SIP that a transfer may meet: one that rang us, one that we ring."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
from raw_phone import Message, RawPhone, RtpPort, raw_phone, rtp_port

from telephony import Call, DialResult
from telephony.baresip.line import BaresipEndpoint
from telephony.wav import to_alaw

TONE_HZ = 620


class RawSeat(RawPhone):
    """A phone that is rung: answers with media, and may claim to know Replaces."""

    async def answer(self, target: int, **headers: str) -> Message:
        """Wait for the INVITE of the line at `target` and take the call."""
        invite = await self.until_request("INVITE")
        self._target = ("127.0.0.1", target)
        self._call_id = invite.headers["call-id"]
        self._from = invite.headers["to"]
        self._to = invite.headers["from"]
        body = self._sdp("sendrecv")
        lines = ["SIP/2.0 200 OK"]
        lines += [f"{name}: {invite.headers[name]}" for name in ("via", "from", "call-id", "cseq")]
        lines += [f"To: {invite.headers['to']};tag=raw"]
        lines += [f"Contact: <sip:seat@127.0.0.1:{self.port}>", "Content-Type: application/sdp"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}"]
        self._send("\r\n".join(lines) + "\r\n\r\n" + body)
        await self.until_request("ACK")
        return invite


@dataclass
class Leg:
    """A connected call with its far end in our hands: SIP, and RTP of G.711A."""

    call: Call
    phone: RawPhone
    rtp: RtpPort
    media: tuple[str, int]

    async def hears(self, pcm: bytes, timeout_s: float = 3.0) -> None:
        """Wait until the far end was sent sound; `pcm` is played to it meanwhile."""
        self.rtp.packets.clear()
        self.call.play(pcm)
        async with asyncio.timeout(timeout_s):
            while not self.rtp.loud():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def is_heard(self, wanted: int = 10) -> None:
        """Wait until `wanted` frames in a row have sounded while the far end speaks."""
        tone = 8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(160) / 8000)
        speaking = asyncio.create_task(self._speak(to_alaw(tone.astype(np.int16))))
        loud = 0
        try:
            async with asyncio.timeout(5):
                async for frame in self.call.frames():
                    sounds = np.std(np.frombuffer(frame, "<i2").astype(float)) > 300
                    loud = loud + 1 if sounds else 0
                    if loud >= wanted:
                        return
            raise AssertionError("the call ended")
        finally:
            speaking.cancel()

    async def _speak(self, alaw: bytes) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            self.rtp.send(alaw, self.media)
            due_s += 0.02
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def is_usable(self) -> None:
        """The call is up and its audio flows both ways."""
        assert self.call.ended is None
        tone = 8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(3200) / 8000)
        await self.hears(tone.astype("<i2").tobytes())
        await self.is_heard()


def media_of(message: Message) -> tuple[str, int]:
    """Where a body wants RTP."""
    line = next(line for line in message.body.split("\r\n") if line.startswith("m=audio"))
    return "127.0.0.1", int(line.split()[1])


@contextlib.asynccontextmanager
async def caller_leg(endpoint: BaresipEndpoint, port: int, **headers: str) -> AsyncIterator[Leg]:
    """A caller that rang the line at `port`, answered; `headers` go into its INVITE."""
    async with raw_phone(port) as phone, rtp_port() as rtp:
        phone.rtp_port = rtp.port
        phone.invite(**headers)
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 5)
        answering = asyncio.create_task(call.answer())
        answer = await phone.connect()
        await answering
        yield Leg(call, phone, rtp, media_of(answer))


@contextlib.asynccontextmanager
async def raw_seat(port: int) -> AsyncIterator[RawSeat]:
    """A seat that waits to be rung by the line at `port`."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(
        lambda: RawSeat(port, 2, "<sip:seat@127.0.0.1>"), local_addr=("127.0.0.1", 0)
    )
    try:
        yield phone
    finally:
        transport.close()


@contextlib.asynccontextmanager
async def seat_leg(endpoint: BaresipEndpoint, port: int, **headers: str) -> AsyncIterator[Leg]:
    """A seat that the line at `port` rang, answered; `headers` go into its 200."""
    async with raw_seat(port) as phone, rtp_port() as rtp:
        phone.rtp_port = rtp.port
        dialling = asyncio.create_task(endpoint.dial(f"sip:2001@127.0.0.1:{phone.port}"))
        invite = await phone.answer(port, **headers)
        result: DialResult = await asyncio.wait_for(dialling, 5)
        assert result.call is not None, result
        yield Leg(result.call, phone, rtp, media_of(invite))
