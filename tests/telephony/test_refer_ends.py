"""However a transfer by REFER goes wrong, the caller is back with us, audible both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from raw_far_end import Leg, RawSeat, caller_leg, seat_leg

from telephony import TransferOutcome, TransferResult
from telephony.baresip.line import BaresipEndpoint

SEAT = "sip:2001@127.0.0.1:5999"


@pytest.fixture
async def caller(endpoint: BaresipEndpoint, sip_port: int) -> AsyncIterator[Leg]:
    async with caller_leg(endpoint, sip_port, Supported="replaces") as leg:
        yield leg


async def refer(leg: Leg, answer: str, timeout_s: float = 5) -> asyncio.Task[TransferResult]:
    """Begin a transfer; the far end says `answer` to the REFER."""
    task = asyncio.create_task(leg.call.transfer(SEAT, timeout_s=timeout_s))
    leg.phone.reply(await leg.phone.until_request("REFER"), answer)
    return task


@pytest.mark.parametrize("code", [403, 405, 501, 603])
async def test_a_far_end_that_refuses_the_refer(caller: Leg, code: int) -> None:
    result = await asyncio.wait_for(await refer(caller, f"{code} No"), 20)
    wanted = TransferOutcome.DECLINED if code == 603 else TransferOutcome.FAILED
    assert (result.outcome, result.sip_code) == (wanted, code)
    await caller.is_usable()


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (486, TransferOutcome.BUSY),
        (603, TransferOutcome.DECLINED),
        (408, TransferOutcome.NO_ANSWER),
        (404, TransferOutcome.FAILED),
        (503, TransferOutcome.FAILED),
    ],
)
async def test_progress_is_no_end_and_a_failure_gives_the_caller_back(
    caller: Leg, code: int, outcome: TransferOutcome
) -> None:
    task = await refer(caller, "202 Accepted")
    for progress in ("100 Trying", "180 Ringing"):
        caller.phone.notify(f"SIP/2.0 {progress}", final=False)
        await caller.phone.until(200)
    assert not task.done()
    caller.phone.notify(f"SIP/2.0 {code} No", final=True)
    result = await asyncio.wait_for(task, 20)
    assert (result.outcome, result.sip_code) == (outcome, code)
    await caller.is_usable()


@pytest.mark.parametrize("told_by", ["event id", "unsubscription"])
async def test_silence_after_202_is_no_answer_and_the_next_refer_has_its_own_end(
    caller: Leg, told_by: str
) -> None:
    """Two REFERs in a dialog are told apart by the CSeq in Event (RFC 3515 section 2.4.6), or
    because the far end confirms that the first subscription is over."""
    result = await asyncio.wait_for(await refer(caller, "202 Accepted", 0.4), 20)
    assert (result.outcome, result.sip_code) == (TransferOutcome.NO_ANSWER, None)
    await caller.is_usable()
    again = asyncio.create_task(caller.call.transfer(SEAT, timeout_s=5))
    over = await caller.phone.until_request("SUBSCRIBE")
    request = await caller.phone.until_request("REFER")
    caller.phone.reply(request, "202 Accepted")
    event = "refer"
    if told_by == "event id":
        event += f";id={request.headers['cseq'].split()[0]}"
    else:
        caller.phone.reply(over, "481 Subscription Does Not Exist")
    caller.phone.notify("SIP/2.0 486 Busy Here", final=True, event=event)
    assert (await asyncio.wait_for(again, 20)).outcome is TransferOutcome.BUSY
    await caller.is_usable()


@pytest.mark.parametrize(
    "fragment",
    ["", "SIP/2.0", "SIP/2.0 banana", "SIP/2.0 99999999999 X", "\x00\xff", "A" * 1400],
    ids=["empty", "cut", "no number", "huge", "binary", "long"],
)
async def test_a_malformed_notify_ends_nothing_but_the_wait(caller: Leg, fragment: str) -> None:
    task = await refer(caller, "202 Accepted", 0.5)
    caller.phone.notify(fragment, final=False)
    result = await asyncio.wait_for(task, 20)
    assert result.outcome in (TransferOutcome.NO_ANSWER, TransferOutcome.FAILED)
    await caller.is_usable()


async def test_a_subscription_that_ends_without_a_result_is_no_answer(caller: Leg) -> None:
    task = await refer(caller, "202 Accepted", 0.5)
    caller.phone.notify("SIP/2.0 100 Trying", final=True)
    assert (await asyncio.wait_for(task, 20)).outcome is TransferOutcome.NO_ANSWER
    await caller.is_usable()


async def test_a_header_that_must_not_travel_sends_nothing(caller: Leg) -> None:
    result = await caller.call.transfer(SEAT, headers={"X-A": "1\r\nRoute: <sip:evil>"})
    assert result.outcome is TransferOutcome.FAILED
    assert "control" in result.reason
    await caller.is_usable()


# --- attended ------------------------------------------------------------------------------
async def join(caller: Leg, seat: Leg, answer: str) -> asyncio.Task[TransferResult]:
    task = asyncio.create_task(caller.call.attended_transfer(seat.call, timeout_s=5))
    request = await caller.phone.until_request("REFER")
    target, _, replaces = request.headers["refer-to"].strip("<>").partition("?")
    assert target == f"sip:seat@127.0.0.1:{seat.phone.port}" or "2001" in target
    call_id, to_tag, from_tag = replaces.removeprefix("Replaces=").split("%3B")
    assert call_id == seat.call.info.call_id
    assert to_tag == "to-tag%3Draw"
    assert from_tag.startswith("from-tag%3D")
    caller.phone.reply(request, answer)
    return task


async def test_an_attended_transfer_joins_the_far_ends_and_both_our_legs_end(
    endpoint: BaresipEndpoint, sip_port: int, caller: Leg
) -> None:
    async with seat_leg(endpoint, sip_port, Supported="replaces") as seat:
        task = await join(caller, seat, "202 Accepted")
        caller.phone.notify("SIP/2.0 200 OK", final=True)
        assert (await asyncio.wait_for(task, 8)).outcome is TransferOutcome.ACCEPTED
        ended = await asyncio.wait_for(caller.call.wait_ended(), 20)
        assert ended.reason == "transferred"
        await asyncio.wait_for(seat.call.wait_ended(), 20)


@pytest.mark.parametrize("how", ["refused", "busy"])
@pytest.mark.parametrize("held", [False, True], ids=["not held", "held"])
async def test_a_failed_join_leaves_both_legs_usable(
    endpoint: BaresipEndpoint, sip_port: int, caller: Leg, how: str, held: bool
) -> None:
    async with seat_leg(endpoint, sip_port, Supported="replaces") as seat:
        if held:
            hold = asyncio.create_task(caller.call.hold())
            await answer_reinvite(caller)
            await hold
        task = await join(caller, seat, "403 No" if how == "refused" else "202 Accepted")
        if how == "busy":
            caller.phone.notify("SIP/2.0 486 Busy Here", final=True)
        if held:
            assert "a=sendrecv" in await answer_reinvite(caller)
        result = await asyncio.wait_for(task, 8)
        assert result.sip_code == (403 if how == "refused" else 486)
        await caller.is_usable()
        await seat.is_usable()


async def answer_reinvite(leg: Leg) -> str:
    """Agree to the line's re-INVITE; its offer."""
    offer = await leg.phone.until_request("INVITE")
    body = leg.phone._sdp("recvonly" if "a=sendonly" in offer.body else "sendrecv")
    leg.phone.reply(offer, "200 OK", body)
    await leg.phone.until_request("ACK")
    return offer.body


async def test_a_caller_without_replaces_is_a_typed_failure(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with (
        caller_leg(endpoint, sip_port) as caller,
        seat_leg(endpoint, sip_port, Supported="replaces") as seat,
    ):
        result = await caller.call.attended_transfer(seat.call, timeout_s=1)
        assert (result.outcome, result.sip_code) == (TransferOutcome.FAILED, None)
        assert "Replaces" in result.reason
        await caller.is_usable()
        await seat.is_usable()


async def test_a_seat_that_leaves_before_the_join(
    endpoint: BaresipEndpoint, sip_port: int, caller: Leg
) -> None:
    async with seat_leg(endpoint, sip_port, Supported="replaces") as seat:
        assert isinstance(seat.phone, RawSeat)
        seat.phone.bye()
        await asyncio.wait_for(seat.call.wait_ended(), 20)
        result = await caller.call.attended_transfer(seat.call, timeout_s=1)
        assert result.outcome is TransferOutcome.FAILED
        await caller.is_usable()
