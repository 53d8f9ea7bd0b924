"""Codecs of the line, by the sound that Debian's baresip hears and says."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr
from calls_support import heard_by_us, our_line, say, until
from debian_baresip import debian_baresip
from line_support import clarity_db, voice, write_wav
from sipp_script import ECHO, Script, run_sipp, sdp

from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from telephony.errors import LineError

pytestmark = pytest.mark.peer

G729 = "m=audio [rtpstream_audio_port] RTP/AVP 18\na=rtpmap:18 G729/8000\n"
BOTH = "m=audio [rtpstream_audio_port] RTP/AVP {}\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n"
BEGIN = voice(0.4, seed=7)  # what may be lost of a stream until both ends have set it up
SAID_BYTES = 40_000  # what of the peer's voice has surely been said by the end of ours


@pytest.mark.parametrize("codec", ["pcma", "pcmu"])
async def test_g711_is_heard_clearly_both_ways(tmp_path: Path, codec: str) -> None:
    ours, theirs = voice(3, seed=1), voice(10, seed=2)
    wav = write_wav(tmp_path / "say.wav", theirs)
    async with (
        our_line() as line,
        debian_baresip(tmp_path / "b", say=wav, codecs=f"{codec.upper()}/8000/1") as phone,
    ):
        await phone.command("dial", line.uri)
        call = await line.answered()
        ear = heard_by_us(call)
        await say(call, ours)
        assert (call.codec, call.info.codec) == (codec, codec)
        await call.hangup()
        await phone.event("CALL_CLOSED")
        heard, said = clarity_db(ours, phone.heard()), clarity_db(theirs[:SAID_BYTES], ear.all())
    print(f"{codec}: the peer hears us at {heard:.1f} dB, we hear it at {said:.1f} dB")
    assert heard >= 35
    assert said >= 35


async def test_g722_is_heard_both_ways_and_our_side_stays_at_8_khz(tmp_path: Path) -> None:
    ours, theirs = voice(3, seed=3), voice(10, seed=4)
    wide = soxr.resample(np.frombuffer(theirs, "<i2"), 8000, 16000)
    wav = tmp_path / "say.wav"
    with wave.open(str(wav), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(wide.astype("<i2").tobytes())
    async with (
        our_line(codecs=("g722", "pcma")) as line,
        debian_baresip(tmp_path / "b", say=wav, codecs="G722/16000/1") as phone,
    ):
        await phone.command("dial", line.uri)
        call = await line.answered()
        ear = heard_by_us(call)
        await say(call, ours)
        assert call.codec == "g722"
        await call.hangup()
        await phone.event("CALL_CLOSED")
        narrow = soxr.resample(phone.heard(16000), 16000, 8000)
        heard, said = clarity_db(ours, narrow), clarity_db(theirs[:SAID_BYTES], ear.all())
    print(f"g722: the peer hears us at {heard:.1f} dB, we hear it at {said:.1f} dB")
    assert heard >= 28
    assert said >= 28


async def test_a_codec_that_we_lack_is_refused_with_488(tmp_path: Path) -> None:
    async with our_line() as line:
        refused = Script().invite(sdp(G729)).expect(488).send("ACK")
        await run_sipp(refused, line.port, tmp_path)
        # Not even told: nobody can answer it.
        call = asyncio.ensure_future(line.ringing())
        taken = Script().invite().expect(200).send("ACK").pause(200).bye()
        await asyncio.gather(run_sipp(taken, line.port, tmp_path), answer(call))
        assert (await call).info.callee == "4008001234"


async def answer(ringing: asyncio.Future) -> None:  # type: ignore[type-arg]
    await (await ringing).answer()


@pytest.mark.parametrize(("offered", "agreed"), [("8 0", "pcma"), ("0 8", "pcmu")])
async def test_of_two_codecs_the_callers_preference_is_told(
    tmp_path: Path, offered: str, agreed: str
) -> None:
    script = Script().invite(sdp(BOTH.format(offered))).expect(200).send("ACK").pause(300).bye()
    async with our_line() as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        assert (call.codec, call.info.codec) == (agreed, agreed)
        await running


@pytest.mark.parametrize(("codec", "payload"), [("pcmu", "0 PCMU"), ("g722", "9 G722")])
async def test_a_reinvite_changes_the_codec_and_the_sound_goes_on(
    tmp_path: Path, codec: str, payload: str
) -> None:
    """SIPp echoes: what comes back has gone both ways."""
    before, after = voice(1.6, seed=5), voice(1.6, seed=6)
    number = payload.split()[0]
    other = ECHO.replace("8 101", f"{number} 101").replace("8 PCMA", payload)
    script = Script().invite(sdp(ECHO)).expect(200).send("ACK").pause(3500)
    script.reinvite(sdp(other), f"RTP/AVP {number} ").expect_request("BYE").reply()
    async with our_line(codecs=("pcma", "pcmu", "g722")) as line:
        running = asyncio.ensure_future(run_sipp(script, line.port, tmp_path))
        call = await line.answered()
        ear = heard_by_us(call)
        await say(call, BEGIN + before)
        await until(lambda: call.codec == codec, f"the codec is {codec}")
        await say(call, BEGIN + after)
        await call.hangup()
        await running
        heard = [clarity_db(part, ear.all()) for part in (before, after)]
    print(f"echo over PCMA {heard[0]:.1f} dB, then over {codec} {heard[1]:.1f} dB")
    assert heard[0] >= 35
    assert heard[1] >= 28


async def test_a_codec_that_does_not_exist_is_told_at_start() -> None:
    endpoint = BaresipEndpoint(LineConfig(codecs=("pcma", "amr")))  # type: ignore[arg-type]
    with pytest.raises(LineError, match="codecs amr: some of pcma, pcmu, g722 are expected"):
        await endpoint.start()
