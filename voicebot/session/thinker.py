"""From a stretch of audio to a worked-out reply; run speculatively, thrown away freely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from asr_models import Recognition
from voicebot.dialog.events import Heard, Say
from voicebot.dialog.state import DialogState
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.hearing import Stretch
from voicebot.session.mouth import Mouth
from voicebot.session.opt_out import no_wish
from voicebot.session.talk import cancel
from voicebot.turns.budget import Budget


@dataclass(frozen=True)
class Considered:
    """A recognized turn with the reply to it. `thought` is None if nothing was understood.

    `late` says that the reply's first clause is still being rendered and will miss the budget:
    something prepared should be said before it. `not_recorded`: the caller wishes no recording;
    the thought is about the rest of what they said. `raw` is `text` before repair.
    """

    recognition: Recognition
    text: str
    thought: Thought | None
    late: bool = False
    not_recorded: bool = False
    raw: str = ""


OnText = Callable[[str, float], None]
"""Told a text of the caller's, and its confidence, as soon as there is one."""


class Thinker:
    """Reads what was heard, works out the reply and prepares its first clause."""

    def __init__(
        self,
        conversation: Conversation,
        mouth: Mouth,
        voice_estimate_ms: Callable[[], float],
        wish: Callable[[str], tuple[str, bool]] = no_wish,
    ) -> None:
        self._conversation = conversation
        self._mouth = mouth
        self._voice_estimate_ms = voice_estimate_ms
        self._wish = wish

    async def think(
        self,
        stretch: Stretch,
        state: DialogState,
        budget: Budget,
        *,
        on_text: OnText = lambda text, confidence: None,
        earlier: asyncio.Task[Considered] | None = None,
        barged_in: bool = False,
    ) -> Considered:
        """Hear `stretch` in `state`.

        `on_text` is told the quick text first, then the final one. `earlier` is the caller's turn
        that was cut short by this one: its words come first, and if this one holds none (a cough)
        they are answered alone.
        """
        start_ms = budget.elapsed_ms()
        quick = await stretch.quick()
        on_text(quick.text, quick.confidence)
        budget.note("quick asr", start_ms)
        carried, carried_raw = await _words_of(earlier)
        guess = Heard(
            carried + quick.text, quick.confidence, (), barged_in, carried_raw + quick.raw
        )
        rehearsal = asyncio.create_task(self._rehearse(state, guess, budget))
        try:
            start_ms = budget.elapsed_ms()
            best = await stretch.final()
            recognition = best.recognition
            on_text(best.text, recognition.confidence)
            budget.note("asr", start_ms)
            rehearsed = await rehearsal if best.text == quick.text else None
        finally:
            await cancel(rehearsal)
        others = tuple(carried + other for other in best.others)
        raw = carried_raw + recognition.text
        heard = Heard(carried + best.text, recognition.confidence, others, barged_in, raw)
        return await self._reply(recognition, heard, state, budget, rehearsed)

    async def _reply(
        self,
        recognition: Recognition,
        heard: Heard,
        state: DialogState,
        budget: Budget,
        rehearsed: Thought | None,
    ) -> Considered:
        asked, not_recorded = self._wish(heard.text)
        if not asked:
            return Considered(
                recognition, heard.text, None, not_recorded=not_recorded, raw=heard.raw
            )
        said = replace(heard, text=asked)
        thought = await self._conversation.consider(state, said, budget, rehearsed)
        first = next((a for a in thought.actions if isinstance(a, Say)), None)
        late = first is not None and not await self._voiced(first, budget)
        return Considered(recognition, heard.text, thought, late, not_recorded, heard.raw)

    async def _rehearse(self, state: DialogState, guess: Heard, budget: Budget) -> Thought | None:
        """What the quick text would be answered: what it takes is then looked up and voiced."""
        asked, _ = self._wish(guess.text)
        if not asked:
            return None
        thought = await self._conversation.consider(state, replace(guess, text=asked), budget)
        first = next((a for a in thought.actions if isinstance(a, Say)), None)
        if first is not None:
            self._mouth.begin(first.text)
        return thought

    async def _voiced(self, say: Say, budget: Budget) -> bool:
        """Have the first clause ready if that fits the budget; False leaves it rendering."""
        if self._mouth.ready(say.text):
            return True
        start_ms = budget.elapsed_ms()
        fits = budget.fits("first clause", self._voice_estimate_ms())
        if not fits:
            self._mouth.begin(say.text)
            return False
        await self._mouth.prefetch(say.text)
        budget.note("first clause", start_ms)
        return True


async def _words_of(earlier: asyncio.Task[Considered] | None) -> tuple[str, str]:
    """What was understood in a turn that was cut short, repaired and raw; nothing if that
    failed."""
    if earlier is None:
        return "", ""
    await asyncio.wait({earlier})
    if earlier.cancelled() or earlier.exception() is not None:
        return "", ""
    return earlier.result().text, earlier.result().raw
