"""The scripted caller and the seat, as the demo and the bot's own tests use them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from line_support import Child, child, loud_ms, read_stereo, script, voice, write_wav
from raw_phone import raw_phone

from telephony import Call, TransferOutcome
from telephony.baresip.line import BaresipEndpoint
from tests.ports import free_port


def caller_args(folder: Path, port: int, steps: list[dict[str, Any]], *more: str) -> list[object]:
    return [
        *("--call", f"sip:400@127.0.0.1:{port}", "--listen", f"127.0.0.1:{free_port()}"),
        *("--script", script(folder, steps), "--tape", folder / "caller.wav", *more),
    ]


async def ringing(endpoint: BaresipEndpoint) -> Call:
    return await asyncio.wait_for(anext(aiter(endpoint.incoming())), 10)


def events(caller: Child) -> list[str]:
    return [event["event"] for event in caller.events]


async def test_caller_waits_for_replies_barges_in_and_waits_for_our_hangup(
    endpoint: BaresipEndpoint, sip_port: int, tmp_path: Path
) -> None:
    write_wav(tmp_path / "stop.wav", voice(0.3))
    steps = [
        {"wait_reply": {"min_ms": 300, "quiet_ms": 400}},
        {"play_over": "stop.wav", "after_speech_ms": 500},
        {"wait_hangup": 5000},
    ]
    args = caller_args(tmp_path, sip_port, steps)
    async with child("telephony.loopback.caller", *args) as caller:
        call = await ringing(endpoint)
        await call.answer()
        call.play(voice(0.5, seed=3) + bytes(16_000) + voice(2.0, seed=4))
        stopped = False
        async for frame in call.frames():
            if not stopped and float(np.std(np.frombuffer(frame, "<i2"))) > 300:
                call.flush()
                stopped = True
                call.play(voice(0.1, seed=5))
            if stopped and call.queued_ms == 0:
                await call.hangup()
        assert await caller.finish() == 0
    assert events(caller)[:2] == ["dialling", "answered"]
    assert "timeout" not in events(caller)
    played = next(event for event in caller.events if event["event"] == "play")
    said, heard = read_stereo(tmp_path / "caller.wav")
    first, second = loud_ms(heard), loud_ms(said)
    assert 1000 <= second[0] - first[0] - 500 <= 1800  # 500 ms into our second utterance
    assert abs(second[0] - played["t_ms"]) <= 300
    assert caller.events[-1]["by"] == "remote"


async def test_a_wait_that_runs_out_is_told_and_the_script_goes_on(
    endpoint: BaresipEndpoint, sip_port: int, tmp_path: Path
) -> None:
    steps = [{"wait_reply": {"timeout_ms": 300}}, {"hangup": True}]
    args = caller_args(tmp_path, sip_port, steps)
    async with child("telephony.loopback.caller", *args) as caller:
        call = await ringing(endpoint)
        await call.answer()
        assert await caller.finish() == 0
    assert events(caller) == ["dialling", "answered", "timeout", "ended"]


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        (["--decline"], TransferOutcome.DECLINED),
        (["--no-answer"], TransferOutcome.NO_ANSWER),
    ],
)
async def test_seats_that_do_not_answer(
    endpoint: BaresipEndpoint, how: list[str], outcome: TransferOutcome
) -> None:
    port = free_port()
    args = ["--listen", f"127.0.0.1:{port}", "--ring-ms", "50", "--expose", "X-Summary-Id", *how]
    async with child("telephony.loopback.seat", *args) as seat:
        await seat.event("listening")
        result = await endpoint.dial(
            f"sip:2001@127.0.0.1:{port}", headers={"X-Summary-Id": "9"}, timeout_s=0.8
        )
        assert result.outcome is outcome
        assert (await seat.event("ringing"))["headers"] == {"x-summary-id": "9"}
        assert await seat.finish() == 0


async def test_a_caller_follows_our_refer_to_the_seat(
    endpoint: BaresipEndpoint, sip_port: int, tmp_path: Path
) -> None:
    seat_port = free_port()
    write_wav(tmp_path / "says.wav", voice(0.6, seed=8))
    steps = [{"wait_reply": {"min_ms": 300, "quiet_ms": 300}}, {"hangup": True}]
    args = caller_args(tmp_path, sip_port, steps, "--follow-transfers")
    async with (
        child(
            "telephony.loopback.seat",
            *("--listen", f"127.0.0.1:{seat_port}", "--ring-ms", 100, "--speak-after-ms", 300),
            *("--play", tmp_path / "says.wav"),
        ) as seat,
        child("telephony.loopback.caller", *args) as caller,
    ):
        await seat.event("listening")
        call = await ringing(endpoint)
        await call.answer()
        result = await call.transfer(
            f"sip:2001@127.0.0.1:{seat_port}", headers={"X-Summary-Id": "s-1"}, timeout_s=8
        )
        assert result.outcome is TransferOutcome.ACCEPTED
        assert (await seat.event("ringing"))["callee"] == "2001"
        assert (await caller.event("transferred"))["to"] == "2001"
        assert await caller.finish() == 0
        assert await seat.finish() == 0
    assert len(loud_ms(read_stereo(tmp_path / "caller.wav")[1])) >= 55


async def test_a_bot_is_not_steered_into_dialling(endpoint: BaresipEndpoint, sip_port: int) -> None:
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await ringing(endpoint)
        answering = asyncio.create_task(call.answer())
        await phone.connect()
        await answering
        phone._cseq += 1
        phone.request("REFER", Refer_To="<sip:expensive@127.0.0.1:5999>")
        notify = await phone.until_request("NOTIFY")
        phone.reply(notify, "200 OK")
        while "603" not in notify.body:
            notify = await phone.until_request("NOTIFY")
            phone.reply(notify, "200 OK")
        assert call.ended is None
        await call.hangup()


async def test_a_wrong_script_is_told_in_one_line(tmp_path: Path) -> None:
    steps = [{"play": "none.wav"}]
    async with child("telephony.loopback.caller", *caller_args(tmp_path, 9, steps)) as caller:
        assert await caller.finish() == 2
        errors = await caller.errors()
    assert errors.startswith("loopback_caller: ")
    assert "none.wav: cannot be read" in errors
    assert errors.count("\n") == 1
