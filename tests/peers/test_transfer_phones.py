"""Transfers between real phones: Debian's baresip, and stacks of our own in other processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from debian_baresip import Phone, debian_baresip
from line_support import (
    RecordingTap,
    Samples,
    calm,
    child,
    find,
    loud_ms,
    read_stereo,
    samples,
    script,
    voice,
    write_wav,
)

from telephony import Call, TransferOutcome
from telephony.baresip.line import BaresipEndpoint
from telephony.bridge import bridge
from telephony.config import LineConfig
from telephony.loopback.refusal import RefusingAgent, RefusingProtocol
from tests.ports import free_port

pytestmark = pytest.mark.peer
STORY = {"X-Summary-Id": "S15334fc"}
CALLER_SAYS, SEAT_SAYS = voice(1.0, seed=31), voice(1.0, seed=32)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def endpoint(port: int) -> AsyncIterator[BaresipEndpoint]:
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="23000-23198", jitter_buffer_ms=60),
        calm(),
    )
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


def speech(path: Path, said: bytes) -> Path:
    """A wav of `said` after each of thirty pauses of a second."""
    return write_wav(path, (bytes(16_000) + said) * 30)


@contextlib.asynccontextmanager
async def phones(folder: Path) -> AsyncIterator[tuple[Phone, Phone]]:
    """A caller's and a seat's baresip, each with its own voice."""
    asks, says = speech(folder / "asks.wav", CALLER_SAYS), speech(folder / "says.wav", SEAT_SAYS)
    async with (
        debian_baresip(folder / "caller", say=asks, rtp_ports="23200-23298") as caller,
        debian_baresip(folder / "seat", say=says, rtp_ports="23300-23398") as seat,
    ):
        yield caller, seat


async def take_call(endpoint: BaresipEndpoint, caller: Phone, port: int) -> Call:
    await caller.command("dial", f"sip:400@127.0.0.1:{port}")
    call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 10)
    await call.answer()
    await caller.event("CALL_ESTABLISHED")
    return call


def snr_db(said: bytes, heard: Samples) -> float:
    """The median of its fifths of a second, each where it is clearest: it is said again and
    again, so their order tells nothing."""
    pieces = samples(said).reshape(5, -1)
    return float(np.median([find(piece, heard)[1] for piece in pieces]))


async def hears(call: Call, said: bytes) -> None:
    """Wait until the call's far end has said all of `said`, clearly."""
    tap = RecordingTap()
    call.attach(tap)
    async with asyncio.timeout(8):
        async for _ in call.frames():
            if len(tap.heard) >= 3.2 * 16_000:
                break
    assert snr_db(said, samples(bytes(tap.heard))) >= 30


async def test_baresip_follows_a_refer_to_the_seat(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path
) -> None:
    async with phones(tmp_path) as (caller, seat):
        call = await take_call(endpoint, caller, port)
        result = await call.transfer(seat.uri, timeout_s=10)
        assert result.outcome is TransferOutcome.ACCEPTED, result
        ended = await asyncio.wait_for(call.wait_ended(), 20)
        assert ended.reason == "transferred"
        await seat.event("CALL_ESTABLISHED")
        await asyncio.sleep(3.5)  # they talk to each other now, without us
        await seat.command("hangup")
        assert snr_db(CALLER_SAYS, seat.heard()) >= 30


async def test_baresip_reports_a_busy_seat_and_the_caller_talks_on_with_us(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path
) -> None:
    busy_port = free_port()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RefusingProtocol(RefusingAgent(486), ring_ms=200),
        local_addr=("127.0.0.1", busy_port),
    )
    with contextlib.closing(transport):
        async with phones(tmp_path) as (caller, _):
            call = await take_call(endpoint, caller, port)
            result = await call.transfer(f"sip:2001@127.0.0.1:{busy_port}", timeout_s=10)
            assert (result.outcome, result.sip_code) == (TransferOutcome.BUSY, 486)
            back = voice(1.0, seed=33)
            call.play(bytes(8000) + back)
            await hears(call, CALLER_SAYS)
            await call.hangup()
            assert snr_db(back, caller.heard()) >= 30


async def test_baresip_1_cannot_be_joined_so_the_bot_bridges(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path
) -> None:
    """It knows no Replaces: the join fails at once with both legs up, and the bridge serves."""
    async with phones(tmp_path) as (caller, seat):
        call = await take_call(endpoint, caller, port)
        dialled = await endpoint.dial(seat.uri, headers=STORY, timeout_s=10)
        assert dialled.call is not None, dialled
        result = await call.attended_transfer(dialled.call, timeout_s=5)
        assert result.outcome is TransferOutcome.FAILED
        assert "Replaces" in result.reason
        joined = asyncio.create_task(bridge(call, dialled.call))
        await asyncio.sleep(4.5)
        await caller.command("hangup")
        end = await asyncio.wait_for(joined, 20)
        assert end.leg == "a"
        await hears(dialled.call, SEAT_SAYS)
        await dialled.call.hangup()
        to_seat, to_caller = (
            snr_db(CALLER_SAYS, seat.heard()),
            snr_db(SEAT_SAYS, caller.heard()),
        )
        print(f"caller to seat {to_seat:.1f} dB, seat to caller {to_caller:.1f} dB")
        assert min(to_seat, to_caller) >= 30


async def test_an_attended_transfer_lets_caller_and_seat_talk_without_us(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path
) -> None:
    seat_port = free_port()
    write_wav(tmp_path / "asks.wav", CALLER_SAYS)
    write_wav(tmp_path / "says.wav", SEAT_SAYS)
    steps = [
        {"wait_ms": 4000},
        {"play": "asks.wav"},
        {"wait_reply": {"min_ms": 600, "quiet_ms": 300}},
        {"hangup": True},
    ]
    async with (
        child(
            "telephony.loopback.seat",
            *("--listen", f"127.0.0.1:{seat_port}", "--rtp-ports", "23300-23398"),
            *("--ring-ms", 50, "--speak-after-ms", 60_000, "--calls", 2),
            *("--play", tmp_path / "says.wav", "--tape", tmp_path / "seat.wav"),
        ) as seat,
        child(
            "telephony.loopback.caller",
            *("--call", f"sip:400@127.0.0.1:{port}", "--listen", f"127.0.0.1:{free_port()}"),
            *("--rtp-ports", "23200-23298", "--follow-transfers"),
            *("--script", script(tmp_path, steps), "--tape", tmp_path / "caller.wav"),
        ) as caller,
    ):
        await seat.event("listening")
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 10)
        await call.answer()
        dialled = await endpoint.dial(f"sip:2001@127.0.0.1:{seat_port}", timeout_s=5)
        assert dialled.call is not None
        result = await call.attended_transfer(dialled.call, timeout_s=8)
        assert result.outcome is TransferOutcome.ACCEPTED, result
        await asyncio.wait_for(call.wait_ended(), 20)
        await asyncio.wait_for(dialled.call.wait_ended(), 20)
        assert await caller.finish() == 0
    _, caller_heard = read_stereo(tmp_path / "caller.wav")
    assert snr_db(SEAT_SAYS, caller_heard) >= 30
    assert len(loud_ms(np.ascontiguousarray(caller_heard))) >= 95
