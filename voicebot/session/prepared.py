"""Which of a pack's words are voiced beforehand, and in which order.

What the pack says word for word need not be rendered while a caller waits. The cache lasts, so
all of this happens once for a pack and a voice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from voicebot.errors import VoicebotError
from voicebot.pack import Pack
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority

log = structlog.get_logger(__name__)

SILENCES = 2
FIRST_PROMPTS = (
    "greeting",
    "handoff",
    "not_understood",
    "no_input_goodbye",
    "refuse_offer",
    "seat_failed",
    "queue_notice",
    "recording_stopped",
    "back_from_hold",
)


def nothing(pack: Pack) -> list[str]:
    """Prepare nothing: for a talk without a voice."""
    return []


def first_texts(pack: Pack) -> list[str]:
    """What a call cannot do without: the greeting, all fillers (one that had to be rendered
    first would be no filler), what a silent caller is asked, and the way to a human."""
    variants = pack.prompts.variants
    texts = [*variants["filler"], *variants["no_input"][:SILENCES]]
    return _sayable(texts + [pack.prompts.get(name) for name in FIRST_PROMPTS])


def urgent_texts(pack: Pack) -> list[str]:
    """What most calls hear: besides `first_texts` the first variant of each prompt and question,
    and all diagnoses."""
    texts = first_texts(pack)
    texts += [variants[0] for variants in pack.prompts.variants.values()]
    for scene in pack.scenes:
        texts += [slot.asks[0] for slot in scene.slots if slot.asks]
        texts += [each.says[0] for each in scene.contradictions]
        texts += [branch.say for branch in scene.branches]
    return _sayable(texts)


def other_texts(pack: Pack) -> list[str]:
    """The rest of what the pack says word for word: other variants, help, FAQ answers."""
    texts = [faq.answer for faq in pack.faq if faq.status == "approved"]
    texts += [text for variants in pack.prompts.variants.values() for text in variants[1:]]
    for scene in pack.scenes:
        texts += [text for slot in scene.slots for text in (*slot.asks[1:], slot.help)]
        texts += [text for each in scene.contradictions for text in each.says[1:]]
    return _sayable(texts)


def _sayable(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text and "{" not in text]


async def prepare_idly(
    pack: Pack,
    speaker: Speaker,
    scheduler: InferenceScheduler,
    idle: Callable[[], Awaitable[None]],
) -> None:
    """Render everything that `pack` says word for word, while nobody is on the line (`idle`)."""
    for text in (*urgent_texts(pack), *other_texts(pack)):
        await idle()  # the cores belong to callers
        try:
            await scheduler.run(Priority.BACKGROUND, speaker.prepare, [text], stage="prepare")
        except VoicebotError as error:
            log.warning("speech not prepared", text=text[:40], reason=str(error))


def prepare_speech(
    speaker: Speaker, texts: Sequence[str], step: Callable[[str, str], None]
) -> None:
    """Render `texts` into the prepared-speech cache, on both cores."""
    with ThreadPoolExecutor(max_workers=2) as threads:
        for done, _ in enumerate(threads.map(lambda text: speaker.prepare([text]), texts), 1):
            step("preparing speech (once)", f"{done}/{len(texts)} sentences")
