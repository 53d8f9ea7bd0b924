"""Three legs in one bridge, what only one of them hears, and keys that cross it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from line_support import find, samples, voice
from line_time import run_virtual

from telephony.bridge import Bridge, BridgeEnd
from telephony.errors import LineError
from telephony.file_line import FileCall

T = TypeVar("T")


def sent_on(call: FileCall) -> bytes:
    return samples(call.take_tape())[1::2].astype("<i2").tobytes()


def hears(call_pcm: bytes, said: bytes, *, from_s: float = 0.0) -> float:
    """SNR in dB of a second of `said` in what a leg was sent."""
    at = int(from_s * 8000)
    return find(samples(said)[at + 2000 : at + 6000], samples(call_pcm))[1]


async def leg(seconds: float, seed: int, *, tail_ms: int = 60_000, before_s: float = 0) -> FileCall:
    """An answered call that says `voice(seconds, seed)` after `before_s` of silence."""
    sound = voice(seconds, seed=seed) if seconds else b""
    call = FileCall(bytes(int(before_s * 8000) * 2) + sound, tail_ms=tail_ms)
    await call.answer()
    return call


def run(work: Coroutine[Any, Any, T]) -> T:
    return run_virtual(work)


def test_three_legs_hear_each_other_and_none_itself() -> None:
    async def talk() -> tuple[bytes, bytes, bytes]:
        a = await leg(1.0, 1, before_s=1.0)
        b = await leg(1.0, 2, before_s=3.0)
        bridge = Bridge(a, b)
        running = asyncio.create_task(bridge.run())
        await asyncio.sleep(0.5)
        c = await leg(1.0, 3, before_s=4.5)  # 5.0 on the others' clock
        bridge.join(c)
        await asyncio.sleep(7)
        tapes = sent_on(a), sent_on(b), sent_on(c)
        await a.hangup()
        end = await running
        assert (end.leg, c.ended) == ("a", None), "its fate is the owner's"
        await b.hangup()
        await c.hangup()
        return tapes

    to_a, to_b, to_c = run(talk())
    said = {"a": voice(1.0, seed=1), "b": voice(1.0, seed=2), "c": voice(1.0, seed=3)}
    for name, tape in (("a", to_a), ("b", to_b), ("c", to_c)):
        for other, sound in said.items():
            snr_db = hears(tape, sound)
            assert snr_db > 40 if other != name else snr_db < 0, (name, other, snr_db)


def test_two_who_speak_at_once_are_both_heard_by_the_third() -> None:
    async def talk() -> bytes:
        a, b = await leg(2.0, 1, before_s=0.5), await leg(2.0, 2, before_s=0.5)
        bridge = Bridge(a, b)
        running = asyncio.create_task(bridge.run())
        c = await leg(0, 0)
        await asyncio.sleep(0.1)
        bridge.join(c)
        await asyncio.sleep(3)
        tape = sent_on(c)
        for call in (a, b, c):
            await call.hangup()
        await running
        return tape

    tape = run(talk())
    # Each is the other's noise, as loud as itself.
    assert -3 < hears(tape, voice(2.0, seed=1)) < 3
    assert -3 < hears(tape, voice(2.0, seed=2)) < 3


def test_the_seat_leaves_and_who_joined_has_the_caller() -> None:
    async def talk() -> tuple[BridgeEnd, bytes, bytes]:
        a = await leg(1.0, 1, before_s=3.0)
        b = await leg(0, 0, tail_ms=1500)
        bridge = Bridge(a, b)
        running = asyncio.create_task(bridge.run())
        await asyncio.sleep(0.5)
        c = await leg(1.0, 3, before_s=4.0, tail_ms=1500)
        bridge.join(c)
        await asyncio.sleep(2)
        assert not running.done()
        assert (bridge.up("b"), bridge.up("c")) == (False, True)
        end = await running
        tapes = sent_on(a), sent_on(c)
        await a.hangup()
        return end, *tapes

    end, to_a, to_c = run(talk())
    assert end.leg == "c"
    assert hears(to_a, voice(1.0, seed=3)) > 40
    assert hears(to_c, voice(1.0, seed=1)) > 40


def test_who_joined_leaves_and_the_talk_goes_on() -> None:
    async def talk() -> tuple[bytes, BridgeEnd]:
        a, b = await leg(0, 0), await leg(1.0, 2, before_s=2.0)
        bridge = Bridge(a, b)
        running = asyncio.create_task(bridge.run())
        await asyncio.sleep(0.2)
        bridge.join(await leg(0, 0, tail_ms=500))
        await asyncio.sleep(1.3)
        assert not bridge.up("c")
        again = await leg(0, 0)
        bridge.join(again)
        with pytest.raises(LineError, match="third leg"):
            bridge.join(again)
        await asyncio.sleep(2.5)
        tape = sent_on(a)
        for call in (b, again):
            await call.hangup()
        end = await running
        with pytest.raises(LineError, match="nobody"):
            bridge.join(again)
        with pytest.raises(LineError, match="leg b"):
            bridge.beside("b")
        await a.hangup()
        return tape, end

    tape, end = run(talk())
    assert end.leg in ("b", "c")
    assert hears(tape, voice(1.0, seed=2)) > 40


def test_a_whisper_is_heard_by_its_leg_only_beside_the_talk() -> None:
    async def talk() -> tuple[bytes, bytes]:
        a, b = await leg(4.0, 1), await leg(0, 0)
        bridge = Bridge(a, b)
        running = asyncio.create_task(bridge.run())
        await asyncio.sleep(1)
        overlay = bridge.beside("b")
        overlay.play(voice(1.0, seed=9))
        await asyncio.sleep(2)
        assert overlay.queued_ms == 0
        bridge.remove("b", overlay)
        await asyncio.sleep(2)
        tapes = sent_on(a), sent_on(b)
        for call in (a, b):
            await call.hangup()
        await running
        return tapes

    to_a, to_b = run(talk())
    whisper, caller = voice(1.0, seed=9), voice(4.0, seed=1)
    assert not any(to_a), "nothing at all of it reaches the caller"
    assert -3 < hears(to_b, whisper) < 3
    assert hears(to_b, caller, from_s=2.5) > 40, "clear once the whisper is over"


def test_a_whisper_is_heard_where_the_caller_sends_nothing_at_all() -> None:
    class Mute(FileCall):
        """Its network brings nothing, not even silence."""

        async def frames(self):  # type: ignore[no-untyped-def]
            await self.wait_ended()
            for _ in range(0):
                yield b""

    async def talk() -> bytes:
        a, b = Mute(b"", tail_ms=60_000), await leg(0, 0)
        await a.answer()
        bridge = Bridge(a, b)
        running = asyncio.create_task(bridge.run())
        await asyncio.sleep(0.3)
        c = await leg(2.0, 3)
        bridge.join(c)
        await asyncio.sleep(3)
        tape = sent_on(b)
        for call in (a, b, c):
            await call.hangup()
        await running
        return tape

    assert hears(run(talk()), voice(2.0, seed=3), from_s=0.5) > 40


def test_keys_cross_the_bridge_both_ways_and_reach_who_joined() -> None:
    async def talk() -> tuple[FileCall, FileCall, FileCall, list[str]]:
        a = FileCall(b"", tail_ms=60_000, digits=((200, "9"), (1000, "1"), (1200, "#")))
        b = FileCall(b"", tail_ms=60_000, digits=((2000, "5"),))
        for call in (a, b):
            await call.answer()
        keypad: list[str] = []

        async def watch() -> None:  # the bot reads them too
            async for digit in a.digits():
                keypad.append(digit)

        watching = asyncio.create_task(watch())
        await asyncio.sleep(0.5)
        bridge = Bridge(a, b)
        running = asyncio.create_task(bridge.run())
        await asyncio.sleep(1)
        c = await leg(0, 0)
        bridge.join(c)
        await asyncio.sleep(2)
        for call in (a, b, c):
            await call.hangup()
        await running
        await watching
        return a, b, c, keypad

    a, b, c, keypad = run(talk())
    assert b.sent_digits == "1#", "what was pressed before was the bot's"
    assert (a.sent_digits, c.sent_digits) == ("5", "5")
    assert "".join(keypad) == "91#"


def test_a_key_that_cannot_be_sent_on_ends_nothing() -> None:
    class Deaf(FileCall):
        async def send_digits(self, digits: str) -> None:
            raise LineError("no telephone-event")

    async def talk() -> bool:
        a = FileCall(b"", tail_ms=60_000, digits=((200, "1"), (400, "2")))
        b = Deaf(b"", tail_ms=60_000)
        for call in (a, b):
            await call.answer()
        running = asyncio.create_task(Bridge(a, b).run())
        await asyncio.sleep(1)
        alive = not running.done()
        await a.hangup()
        await running
        await b.hangup()
        return alive

    assert run(talk())
