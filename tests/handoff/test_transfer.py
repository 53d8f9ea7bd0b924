"""Seats ring until one takes the call; the caller may leave at any moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telephony.api import Call, CallInfo, DialResult, Endpoint, TransferOutcome, TransferResult
from telephony.errors import LineError
from tests.handoff.fakes import FakeCall, FakeEndpoint, hand_off
from voicebot.handoff import (
    Attempt,
    CallFacts,
    NobodyThere,
    Ringing,
    SummaryPackage,
    build_package,
)
from voicebot.handoff.outcomes import HandoffEvent
from voicebot.handoff.transfer import summary_headers
from voicebot.records import Records
from voicebot.settings import HandoffSettings, SeatSettings

ONE = SeatSettings(name="二线01", uri="sip:1@seat", skills=("存储组",))
TWO = SeatSettings(name="二线02", uri="sip:2@seat")
BRIDGE = HandoffSettings(mode="bridge", ring_timeout_s=5, max_wait_s=0)
REFER = HandoffSettings(mode="refer", ring_timeout_s=5, max_wait_s=0)
ATTENDED = HandoffSettings(mode="attended", ring_timeout_s=5, max_wait_s=0)
BUSY = DialResult(TransferOutcome.BUSY, sip_code=486)
DECLINED = DialResult(TransferOutcome.DECLINED, sip_code=603)


def story() -> SummaryPackage:
    return build_package(CallFacts("13800138000", "requested"), (), {}, summary_id="S0000001")


async def test_the_fakes_keep_the_contract() -> None:
    call: Call = FakeCall()
    endpoint: Endpoint = FakeEndpoint({})
    assert call.ended is None
    await endpoint.stop()


async def test_a_seat_that_accepts_gets_the_call_and_the_id_of_the_story() -> None:
    seat = FakeCall("seat")
    endpoint = FakeEndpoint({ONE.uri: DialResult(TransferOutcome.ACCEPTED, seat)})
    end = await hand_off(FakeCall(), endpoint, [ONE], story(), BRIDGE)
    assert (end.outcome, end.seat, end.seat_call) == (TransferOutcome.ACCEPTED, "二线01", seat)
    assert seat.ended is None
    headers = endpoint.rang[0][1]
    assert headers["X-Summary-Id"] == "S0000001"
    value, encoding = headers["User-to-User"].split(";")
    assert bytes.fromhex(value) == b"S0000001"
    assert encoding == "encoding=hex"


@pytest.mark.parametrize(
    "first",
    [
        BUSY,
        DECLINED,
        DialResult(TransferOutcome.NO_ANSWER),
        DialResult(TransferOutcome.UNREACHABLE),
        DialResult(TransferOutcome.FAILED, sip_code=500),
        LineError("the endpoint is not started"),
        ValueError("a fault in the stack"),
    ],
)
async def test_when_a_seat_does_not_take_it_the_next_one_rings(
    first: DialResult | Exception,
) -> None:
    seat = FakeCall("seat")
    endpoint = FakeEndpoint({ONE.uri: first, TWO.uri: DialResult(TransferOutcome.ACCEPTED, seat)})
    seen: list[HandoffEvent] = []
    end = await hand_off(FakeCall(), endpoint, [ONE, TWO], story(), BRIDGE, seen.append)
    assert (end.outcome, end.seat) == (TransferOutcome.ACCEPTED, "二线02")
    assert [event.seat for event in seen if isinstance(event, Ringing)] == ["二线01", "二线02"]
    tried = [event for event in seen if isinstance(event, Attempt)]
    assert tuple(tried) == end.attempts
    wanted = first.outcome if isinstance(first, DialResult) else TransferOutcome.FAILED
    assert tried[0].outcome is wanted


async def test_the_skilled_seat_rings_first() -> None:
    endpoint = FakeEndpoint({ONE.uri: BUSY, TWO.uri: BUSY})
    await hand_off(FakeCall(), endpoint, [TWO, ONE], story(), BRIDGE, skill="存储组")
    assert [uri for uri, _ in endpoint.rang] == [ONE.uri, TWO.uri]


async def test_when_nobody_takes_it_the_last_outcome_is_told() -> None:
    endpoint = FakeEndpoint({ONE.uri: DECLINED, TWO.uri: BUSY})
    end = await hand_off(FakeCall(), endpoint, [ONE, TWO], story(), BRIDGE)
    assert end.outcome is TransferOutcome.BUSY
    assert end.seat_call is None
    assert [attempt.sip_code for attempt in end.attempts] == [603, 486]


async def test_without_seats_it_says_what_to_set() -> None:
    end = await hand_off(FakeCall(), FakeEndpoint({}), [], story(), BRIDGE)
    assert end.outcome is NobodyThere.NO_SEAT
    assert "handoff.seats" in end.reason


async def test_a_seat_that_only_rings_is_given_up_after_the_ring_timeout() -> None:
    seat = FakeCall("seat")
    quick = HandoffSettings(ring_timeout_s=0.05)
    endpoint = FakeEndpoint({ONE.uri: None, TWO.uri: DialResult(TransferOutcome.ACCEPTED, seat)})
    end = await hand_off(FakeCall(), endpoint, [ONE, TWO], story(), quick)
    assert end.attempts[0].outcome is TransferOutcome.NO_ANSWER
    assert end.attempts[0].ring_ms >= 40
    assert end.seat_call is seat


async def test_a_caller_who_hangs_up_while_it_rings_stops_the_ringing() -> None:
    caller = FakeCall()
    endpoint = FakeEndpoint({ONE.uri: None, TWO.uri: BUSY})
    work = asyncio.create_task(hand_off(caller, endpoint, [ONE, TWO], story(), BRIDGE))
    await endpoint.ringing.wait()
    caller.end()
    end = await work
    assert end.outcome is TransferOutcome.CALLER_GONE
    assert endpoint.cancelled == [ONE.uri]
    assert [uri for uri, _ in endpoint.rang] == [ONE.uri], "the second seat rang for nobody"


async def test_a_caller_who_left_before_it_began_disturbs_no_seat() -> None:
    caller = FakeCall()
    caller.end()
    endpoint = FakeEndpoint({ONE.uri: BUSY})
    end = await hand_off(caller, endpoint, [ONE], story(), BRIDGE)
    assert end.outcome is TransferOutcome.CALLER_GONE
    assert endpoint.rang == []


async def test_a_seat_that_answers_as_the_caller_leaves_is_hung_up() -> None:
    caller, seat = FakeCall(), FakeCall("seat")

    def answer_too_late() -> DialResult:
        caller.end()
        return DialResult(TransferOutcome.ACCEPTED, seat)

    end = await hand_off(caller, FakeEndpoint({ONE.uri: answer_too_late}), [ONE], story(), BRIDGE)
    assert end.outcome is TransferOutcome.CALLER_GONE
    assert end.seat_call is None
    assert seat.ended is not None


async def test_a_cancelled_hand_off_leaves_no_seat_ringing() -> None:
    endpoint = FakeEndpoint({ONE.uri: None})
    work = asyncio.create_task(hand_off(FakeCall(), endpoint, [ONE], story(), BRIDGE))
    await endpoint.ringing.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert endpoint.cancelled == [ONE.uri]
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- refer ---------------------------------------------------------------------------------
async def test_refer_gives_the_call_to_the_pbx() -> None:
    caller = FakeCall(refer=lambda _call: TransferResult(TransferOutcome.ACCEPTED))
    end = await hand_off(caller, FakeEndpoint({}), [ONE], story(), REFER)
    assert (end.outcome, end.seat_call) == (TransferOutcome.ACCEPTED, None)
    assert caller.referred == [(ONE.uri, summary_headers(story()))]


async def test_refer_worked_even_if_the_pbx_ends_our_leg_first() -> None:
    def taken_over(call: FakeCall) -> TransferResult:
        call.end()
        return TransferResult(TransferOutcome.ACCEPTED)

    end = await hand_off(FakeCall(refer=taken_over), FakeEndpoint({}), [ONE], story(), REFER)
    assert end.outcome is TransferOutcome.ACCEPTED


async def test_a_refused_refer_tries_the_next_seat() -> None:
    caller = FakeCall(refer=lambda _call: TransferResult(TransferOutcome.BUSY, 486))
    end = await hand_off(caller, FakeEndpoint({}), [ONE, TWO], story(), REFER)
    assert end.outcome is TransferOutcome.BUSY
    assert [uri for uri, _ in caller.referred] == [ONE.uri, TWO.uri]


async def test_a_caller_who_leaves_during_a_refer_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voicebot.handoff.transfer.REFER_REPORT_S", 0.02)
    caller = FakeCall(refer=None)
    work = asyncio.create_task(hand_off(caller, FakeEndpoint({}), [ONE, TWO], story(), REFER))
    await caller.refer_sent.wait()
    caller.end()
    end = await work
    assert end.outcome is TransferOutcome.CALLER_GONE
    assert len(caller.referred) == 1


# --- attended ------------------------------------------------------------------------------
async def test_attended_rings_the_seat_first_and_then_gives_both_to_the_pbx() -> None:
    seat = FakeCall("seat")

    def join(call: FakeCall) -> TransferResult:
        call.end()
        seat.end()
        return TransferResult(TransferOutcome.ACCEPTED)

    caller = FakeCall(refer=join)
    endpoint = FakeEndpoint({ONE.uri: DialResult(TransferOutcome.ACCEPTED, seat)})
    end = await hand_off(caller, endpoint, [ONE], story(), ATTENDED)
    assert (end.outcome, end.seat, end.seat_call) == (TransferOutcome.ACCEPTED, "二线01", None)
    assert endpoint.rang == [(ONE.uri, summary_headers(story()))]
    assert caller.joined_with is seat


async def test_a_join_that_is_refused_leaves_the_seat_to_the_bridge() -> None:
    seat = FakeCall("seat")
    caller = FakeCall(refer=lambda _call: TransferResult(TransferOutcome.FAILED, 403, "No"))
    endpoint = FakeEndpoint({ONE.uri: DialResult(TransferOutcome.ACCEPTED, seat), TWO.uri: BUSY})
    end = await hand_off(caller, endpoint, [ONE, TWO], story(), ATTENDED)
    assert (end.outcome, end.seat_call) == (TransferOutcome.ACCEPTED, seat)
    assert seat.ended is None
    assert "No" in end.reason


async def test_a_seat_that_leaves_during_the_join_passes_the_caller_on() -> None:
    first, second = FakeCall("seat"), FakeCall("seat")
    ends = [first, None]

    def join(_call: FakeCall) -> TransferResult:
        leaving = ends.pop(0)
        if leaving is None:
            return TransferResult(TransferOutcome.ACCEPTED)
        leaving.end()
        return TransferResult(TransferOutcome.FAILED, 481)

    endpoint = FakeEndpoint(
        {
            ONE.uri: DialResult(TransferOutcome.ACCEPTED, first),
            TWO.uri: DialResult(TransferOutcome.ACCEPTED, second),
        }
    )
    end = await hand_off(FakeCall(refer=join), endpoint, [ONE, TWO], story(), ATTENDED)
    assert (end.outcome, end.seat) == (TransferOutcome.ACCEPTED, "二线02")
    assert end.attempts[0].sip_code == 481


async def test_a_caller_who_leaves_during_the_join_frees_the_seat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voicebot.handoff.transfer.REFER_REPORT_S", 0.02)
    caller, seat = FakeCall(refer=None), FakeCall("seat")
    endpoint = FakeEndpoint({ONE.uri: DialResult(TransferOutcome.ACCEPTED, seat), TWO.uri: BUSY})
    work = asyncio.create_task(hand_off(caller, endpoint, [ONE, TWO], story(), ATTENDED))
    await caller.refer_sent.wait()
    caller.end()
    end = await work
    assert end.outcome is TransferOutcome.CALLER_GONE
    assert seat.ended is not None
    assert [uri for uri, _ in endpoint.rang] == [ONE.uri]


async def test_attended_stops_ringing_when_the_caller_leaves() -> None:
    caller = FakeCall()
    endpoint = FakeEndpoint({ONE.uri: None})
    work = asyncio.create_task(hand_off(caller, endpoint, [ONE], story(), ATTENDED))
    await endpoint.ringing.wait()
    caller.end()
    assert (await work).outcome is TransferOutcome.CALLER_GONE
    assert endpoint.cancelled == [ONE.uri]


# --- the story comes first -----------------------------------------------------------------
async def test_the_summary_is_on_disk_before_the_seat_rings(tmp_path: Path) -> None:
    records = Records.open(tmp_path)
    recorder = records.start_call(CallInfo("x", "13800138000", "400"))
    found: list[object] = []

    def look_it_up() -> DialResult:
        other = Records.open(tmp_path, create=False)
        found.append(other.get_call(recorder.call_id).summary)
        other.close()
        return DialResult(TransferOutcome.ACCEPTED, FakeCall("seat"))

    end = await hand_off(
        FakeCall(),
        FakeEndpoint({ONE.uri: look_it_up}),
        [ONE],
        story(),
        BRIDGE,
        store=recorder.store_summary,
    )
    records.close()
    assert end.stored
    assert found == [story().to_dict()]


async def test_a_store_that_fails_or_hangs_does_not_keep_the_caller_from_a_human(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voicebot.handoff.distribution.STORE_TIMEOUT_S", 0.02)

    async def fails(_package: SummaryPackage) -> bool:
        raise OSError("disk full")

    async def hangs(_package: SummaryPackage) -> bool:
        return bool(await asyncio.get_running_loop().create_future())

    for store in (fails, hangs):
        seat = FakeCall("seat")
        endpoint = FakeEndpoint({ONE.uri: DialResult(TransferOutcome.ACCEPTED, seat)})
        end = await hand_off(FakeCall(), endpoint, [ONE], story(), BRIDGE, store=store)
        assert end.outcome is TransferOutcome.ACCEPTED
        assert not end.stored
