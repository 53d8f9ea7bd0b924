"""Voicing beforehand what will surely be said, so that no caller waits for it.

The cache lasts, so all of this happens once for a pack and a voice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from voicebot.errors import VoicebotError
from voicebot.session.spoken_texts import SpokenTexts
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority

log = structlog.get_logger(__name__)


def nothing(texts: SpokenTexts) -> Sequence[str]:
    """Prepare nothing: for a talk without a voice."""
    return ()


def first_texts(texts: SpokenTexts) -> Sequence[str]:
    """What a call cannot do without."""
    return texts.first


def urgent_texts(texts: SpokenTexts) -> Sequence[str]:
    """What most calls hear."""
    return (*texts.first, *texts.usual)


async def prepare_idly(
    texts: SpokenTexts,
    speaker: Speaker,
    scheduler: InferenceScheduler,
    idle: Callable[[], Awaitable[None]],
) -> None:
    """Render all `texts` while nobody is on the line (`idle`); what fails is tried next time."""
    clauses = await scheduler.run(
        Priority.BACKGROUND, speaker.fixed, texts.all, stage="list what to prepare"
    )
    for clause in clauses:
        await idle()  # the cores belong to callers
        try:
            await scheduler.run(
                Priority.BACKGROUND, speaker.prepare_clause, clause, stage="prepare"
            )
        except VoicebotError as error:
            log.warning("speech not prepared", text=clause.text, reason=str(error))


def prepare_speech(
    speaker: Speaker, texts: Sequence[str], step: Callable[[str, str], None]
) -> None:
    """Render `texts` into the prepared-speech cache, on both cores."""
    with ThreadPoolExecutor(max_workers=2) as threads:
        for done, _ in enumerate(threads.map(lambda text: speaker.prepare([text]), texts), 1):
            step("preparing speech (once)", f"{done}/{len(texts)} sentences")


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
        "other wording, FAQ": texts.rest,
        "documents": texts.documents,
    }
    found = []
    for group, of_group in groups.items():
        clauses = speaker.fixed(of_group)
        ready = sum(speaker.cached(clause) is not None for clause in clauses)
        found.append(Coverage(group, len(clauses), ready))
    return found
