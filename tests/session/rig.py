"""A whole call through the real session, line and turn-taker, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.domain import Domain
from telephony import FRAME_MS
from telephony.file_line import FileCall
from tests.session.fakes import (
    EchoConversation,
    LoudnessVad,
    ScriptedDesk,
    ScriptedRecognizer,
    StreamingScript,
    ToneVoice,
)
from voicebot.dialog.dictation_view import DictationView
from voicebot.pack import Prompts
from voicebot.replay.tape import sounds
from voicebot.session import events as facts
from voicebot.session.call_session import CallSession
from voicebot.session.hearing import Hearing
from voicebot.session.mouth import Mouth
from voicebot.session.opt_out import take_wish
from voicebot.session.thinker import Thinker
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.speech.api import Voice
from voicebot.speech.cache import SpeechCache
from voicebot.speech.speaker import Speaker
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.endpoint import EndpointStrategy
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import FrameVad
from voicebot.turns.virtual_time import run_virtual

PROMPTS = Prompts(
    {"filler": ("我查一下",), "handoff": ("我请工程师接听",), "seat_failed": ("抱歉没有接通",)}
)
GREETING_MS = 80 * len(EchoConversation.GREETING) + 500


class HeldCall(FileCall):
    """A recording whose caller puts the bot on hold; `holds` are (from, to) in ms.

    In `stalls`, on the frame clock, the event loop does not come to the frames: they come at once.
    """

    holds: tuple[tuple[int, int], ...] = ()
    stalls: tuple[tuple[int, int], ...] = ()
    _answered_s = 0.0

    async def _run(self) -> None:
        self._answered_s = asyncio.get_running_loop().time()
        await super()._run()

    async def frames(self) -> AsyncIterator[bytes]:
        late: list[bytes] = []
        at_ms = 0
        async for frame in super().frames():
            late.append(frame)
            at_ms += FRAME_MS
            if not any(from_ms <= at_ms < to_ms for from_ms, to_ms in self.stalls):
                for each in late:
                    yield each
                late.clear()

    @property
    def held(self) -> bool:
        if self._task is None:
            return False
        now_ms = (asyncio.get_running_loop().time() - self._answered_s) * 1000
        return any(from_ms <= now_ms < to_ms for from_ms, to_ms in self.holds)


@dataclass
class Rig:
    """One call's worth of parts; `run` plays the caller's audio and returns the events."""

    recognizer: ScriptedRecognizer | StreamingScript
    conversation: EchoConversation = field(default_factory=EchoConversation)
    desk: ScriptedDesk = field(default_factory=ScriptedDesk)
    turns: TurnSettings = field(default_factory=lambda: TurnSettings.model_validate({}))
    budget: BudgetSettings = field(default_factory=lambda: BudgetSettings.model_validate({}))
    endpoint: EndpointStrategy | None = None
    content: ContentBargeIn | None = None
    partial_ms: int = 0
    voice_estimate_ms: float = 100.0
    digits: tuple[tuple[int, str], ...] = ()
    holds: tuple[tuple[int, int], ...] = ()
    stalls: tuple[tuple[int, int], ...] = ()
    dictations: DictationView | None = None
    announce: str = ""
    opt_out_digit: str = ""
    recording_stopped: list[int] = field(default_factory=list)
    vad: FrameVad = field(default_factory=LoudnessVad)
    voice: Voice = field(default_factory=ToneVoice)
    prepared: SpeechCache | None = None
    real_time: bool = False
    tape: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 2), np.int16))

    def run(self, caller: bytes, scheduler: InferenceScheduler, tail_ms: int = 6000) -> list[Any]:
        seen: list[facts.SessionEvent] = []

        async def call_it() -> None:
            call = HeldCall(caller, tail_ms=tail_ms, digits=self.digits)
            call.holds, call.stalls = self.holds, self.stalls
            mouth = Mouth(call, Speaker(self.voice, self.prepared), scheduler)
            conversation: Any = self.conversation
            thinker = Thinker(
                conversation,
                mouth,
                voice_estimate_ms=lambda: self.voice_estimate_ms,
                wish=take_wish,
            )
            desk: Any = self.desk
            await CallSession(
                call,
                taker=TurnTaker(self.turns, self.vad, endpoint=self.endpoint, content=self.content),
                hearing=Hearing(self.recognizer, Domain(()), scheduler, partial_ms=self.partial_ms),
                thinker=thinker,
                conversation=conversation,
                mouth=mouth,
                desk=desk,
                prompts=PROMPTS,
                pack_name="test",
                turns=self.turns,
                budget=self.budget,
                observer=seen.append,
                announce=self.announce,
                opt_out_digit=self.opt_out_digit,
                dictations=self.dictations,
                stop_recording=lambda: self.recording_stopped.append(len(seen)),
            ).run()
            leaked = asyncio.all_tasks() - {asyncio.current_task()}
            assert not leaked, leaked
            self.tape = np.frombuffer(call.take_tape(), np.int16).reshape(-1, 2)

        if self.real_time:
            asyncio.run(call_it())
        else:
            run_virtual(call_it, busy=lambda: scheduler.in_flight > 0)
        return seen

    def sounds(self) -> tuple[list[Any], list[Any]]:
        return sounds(self.tape[:, 0]), sounds(self.tape[:, 1])


def of(events: list[Any], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]
