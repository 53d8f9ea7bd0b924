"""The bench's phone against the project's own SIP line, without models."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from telephony import FRAME_MS, Call
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from telephony.ports import check_free
from tests.ports import free_port
from tests.session.fakes import tone
from voicebot.replay.judge import bot_sounds
from voicebot.replay.script import BankError
from voicebot.replay.wire_phone import WirePhone, ringing

pytestmark = pytest.mark.flaky(reruns=2, reruns_delay=1)  # real time, as tests/conftest.py says
SAID = tone(600).astype("<i2").tobytes()


async def talk(phone: WirePhone, ms: int, digits: str = "") -> None:
    """Speak for 600 ms, then be quiet; in real time."""
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    for number in range(ms // FRAME_MS):
        if phone.ended:
            return
        frame = SAID[number * 320 : number * 320 + 320].ljust(320, b"\0")
        phone.say(frame, digits if number == 40 else "")
        await asyncio.sleep(max(0.0, start_s + (number + 1) * FRAME_MS / 1000 - loop.time()))


async def test_sound_and_keys_go_both_ways_and_a_bye_ends_it() -> None:
    port = free_port()
    endpoint = BaresipEndpoint(LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="27100-27198"))
    check_free(f"127.0.0.1:{port}")
    await endpoint.start()
    heard: list[bytes] = []
    keys: list[str] = []

    async def bot(call: Call) -> None:
        await call.answer()
        call.play(tone(500).astype("<i2").tobytes())

        async def listen_for_keys() -> None:
            async for key in call.digits():
                keys.append(key)
                if len(keys) == 2:
                    await call.hangup()

        pressing = asyncio.create_task(listen_for_keys())
        async for frame in call.frames():
            heard.append(frame)
        await pressing

    async def serve() -> None:
        async for call in endpoint.incoming():
            await bot(call)
            return

    serving = asyncio.create_task(serve())
    try:
        async with ringing("127.0.0.1", port, "test-1") as phone:
            await talk(phone, 8000, digits="4#")
            assert phone.ended
            tape = phone.tape()
        await asyncio.wait_for(serving, 10)
    finally:
        serving.cancel()
        await endpoint.stop()
    assert keys == ["4", "#"]
    said = np.frombuffer(b"".join(heard), np.int16)
    assert [s.end_ms - s.start_ms for s in bot_sounds(said)][:1] == pytest.approx([600], abs=60)
    assert [s.end_ms - s.start_ms for s in bot_sounds(tape)] == pytest.approx([500], abs=60)


async def test_nobody_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicebot.replay.wire_phone.ANSWER_S", 0.5)
    with pytest.raises(BankError, match="did not answer a INVITE"):
        async with ringing("127.0.0.1", free_port(), "test-2"):
            raise AssertionError("nobody answered")
