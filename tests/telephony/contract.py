"""The contract of the line: what every `telephony.api.Call` must do.

Kept by the real line in real time (test_baresip_line.py) and by a recorded call in virtual
time (test_file_line.py).
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import numpy as np
import pytest
from line_support import RecordingTap, clarity_db, loud_ms, samples, voice

from telephony import FRAME_BYTES, Call, HangupBy, LineError, TransferOutcome


class Line(Protocol):
    async def ring(self, says: bytes, stays_ms: int) -> Call:
        """A call that rings; its caller says `says` at once and hangs up `stays_ms` later."""

    async def heard(self) -> bytes:
        """After the call: what the far end heard, s16le 8 kHz, from the answer on."""


async def take(call: Call, count: int) -> list[bytes]:
    """The next `count` frames (fewer if the call ends)."""
    got: list[bytes] = []
    async for frame in call.frames():
        got.append(frame)
        if len(got) >= count:
            break
    return got


class LineContract:
    async def test_frames_are_20_ms_and_keep_real_time(self, line: Line) -> None:
        call = await line.ring(voice(0.4), 1500)
        await call.answer()
        loop = asyncio.get_running_loop()
        start = loop.time()
        got = await take(call, 50)
        took_ms = (loop.time() - start) * 1000
        assert {len(frame) for frame in got} == {FRAME_BYTES}
        assert 880 <= took_ms <= 1360
        assert len(loud_ms(b"".join(got))) >= 36  # the caller's 400 ms, silence around it

    async def test_frames_end_when_the_caller_hangs_up(self, line: Line) -> None:
        call = await line.ring(b"", 500)
        await call.answer()
        got = await asyncio.wait_for(take(call, 10_000), 20)
        assert 15 <= len(got) <= 60
        ended = await call.wait_ended()
        assert ended.by is HangupBy.REMOTE
        assert call.ended == ended

    async def test_frames_end_when_we_hang_up_and_hangup_is_idempotent(self, line: Line) -> None:
        call = await line.ring(b"", 5000)
        await call.answer()
        await take(call, 5)
        await call.hangup()
        await call.hangup()
        assert (await asyncio.wait_for(call.wait_ended(), 20)).by is HangupBy.LOCAL
        assert len(await asyncio.wait_for(take(call, 10_000), 20)) < 200

    async def test_a_new_reader_takes_over_and_the_old_one_ends(self, line: Line) -> None:
        call = await line.ring(b"", 1500)
        await call.answer()
        first = asyncio.create_task(take(call, 10_000))
        await asyncio.sleep(0.1)
        assert len(await take(call, 5)) == 5
        assert len(await asyncio.wait_for(first, 20)) < 20
        await call.hangup()

    async def test_the_far_end_hears_what_is_played(self, line: Line) -> None:
        call = await line.ring(b"", 2000)
        await call.answer()
        said = voice(1.0, seed=7)
        call.play(said)
        assert 980 <= call.queued_ms <= 1000
        await take(call, 65)
        assert call.queued_ms == 0
        await call.wait_ended()
        heard = samples(await line.heard())
        assert clarity_db(said, heard) >= 30

    async def test_flush_stops_the_sound_and_says_what_was_unsent(self, line: Line) -> None:
        call = await line.ring(b"", 2000)
        tap = RecordingTap()
        call.attach(tap)
        await call.answer()
        call.play(voice(3.0))
        await take(call, 25)
        unsent_ms = call.flush()
        assert 2300 <= unsent_ms <= 2600
        assert call.queued_ms == 0
        await call.wait_ended()
        heard = loud_ms(await line.heard())
        assert 380 <= heard[-1] - heard[0] <= 3000 - unsent_ms + 40
        left = loud_ms(bytes(tap.left))
        assert abs((left[-1] - left[0]) - (heard[-1] - heard[0])) <= 30

    async def test_what_follows_a_flush_is_heard_whole(self, line: Line) -> None:
        call = await line.ring(b"", 1600)
        await call.answer()
        call.play(voice(2.0))
        await take(call, 10)
        call.flush()
        said = voice(0.5, seed=9)
        call.play(said)
        await call.wait_ended()
        assert clarity_db(said, samples(await line.heard())) >= 30

    async def test_softer_at_once_and_back_and_nothing_is_lost(self, line: Line) -> None:
        call = await line.ring(b"", 3000)
        tap = RecordingTap()
        call.attach(tap)
        await call.answer()
        call.play(voice(2.0, seed=4))
        await take(call, 25)
        call.set_gain(-20)
        await take(call, 25)
        call.set_gain(0)
        await take(call, 60)
        assert call.queued_ms == 0
        await call.wait_ended()
        for heard in (await line.heard(), bytes(tap.left)):
            sound, full = loud_ms(heard), loud_ms(heard, floor=1500)
            soft = np.setdiff1d(sound, full)
            began, back = soft[0] - sound[0], soft[-1] - sound[0]
            print(f"20 dB softer from {began} to {back} ms; {len(sound) * 10} ms in all")
            assert 450 <= began <= 650, "asked for after 500 ms"
            assert 950 <= back <= 1250, "and no more after 1000, but for what was handed over"
            assert 1960 <= len(sound) * 10 <= 2040, "nothing lost, nothing twice"

    async def test_taps_get_both_directions_in_step(self, line: Line) -> None:
        call = await line.ring(voice(0.3), 1200)
        tap = RecordingTap()
        call.attach(tap)
        await call.answer()
        async for frame in call.frames():
            call.play(frame)
        assert abs(len(tap.heard) - len(tap.left)) <= 12 * FRAME_BYTES
        assert len(loud_ms(bytes(tap.heard))) >= 27
        echoed, said = loud_ms(bytes(tap.left)), loud_ms(bytes(tap.heard))
        assert -20 <= echoed[0] - said[0] <= 60  # each stream is put to its place by frames

    async def test_a_tap_that_fails_harms_nobody(self, line: Line) -> None:
        class FullDisk:
            def received(self, pcm: bytes) -> None:
                raise OSError("no space left on device")

            sent = received

        call = await line.ring(b"", 700)
        tap = RecordingTap()
        call.attach(FullDisk())
        call.attach(tap)
        await call.answer()
        assert len(await take(call, 20)) == 20
        assert len(tap.heard) >= 20 * FRAME_BYTES
        await call.hangup()

    async def test_an_ended_call_takes_no_more_orders(self, line: Line) -> None:
        call = await line.ring(b"", 5000)
        await call.answer()
        await call.hangup()
        await asyncio.wait_for(call.wait_ended(), 20)
        call.play(voice(1.0))
        assert call.queued_ms == 0
        assert call.flush() == 0
        assert (await call.transfer("sip:2001@127.0.0.1")).outcome is TransferOutcome.CALLER_GONE
        with pytest.raises(LineError, match="ended before it was answered"):
            await call.answer()
        assert [digit async for digit in call.digits()] == []

    async def test_a_rejected_call_has_ended(self, line: Line) -> None:
        call = await line.ring(b"", 5000)
        await call.reject()
        assert (await asyncio.wait_for(call.wait_ended(), 20)).by is HangupBy.LOCAL
