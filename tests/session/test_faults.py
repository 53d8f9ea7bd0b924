"""Whatever hangs or breaks, in whatever state: the caller hears something soon, and a human comes.

Faults are injected at the door of all inference, in virtual time; silence is measured on the tape.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.session.fakes import (
    EchoConversation,
    ScriptedDesk,
    ScriptedRecognizer,
    ToneVoice,
    audio,
    quiet,
    tone,
)
from tests.session.rig import GREETING_MS, PROMPTS, Rig, of
from voicebot.dialog.events import Event, Handoff, HandoffEnded, Heard, Say, SayKind
from voicebot.dialog.state import DialogState
from voicebot.session import events as facts
from voicebot.session.conversation import Thought
from voicebot.settings import TurnSettings
from voicebot.speech.cache import SpeechCache
from voicebot.speech.speaker import Speaker
from voicebot.turns.adaptive_endpoint import AdaptiveEndpoint
from voicebot.turns.budget import Budget
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.scheduler import InferenceScheduler, Priority

WATCHDOG_MS = TurnSettings.model_validate({}).watchdog_ms
LIMIT_MS = WATCHDOG_MS + 600
"""Silence a caller may meet; the rest is the end of a turn and the line's frames."""
ASKS = audio(quiet(GREETING_MS), tone(800))
LONG = "先看机器前面的电源灯亮不亮。再看后面的风扇转不转。最后看一下网口的灯。"


class FaultyScheduler(InferenceScheduler):
    """Never answers a stage in `hang`, and fails one in `broken`; from the `after`-th on."""

    def __init__(self) -> None:
        super().__init__(workers=2)
        self.hang: frozenset[str] = frozenset()
        self.broken: frozenset[str] = frozenset()
        self.after = 0
        self.asked: list[str] = []

    async def run(self, priority: Priority, fn: Any, *args: Any, **options: Any) -> Any:
        stage = options.get("stage", "asr")
        faulty = self.asked.count(stage) >= self.after
        self.asked.append(stage)
        if faulty and stage in self.hang:
            await asyncio.Event().wait()
        if faulty and stage in self.broken:
            raise RuntimeError(f"{stage} is broken")
        return await super().run(priority, fn, *args, **options)


class StreamingEars(ScriptedRecognizer):
    """The scripted recognizer as one that streams."""

    def stream(self, *, prompt: str = "", sample_rate: int = 8000, figures: bool = False) -> Any:
        from voicebot.session.whole_decodes import WholeDecodes

        return WholeDecodes(self, prompt, sample_rate)


@dataclass
class SearchingConversation(EchoConversation):
    """Looks each event up, and lets a model choose; both through the scheduler."""

    scheduler: InferenceScheduler
    replies: dict[str, Any] = field(default_factory=dict)
    searched: tuple[str, ...] = ("Heard", "Digit", "NoInput")

    async def consider(
        self,
        state: DialogState,
        event: Event,
        budget: Budget | None = None,
        rehearsed: Thought | None = None,
    ) -> Thought:
        if type(event).__name__ in self.searched and rehearsed is None:
            await self.scheduler.run(Priority.FINAL_ASR, lambda: None, stage="search")
            await self.scheduler.run(Priority.CHOICE, lambda: None, stage="choice")
        if isinstance(event, Heard | HandoffEnded):
            return await super().consider(state, event, budget)
        return Thought(state, (Say("请您直接说", SayKind.ANSWER),))


@pytest.fixture
def faulty() -> Iterator[FaultyScheduler]:
    Speaker(ToneVoice()).clauses("热身")
    made = FaultyScheduler()
    yield made
    made.close()


@pytest.fixture
def prepared(tmp_path: Path) -> SpeechCache:
    """What is always rendered before the first call: the greeting and the fixed utterances."""
    cache = SpeechCache(tmp_path)
    fixed = [PROMPTS.get(name) for name in ("filler", "handoff", "seat_failed")]
    Speaker(ToneVoice(), cache).prepare([EchoConversation.GREETING, "没有接通请继续说", *fixed])
    return cache


