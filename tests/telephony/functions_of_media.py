"""Scenarios: what is heard, in both directions."""

from __future__ import annotations

import asyncio
import struct

import numpy as np
from backend_bench import Bench, shows
from contract import take
from line_support import RATE, RecordingTap, find, loud_ms, samples, voice
from raw_phone import RawPhone

from telephony import FRAME_BYTES, Call
from telephony.backends import Function
from telephony.wav import ALAW, ULAW

PCMA, PCMU, G722, EVENT = 8, 0, 9, 101
_LEVELS = {PCMA: ALAW, PCMU: ULAW}
_NAMES = {PCMA: "PCMA", PCMU: "PCMU", G722: "G722"}


def offer(phone: RawPhone, kind: int) -> str:
    """The phone's description with another codec."""
    body = phone._sdp("sendrecv").replace("8 101", f"{kind} 101")
    return body.replace("rtpmap:8 PCMA", f"rtpmap:{kind} {_NAMES[kind]}")


class Rtp(asyncio.DatagramProtocol):
    """RTP by hand, in any codec: (payload type, marker, timestamp, payload) of what came."""

    def __init__(self) -> None:
        self.packets: list[tuple[int, int, int, bytes]] = []
        self.ssrc = 0
        self._sequence = 0
        self._timestamp = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) >= 12 and data[0] >> 6 == 2 and not 200 <= data[1] <= 213:
            timestamp, self.ssrc = struct.unpack_from(">II", data, 4)
            self.packets.append((data[1] & 0x7F, data[1] >> 7, timestamp, data[12:]))

    def send(
        self, to: tuple[str, int], kind: int, payload: bytes, *, stay: bool = False, mark: int = 0
    ) -> None:
        """The next packet; `stay` keeps the timestamp (a key that is held)."""
        head = struct.pack(
            ">BBHII", 0x80, kind | mark << 7, self._sequence, self._timestamp, 0x1234
        )
        self._sequence += 1
        self._timestamp += 0 if stay else 160
        self._transport.sendto(head + payload, to)  # type: ignore[attr-defined]

    def skip(self) -> None:
        """A packet that is lost on its way."""
        self._sequence += 1
        self._timestamp += 160

    def heard(self, kind: int) -> bytes:
        """What came in this codec, s16le."""
        codes = b"".join(payload for one, _, _, payload in self.packets if one == kind)
        return _LEVELS[kind][np.frombuffer(codes, np.uint8)].astype("<i2").tobytes()


async def rtp_of(bench: Bench, phone: RawPhone) -> Rtp:
    transport, rtp = await asyncio.get_running_loop().create_datagram_endpoint(
        Rtp, local_addr=("127.0.0.1", 0)
    )
    bench.cleanup.callback(transport.close)
    phone.rtp_port = rtp.port
    return rtp


def encode(kind: int, pcm: bytes) -> bytes:
    """Nearest code of the expansion table, found by brute force."""
    levels = _LEVELS[kind].astype(np.int32)
    values = samples(pcm).astype(np.int32)
    return bytes(np.abs(levels[None, :] - values[:, None]).argmin(axis=1).astype(np.uint8))


async def speak(rtp: Rtp, to: tuple[str, int], kind: int, pcm: bytes) -> None:
    """Send `pcm` in real time."""
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        rtp.send(to, kind, encode(kind, pcm[at : at + FRAME_BYTES]))
        due_s += 0.02
        await asyncio.sleep(due_s - loop.time())


def clear_db(said: bytes, heard: bytes) -> float:
    """The best SNR of `said` in `heard`, in pieces of 200 ms: what the codec does to audio.

    Whether all of it comes, and in order, is the contract's business (`contract.py`); here a
    test machine that stands still may spoil all pieces but one.
    """
    size, whole = RATE // 5, samples(said)
    pieces = [whole[at : at + size] for at in range(0, len(whole) - size + 1, size)]
    return max(find(piece, samples(heard))[1] for piece in pieces)


async def _both_ways(bench: Bench, kind: int) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, answer = await bench.connected(endpoint, phone, offer(phone, kind))
    said, heard = voice(1.6, seed=3), voice(1.6, seed=4)
    call.play(said)
    speaking = asyncio.create_task(speak(rtp, phone.rtp_target(answer), kind, heard))
    got = await take(call, 100)
    await speaking
    assert call.codec == _NAMES[kind].lower()
    out_db, in_db = clear_db(said, rtp.heard(kind)), clear_db(heard, b"".join(got))
    print(f"{bench.backend} {_NAMES[kind]}: out {out_db:.1f} dB, in {in_db:.1f} dB")
    assert out_db >= 35
    assert in_db >= 35


@shows(Function.PCMA)
async def pcma(bench: Bench) -> None:
    await _both_ways(bench, PCMA)


@shows(Function.PCMU)
async def pcmu(bench: Bench) -> None:
    await _both_ways(bench, PCMU)


