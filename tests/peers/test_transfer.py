"""Transfers with programs of others: SIPp and Debian's baresip."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from line_support import calm
from transfer_support import answered, is_heard, sipp

from telephony import HangupBy, TransferOutcome
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port

pytestmark = pytest.mark.peer
SEAT = "sip:2001@127.0.0.1:5999"
STORY = {"X-Summary-Id": "S15334fc", "User-to-User": "5331;encoding=hex"}


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


@pytest.mark.parametrize(
    ("final", "outcome"),
    [
        ("486 Busy Here", TransferOutcome.BUSY),
        ("603 Decline", TransferOutcome.DECLINED),
        ("408 Request Timeout", TransferOutcome.NO_ANSWER),
        ("404 Not Found", TransferOutcome.FAILED),
        ("503 Service Unavailable", TransferOutcome.FAILED),
    ],
)
async def test_a_refer_that_fails_gives_the_caller_back(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path, final: str, outcome: TransferOutcome
) -> None:
    async with sipp("refer.xml", tmp_path, 23200, target=port, final=final) as far:
        call = await answered(endpoint)
        result = await call.transfer(SEAT, headers=STORY, timeout_s=8)
        assert (result.outcome, result.sip_code) == (outcome, int(final.split()[0]))
        await is_heard(call)
        await call.hangup()
        await far.finish()


async def test_a_refer_that_works_ends_our_leg(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path
) -> None:
    async with sipp("refer.xml", tmp_path, 23200, target=port, final="200 OK") as far:
        call = await answered(endpoint)
        result = await call.transfer(SEAT, headers=STORY, timeout_s=8)
        assert result.outcome is TransferOutcome.ACCEPTED
        ended = await asyncio.wait_for(call.wait_ended(), 20)
        assert (ended.by, ended.reason) == (HangupBy.LOCAL, "transferred")
        await far.finish()


@pytest.mark.parametrize("final", ["403 Forbidden", "405 Method Not Allowed", "501 No"])
async def test_a_far_end_that_refuses_the_refer_talks_on(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path, final: str
) -> None:
    async with sipp("refer_refused.xml", tmp_path, 23200, target=port, final=final) as far:
        call = await answered(endpoint)
        result = await call.transfer(SEAT, timeout_s=8)
        assert (result.outcome, result.sip_code) == (TransferOutcome.FAILED, int(final[:3]))
        await is_heard(call)
        await call.hangup()
        await far.finish()


@pytest.mark.parametrize(
    ("timeout_s", "outcome"), [(0.5, TransferOutcome.NO_ANSWER), (8, TransferOutcome.CALLER_GONE)]
)
async def test_a_far_end_that_never_reports_and_then_leaves(
    endpoint: BaresipEndpoint,
    port: int,
    tmp_path: Path,
    timeout_s: float,
    outcome: TransferOutcome,
) -> None:
    async with sipp("refer_silent.xml", tmp_path, 23200, target=port, pause_ms=2500) as far:
        call = await answered(endpoint)
        result = await call.transfer(SEAT, timeout_s=timeout_s)
        assert result.outcome is outcome
        if outcome is TransferOutcome.NO_ANSWER:
            await is_heard(call)
        assert (await asyncio.wait_for(call.wait_ended(), 20)).by is HangupBy.REMOTE
        await far.finish()


async def test_a_far_end_cannot_steer_us(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path
) -> None:
    async with sipp("refer_us.xml", tmp_path, 23200, target=port) as far:
        call = await answered(endpoint)
        for _ in range(3):
            await is_heard(call)
        assert call.ended is None
        await call.hangup()
        await far.finish()


async def test_the_story_reaches_a_seat_in_its_invite(
    endpoint: BaresipEndpoint, tmp_path: Path
) -> None:
    async with sipp("headed_seat.xml", tmp_path, 23220) as seat:
        result = await endpoint.dial(f"sip:2001@127.0.0.1:{seat.port}", headers=STORY, timeout_s=8)
        assert result.call is not None, result
        await is_heard(result.call)
        await result.call.hangup()
        await seat.finish()


@pytest.mark.parametrize("final", ["200 OK", "486 Busy Here"])
async def test_an_attended_transfer_joins_or_gives_both_back(
    endpoint: BaresipEndpoint, port: int, tmp_path: Path, final: str
) -> None:
    async with (
        sipp("attended.xml", tmp_path, 23200, target=port, final=final) as far,
        sipp("headed_seat.xml", tmp_path, 23220) as seat,
    ):
        call = await answered(endpoint)
        dialled = await endpoint.dial(f"sip:2001@127.0.0.1:{seat.port}", headers=STORY, timeout_s=8)
        assert dialled.call is not None, dialled
        result = await call.attended_transfer(dialled.call, timeout_s=8)
        if final.startswith("200"):
            assert result.outcome is TransferOutcome.ACCEPTED
            await asyncio.wait_for(call.wait_ended(), 20)
            await asyncio.wait_for(dialled.call.wait_ended(), 20)
        else:
            assert (result.outcome, result.sip_code) == (TransferOutcome.BUSY, 486)
            for leg in (call, dialled.call):
                await is_heard(leg)
                await leg.hangup()
        await asyncio.gather(far.finish(), seat.finish())