def rig_for(
    faulty: FaultyScheduler, prepared: SpeechCache, texts: list[str], **replies: tuple[Any, ...]
) -> Rig:
    return Rig(
        StreamingEars(texts),
        conversation=SearchingConversation(faulty, dict(replies)),
        endpoint=AdaptiveEndpoint(),
        content=ContentBargeIn(),
        partial_ms=500,
        prepared=prepared,
    )


def longest_silence_ms(rig: Rig) -> int:
    """The longest time in which neither side of the tape sounds, up to the call's end."""
    both = np.abs(rig.tape).max(axis=1) > 100
    loud = np.flatnonzero(np.concatenate([[True], both, [True]]))
    return int(np.diff(loud).max()) // 8


def assert_in_good_hands(
    rig: Rig, events: list[Any], *, outcome: str = "handed_off", callers_own_ms: int = 0
) -> None:
    """No dead air up to the end, and a human or a goodbye at the end.

    `callers_own_ms` of silence are the caller's: nothing was owed to them.
    """
    (ended,) = of(events, facts.CallEnded)
    silent_ms = longest_silence_ms(rig)
    print(f"longest silence {silent_ms} ms, {ended.outcome} after {ended.at_ms} ms")
    assert ended.outcome == outcome
    assert silent_ms <= LIMIT_MS + callers_own_ms


STAGES = ("quick asr", "asr", "search", "choice", "voice")


@pytest.mark.parametrize("how", ["hang", "broken"])
@pytest.mark.parametrize("stage", STAGES)
def test_thinking(stage: str, how: str, faulty: FaultyScheduler, prepared: SpeechCache) -> None:
    setattr(faulty, how, frozenset({stage}))
    rig = rig_for(faulty, prepared, ["怎么查"])
    events = rig.run(ASKS, faulty, tail_ms=40_000)
    assert stage in faulty.asked
    assert_in_good_hands(rig, events)


@pytest.mark.parametrize("how", ["hang", "broken"])
def test_partials_while_listening_harm_nobody(
    how: str, faulty: FaultyScheduler, prepared: SpeechCache
) -> None:
    """A partial is a convenience: the call goes on without it."""
    setattr(faulty, how, frozenset({"partial asr"}))
    rig = rig_for(faulty, prepared, ["怎么查"])
    caller = audio(quiet(GREETING_MS), tone(2500), quiet(6000))
    events = rig.run(caller, faulty, tail_ms=1000)
    assert "partial asr" in faulty.asked
    (asked,) = of(events, facts.CallerSpoke)
    assert of(events, facts.BotSpoke)[-1].text == "好的" + asked.text


@pytest.mark.parametrize("how", ["hang", "broken"])
@pytest.mark.parametrize("stage", ["quick asr", "asr"])
def test_speaking_over_the_bot(
    stage: str, how: str, faulty: FaultyScheduler, prepared: SpeechCache
) -> None:
    """The ears fail while the caller interrupts a reply."""
    setattr(faulty, how, frozenset({stage}))
    faulty.after = 1
    rig = rig_for(faulty, prepared, ["怎么查", "等一下"], 怎么查=(Say(LONG, SayKind.ANSWER),))
    caller = ASKS + audio(quiet(1500), tone(1500))
    events = rig.run(caller, faulty, tail_ms=40_000)
    assert faulty.asked.count(stage) > 1
    assert_in_good_hands(rig, events)


@pytest.mark.parametrize("how", ["hang", "broken"])
def test_the_middle_of_a_reply(how: str, faulty: FaultyScheduler, prepared: SpeechCache) -> None:
    """The voice says the first clause and then no more."""
    setattr(faulty, how, frozenset({"voice"}))
    faulty.after = 1
    rig = rig_for(faulty, prepared, ["怎么查"], 怎么查=(Say(LONG, SayKind.ANSWER),))
    events = rig.run(ASKS, faulty, tail_ms=40_000)
    assert_in_good_hands(rig, events)


