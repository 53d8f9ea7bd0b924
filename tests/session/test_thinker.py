"""What the dialog is told of a stretch of audio."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from asr_models import Alternative, Partial, Recognition
from asr_models.domain import Domain
from voicebot.dialog.events import Heard
from voicebot.dialog.state import DialogState
from voicebot.session.conversation import Thought
from voicebot.session.hearing import Stretch, Utterance
from voicebot.session.thinker import Considered, Thinker
from voicebot.turns.budget import Budget
from voicebot.turns.scheduler import InferenceScheduler


class Heeds:
    """A conversation that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Heard] = []

    async def consider(self, state: DialogState, event: Heard, *_: Any) -> Thought:
        self.told.append(event)
        return Thought(state, ())


class Read:
    """A stream that has read its audio."""

    samples = 8000

    def __init__(self, recognition: Recognition) -> None:
        self._recognition = recognition

    def accept(self, pcm: object) -> None:
        raise AssertionError("nothing more is said")

    def partial(self, until: int | None = None) -> Partial:
        return Partial(self._recognition.text, "", 0.5, 1000)

    def final(self, until: int | None = None) -> Recognition:
        return self._recognition


class Spawner:
    """Of a call's talk, what a stretch needs."""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.create_task(work)


async def told(recognition: Recognition) -> Heard:
    """What the dialog is told of it after 二一九, which was cut short by it."""
    conversation = Heeds()
    thinker = Thinker(conversation, None, lambda: 0.0)  # type: ignore[arg-type]

    async def before() -> Considered:
        return Considered(recognition, "二一九", None, raw="二一九")

    earlier = asyncio.create_task(before())
    budget = Budget(0.0, 1000.0, lambda: 0.0)
    scheduler = InferenceScheduler()
    try:
        utterance = Utterance(Read(recognition), Domain(()), scheduler)
        stretch = Stretch(utterance, 8000, Spawner())  # type: ignore[arg-type]
        await thinker.think(stretch, DialogState(), budget, earlier=earlier)
    finally:
        scheduler.close()
    return conversation.told[-1]


async def test_what_a_guard_refused_is_no_second_guess() -> None:
    """A cough that Whisper wrote figures for must not become part of a number."""
    cough = Recognition("", 0.0, (Alternative("三七二", -0.9),), rejected="no speech")
    heard = await told(cough)
    assert (heard.text, heard.raw, heard.alternatives) == ("二一九", "二一九", ())


async def test_second_guesses_come_after_the_words_before() -> None:
    heard = await told(
        Recognition("五八", 0.6, (Alternative("五八", -0.1), Alternative("五五八", -0.2)))
    )
    assert (heard.text, heard.alternatives) == ("二一九五八", ("二一九五五八",))
