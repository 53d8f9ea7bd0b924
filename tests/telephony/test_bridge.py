"""Two legs joined: in virtual time for the logic, over SIP for the sound."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from line_support import (
    child,
    clarity_db,
    find,
    loud_ms,
    read_stereo,
    samples,
    script,
    voice,
    write_wav,
)
from line_time import run_virtual

from telephony import HangupBy, TransferOutcome
from telephony.baresip.line import BaresipEndpoint
from telephony.bridge import BridgeEnd, bridge
from telephony.file_line import FileCall
from tests.ports import free_port


def sent_on(call: FileCall) -> bytes:
    return samples(call.take_tape())[1::2].astype("<i2").tobytes()


def test_each_hears_the_other_and_the_bridge_says_who_left() -> None:
    async def join() -> tuple[BridgeEnd, FileCall, FileCall, int]:
        caller = FileCall(voice(1.0, seed=1), tail_ms=1000)
        seat = FileCall(voice(1.0, seed=2), tail_ms=60_000)
        await caller.answer()
        await seat.answer()
        caller.play(voice(1.0, seed=3))  # ringback that is still queued
        heard: list[str] = []
        end = await bridge(caller, seat, lambda leg, frame: heard.append(leg))
        assert seat.ended is None
        assert 0 < seat.queued_ms <= 80  # the last word is not cut off
        await seat.hangup()
        assert heard.count("a") == 100
        return end, caller, seat, heard.count("b")

    end, caller, seat, _ = run_virtual(join())
    assert (end.leg, end.hangup.by) == ("a", HangupBy.REMOTE)
    to_caller, to_seat = samples(sent_on(caller)), samples(sent_on(seat))
    rise = 40  # samples: the first sound after the joining fades in
    assert find(samples(voice(1.0, seed=2))[rise:], to_caller)[1] > 60
    at, snr_db = find(samples(voice(1.0, seed=1))[rise:], to_seat)
    assert snr_db > 60
    assert at - rise <= 60 * 8  # the cushion and two frames


def test_the_other_leg_may_leave_first_or_be_gone_already() -> None:
    async def join() -> tuple[BridgeEnd, BridgeEnd]:
        caller, seat = FileCall(b"", tail_ms=9000), FileCall(b"", tail_ms=300)
        await caller.answer()
        await seat.answer()
        first = await bridge(caller, seat)
        again = await asyncio.wait_for(bridge(caller, seat), 0.1)
        await caller.hangup()
        return first, again

    first, again = run_virtual(join())
    assert (first.leg, again.leg) == ("b", "b")


def test_a_cancelled_bridge_leaves_both_calls_up() -> None:
    async def join() -> None:
        caller, seat = FileCall(voice(5.0), tail_ms=0), FileCall(b"", tail_ms=5000)
        await caller.answer()
        await seat.answer()
        joined = asyncio.create_task(bridge(caller, seat))
        await asyncio.sleep(1)
        joined.cancel()
        with pytest.raises(asyncio.CancelledError):
            await joined
        assert (caller.ended, seat.ended) == (None, None)
        assert len(await anext(aiter(caller.frames()))) == 320
        await caller.hangup()
        await seat.hangup()

    run_virtual(join())


def test_a_tap_that_fails_is_not_a_silent_line() -> None:
    async def join() -> None:
        caller, seat = FileCall(voice(5.0)), FileCall(b"", tail_ms=5000)
        await caller.answer()
        await seat.answer()
        with pytest.raises(ZeroDivisionError):
            await bridge(caller, seat, lambda leg, frame: print(1 // 0))
        await caller.hangup()
        await seat.hangup()

    run_virtual(join())


async def test_caller_and_seat_hear_each_other_over_sip(
    endpoint: BaresipEndpoint, sip_port: int, tmp_path: Path
) -> None:
    seat_port = free_port()
    asks, says = voice(1.0, seed=21), voice(1.0, seed=22)
    write_wav(tmp_path / "asks.wav", asks)
    write_wav(tmp_path / "says.wav", says)
    steps = [
        {"wait_ms": 1200},
        {"play": "asks.wav"},
        {"wait_reply": {"min_ms": 600, "quiet_ms": 300}},
        {"hangup": True},
    ]
    async with (
        child(
            "telephony.loopback.seat",
            *("--listen", f"127.0.0.1:{seat_port}", "--ring-ms", 50, "--speak-after-ms", 9000),
            *("--play", tmp_path / "says.wav", "--tape", tmp_path / "seat.wav"),
        ) as seat,
        child(
            "telephony.loopback.caller",
            *("--call", f"sip:400@127.0.0.1:{sip_port}", "--listen", f"127.0.0.1:{free_port()}"),
            *("--script", script(tmp_path, steps), "--tape", tmp_path / "caller.wav"),
        ) as caller,
    ):
        await seat.event("listening")
        leg = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 10)
        await leg.answer()
        dialled = await endpoint.dial(f"sip:2001@127.0.0.1:{seat_port}", timeout_s=5)
        assert dialled.outcome is TransferOutcome.ACCEPTED
        assert dialled.call is not None
        end = await asyncio.wait_for(bridge(leg, dialled.call), 15)
        assert (end.leg, end.hangup.by) == ("a", HangupBy.REMOTE)
        assert dialled.call.ended is None
        await dialled.call.hangup()
        assert await caller.finish() == 0
        assert await seat.finish() == 0
    caller_said, caller_heard = read_stereo(tmp_path / "caller.wav")
    seat_said, seat_heard = read_stereo(tmp_path / "seat.wav")
    assert clarity_db(says, caller_heard) >= 30
    assert clarity_db(asks, seat_heard) >= 30
    assert len(loud_ms(np.ascontiguousarray(caller_said))) >= 95
    assert len(loud_ms(np.ascontiguousarray(seat_said))) >= 95
