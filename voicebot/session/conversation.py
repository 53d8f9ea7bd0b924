"""The talk without the telephone: one code path for phone, chat and replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voicebot.dialog.events import Action, Event, Found, Search
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import SearchResult
from voicebot.session.language import Language
from voicebot.turns.budget import Budget
from voicebot.turns.scheduler import InferenceScheduler, Priority

MAX_SEARCHES_A_TURN = 3


class Searcher(Protocol):
    """The part of knowledge that a conversation needs."""

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult: ...


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
        language: Language | None = None,
    ) -> None:
        self._dialog = dialog
        self._knowledge = knowledge
        self._scheduler = scheduler
        self._language = language

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
        known = {each.query: each for each in rehearsed.searches} if rehearsed else {}
        searches: list[SearchResult] = []
        chosen_by = "search"
        state, actions = self._dialog.step(state, event)
        for _ in range(MAX_SEARCHES_A_TURN):
            search = next((a for a in actions if isinstance(a, Search)), None)
            if search is None:
                break
            if rehearsed is not None and search.query in known:
                result, chosen_by = known[search.query], rehearsed.chosen_by
            else:
                result, chosen_by = await self._look_up(search.query, budget)
            searches.append(result)
            before = tuple(a for a in actions if not isinstance(a, Search))
            state, after = self._dialog.step(state, Found(result))
            actions = before + after
        return Thought(state, actions, tuple(searches), chosen_by)

    async def _look_up(self, query: str, budget: Budget | None) -> tuple[SearchResult, str]:
        start_ms = budget.elapsed_ms() if budget else 0.0
        result = await self._scheduler.run(
            Priority.FINAL_ASR, self._knowledge.search, query, stage="search"
        )
        if budget:
            budget.note("search", start_ms)
        refined = await self._language.choose(result, budget) if self._language else None
        return (result, "search") if refined is None else (refined, "language model")
