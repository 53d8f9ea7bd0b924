"""Keys pressed by callers and by us: RFC 4733 events and SIP INFO."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from calls_support import our_line, until
from debian_baresip import debian_baresip
from line_support import voice, write_wav
from raw_phone import raw_phone
from sipp_script import Script, run_sipp

from telephony import Call

pytestmark = pytest.mark.peer
KEYS = "0123456789*#ABCD"
EVENT = 101  # the payload type that the raw phone offers


async def keys(call: Call, pressed: list[str]) -> None:
    async for digit in call.digits():
        pressed.append(digit)


@pytest.mark.parametrize("mode", ["rtpevent", "info"])
async def test_keys_of_debian_baresip_arrive(tmp_path: Path, mode: str) -> None:
    wav = write_wav(tmp_path / "say.wav", voice(20))
    account = f"answermode=auto;dtmfmode={mode}"
    pressed: list[str] = []
    async with our_line() as line, debian_baresip(tmp_path / "b", say=wav, account=account) as peer:
        await peer.command("dial", line.uri)
        call = await line.answered()
        listening = asyncio.ensure_future(keys(call, pressed))
        await peer.command("sndcode", "1590*#")
        await until(lambda: len(pressed) >= 6, f"all keys arrive: {pressed}", 10)
        await call.hangup()
        await listening
    assert "".join(pressed) == "1590*#"


async def test_our_keys_reach_debian_baresip(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "say.wav", voice(20))
    async with our_line() as line, debian_baresip(tmp_path / "b", say=wav) as peer:
        await peer.command("dial", line.uri)
        call = await line.answered()
        await call.send_digits("12*#0")
        got = [(await peer.event("CALL_DTMF_START"))["param"] for _ in range(5)]
        await call.hangup()
    assert got == list("12*#0")


async def test_a_key_as_sip_info_from_sipp_arrives(tmp_path: Path) -> None:
    relay = "Signal={}\r\nDuration=160\r\n"
    script = Script().invite().expect(200).send("ACK")
    for key in "5#":
        script.send("INFO", relay.format(key), kind="application/dtmf-relay").expect(
            200, optional=()
        ).pause(300)
    pressed: list[str] = []
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script.bye(), line.port, tmp_path))
        call = await line.answered()
        await keys(call, pressed)
        await running
    assert pressed == ["5", "#"]


@dataclass(frozen=True)
class Event:
    """An RTP packet of payload type 101 (RFC 4733 section 2.3)."""

    marker: bool
    timestamp: int
    code: int
    end: bool
    duration: int


class EventPort(asyncio.DatagramProtocol):
    """RTP events by hand, out and in."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._sequence = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[1] & 0x7F == EVENT:
            timestamp = struct.unpack_from(">I", data, 4)[0]
            code, flags, duration = struct.unpack_from(">BBH", data, 12)
            self.events.append(
                Event(bool(data[1] & 0x80), timestamp, code, bool(flags & 0x80), duration)
            )

    async def press(
        self, code: int, at: int, to: tuple[str, int], *, ends: int = 3, times: int = 1
    ) -> None:
        """A key held for 100 ms, its end sent `ends` times, each packet `times`."""
        marks = [(number == 0, False, 160 * (number + 1)) for number in range(5)]
        for marker, end, duration in marks + [(False, True, 800)] * ends:
            packet = struct.pack(
                *(">BBHIIBBH", 0x80, EVENT | marker << 7, self._sequence, at, 0x77),
                *(code, 0x80 * end | 10, duration),
            )
            self._sequence += 1
            for _ in range(times):
                self._transport.sendto(packet, to)  # type: ignore[attr-defined]
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def event_port() -> AsyncIterator[EventPort]:
    transport, port = await asyncio.get_running_loop().create_datagram_endpoint(
        EventPort, local_addr=("127.0.0.1", 0)
    )
    try:
        yield port
    finally:
        transport.close()


async def test_each_key_counts_once_whatever_happens_to_its_packets(tmp_path: Path) -> None:
    pressed: list[str] = []
    async with our_line() as line, raw_phone(line.port) as phone, event_port() as rtp:
        phone.rtp_port = rtp.port
        phone.invite()
        call = await line.ringing()
        answered, _ = await asyncio.gather(phone.connect(), call.answer())
        listening = asyncio.ensure_future(keys(call, pressed))
        to = phone.rtp_target(answered)
        for number, code in enumerate(range(16)):
            await rtp.press(code, 1600 * number, to)
        await until(lambda: "".join(pressed) == KEYS, f"every key once, got {pressed}")
        pressed.clear()
        await rtp.press(1, 40_000, to, times=3)  # every packet three times
        await rtp.press(1, 42_000, to, ends=1)  # two end packets lost
        await rtp.press(2, 44_000, to, ends=0)  # all end packets lost
        await rtp.press(3, 46_000, to)
        await rtp.press(3, 48_000, to)
        await until(lambda: "".join(pressed) == "11233", f"11233 was pressed, got {pressed}")
        await call.hangup()
        await listening
    assert "".join(pressed) == "11233"


async def test_our_keys_leave_as_events_with_their_duration(tmp_path: Path) -> None:
    async with our_line() as line, raw_phone(line.port) as phone, event_port() as rtp:
        phone.rtp_port = rtp.port
        phone.invite()
        call = await line.ringing()
        await asyncio.gather(phone.connect(), call.answer())
        await call.send_digits("7#")
        await until(lambda: sum(event.end for event in rtp.events) >= 6, "both keys have ended")
        await call.hangup()
    codes = [event.code for event in rtp.events]
    assert codes == sorted(codes)
    assert set(codes) == {7, 11}
    for code in (7, 11):
        key = [event for event in rtp.events if event.code == code]
        assert [event.marker for event in key] == [True] + [False] * (len(key) - 1)
        assert len({event.timestamp for event in key}) == 1
        assert [event.end for event in key[-3:]] == [True] * 3
        assert not any(event.end for event in key[:-3])
        durations = [event.duration for event in key]
        assert durations == sorted(durations)
        assert 400 <= durations[-1] <= 4000  # 50 to 500 ms
