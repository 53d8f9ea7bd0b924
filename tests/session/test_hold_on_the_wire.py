"""A real re-INVITE to hold, in real time: the session on the SIP stack, rung by a raw phone."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from asr_models.domain import Domain
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port
from tests.session.fakes import (
    EchoConversation,
    LoudnessVad,
    ScriptedDesk,
    ScriptedRecognizer,
    ToneVoice,
)
from tests.session.rig import PROMPTS, of
from tests.telephony.raw_phone import RtpPort, raw_phone, rtp_port
from voicebot.session import events as facts
from voicebot.session.call_session import CallSession
from voicebot.session.hearing import Hearing
from voicebot.session.mouth import Mouth
from voicebot.session.thinker import Thinker
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.turn_taker import TurnTaker


async def until(told: list[Any], kind: type[Any], count: int = 1) -> Any:
    """The event, within half a minute."""
    async with asyncio.timeout(30):
        while len(of(told, kind)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return of(told, kind)[-1]


def session(call: Any, scheduler: InferenceScheduler, told: list[Any]) -> CallSession:
    turns = TurnSettings.model_validate({})
    conversation: Any = EchoConversation()
    mouth = Mouth(call, Speaker(ToneVoice()), scheduler)
    return CallSession(
        call,
        taker=TurnTaker(turns, LoudnessVad()),
        hearing=Hearing(ScriptedRecognizer([""]), Domain(()), scheduler),
        thinker=Thinker(
            conversation,
            mouth,
            voice_estimate_ms=lambda: 100.0,
        ),
        conversation=conversation,
        mouth=mouth,
        desk=ScriptedDesk(),
        prompts=PROMPTS,
        pack_name="test",
        turns=turns,
        budget=BudgetSettings.model_validate({}),
        observer=told.append,
    )


async def test_a_phone_that_holds_hears_nothing_and_is_welcomed_back(
    scheduler: InferenceScheduler,
) -> None:
    port, told = free_port(), []
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="27000-27098", jitter_buffer_ms=20)
    )
    await endpoint.start()
    try:
        async with rtp_port() as rtp, raw_phone(port) as phone:
            phone.rtp_port = rtp.port
            phone.invite()
            call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
            running = asyncio.create_task(session(call, scheduler, told).run())
            await phone.connect()
            await until(told, facts.BotSpoke)
            await heard(rtp, 1)
            await phone.reinvite("sendonly")
            await until(told, facts.CallHeld)
            await asyncio.sleep(0.3)  # what was on its way has come
            before = len(rtp.loud())
            await asyncio.sleep(1.0)
            assert len(rtp.loud()) == before, "the bot spoke into the hold"
            await phone.reinvite("sendrecv")
            back = await until(told, facts.CallResumed)
            assert back.held_ms >= 1200
            await heard(rtp, before + 20)
            said = await until(told, facts.BotSpoke, 2)
            assert said.text.startswith("您好，我还在线上。")
            await call.hangup()
            await asyncio.wait_for(running, 20)
    finally:
        with contextlib.suppress(Exception):
            await endpoint.stop()
    (quality,) = of(told, facts.CallQuality)
    assert quality.sent > 20
    assert isinstance(told[-1], facts.CallEnded)


async def heard(rtp: RtpPort, packets: int) -> None:
    """Until so many packets with sound have come, within half a minute."""
    async with asyncio.timeout(30):
        while len(rtp.loud()) < packets:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
