"""A recording played as a call: the line's contract, and replay's own needs."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from contract import LineContract
from line_support import loud_ms, samples, voice
from line_time import run_virtual

from telephony import Call, DialResult, TransferOutcome, TransferResult
from telephony.file_line import FileCall, FileEndpoint


class FileLineUnderTest:
    def __init__(self) -> None:
        self.call: FileCall | None = None

    async def ring(self, says: bytes, stays_ms: int) -> Call:
        self.call = FileCall(says, tail_ms=stays_ms - len(says) // 16)
        endpoint = FileEndpoint([self.call])
        await endpoint.start()
        return await anext(aiter(endpoint.incoming()))

    async def heard(self) -> bytes:
        assert self.call is not None
        return samples(self.call.take_tape())[1::2].astype("<i2").tobytes()


PROMISES = [name for name in vars(LineContract) if name.startswith("test_")]


@pytest.mark.parametrize("promise", PROMISES)
def test_a_recorded_call_keeps_the_promises_of_the_line(promise: str) -> None:
    """`contract.LineContract`, in virtual time."""
    run_virtual(getattr(LineContract(), promise)(FileLineUnderTest()))


def test_ten_minutes_pass_in_a_moment_of_virtual_time() -> None:
    async def call_for_ten_minutes() -> int:
        call = FileCall(bytes(600 * 16000), tail_ms=0)
        await call.answer()
        return len([frame async for frame in call.frames()])

    assert run_virtual(call_for_ten_minutes()) == 30_000


def test_the_tape_holds_what_was_sent_at_its_position_and_no_flushed_audio() -> None:
    async def talk() -> bytes:
        call = FileCall(voice(0.2), tail_ms=1800)
        await call.answer()
        heard = 0
        async for _ in call.frames():
            heard += 1
            if heard == 25:
                call.play(voice(1.0))
            if heard == 50:
                assert call.flush() == 500
        return call.take_tape()

    stereo = samples(run_virtual(talk())).reshape(-1, 2)
    assert len(stereo) == 2 * 8000
    assert list(loud_ms(np.ascontiguousarray(stereo[:, 0]))[[0, -1]]) == [0, 190]
    assert list(loud_ms(np.ascontiguousarray(stereo[:, 1]))[[0, -1]]) == [500, 990]


def test_digits_come_at_their_time() -> None:
    async def press() -> list[tuple[str, float]]:
        call = FileCall(b"", tail_ms=1000, digits=[(300, "1"), (100, "#")])
        await call.answer()
        start = asyncio.get_running_loop().time()
        return [
            (digit, round(asyncio.get_running_loop().time() - start, 2))
            async for digit in call.digits()
        ]

    assert run_virtual(press()) == [("#", 0.12), ("1", 0.32)]


def test_dials_and_transfers_come_to_what_the_test_says() -> None:
    async def hand_over() -> None:
        seat = FileCall(voice(0.5))
        busy = DialResult(TransferOutcome.BUSY, sip_code=486)
        endpoint = FileEndpoint(dials=[busy, DialResult(TransferOutcome.ACCEPTED, seat)])
        assert (await endpoint.dial("sip:1@x")).outcome is TransferOutcome.BUSY
        result = await endpoint.dial("sip:2@x", headers={"X-Summary-Id": "7"})
        assert result.call is seat
        assert len(await anext(aiter(seat.frames()))) == 320
        assert (await endpoint.dial("sip:3@x")).outcome is TransferOutcome.UNREACHABLE
        assert endpoint.dialled[1] == ("sip:2@x", {"X-Summary-Id": "7"})
        await seat.hangup()
        caller = FileCall(voice(0.5), transfer_result=TransferResult(TransferOutcome.DECLINED, 603))
        await caller.answer()
        assert (await caller.transfer("sip:2@x")).outcome is TransferOutcome.DECLINED
        assert caller.ended is None
        await caller.hangup()

    run_virtual(hand_over())
