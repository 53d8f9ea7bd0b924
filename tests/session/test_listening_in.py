"""People who listen in: both sides, live, and never at the cost of the call."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from tests.session.control_rig import (
    BOT_HZ,
    CALLER_HZ,
    SEAT_HZ,
    Rig,
    bridged_rig,
    caller,
    hums,
    phone,
    until,
)
from tests.session.fakes import tone
from tests.session.rig import of
from voicebot.session import events as facts
from voicebot.session.control import CallControl, Stage
from voicebot.session.listening_in import (
    KEPT_FRAMES,
    MOST_LISTENERS,
    STEREO_FRAME_BYTES,
    ListeningIn,
    TooManyListenersError,
)
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.virtual_time import run_virtual


def test_a_supervisor_hears_caller_left_and_bot_then_seat_right(
    scheduler: InferenceScheduler,
) -> None:
    heard = bytearray()

    async def act(rig: Rig, control: CallControl) -> None:
        async for frame in control.listen():
            assert len(frame) == STEREO_FRAME_BYTES
            heard.extend(frame)
            if len(heard) == STEREO_FRAME_BYTES:
                await until(control, Stage.BOT)

    seat = phone(SEAT_HZ, says_ms=2000, tail_ms=1000)
    rig = bridged_rig(seat=seat)
    events = rig.run(caller(tone(500, hz=CALLER_HZ)), scheduler, act)
    stereo = np.frombuffer(bytes(heard), np.int16).reshape(-1, 2)
    assert hums(stereo[:, 0], CALLER_HZ)
    assert not hums(stereo[:, 0], BOT_HZ)
    assert hums(stereo[:, 1], BOT_HZ)
    assert hums(stereo[:, 1], SEAT_HZ)
    ended_ms = of(events, facts.CallEnded)[0].at_ms
    assert abs(len(stereo) / 8 - ended_ms) <= 100, "all of it"


def test_a_slow_listener_loses_frames_and_a_quick_one_beside_it_none() -> None:
    async def listen() -> tuple[int, int, bytes]:
        tap = ListeningIn()
        slow, quick = tap.listen(), tap.listen()
        read: list[bytes] = []

        async def keep_up() -> None:
            async for frame in quick:
                read.append(frame)

        keeping_up = asyncio.create_task(keep_up())
        for number in range(4 * KEPT_FRAMES):
            tap.sent(bytes(320))
            tap.received(np.full(160, number, "<i2").tobytes())
            await asyncio.sleep(0.02)
        tap.close()
        await keeping_up
        late = [frame async for frame in slow]
        return len(read), len(late), late[-1]

    quick, slow, newest = run_virtual(listen, busy=lambda: False)
    assert quick == 4 * KEPT_FRAMES
    assert slow == KEPT_FRAMES
    assert np.frombuffer(newest, "<i2")[0] == 4 * KEPT_FRAMES - 1, "what is lost is the oldest"


def test_who_stops_listening_costs_nothing_and_makes_room() -> None:
    async def listen() -> int:
        tap = ListeningIn()
        listening = [tap.listen() for _ in range(MOST_LISTENERS)]
        with pytest.raises(TooManyListenersError, match="8"):
            tap.listen()
        tap.sent(bytes(320))
        tap.received(bytes(320))
        for each in listening:
            await anext(each)
            await each.aclose()  # type: ignore[attr-defined]
        left = tap.listeners
        tap.listen()
        return left

    assert run_virtual(listen, busy=lambda: False) == 0


@pytest.mark.parametrize("chunks", [(320, 320), (160, 480), (1000, 24), (320, 2)])
def test_both_sides_stay_side_by_side_whatever_the_portions(chunks: tuple[int, int]) -> None:
    async def listen() -> bytes:
        tap = ListeningIn()
        frames = tap.listen()
        left, right = tone(1000, hz=300).tobytes(), tone(1000, hz=500).tobytes()
        for at in range(0, len(left), chunks[0]):
            tap.received(left[at : at + chunks[0]])
        for at in range(0, len(right), chunks[1]):
            tap.sent(right[at : at + chunks[1]])
        tap.close()
        return b"".join([frame async for frame in frames])

    heard = np.frombuffer(run_virtual(listen, busy=lambda: False), "<i2").reshape(-1, 2)
    assert np.array_equal(heard[:, 0], tone(1000, hz=300))
    assert np.array_equal(heard[:, 1], tone(1000, hz=500))


def test_a_side_that_stands_still_does_not_keep_the_other_waiting_for_ever() -> None:
    async def listen() -> Any:
        tap = ListeningIn()
        frames = tap.listen()
        for _ in range(60):
            tap.received(tone(20).tobytes())
        tap.close()
        return [frame async for frame in frames]

    frames = run_virtual(listen, busy=lambda: False)
    assert len(frames) == KEPT_FRAMES
