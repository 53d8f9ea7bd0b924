"""What the mouth says that the caller has heard."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.session.fakes import ToneVoice
from voicebot.session.mouth import Mouth
from voicebot.speech.cache import SpeechCache
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler


class Line:
    """A line that plays all it gets at once, or, `stuck`, nothing."""

    ended = None
    held = False

    def __init__(self) -> None:
        self.stuck = False
        self.queued_ms = 0

    def play(self, pcm: bytes) -> None:
        if self.stuck:
            self.queued_ms += len(pcm) // 16

    def flush(self) -> int:
        left_ms, self.queued_ms = self.queued_ms, 0
        return left_ms

    def fade_out(self) -> None:
        self.queued_ms = 0

    def set_gain(self, gain_db: float) -> None:
        pass


def test_a_filler_that_is_cut_takes_nothing_of_what_was_heard_before_it(
    tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    async def talk() -> tuple[str, str]:
        line: Any = Line()
        speaker = Speaker(ToneVoice(), SpeechCache(tmp_path))
        speaker.prepare(["我查一下"])
        mouth = Mouth(line, speaker, scheduler)
        await mouth.say("先看电源灯。再看硬盘灯。")
        line.stuck = True
        mouth.interject("我查一下")
        assert line.queued_ms
        return mouth.stop()

    assert asyncio.run(talk()) == ("先看电源灯。再看硬盘灯。", "")


def test_half_of_a_filler_is_no_filler(tmp_path: Path, scheduler: InferenceScheduler) -> None:
    line: Any = Line()
    line.stuck = True
    speaker = Speaker(ToneVoice(), SpeechCache(tmp_path))
    speaker.prepare(["请您稍等。"])

    async def talk() -> None:
        Mouth(line, speaker, scheduler).interject("请您稍等。我再查一下。")

    asyncio.run(talk())
    assert line.queued_ms == 0
