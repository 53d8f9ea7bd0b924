"""What carriers and exchanges do with a dialog: early media, delayed offers, refreshes, ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from calls_support import heard_by_us, hears_sound, our_line, say, until
from debian_baresip import debian_baresip
from line_support import clarity_db, voice, write_wav
from sipp_script import ECHO, Script, run_sipp, sdp

from telephony import HangupBy
from telephony.errors import LineError

pytestmark = pytest.mark.peer


async def test_it_rings_with_180_and_early_media_is_heard_before_the_answer(tmp_path: Path) -> None:
    early, later = voice(1.4, seed=1), voice(1.4, seed=2)
    wav = write_wav(tmp_path / "say.wav", voice(20, seed=3))
    async with our_line() as line, debian_baresip(tmp_path / "b", say=wav) as phone:
        await phone.command("dial", line.uri)
        call = await line.ringing()
        await phone.event("CALL_RINGING")
        await call.progress()
        await phone.event("CALL_PROGRESS")
        assert call.codec == "pcma"
        await say(call, early)
        ear = heard_by_us(call)
        await call.answer()
        await phone.event("CALL_ESTABLISHED")
        await say(call, later)
        await hears_sound(ear, 1200)
        await call.hangup()
        await phone.event("CALL_CLOSED")
        heard = [clarity_db(part, phone.heard()) for part in (early, later)]
        with pytest.raises(LineError, match="not one that rings"):
            await call.progress()
    print(f"early media {heard[0]:.1f} dB, after the answer {heard[1]:.1f} dB")
    assert min(heard) >= 35


async def test_an_invite_without_a_description_gets_our_offer(tmp_path: Path) -> None:
    ours = voice(1.6, seed=4)
    script = (
        Script()
        .invite("")
        .expect(200, "m=audio [0-9]* RTP/AVP 8 0 101", "a=rtpmap:101 telephone-event/8000")
        .send("ACK", sdp(ECHO))
        .expect_request("BYE")
        .reply()
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        ear = heard_by_us(call)
        await say(call, ours)
        assert (call.codec, call.info.codec) == ("pcma", "pcma")
        await call.hangup()
        await running
    assert "m=video" not in (tmp_path / "messages").read_text()
    assert (echo := clarity_db(ours, ear.all())) >= 35, echo


async def test_a_delayed_offer_that_nobody_answers_ends_the_call(tmp_path: Path) -> None:
    script = Script().invite("").expect(200).send("ACK")
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.ringing()
        with pytest.raises(LineError, match="ended while it was answered"):
            await call.answer()
        await running
        assert call.ended is not None
        assert call.ended.by is HangupBy.ERROR


async def test_update_refreshes_the_session_with_and_without_a_description(tmp_path: Path) -> None:
    ours = voice(1, seed=5)
    script = (
        Script()
        .invite(sdp(ECHO))
        .expect(200, "Allow:.*UPDATE")
        .send("ACK")
        .send("UPDATE")
        .expect(200, optional=())
        .send("UPDATE", sdp(ECHO, direction="sendonly"))
        .expect(200, "a=recvonly", optional=())
        .pause(500)
        .send("UPDATE", sdp(ECHO))
        .expect(200, "a=sendrecv", optional=())
        .expect_request("BYE")
        .reply()
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        ear = heard_by_us(call)
        await until(lambda: call.held, "UPDATE holds")
        await until(lambda: not call.held, "UPDATE resumes")
        await say(call, ours)
        await call.hangup()
        await running
    assert clarity_db(ours, ear.all()) >= 35


async def test_options_before_and_within_a_call_is_answered(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    async with our_line() as line:
        outside = Script().send("OPTIONS").expect(200, "Allow:.*INVITE", optional=())
        await run_sipp(outside, line.port, tmp_path / "out")
        within = Script().invite().expect(200).send("ACK").send("OPTIONS")
        within.expect(200, optional=()).bye()
        running = asyncio.ensure_future(run_sipp(within, line.port, tmp_path))
        call = await line.answered()
        await running
        assert (await call.wait_ended()).by is HangupBy.REMOTE


async def test_twenty_of_twenty_cancels_are_confirmed(tmp_path: Path) -> None:
    script = (
        Script()
        .invite()
        .expect(180, optional=(100,))
        .pause(50)
        .send("CANCEL")
        .expect(200, optional=())
        .expect(487, optional=())
        .send("ACK")
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path, calls=20))
        reasons = []
        for _ in range(20):
            call = await line.ringing()
            async with asyncio.timeout(20):
                reasons.append(str((await call.wait_ended()).reason))
        await running
        assert reasons == ["CANCEL"] * 20
        with pytest.raises(LineError, match="ended before it was answered"):
            await call.answer()


@pytest.mark.parametrize("who", ["us", "them"])
async def test_bye_from_either_side_ends_both(tmp_path: Path, who: str) -> None:
    script = Script().invite().expect(200).send("ACK")
    script = script.expect_request("BYE").reply() if who == "us" else script.pause(300).bye()
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        if who == "us":
            await call.hangup()
        ended = await asyncio.wait_for(call.wait_ended(), 20)
        await running
    assert ended.by is (HangupBy.LOCAL if who == "us" else HangupBy.REMOTE)


async def test_a_session_timer_is_not_ours_but_refreshes_are_answered(tmp_path: Path) -> None:
    """RFC 4028: an answer without Session-Expires leaves the refresh to who asked for it."""
    asked = "Session-Expires: 90;refresher=uac\nMin-SE: 90\nSupported: timer\n"
    script = (
        Script()
        .invite(headers=asked)
        .expect(200)
        .send("ACK")
        .send("UPDATE", headers="Session-Expires: 90;refresher=uac\nSupported: timer\n")
        .expect(200, optional=())
        .reinvite(sdp(), "a=sendrecv")
        .bye()
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        await running
        assert (await call.wait_ended()).by is HangupBy.REMOTE
    replies = (tmp_path / "messages").read_text().split("UDP message received")
    assert not any("Session-Expires" in reply.split("UDP message sent")[0] for reply in replies[1:])


async def test_what_only_a_session_timer_requires_is_refused(tmp_path: Path) -> None:
    script = Script().invite(headers="Require: timer\n").expect(420, "Unsupported: timer")
    async with our_line() as line:
        await run_sipp(script.send("ACK"), line.port, tmp_path)


@pytest.mark.parametrize("asked", ["Supported", "Require"])
async def test_reliable_ringing_for_who_asks_for_it(tmp_path: Path, asked: str) -> None:
    """RFC 3262: 180 with RSeq, PRACK, 200; then the answer."""
    script = (
        Script()
        .invite(sdp(ECHO), headers=f"{asked}: 100rel\n")
        .expect_reliable(180)
        .prack()
        .expect(200)
        .send("ACK")
        .pause(500)
        .bye()
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        await line.answered()  # at once, before the PRACK
        await running
