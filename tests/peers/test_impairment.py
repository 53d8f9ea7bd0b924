"""Calls over a bad network: SIP goes direct, RTP through a relay that loses and delays packets."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from telephony import Call
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from telephony.loopback.relay import Impairment, Relay, relay
from telephony.quality import Quality
from telephony.wav import ALAW, to_alaw
from tests.ports import free_port
from tests.telephony.line_support import Samples, calm, samples, voice
from tests.telephony.raw_phone import RtpPort, raw_phone, rtp_port

pytestmark = pytest.mark.peer
SECONDS = 21
LOSSES = (0.0, 0.01, 0.03, 0.05)
FRAME = 160


@dataclass
class Conversation:
    """One call's two ends: what was said and heard, when, and what became of the packets."""

    said: bytes
    between: Relay
    back: RtpPort
    frames: list[bytes] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    quality: Quality | None = None
    live: Quality | None = None

    @property
    def final(self) -> Quality:
        assert self.quality is not None
        return self.quality

    def delays_ms(self) -> list[float]:
        """For each packet that was heard as it was said: how much later in the stream."""
        said = ALAW[np.frombuffer(self.said, np.uint8)].astype(float)
        heard = samples(b"".join(self.frames))
        found = (place(said[at : at + FRAME], heard, at) for at in range(0, len(said), FRAME))
        return [delay_ms for delay_ms in found if delay_ms is not None]

    def pace_ms(self) -> float:
        """How far the frames' times went from one frame every 20 ms, first to last quarter."""
        lead = np.array(self.times_s) - 0.02 * np.arange(len(self.times_s))
        quarter = len(lead) // 4
        return float(np.median(lead[-quarter:]) - np.median(lead[:quarter])) * 1000


def place(piece: Samples, heard: Samples, said_at: int) -> float | None:
    """How many ms after its own place `piece` is in `heard`; None if it is not, within 300 ms."""
    begin = max(0, said_at - 800)
    near = heard[begin : said_at + 2400 + FRAME]
    if len(near) < FRAME:
        return None
    power = np.sqrt(np.convolve(near**2, np.ones(FRAME), "valid") * (piece @ piece)) + 1e-9
    likeness = np.correlate(near, piece, "valid") / power
    best = int(np.argmax(likeness))
    return (begin + best - said_at) / 8 if likeness[best] > 0.95 else None


@contextlib.asynccontextmanager
async def line(jitter_buffer_ms: int) -> AsyncIterator[tuple[BaresipEndpoint, int]]:
    port = free_port()
    endpoint = BaresipEndpoint(
        LineConfig(
            listen=f"127.0.0.1:{port}",
            rtp_ports="23500-23998",
            jitter_buffer_ms=jitter_buffer_ms,
        ),
        calm(),
    )
    await endpoint.start()
    try:
        yield endpoint, port
    finally:
        await endpoint.stop()


async def converse(
    endpoint: BaresipEndpoint,
    sip_port: int,
    number: int,
    impairment: Impairment,
    ringing: asyncio.Lock,
) -> Conversation:
    """Both ends talk for 21 s; then we hang up."""
    async with (
        rtp_port() as rtp,
        relay(impairment) as between,
        raw_phone(sip_port, number=number) as phone,
    ):
        said = bytes(to_alaw(np.frombuffer(voice(SECONDS, seed=number), "<i2")))
        talk = Conversation(said, between, rtp)
        phone.rtp_port, between.near = between.port, ("127.0.0.1", rtp.port)
        async with ringing:  # one at a time: whose call it is, nothing else says
            phone.invite()
            call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        answering = asyncio.create_task(call.answer())
        between.far = phone.rtp_target(await phone.connect())
        await answering
        listening = asyncio.create_task(listen(call, talk))
        call.play(voice(SECONDS, seed=100 + number))
        await speak(rtp, said, ("127.0.0.1", between.port))
        talk.live = call.quality
        await call.hangup()
        await asyncio.wait_for(listening, 20)
        talk.quality = call.quality
        return talk


async def listen(call: Call, talk: Conversation) -> None:
    loop = asyncio.get_running_loop()
    async for frame in call.frames():
        talk.frames.append(frame)
        talk.times_s.append(loop.time())