@shows(Function.G722)
async def g722(bench: Bench) -> None:
    endpoint, phone = await bench.start(codecs=("g722", "pcma")), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, answer = await bench.connected(endpoint, phone, offer(phone, G722))
    assert "G722/8000" in answer.body
    assert call.codec == "g722"
    call.play(voice(0.5))
    await take(call, 30)
    assert {kind for kind, *_ in rtp.packets} == {G722}


@shows(Function.DIGITS_IN)
async def digits_in(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, answer = await bench.connected(endpoint, phone)
    to = phone.rtp_target(answer)
    digits = call.digits()
    for event, key in ((1, "1"), (1, "1"), (11, "#"), (10, "*"), (0, "0")):
        for n in range(1, 9):
            end = 0x80 if n > 5 else 0
            payload = struct.pack(">BBH", event, end | 10, min(n, 5) * 160)
            rtp.send(to, EVENT, payload, stay=n < 8, mark=n == 1)
            await asyncio.sleep(0.01)
        assert await asyncio.wait_for(anext(digits), 2) == key
    await call.hangup()
    assert [digit async for digit in digits] == []


@shows(Function.DIGITS_OUT)
async def digits_out(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, _ = await bench.connected(endpoint, phone)
    await call.send_digits("42#")
    await take(call, 75)  # 1.5 s: three keys, and what should not follow them
    assert _keys(rtp) == [4, 2, 11]


def _keys(rtp: Rtp) -> list[int]:
    """Events that have ended, one for each timestamp."""
    ended = {at: body[0] for kind, _, at, body in rtp.packets if kind == EVENT and body[1] & 0x80}
    return [ended[at] for at in sorted(ended)]


@shows(Function.CLOCK)
async def clock(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, answer = await bench.connected(endpoint, phone)
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    got = await take(call, 25)  # nothing comes
    await speak(rtp, phone.rtp_target(answer), PCMA, voice(0.4))
    got += await take(call, 50)
    took_ms = (loop.time() - start_s) * 1000
    assert {len(frame) for frame in got} == {FRAME_BYTES}
    # `take` anew starts live: what came while nobody read is gone, so only time bounds it.
    assert 1400 <= took_ms <= 3500


@shows(Function.FLUSH)
async def flush(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, _ = await bench.connected(endpoint, phone)
    call.play(voice(2.0))
    await take(call, 20)
    unsent_ms = call.flush()
    assert call.queued_ms == 0
    await take(call, 20)
    loud = loud_ms(rtp.heard(PCMA))
    assert 800 <= unsent_ms <= 1800
    assert loud[-1] - loud[0] <= 2000 - unsent_ms + 300


@shows(Function.TAPS)
async def taps(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    tap = RecordingTap()
    phone.invite()
    call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 5)
    call.attach(tap)
    answering = asyncio.create_task(call.answer())
    answer = await phone.connect()
    await answering
    said, heard = voice(1.0, seed=5), voice(1.0, seed=6)
    call.play(said)
    await speak(rtp, phone.rtp_target(answer), PCMA, heard)
    await take(call, 75)
    assert clear_db(said, bytes(tap.left)) >= 30
    assert clear_db(heard, bytes(tap.heard)) >= 30


async def _measured(bench: Bench) -> Call:
    """A call of 60 packets of which 6 were lost, with our own 1.2 s of audio."""
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, answer = await bench.connected(endpoint, phone)
    for part in range(6):
        await speak(rtp, phone.rtp_target(answer), PCMA, voice(0.18, seed=part))
        rtp.skip()
    await take(call, 10)
    async with asyncio.timeout(5):  # the stack's counters are read once a second
        while call.quality is None or call.quality.received < 50:
            await take(call, 5)
    return call


@shows(Function.QUALITY)
async def quality(bench: Bench) -> None:
    call = await _measured(bench)
    for ended in (False, True):
        seen = call.quality
        assert seen is not None
        assert 50 <= seen.received <= 54
        assert 5 <= seen.lost <= 6  # nothing came after the last gap
        assert 0 <= seen.jitter_ms < 40
        assert seen.sent >= 25  # 1.2 s of ours; a machine that is late sends fewer of them by now
        if not ended:
            await call.hangup()


@shows(Function.FAR_QUALITY)
async def far_quality(bench: Bench) -> None:
    """The far end's receiver report (RFC 3550 section 6.4.2) is in the numbers.

    It speaks meanwhile: a report from a source that was never heard is nobody's.
    """
    endpoint, phone = await bench.start(), await bench.phone()
    rtp = await rtp_of(bench, phone)
    call, answer = await bench.connected(endpoint, phone)
    host, port = phone.rtp_target(answer)
    await take(call, 10)
    async with asyncio.timeout(8):
        while call.quality is None or call.quality.far_lost != 7:
            rtp.send((host, port), 8, encode(8, bytes(FRAME_BYTES)))
            report = struct.pack(">IIIIII", rtp.ssrc, 25 << 24 | 7, 100, 80, 0, 0)
            packet = struct.pack(">BBHI", 0x81, 201, 7, 0x1234) + report
            rtp._transport.sendto(packet, (host, port + 1))  # type: ignore[attr-defined]
            await asyncio.sleep(0.2)
