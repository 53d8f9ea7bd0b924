"""The pack that new calls get: taken up again when a version is published, without a restart.

A call keeps what it began with. What cannot be loaded is told, and the old pack stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from asr_models.domain import Domain
from voicebot.dialog.policy import Dialog
from voicebot.ears import build_domain
from voicebot.errors import PackError, VoicebotError
from voicebot.handoff import OfficeHours
from voicebot.handoff.call_back_time import CallBackTimes
from voicebot.knowledge.answer import extract
from voicebot.knowledge.build import build_knowledge
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.refusal import threshold
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.session.prepared import first_texts, prepare_speech
from voicebot.session.spoken_texts import SpokenTexts, all_texts
from voicebot.settings import Settings
from voicebot.speech.speaker import Speaker
from voicebot.workshop.history import History

WATCH_S = 2.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PackParts:
    """What of a bot is made of its pack and may change between two calls."""

    pack: Pack
    knowledge: Knowledge
    texts: SpokenTexts
    dialog: Dialog
    domain: Domain
    answer_risk: float

    @classmethod
    def of(
        cls, settings: Settings, pack: Pack, knowledge: Knowledge, texts: SpokenTexts
    ) -> PackParts:
        """The parts of a pack that is loaded."""
        risk = threshold(settings.knowledge.wrong_answers)
        dialog = Dialog(
            pack,
            answer_risk=risk,
            extract=extract,
            no_input_prompts=settings.turns.no_input_prompts,
            waiting_prompts=settings.turns.waiting_prompts,
            call_back_times=CallBackTimes(OfficeHours(settings.handoff.office_hours)),
        )
        return cls(pack, knowledge, texts, dialog, build_domain(settings, pack), risk)


def renewed(settings: Settings, old: PackParts, speaker: Speaker) -> PackParts:
    """The parts of the pack as it is on disk now; takes seconds, away from the event loop.

    The old knowledge no longer follows the index on disk: calls in progress go on with what they
    know. The voice and the models stay: a changed lexicon reading, voice or language prompt is
    heard after a restart. Raises VoicebotError, and nothing has changed.
    """
    pack = load_pack(settings.pack)
    old.knowledge.stay()
    knowledge = build_knowledge(settings, pack, lambda what, state: None)
    texts = all_texts(settings, pack, knowledge)
    speaker.needs(pack.info.name, texts.all, texts.first)
    prepare_speech(speaker, first_texts(texts), lambda what, state: None)
    return PackParts.of(settings, pack, knowledge, texts)


class PackWatch:
    """Looks whether a version was published, and has it taken up.

    A file that is edited in place is not seen: it went through no checks.

    Args:
        root: the pack's folder.
        take_up: loads it and lets new calls have it; raises VoicebotError.
        prepare: begun at the start and after each change; ended when the next one begins.
        every_s: how often to look.
    """

    def __init__(
        self,
        root: Path,
        take_up: Callable[[], Awaitable[None]],
        prepare: Callable[[], Coroutine[Any, Any, None]],
        every_s: float = WATCH_S,
    ) -> None:
        self._root = root
        self._history = History(root.resolve())
        self._take_up = take_up
        self._prepare = prepare
        self._every_s = every_s

    async def run(self) -> None:
        """Until cancelled."""
        seen = self._newest(0)
        preparing = asyncio.create_task(_logged(self._prepare()))
        try:
            while True:
                await asyncio.sleep(self._every_s)
                now = self._newest(seen)
                if now == seen:
                    continue
                seen = now
                if await self._tried():
                    await _end(preparing)
                    preparing = asyncio.create_task(_logged(self._prepare()))
        finally:
            await _end(preparing)

    def _newest(self, seen: int) -> int:
        try:
            return self._history.newest_published()
        except PackError:  # a damaged version is told of where versions are looked at
            return seen

    async def _tried(self) -> bool:
        try:
            await self._take_up()
        except (VoicebotError, OSError) as error:
            _log.error(
                "pack_not_taken_up",
                error=str(error),
                do="calls go on with the version before; publish another one, or roll back",
            )
            return False
        _log.info("pack_taken_up", pack=str(self._root))
        return True


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        _log.exception("speech is not prepared any further")


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
