"""Voicing beforehand what will surely be said, so that no caller waits for it.

The cache lasts, so all of this happens once for a pack and a voice.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from voicebot.errors import VoicebotError, VoiceError
from voicebot.remote.breaker import Breaker
from voicebot.session.spoken_texts import SpokenTexts
from voicebot.speech.api import Clause
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority

log = structlog.get_logger(__name__)
REPEATEDLY = 3
"""So many failures in a row are no accident: the voice is out."""
_LONGEST_PAUSE_S = 3600.0
Wanted = tuple[Clause, int]
"""A clause and the number of the voice it is wanted in."""


def nothing(texts: SpokenTexts) -> Sequence[str]:
    """Prepare nothing: for a talk without a voice."""
    return ()


def first_texts(texts: SpokenTexts) -> Sequence[str]:
    """What a call cannot do without."""
    return texts.first


def urgent_texts(texts: SpokenTexts) -> Sequence[str]:
    """What most calls hear."""
    return (*texts.first, *texts.usual)


def wanted(speaker: Speaker, texts: SpokenTexts) -> list[Wanted]:
    """What is not at hand, the likeliest first.

    In the first voice; what no call can do without also in the one that speaks while that is out.
    """
    order = [(clause, 0) for clause in speaker.fixed(texts.first)]
    if speaker.stand_in is not None:
        order += [(clause, speaker.stand_in) for clause, _ in order]
    order += [(clause, 0) for clause in speaker.fixed(texts.all)]
    found = {(clause.text, voice): (clause, voice) for clause, voice in order}
    return [each for each in found.values() if speaker.kept(*each) is None]


async def prepare_idly(
    texts: SpokenTexts,
    speaker: Speaker,
    scheduler: InferenceScheduler,
    idle: Callable[[], Awaitable[None]],
    *,
    pause_s: float = 60.0,
) -> None:
    """Render all `texts` while nobody is on the line (`idle`).

    What fails is tried again after `pause_s`, then after twice that, up to an hour.
    """
    left = await scheduler.run(
        Priority.BACKGROUND, wanted, speaker, texts, stage="list what to prepare"
    )
    while left := await _prepared_idly(left, speaker, scheduler, idle, pause_s):
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


async def _prepared_idly(
    left: Sequence[Wanted],
    speaker: Speaker,
    scheduler: InferenceScheduler,
    idle: Callable[[], Awaitable[None]],
    pause_s: float,
) -> list[Wanted]:
    """Go through it once, or until a voice fails repeatedly; returns what is to be tried again."""
    failed: list[Wanted] = []
    untried: list[Wanted] = []
    failures: Counter[int] = Counter()
    reason = ""
    for clause, voice in left:
        if failures[voice] >= REPEATEDLY:
            untried.append((clause, voice))
            continue
        await idle()  # the cores belong to callers
        try:
            await scheduler.run(
                Priority.BACKGROUND, speaker.prepare_clause, clause, voice, stage="prepare"
            )
            failures[voice] = 0
        except VoicebotError as error:
            reason = str(error)
            failed.append((clause, voice))
            failures[voice] += 1
    again = [*untried, *failed]  # what can never be said must not keep the rest waiting
    if again:
        log.warning("speech not prepared", clauses=len(again), reason=reason, again_s=pause_s)
    return again


def prepare_speech(
    speaker: Speaker, texts: Sequence[str], step: Callable[[str, str], None]
) -> None:
    """Render `texts` into the prepared-speech cache, on both cores.

    In the first voice, or where that fails repeatedly in the next one: a start must not depend on a
    network. Raises VoiceError if none can speak.
    """
    for voice in range(speaker.voices):
        try:
            _prepare_in(voice, speaker, texts, step)
        except VoiceError as error:
            if voice == speaker.voices - 1:
                raise
            log.warning("speech not prepared in the best voice", reason=str(error))
        else:
            return


def _prepare_in(
    voice: int, speaker: Speaker, texts: Sequence[str], step: Callable[[str, str], None]
) -> None:
    """Raises VoiceError where the voice fails repeatedly; a single text follows later."""
    failures = Breaker(failures=REPEATEDLY, rest_s=math.inf)

    def work(text: str) -> None:
        if failures.resting:
            return
        try:
            speaker.prepare([text], voice=voice)
            failures.succeeded()
        except VoiceError:
            if failures.failed():
                raise

    with ThreadPoolExecutor(max_workers=2) as threads:
        try:
            for done, _ in enumerate(threads.map(work, texts), 1):
                step("preparing speech (once)", f"{done}/{len(texts)} sentences")
        except VoiceError:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


@dataclass(frozen=True)
class Coverage:
    """How many different clauses of a group of texts there are, and are at hand."""

    group: str
    clauses: int
    at_hand: int

    @property
    def rate(self) -> float:
        return self.at_hand / self.clauses if self.clauses else 1.0


def coverage(speaker: Speaker, texts: SpokenTexts) -> list[Coverage]:
    """What of `texts` could be played at once, group by group."""
    groups = {
        "every call": texts.first,
        "most calls": texts.usual,
        "the scenes": texts.scenes,
        "other wording, FAQ": texts.rest,
        "documents": texts.documents,
    }
    found = []
    for group, of_group in groups.items():
        clauses = speaker.fixed(of_group)
        ready = sum(speaker.kept(clause) is not None for clause in clauses)
        found.append(Coverage(group, len(clauses), ready))
    return found
