"""Hold and resume, by the far end and by us, with the sound that follows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from calls_support import heard_by_us, hears, hears_sound, our_line, say, until
from debian_baresip import debian_baresip
from line_support import clarity_db, loud_ms, voice, write_wav
from sipp_script import ECHO, Script, run_sipp, sdp

from telephony import HangupBy
from telephony.wav import to_alaw

pytestmark = pytest.mark.peer

HOLDS = {
    "sendonly": (sdp(direction="sendonly"), "a=recvonly"),
    "inactive": (sdp(direction="inactive"), "a=inactive"),
    "zero-address": (sdp(direction="sendonly", address="0.0.0.0"), "a=(recvonly|inactive)"),
    "old-zero-address": (sdp(address="0.0.0.0"), "m=audio"),
}


def speech(folder: Path) -> bytes:
    """A voice for SIPp to say."""
    pcm = voice(20, seed=5)
    (folder / "caller.al").write_bytes(to_alaw(np.frombuffer(pcm, "<i2").copy()))
    return pcm


@pytest.mark.parametrize("how", HOLDS)
async def test_the_far_end_holds_and_resumes(tmp_path: Path, how: str) -> None:
    said = speech(tmp_path)
    body, answer = HOLDS[how]
    script = (
        Script()
        .invite()
        .expect(200)
        .send("ACK")
        .do('rtp_stream="caller.al,-1,8,PCMA/8000"')
        .pause(1000)
        .do('rtp_stream="pause"')
        .reinvite(body, answer)
        .pause(1000)
        .reinvite(sdp(), "a=sendrecv")
        .do('rtp_stream="resume"')
        .pause(1500)
        .bye()
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        ear = heard_by_us(call)
        assert not call.held
        await until(lambda: call.held, "the call is held")
        before = len(ear.heard)
        await hears(ear, 0.6)  # the clock goes on
        assert call.held
        assert not len(loud_ms(bytes(ear.heard[before + 3200 :])))
        await until(lambda: not call.held, "the call is resumed")
        after = len(ear.heard)
        await hears_sound(ear, 800, after)
        await running
        await until(lambda: call.ended is not None, "the call has ended")
    snr = clarity_db(said[3200:12_800], ear.all()[: before // 2])
    print(f"{how}: {snr:.1f} dB before")
    assert snr >= 35


async def test_a_hold_without_a_direction_outlasts_the_rtp_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.baresip.config.RTP_LOSS_S", 1)
    monkeypatch.setattr("telephony.baresip.call.RTP_LOSS_S", 1)
    speech(tmp_path)
    script = (
        Script()
        .invite()
        .expect(200)
        .send("ACK")
        .do('rtp_stream="caller.al,-1,8,PCMA/8000"')
        .pause(500)
        .reinvite(HOLDS["old-zero-address"][0])
        .do('rtp_stream="pause"')
        .pause(3500)
        .do('rtp_stream="resume"')
        .reinvite(sdp())
        .pause(500)
        .do('rtp_stream="pause"')
        .expect_request("BYE")
        .reply()
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        await until(lambda: call.held, "the call is held")
        await until(lambda: not call.held, "the call is resumed")
        assert call.ended is None
        await until(lambda: call.ended is not None, "the silence has ended the call", 8)
        await running
        assert call.ended is not None
        assert (call.ended.by, call.ended.reason) == (HangupBy.ERROR, "rtp stream error")


async def test_debian_baresip_holds_and_resumes(tmp_path: Path) -> None:
    theirs, ours = voice(20, seed=2), voice(1, seed=1)
    wav = write_wav(tmp_path / "say.wav", theirs)
    async with our_line() as line, debian_baresip(tmp_path / "b", say=wav) as phone:
        await phone.command("dial", line.uri)
        call = await line.answered()
        ear = heard_by_us(call)
        await say(call, ours)
        await phone.command("hold")
        await until(lambda: call.held, "the call is held")
        await hears(ear, 0.5)
        held_at = len(ear.heard)
        await hears(ear, 0.5)
        assert not len(loud_ms(bytes(ear.heard[held_at:])))
        await phone.command("resume")
        await until(lambda: not call.held, "the call is resumed")
        resumed_at = len(ear.heard)
        await hears_sound(ear, 1200, resumed_at)
        await call.hangup()
        await phone.event("CALL_CLOSED")
        assert clarity_db(ours, phone.heard()) >= 35


async def test_we_hold_with_music_and_resume_and_both_are_heard(tmp_path: Path) -> None:
    """SIPp echoes all that it hears: what comes back has gone both ways."""
    script = (
        Script()
        .invite(sdp(ECHO))
        .expect(200)
        .send("ACK")
        .expect_request("INVITE", "a=sendonly")
        .reply(body=sdp(ECHO, direction="recvonly"))
        .expect_request("ACK")
        .expect_request("INVITE", "a=sendrecv")
        .reply(body=sdp(ECHO))
        .expect_request("ACK")
        .expect_request("BYE")
        .reply()
    )
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        ear = heard_by_us(call)
        await call.hold()
        await hears(ear, 0.4)
        assert not call.held  # we hold, not they
        held_at = len(ear.heard)
        await say(call, voice(0.6, seed=6))
        assert not len(loud_ms(bytes(ear.heard[held_at:])))  # we are deaf while we hold
        await call.resume()
        await hears(ear, 0.2)
        again = voice(1.6, seed=3)
        await say(call, again)
        await call.hangup()
        await running
    messages = (tmp_path / "messages").read_text()
    assert "m=video" not in messages
    assert messages.count("\nINVITE") == 3  # theirs, our hold, our resume: none of its own
    echo = clarity_db(again, ear.all())
    print(f"the echo after our hold: {echo:.1f} dB")
    assert echo >= 35
