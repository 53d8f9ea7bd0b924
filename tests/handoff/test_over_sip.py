"""The same hand-off over real SIP on this machine: our line dials seats in other processes."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from telephony.api import TransferOutcome
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.handoff.fakes import FakeCall, hand_off
from tests.ports import free_port
from voicebot.handoff import CallFacts, SummaryPackage, build_package
from voicebot.settings import HandoffSettings, SeatSettings

LIMIT_S = 60.0
SETTINGS = HandoffSettings(ring_timeout_s=30)


@dataclass
class Seat:
    """A seat's phone in a process of its own."""

    process: asyncio.subprocess.Process
    settings: SeatSettings

    async def until(self, event: str) -> dict[str, Any]:
        """The first event of this name that it reports."""
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), LIMIT_S):
            found: dict[str, Any] = json.loads(line)
            if found["event"] == event:
                return found
        raise AssertionError(f"the seat ended without {event}")


async def ring_up(name: str, rtp_low: int, *how: str) -> Seat:
    address = f"127.0.0.1:{free_port()}"
    rtp = f"{rtp_low}-{rtp_low + 98}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telephony.loopback.seat", "--listen", address),
        *("--rtp-ports", rtp, "--expose", "X-Summary-Id", *how),
        stdout=asyncio.subprocess.PIPE,
    )
    seat = Seat(process, SeatSettings(name=name, uri=f"sip:seat@{address}"))
    await seat.until("listening")
    return seat


@pytest.fixture
async def line() -> AsyncIterator[BaresipEndpoint]:
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{free_port()}", rtp_ports="26100-26198")
    )
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


def story() -> SummaryPackage:
    return build_package(CallFacts("13800138000", "requested"), (), {})


async def test_a_busy_seat_passes_the_caller_on_and_the_next_one_sees_the_id(
    line: BaresipEndpoint,
) -> None:
    busy = await ring_up("二线01", 26200, "--busy", "--ring-ms", "100")
    takes_it = await ring_up("二线02", 26300, "--answer", "--ring-ms", "100")
    seats = [busy.settings, takes_it.settings]
    package = story()
    end = await hand_off(FakeCall(), line, seats, package, SETTINGS)
    assert (end.outcome, end.seat) == (TransferOutcome.ACCEPTED, "二线02")
    first = end.attempts[0]
    assert (first.outcome, first.sip_code) == (TransferOutcome.BUSY, 486)
    ringing = await takes_it.until("ringing")
    assert ringing["headers"] == {"x-summary-id": package.id}
    assert end.seat_call is not None
    await end.seat_call.hangup()
    await takes_it.until("ended")
    for seat in (busy, takes_it):
        await asyncio.wait_for(seat.process.wait(), LIMIT_S)


async def test_a_caller_who_hangs_up_while_it_rings_sends_the_seat_a_cancel(
    line: BaresipEndpoint,
) -> None:
    seat = await ring_up("二线01", 26400, "--no-answer")
    caller = FakeCall()
    work = asyncio.create_task(hand_off(caller, line, [seat.settings], story(), SETTINGS))
    await seat.until("ringing")
    caller.end()
    end = await asyncio.wait_for(work, LIMIT_S)
    assert end.outcome is TransferOutcome.CALLER_GONE
    await seat.until("cancelled")
    await asyncio.wait_for(seat.process.wait(), LIMIT_S)
