"""Outcomes, URIs, wav files, tones, the energy meter and the refusing agent."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_support import voice, write_wav
from line_time import run_virtual

from telephony import Hangup, HangupBy
from telephony.energy import SpeechMeter, level_dbfs
from telephony.errors import ScriptError, WavError
from telephony.file_line import FileCall
from telephony.frames import KEEP_FRAMES, FrameStream
from telephony.loopback.refusal import RefusingAgent, parse_request
from telephony.loopback.script import (
    Digits,
    Hang,
    Play,
    PlayOver,
    Wait,
    WaitHangup,
    WaitReply,
    load_script,
    parse_script,
)
from telephony.outcomes import check_sip_uri, hangup_of, split_status, user_part
from telephony.tones import play_ringback, ringback
from telephony.wav import ALAW, ULAW, read_wav, to_alaw


@pytest.mark.parametrize(
    ("text", "ours", "answered", "hangup"),
    [
        ("Connection reset by peer [104]", False, True, Hangup(HangupBy.REMOTE, "BYE")),
        ("Connection reset by peer [104]", False, False, Hangup(HangupBy.REMOTE, "CANCEL")),
        ("486 Busy Here", False, False, Hangup(HangupBy.REMOTE, "486 Busy Here")),
        ("Rejected by user", True, True, Hangup(HangupBy.LOCAL, "hung up")),
        ("Call transfered", False, True, Hangup(HangupBy.LOCAL, "transferred")),
        ("rtp stream error", False, True, Hangup(HangupBy.ERROR, "rtp stream error")),
    ],
)
def test_who_hung_up(text: str, ours: bool, answered: bool, hangup: Hangup) -> None:
    assert hangup_of(text, ours=ours, answered=answered) == hangup


def test_status_lines() -> None:
    assert split_status("486 Busy Here") == (486, "Busy Here")
    assert split_status("480") == (480, "")
    assert split_status("Connection timed out [110]") == (None, "Connection timed out [110]")


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ('"Li Si" <sip:+861@h;user=phone>;tag=1', "+861"),
        ("sip:h.example", ""),
        ("tel:+8640012345;phone-context=x", "+8640012345"),
        ("", ""),
    ],
)
def test_user_parts(address: str, user: str) -> None:
    assert user_part(address) == user


@given(st.text(max_size=40))
def test_no_text_after_sip_can_break_out_of_a_header(text: str) -> None:
    try:
        uri = check_sip_uri("sip:" + text)
    except ValueError:
        return
    assert not set(uri) & set(' \r\n\t<>"\0')
    assert uri.isascii()


def test_a_slow_reader_loses_the_oldest_frames_only() -> None:
    async def read() -> list[bytes]:
        stream = FrameStream()
        for number in range(KEEP_FRAMES + 5):
            stream.put(b"%d" % number)
        stream.close()
        return [frame async for frame in stream.read()]

    got = asyncio.run(read())
    assert (got[0], got[-1], len(got)) == (b"5", b"%d" % (KEEP_FRAMES + 4), KEEP_FRAMES)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ('{"play": "x.wav"}', "a list of steps is expected"),
        ('[{"sing": "x.wav"}]', "step 1: one of play, play_over"),
        ('[{"wait_ms": "long"}]', "step 1 \\(wait_ms\\): milliseconds are expected"),
        ('[{"hangup": true}, {"hangup": true, "after": 3}]', "step 2 \\(hangup\\):"),
        ("[", "is not JSON"),
    ],
)
def test_a_wrong_script_names_the_step(tmp_path: Path, steps: str, says: str) -> None:
    (tmp_path / "script.json").write_text(steps)
    with pytest.raises(ScriptError, match=says):
        load_script(tmp_path / "script.json")
    with pytest.raises(ScriptError, match="cannot be read"):
        load_script(tmp_path / "none.json")


def test_a_script_is_typed_and_finds_its_wavs_beside_it(tmp_path: Path) -> None:
    steps = [
        {"play": "a.wav"},
        {"wait_reply": {"min_ms": 1, "quiet_ms": 2, "timeout_ms": 3}},
        {"play_over": "b.wav", "after_speech_ms": 4},
        {"wait_ms": 5},
        {"digits": "12#"},
        {"wait_hangup": 6},
        {"hangup": True},
    ]
    assert parse_script(steps, tmp_path) == [
        Play(tmp_path / "a.wav"),
        WaitReply(1, 2, 3),
        PlayOver(tmp_path / "b.wav", 4),
        Wait(5),
        Digits("12#"),
        WaitHangup(6),
        Hang(),
    ]


def wav_file(path: Path, form: int, rate: int, channels: int, bits: int, body: bytes) -> Path:
    fmt = struct.pack("<HHIIHH", form, channels, rate, rate * channels, channels, bits)
    chunks = b"LIST\x03\0\0\0abc\0" + b"fmt " + struct.pack("<I", len(fmt)) + fmt
    chunks += b"data" + struct.pack("<I", len(body)) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


def test_wavs_of_every_kind_become_8_khz_pcm(tmp_path: Path) -> None:
    pcm = np.frombuffer(voice(0.5), "<i2")
    assert read_wav(write_wav(tmp_path / "pcm.wav", pcm.tobytes())) == pcm.tobytes()
    codes = to_alaw(pcm)
    alaw = read_wav(wav_file(tmp_path / "alaw.wav", 6, 8000, 1, 8, codes))
    assert alaw == ALAW[np.frombuffer(codes, np.uint8)].astype("<i2").tobytes()
    noise = np.frombuffer(alaw, "<i2").astype(float) - pcm
    assert 10 * np.log10(np.mean(pcm.astype(float) ** 2) / np.mean(noise**2)) > 36
    silence = read_wav(wav_file(tmp_path / "ulaw.wav", 7, 8000, 1, 8, b"\xff" * 80))
    assert silence == bytes(160)
    stereo = np.repeat(pcm, 2).tobytes()
    assert read_wav(wav_file(tmp_path / "two.wav", 1, 8000, 2, 16, stereo)) == pcm.tobytes()
    wide = read_wav(wav_file(tmp_path / "wide.wav", 1, 16_000, 1, 16, bytes(32_000)))
    assert len(wide) == 16_000


def test_g711_tables_are_the_standards() -> None:
    # ITU-T G.711: the largest A-law and µ-law values and the smallest steps, on 16 bits
    assert (ALAW.max(), ALAW.min(), ALAW[0xD5], ALAW[0x55]) == (32256, -32256, 8, -8)
    assert (ULAW.max(), ULAW.min(), ULAW[0xFF], ULAW[0x7F]) == (32124, -32124, 0, 0)
    assert to_alaw(ALAW) == bytes(range(256))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"ID3\3mp3", "a RIFF/WAVE file is expected"),
        (b"RIFF\4\0\0\0WAVE", "no audio in it"),
    ],
)
def test_what_is_no_wav_is_told(tmp_path: Path, body: bytes, says: str) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(body)
    with pytest.raises(WavError, match=says):
        read_wav(path)
    with pytest.raises(WavError, match="cannot be read"):
        read_wav(tmp_path / "none.wav")
    with pytest.raises(WavError, match="wav format 85"):
        read_wav(wav_file(tmp_path / "mp3.wav", 85, 8000, 1, 0, b"x"))
    with pytest.raises(WavError, match="24 bits"):
        read_wav(wav_file(tmp_path / "24.wav", 1, 8000, 1, 24, b"xxx"))


def test_ringback_is_a_second_of_450_hz_and_four_of_silence() -> None:
    pcm = np.frombuffer(ringback(), "<i2").astype(float)
    assert len(pcm) == 40_000
    assert not pcm[8000:].any()
    assert np.argmax(np.abs(np.fft.rfft(pcm[:8000]))) == 450


def test_ringback_goes_on_until_it_is_cancelled() -> None:
    async def ring() -> bytes:
        call = FileCall(b"", tail_ms=20_000)
        await call.answer()
        ringing = asyncio.create_task(play_ringback(call))
        await asyncio.sleep(10.5)
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        assert call.queued_ms <= 20  # the fade
        await asyncio.sleep(2)
        await call.hangup()
        return call.take_tape()

    right = np.frombuffer(run_virtual(ring()), "<i2").reshape(-1, 2)[:, 1].astype(float)
    loud = np.flatnonzero([np.std(right[at : at + 800]) > 300 for at in range(0, len(right), 800)])
    assert list(loud) == [*range(0, 10), *range(50, 60), *range(100, 106)]


def test_the_meter_bridges_short_pauses_and_forgets_after_long_ones() -> None:
    meter, sound = SpeechMeter(gap_ms=300), voice(0.02)
    assert level_dbfs(bytes(320)) == -np.inf
    for _ in range(50):
        meter.put(bytes(320))
    assert (meter.running_ms, meter.quiet_ms) == (0, 1000)
    for _ in range(10):
        meter.put(sound)
    for _ in range(10):
        meter.put(bytes(320))
    meter.put(sound)
    assert (meter.running_ms, meter.speech_ms) == (420, 220)
    for _ in range(20):
        meter.put(bytes(320))
    assert (meter.running_ms, meter.quiet_ms) == (0, 400)
    meter.put(sound)
    assert meter.running_ms == 20


INVITE = (
    b"INVITE sip:2001@h SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9\r\nVia: SIP/2.0/UDP g;branch=z8\r\n"
    b"From: <sip:a@h>;tag=1\r\nTo: <sip:2001@h>\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n"
    b"X-Summary-Id: s9\r\nContent-Length: 0\r\n\r\n"
)


def test_the_refusing_agent_rings_refuses_and_takes_a_cancel() -> None:
    seen: list[tuple[str, str]] = []
    agent = RefusingAgent(
        603, lambda event, request: seen.append((event, request.first("x-summary-id")))
    )
    (ring,) = agent.receive(INVITE)
    assert ring.startswith(b"SIP/2.0 180 Ringing\r\nvia: SIP/2.0/UDP h;branch=z9\r\nvia: ")
    assert agent.receive(INVITE) == [ring]  # a retransmission
    (final,) = agent.refuse("c1")
    assert final.startswith(b"SIP/2.0 603 Decline")
    assert b"cseq: 7 INVITE" in final
    assert agent.receive(INVITE.replace(b"INVITE", b"ACK")) == []
    ok, gone = agent.receive(INVITE.replace(b"INVITE", b"CANCEL"))
    assert (ok[:11], gone[:11]) == (b"SIP/2.0 200", b"SIP/2.0 487")
    assert b"cseq: 7 CANCEL" in ok
    assert b"cseq: 7 INVITE" in gone
    assert seen == [("ringing", "s9"), ("refused", "s9"), ("cancelled", "s9")]
    assert agent.receive(b"\0\1\2") == []
    assert parse_request(b"SIP/2.0 200 OK\r\n\r\n") is None


def test_a_reason_from_the_network_is_plain_text() -> None:
    assert split_status("486 Bu\x1b[2Jsy\x07") == (486, "Bu[2Jsy")
    assert hangup_of("503 \u202eoops", ours=False, answered=True).reason == "503 oops"
    assert len(split_status("486 " + "y" * 5000)[1]) < 300
