"""The talk without the telephone: one code path for phone, chat and replay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from voicebot.dialog.events import Action, Event, Found, Search
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import SearchResult
from voicebot.turns.budget import Budget
from voicebot.turns.scheduler import InferenceScheduler, Priority

MAX_SEARCHES_A_TURN = 3
HITS = 5


class Searcher(Protocol):
    """The part of knowledge that a conversation needs."""

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult: ...


class Picker(Protocol):
    """A language model's choice between close hits, made only when its estimate fits."""

    @property
    def estimate_ms(self) -> float: ...

    def refine(self, result: SearchResult) -> SearchResult: ...


@dataclass(frozen=True)
class Thought:
    """What the bot would do about an event. Nothing has happened until it is committed."""

    state: DialogState
    actions: tuple[Action, ...]
    searches: tuple[SearchResult, ...] = ()
    chosen_by: str = "search"


class Conversation:
    """Turns dialog events into actions, looking things up on the way.

    Pure towards the call: it returns the next state instead of keeping one, so that a thought
    about a half-finished sentence can be thrown away.
    """

    def __init__(
        self,
        dialog: Dialog,
        knowledge: Searcher,
        scheduler: InferenceScheduler,
        picker: Picker | None = None,
        unsure: tuple[float, float] = (0.3, 0.7),
    ) -> None:
        self._dialog = dialog
        self._knowledge = knowledge
        self._scheduler = scheduler
        self._picker = picker
        self._unsure = unsure

    def start(self) -> Thought:
        """The greeting."""
        state, actions = self._dialog.start()
        return Thought(state, actions)

    async def consider(
        self,
        state: DialogState,
        event: Event,
        budget: Budget | None = None,
        rehearsed: Thought | None = None,
    ) -> Thought:
        """Work out the reply to `event`; searches run in the inference scheduler.

        What `rehearsed` (a thought about nearly the same event) has looked up is not looked up
        again.
        """
        earlier = rehearsed.searches if rehearsed else ()
        known = {(each.query, each.product): each for each in earlier}
        searches: list[SearchResult] = []
        chosen_by = "search"
        state, actions = self._dialog.step(state, event)
        for _ in range(MAX_SEARCHES_A_TURN):
            search = next((a for a in actions if isinstance(a, Search)), None)
            if search is None:
                break
            asked = (search.query, search.product)
            if rehearsed is not None and asked in known:
                result, chosen_by = known[asked], rehearsed.chosen_by
            else:
                result, chosen_by = await self._look_up(search, budget)
            result = replace(result, raw=search.raw, product=search.product)
            searches.append(result)
            before = tuple(a for a in actions if not isinstance(a, Search))
            state, after = self._dialog.step(state, Found(result))
            actions = before + after
        return Thought(state, actions, tuple(searches), chosen_by)

    async def _look_up(self, search: Search, budget: Budget | None) -> tuple[SearchResult, str]:
        start_ms = budget.elapsed_ms() if budget else 0.0
        # Positional: who searches without a product line need not know of any.
        asked = (search.query, HITS, search.product) if search.product else (search.query,)
        result = await self._scheduler.run(
            Priority.FINAL_ASR, self._knowledge.search, *asked, stage="search"
        )
        if budget:
            budget.note("search", start_ms)
        low, high = self._unsure
        if self._picker is None or not low <= result.answerable <= high:
            return result, "search"
        if budget and not budget.fits("choice", self._picker.estimate_ms):
            return result, "search"
        start_ms = budget.elapsed_ms() if budget else 0.0
        refined = await self._scheduler.run(
            Priority.CHOICE, self._picker.refine, result, stage="choice"
        )
        if budget:
            budget.note("choice", start_ms)
        return refined, "language model"