async def speak(rtp: RtpPort, said: bytes, to: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    for number in range(len(said) // FRAME):
        await asyncio.sleep(start_s + number * 0.02 - loop.time())
        rtp.send(said[number * FRAME : (number + 1) * FRAME], to)


async def all_at_once(jitter_buffer_ms: int, *impairments: Impairment) -> list[Conversation]:
    ringing = asyncio.Lock()
    async with line(jitter_buffer_ms) as (endpoint, port):
        return await asyncio.gather(
            *(converse(endpoint, port, 1 + n, what, ringing) for n, what in enumerate(impairments))
        )


def check_clock(talk: Conversation) -> None:
    """As many frames as time has passed, evenly: no drift."""
    took_s = talk.times_s[-1] - talk.times_s[0]
    assert took_s > 20
    assert len(talk.frames) == pytest.approx(took_s * 50, abs=15), took_s
    assert abs(talk.pace_ms()) < 80


def slips(talk: Conversation) -> int:
    """How often what is heard moves against what was said."""
    return int(np.sum(np.abs(np.diff(talk.delays_ms())) > 1))


def check_figures(talk: Conversation) -> None:
    """What the call says the network did is what the relay did."""
    did = talk.between.to_far.done
    assert talk.final.loss_percent == pytest.approx(did.loss_percent, abs=1.5)
    assert talk.final.jitter_ms == pytest.approx(did.jitter.mean_ms, rel=0.3, abs=1.5)
    assert talk.live is not None
    assert talk.live.received > 0.9 * talk.final.received


def show(name: str, talk: Conversation) -> None:
    did, got, delays = talk.between.to_far.done, talk.final, talk.delays_ms()
    print(
        f"{name}: relay lost {did.loss_percent:.2f} %, jitter {did.jitter.mean_ms:.1f} ms; call "
        f"lost {got.loss_percent:.2f} %, late {got.late}, duplicated {got.duplicated}, jitter "
        f"{got.jitter_ms:.1f} ms, buffer {got.buffer_ms:.0f} ms, MOS {got.mos:.2f}; heard "
        f"{100 * len(delays) * FRAME / len(talk.said):.1f} % of packets, delay "
        f"{np.percentile(delays or [np.nan], [5, 50, 95])} ms, {len(talk.frames)} frames, "
        f"pace {talk.pace_ms():.0f} ms"
    )


@pytest.mark.parametrize("jitter_buffer_ms", [0, 40], ids=["no-buffer", "buffer"])
async def test_a_bad_network_is_survived_measured_and_judged(jitter_buffer_ms: int) -> None:
    """Seven calls at once, as what takes their time is to talk."""
    talks = await all_at_once(
        jitter_buffer_ms,
        *(Impairment(loss=loss, seed=4 + n) for n, loss in enumerate(LOSSES)),
        Impairment(jitter_ms=60, seed=5),
        Impairment(reorder=0.05, seed=6),
        Impairment(duplicate=0.05, loss=0.02, seed=7),
    )
    names = (*(f"loss {loss:.0%}" for loss in LOSSES), "jitter", "reorder", "duplicate")
    for name, talk in zip(names, talks, strict=True):
        show(f"buffer {jitter_buffer_ms} ms, {name}", talk)
        check_clock(talk)
    check_loss(talks[: len(LOSSES)])
    check_order(jitter_buffer_ms, *talks[len(LOSSES) :])


def check_loss(talks: list[Conversation]) -> None:
    """What is lost is concealed, counted, and costs the more the more it is."""
    for loss, talk in zip(LOSSES, talks, strict=True):
        check_figures(talk)
        # On the tape nothing slips for what was lost, where cutting it out would slip each time.
        # A machine that stalls is not asked where the gaps are, so they close and open later.
        assert slips(talk) <= slips(talks[0]) + 8 + 0.6 * talk.between.to_far.done.dropped
        # The far end hears us but for what was lost on the way.
        assert len(talk.back.packets) > (1 - loss - 0.03) * SECONDS * 50
    scores = [talk.final.mos for talk in talks]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert scores[0] > 3.0  # 4.4, less what a busy machine delays
    assert scores[0] - scores[3] > 0.3


def check_order(
    jitter_buffer_ms: int, jitter: Conversation, reorder: Conversation, duplicate: Conversation
) -> None:
    """What comes late, early or twice is heard once and in its place, where there is a buffer."""
    for talk in (jitter, reorder, duplicate):
        if jitter_buffer_ms or talk is not duplicate:
            check_figures(talk)
    assert 8 < jitter.final.jitter_ms < 25
    assert len(jitter.delays_ms()) > 0.85 * len(jitter.said) / FRAME
    if jitter_buffer_ms:
        assert len(reorder.delays_ms()) > 0.85 * len(reorder.said) / FRAME
        assert duplicate.final.duplicated == pytest.approx(
            duplicate.between.to_far.done.duplicated, abs=3
        )


class RtcpPort(asyncio.DatagramProtocol):
    """Answers every sender report 100 ms late with one receiver report."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[1] == 200:
            asyncio.get_running_loop().call_later(0.1, self._report, data, addr)

    def _report(self, data: bytes, addr: tuple[str, int]) -> None:
        ssrc, seconds, fraction = struct.unpack_from(">III", data, 4)
        last_sr = (seconds & 0xFFFF) << 16 | fraction >> 16
        block = struct.pack(">6I", ssrc, 13 << 24 | 42, 1000, 8 * 17, last_sr, 1)
        head = struct.pack(">BBHI", 0x81, 201, 7, 0x1234)
        self._transport.sendto(head + block, addr)  # type: ignore[attr-defined]


async def test_the_far_ends_view_and_the_round_trip_come_by_rtcp() -> None:
    """A receiver report (RFC 3550 section 6.4.2) to the stack's own report, which it sends
    every 5 s: 42 lost, jitter 17 ms, answered after 100 ms."""
    loop = asyncio.get_running_loop()
    async with line(40) as (endpoint, port), rtp_port() as rtp, raw_phone(port) as phone:
        rtcp, _ = await loop.create_datagram_endpoint(
            RtcpPort, local_addr=("127.0.0.1", rtp.port + 1)
        )
        phone.rtp_port = rtp.port
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        answering = asyncio.create_task(call.answer())
        target = phone.rtp_target(await phone.connect())
        await answering
        speaking = asyncio.create_task(speak(rtp, bytes(FRAME * 100), target))
        async with asyncio.timeout(15):
            # The figures are read once a second; nothing tells when.
            while call.quality is None or not call.quality.far_lost:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await speaking
        quality = call.quality
        await call.hangup()
        rtcp.close()
    print(quality)
    assert (quality.far_lost, quality.far_jitter_ms, quality.lost) == (42, 17.0, 0)
    assert 95 < quality.rtt_ms < 250
