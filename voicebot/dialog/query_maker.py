"""From a caller's words to what is searched: follow-ups made whole, and limited to a product."""

from __future__ import annotations

from voicebot.dialog.followup import FollowUps
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.products import Products
from voicebot.dialog.state import DialogState
from voicebot.dialog.topic import Topic
from voicebot.pack import Pack

MODEL_FACT = "机型"


class QueryMaker:
    """Makes queries with a pack's words."""

    def __init__(self, pack: Pack, canonical: Canonicalizer) -> None:
        self.products = Products(pack, canonical)
        self._follow_ups = FollowUps(canonical)

    def make(self, text: str, state: DialogState) -> tuple[str, str]:
        """(what to search for, the product line that answers are limited to or "")."""
        query = self._follow_ups.rewrite(text, self.topic(state)).query
        return query, self.products.limit(query, state.facts.get(MODEL_FACT, ""))

    def topic(self, state: DialogState) -> Topic | None:
        """What the talk is about: what was answered last."""
        return state.topic

    def about(self, query: str, title: str, said: str, source: str) -> Topic:
        """The topic after `query` was answered with `said` out of `title`."""
        terms = self._follow_ups.terms(query) or self._follow_ups.terms(title)
        return Topic(query, terms[0] if terms else "", said, source)
