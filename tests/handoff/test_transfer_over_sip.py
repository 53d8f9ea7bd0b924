"""Hand-off by REFER over real SIP: to the next seat after a failure, and back to us after all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from line_support import calm
from raw_far_end import Leg, caller_leg, raw_seat

from telephony import TransferOutcome
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.handoff.fakes import hand_off
from tests.ports import free_port
from voicebot.handoff import CallFacts, HandoffEnd, SummaryPackage, build_package
from voicebot.settings import HandoffSettings, SeatSettings

SEATS = (
    SeatSettings(name="二线01", uri="sip:2001@127.0.0.1:5999"),
    SeatSettings(name="二线02", uri="sip:2002@127.0.0.1:5999"),
)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def line(port: int) -> AsyncIterator[BaresipEndpoint]:
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="23400-23498", jitter_buffer_ms=20),
        calm(),
    )
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
async def caller(line: BaresipEndpoint, port: int) -> AsyncIterator[Leg]:
    async with caller_leg(line, port, Supported="replaces") as leg:
        yield leg


def story() -> SummaryPackage:
    return build_package(CallFacts("13800138000", "requested"), (), {}, summary_id="S0000001")


def begin(
    caller: Leg, line: BaresipEndpoint, mode: str, seats: tuple[SeatSettings, ...] = SEATS
) -> asyncio.Task[HandoffEnd]:
    settings = HandoffSettings.model_validate({"mode": mode, "ring_timeout_s": 5, "max_wait_s": 0})
    return asyncio.create_task(hand_off(caller.call, line, seats, story(), settings))


async def told(caller: Leg, sipfrag: str) -> str:
    """The far end takes the next REFER and reports `sipfrag`; the Refer-To it was sent."""
    refer = await caller.phone.until_request("REFER")
    caller.phone.reply(refer, "202 Accepted")
    event = f"refer;id={refer.headers['cseq'].split()[0]}"
    caller.phone.notify(f"SIP/2.0 {sipfrag}", final=True, event=event)
    return refer.headers["refer-to"]


async def test_refer_goes_on_to_the_next_seat(line: BaresipEndpoint, caller: Leg) -> None:
    work = begin(caller, line, "refer")
    first = await told(caller, "486 Busy Here")
    second = await told(caller, "200 OK")
    end = await asyncio.wait_for(work, 10)
    assert (end.outcome, end.seat, end.seat_call) == (TransferOutcome.ACCEPTED, "二线02", None)
    assert [attempt.sip_code for attempt in end.attempts] == [486, None]
    story_headers = "X-Summary-Id=S0000001&User-to-User=5330303030303031%3Bencoding%3Dhex"
    assert first == f"<sip:2001@127.0.0.1:5999?{story_headers}>"
    assert second == f"<sip:2002@127.0.0.1:5999?{story_headers}>"


async def test_when_every_refer_fails_the_caller_is_with_us_again(
    line: BaresipEndpoint, caller: Leg
) -> None:
    work = begin(caller, line, "refer")
    await told(caller, "603 Decline")
    await told(caller, "486 Busy Here")
    end = await asyncio.wait_for(work, 10)
    assert (end.outcome, len(end.attempts)) == (TransferOutcome.BUSY, 2)
    await caller.is_usable()


@pytest.mark.parametrize("joined", [True, False], ids=["joined", "not joined"])
async def test_attended_rings_the_seat_and_joins_it_or_leaves_it_to_the_bridge(
    line: BaresipEndpoint, port: int, caller: Leg, joined: bool
) -> None:
    async with raw_seat(port) as phone:
        seat = SeatSettings(name="二线01", uri=f"sip:2001@127.0.0.1:{phone.port}")
        work = begin(caller, line, "attended", (seat,))
        invite = await phone.answer(port, Supported="replaces")
        assert invite.headers["x-summary-id"] == "S0000001"
        refer_to = await told(caller, "200 OK" if joined else "486 Busy Here")
        assert "Replaces=" in refer_to
        end = await asyncio.wait_for(work, 10)
        assert (end.outcome, end.seat) == (TransferOutcome.ACCEPTED, "二线01")
        assert (end.seat_call is None) is joined
        if end.seat_call is not None:
            assert end.seat_call.ended is None
            await caller.is_usable()
            await end.seat_call.hangup()
        await phone.until_request("BYE")
