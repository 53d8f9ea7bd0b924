"""A voice in chunks, heard in a call: at once, without a hole, and cut where the caller cuts in."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telephony.file_line import FileCall
from tests.speech.streaming_fakes import CHARACTER_MS, MS, ChunkVoice
from voicebot.errors import VoiceError
from voicebot.session.mouth import Mouth
from voicebot.speech.api import Chunk, Voice
from voicebot.speech.cache import SpeechCache
from voicebot.speech.chain import VoiceChain
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.virtual_time import run_virtual

WORDS = ("请先看", "前面的", "电源灯", "亮不亮。")
TEXT = "".join(WORDS)
TWO = "先看电源灯。再看硬盘灯。"


class PacedVoice(ChunkVoice):
    """Makes each chunk in `speed` times the time it plays (real time), or waits for `go`."""

    def __init__(self, *words: str, speed: float = 0.0, **options: Any) -> None:
        super().__init__("paced", words, **options)
        self.speed = speed
        self.go: threading.Semaphore | None = None

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        for chunk in super().stream(text, timeout_s=timeout_s, stop=stop):
            if self.go is not None:
                while not self.go.acquire(timeout=0.05):
                    if stop is not None and stop.is_set():
                        self.stopped.set()
                        return
            time.sleep(self.speed * len(chunk.pcm) / 8000)
            yield chunk


Script = Callable[[Mouth, FileCall], Coroutine[Any, Any, Any]]


def in_call(
    script: Script,
    voice: Voice,
    scheduler: InferenceScheduler,
    cache: SpeechCache | None = None,
    patience_s: float = 7.0,
) -> tuple[Any, Any]:
    """What `script` returns, and what the caller heard (int16 at 8 kHz), in virtual time."""

    async def talk() -> tuple[Any, Any]:
        call = FileCall(b"", tail_ms=20_000)
        await call.answer()
        speaker = Speaker(voice, cache, terms=(TEXT,))  # a term is never cut: one clause
        mouth = Mouth(call, speaker, scheduler, patience_s)
        result = await script(mouth, call)
        await mouth.close()
        await asyncio.sleep(0.2)
        await call.hangup()
        return result, np.frombuffer(call.take_tape(), np.int16).reshape(-1, 2)[:, 1]

    return run_virtual(talk, busy=lambda: scheduler.in_flight > 0)


def holes_ms(pcm: Any) -> list[int]:
    """Silences between the first and the last sound."""
    loud = np.flatnonzero(np.abs(pcm) > 30)
    return [int(gap) // MS for gap in np.diff(loud) if gap > 5 * MS]


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110 (the line tells of no sound)
            await asyncio.sleep(0.02)


def test_the_first_word_sounds_before_the_clause_is_made(scheduler: InferenceScheduler) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(2)

    async def script(mouth: Mouth, call: FileCall) -> float:
        saying = asyncio.create_task(mouth.say(TEXT))
        await until(lambda: mouth.sounding)
        queued_ms = call.queued_ms
        assert voice.go is not None
        voice.go.release(9)
        await saying
        return queued_ms

    queued_ms, heard = in_call(script, voice, scheduler)
    assert 0 < queued_ms < 7 * CHARACTER_MS
    assert np.count_nonzero(np.abs(heard) > 30) > 0.9 * 12 * CHARACTER_MS * MS


def test_two_clauses_of_a_fast_voice_are_no_more_apart_than_their_pause(
    scheduler: InferenceScheduler,
) -> None:
    voice = PacedVoice(speed=0.3)

    async def script(mouth: Mouth, call: FileCall) -> list[int]:
        pauses = [clause.pause_ms for clause in Speaker(voice).clauses(TWO)]
        await mouth.say(TWO)
        return pauses

    pauses, heard = in_call(script, voice, scheduler)
    (hole,) = holes_ms(heard)
    assert hole <= pauses[0] + 60


def test_a_voice_slower_than_its_sound_does_not_run_dry(scheduler: InferenceScheduler) -> None:
    """1.5 times as slow: what is not there yet is made while the rest plays."""
    voice = PacedVoice(*WORDS, speed=1.5)
    times: list[float] = []

    async def script(mouth: Mouth, call: FileCall) -> None:
        for _ in range(3):  # it learns by doing
            clock = asyncio.get_running_loop().time
            started_s = clock()
            await mouth.say(TEXT, lambda: times.append(clock() - started_s))  # noqa: B023
            await asyncio.sleep(1)

    _, heard = in_call(script, voice, scheduler)
    gaps = [gap for gap in holes_ms(heard) if gap > 20]
    apart = [gap for gap in gaps if gap > 900]
    print(f"holes {gaps} ms, first sound after {[round(each, 2) for each in times]} s")
    assert len(apart) == 2, "three utterances"
    last = heard[int(np.flatnonzero(np.diff(np.abs(heard) > 30))[-1]) - 1000 * MS :]
    assert [gap for gap in holes_ms(last) if gap > 60] == [], "the last one has no hole"
    assert times[-1] < 1.5 * 1.2, "and did not wait for its end"


def test_a_cut_stops_the_engine_and_fades(scheduler: InferenceScheduler) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(2)

    async def script(mouth: Mouth, call: FileCall) -> tuple[str, str]:
        saying = asyncio.create_task(mouth.say(TEXT))
        await until(lambda: mouth.sounding)
        await asyncio.sleep(0.45)
        told = mouth.stop()
        saying.cancel()
        return told

    told, heard = in_call(script, voice, scheduler)
    assert told == (WORDS[0], "".join(WORDS[1:]))
    assert voice.stopped.wait(2), "nobody wants the rest"
    end = int(np.flatnonzero(np.abs(heard) > 5)[-1])
    assert end / MS == pytest.approx(450, abs=60)
    steady = np.abs(np.diff(heard[800:2400].astype(int))).max()
    assert np.abs(np.diff(heard.astype(int))).max() <= 1.1 * steady, "no click"


def test_what_somebody_else_wants_is_made_to_its_end(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(0)
    cache = SpeechCache(tmp_path)

    async def script(mouth: Mouth, call: FileCall) -> bool:
        saying = asyncio.create_task(mouth.say(TEXT))
        wanted = asyncio.create_task(mouth.prefetch(TEXT))
        await asyncio.sleep(0.05)
        mouth.stop()
        saying.cancel()
        assert voice.go is not None
        voice.go.release(9)
        await wanted
        await until(lambda: cache.get(voice.fingerprint, TEXT) is not None)
        return mouth.ready(TEXT)

    ready, _ = in_call(script, voice, scheduler, cache)
    assert ready and voice.spoken == [TEXT] and not voice.stopped.is_set()


def test_what_was_begun_beforehand_is_said_and_made_once(scheduler: InferenceScheduler) -> None:
    voice = PacedVoice(*WORDS)

    async def script(mouth: Mouth, call: FileCall) -> None:
        mouth.begin(TEXT)
        await mouth.prefetch(TEXT)
        await asyncio.sleep(0.1)
        await mouth.say(TEXT)

    in_call(script, voice, scheduler)
    assert voice.spoken == [TEXT]


@pytest.mark.parametrize("how", ["error", "hang"])
def test_a_voice_that_breaks_off_is_followed_by_another_in_the_same_breath(
    how: str, scheduler: InferenceScheduler
) -> None:
    first = ChunkVoice("first", WORDS, break_after=2, how=how, hz=250)
    second = ChunkVoice("second", hz=500)
    chain = VoiceChain((first, second), deadline_s=0.2, stall_s=0.2)

    async def script(mouth: Mouth, call: FileCall) -> Any:
        await mouth.say(TEXT + "好吗？")
        return mouth.sounded(), mouth.stop()

    (sounded, told), heard = in_call(script, chain, scheduler)
    assert sounded == (TEXT, "好吗？") and told == (TEXT + "好吗？", "")
    assert (first.spoken, second.spoken) == ([TEXT], ["电源灯亮不亮。", "好吗？"])
    assert np.count_nonzero(np.abs(heard) > 30) > 0.9 * 14 * CHARACTER_MS * MS
    assert all(gap < 700 for gap in holes_ms(heard))


def test_a_voice_that_hangs_with_nobody_behind_it_is_an_error_in_time(
    scheduler: InferenceScheduler,
) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(2)

    async def script(mouth: Mouth, call: FileCall) -> tuple[str, str]:
        with pytest.raises(VoiceError, match="no sound of a clause of 13 characters within") as e:
            await mouth.say(TEXT)
        assert not set(TEXT) & set(str(e.value)), "what is said to a caller is in no log"
        return mouth.stop()

    told, _ = in_call(script, voice, scheduler, patience_s=0.3)
    assert told[0] and told == (told[0], TEXT.removeprefix(told[0]))
    assert voice.stopped.wait(2)


def test_a_clause_whose_patience_is_over_gives_its_worker_back_and_is_tried_anew(
    scheduler: InferenceScheduler,
) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(0)

    async def script(mouth: Mouth, call: FileCall) -> tuple[str, str]:
        with pytest.raises(VoiceError):
            await mouth.say(TEXT)
        await until(lambda: scheduler.busy == 0)
        assert voice.go is not None
        voice.go.release(9)
        await mouth.say(TEXT)
        return mouth.stop()

    told, _ = in_call(script, voice, scheduler, patience_s=0.3)
    assert told == (TEXT, "") and voice.spoken == [TEXT, TEXT]


def test_a_clause_whose_patience_is_over_is_left_to_who_else_waits_for_it(
    scheduler: InferenceScheduler,
) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(0)

    async def script(mouth: Mouth, call: FileCall) -> bool:
        wanted = asyncio.create_task(mouth.prefetch(TEXT))
        with pytest.raises(VoiceError):
            await mouth.say(TEXT)
        assert voice.go is not None
        voice.go.release(9)
        await wanted
        return mouth.ready(TEXT)

    ready, _ = in_call(script, voice, scheduler, patience_s=0.3)
    assert ready and voice.spoken == [TEXT]


def test_a_guess_that_nobody_came_for_makes_room_for_the_next(
    scheduler: InferenceScheduler,
) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(0)

    async def script(mouth: Mouth, call: FileCall) -> None:
        for text in ("第一句。", "第二句。", "第三句。"):
            mouth.begin(text)
            await until(lambda: text in voice.spoken)  # noqa: B023
        await until(lambda: scheduler.busy == 1)
        voice.stopped.clear()
        mouth.begin("第三句。")
        assert voice.go is not None
        voice.go.release(9)
        await mouth.say("第三句。")

    in_call(script, voice, scheduler)
    assert voice.spoken == ["第一句。", "第二句。", "第三句。"] and not voice.stopped.is_set()


def test_who_stops_waiting_wants_it_no_more_unless_it_is_said(
    scheduler: InferenceScheduler,
) -> None:
    voice = PacedVoice(*WORDS)
    voice.go = threading.Semaphore(0)

    async def script(mouth: Mouth, call: FileCall) -> tuple[str, str]:
        wanted = asyncio.create_task(mouth.prefetch("不要了。"))
        await until(lambda: scheduler.busy == 1)
        wanted.cancel()
        await until(lambda: scheduler.busy == 0)
        saying = asyncio.create_task(mouth.say(TEXT))
        wanted = asyncio.create_task(mouth.prefetch(TEXT))
        await until(lambda: voice.spoken[-1] == TEXT)
        wanted.cancel()
        await asyncio.sleep(0.1)
        assert voice.go is not None
        voice.go.release(9)
        await saying
        return mouth.stop()

    told, _ = in_call(script, voice, scheduler)
    assert told == (TEXT, "") and voice.spoken == ["不要了。", TEXT]
