"""A bot of stand-ins on the bench: callers hum, and the ears know a text by its pitch."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from asr_models import Alternative, Partial, Recognition
from asr_models.domain import Domain
from telephony import Call, Endpoint
from tests.session.fakes import EchoConversation, LoudnessVad, ScriptedDesk, ToneVoice, tone
from tests.session.rig import PROMPTS
from voicebot.dialog.events import Handoff
from voicebot.dialog.state import DialogState
from voicebot.replay.at_hand import ReplaySpeaker
from voicebot.replay.bench import Outcome, tried
from voicebot.replay.caller import VoicedTurn, empty
from voicebot.replay.costs import Costs, load_costs
from voicebot.replay.fast import play_fast
from voicebot.replay.judge import Judge
from voicebot.replay.modelled_time import ModelledScheduler
from voicebot.replay.remembered import Memory, RememberedEars
from voicebot.replay.script import Script
from voicebot.replay.voicing import Voicing
from voicebot.session.call_session import CallSession
from voicebot.session.events import HandoffStarted, Observer
from voicebot.session.hearing import Hearing
from voicebot.session.mouth import Mouth
from voicebot.session.thinker import Thinker
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.speech.speaker import Speaker
from voicebot.turns.turn_taker import TurnTaker

LOWEST_HZ, STEP_HZ = 400, 150
Pcm = npt.NDArray[np.int16]


@dataclass
class HumEars:
    """Hears `texts[n]` in a hum of the n-th pitch; takes real time at random, as machines do."""

    texts: list[str]
    slow_s: float = 0.0
    readings: int = 0
    name: str = "hum"
    random: random.Random = field(default_factory=lambda: random.Random(7))

    def recognize(self, pcm: Pcm, sample_rate: int = 8000, *, prompt: str = "") -> Recognition:
        self.readings += 1
        time.sleep(self.random.random() * self.slow_s)
        spectrum = np.abs(np.fft.rfft(pcm.astype(np.float64)))
        hertz = float(np.argmax(spectrum)) * sample_rate / max(len(pcm), 1)
        number = round((hertz - LOWEST_HZ) / STEP_HZ)
        text = self.texts[number] if 0 <= number < len(self.texts) else ""
        return Recognition(text, 0.9 if text else 0.0, (Alternative(text, -0.1),) if text else ())

    def stream(
        self, *, prompt: str = "", sample_rate: int = 8000, figures: bool = False
    ) -> HumStream:
        return HumStream(self)


class HumStream:
    """An utterance of `HumEars`."""

    def __init__(self, ears: HumEars) -> None:
        self._ears = ears
        self._pcm = np.zeros(0, np.int16)

    @property
    def samples(self) -> int:
        return len(self._pcm)

    def accept(self, pcm: Pcm) -> None:
        self._pcm = np.concatenate([self._pcm, pcm])

    def partial(self, until: int | None = None) -> Partial:
        return Partial(self._ears.recognize(self._pcm[:until]).text, "", 0.8, 0)

    def final(self, until: int | None = None) -> Recognition:
        return self._ears.recognize(self._pcm[:until])


class HumVoicing(Voicing):
    """Each different text is hummed at a pitch of its own."""

    def __init__(self, texts: list[str], ms: int = 700) -> None:
        self._texts, self._ms = texts, ms

    def turns(self, script: Script) -> list[VoicedTurn]:
        return [
            VoicedTurn(turn, self._hum(turn.say) if turn.say else empty()) for turn in script.turns
        ]

    def _hum(self, text: str) -> Pcm:
        return tone(self._ms, hz=LOWEST_HZ + STEP_HZ * self._texts.index(text))


class TellingDesk(ScriptedDesk):
    """Tells that a human is to be brought, as the real one does."""

    def __init__(self, observer: Observer) -> None:
        super().__init__()
        self._observer = observer

    async def bring_human(
        self, call: Call, handoff: Handoff, state: DialogState, now_ms: Callable[[], int]
    ) -> str:
        self._observer(HandoffStarted(now_ms(), handoff.reason, handoff.skill, "S7"))
        return await super().bring_human(call, handoff, state, now_ms)


class FakeWay:
    """A `bench.Way` on fakes: as `FastWay`, in milliseconds."""

    name = "fast"
    at_once = 1

    def __init__(
        self,
        texts: list[str],
        memory: Memory,
        replies: dict[str, tuple[Any, ...] | Exception] | None = None,
        turns: dict[str, Any] | None = None,
        prepared: frozenset[str] = frozenset(),
        slow_s: float = 0.0,
        breaks: bool = False,
        costs: Costs | None = None,
    ) -> None:
        self.ears = HumEars(texts, slow_s)
        self.breaks = breaks
        costs = costs or load_costs()
        self.scheduler = ModelledScheduler(costs)
        self._remembered = RememberedEars(self.ears, "hum", memory, costs)
        speaker = ReplaySpeaker(Speaker(ToneVoice()), prepared, costs)
        self._speaker = cast(Speaker, speaker)
        self._conversation: Any = EchoConversation(replies)
        self._turns = TurnSettings.model_validate(turns or {"endpoint": "fixed"})

    def session(self, call: Call, observer: Observer, endpoint: Endpoint) -> CallSession:
        if self.breaks:
            raise KeyError("no such part")
        mouth = Mouth(call, self._speaker, self.scheduler)
        desk: Any = TellingDesk(observer)
        return CallSession(
            call,
            taker=TurnTaker(self._turns, LoudnessVad()),
            hearing=Hearing(self._remembered, Domain(()), self.scheduler),
            thinker=Thinker(self._conversation, mouth, voice_estimate_ms=lambda: 450.0),
            conversation=self._conversation,
            mouth=mouth,
            desk=desk,
            prompts=PROMPTS,
            pack_name="test",
            turns=self._turns,
            budget=BudgetSettings.model_validate({}),
            observer=observer,
        )

    def before(self, script: Script) -> None:
        """What a test wants to happen before a call."""

    def play(self, scripts: Sequence[Script], voicing: Voicing, judge: Judge) -> Iterator[Outcome]:
        for each in scripts:
            yield tried(each, partial(self._one, each, voicing, judge))

    def _one(self, script: Script, voicing: Voicing, judge: Judge) -> Outcome:
        self.before(script)
        played = play_fast(script, voicing.turns(script), self.session, self.scheduler)
        return judge.judge(played), played.tape

    def close(self) -> None:
        self.scheduler.close()


def judge(texts: list[str]) -> Judge:
    """Of a bot that may echo these texts."""
    return Judge(("硬盘", "阵列"), (f"好的{text}" for text in texts), 30.0)