@pytest.mark.parametrize("how", ["hang", "broken"])
def test_the_greeting(how: str, faulty: FaultyScheduler, tmp_path: Path) -> None:
    """Nothing is prepared and the voice is dead: silence is longer, but a human is rung."""
    setattr(faulty, how, frozenset({"voice"}))
    rig = rig_for(faulty, SpeechCache(tmp_path), ["喂"])
    events = rig.run(audio(quiet(500)), faulty, tail_ms=60_000)
    assert rig.desk.asked
    assert of(events, facts.CallEnded)[0].at_ms <= 3 * (WATCHDOG_MS + 4000)


@pytest.mark.parametrize("how", ["hang", "broken"])
def test_a_key_that_cannot_be_looked_up(
    how: str, faulty: FaultyScheduler, prepared: SpeechCache
) -> None:
    """A dictated digit, or one that asks for something: the caller waits for what it does."""
    setattr(faulty, how, frozenset({"search"}))
    rig = rig_for(faulty, prepared, ["怎么查"])
    rig.digits = ((GREETING_MS + 500, "1"),)
    events = rig.run(audio(quiet(GREETING_MS + 600)), faulty, tail_ms=40_000)
    assert_in_good_hands(rig, events, callers_own_ms=1000)


@pytest.mark.parametrize("how", ["hang", "broken"])
def test_a_caller_who_says_nothing(
    how: str, faulty: FaultyScheduler, prepared: SpeechCache
) -> None:
    """The question whether they are still there cannot be worked out."""
    setattr(faulty, how, frozenset({"search"}))
    rig = rig_for(faulty, prepared, [""])
    rig.turns = TurnSettings.model_validate({"no_input_ms": 3000})
    events = rig.run(audio(quiet(GREETING_MS)), faulty, tail_ms=40_000)
    assert_in_good_hands(rig, events, callers_own_ms=rig.turns.no_input_ms)


@pytest.mark.parametrize("how", ["hang", "broken"])
@pytest.mark.parametrize("stage", ["search", "quick asr"])
def test_after_a_hold(stage: str, how: str, faulty: FaultyScheduler, prepared: SpeechCache) -> None:
    """The caller comes back, asks, and what they ask meets the fault."""
    setattr(faulty, how, frozenset({stage}))
    rig = rig_for(faulty, prepared, ["怎么查"])
    rig.holds = ((GREETING_MS + 200, GREETING_MS + 2200),)
    caller = audio(quiet(GREETING_MS + 4000), tone(800))
    events = rig.run(caller, faulty, tail_ms=40_000)
    assert of(events, facts.CallResumed)
    assert_in_good_hands(rig, events)


@pytest.mark.parametrize("how", ["hang", "broken"])
def test_after_a_hand_over_that_failed(
    how: str, faulty: FaultyScheduler, prepared: SpeechCache
) -> None:
    """No seat answers, and then the talk cannot go on: the seats are rung again."""
    setattr(faulty, how, frozenset({"search"}))
    faulty.after = 1
    rig = rig_for(faulty, prepared, ["转人工"], 转人工=(Handoff("asked"),))
    assert isinstance(rig.conversation, SearchingConversation)
    rig.conversation.searched = ("Heard", "HandoffEnded")
    rig.desk = SecondTime()
    events = rig.run(ASKS, faulty, tail_ms=40_000)
    assert len(rig.desk.asked) == 2
    assert_in_good_hands(rig, events)


class SecondTime(ScriptedDesk):
    """A desk whose seats answer when they are rung the second time."""

    async def bring_human(self, *args: Any) -> str:
        outcome = await super().bring_human(*args)
        return outcome if len(self.asked) > 1 else "no_answer"


def test_a_desk_that_breaks_ends_the_call_with_an_apology(
    faulty: FaultyScheduler, prepared: SpeechCache
) -> None:
    class BrokenDesk(ScriptedDesk):
        async def bring_human(self, *args: Any) -> str:
            raise RuntimeError("no desk")

    rig = rig_for(faulty, prepared, ["转人工"], 转人工=(Handoff("asked"),))
    rig.desk = BrokenDesk()
    events = rig.run(ASKS, faulty, tail_ms=40_000)
    assert_in_good_hands(rig, events, outcome="failed")
